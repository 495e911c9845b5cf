//! The rows that parties keep.

use std::sync::Arc;

use bareboat_base::{
    Code, Confidential, Country, Date, Digest, InterestId, Name, PartyId, Recorded, ShareRange,
    Table, Text,
};
use serde::{Deserialize, Serialize};

/// What a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PartyKind {
    /// A legal entity: company, partnership, foundation, institute.
    Company,
    /// A natural person. Nobody owns one, so nobody stands above one.
    Person,
    /// A trust, a nominee holding, a fund without personality: seen through, not an owner.
    Arrangement,
    /// A state, a ministry, an agency.
    StateBody,
    /// Not known yet.
    Unknown,
}

/// A number or code by which a register knows the party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// Which register: `LEI`, `JP-CN`, `US-EIN`.
    pub scheme: Code,
    /// The value in it.
    pub value: Confidential<Text>,
}

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// In words: "extract of the commercial register, 2026-03-01".
    pub what: Text,
    /// The document, when one was kept.
    pub digest: Option<Digest>,
}

/// Whether it is declared that nobody stands above the party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TopStatus {
    /// Nothing is declared: who stands above is unknown unless an interest says it.
    NotDeclared,
    /// It is declared that no one holds over half the votes, or controls the party otherwise.
    NoParentDeclared {
        /// Who declared it, and where.
        source: Source,
    },
}

/// What is known of a party: the whole of what a register or an amendment says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyFacts {
    /// What it is.
    pub kind: PartyKind,
    /// Its name.
    pub name: Confidential<Name>,
    /// Its other names: former, trading, in another script.
    pub aliases: Vec<Confidential<Name>>,
    /// Where it is incorporated, or resident when a person.
    pub domicile: Option<Country>,
    /// Where its headquarters are.
    pub headquarters: Option<Country>,
    /// Its address.
    pub address: Option<Confidential<Text>>,
    /// How registers know it.
    pub identifiers: Vec<Identifier>,
    /// Where these facts come from.
    pub source: Source,
    /// Whether it is declared that nobody stands above it.
    pub top: TopStatus,
    /// Who declared, and where, that listed parties do not hold half of it or more in aggregate.
    /// It speaks for the owners who are not on record, as those of a widely held company.
    #[serde(default)]
    pub not_held_by_listed: Option<Source>,
}

/// A party.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Party {
    /// What is known of it. Shared, so that a copy of its chunk copies a pointer.
    pub facts: Arc<PartyFacts>,
    /// Which version of the facts, from 1.
    pub version: u32,
    /// The event that registered it.
    pub recorded: Recorded,
    /// The event that last changed its facts.
    pub amended: Recorded,
    /// Interests in it, in order of recording, ended ones included.
    pub owner_interests: Arc<Vec<InterestId>>,
    /// Interests it has in others, in order of recording, ended ones included.
    pub owned_interests: Arc<Vec<InterestId>>,
}

impl Party {
    /// Whether who it is, is kept from all but named roles. A sealed name seals every other
    /// identifying field (`decide` refuses anything else).
    pub fn is_sealed(&self) -> bool {
        self.facts.is_sealed()
    }
}

impl PartyFacts {
    /// Whether the name is sealed.
    pub fn is_sealed(&self) -> bool {
        self.name.sealed().is_some()
    }
}

/// What is known of who holds how much of whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterestFacts {
    /// Who holds it.
    pub owner: PartyId,
    /// In whom.
    pub owned: PartyId,
    /// The share of votes.
    pub voting: ShareRange,
    /// The share of capital and profit.
    pub economic: ShareRange,
    /// The first day on which it is held.
    pub from: Date,
    /// The first day on which it no longer is; `None` while no end is known.
    pub until: Option<Date>,
    /// Where this comes from.
    pub source: Source,
}

impl InterestFacts {
    /// Whether it is held on the day.
    pub fn holds_on(&self, on: Date) -> bool {
        self.from <= on && self.until.is_none_or(|until| on < until)
    }
}

/// A dated interest of one party in another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interest {
    /// What is known of it.
    pub facts: Arc<InterestFacts>,
    /// The event that recorded it.
    pub recorded: Recorded,
    /// The event that ended it, when one did.
    pub ended: Option<Recorded>,
}

/// All parties and interests. A copy copies pointers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Parties, in order of registration.
    pub parties: Table<PartyId, Party>,
    /// Interests, in order of recording.
    pub interests: Table<InterestId, Interest>,
}

impl State {
    /// A party by its id.
    pub fn party(&self, party: PartyId) -> Option<&Party> {
        self.parties.get(&party)
    }

    /// An interest by its id.
    pub fn interest(&self, interest: InterestId) -> Option<&Interest> {
        self.interests.get(&interest)
    }

    /// A party's label (`P-0042`).
    pub fn party_label(&self, party: PartyId) -> Option<String> {
        let handle = self.parties.handle(&party)?;
        Some(bareboat_base::label::<PartyId>(handle.number()))
    }

    /// An interest's label (`INT-0042`).
    pub fn interest_label(&self, interest: InterestId) -> Option<String> {
        let handle = self.interests.handle(&interest)?;
        Some(bareboat_base::label::<InterestId>(handle.number()))
    }
}
