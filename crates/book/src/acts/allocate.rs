//! Naming the nodes of a lot: a determination, an allocation, and the nodes' phase.

use bareboat_base::{
    AllocationId, Context, ContractId, Date, Instant, LotId, ModelId, NodeSet, ReservationId,
    SiteId,
};
use bareboat_capacity as capacity;
use bareboat_contracts as contracts;
use bareboat_fleet as fleet;
use bareboat_rulebook::Activity;

use crate::acts::determine::{self, Determine};
use crate::acts::sign::unknown_contract;
use crate::acts::supply::{in_capacity, in_fleet};
use crate::draft::Draft;
use crate::event::Event;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

/// Hands a lot its nodes, from an instant to the end of its reservation: those that were named
/// ahead, else such as are named now.
#[derive(Clone, Copy, Debug)]
pub struct AllocateLot {
    /// The lot.
    pub lot: LotId,
    /// When they are handed over: not after now, and not before the lot's window begins, since
    /// until then the calendar offers the same nodes to others.
    pub at: Instant,
}

pub(crate) fn run(
    draft: &mut Draft,
    context: &Context,
    act: &AllocateLot,
) -> Result<(), Rejection> {
    let (at, now) = (act.at, context.recorded_at);
    if at > now {
        return Err(BookRejection::InstantAhead { at, now }.into());
    }
    let plan = check(draft.state(), context, act.lot)?;
    let nodes = match plan.awaited {
        Some(allocation) => take_over(draft, act, &plan, allocation)?,
        None => name(draft, act.lot, &plan, at)?.1,
    };
    let advance = fleet::AdvanceNodes {
        nodes,
        to: fleet::Phase::Allocated,
        at,
        reason: None,
    };
    draft.run(in_fleet, &fleet::Command::AdvanceNodes(advance))?;
    Ok(())
}

/// Names a lot's nodes, on the strength of a determination.
pub(crate) fn name(
    draft: &mut Draft,
    lot: LotId,
    plan: &Plan,
    at: Instant,
) -> Result<(AllocationId, NodeSet), Rejection> {
    determine::require(draft, &plan.judge(), Some(lot), true)?;
    let exclude = draft.state().fleet.not_ready(plan.site, plan.model);
    let allocate = capacity::Allocate {
        reservation: plan.reservation,
        at,
        exclude,
    };
    let events = draft.run(in_capacity, &capacity::Command::Allocate(allocate))?;
    let named = events.iter().find_map(|event| match event {
        Event::Capacity(capacity::Event::Allocated(event)) => {
            Some((event.allocation, event.nodes.clone()))
        }
        _ => None,
    });
    let problem = "the calendar named no nodes".to_owned();
    Ok(named.ok_or(BookRejection::Inconsistent { problem })?)
}

/// Hands over nodes that were named ahead: by the law of the day on which they are.
fn take_over(
    draft: &mut Draft,
    act: &AllocateLot,
    plan: &Plan,
    allocation: AllocationId,
) -> Result<NodeSet, Rejection> {
    determine::require(draft, &plan.judge(), Some(act.lot), true)?;
    let handover = capacity::SetHandover {
        allocation,
        at: Some(act.at),
    };
    draft.run(in_capacity, &capacity::Command::SetHandover(handover))?;
    let row = draft.state().capacity.allocations.get(&allocation);
    let problem = "the lot's allocation is gone".to_owned();
    let row = row.ok_or(BookRejection::Inconsistent { problem })?;
    Ok((*row.nodes).clone())
}

/// What an allocation needs, once nothing stands against it but the law.
pub(crate) struct Plan {
    contract: ContractId,
    site: SiteId,
    model: ModelId,
    pub(crate) reservation: ReservationId,
    /// Nodes that were named ahead and not handed over.
    pub(crate) awaited: Option<AllocationId>,
    legal_date: Date,
}

impl Plan {
    fn judge(&self) -> Determine {
        Determine {
            contract: self.contract,
            activity: Activity::Allocate,
            legal_date: self.legal_date,
        }
    }
}

/// A contract that is signed and not suspended: only such a one is handed nodes.
pub(crate) fn bound(state: &State, id: ContractId) -> Result<&contracts::Contract, Rejection> {
    let row = state.contracts.contract(id);
    let row = row.ok_or_else(|| unknown_contract(id))?;
    let bound = matches!(
        row.status,
        contracts::Status::Signed | contracts::Status::Extended
    );
    if bound && row.suspension.is_none() {
        return Ok(row);
    }
    let suspended = if row.suspension.is_some() {
        ", and access to it is suspended"
    } else {
        ""
    };
    let problem = format!(
        "contract {} is {}{suspended}",
        row.reference,
        row.status.as_str()
    );
    Err(BookRejection::Inconsistent { problem }.into())
}

/// The lot has its nodes already.
pub(crate) fn allocated(state: &State, lot: LotId) -> BookRejection {
    BookRejection::LotAllocated {
        lot: label(state, lot),
    }
}

fn label(state: &State, lot: LotId) -> String {
    let handle = state.contracts.lots.handle(&lot);
    bareboat_base::label::<LotId>(handle.map_or(0, |handle| handle.number()))
}

pub(crate) fn check(state: &State, context: &Context, id: LotId) -> Result<Plan, Rejection> {
    let lot = state
        .contracts
        .lot(id)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "lot",
            id: id.to_string(),
        })?;
    let row = bound(state, lot.contract)?;
    let Some(reservation) = lot.reservation else {
        let lot = label(state, id);
        return Err(BookRejection::LotNotReserved { lot }.into());
    };
    let capacity = &state.capacity;
    let held = capacity.reservations.get(&reservation);
    let named = held.and_then(|row| row.allocation);
    let of_named = named.and_then(|id| capacity.allocations.get(&id));
    if of_named.is_some_and(|row| !row.awaited) {
        return Err(allocated(state, id).into());
    }
    let counts = state.fleet.counts(lot.site, lot.model);
    let ready = counts.of(fleet::Phase::Ready);
    if named.is_none() && ready < lot.nodes {
        let (asked, ready) = (lot.nodes.0, ready.0);
        return Err(BookRejection::NotEnoughReady { asked, ready }.into());
    }
    Ok(Plan {
        contract: lot.contract,
        site: lot.site,
        model: lot.model,
        reservation,
        awaited: named,
        legal_date: context.recorded_at.date_in(&row.billing_zone),
    })
}
