//! Parties and who owns whom: legal entities, persons, arrangements and state bodies; dated
//! ownership interests with voting and economic shares apart, each an interval with its source.
//!
//! It is pure, and it knows no list and no rule: which parties are listed is told to
//! [`cascade`]. Start at [`State`], then at [`ownership`] for the computations over the graph.

mod cascade;
mod command;
mod control;
mod decide;
mod event;
pub mod ownership;
mod state;

#[cfg(test)]
mod tests;

pub use cascade::{
    Cascade, Counted, Holding, OwnedByListed, Stake, ancestors, cascade, cascade_of, may_be_held,
};
pub use command::{AmendParty, Command, EndInterest, RecordInterest, RegisterParty};
pub use control::{Missing, UltimateParent, ultimate_parent};
pub use decide::{MAX_ALIASES, MAX_IDENTIFIERS, Rejection, apply, decide};
pub use event::{Event, InterestEnded, InterestRecorded, PartyAmended, PartyRegistered};
pub use ownership::{owned, owners, touches_sealed, unaccounted, undisclosed};
pub use state::{
    Identifier, Interest, InterestFacts, Party, PartyFacts, PartyKind, Source, State, TopStatus,
};
