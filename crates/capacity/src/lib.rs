//! The calendar: for every pool, what is installed, committed and free at every instant; what
//! may be sold; and which nodes are whose, when.
//!
//! It counts and places nodes. It does not know what a node is (that is the fleet), nor who may
//! have it (that is the rulebook). Start at [`State`] for what is kept, at [`decide`] for what
//! is refused and why, at [`profile`](State::profile) for what is free, at
//! [`alternatives`](State::alternatives) for what could be sold instead, at
//! [`risks`](State::risks) for what a change of supply breaks, at
//! [`moves`](State::moves) for what is moved aside for one more.

mod ahead;
mod allocate;
mod alternatives;
mod apply;
mod block;
mod bound;
mod calendar;
mod choose;
mod command;
mod counts;
mod decide;
mod event;
pub mod faults;
mod intervals;
mod moves;
mod names;
mod options;
mod outage;
mod place;
mod plan;
mod query;
mod quote;
mod rejection;
mod replace;
mod risk;
mod sorted;
mod state;
#[cfg(test)]
mod tests;

pub use ahead::{
    HandoverSet, MOST_DAYS, PinAhead, PinAheadSet, SetHandover, SetPinAhead, days_after,
};
pub use alternatives::{Alternative, Change, Zones};
pub use apply::apply;
pub use block::{
    AllocateBlock, Block, BlockAllocated, BlockReleased, BlockStatus, ReleaseBlock, Within,
};
pub use bound::{Bound, Constraint};
pub use command::*;
pub use decide::decide;
pub use event::*;
pub use intervals::{Stretch, stretches};
pub use moves::{Holder, Moved};
pub use names::{Named, Names};
pub use options::{Exposure, OptionMode, OptionModeSet, SetOptionMode};
pub use outage::{Back, EndUnavailability, UnavailabilityEnded};
pub use query::{Busy, BusyWith, Step};
pub use quote::{
    Hold, MakeQuote, Quote, QuoteLapsed, QuoteMade, QuoteStatus, QuoteTaken, QuoteWithdrawn,
    TakeQuote, WithdrawQuote,
};
pub use rejection::Rejection;
pub use risk::{Held, Rescue, Risk, Short};
pub use state::*;
