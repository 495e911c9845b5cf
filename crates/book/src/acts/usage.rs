//! Usage is of an allocation's own nodes, within its window, for its own lot.

use bareboat_base::Context;
use bareboat_billing as billing;
use bareboat_capacity::AllocationStatus;

use crate::event::Event;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

pub(crate) fn decide(
    state: &State,
    context: &Context,
    command: &billing::Command,
) -> Result<Vec<Event>, Rejection> {
    match command {
        billing::Command::RecordUsage(usage) => check(state, usage)?,
        // An invoice is never issued without its ledger entry: see `acts::invoice`.
        billing::Command::IssueInvoice(_) => {
            let problem = "an invoice is issued by an act of the whole book".to_owned();
            return Err(BookRejection::Inconsistent { problem }.into());
        }
    }
    let events = billing::decide(&state.billing, context, command)?;
    Ok(events.into_iter().map(Event::from).collect())
}

fn check(state: &State, usage: &billing::RecordUsage) -> Result<(), Rejection> {
    let allocation = state.capacity.allocations.get(&usage.allocation);
    let allocation = allocation.ok_or_else(|| BookRejection::Unknown {
        kind: "allocation",
        id: usage.allocation.to_string(),
    })?;
    let fits = |problem: &str| {
        Err(BookRejection::Inconsistent {
            problem: problem.to_owned(),
        }
        .into())
    };
    if (allocation.lot, allocation.contract) != (usage.lot, usage.contract) {
        return fits("the allocation is of another lot or contract");
    }
    let ends = match allocation.status {
        AllocationStatus::Live => allocation.window.to(),
        AllocationStatus::Released { at } => at.min(allocation.window.to()),
    };
    if allocation.awaited {
        return fits("the allocation's nodes were named ahead and are not handed over");
    }
    for interval in &usage.intervals {
        if !allocation.had(&interval.nodes, interval.window) {
            return fits("usage names nodes that are not the allocation's throughout its window");
        }
        if interval.window.from() < allocation.window.from() || interval.window.to() > ends {
            return fits("usage lies outside the allocation's window");
        }
    }
    Ok(())
}
