//! Backup to one file while the book is in use, and restore from it.
//!
//! A backup holds events, answers, documents and encrypted sealed values, as they were at one
//! moment; neither keys nor snapshots. Restored beside the keys directory as it is *now*, what
//! was shredded since reads as shredded.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bareboat_base::Position;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{FileKeeper, SqliteReader, check_schema, connect, rows, storage};
use crate::error::StoreError;
use crate::files::{self, failed};
use crate::head::Head;
use crate::merkle::Frontier;
use crate::paths::Paths;
use crate::store::{Keeper as _, Reader};

/// Pages copied between two reports of progress.
const STEP: std::ffi::c_int = 512;
/// Leaves read at a time.
const LEAVES: usize = 10_000;

/// How far a copy is, in pages of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Pages copied.
    pub done: u64,
    /// Pages in all.
    pub total: u64,
}

/// Copies the book at `book` as it is now to the new file `target`; the book may be in use, and
/// its writer does not wait. Answers with the position and root of what was copied.
pub fn backup(
    book: &Path,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Head, StoreError> {
    if let Some(path) = Paths::of(target).taken() {
        return Err(StoreError::Exists { path });
    }
    copy(book, target, progress)
}

/// Makes a book at `book` from a backup; refuses when anything of a book is there. The head is
/// made anew; snapshots come with use.
pub fn restore(
    backup: &Path,
    book: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Head, StoreError> {
    let paths = Paths::of(book);
    if let Some(path) = paths.taken() {
        return Err(StoreError::Exists { path });
    }
    let head = copy(backup, book, progress)?;
    FileKeeper::new(&paths).keep_head(&head)?;
    Ok(head)
}

fn copy(
    source: &Path,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Head, StoreError> {
    if !source.exists() {
        return Err(StoreError::NoSuchBook {
            path: source.to_owned(),
        });
    }
    let unfinished = target.with_added_extension("unfinished");
    if unfinished.exists() {
        fs::remove_file(&unfinished).map_err(failed("remove", &unfinished))?;
    }
    copy_pages(source, &unfinished, progress)?;
    let head = head_of(&unfinished)?;
    fs::File::open(&unfinished)
        .and_then(|file| file.sync_all())
        .map_err(failed("sync", &unfinished))?;
    fs::rename(&unfinished, target).map_err(failed("rename", &unfinished))?;
    files::sync_directory_of(target)?;
    Ok(head)
}

fn copy_pages(
    source: &Path,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), StoreError> {
    let from = connect(source, false)?;
    check_schema(&from, source)?;
    // A read transaction that is held pins one moment: the copy need not start again whenever
    // the writer commits.
    from.execute_batch("PRAGMA query_only = 1; BEGIN")
        .and_then(|()| rows::tail(&from))
        .map_err(storage("begin a backup"))?;
    let mut to = Connection::open(target).map_err(storage("create the copy"))?;
    let pages = |pages: std::ffi::c_int| u64::try_from(pages).unwrap_or(0);
    {
        let copying = Backup::new(&from, &mut to).map_err(storage("begin a backup"))?;
        loop {
            let step = copying.step(STEP).map_err(storage("copy the book"))?;
            let now = copying.progress();
            progress(Progress {
                done: pages(now.pagecount - now.remaining),
                total: pages(now.pagecount),
            });
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
    // No head lies beside the copy.
    to.execute("UPDATE writer SET head_kept = 0 WHERE id = 1", [])
        .map_err(storage("finish the copy"))?;
    // One file, without a log beside it.
    to.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
        .map_err(storage("finish the copy"))
}

/// The position and root of a book that nobody writes.
fn head_of(book: &Path) -> Result<Head, StoreError> {
    let reader = SqliteReader::open(book)?;
    let mut frontier = Frontier::default();
    loop {
        let leaves = reader.leaves(Position(frontier.count() + 1), LEAVES)?;
        if leaves.is_empty() {
            break;
        }
        for leaf in leaves {
            frontier.push(leaf);
        }
    }
    let head = Head {
        position: Position(frontier.count()),
        root: frontier.root(),
    };
    if reader.tail()? == head.position {
        Ok(head)
    } else {
        Err(StoreError::Damaged {
            what: "the sequence of events".to_owned(),
        })
    }
}
