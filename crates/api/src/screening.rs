//! Lists, screenings and hits on the wire.

use bareboat_base::id::label;
use bareboat_base::{Handle, HitId, ListSnapshotId, ScreeningId};
use bareboat_parties::State as Parties;
use bareboat_screening as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mirror::mirror;
use crate::parties::{PartyKind, confidential};
use crate::wire;

mirror! {
    /// A decision on a hit.
    Verdict of domain::Verdict {
        /// The party is the one listed.
        True "true",
        /// It is not.
        False "false",
        /// It cannot be said yet.
        NeedsInformation "needs-information",
    }
}

/// The form in which a publisher gives a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ListFormat {
    /// OFAC's legacy CSV: three files whose names hold `sdn` (or `prim`), `alt` and `add`.
    OfacSdn,
    /// The US Consolidated Screening List, CSV; the entries of the list named are taken.
    Csl,
    /// The UN Security Council's consolidated list, XML.
    UnXml,
    /// One entry a line, in bareboat's own form; a further file is laid over those before it.
    Jsonl,
}

/// A file as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Asks to import a list as published at a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportList {
    /// The form of the files.
    pub format: ListFormat,
    /// Who publishes it.
    pub publisher: wire::Name,
    /// The date of publication, the publisher's.
    pub published_on: wire::Date,
    /// Where it was taken from.
    pub source: wire::Text,
    /// Someone looked, and the loss of more than a fifth of the entries is right.
    pub confirmed: Option<bool>,
    /// The files, as published.
    pub files: Vec<ListFile>,
}

/// What differs from the snapshot before, in entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListChange {
    /// Entries that were not there.
    pub added: u32,
    /// Entries no longer there.
    pub removed: u32,
    /// Entries that say something else.
    pub changed: u32,
}

/// A list as published at one date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListSnapshot {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Which list: `SDN`, `EL` …
    pub list: wire::Code,
    /// Who publishes it.
    pub publisher: wire::Name,
    /// The date of publication.
    pub published_on: wire::Date,
    /// Where it was taken from.
    pub source: wire::Text,
    /// The publisher's bytes; of several files, the list of their digests and names.
    pub original: wire::Digest,
    /// The entries in canonical JSONL.
    pub entries: wire::Digest,
    /// How many entries.
    pub entry_count: u32,
    /// How many rows were malformed, and are not among the entries.
    pub malformed: u32,
    /// What differs from the snapshot before.
    pub change: ListChange,
    /// The snapshot before.
    pub previous: Option<wire::Id>,
    /// How it came to be.
    pub recorded: wire::Recorded,
    /// When the list was last found unchanged.
    pub seen: wire::Recorded,
}

impl ListSnapshot {
    /// From the row.
    pub fn of(handle: Handle, id: ListSnapshotId, row: &domain::ListSnapshot) -> Self {
        Self {
            id: id.into(),
            label: label::<ListSnapshotId>(handle.number()),
            list: row.list.clone().into(),
            publisher: row.publisher.clone().into(),
            published_on: row.published_on.into(),
            source: row.source.clone().into(),
            original: row.original.into(),
            entries: row.entries.into(),
            entry_count: row.entry_count,
            malformed: row.malformed,
            change: ListChange {
                added: row.change.added,
                removed: row.change.removed,
                changed: row.change.changed,
            },
            previous: row.previous.map(Into::into),
            recorded: row.recorded.into(),
            seen: row.seen.into(),
        }
    }
}

/// A list and its newest snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct List {
    /// Its code.
    pub code: wire::Code,
    /// How many snapshots there are.
    pub snapshots: u32,
    /// The newest.
    pub newest: ListSnapshot,
}

/// A row that could not be read, and is kept out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MalformedRow {
    /// Which of several files: `sdn`, `alt`, `add`; else empty.
    pub part: String,
    /// Its line in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: String,
}

