//! The files of one book, all named after it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the store keeps beside a file while it is written, and after a crash.
const LOGS: [&str; 3] = ["-wal", "-shm", "-journal"];

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// Where a book and what lies beside it are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The book itself: events, answers, documents, encrypted sealed values.
    pub book: PathBuf,
    /// Held by the one process that may write; names it.
    pub lock: PathBuf,
    /// Position and root as last synced ([`crate::head`]).
    pub head: PathBuf,
    /// A directory of snapshots: caches, may be deleted.
    pub snapshots: PathBuf,
    /// The directory of party keys, when they are kept in files. Back it up apart from the book,
    /// or not at all.
    pub keys: PathBuf,
}

impl Paths {
    /// The paths of the book at `book`.
    pub fn of(book: &Path) -> Self {
        let beside = |suffix: &str| with_suffix(book, suffix);
        Self {
            book: book.to_owned(),
            lock: beside(".lock"),
            head: beside(".head"),
            snapshots: beside(".snapshots"),
            keys: beside(".keys"),
        }
    }

    /// The first thing that is already there of what a new book would take for its own. The
    /// store's own logs are of these: left of an earlier book, they would be played into the
    /// new one.
    pub(crate) fn taken(&self) -> Option<PathBuf> {
        let logs = LOGS.map(|suffix| with_suffix(&self.book, suffix));
        [&self.book, &self.head, &self.snapshots]
            .into_iter()
            .chain(&logs)
            .find(|path| path.exists())
            .cloned()
    }
}
