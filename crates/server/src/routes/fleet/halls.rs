//! Which hall a tranche goes to, and halls that are late.

use std::collections::BTreeSet;

use bareboat_access::Permission as P;
use bareboat_api::Problem;
use bareboat_api::fleet as wire;
use bareboat_base::{HallId, PoolId, SiteId, TrancheId};
use bareboat_book::Command;
use bareboat_fleet::{self as domain, Command as Fleet, Late};

use super::refs;
use crate::ask::not_found;
use crate::routes::capacity::aftermath::Before;
use crate::{Act, Ask, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::put(
            "/v1/tranches/{tranche}/hall",
            "assignTranche",
            "Say which hall a tranche goes to",
        )
        .needs(P::FleetPlan)
        .change::<wire::AssignTranche, wire::Tranche, _>(assign_tranche),
        Route::post(
            "/v1/halls/{hall}/delay",
            "delayHall",
            "Move the dates of all tranches still owed to a hall; the answer lists what is at risk and what instead",
        )
        .needs(P::FleetPlan)
        .slow()
        .change::<wire::DelayHall, wire::HallDelayed, _>(delay_hall),
    ]
}

fn assign_tranche(ask: &Ask, body: wire::AssignTranche) -> Result<Act, Problem> {
    ask.whole_book()?;
    let fleet = &ask.state().fleet;
    let found = ask.row("tranche", &fleet.tranches)?;
    let (id, order) = (found.id, fleet.orders.get(&found.row.order));
    let site = order.ok_or_else(not_found::<SiteId>)?.site;
    let hall = body.hall.map(|hall| refs::hall_of(ask, site, &hall.0));
    let command = domain::AssignTranche {
        tranche: id,
        hall: hall.transpose().map_err(|why| ask.field("hall", why))?,
    };
    let shown = move |state: &bareboat_book::State| wire::Tranche::of(&state.fleet, id);
    let command = Command::Fleet(Fleet::AssignTranche(command));
    Ok(Act::new(command, move |state, _| shown(state)).guarded(shown))
}

/// The pools of tranches.
fn pools(ask: &Ask, tranches: &[TrancheId]) -> Vec<PoolId> {
    let supplies = &ask.state().capacity.supplies;
    let pools = tranches
        .iter()
        .filter_map(|id| Some(supplies.get(id)?.pool));
    let pools: BTreeSet<PoolId> = pools.collect();
    pools.into_iter().collect()
}

fn delay_hall(ask: &Ask, body: wire::DelayHall) -> Result<Act, Problem> {
    ask.whole_book()?;
    let fleet = &ask.state().fleet;
    let hall: HallId = ask.row("hall", &fleet.halls)?.id;
    let late = match (body.days, body.until) {
        (Some(days), None) => Late::Days(days),
        (None, Some(until)) => Late::Until(until.0),
        _ => return Err(ask.field("days", "give either days or until")),
    };
    let moved = fleet.delayed(hall, late);
    let moved = moved.map_err(|refused| Problem::refused(&refused))?;
    let moved: Vec<TrancheId> = moved.into_iter().map(|(id, _)| id).collect();
    let before = Before::of(ask, pools(ask, &moved));
    let command = domain::DelayHall {
        hall,
        late,
        reason: body.reason.0,
    };
    Ok(Act::new(
        Command::Fleet(Fleet::DelayHall(command)),
        move |state, _| {
            let row = state.fleet.halls.get(&hall);
            let tranches = moved.iter();
            wire::HallDelayed {
                hall: hall.into(),
                hall_code: row.map(|row| row.code.clone().into()),
                tranches: tranches
                    .filter_map(|id| wire::Tranche::of(&state.fleet, *id))
                    .collect(),
                at_risk: before.all(state),
            }
        },
    ))
}
