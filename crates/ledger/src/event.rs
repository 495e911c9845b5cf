//! What happened in the ledger. Every field is in its stored order.

use bareboat_base::{
    AccountId, Code, ContractId, Country, Currency, Date, EntityId, EntryId, Name, Text,
};
use serde::{Deserialize, Serialize};

use crate::model::{AccountKind, Posting, SourceRef};

bareboat_base::events! {
    /// What happened in the ledger.
    pub enum Event upcast bareboat_base::event::no_upcast {
        /// A legal entity was registered.
        EntityRegistered = "ledger.entity_registered" 1;
        /// An account was opened.
        AccountOpened = "ledger.account_opened" 1;
        /// An entry was posted.
        EntryPosted = "ledger.entry_posted" 1;
        /// Periods were closed.
        PeriodClosed = "ledger.period_closed" 1;
    }
}

/// A legal entity was registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityRegistered {
    /// The entity.
    pub entity: EntityId,
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

/// An account was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountOpened {
    /// The account.
    pub account: AccountId,
    /// Whose it is.
    pub entity: EntityId,
    /// Its code in the chart of accounts.
    pub code: Code,
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: AccountKind,
    /// The contract it is kept for.
    pub contract: Option<ContractId>,
    /// Its currency.
    pub currency: Currency,
}

/// An entry was posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryPosted {
    /// The entry.
    pub entry: EntryId,
    /// Whose books it is in.
    pub entity: EntityId,
    /// The day it counts for.
    pub date: Date,
    /// What it is, in words.
    pub description: Text,
    /// Its sides.
    pub postings: Vec<Posting>,
    /// What it follows from.
    pub source: SourceRef,
}

/// Periods were closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeriodClosed {
    /// The entity.
    pub entity: EntityId,
    /// The last day closed.
    pub through: Date,
}
