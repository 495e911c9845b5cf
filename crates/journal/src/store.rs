//! What a store of the book must do; SQLite's is [`crate::sqlite`], another can be written for
//! a server without the engine noticing.
//!
//! A store has three faces, because they are used at the same time: the [`Store`] itself appends
//! and belongs to the one writer; a [`Reader`] is shared by everyone and never stops the writer;
//! a [`Keeper`] holds what lies beside the journal (head and snapshots) and is used by the
//! engine's background thread.

use std::sync::Arc;

use bareboat_base::{
    CommandId, Digest, Instant, PartyId, Position, PrincipalId, SealedId, TypedId as _,
};

use crate::error::StoreError;
use crate::head::Head;
use crate::leaf;

/// One event as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place, from 1.
    pub position: Position,
    /// When the book recorded it.
    pub recorded_at: Instant,
    /// Who asked for it.
    pub actor: PrincipalId,
    /// The command that it came from.
    pub command_id: CommandId,
    /// Its bytes: `{"type","version","data"}`.
    pub bytes: Vec<u8>,
    /// Its leaf ([`crate::leaf`]).
    pub leaf: Digest,
}

impl StoredEvent {
    /// The leaf that its envelope and bytes give, whatever leaf is stored.
    pub fn computed_leaf(&self) -> Digest {
        leaf::leaf(
            self.position,
            self.recorded_at,
            self.actor,
            self.command_id,
            &self.bytes,
        )
    }
}

/// A document kept whole under the digest of its bytes: a list as published, evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// What kind of bytes: `text/csv`.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Document {
    /// A document of these bytes.
    pub fn new(media_type: &str, bytes: Vec<u8>) -> Self {
        Self {
            digest: Digest::of(&[&bytes]),
            media_type: media_type.to_owned(),
            bytes,
        }
    }

    /// SHA-256 over everything in the row: a flipped bit anywhere in it shows.
    pub fn checksum(&self) -> Digest {
        Digest::of(&[
            &self.digest.0,
            &length(self.media_type.as_bytes()),
            self.media_type.as_bytes(),
            &self.bytes,
        ])
    }
}

/// A sealed value, encrypted; the book holds the [`bareboat_base::SealedRef`] to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedBlob {
    /// The value's opaque id.
    pub id: SealedId,
    /// The party whose key encrypts it.
    pub party: PartyId,
    /// Which field of the party it is: `name`, `address`.
    pub field: String,
    /// The nonce it was encrypted under.
    pub nonce: [u8; 24],
    /// Salt and value, encrypted and authenticated.
    pub ciphertext: Vec<u8>,
}

impl SealedBlob {
    /// SHA-256 over everything in the row: damage shows without any key.
    pub fn checksum(&self) -> Digest {
        Digest::of(&[
            self.id.uuid().as_bytes(),
            self.party.uuid().as_bytes(),
            &length(self.field.as_bytes()),
            self.field.as_bytes(),
            &self.nonce,
            &self.ciphertext,
        ])
    }
}

/// What was answered to one idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Whose key it is; keys of two principals never meet.
    pub principal: PrincipalId,
    /// The key.
    pub key: String,
    /// The digest of the request it came with.
    pub request: Digest,
    /// The first event of the command; one more than `last` when it had none.
    pub first: Position,
    /// Its last event.
    pub last: Position,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The answer's bytes.
    pub answer: Vec<u8>,
}

impl Remembered {
    /// SHA-256 over everything in the row.
    pub fn checksum(&self) -> Digest {
        Digest::of(&[
            self.principal.uuid().as_bytes(),
            &length(self.key.as_bytes()),
            self.key.as_bytes(),
            &self.request.0,
            &self.first.0.to_be_bytes(),
            &self.last.0.to_be_bytes(),
            &self.recorded_at.micros().to_be_bytes(),
            &self.answer,
        ])
    }
}

