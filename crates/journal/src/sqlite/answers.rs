//! Which keys have an answer, in memory.
//!
//! Clients draw their keys at random, so an index over them on the disk would have a page of its
//! own written for nearly every key. The disk holds a narrow table instead, in the order of
//! recording: number and hash of each key. From it this is filled when it is first asked, and
//! brought up to date inside the read transaction of every look-up: it never knows less than
//! what is committed. A hash only finds rows; the rows say whose key it is.

use std::collections::BTreeSet;

use bareboat_base::{Digest, PrincipalId, TypedId as _};
use rusqlite::Connection;

/// The first eight bytes of SHA-256 over principal and key.
pub(super) fn hash(principal: PrincipalId, key: &str) -> i64 {
    let digest = Digest::of(&[principal.uuid().as_bytes(), key.as_bytes()]);
    let [a, b, c, d, e, f, g, h, ..] = digest.0;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[derive(Default)]
pub(super) struct Answers {
    /// Hash and number.
    known: BTreeSet<(i64, i64)>,
    /// The last number that was read.
    last: i64,
    /// Up to here numbers were dropped again.
    dropped: i64,
}

impl Answers {
    pub(super) fn catch_up(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let new = connection
            .prepare_cached("SELECT hash, number FROM remembered_hash WHERE number > ?1")?
            .query_map([self.last], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
        let newest = new.iter().map(|(_, number)| *number).max();
        self.last = self.last.max(newest.unwrap_or(0));
        if self.known.is_empty() {
            // At once, from all of them in order: many times faster than one by one.
            self.known = new.into_iter().collect();
        } else {
            self.known.extend(new);
        }
        let forgotten: i64 = connection
            .prepare_cached("SELECT forgotten FROM writer WHERE id = 1")?
            .query_row([], |row| row.get(0))?;
        self.drop_up_to(forgotten);
        Ok(())
    }

    /// Drops what the store has forgotten, once it is a good part of all.
    fn drop_up_to(&mut self, forgotten: i64) {
        let superfluous = usize::try_from(forgotten - self.dropped).unwrap_or(0);
        if superfluous > self.known.len() / 8 {
            self.known.retain(|(_, number)| *number > forgotten);
            self.dropped = forgotten;
        }
    }

    /// The rows that may hold the answer to a key with this hash.
    pub(super) fn numbers(&self, hash: i64) -> impl Iterator<Item = i64> {
        let range = self.known.range((hash, i64::MIN)..=(hash, i64::MAX));
        range.map(|(_, number)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(super::super::TABLES).unwrap();
        connection
    }

    fn numbers(answers: &Answers, hash: i64) -> Vec<i64> {
        answers.numbers(hash).collect()
    }

    #[test]
    fn it_follows_what_is_committed_and_forgotten() {
        let store = store();
        let mut answers = Answers::default();
        answers.catch_up(&store).unwrap();
        assert!(numbers(&answers, 7).is_empty());
        let insert = "INSERT INTO remembered_hash VALUES (1, 7), (2, -9), (3, 7)";
        store.execute(insert, []).unwrap();
        answers.catch_up(&store).unwrap();
        assert_eq!(numbers(&answers, 7), [1, 3]);
        assert_eq!(numbers(&answers, -9), [2]);
        store
            .execute("INSERT INTO remembered_hash VALUES (4, 7)", [])
            .unwrap();
        store
            .execute("UPDATE writer SET forgotten = 2", [])
            .unwrap();
        answers.catch_up(&store).unwrap();
        assert_eq!(numbers(&answers, 7), [3, 4]);
        assert_eq!(answers.known.len(), 2);
    }

    #[test]
    fn keys_of_two_principals_have_two_hashes() {
        let principal = |number| PrincipalId::from_uuid(uuid::Uuid::from_u128(number));
        assert_ne!(hash(principal(1), "a"), hash(principal(2), "a"));
        assert_ne!(hash(principal(1), "a"), hash(principal(1), "b"));
        assert_eq!(hash(principal(1), "a"), hash(principal(1), "a"));
    }
}
