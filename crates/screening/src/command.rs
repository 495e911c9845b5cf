//! What someone may ask of screening.

use bareboat_base::{Code, Confidential, Date, Digest, HitId, ListSnapshotId, Name, PartyId, Text};

use crate::{ListChange, Verdict};

/// A request to change lists, screenings or hits.
#[derive(Clone, Debug)]
pub enum Command {
    /// Imports a list.
    ImportList(ImportList),
    /// Records a screening.
    RecordScreening(RecordScreening),
    /// Decides on a hit.
    DisposeHit(DisposeHit),
    /// Confirms another's decision on a hit.
    ConfirmHit(ConfirmHit),
}

/// Records a list as published at a date. The id of its snapshot is `context.mint(0)`. The same
/// entries again are recorded as seen, and change nothing.
#[derive(Clone, Debug)]
pub struct ImportList {
    /// Which list.
    pub list: Code,
    /// Who publishes it.
    pub publisher: Name,
    /// The date of publication.
    pub published_on: Date,
    /// Where it was taken from.
    pub source: Text,
    /// The publisher's bytes.
    pub original: Digest,
    /// The entries in canonical JSONL.
    pub entries: Digest,
    /// How many entries.
    pub entry_count: u32,
    /// How many malformed rows.
    pub malformed: u32,
    /// The snapshot that `change` was computed from: the newest one; `None` for the first.
    pub previous: Option<ListSnapshotId>,
    /// What differs from it ([`crate::formats::diff`]).
    pub change: ListChange,
    /// Someone looked, and the loss of more than a fifth of the entries is right.
    pub confirmed: bool,
}

/// Records that a party was compared with lists, and what was found, be it nothing. The id of
/// the screening is `context.mint(0)`, that of its n-th hit `context.mint(n)`.
#[derive(Clone, Debug)]
pub struct RecordScreening {
    /// Who was screened.
    pub party: PartyId,
    /// The version of its facts that was screened.
    pub party_version: u32,
    /// The version it is at now, as the book knows it.
    pub current_party_version: u32,
    /// The snapshots it was compared with: each the newest of its list.
    pub lists: Vec<ListSnapshotId>,
    /// By which engine.
    pub engine_version: Code,
    /// What was asked.
    pub query: Digest,
    /// What was found.
    pub hits: Vec<NewHit>,
}

/// A candidate match that a screening found.
#[derive(Clone, Debug)]
pub struct NewHit {
    /// In which snapshot.
    pub snapshot: ListSnapshotId,
    /// Of which list.
    pub list: Code,
    /// Which entry: `id: name`. Sealed when the party is.
    pub entry: Confidential<Text>,
    /// Which entry ([`crate::entry_key`]).
    pub entry_key: Digest,
    /// What the entry says ([`crate::entry_version`]).
    pub entry_version: Digest,
    /// How alike, per mille.
    pub score_permille: u16,
    /// Why. Sealed when the party is.
    pub reasons: Confidential<Text>,
}

/// Decides on a hit. True needs a second person; so does taking back a true one.
#[derive(Clone, Debug)]
pub struct DisposeHit {
    /// The hit.
    pub hit: HitId,
    /// The decision.
    pub verdict: Verdict,
    /// Why.
    pub grounds: Text,
}

/// Confirms, as a second person, what another decided.
#[derive(Clone, Debug)]
pub struct ConfirmHit {
    /// The hit.
    pub hit: HitId,
    /// Why.
    pub grounds: Text,
}
