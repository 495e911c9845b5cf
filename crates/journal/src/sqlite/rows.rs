//! Rows in and out.

use bareboat_base::{CommandId, Digest, Instant, Position, PrincipalId, TypedId};
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use super::answers;
use crate::store::{Batch, Document, Remembered, SealedBlob, StoredEvent};

type Result<T> = rusqlite::Result<T>;

pub(super) const EVENT: &str = "position, recorded_at, actor, command_id, bytes, leaf";
pub(super) const REMEMBERED: &str =
    "principal, key, request, first, last, recorded_at, answer, checksum";
pub(super) const DOCUMENT: &str = "digest, media_type, bytes, checksum";
pub(super) const SEALED: &str = "id, party, field, nonce, ciphertext, checksum";

pub(super) fn tail(connection: &Connection) -> Result<Position> {
    let last = connection
        .prepare_cached("SELECT max(position) FROM event")?
        .query_row([], |row| row.get::<_, Option<i64>>(0))?;
    Ok(Position(last.map_or(0, i64::cast_unsigned)))
}

pub(super) fn insert(transaction: &Transaction<'_>, batch: &Batch) -> Result<()> {
    let mut event =
        transaction.prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for row in &batch.events {
        event.execute(params![
            row.position.0.cast_signed(),
            row.recorded_at.micros(),
            row.actor.uuid().as_bytes(),
            row.command_id.uuid().as_bytes(),
            row.bytes,
            row.leaf.0,
        ])?;
    }
    // Numbered without a gap: a key that is still there is answered from its row, never recorded
    // again.
    let mut remembered = transaction.prepare_cached(&format!(
        "INSERT INTO remembered ({REMEMBERED}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    ))?;
    let mut hash = transaction.prepare_cached("INSERT INTO remembered_hash VALUES (?1, ?2)")?;
    for row in &batch.remembered {
        let number = remembered.insert(params![
            row.principal.uuid().as_bytes(),
            row.key,
            row.request.0,
            row.first.0.cast_signed(),
            row.last.0.cast_signed(),
            row.recorded_at.micros(),
            row.answer,
            row.checksum().0,
        ])?;
        hash.execute([number, answers::hash(row.principal, &row.key)])?;
    }
    for row in &batch.documents {
        transaction
            .prepare_cached("INSERT INTO document VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?
            .execute(params![
                row.digest.0,
                row.media_type,
                row.bytes,
                row.checksum().0
            ])?;
    }
    for row in &batch.sealed {
        transaction
            .prepare_cached("INSERT INTO sealed VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![
                row.id.uuid().as_bytes(),
                row.party.uuid().as_bytes(),
                row.field,
                row.nonce,
                row.ciphertext,
                row.checksum().0,
            ])?;
    }
    Ok(())
}

/// Rows are numbered in the order in which they were recorded: the oldest go, and the book notes
/// how far, so that any other that is gone shows.
pub(super) fn forget(
    transaction: &Transaction<'_>,
    before: Instant,
    at_most: usize,
) -> Result<usize> {
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let last: Option<i64> = transaction
        .prepare_cached(
            "SELECT max(number) FROM
                (SELECT number, recorded_at FROM remembered ORDER BY number LIMIT ?2)
                WHERE recorded_at < ?1",
        )?
        .query_row(params![before.micros(), at_most], |row| row.get(0))?;
    let Some(last) = last else { return Ok(0) };
    transaction.execute("UPDATE writer SET forgotten = ?1 WHERE id = 1", [last])?;
    transaction.execute("DELETE FROM remembered_hash WHERE number <= ?1", [last])?;
    transaction.execute("DELETE FROM remembered WHERE number <= ?1", [last])
}

fn position(row: &Row<'_>, column: usize) -> Result<Position> {
    Ok(Position(row.get::<_, i64>(column)?.cast_unsigned()))
}

fn instant(row: &Row<'_>, column: usize) -> Result<Instant> {
    Instant::from_micros(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
    })
}

fn fixed<const N: usize>(row: &Row<'_>, column: usize) -> Result<[u8; N]> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error))
    })?;
    bytes.try_into().map_err(|_| {
        let error = FromSqlError::InvalidBlobSize {
            expected_size: N,
            blob_size: bytes.len(),
        };
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error))
    })
}

pub(super) fn id<I: TypedId>(row: &Row<'_>, column: usize) -> Result<I> {
    Ok(I::from_uuid(Uuid::from_bytes(fixed(row, column)?)))
}

pub(super) fn digest(row: &Row<'_>, column: usize) -> Result<Digest> {
    Ok(Digest(fixed(row, column)?))
}

pub(super) fn event(row: &Row<'_>) -> Result<StoredEvent> {
    Ok(StoredEvent {
        position: position(row, 0)?,
        recorded_at: instant(row, 1)?,
        actor: id::<PrincipalId>(row, 2)?,
        command_id: id::<CommandId>(row, 3)?,
        bytes: row.get(4)?,
        leaf: digest(row, 5)?,
    })
}

/// A row and the checksum stored with it.
pub(super) type Summed<T> = (T, Digest);

pub(super) fn remembered(row: &Row<'_>) -> Result<Summed<Remembered>> {
    let remembered = Remembered {
        principal: id(row, 0)?,
        key: row.get(1)?,
        request: digest(row, 2)?,
        first: position(row, 3)?,
        last: position(row, 4)?,
        recorded_at: instant(row, 5)?,
        answer: row.get(6)?,
    };
    Ok((remembered, digest(row, 7)?))
}

pub(super) fn document(row: &Row<'_>) -> Result<Summed<Document>> {
    let document = Document {
        digest: digest(row, 0)?,
        media_type: row.get(1)?,
        bytes: row.get(2)?,
    };
    Ok((document, digest(row, 3)?))
}

pub(super) fn sealed(row: &Row<'_>) -> Result<Summed<SealedBlob>> {
    let sealed = SealedBlob {
        id: id(row, 0)?,
        party: id(row, 1)?,
        field: row.get(2)?,
        nonce: fixed(row, 3)?,
        ciphertext: row.get(4)?,
    };
    Ok((sealed, digest(row, 5)?))
}

/// The one row of a table under a key.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    key: impl rusqlite::Params,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    connection
        .prepare_cached(sql)?
        .query_row(key, read)
        .optional()
}
