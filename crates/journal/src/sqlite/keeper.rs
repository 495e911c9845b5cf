//! The head and the snapshots, as files beside the book.

use std::fs;
use std::io;
use std::path::PathBuf;

use bareboat_base::Position;

use crate::error::StoreError;
use crate::files::{self, Privacy, failed};
use crate::head::Head;
use crate::paths::Paths;
use crate::store::Keeper;

/// Keeps the head in one file, the snapshots in a directory, one file each. Snapshots hold
/// everything that is not sealed, so they are as private as the book.
pub struct FileKeeper {
    head: PathBuf,
    snapshots: PathBuf,
}

impl FileKeeper {
    /// The keeper of the book with these paths.
    pub fn new(paths: &Paths) -> Self {
        Self {
            head: paths.head.clone(),
            snapshots: paths.snapshots.clone(),
        }
    }

    fn path(&self, position: Position) -> PathBuf {
        self.snapshots.join(format!("{:020}.snapshot", position.0))
    }
}

impl Keeper for FileKeeper {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        files::read(&self.head)?
            .map(|bytes| Head::from_bytes(&bytes))
            .transpose()
    }

    fn keep_head(&self, head: &Head) -> Result<(), StoreError> {
        files::replace(&self.head, &[&head.to_bytes()], Privacy::Ordinary)
    }

    fn snapshots(&self) -> Result<Vec<Position>, StoreError> {
        let entries = match fs::read_dir(&self.snapshots) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.snapshots)(error)),
        };
        let mut positions = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed("read", &self.snapshots))?.file_name();
            let position = name
                .to_str()
                .and_then(|name| name.strip_suffix(".snapshot"))
                .and_then(|digits| digits.parse().ok());
            positions.extend(position.map(Position));
        }
        positions.sort_unstable();
        Ok(positions)
    }

    fn snapshot(&self, position: Position) -> Result<Option<Vec<u8>>, StoreError> {
        files::read(&self.path(position))
    }

    fn keep_snapshot(&self, position: Position, parts: &[&[u8]]) -> Result<(), StoreError> {
        fs::create_dir_all(&self.snapshots).map_err(failed("create", &self.snapshots))?;
        files::replace(&self.path(position), parts, Privacy::Ordinary)
    }

    fn drop_snapshot(&self, position: Position) -> Result<(), StoreError> {
        let path = self.path(position);
        fs::remove_file(&path).map_err(failed("remove", &path))
    }
}
