//! The rows that screening keeps, and what is asked of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_base::{
    Code, Confidential, Date, Digest, HitId, Instant, ListSnapshotId, Name, PartyId, Recorded,
    ScreeningId, Table, Text,
};
use serde::{Deserialize, Serialize};

/// What differs from the snapshot before, in entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListChange {
    /// Entries that were not there.
    pub added: u32,
    /// Entries no longer there.
    pub removed: u32,
    /// Entries that say something else.
    pub changed: u32,
}

/// A list as published at one date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListSnapshot {
    /// Which list: SDN, CONS, EL, MEU, 1260H …
    pub list: Code,
    /// Who publishes it.
    pub publisher: Name,
    /// The date of publication, the publisher's.
    pub published_on: Date,
    /// Where it was taken from.
    pub source: Text,
    /// The publisher's bytes.
    pub original: Digest,
    /// Its entries in canonical JSONL, in the document store.
    pub entries: Digest,
    /// How many entries.
    pub entry_count: u32,
    /// How many rows were malformed, and are not among the entries.
    pub malformed: u32,
    /// What differs from the snapshot before.
    pub change: ListChange,
    /// The snapshot before.
    pub previous: Option<ListSnapshotId>,
    /// The event that imported it.
    pub recorded: Recorded,
    /// The last event that found the list unchanged.
    pub seen: Recorded,
}

/// A list and its snapshots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct List {
    /// The newest snapshot.
    pub newest: ListSnapshotId,
    /// All of them, oldest first.
    pub snapshots: Vec<ListSnapshotId>,
}

/// One comparison of a party with lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Screening {
    /// Who was screened.
    pub party: PartyId,
    /// Which version of the party's facts.
    pub party_version: u32,
    /// Against which snapshots.
    pub lists: Arc<Vec<ListSnapshotId>>,
    /// By which engine.
    pub engine_version: Code,
    /// The digest of what was asked ([`crate::engine::Query::digest`]).
    pub query: Digest,
    /// Hits it raised.
    pub raised: Arc<Vec<HitId>>,
    /// Earlier hits it found again, which stand as they were.
    pub carried: Arc<Vec<HitId>>,
    /// The event that recorded it.
    pub recorded: Recorded,
}

/// An officer's decision on a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The party is the one listed.
    True,
    /// It is not.
    False,
    /// It cannot be said yet.
    NeedsInformation,
}

/// A decision on a hit, with its grounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    pub grounds: Text,
    /// The event that recorded it.
    pub recorded: Recorded,
}

/// Where a hit stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HitStatus {
    /// Nobody has decided.
    Open,
    /// More must be known.
    NeedsInformation(Disposition),
    /// One person says it is true; a second must confirm.
    ProposedTrue(Disposition),
    /// It is true: two people said so. The party is listed.
    True {
        /// The first person's.
        proposed: Disposition,
        /// The second person's.
        confirmed: Disposition,
    },
    /// It was true; one person says that it no longer is. The party stays listed until a second
    /// confirms.
    ProposedFalse {
        /// Who first said that it was true.
        proposed_true: Disposition,
        /// By whose confirmation it became true.
        confirmed_true: Disposition,
        /// Who says that it no longer is.
        proposed_false: Disposition,
    },
    /// It is another party.
    False(Disposition),
    /// A later screening no longer found it, or raised it anew.
    Superseded(ScreeningId),
}

impl HitStatus {
    /// Whether someone must still decide.
    pub fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Open
                | Self::NeedsInformation(_)
                | Self::ProposedTrue(_)
                | Self::ProposedFalse { .. }
        )
    }

    /// A word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::NeedsInformation(_) => "needs_information",
            Self::ProposedTrue(_) => "proposed_true",
            Self::True { .. } => "true",
            Self::ProposedFalse { .. } => "proposed_false",
            Self::False(_) => "false",
            Self::Superseded(_) => "superseded",
        }
    }
}

/// A candidate match as a screening found it, and as its event keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RaisedHit {
    /// The hit.
    pub hit: HitId,
    /// In which snapshot.
    pub snapshot: ListSnapshotId,
    /// Of which list.
    pub list: Code,
    /// Which entry: `id: name`. Sealed when the party is.
    pub entry: Confidential<Text>,
    /// Which entry ([`crate::entry_key`]).
    pub entry_key: Digest,
    /// What the entry said ([`crate::entry_version`]).
    pub entry_version: Digest,
    /// How alike, per mille.
    pub score_permille: u16,
    /// Why. Sealed when the party is.
    pub reasons: Confidential<Text>,
    /// The earlier hit on the same entry that this one takes the place of.
    pub earlier: Option<HitId>,
}

