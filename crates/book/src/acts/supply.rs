//! What the fleet orders and receives, the calendar offers: one act in both.

use bareboat_base::{Context, Instant, PoolId, SiteId, TrancheId};
use bareboat_capacity as capacity;
use bareboat_fleet as fleet;

use crate::draft::Draft;
use crate::event::Event;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

pub(crate) fn decide(
    state: &State,
    context: &Context,
    command: &fleet::Command,
) -> Result<Vec<Event>, Rejection> {
    use fleet::Command as C;
    match command {
        C::PlaceOrder(_) | C::SlipTranche(_) | C::ReceiveTranche(_) => {}
        _ => {
            let events = fleet::decide(&state.fleet, context, command)?;
            return Ok(events.into_iter().map(Event::from).collect());
        }
    }
    let mut draft = Draft::new(state, context);
    let events: Vec<fleet::Event> = fleet::decide(&state.fleet, context, command)?;
    for event in &events {
        draft.push(event.clone().into());
    }
    for event in &events {
        match event {
            fleet::Event::OrderPlaced(placed) => schedule(&mut draft, placed)?,
            fleet::Event::TrancheSlipped(slipped) => slip(&mut draft, slipped)?,
            fleet::Event::TrancheReceived(received) => receive(&mut draft, received)?,
            _ => {}
        }
    }
    Ok(draft.finish())
}

fn starts(state: &State, site: SiteId, date: bareboat_base::Date) -> Result<Instant, Rejection> {
    let row = state
        .fleet
        .sites
        .get(&site)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "site",
            id: site.to_string(),
        })?;
    let time = |error: bareboat_base::time::TimeError| BookRejection::Time {
        problem: error.to_string(),
    };
    Ok(date.start_in(&row.zone).map_err(time)?)
}

fn schedule(draft: &mut Draft, placed: &fleet::OrderPlaced) -> Result<(), Rejection> {
    let (site, model) = (placed.site, placed.model);
    if draft.state().capacity.pool_of(site, model).is_none() {
        let row = draft.state().fleet.models.get(&model);
        let gpus_per_node = row.map_or(0, |row| row.gpus_per_node);
        let domain_gpus = row.map_or(0, |row| row.nvlink_domain_gpus);
        let open = capacity::OpenPool {
            site,
            model,
            gpus_per_node,
            nodes_per_domain: (domain_gpus / gpus_per_node.max(1)).max(1),
        };
        draft.run(in_capacity, &capacity::Command::OpenPool(open))?;
    }
    let pool = pool_at(draft.state(), site, model)?;
    for tranche in &placed.tranches {
        let from = starts(draft.state(), site, tranche.due_on)?;
        let supply = capacity::ScheduleSupply {
            pool,
            tranche: tranche.tranche,
            nodes: tranche.nodes,
            from,
        };
        draft.run(in_capacity, &capacity::Command::ScheduleSupply(supply))?;
    }
    Ok(())
}

fn slip(draft: &mut Draft, slipped: &fleet::TrancheSlipped) -> Result<(), Rejection> {
    let (site, _) = ordered_for(draft.state(), slipped.tranche)?;
    let from = starts(draft.state(), site, slipped.new_due_on)?;
    let moved = capacity::MoveSupply {
        tranche: slipped.tranche,
        from,
    };
    draft.run(in_capacity, &capacity::Command::MoveSupply(moved))?;
    Ok(())
}

fn receive(draft: &mut Draft, received: &fleet::TrancheReceived) -> Result<(), Rejection> {
    let (site, model) = ordered_for(draft.state(), received.tranche)?;
    let pool = pool_at(draft.state(), site, model)?;
    let at = starts(draft.state(), site, received.received_on)?;
    let placed = draft.state().fleet.placements(&received.nodes);
    let nodes = placed
        .into_iter()
        .map(|place| capacity::PlacedRun {
            hall: place.hall,
            leaf: place.leaf,
            spine_group: place.spine_group,
            nvlink_domain: place.nvlink_domain,
            run: place.run,
        })
        .collect();
    let supply = capacity::ReceiveSupply {
        pool,
        tranche: received.tranche,
        at,
        nodes,
    };
    draft.run(in_capacity, &capacity::Command::ReceiveSupply(supply))?;
    Ok(())
}

fn ordered_for(
    state: &State,
    tranche: TrancheId,
) -> Result<(SiteId, bareboat_base::ModelId), Rejection> {
    let order = state
        .fleet
        .tranches
        .get(&tranche)
        .and_then(|row| state.fleet.orders.get(&row.order));
    let order = order.ok_or_else(|| BookRejection::Unknown {
        kind: "tranche",
        id: tranche.to_string(),
    })?;
    Ok((order.site, order.model))
}

/// The pool of a model at a site.
pub(crate) fn pool_at(
    state: &State,
    site: SiteId,
    model: bareboat_base::ModelId,
) -> Result<PoolId, Rejection> {
    let found = state.capacity.pool_of(site, model).ok_or_else(|| {
        let site = state
            .fleet
            .sites
            .get(&site)
            .map_or_else(|| site.to_string(), |row| row.code.to_string());
        let model = state
            .fleet
            .models
            .get(&model)
            .map_or_else(|| model.to_string(), |row| row.code.to_string());
        BookRejection::NoPool { site, model }
    })?;
    Ok(found)
}

/// Decides a command of the calendar on the whole state.
pub(crate) fn in_capacity(
    state: &State,
    context: &Context,
    command: &capacity::Command,
) -> Result<Vec<capacity::Event>, capacity::Rejection> {
    capacity::decide(&state.capacity, context, command)
}

/// Decides a command of the fleet on the whole state.
pub(crate) fn in_fleet(
    state: &State,
    context: &Context,
    command: &fleet::Command,
) -> Result<Vec<fleet::Event>, fleet::Rejection> {
    fleet::decide(&state.fleet, context, command)
}
