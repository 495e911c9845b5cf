//! Double entry: accounts, entries and postings of the operator's legal entities, in each
//! currency; never edited, only reversed.
//!
//! It knows no prices and no contracts beyond their ids: what an act means in debits and credits
//! is said by the pure functions of [`postings`], which the book calls with billing's amounts.
//! Invariant: every entry balances per currency, within one entity, so every trial balance is
//! zero. Start at [`Entry`], then [`decide`].

mod apply;
mod command;
mod decide;
mod event;
mod model;
pub mod postings;
mod rejection;
mod state;
#[cfg(test)]
mod tests;

pub use apply::apply;
pub use command::{ClosePeriod, Command, PostEntry, RegisterEntity, Reverse};
pub use decide::decide;
pub use event::{AccountOpened, EntityRegistered, EntryPosted, Event, PeriodClosed};
pub use model::{
    Account, AccountKind, AccountSpec, Entry, LARGEST_AMOUNT, LegalEntity, MOST_POSTINGS,
    NewPosting, Posting, SourceRef,
};
pub use postings::Standard;
pub use rejection::Rejection;
pub use state::{State, TrialLine};
