//! Whether capacity could be sold, what a change of supply would break, and what could be had
//! instead. Nothing is written.

use std::collections::BTreeSet;

use bareboat_access::Permission as P;
use bareboat_api::Problem;
use bareboat_api::capacity as wire;
use bareboat_api::wire::Ref;
use bareboat_base::{
    Code, Context, ContractId, Date, DateWindow, Instant, LotId, NodeCount, PoolId, Recorded,
    ReservationId, SiteId, TypedId as _, Window,
};
use bareboat_capacity::{self as domain, Command as Capacity};

use super::sources;
use crate::ask::not_found;
use crate::routes::fleet::holdings::moment;
use crate::routes::fleet::{nodes, refs};
use crate::{Ask, Route};

/// Suppositions at a time.
const MOST_SUPPOSED: usize = 100;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/capacity/explain",
            "explainCapacity",
            "Say whether capacity could be sold: if not, which constraint binds and when, and the nearest that could",
        )
        .needs(P::CalendarRead)
        .slow()
        .ask::<wire::ExplainCapacity, wire::CapacityExplained, _>(explain),
        Route::post(
            "/v1/capacity/at-risk",
            "assessRisk",
            "List what is at risk, as things stand or with slips, delays and outages supposed, and what could be had instead",
        )
        .needs(P::CalendarRead)
        .slow()
        .ask::<wire::AssessRisk, wire::RiskReport, _>(assess),
    ]
}

fn explain(ask: &Ask, body: wire::ExplainCapacity) -> Result<wire::CapacityExplained, Problem> {
    ask.whole_book()?;
    let reserve = reserve(ask, &body)?;
    let state = ask.state();
    let sources = sources(state);
    let now = moment(ask);
    let capacity = state.capacity.settled(now);
    // What the lot's own quote holds is held for it.
    let mut capacity = capacity;
    if let Some((quote, _)) = capacity.open_quote(reserve.contract, now) {
        let recorded = Recorded {
            position: ask.view().position,
            at: now,
            by: ask.caller().principal,
        };
        let withdrawn = domain::QuoteWithdrawn { quote };
        domain::apply(capacity.to_mut(), &recorded, &withdrawn.into());
    }
    let capacity = capacity.planned(&reserve, now);
    let bound = capacity.explain(&reserve, now);
    let bound = bound.map_err(|refused| Problem::refused(&refused))?;
    let zones = |pool| sources.zone(pool);
    let alternatives = capacity.alternatives(&reserve, now, &zones);
    let alternatives = alternatives.iter();
    Ok(wire::CapacityExplained {
        position: ask.view().position.0,
        possible: bound.is_none(),
        asked: wire::Offer::of(sources, &reserve),
        moves: capacity
            .moves(&reserve, now)
            .iter()
            .map(|moved| wire::Moved::of(sources, moved))
            .collect(),
        bound: bound.as_ref().map(wire::Bound::of),
        alternatives: alternatives
            .map(|one| wire::Alternative::of(sources, one))
            .collect(),
    })
}

/// The reservation that is asked about.
fn reserve(ask: &Ask, body: &wire::ExplainCapacity) -> Result<domain::Reserve, Problem> {
    let state = ask.state();
    if let Some(lot) = &body.lot {
        let alone = wire::ExplainCapacity {
            lot: body.lot.clone(),
            ..wire::ExplainCapacity::default()
        };
        if *body != alone {
            return Err(ask.field("lot", "leave out all else: the lot says it"));
        }
        let found = ask.resolve("lot", &state.contracts.lots, lot)?;
        let reserve = bareboat_book::acts::reserve_lot(state, found.row.contract, found.id);
        return reserve.map_err(|rejection| Problem::refused(&rejection));
    }
    let (Some(pool), Some(window)) = (&body.pool, &body.window) else {
        return Err(ask.field("pool", "give a lot, or a pool and a window"));
    };
    let (pool, row) = find_pool(ask, "pool", pool)?;
    let nodes = match (body.nodes, body.gpus) {
        (Some(nodes), None) => nodes,
        (None, Some(gpus)) => gpus.div_ceil(row.gpus_per_node.max(1)),
        _ => return Err(ask.field("nodes", "give either nodes or gpus")),
    };
    let days: DateWindow = window
        .clone()
        .try_into()
        .map_err(|error| ask.field("window", error))?;
    let option = body.option_until.as_ref();
    let option = option.map(|until| DateWindow::new(days.to(), until.0));
    let option = option
        .transpose()
        .map_err(|error| ask.field("option_until", error))?;
    let instants = |name: &str, days: DateWindow| -> Result<Window, Problem> {
        let zone = sources(state).zone(pool).ok_or_else(not_found::<SiteId>)?;
        days.instants_in(&zone)
            .map_err(|error| ask.field(name, error))
    };
    Ok(domain::Reserve {
        // Nobody's: what is asked about is never held.
        lot: LotId::from_uuid(uuid::Uuid::nil()),
        contract: ContractId::from_uuid(uuid::Uuid::nil()),
        pool,
        nodes: NodeCount(nodes),
        window: instants("window", days)?,
        shape: body.shape.into(),
        part: None,
        option: option
            .map(|days| instants("option_until", days))
            .transpose()?,
    })
}

