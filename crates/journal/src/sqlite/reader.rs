//! Reads, each on a connection of its own, so that none waits for the writer or for another.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bareboat_base::{Digest, Instant, PartyId, Position, PrincipalId, SealedId, TypedId as _};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::answers::{self, Answers};
use super::{check, check_schema, connect, rows, storage};
use crate::error::StoreError;
use crate::store::{Damage, Document, Reader, Remembered, SealedBlob, StoredEvent};

/// Connections kept open while nobody uses them.
const IDLE: usize = 8;

/// Reads a book that may at the same time be written.
pub struct SqliteReader {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    answers: Mutex<Answers>,
}

impl SqliteReader {
    /// A reader of the book at `path`; takes no lock, so the book may be open for writing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::NoSuchBook {
                path: path.to_owned(),
            });
        }
        let reader = Self::over(path);
        reader.with(|connection| check_schema(connection, path))?;
        Ok(reader)
    }

    pub(super) fn over(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            idle: Mutex::new(Vec::new()),
            answers: Mutex::default(),
        }
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.pool().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.path, false)?;
                connection
                    .pragma_update(None, "query_only", true)
                    .map_err(storage("set up a reader"))?;
                connection
            }
        };
        let answer = read(&connection);
        let mut pool = self.pool();
        if pool.len() < IDLE {
            pool.push(connection);
        }
        answer
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn many<T>(
        &self,
        sql: &str,
        from: Position,
        limit: usize,
        read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        // SQLite's integers are signed.
        let from = i64::try_from(from.0).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.with(|connection| {
            let mut statement = connection
                .prepare_cached(sql)
                .map_err(storage("read events"))?;
            let rows = statement
                .query_map(params![from, limit], read)
                .map_err(storage("read events"))?;
            rows.collect::<Result<Vec<_>, _>>()
                .map_err(storage("read events"))
        })
    }
}

/// A row whose checksum fits, or damage.
fn sound<T>(
    row: Option<rows::Summed<T>>,
    checksum: fn(&T) -> Digest,
    what: impl FnOnce() -> String,
) -> Result<Option<T>, StoreError> {
    match row {
        Some((row, stored)) if checksum(&row) != stored => {
            Err(StoreError::Damaged { what: what() })
        }
        row => Ok(row.map(|(row, _)| row)),
    }
}

impl Reader for SqliteReader {
    fn tail(&self) -> Result<Position, StoreError> {
        self.with(|connection| rows::tail(connection).map_err(storage("read the tail")))
    }

    fn events(&self, from: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = format!(
            "SELECT {} FROM event WHERE position >= ?1 ORDER BY position LIMIT ?2",
            rows::EVENT
        );
        self.many(&sql, from, limit, rows::event)
    }

    fn position_at(&self, instant: Instant) -> Result<Position, StoreError> {
        self.with(|connection| {
            let tail = rows::tail(connection).map_err(storage("read the tail"))?;
            last_not_after(connection, tail, instant).map_err(storage("find an instant"))
        })
    }

    fn leaves(&self, from: Position, limit: usize) -> Result<Vec<Digest>, StoreError> {
        self.many(
            "SELECT leaf FROM event WHERE position >= ?1 ORDER BY position LIMIT ?2",
            from,
            limit,
            |row| rows::digest(row, 0),
        )
    }

    fn remembered(
        &self,
        keys: &[(PrincipalId, &str)],
    ) -> Result<Vec<Option<Remembered>>, StoreError> {
        let failed = || storage("read remembered answers");
        self.with(|connection| {
            // One read transaction for all: its locks cost more than a look-up.
            let moment = connection.unchecked_transaction().map_err(failed())?;
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.catch_up(&moment).map_err(failed())?;
            let sql = format!(
                "SELECT {} FROM remembered WHERE number = ?1",
                rows::REMEMBERED
            );
            let mut statement = moment.prepare_cached(&sql).map_err(failed())?;
            keys.iter()
                .map(|(principal, key)| {
                    for number in answers.numbers(answers::hash(*principal, key)) {
                        let row = statement
                            .query_row([number], rows::remembered)
                            .optional()
                            .map_err(failed())?;
                        let row = sound(row, Remembered::checksum, || {
                            format!("the answer to key {key:?} of {principal}")
                        })?;
                        let theirs =
                            |row: &Remembered| row.principal == *principal && row.key == *key;
                        if row.as_ref().is_some_and(theirs) {
                            return Ok(row);
                        }
                    }
                    Ok(None)
                })
                .collect()
        })
    }

    fn document(&self, digest: Digest) -> Result<Option<Document>, StoreError> {
        let sql = format!("SELECT {} FROM document WHERE digest = ?1", rows::DOCUMENT);
        let row = self.with(|connection| {
            rows::one(connection, &sql, params![digest.0], rows::document)
                .map_err(storage("read a document"))
        })?;
        sound(row, Document::checksum, || format!("document {digest}"))
    }

    fn has_document(&self, digest: Digest) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM document WHERE digest = ?1";
        let found = self.with(|connection| {
            rows::one(connection, sql, params![digest.0], |_| Ok(()))
                .map_err(storage("look for a document"))
        })?;
        Ok(found.is_some())
    }

    fn sealed(&self, id: SealedId) -> Result<Option<SealedBlob>, StoreError> {
        let sql = format!("SELECT {} FROM sealed WHERE id = ?1", rows::SEALED);
        let row = self.with(|connection| {
            rows::one(
                connection,
                &sql,
                params![id.uuid().as_bytes()],
                rows::sealed,
            )
            .map_err(storage("read a sealed value"))
        })?;
        sound(row, SealedBlob::checksum, || format!("sealed value {id}"))
    }

    fn has_sealed(&self, party: PartyId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM sealed WHERE party = ?1 LIMIT 1";
        let found = self.with(|connection| {
            rows::one(
                connection,
                sql,
                params![party.uuid().as_bytes()],
                |_| Ok(()),
            )
            .map_err(storage("look for sealed values"))
        })?;
        Ok(found.is_some())
    }

    fn any_sealed_party(&self) -> Result<Option<PartyId>, StoreError> {
        let sql = "SELECT party FROM sealed LIMIT 1";
        self.with(|connection| {
            rows::one(connection, sql, [], |row| rows::id(row, 0))
                .map_err(storage("look for sealed values"))
        })
    }

    fn head_expected(&self) -> Result<bool, StoreError> {
        let sql = "SELECT head_kept FROM writer WHERE id = 1";
        let kept = self.with(|connection| {
            rows::one(connection, sql, [], |row| row.get::<_, bool>(0))
                .map_err(storage("read whether a head is kept"))
        })?;
        Ok(kept.unwrap_or(false))
    }

    fn check(&self, step: &mut dyn FnMut()) -> Result<Vec<Damage>, StoreError> {
        self.with(|connection| Ok(check::all(connection, step)))
    }
}

/// Instants rise with positions, so the last one not after `instant` is found by halving.
fn last_not_after(
    connection: &Connection,
    tail: Position,
    instant: Instant,
) -> rusqlite::Result<Position> {
    let mut statement =
        connection.prepare_cached("SELECT recorded_at FROM event WHERE position = ?1")?;
    let (mut low, mut high) = (0, tail.0);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let at: i64 = statement.query_row(params![middle.cast_signed()], |row| row.get(0))?;
        if at <= instant.micros() {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(Position(low))
}
