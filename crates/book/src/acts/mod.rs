//! Acts that span domains. Each is one atomic list of events.

use bareboat_base::Context;

use crate::command::{self, Command};
use crate::draft::Draft;
use crate::event::Event;
use crate::rejection::Rejection;
use crate::state::State;

pub mod allocate;
pub mod block;
pub mod contract;
pub mod determine;
pub mod invoice;
pub mod phases;
pub mod pin;
pub mod quote;
pub mod replace;
pub mod sign;
mod starts;
pub mod supply;
pub mod usage;
pub mod wind_down;

pub use allocate::AllocateLot;
pub use block::AllocateBlock;
pub use determine::Determine;
pub use invoice::IssueInvoice;
pub use pin::Pin;
pub use quote::Quote;
pub use replace::ReplaceNode;
pub use sign::{Extend, Sign, reserve_lot};
pub use wind_down::{DoStep, Settle};

/// An act that spans domains.
#[derive(Clone, Debug)]
pub enum Act {
    /// Judge a contract for an activity, and record the judgement.
    Determine(Determine),
    /// Offer a draft at its price until an instant: determination, capacity held softly.
    Quote(Quote),
    /// Sign a draft: determination, reservations, ledger.
    Sign(Sign),
    /// Exercise a contract's extension: determination, option holds made firm.
    Extend(Extend),
    /// Name the nodes of a lot: determination, allocation, node phases.
    AllocateLot(AllocateLot),
    /// Name the nodes of reservations ahead: determinations, allocations.
    Pin(Pin),
    /// Replace a failed node of a lot: determination, calendar, node phases.
    ReplaceNode(ReplaceNode),
    /// Take delivered nodes of a lot together, within one part of the fabric.
    AllocateBlock(AllocateBlock),
    /// Issue the invoice of a period: invoice, ledger.
    IssueInvoice(IssueInvoice),
    /// Do a step of an approved wind-down: nodes, capacity, access.
    DoStep(DoStep),
    /// Settle a contract whose wind-down is complete: final invoice, refund, ledger, end.
    Settle(Settle),
}

pub(crate) fn decide(state: &State, context: &Context, act: &Act) -> Result<Vec<Event>, Rejection> {
    let mut draft = Draft::new(state, context);
    match act {
        Act::Determine(act) => determine::run(&mut draft, act)?,
        Act::Quote(act) => quote::run(&mut draft, context, act)?,
        Act::Sign(act) => sign::run(&mut draft, context, act)?,
        Act::Extend(act) => sign::extend(&mut draft, context, act)?,
        Act::AllocateLot(act) => allocate::run(&mut draft, context, act)?,
        Act::Pin(act) => pin::run(&mut draft, context, act)?,
        Act::ReplaceNode(act) => replace::run(&mut draft, context, act)?,
        Act::AllocateBlock(act) => block::run(&mut draft, context, act)?,
        Act::IssueInvoice(act) => invoice::run(&mut draft, act)?,
        Act::DoStep(act) => wind_down::run(&mut draft, act)?,
        Act::Settle(act) => wind_down::settle(&mut draft, act)?,
    }
    Ok(draft.finish())
}

/// Commands one after the other, each on the outcome of those before it.
pub(crate) fn all(
    state: &State,
    context: &Context,
    commands: &[Command],
) -> Result<Vec<Event>, Rejection> {
    let mut draft = Draft::new(state, context);
    for inner in commands {
        draft.run(command::decide, inner)?;
    }
    Ok(draft.finish())
}
