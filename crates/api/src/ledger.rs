//! Legal entities, accounts, entries.

use bareboat_base::{AccountId, EntityId, EntryId, Handle, label};
use bareboat_ledger as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mirror::mirror;
use crate::wire;

mirror! {
    /// What an account is.
    AccountKind of domain::AccountKind {
        /// What is owned; grows by debits.
        Asset "asset",
        /// What is owed; grows by credits.
        Liability "liability",
        /// What the owners hold; grows by credits.
        Equity "equity",
        /// What is earned; grows by credits.
        Income "income",
        /// What is spent; grows by debits.
        Expense "expense",
    }
}

/// One of the operator's own legal entities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LegalEntity {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Its short code, unique in the book.
    pub code: wire::Code,
    /// Its registered name.
    pub name: wire::Name,
    /// Where it is registered.
    pub country: wire::Country,
    /// The currency it keeps its accounts in.
    pub functional_currency: wire::Currency,
    /// Its tax id.
    pub tax_id: Option<wire::Code>,
    /// The last day of its closed periods: nothing is posted on or before it.
    pub closed_through: Option<wire::Date>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl LegalEntity {
    /// From the row.
    pub fn of(handle: Handle, id: EntityId, row: &domain::LegalEntity) -> Self {
        Self {
            id: id.into(),
            label: label::<EntityId>(handle.number()),
            code: row.code.clone().into(),
            name: row.name.clone().into(),
            country: row.country.into(),
            functional_currency: row.functional_currency.into(),
            tax_id: row.tax_id.clone().map(Into::into),
            closed_through: row.closed_through.map(Into::into),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks for a legal entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterEntity {
    /// Its short code, unique in the book.
    pub code: wire::Code,
    /// Its registered name.
    pub name: wire::Name,
    /// Where it is registered.
    pub country: wire::Country,
    /// The currency it keeps its accounts in.
    pub functional_currency: wire::Currency,
    /// Its tax id.
    pub tax_id: Option<wire::Code>,
}

/// Asks that an entity's periods be closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosePeriod {
    /// The last day to close; nothing is posted on or before it any more.
    pub through: wire::Date,
}

/// One account. It is opened by the first posting to its entity, code, contract and currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Whose it is.
    pub entity: wire::Id,
    /// Its code in the chart of accounts.
    pub code: wire::Code,
    /// Its name.
    pub name: wire::Name,
    /// What it is.
    pub kind: AccountKind,
    /// The contract it is kept for.
    pub contract: Option<wire::Id>,
    /// Its currency.
    pub currency: wire::Currency,
    /// The sum of its postings: debits positive, credits negative.
    pub balance: wire::Money,
    /// How it was opened.
    pub recorded: wire::Recorded,
}

impl Account {
    /// From the row.
    pub fn of(handle: Handle, id: AccountId, row: &domain::Account) -> Self {
        Self {
            id: id.into(),
            label: label::<AccountId>(handle.number()),
            entity: row.entity.into(),
            code: row.code.clone().into(),
            name: row.name.clone().into(),
            kind: row.kind.into(),
            contract: row.contract.map(Into::into),
            currency: row.balance.currency.into(),
            balance: row.balance.into(),
            recorded: row.recorded.into(),
        }
    }
}

/// One side of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Posting {
    /// The account.
    pub account: wire::Id,
    /// Its label.
    pub account_label: String,
    /// Its code.
    pub code: wire::Code,
    /// The contract it is kept for.
    pub contract: Option<wire::Id>,
    /// Debit positive, credit negative.
    pub amount: wire::Money,
}

/// What an entry follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntrySource {
    /// `contract`, `invoice`, `wind-down`, `purchase-order`, `reversal` or `manual`.
    pub kind: String,
    /// The thing; none for a manual entry. For a reversal, the entry that it reverses.
    pub id: Option<wire::Id>,
}

impl From<domain::SourceRef> for EntrySource {
    fn from(source: domain::SourceRef) -> Self {
        use domain::SourceRef as S;
        let (kind, id) = match source {
            S::Contract(id) => ("contract", Some(id.into())),
            S::Invoice(id) => ("invoice", Some(id.into())),
            S::WindDown(id) => ("wind-down", Some(id.into())),
            S::PurchaseOrder(id) => ("purchase-order", Some(id.into())),
            S::Reversal(id) => ("reversal", Some(id.into())),
            S::Manual => ("manual", None),
        };
        Self {
            kind: kind.to_owned(),
            id,
        }
    }
}

/// A balanced entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Whose books it is in.
    pub entity: wire::Id,
    /// The day it counts for.
    pub date: wire::Date,
    /// What it is, in words.
    pub description: wire::Text,
    /// Its sides; they add up to zero in each currency.
    pub postings: Vec<Posting>,
    /// What it follows from.
    pub source: EntrySource,
    /// The entry that reversed it.
    pub reversed_by: Option<wire::Id>,
    /// How it was posted.
    pub recorded: wire::Recorded,
}

impl Entry {
    /// From the row.
    pub fn of(ledger: &domain::State, handle: Handle, id: EntryId, row: &domain::Entry) -> Self {
        let postings = row.postings.iter().filter_map(|posting| {
            let handle = ledger.accounts.handle(&posting.account)?;
            let account = ledger.account(posting.account)?;
            Some(Posting {
                account: posting.account.into(),
                account_label: label::<AccountId>(handle.number()),
                code: account.code.clone().into(),
                contract: account.contract.map(Into::into),
                amount: posting.amount.into(),
            })
        });
        Self {
            id: id.into(),
            label: label::<EntryId>(handle.number()),
            entity: row.entity.into(),
            date: row.date.into(),
            description: row.description.clone().into(),
            postings: postings.collect(),
            source: row.source.into(),
            reversed_by: row.reversed_by.map(Into::into),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks for an entry by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostEntry {
    /// Whose books it is in.
    pub entity: wire::Ref,
    /// The day it counts for.
    pub date: wire::Date,
    /// What it is, in words.
    pub description: wire::Text,
    /// Its sides: at least two, adding up to zero in each currency.
    #[schema(min_items = 2, max_items = 1_000)]
    pub postings: Vec<NewPosting>,
}

/// One side of an entry to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPosting {
    /// The account's code in the chart of accounts; it is opened when it is not there yet.
    pub code: wire::Code,
    /// The account's name; needed for one that is not open yet.
    pub name: Option<wire::Name>,
    /// What the account is; needed for one that is not open yet.
    pub kind: Option<AccountKind>,
    /// The contract the account is kept for.
    pub contract: Option<wire::Ref>,
    /// Debit positive, credit negative.
    pub amount: wire::Money,
}

/// Asks for the opposite of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseEntry {
    /// The day the reversal counts for.
    pub date: wire::Date,
    /// Why.
    pub reason: wire::Text,
}

/// What every account of an entity comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrialBalance {
    /// The entity.
    pub entity: wire::Id,
    /// Entries dated on or before this day count; all of them when there is none.
    pub on: Option<wire::Date>,
    /// Its accounts, in order of opening.
    pub lines: Vec<TrialLine>,
    /// What the lines add up to in each currency: zero, always.
    pub totals: Vec<wire::Money>,
}

/// One line of a trial balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrialLine {
    /// The account.
    pub account: wire::Id,
    /// Its label.
    pub account_label: String,
    /// Its code.
    pub code: wire::Code,
    /// Its name.
    pub name: wire::Name,
    /// What it is.
    pub kind: AccountKind,
    /// The contract it is kept for.
    pub contract: Option<wire::Id>,
    /// The sum of its postings: debits positive, credits negative.
    pub balance: wire::Money,
}
