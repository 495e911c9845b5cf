//! The audit store's file.

use std::path::Path;

use bareboat_base::Instant;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params};

use super::Entry;

/// Why the audit store could not be used.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// SQLite refused.
    #[error("the audit store could not be used")]
    Storage(#[from] rusqlite::Error),
    /// Its thread did not start.
    #[error("the audit store's thread did not start")]
    Thread(#[source] std::io::Error),
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this principal's.
    pub principal: Option<String>,
    /// Only this operation.
    pub operation: Option<String>,
    /// Only this outcome.
    pub outcome: Option<String>,
    /// Only paths that begin so.
    pub path: Option<String>,
    /// From this instant on.
    pub from: Option<Instant>,
    /// Before this instant.
    pub to: Option<Instant>,
}

/// One entry as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// When the request was answered, in microseconds since the epoch.
    pub at: i64,
    /// Who asked.
    pub principal: Option<String>,
    /// Which operation.
    pub operation: Option<String>,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// What came of it.
    pub outcome: String,
    /// The HTTP status.
    pub status: u16,
    /// The problem's code.
    pub code: Option<String>,
    /// The request's id.
    pub request_id: String,
}

pub(super) struct Store(Connection);

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA busy_timeout = 5000;
CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    principal TEXT,
    operation TEXT,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    outcome TEXT NOT NULL,
    status INTEGER NOT NULL,
    code TEXT,
    request_id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS entry_at ON entry (at);
CREATE INDEX IF NOT EXISTS entry_principal ON entry (principal, number);
";

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, AuditError> {
        // The path is a path, not a URI.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    pub(super) fn append(&mut self, entries: &[Entry]) -> Result<(), AuditError> {
        if entries.is_empty() {
            return Ok(());
        }
        let transaction = self.0.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO entry (at, principal, operation, method, path, outcome, status, code, request_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?;
            for entry in entries {
                insert.execute(params![
                    entry.at.micros(),
                    entry.principal.map(|id| id.to_string()),
                    entry.operation,
                    entry.method,
                    entry.path,
                    entry.outcome(),
                    entry.status,
                    entry.code,
                    entry.request_id,
                ])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    pub(super) fn prune(&mut self, now: Instant, days: u32) -> Result<(), AuditError> {
        let oldest = now
            .micros()
            .saturating_sub(i64::from(days) * 86_400_000_000);
        self.0
            .execute("DELETE FROM entry WHERE at < ?1", params![oldest])?;
        Ok(())
    }

    pub(super) fn list(
        &self,
        filter: &Filter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, AuditError> {
        let mut sql = "SELECT number, at, principal, operation, method, path, outcome, status, code, request_id
             FROM entry WHERE number > ?"
            .to_owned();
        let mut values = vec![Value::from(i64::try_from(after).unwrap_or(i64::MAX))];
        let texts = [
            (" AND principal = ?", &filter.principal),
            (" AND operation = ?", &filter.operation),
            (" AND outcome = ?", &filter.outcome),
        ];
        for (condition, text) in texts {
            if let Some(text) = text {
                sql.push_str(condition);
                values.push(Value::from(text.clone()));
            }
        }
        if let Some(path) = &filter.path {
            sql.push_str(" AND substr(path, 1, ?) = ?");
            let characters = i64::try_from(path.chars().count()).unwrap_or(i64::MAX);
            values.extend([Value::from(characters), Value::from(path.clone())]);
        }
        for (condition, instant) in [(" AND at >= ?", filter.from), (" AND at < ?", filter.to)] {
            if let Some(instant) = instant {
                sql.push_str(condition);
                values.push(Value::from(instant.micros()));
            }
        }
        sql.push_str(" ORDER BY number LIMIT ?");
        values.push(Value::from(i64::try_from(limit).unwrap_or(i64::MAX)));
        let mut select = self.0.prepare(&sql)?;
        let lines = select.query_map(rusqlite::params_from_iter(values), |row| {
            Ok(Line {
                number: row.get::<_, i64>(0)?.try_into().unwrap_or(0),
                at: row.get(1)?,
                principal: row.get(2)?,
                operation: row.get(3)?,
                method: row.get(4)?,
                path: row.get(5)?,
                outcome: row.get(6)?,
                status: row.get(7)?,
                code: row.get(8)?,
                request_id: row.get(9)?,
            })
        })?;
        Ok(lines.collect::<Result<_, _>>()?)
    }
}
