//! Files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Privacy {
    /// As the process's mask says.
    Ordinary,
    /// Its owner only (mode 0600).
    Owner,
}

/// An I/O error with what was being done to which file.
pub(crate) fn failed(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Io {
        doing,
        path,
        source,
    }
}

/// Writes the parts to a new file beside `path`, syncs it, puts it in `path`'s place and syncs
/// the directory: after a crash the old content or the new is there, nothing between.
pub(crate) fn replace(path: &Path, parts: &[&[u8]], privacy: Privacy) -> Result<(), StoreError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    if privacy == Privacy::Owner {
        owner_only(&mut options);
    }
    let mut file = options
        .open(&temporary)
        .map_err(failed("create", &temporary))?;
    for part in parts {
        file.write_all(part).map_err(failed("write", &temporary))?;
    }
    file.sync_all().map_err(failed("sync", &temporary))?;
    fs::rename(&temporary, path).map_err(failed("rename", &temporary))?;
    sync_directory_of(path)
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

/// Creates a directory that only its owner may enter; one that is there stays as it is.
pub(crate) fn owner_directory(path: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(failed("create", path))
}

/// Syncs the directory that holds `path`, so that the name itself survives a crash.
pub(crate) fn sync_directory_of(path: &Path) -> Result<(), StoreError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    File::open(&directory)
        .and_then(|file| file.sync_all())
        .map_err(failed("sync", &directory))
}

/// The file's bytes; `None` when there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}