/// A candidate match of a party with an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Who was screened.
    pub party: PartyId,
    /// Which version of the party's facts.
    pub party_version: u32,
    /// By which screening.
    pub screening: ScreeningId,
    /// What was found.
    pub found: Arc<RaisedHit>,
    /// The last screening that found it again, or raised it.
    pub last_found: ScreeningId,
    /// Where it stands.
    pub status: HitStatus,
    /// The event that raised it.
    pub recorded: Recorded,
}

/// With which snapshot of a list a party was last compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The snapshot.
    pub snapshot: ListSnapshotId,
    /// The screening.
    pub screening: ScreeningId,
    /// The version of the party's facts.
    pub party_version: u32,
}

/// What is known of one party's screenings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartyScreenings {
    /// The latest screening.
    pub latest: ScreeningId,
    /// For every list it was compared with: the latest time, ordered by list code.
    pub covered: Arc<Vec<Coverage>>,
    /// Its hits, oldest first.
    pub hits: Arc<Vec<HitId>>,
}

/// A party is on a list: a hit that two people confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The list.
    pub list: Code,
    /// The confirmed hit.
    pub hit: HitId,
    /// When the confirmation was recorded.
    pub since: Instant,
}

/// All lists, screenings and hits. A copy copies pointers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Lists by their code: a few dozen.
    pub lists: Arc<BTreeMap<Code, List>>,
    /// Snapshots, in order of import.
    pub snapshots: Table<ListSnapshotId, ListSnapshot>,
    /// Screenings, in order of recording.
    pub screenings: Table<ScreeningId, Screening>,
    /// Hits, in order of recording.
    pub hits: Table<HitId, Hit>,
    /// Per party that was ever screened.
    pub parties: Table<PartyId, PartyScreenings>,
}

impl State {
    /// The newest snapshot of a list.
    pub fn newest(&self, list: &Code) -> Option<(ListSnapshotId, &ListSnapshot)> {
        let id = self.lists.get(list)?.newest;
        self.snapshots.get(&id).map(|row| (id, row))
    }

    /// The newest snapshot of every list, by list code.
    pub fn newest_snapshots(&self) -> impl Iterator<Item = (ListSnapshotId, &ListSnapshot)> {
        let rows = self.lists.values();
        rows.filter_map(|list| {
            self.snapshots
                .get(&list.newest)
                .map(|row| (list.newest, row))
        })
    }

    /// A party's hits, oldest first.
    pub fn hits_of(&self, party: PartyId) -> impl Iterator<Item = (HitId, &Hit)> {
        let ids = self.parties.get(&party).map(|row| row.hits.as_slice());
        let ids = ids.unwrap_or_default().iter();
        ids.filter_map(|id| self.hits.get(id).map(|hit| (*id, hit)))
    }
}

/// The lists that the party is on: hits that two people confirmed, oldest first.
pub fn listings(state: &State, party: PartyId) -> Vec<Listing> {
    let hits = state.hits_of(party);
    hits.filter_map(|(id, hit)| {
        let confirmed = match &hit.status {
            HitStatus::True { confirmed, .. } => confirmed,
            HitStatus::ProposedFalse { confirmed_true, .. } => confirmed_true,
            _ => return None,
        };
        Some(Listing {
            list: hit.found.list.clone(),
            hit: id,
            since: confirmed.recorded.at,
        })
    })
    .collect()
}

/// The party's hits on which someone must still decide, oldest first.
pub fn open_hits(state: &State, party: PartyId) -> Vec<(HitId, &Hit)> {
    let hits = state.hits_of(party);
    hits.filter(|(_, hit)| hit.status.is_open()).collect()
}

/// The party's latest screening.
pub fn screened(state: &State, party: PartyId) -> Option<&Screening> {
    let latest = state.parties.get(&party)?.latest;
    state.screenings.get(&latest)
}

/// The lists whose newest snapshot this version of the party was not compared with.
pub fn outdated_lists(state: &State, party: PartyId, party_version: u32) -> Vec<Code> {
    let lists = state.lists.iter();
    let outdated = lists.filter(|(_, list)| !is_covered(state, party, party_version, list.newest));
    outdated.map(|(code, _)| code.clone()).collect()
}

/// Whether this version of the party was compared with a snapshot.
pub fn is_covered(
    state: &State,
    party: PartyId,
    party_version: u32,
    snapshot: ListSnapshotId,
) -> bool {
    let covered = state.parties.get(&party).map(|row| row.covered.as_slice());
    let mut covered = covered.unwrap_or_default().iter();
    covered.any(|row| row.snapshot == snapshot && row.party_version == party_version)
}

/// Whether this version of the party was compared with the newest snapshot of every list. Never
/// so while there is no list or no screening.
pub fn is_current(state: &State, party: PartyId, party_version: u32) -> bool {
    state.parties.contains(&party) && outdated_lists(state, party, party_version).is_empty()
}
