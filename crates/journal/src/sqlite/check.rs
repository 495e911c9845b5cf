//! Every row that no leaf covers, and the file itself.

use bareboat_base::Digest;
use rusqlite::{Connection, Row};

use super::rows;
use crate::store::{Damage, Document, Remembered, SealedBlob};

pub(super) fn all(connection: &Connection, step: &mut dyn FnMut()) -> Vec<Damage> {
    let mut found = file(connection);
    rows_of(
        connection,
        &mut found,
        step,
        "document",
        rows::DOCUMENT,
        rows::document,
        |document: &Document| {
            let right = Digest::of(&[&document.bytes]) == document.digest;
            (
                document.checksum(),
                right,
                format!("document {}", document.digest),
            )
        },
    );
    rows_of(
        connection,
        &mut found,
        step,
        "sealed",
        rows::SEALED,
        rows::sealed,
        |sealed: &SealedBlob| {
            (
                sealed.checksum(),
                true,
                format!("sealed value {}", sealed.id),
            )
        },
    );
    rows_of(
        connection,
        &mut found,
        step,
        "remembered",
        rows::REMEMBERED,
        rows::remembered,
        |row: &Remembered| {
            let name = format!("the answer to key {:?} of {}", row.key, row.principal);
            (row.checksum(), true, name)
        },
    );
    answers(connection, &mut found);
    hashes(connection, &mut found);
    found
}

/// By its hash an answer is found: without the right one its key would be executed again.
fn hashes(connection: &Connection, found: &mut Vec<Damage>) {
    let sql =
        "SELECT principal, key, hash FROM remembered LEFT JOIN remembered_hash USING (number)";
    let wrong = connection.prepare(sql).and_then(|mut statement| {
        let rows = statement.query_map([], |row| {
            let (principal, key) = (rows::id(row, 0)?, row.get::<_, String>(1)?);
            let right = row.get(2).ok() == Some(super::answers::hash(principal, &key));
            Ok((!right).then(|| {
                format!("the answer to key {key:?} of {principal} is not found by its hash")
            }))
        })?;
        // A row that does not read is named with the rows.
        Ok(rows.filter_map(Result::ok).flatten().collect::<Vec<_>>())
    });
    let wrong = wrong.unwrap_or_else(|error| vec![format!("hashes cannot be read: {error}")]);
    found.extend(wrong.into_iter().map(|what| Damage {
        table: "remembered",
        what,
    }));
}

/// Answers are numbered without a gap, from the last one forgotten to the last one given: a key
/// whose answer is gone would be executed again.
fn answers(connection: &Connection, found: &mut Vec<Damage>) {
    let sql = "WITH numbers AS (
            SELECT forgotten AS number FROM writer
            UNION ALL SELECT number FROM remembered
            UNION ALL SELECT seq + 1 FROM sqlite_sequence WHERE name = 'remembered'
        ), steps AS (
            SELECT number, lead(number) OVER (ORDER BY number) AS next FROM numbers
        ) SELECT number + 1, next - 1 FROM steps WHERE next > number + 1";
    let gaps = connection.prepare(sql).and_then(|mut statement| {
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<(i64, i64)>>>()
    });
    let mut damaged = |what| {
        found.push(Damage {
            table: "remembered",
            what,
        });
    };
    match gaps {
        Ok(gaps) => {
            for (first, last) in gaps {
                damaged(format!("the answers {first} to {last} are missing"));
            }
        }
        Err(error) => damaged(format!("the answers cannot be counted: {error}")),
    }
}

fn file(connection: &Connection) -> Vec<Damage> {
    let damage = |what| Damage {
        table: "store",
        what,
    };
    let lines = connection
        .prepare("PRAGMA integrity_check(100)")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| row.get::<_, String>(0))?
                .collect::<Result<Vec<_>, _>>()
        });
    match lines {
        Ok(lines) if lines == ["ok"] => Vec::new(),
        Ok(lines) => lines
            .into_iter()
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .map(damage)
            .collect(),
        Err(error) => vec![damage(format!("the file cannot be checked: {error}"))],
    }
}

/// Checks the rows of one table; `judge` gives a row's checksum, whether it is right in itself,
/// and its name.
fn rows_of<T>(
    connection: &Connection,
    found: &mut Vec<Damage>,
    step: &mut dyn FnMut(),
    table: &'static str,
    columns: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<rows::Summed<T>>,
    judge: fn(&T) -> (Digest, bool, String),
) {
    let mut damaged = |what| found.push(Damage { table, what });
    // The rowid names a row that does not even read.
    let sql = format!("SELECT {columns}, rowid FROM {table} ORDER BY rowid");
    let mut statement = match connection.prepare(&sql) {
        Ok(statement) => statement,
        Err(error) => return damaged(format!("the table cannot be read: {error}")),
    };
    let number = statement.column_count() - 1;
    let mut rows = match statement.query([]) {
        Ok(rows) => rows,
        Err(error) => return damaged(format!("the table cannot be read: {error}")),
    };
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return,
            Err(error) => return damaged(format!("the table cannot be read further: {error}")),
        };
        step();
        match read(row) {
            Ok((value, stored)) => {
                let (checksum, right, name) = judge(&value);
                if checksum != stored || !right {
                    damaged(format!("{name} is not what was written"));
                }
            }
            Err(error) => {
                let number: i64 = row.get(number).unwrap_or(0);
                damaged(format!("row {number} cannot be read: {error}"));
            }
        }
    }
}
