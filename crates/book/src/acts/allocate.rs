//! Naming the nodes of a lot: a determination, an allocation, and the nodes' phase.

use bareboat_base::{Context, ContractId, Date, Instant, LotId, ModelId, ReservationId, SiteId};
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

/// Binds named nodes to a lot, from an instant to the end of its reservation.
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
    let plan = check(draft.state(), context, act)?;
    let judge = Determine {
        contract: plan.contract,
        activity: Activity::Allocate,
        legal_date: plan.legal_date,
    };
    determine::require(draft, &judge, Some(act.lot), true)?;
    let exclude = draft.state().fleet.not_ready(plan.site, plan.model);
    let allocate = capacity::Allocate {
        reservation: plan.reservation,
        at: act.at,
        exclude,
    };
    let events = draft.run(in_capacity, &capacity::Command::Allocate(allocate))?;
    let named = events.iter().find_map(|event| match event {
        Event::Capacity(capacity::Event::Allocated(event)) => Some(event.nodes.clone()),
        _ => None,
    });
    let Some(nodes) = named else {
        let problem = "the calendar named no nodes".to_owned();
        return Err(BookRejection::Inconsistent { problem }.into());
    };
    let advance = fleet::AdvanceNodes {
        nodes,
        to: fleet::Phase::Allocated,
        at: act.at,
        reason: None,
    };
    draft.run(in_fleet, &fleet::Command::AdvanceNodes(advance))?;
    Ok(())
}

/// What an allocation needs, once nothing stands against it but the law.
struct Plan {
    contract: ContractId,
    site: SiteId,
    model: ModelId,
    reservation: ReservationId,
    legal_date: Date,
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

fn check(state: &State, context: &Context, act: &AllocateLot) -> Result<Plan, Rejection> {
    let (id, at, now) = (act.lot, act.at, context.recorded_at);
    if at > now {
        return Err(BookRejection::InstantAhead { at, now }.into());
    }
    let lot = state
        .contracts
        .lot(id)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "lot",
            id: id.to_string(),
        })?;
    let number = state
        .contracts
        .lots
        .handle(&id)
        .map_or(0, |handle| handle.number());
    let name = bareboat_base::label::<LotId>(number);
    let row = bound(state, lot.contract)?;
    let Some(reservation) = lot.reservation else {
        return Err(BookRejection::LotNotReserved { lot: name }.into());
    };
    let held = state.capacity.reservations.get(&reservation);
    if held.is_some_and(|row| row.allocation.is_some()) {
        return Err(BookRejection::LotAllocated { lot: name }.into());
    }
    let ready = state
        .fleet
        .counts(lot.site, lot.model)
        .of(fleet::Phase::Ready);
    if ready < lot.nodes {
        let (asked, ready) = (lot.nodes.0, ready.0);
        return Err(BookRejection::NotEnoughReady { asked, ready }.into());
    }
    Ok(Plan {
        contract: lot.contract,
        site: lot.site,
        model: lot.model,
        reservation,
        legal_date: context.recorded_at.date_in(&row.billing_zone),
    })
}
