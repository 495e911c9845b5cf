//! What happens in screening.

use bareboat_base::{Code, Date, Digest, HitId, ListSnapshotId, Name, PartyId, ScreeningId, Text};
use serde::{Deserialize, Serialize};

use crate::{ListChange, RaisedHit, Verdict};

/// A list was imported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListImported {
    /// The snapshot.
    pub snapshot: ListSnapshotId,
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
    /// The snapshot before.
    pub previous: Option<ListSnapshotId>,
    /// What differs from it.
    pub change: ListChange,
    /// Whether a great loss of entries was confirmed.
    pub confirmed: bool,
}

/// A list was looked at, and its entries are those of the newest snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListUnchanged {
    /// The newest snapshot.
    pub snapshot: ListSnapshotId,
    /// The date of publication this time.
    pub published_on: Date,
    /// Where it was taken from.
    pub source: Text,
    /// The publisher's bytes this time.
    pub original: Digest,
    /// How many malformed rows this time.
    pub malformed: u32,
}

/// A party was screened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScreeningRecorded {
    /// The screening.
    pub screening: ScreeningId,
    /// Who.
    pub party: PartyId,
    /// Which version of its facts.
    pub party_version: u32,
    /// Against which snapshots, ordered by list code.
    pub lists: Vec<ListSnapshotId>,
    /// By which engine.
    pub engine_version: Code,
    /// What was asked.
    pub query: Digest,
    /// Hits that are new.
    pub raised: Vec<RaisedHit>,
    /// Earlier hits found again, which stand as they were.
    pub carried: Vec<HitId>,
    /// Earlier hits, undecided, that were not found again or are raised anew.
    pub superseded: Vec<HitId>,
}

/// Someone decided on a hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HitDisposed {
    /// The hit.
    pub hit: HitId,
    /// The decision.
    pub verdict: Verdict,
    /// Why.
    pub grounds: Text,
}

/// A second person confirmed the decision on a hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HitConfirmed {
    /// The hit.
    pub hit: HitId,
    /// The decision that was confirmed.
    pub verdict: Verdict,
    /// Why.
    pub grounds: Text,
}

bareboat_base::events! {
    /// A fact about lists, screenings and hits.
    pub enum Event upcast bareboat_base::event::no_upcast {
        /// A list was imported.
        ListImported = "screening.list_imported" 1;
        /// A list was found unchanged.
        ListUnchanged = "screening.list_unchanged" 1;
        /// A party was screened.
        ScreeningRecorded = "screening.screening_recorded" 1;
        /// A hit was decided.
        HitDisposed = "screening.hit_disposed" 1;
        /// A decision was confirmed.
        HitConfirmed = "screening.hit_confirmed" 1;
    }
}
