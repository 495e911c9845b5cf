//! The files of one book, all named after it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

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
        let beside = |suffix: &str| {
            let mut name = OsString::from(book.as_os_str());
            name.push(suffix);
            PathBuf::from(name)
        };
        Self {
            book: book.to_owned(),
            lock: beside(".lock"),
            head: beside(".head"),
            snapshots: beside(".snapshots"),
            keys: beside(".keys"),
        }
    }
}