/// So that two texts side by side cannot trade a letter.
fn length(bytes: &[u8]) -> [u8; 8] {
    (bytes.len() as u64).to_be_bytes()
}

/// What one durable append writes, all or nothing.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The tail it was decided on; the append is refused when the store's is another.
    pub expected: Position,
    /// The events, in order, without a gap, from `expected + 1`.
    pub events: Vec<StoredEvent>,
    /// The answers to remember.
    pub remembered: Vec<Remembered>,
    /// The documents; one that is already there is left as it is.
    pub documents: Vec<Document>,
    /// The sealed values.
    pub sealed: Vec<SealedBlob>,
}

/// Who holds the right to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its machine's name.
    pub host: String,
    /// Since when.
    pub since: Instant,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "process {} on {}, since {}",
            self.pid, self.host, self.since
        )
    }
}

/// What damage was found in one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The table: `event`, `document`, `sealed`, `remembered`, or `store` for the file as a
    /// whole.
    pub table: &'static str,
    /// Which row, and what is wrong with it.
    pub what: String,
}

/// The writer's face: opened under an exclusive lease whose epoch every append checks in its own
/// transaction, so that a deposed writer writes nothing.
pub trait Store: Send {
    /// The readers' face.
    fn reader(&self) -> Arc<dyn Reader>;

    /// The face of what lies beside the journal.
    fn keeper(&self) -> Arc<dyn Keeper>;

    /// Appends a batch durably, or nothing of it: when it returns, power may fail. Refuses with
    /// [`StoreError::Fenced`] when another writer holds the lease, with
    /// [`StoreError::TailMoved`] when the tail is not the one expected.
    fn append(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// Marks the book as one beside which a head is kept, durably.
    fn expect_head(&mut self) -> Result<(), StoreError>;

    /// Forgets at most `at_most` answers recorded before an instant; says how many.
    fn forget(&mut self, before: Instant, at_most: usize) -> Result<usize, StoreError>;
}

/// The readers' face: committed rows only, never blocks the writer.
pub trait Reader: Send + Sync {
    /// The position of the last event; 0 for an empty book.
    fn tail(&self) -> Result<Position, StoreError>;

    /// Up to `limit` events from a position on, in order.
    fn events(&self, from: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError>;

    /// The last position recorded at or before an instant; 0 when there is none.
    fn position_at(&self, instant: Instant) -> Result<Position, StoreError>;

    /// Up to `limit` leaves from a position on, in order.
    fn leaves(&self, from: Position, limit: usize) -> Result<Vec<Digest>, StoreError>;

    /// What was answered to each of some principals' keys, where it is remembered; in the order
    /// asked.
    fn remembered(
        &self,
        keys: &[(PrincipalId, &str)],
    ) -> Result<Vec<Option<Remembered>>, StoreError>;

    /// The document with a digest.
    fn document(&self, digest: Digest) -> Result<Option<Document>, StoreError>;

    /// Whether there is a document with a digest.
    fn has_document(&self, digest: Digest) -> Result<bool, StoreError>;

    /// The sealed value with an id.
    fn sealed(&self, id: SealedId) -> Result<Option<SealedBlob>, StoreError>;

    /// Whether any value is sealed under a party's key.
    fn has_sealed(&self, party: PartyId) -> Result<bool, StoreError>;

    /// A party with a sealed value; `None` when nothing is sealed.
    fn any_sealed_party(&self) -> Result<Option<PartyId>, StoreError>;

    /// Whether a head was kept beside the book once: then one must be there. A backup says no.
    fn head_expected(&self) -> Result<bool, StoreError>;

    /// Checks everything that can be checked without knowing what events mean, rows and file,
    /// except the events themselves; `step` is told of each row done.
    fn check(&self, step: &mut dyn FnMut()) -> Result<Vec<Damage>, StoreError>;
}

/// The face of what lies beside the journal. Both are written whole or not at all.
pub trait Keeper: Send + Sync {
    /// The head as last kept.
    fn head(&self) -> Result<Option<Head>, StoreError>;

