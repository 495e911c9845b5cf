//! The store in one SQLite file: write-ahead log, `synchronous=FULL`, one writer.
//!
//! Beside it lie the lock, the head and the snapshots ([`crate::paths`]). Rows of the tables
//! that no leaf covers carry a checksum of their own.

mod answers;
mod backup;
mod check;
mod keeper;
mod lock;
mod reader;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bareboat_base::{Instant, Position};
use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params,
};

use crate::error::StoreError;
use crate::files::{self, failed};
use crate::paths::Paths;
use crate::store::{Batch, Holder, Keeper, Reader, Store};

pub use backup::{Progress, backup, restore};
pub use keeper::FileKeeper;
pub use reader::SqliteReader;

/// "BARE": marks the file as a book.
const APPLICATION_ID: i32 = 0x4241_5245;
/// The layout below.
const SCHEMA: u32 = 2;

const TABLES: &str = "
CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    recorded_at INTEGER NOT NULL,
    actor BLOB NOT NULL,
    command_id BLOB NOT NULL,
    bytes BLOB NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE TABLE remembered (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    principal BLOB NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    answer BLOB NOT NULL,
    checksum BLOB NOT NULL
) STRICT;
CREATE TABLE remembered_hash (
    number INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL
) STRICT;
CREATE TABLE document (
    digest BLOB PRIMARY KEY,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    checksum BLOB NOT NULL
) STRICT;
CREATE TABLE sealed (
    id BLOB PRIMARY KEY,
    party BLOB NOT NULL,
    field TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    checksum BLOB NOT NULL
) STRICT;
CREATE INDEX sealed_party ON sealed (party);
CREATE TABLE writer (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    holder TEXT NOT NULL,
    -- Whether a head was kept beside this file.
    head_kept INTEGER NOT NULL DEFAULT 0,
    -- The last of the answers that were forgotten, by number.
    forgotten INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO writer (id, epoch, holder) VALUES (1, 0, '');
";

/// When SQLite waits for the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Before each commit returns. The only one for a real book.
    #[default]
    Full,
    /// Never: loses acknowledged commands when the power fails. For the test that shows it.
    Off,
}

/// How a book is opened.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// When the disk is waited for.
    pub synchronous: Synchronous,
    /// The present: named to whoever finds the book locked.
    pub opened_at: Instant,
}

impl SqliteOptions {
    /// The options of a real book.
    pub fn new(opened_at: Instant) -> Self {
        Self {
            synchronous: Synchronous::Full,
            opened_at,
        }
    }
}

/// A book in a SQLite file, opened for writing.
pub struct SqliteStore {
    connection: Connection,
    reader: Arc<SqliteReader>,
    keeper: Arc<FileKeeper>,
    epoch: u64,
    // Dropped last: the lock is held until the connections above are closed.
    _lock: lock::Lock,
}

impl SqliteStore {
    /// Makes a new, empty book and opens it for writing; refuses when something is there.
    pub fn create(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let paths = Paths::of(path);
        if let Some(path) = paths.taken() {
            return Err(StoreError::Exists { path });
        }
        let lock = lock::Lock::take(&paths.lock, options.opened_at)?;
        lay_out(path)?;
        Self::open_locked(&paths, options, lock)
    }

    /// Opens a book for writing: takes the lock and the lease.
    pub fn open(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let paths = Paths::of(path);
        if !path.exists() {
            return Err(StoreError::NoSuchBook {
                path: path.to_owned(),
            });
        }
        let lock = lock::Lock::take(&paths.lock, options.opened_at)?;
        Self::open_locked(&paths, options, lock)
    }

    fn open_locked(
        paths: &Paths,
        options: &SqliteOptions,
        lock: lock::Lock,
    ) -> Result<Self, StoreError> {
        let connection = connect(&paths.book, false)?;
        check_schema(&connection, &paths.book)?;
        write_ahead(&connection, options.synchronous)?;
        let epoch = take_lease(&connection, lock.holder())?;
        Ok(Self {
            connection,
            reader: Arc::new(SqliteReader::over(&paths.book)),
            keeper: Arc::new(FileKeeper::new(paths)),
            epoch,
            _lock: lock,
        })
    }

    fn try_append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let ours = self.epoch;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(storage("begin an append"))?;
        check_lease(&transaction, ours)?;
        let found = rows::tail(&transaction).map_err(storage("read the tail"))?;
        if found != batch.expected {
            return Err(StoreError::TailMoved {
                expected: batch.expected,
                found,
            });
        }
        rows::insert(&transaction, batch).map_err(storage("append"))?;
        transaction.commit().map_err(storage("commit an append"))
    }
}

