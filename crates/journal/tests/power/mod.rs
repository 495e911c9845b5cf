//! The disk that loses unsynced writes: builds and preloads `lost_writes.c`, and after the kill
//! undoes what was not synced.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const MAGIC: u64 = 0x6c6f_7374_7772_6974;
const HEAD: usize = 32;

pub struct Disk {
    files: PathBuf,
    logs: PathBuf,
}

/// The compiled library; built once, and removed when the machine's temporary files are.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lost_writes.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../journal/tests/lost_writes.c");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let built = Command::new(&compiler)
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .args([&path, &source])
            .args(["-ldl", "-lpthread"])
            .status();
        assert!(
            built.is_ok_and(|status| status.success()),
            "{compiler} does not build {}",
            source.display()
        );
        (directory, path)
    });
    path
}

struct Record<'a> {
    offset: u64,
    size: u64,
    bytes: &'a [u8],
}

/// A log's records; a last one that was cut off by the kill is left out: its write had not
/// begun.
fn records(mut log: &[u8]) -> Vec<Record<'_>> {
    let mut found = Vec::new();
    while let Some((head, rest)) = log.split_at_checked(HEAD) {
        let word = |n: usize| u64::from_ne_bytes(head[n * 8..][..8].try_into().unwrap());
        assert_eq!(word(3), MAGIC);
        let Some((bytes, rest)) = rest.split_at_checked(usize::try_from(word(2)).unwrap()) else {
            break;
        };
        found.push(Record {
            offset: word(0),
            size: word(1),
            bytes,
        });
        log = rest;
    }
    found
}

impl Disk {
    /// A disk under the files of one directory, with its logs in another.
    pub fn new(files: &Path, beside: &Path) -> Self {
        let logs = beside.join("logs");
        fs::create_dir(&logs).unwrap();
        Self {
            files: files.to_owned(),
            logs,
        }
    }

    pub fn put_under(&self, process: &mut Command) {
        process
            .env("LD_PRELOAD", library())
            .env("LOST_WRITES_OF", &self.files)
            .env("LOST_WRITES_LOG", &self.logs);
    }

    /// Undoes, file by file, the writes that were not synced; `survive` says how many of a
    /// file's came to the disk all the same (the first so many).
    pub fn lose_power(&self, mut survive: impl FnMut(u64) -> u64) {
        let mut files = BTreeMap::new();
        let mut directories = vec![self.files.clone()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.to_string_lossy().ends_with("-shm") {
                    fs::remove_file(path).unwrap();
                } else {
                    files.insert(fs::metadata(&path).unwrap().ino().to_string(), path);
                }
            }
        }
        for entry in fs::read_dir(&self.logs).unwrap() {
            let log = entry.unwrap();
            // A file that is gone needs no undoing.
            if let Some(path) = files.get(&*log.file_name().to_string_lossy()) {
                let bytes = fs::read(log.path()).unwrap();
                let records = records(&bytes);
                let survivors = usize::try_from(survive(records.len() as u64)).unwrap();
                let file = OpenOptions::new().write(true).open(path).unwrap();
                for record in records[survivors..].iter().rev() {
                    file.write_all_at(record.bytes, record.offset).unwrap();
                    file.set_len(record.size).unwrap();
                }
            }
            fs::remove_file(log.path()).unwrap();
        }
    }
}