    /// Keeps a head, durably.
    fn keep_head(&self, head: &Head) -> Result<(), StoreError>;

    /// The positions of the snapshots that are kept, in order.
    fn snapshots(&self) -> Result<Vec<Position>, StoreError>;

    /// The bytes of a snapshot.
    fn snapshot(&self, position: Position) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a snapshot, given in parts.
    fn keep_snapshot(&self, position: Position, parts: &[&[u8]]) -> Result<(), StoreError>;

    /// Drops a snapshot.
    fn drop_snapshot(&self, position: Position) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn id<I: bareboat_base::TypedId>(number: u128) -> I {
        I::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn at(micros: i64) -> Instant {
        Instant::from_micros(micros).unwrap()
    }

    type Changes<T> = Vec<fn(&mut T)>;

    /// Each change alone gives a sum that no other gives, nor the row as it was.
    fn each_shows<T: Clone>(row: &T, changes: Changes<T>, sum: fn(&T) -> Digest) {
        let mut sums = BTreeSet::from([sum(row)]);
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = row.clone();
            change(&mut changed);
            assert!(sums.insert(sum(&changed)), "change {number} does not show");
        }
    }

    #[test]
    fn every_field_of_an_answer_is_under_its_checksum() {
        let row = Remembered {
            principal: id(1),
            key: "key".to_owned(),
            request: Digest([2; 32]),
            first: Position(3),
            last: Position(4),
            recorded_at: at(5),
            answer: b"answer".to_vec(),
        };
        let changes: Changes<Remembered> = vec![
            |row| row.principal = id(9),
            |row| row.key = "kez".to_owned(),
            |row| row.request.0[31] ^= 1,
            |row| row.first = Position(9),
            |row| row.last = Position(9),
            |row| row.recorded_at = at(9),
            |row| row.answer[0] ^= 1,
            // Texts side by side do not trade a letter.
            |row| (row.key, row.answer) = ("ke".to_owned(), b"yanswer".to_vec()),
        ];
        each_shows(&row, changes, Remembered::checksum);
    }

    #[test]
    fn every_field_of_a_document_is_under_its_checksum() {
        let row = Document::new("text/csv", b"a,b".to_vec());
        let changes: Changes<Document> = vec![
            |row| row.digest.0[0] ^= 1,
            |row| row.media_type = "text/plain".to_owned(),
            |row| row.bytes[0] ^= 1,
            |row| (row.media_type, row.bytes) = ("text/cs".to_owned(), b"va,b".to_vec()),
        ];
        each_shows(&row, changes, Document::checksum);
    }

    #[test]
    fn every_field_of_a_sealed_value_is_under_its_checksum() {
        let row = SealedBlob {
            id: id(1),
            party: id(2),
            field: "name".to_owned(),
            nonce: [3; 24],
            ciphertext: vec![4; 40],
        };
        let changes: Changes<SealedBlob> = vec![
            |row| row.id = id(9),
            |row| row.party = id(9),
            |row| row.field = "nama".to_owned(),
            |row| row.nonce[23] ^= 1,
            |row| row.ciphertext[39] ^= 1,
        ];
        each_shows(&row, changes, SealedBlob::checksum);
    }

    #[test]
    fn every_field_of_an_event_is_under_its_leaf() {
        let row = StoredEvent {
            position: Position(1),
            recorded_at: at(2),
            actor: id(3),
            command_id: id(4),
            bytes: b"{}".to_vec(),
            leaf: Digest([0; 32]),
        };
        let changes: Changes<StoredEvent> = vec![
            |row| row.position = Position(9),
            |row| row.recorded_at = at(9),
            |row| row.actor = id(9),
            |row| row.command_id = id(9),
            |row| row.bytes[0] ^= 1,
        ];
        each_shows(&row, changes, StoredEvent::computed_leaf);
    }
}
