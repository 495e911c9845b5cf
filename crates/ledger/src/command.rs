//! What can be asked of the ledger.

use bareboat_base::{Code, Country, Currency, Date, EntityId, EntryId, Name, Text};

use crate::model::{NewPosting, SourceRef};

/// A request to change the ledger.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Register one of the operator's legal entities.
    RegisterEntity(RegisterEntity),
    /// Post a balanced entry, opening the accounts it needs.
    PostEntry(PostEntry),
    /// Post the opposite of an entry.
    Reverse(Reverse),
    /// Close an entity's periods up to a day.
    ClosePeriod(ClosePeriod),
}

/// See [`Command::RegisterEntity`].
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterEntity {
    /// Its short code.
    pub code: Code,
    /// Its registered name.
    pub name: Name,
    /// Where it is registered.
    pub country: Country,
    /// The currency it keeps its accounts in.
    pub functional_currency: Currency,
    /// Its tax id.
    pub tax_id: Option<Code>,
}

/// See [`Command::PostEntry`]. Creates the entry as ordinal 0.
#[derive(Clone, Debug, PartialEq)]
pub struct PostEntry {
    /// Whose books it is in.
    pub entity: EntityId,
    /// The day it counts for.
    pub date: Date,
    /// What it is, in words.
    pub description: Text,
    /// Its sides.
    pub postings: Vec<NewPosting>,
    /// What it follows from. A reversal is asked for by [`Command::Reverse`].
    pub source: SourceRef,
}

/// See [`Command::Reverse`]. Creates the reversing entry as ordinal 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Reverse {
    /// The entry to reverse.
    pub entry: EntryId,
    /// The day the reversal counts for.
    pub date: Date,
    /// Why.
    pub reason: Text,
}

/// See [`Command::ClosePeriod`].
#[derive(Clone, Debug, PartialEq)]
pub struct ClosePeriod {
    /// The entity.
    pub entity: EntityId,
    /// The last day to close.
    pub through: Date,
}