/// What an import found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListImport {
    /// The newest snapshot: a new one, or the one that still holds.
    pub snapshot: Option<ListSnapshot>,
    /// Whether the entries are those of the snapshot before.
    pub unchanged: bool,
    /// Entries of other lists in the same files, which were passed over.
    pub elsewhere: u32,
    /// How many rows were malformed.
    pub malformed: u32,
    /// The first 500 of them, by line.
    pub malformed_rows: Vec<MalformedRow>,
}

/// Asks to screen: exactly one of its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    /// This party.
    pub party: Option<wire::Ref>,
    /// Every party whose screening is not current, at most 500 in one act.
    pub all: Option<bool>,
}

/// One comparison of a party with lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Screening {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Who was screened.
    pub party: wire::Id,
    /// The party's label.
    pub party_label: String,
    /// Which version of the party's facts.
    pub party_version: u32,
    /// Against which snapshots.
    pub lists: Vec<wire::Id>,
    /// By which engine.
    pub engine_version: wire::Code,
    /// The digest of what was asked.
    pub query: wire::Digest,
    /// Hits it raised.
    pub raised: Vec<wire::Id>,
    /// Earlier hits it found again, which stand as they were.
    pub carried: Vec<wire::Id>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Screening {
    /// From the row.
    pub fn of(handle: Handle, id: ScreeningId, row: &domain::Screening, parties: &Parties) -> Self {
        let ids = |hits: &[HitId]| hits.iter().map(|hit| (*hit).into()).collect();
        Self {
            id: id.into(),
            label: label::<ScreeningId>(handle.number()),
            party: row.party.into(),
            party_label: parties.party_label(row.party).unwrap_or_default(),
            party_version: row.party_version,
            lists: row.lists.iter().map(|list| (*list).into()).collect(),
            engine_version: row.engine_version.clone().into(),
            query: row.query.into(),
            raised: ids(&row.raised),
            carried: ids(&row.carried),
            recorded: row.recorded.into(),
        }
    }
}

/// What a request to screen recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Screened {
    /// The screenings, one a party.
    pub screenings: Vec<Screening>,
    /// How many hits they raised.
    pub raised: u32,
    /// Parties whose screening is still not current: ask again.
    pub remaining: u32,
    /// Parties that can no longer be screened, since their key was destroyed.
    pub shredded: u32,
}

/// A decision on a hit, with its grounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    pub grounds: wire::Text,
    /// When, and by whom.
    pub recorded: wire::Recorded,
}

impl From<&domain::Disposition> for Decision {
    fn from(decision: &domain::Disposition) -> Self {
        Self {
            verdict: decision.verdict.into(),
            grounds: decision.grounds.clone().into(),
            recorded: decision.recorded.into(),
        }
    }
}

