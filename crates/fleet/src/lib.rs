//! The fleet: sites, halls, accelerator models, purchase orders and their dated tranches,
//! receipts, and every node with its phase and the evidence of its erasures.
//!
//! It says what stands where and in what state. It does not say who has a node when: that is
//! the calendar, in `capacity`. Start at [`State`] for what is kept, at [`Phase`] for how a node
//! lives, at [`decide`] for what is refused.

mod apply;
mod column;
mod command;
mod decide;
mod delay;
mod event;
mod phase;
mod query;
mod rejection;
mod state;
#[cfg(test)]
mod tests;

pub use apply::apply;
pub use column::Column;
pub use command::*;
pub use decide::decide;
pub use delay::{AssignTranche, DelayHall, Late, TrancheAssigned};
pub use event::*;
pub use phase::{BadPhase, Phase};
pub use query::{NodeView, Placement};
pub use rejection::Rejection;
pub use state::*;
