//! The rows: legal entities, accounts, entries.

use bareboat_base::{
    AccountId, Code, ContractId, Country, Currency, Date, EntityId, EntryId, InvoiceId, Money,
    Name, PurchaseOrderId, Recorded, Text, WindDownId,
};
use serde::{Deserialize, Serialize};

/// The most postings of one entry.
pub const MOST_POSTINGS: usize = 1_000;

/// The largest amount of one posting, in minor units either way. Ten million million entries of
/// this size fit into an account's 128 bits.
pub const LARGEST_AMOUNT: i128 = 1_000_000_000_000_000_000_000_000;

/// One of the operator's own legal entities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegalEntity {
    /// Its short code; unique in the book.
    pub code: Code,
    /// Its registered name.
    pub name: Name,
    /// Where it is registered.
    pub country: Country,
    /// The currency it keeps its accounts in.
    pub functional_currency: Currency,
    /// Its tax id, if it has one.
    pub tax_id: Option<Code>,
    /// The last day of its closed periods: nothing is posted on or before it.
    pub closed_through: Option<Date>,
    /// The event that created it.
    pub recorded: Recorded,
}

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AccountKind {
    /// What is owned; grows by debits.
    Asset,
    /// What is owed; grows by credits.
    Liability,
    /// What the owners hold; grows by credits.
    Equity,
    /// What is earned; grows by credits.
    Income,
    /// What is spent; grows by debits.
    Expense,
}

/// One account: opened by the first posting to its (entity, code, contract, currency).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Whose it is.
    pub entity: EntityId,
    /// Its code in the chart of accounts.
    pub code: Code,
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: AccountKind,
    /// The contract it is kept for, if it is kept for one.
    pub contract: Option<ContractId>,
    /// The sum of its postings: debits positive, credits negative; in its currency.
    pub balance: Money,
    /// The event that opened it.
    pub recorded: Recorded,
}

/// Which account is meant; the currency is the posting's, the entity the entry's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSpec {
    /// Its code in the chart of accounts.
    pub code: Code,
    /// Its name, used when it is opened.
    pub name: Name,
    /// What it is; must fit when it is already open.
    pub kind: AccountKind,
    /// The contract it is kept for.
    pub contract: Option<ContractId>,
}

/// A posting to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPosting {
    /// The account, opened when it is not there yet.
    pub account: AccountSpec,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// One side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: AccountId,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// What an entry follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SourceRef {
    /// The signing, or another act, of a contract.
    Contract(ContractId),
    /// An invoice or credit note.
    Invoice(InvoiceId),
    /// A wind-down.
    WindDown(WindDownId),
    /// A purchase order.
    PurchaseOrder(PurchaseOrderId),
    /// The entry it reverses.
    Reversal(EntryId),
    /// Nothing in the book: the description says what.
    Manual,
}

/// A balanced entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose books it is in.
    pub entity: EntityId,
    /// The day it counts for.
    pub date: Date,
    /// What it is, in words.
    pub description: Text,
    /// Its sides; they add up to zero in each currency.
    pub postings: Vec<Posting>,
    /// What it follows from.
    pub source: SourceRef,
    /// The entry that reversed it.
    pub reversed_by: Option<EntryId>,
    /// The event that posted it.
    pub recorded: Recorded,
}
