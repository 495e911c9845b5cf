//! Naming the nodes of a lot: a determination, an allocation, and the nodes' phase.

use bareboat_base::{Context, Instant, LotId};
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

/// Binds named nodes to a lot, from an instant to the end of its reservation.
#[derive(Clone, Copy, Debug)]
pub struct AllocateLot {
    /// The lot.
    pub lot: LotId,
    /// When they are handed over.
    pub at: Instant,
}

pub(crate) fn run(
    draft: &mut Draft,
    context: &Context,
    act: &AllocateLot,
) -> Result<(), Rejection> {
    let state = draft.state();
    let lot = state
        .contracts
        .lot(act.lot)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "lot",
            id: act.lot.to_string(),
        })?;
    let (contract, site, model, nodes) = (lot.contract, lot.site, lot.model, lot.nodes);
    let name = bareboat_base::label::<LotId>(
        state
            .contracts
            .lots
            .handle(&act.lot)
            .map_or(0, |h| h.number()),
    );
    let row = state
        .contracts
        .contract(contract)
        .ok_or_else(|| unknown_contract(contract))?;
    let bound = matches!(
        row.status,
        contracts::Status::Signed | contracts::Status::Extended
    );
    if !bound || row.suspension.is_some() {
        let problem = format!(
            "contract {} is {}{}",
            row.reference,
            row.status.as_str(),
            if row.suspension.is_some() {
                ", and access to it is suspended"
            } else {
                ""
            }
        );
        return Err(BookRejection::Inconsistent { problem }.into());
    }
    let Some(reservation) = lot.reservation else {
        return Err(BookRejection::LotNotReserved { lot: name }.into());
    };
    if state
        .capacity
        .reservations
        .get(&reservation)
        .is_some_and(|row| row.allocation.is_some())
    {
        return Err(BookRejection::LotAllocated { lot: name }.into());
    }
    let ready = state.fleet.counts(site, model).of(fleet::Phase::Ready);
    if ready < nodes {
        return Err(BookRejection::NotEnoughReady {
            asked: nodes.0,
            ready: ready.0,
        }
        .into());
    }
    let legal_date = context.recorded_at.date_in(&row.billing_zone);
    let judge = Determine {
        contract,
        activity: Activity::Allocate,
        legal_date,
    };
    determine::require(draft, &judge, true)?;
    let exclude = draft.state().fleet.not_ready(site, model);
    let allocate = capacity::Allocate {
        reservation,
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