fn find_pool<'a>(
    ask: &'a Ask,
    field: &str,
    text: &Ref,
) -> Result<(PoolId, &'a domain::Pool), Problem> {
    let found = refs::find_pool(ask, &text.0).map_err(|why| ask.field(field, why))?;
    let id = found.ok_or_else(not_found::<PoolId>)?;
    let row = ask.state().capacity.pools.get(&id);
    Ok((id, row.ok_or_else(not_found::<PoolId>)?))
}

fn assess(ask: &Ask, body: wire::AssessRisk) -> Result<wire::RiskReport, Problem> {
    ask.whole_book()?;
    let state = ask.state();
    let pools: Vec<PoolId> = match &body.pool {
        Some(pool) => vec![find_pool(ask, "pool", pool)?.0],
        None => state.capacity.pools.iter().map(|(_, id, _)| *id).collect(),
    };
    let context = Context {
        command_id: ask.command_id(),
        actor: ask.caller().principal,
        recorded_at: moment(ask),
        part: 0,
    };
    let capacity = state.capacity.settled(context.recorded_at);
    let supposed = capacity.suppose(&context, &supposed(ask, body)?);
    let supposed = supposed.map_err(|refused| Problem::refused(&refused))?;
    let after = wire::Sources {
        capacity: &supposed,
        ..sources(state)
    };
    let zones = |pool| after.zone(pool);
    let mut at_risk = Vec::new();
    for pool in pools {
        let before: BTreeSet<ReservationId> = capacity.at_risk(pool).into_iter().collect();
        for rescue in supposed.rescues(&context, pool, &zones) {
            let already = before.contains(&rescue.risk.reservation);
            at_risk.extend(wire::Rescue::of(after, &rescue, already));
        }
    }
    Ok(wire::RiskReport {
        position: ask.view().position.0,
        at_risk,
    })
}

/// What is supposed, as commands of the calendar.
fn supposed(ask: &Ask, body: wire::AssessRisk) -> Result<Vec<Capacity>, Problem> {
    let named = [body.slips.len(), body.delays.len(), body.outages.len()];
    if named.iter().sum::<usize>() > MOST_SUPPOSED {
        let most = format!("at most {MOST_SUPPOSED} suppositions at a time");
        return Err(ask.field("slips", most));
    }
    let state = ask.state();
    let mut commands = Vec::new();
    for slip in &body.slips {
        let found = ask.resolve("slips", &state.fleet.tranches, &slip.tranche)?;
        let order = state.fleet.orders.get(&found.row.order);
        let site = order.ok_or_else(not_found::<SiteId>)?.site;
        let from = starts(ask, "slips", site, slip.due_on.0)?;
        commands.push(Capacity::MoveSupply(domain::MoveSupply {
            tranche: found.id,
            from,
        }));
    }
    for delay in &body.delays {
        let site = refs::site(ask, "delays", &delay.site)?;
        let model = delay.model.as_ref();
        let model = model.map(|model| refs::model(ask, "delays", model));
        let model = model.transpose()?;
        let hall = delay.hall.as_ref();
        let hall = hall.map(|hall| refs::hall_of(ask, site, &hall.0));
        let hall = hall.transpose().map_err(|why| ask.field("delays", why))?;
        let days = i32::try_from(delay.days).map_err(|error| ask.field("delays", error))?;
        for (_, tranche, row) in state.fleet.tranches.iter() {
            let order = state.fleet.orders.get(&row.order);
            let supply = state.capacity.supplies.get(tranche);
            let here = order.is_some_and(|order| {
                order.site == site && model.is_none_or(|model| model == order.model)
            });
            let here = here && (hall.is_none() || hall == row.hall);
            if !here || supply.is_none_or(|supply| supply.owed() == NodeCount::ZERO) {
                continue;
            }
            let due_on = row.due_on.plus_days(days);
            let due_on = due_on.map_err(|error| ask.field("delays", error))?;
            commands.push(Capacity::MoveSupply(domain::MoveSupply {
                tranche: *tranche,
                from: starts(ask, "delays", site, due_on)?,
            }));
        }
    }
    for outage in body.outages {
        let (pool, row) = find_pool(ask, "outages", &outage.pool)?;
        let window = outage.window.try_into();
        commands.push(Capacity::SetUnavailable(domain::SetUnavailable {
            pool,
            nodes: nodes::existing(ask, row.site, outage.nodes)?,
            window: window.map_err(|error| ask.field("outages", error))?,
            why: Code::new("supposed").map_err(|error| ask.field("outages", error))?,
        }));
    }
    Ok(commands)
}

/// The first instant of a date at a site.
fn starts(ask: &Ask, field: &str, site: SiteId, date: Date) -> Result<Instant, Problem> {
    let row = ask.state().fleet.sites.get(&site);
    let zone = &row.ok_or_else(not_found::<SiteId>)?.zone;
    date.start_in(zone).map_err(|error| ask.field(field, error))
}