/// A candidate match of a party with an entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hit {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Who was screened.
    pub party: wire::Id,
    /// The party's label.
    pub party_label: String,
    /// Which version of the party's facts.
    pub party_version: u32,
    /// By which screening.
    pub screening: wire::Id,
    /// The last screening that found it.
    pub last_found: wire::Id,
    /// Of which list.
    pub list: wire::Code,
    /// In which snapshot.
    pub snapshot: wire::Id,
    /// Which entry: `id: name`. Sealed when the party is.
    pub entry: wire::Confidential,
    /// How alike, per mille.
    #[schema(maximum = 1000)]
    pub score_permille: u16,
    /// Why. Sealed when the party is.
    pub reasons: wire::Confidential,
    /// `open`, `needs_information`, `proposed_true`, `true`, `proposed_false`, `false` or
    /// `superseded`.
    pub status: String,
    /// The decisions it stands by, oldest first.
    pub decisions: Vec<Decision>,
    /// The earlier hit on the same entry that it takes the place of.
    pub earlier: Option<wire::Id>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Hit {
    /// From the row, for a caller who may or may not open what is sealed of the party.
    pub fn of(
        handle: Handle,
        id: HitId,
        row: &domain::Hit,
        parties: &Parties,
        opens: bool,
    ) -> Self {
        use domain::HitStatus as S;
        let decisions = match &row.status {
            S::Open | S::Superseded(_) => Vec::new(),
            S::NeedsInformation(one) | S::ProposedTrue(one) | S::False(one) => vec![one],
            S::True {
                proposed,
                confirmed,
            } => vec![proposed, confirmed],
            S::ProposedFalse {
                proposed_true,
                confirmed_true,
                proposed_false,
            } => vec![proposed_true, confirmed_true, proposed_false],
        };
        let found = &row.found;
        Self {
            id: id.into(),
            label: label::<HitId>(handle.number()),
            party: row.party.into(),
            party_label: parties.party_label(row.party).unwrap_or_default(),
            party_version: row.party_version,
            screening: row.screening.into(),
            last_found: row.last_found.into(),
            list: found.list.clone().into(),
            snapshot: found.snapshot.into(),
            entry: confidential(&found.entry, opens),
            score_permille: found.score_permille,
            reasons: confidential(&found.reasons, opens),
            status: row.status.word().to_owned(),
            decisions: decisions.into_iter().map(Into::into).collect(),
            earlier: found.earlier.map(Into::into),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks to decide on a hit. True needs a second person; so does taking back a true one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisposeHit {
    /// The decision.
    pub verdict: Verdict,
    /// Why, in words that stand in the open: of a sealed party, words that do not tell who it is.
    pub grounds: wire::Text,
}

/// Asks to confirm another's decision on a hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmHit {
    /// Why, in words that stand in the open: of a sealed party, words that do not tell who it is.
    pub grounds: wire::Text,
}

/// A list that a party is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Listing {
    /// The list.
    pub list: wire::Code,
    /// The confirmed hit.
    pub hit: wire::Id,
    /// When the confirmation was recorded.
    pub since: wire::Instant,
}

/// Where a party's screening stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartyScreening {
    /// The party.
    pub party: wire::Id,
    /// Its label.
    pub label: String,
    /// The version of its facts.
    pub party_version: u32,
    /// Whether this version was compared with the newest snapshot of every list.
    pub current: bool,
    /// The lists for which it was not.
    pub outdated: Vec<wire::Code>,
    /// Its latest screening.
    pub latest: Option<Screening>,
    /// The lists that it is on.
    pub listings: Vec<Listing>,
    /// Hits on which someone must still decide.
    pub open_hits: Vec<wire::Id>,
}

/// Asks whether a name is on a list; nothing is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreenName {
    /// The name.
    #[serde(deserialize_with = "crate::parties::quietly")]
    pub name: String,
    /// What it is, when that is known.
    pub kind: Option<PartyKind>,
    /// Countries it is tied to.
    pub countries: Option<Vec<wire::Country>>,
}

/// Why a candidate scores what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MatchReason {
    /// In words.
    pub text: String,
    /// What it adds to the score or takes from it, per mille.
    pub effect_permille: i16,
}

/// An entry that may be the one looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// The list.
    pub list: wire::Code,
    /// The entry.
    pub entry: String,
    /// Its first name.
    pub entry_name: String,
    /// The name of it that matched.
    pub matched_name: String,
    /// How alike, per mille.
    #[schema(maximum = 1000)]
    pub score_permille: u16,
    /// Why.
    pub reasons: Vec<MatchReason>,
}

impl From<domain::engine::Candidate> for Candidate {
    fn from(found: domain::engine::Candidate) -> Self {
        let reasons = found.reasons.into_iter().map(|reason| MatchReason {
            text: reason.text,
            effect_permille: reason.effect_permille,
        });
        Self {
            list: found.list.into(),
            entry: found.entry_id,
            entry_name: found.entry_name,
            matched_name: found.matched_name,
            score_permille: found.score_permille,
            reasons: reasons.collect(),
        }
    }
}

/// What a name was compared with, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Candidates {
    /// By which engine.
    pub engine_version: wire::Code,
    /// Against which snapshots.
    pub lists: Vec<wire::Id>,
    /// The score, per mille, from which an entry is a candidate.
    #[schema(maximum = 1000)]
    pub threshold_permille: u16,
    /// Candidates, best first.
    pub candidates: Vec<Candidate>,
}