impl Store for SqliteStore {
    fn reader(&self) -> Arc<dyn Reader> {
        self.reader.clone()
    }

    fn keeper(&self) -> Arc<dyn Keeper> {
        self.keeper.clone()
    }

    fn append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let follows = batch
            .events
            .iter()
            .zip(batch.expected.0 + 1..)
            .all(|(event, position)| event.position == Position(position));
        assert!(follows, "a batch has no gap");
        self.try_append(batch)
    }

    fn expect_head(&mut self) -> Result<(), StoreError> {
        let marked = self
            .connection
            .execute("UPDATE writer SET head_kept = 1 WHERE id = 1", []);
        marked.map(|_| ()).map_err(storage("mark the head as kept"))
    }

    fn forget(&mut self, before: Instant, at_most: usize) -> Result<usize, StoreError> {
        let ours = self.epoch;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(storage("begin forgetting answers"))?;
        check_lease(&transaction, ours)?;
        let forgotten = rows::forget(&transaction, before, at_most)
            .and_then(|forgotten| transaction.commit().map(|()| forgotten));
        forgotten.map_err(storage("forget answers"))
    }
}

/// An error of SQLite, with what was being done.
pub(crate) fn storage(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Storage {
        doing,
        source: Box::new(source),
    }
}

pub(crate) fn connect(path: &Path, create: bool) -> Result<Connection, StoreError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection = Connection::open_with_flags(path, flags).map_err(storage("open the book"))?;
    connection.set_prepared_statement_cache_capacity(32);
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(storage("set a timeout"))?;
    Ok(connection)
}

/// Makes an empty book under another name and moves it in place: a crash leaves the whole of it
/// or nothing.
fn lay_out(path: &Path) -> Result<(), StoreError> {
    let unfinished = path.with_added_extension("unfinished");
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(failed("remove", &unfinished))?;
    }
    let mut connection = connect(&unfinished, true)?;
    let made = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .and_then(|transaction| {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", SCHEMA)?;
            transaction.commit()
        });
    made.map_err(storage("lay out the book"))?;
    drop(connection);
    std::fs::rename(&unfinished, path).map_err(failed("rename", &unfinished))?;
    files::sync_directory_of(path)
}

fn write_ahead(connection: &Connection, synchronous: Synchronous) -> Result<(), StoreError> {
    let level = match synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Off => "OFF",
    };
    let set = || {
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", level)?;
        // 16 MiB of log between two checkpoints; the log is cut back to that size.
        connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
        connection.pragma_update(None, "journal_size_limit", 1 << 24)?;
        connection.pragma_update(None, "cache_size", -16_000)
    };
    set().map_err(storage("set up the book"))
}

/// Whether the file is a book of a layout this program knows.
pub(crate) fn check_schema(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let not_a_book = || StoreError::NotABook {
        path: PathBuf::from(path),
    };
    let application = match number("application_id") {
        Ok(application) => application,
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Err(not_a_book());
        }
        Err(error) => return Err(storage("read the book's layout")(error)),
    };
    if application != i64::from(APPLICATION_ID) {
        return Err(not_a_book());
    }
    let schema = number("user_version").map_err(storage("read the book's layout"))?;
    match u32::try_from(schema) {
        Ok(SCHEMA) => Ok(()),
        Ok(found) if found > SCHEMA => Err(StoreError::NewerSchema {
            found,
            known: SCHEMA,
        }),
        _ => Err(not_a_book()),
    }
}

fn take_lease(connection: &Connection, holder: &Holder) -> Result<u64, StoreError> {
    connection
        .query_row(
            "UPDATE writer SET epoch = epoch + 1, holder = ?1 WHERE id = 1 RETURNING epoch",
            params![holder.to_string()],
            |row| row.get::<_, i64>(0),
        )
        .map_err(storage("take the lease"))
        .map(i64::cast_unsigned)
}

fn check_lease(transaction: &Transaction<'_>, ours: u64) -> Result<(), StoreError> {
    let found = transaction
        .prepare_cached("SELECT epoch FROM writer WHERE id = 1")
        .and_then(|mut statement| {
            statement
                .query_row([], |row| row.get::<_, i64>(0))
                .optional()
        })
        .map_err(storage("check the lease"))?
        .map_or(0, i64::cast_unsigned);
    if found == ours {
        Ok(())
    } else {
        Err(StoreError::Fenced { ours, found })
    }
}
