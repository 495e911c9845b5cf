//! Pools and their calendars; reservations, allocations, maintenance; how much there is.

pub(crate) mod aftermath;
mod blocks;
mod changes;
mod explain;
mod groups;
mod health;
mod names;
mod options;
pub(crate) mod pins;

use std::collections::BTreeMap;

use bareboat_access::Permission as P;
use bareboat_api::capacity as wire;
use bareboat_api::code::Edge;
use bareboat_api::{Page, Problem};
use bareboat_base::{
    AllocationId, ContractId, Date, Instant, ModelId, NodeCount, PoolId, ReservationId, SiteId,
    Window,
};
use bareboat_book::{Command, State};
use bareboat_capacity::{self as domain, Command as Capacity, Stretch};
use bareboat_fleet::Phase;

use super::fleet::holdings::{Holdings, contract_in, moment, offered_in};
use super::fleet::{nodes, refs};
use crate::ask::not_found;
use crate::query::invalid;
use crate::{Act, Ask, Route};

/// Days of a calendar when no end is given.
const DAYS_SHOWN: i32 = 366;

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = pools();
    all.extend(options::routes());
    all.extend(pins::routes());
    all.extend(maintenance());
    all.extend(promises());
    all.extend(explain::routes());
    all.extend(groups::routes());
    all.extend(names::routes());
    all.extend(blocks::routes());
    all.extend(changes::routes());
    all.extend(health::routes());
    all.push(
        Route::get(
            "/v1/capacity",
            "listCapacity",
            "List how many nodes are delivered, healthy, reserved and in use, by site and model",
        )
        .needs(P::CapacityRead)
        .parameter("site", "Only at this site: its code, label or id.")
        .parameter("model", "Only of this model: its code, label or id.")
        .parameter(
            "project",
            "Only what contracts of this project have: its id or label.",
        )
        .parameter("contract", "Only what this contract has: its id or label.")
        .slow()
        .page(list_capacity),
    );
    all
}

fn pools() -> Vec<Route> {
    vec![
        Route::get("/v1/pools", "listPools", "List pools")
            .needs(P::CalendarRead)
            .parameter("site", "Only at this site: its code, label or id.")
            .parameter("model", "Only of this model: its code, label or id.")
            .page(list_pools),
        Route::get(
            "/v1/pools/{pool}",
            "getPool",
            "Read a pool, by label, id, or SITE:MODEL",
        )
        .needs(P::CalendarRead)
        .item(get_pool),
        Route::get(
            "/v1/pools/{pool}/calendar",
            "getPoolCalendar",
            "Read a pool's counts over a window, step by step",
        )
        .needs(P::CalendarRead)
        .parameter(
            "from",
            "The first instant, or a civil date of the site; now when left out.",
        )
        .parameter(
            "to",
            "The instant or date to end before; 366 days on when left out.",
        )
        .slow()
        .item(get_calendar),
        Route::get(
            "/v1/pools/{pool}/at-risk",
            "listPoolAtRisk",
            "List the reservations that a pool's calendar cannot keep",
        )
        .needs(P::CalendarRead)
        .slow()
        .page(list_at_risk),
        Route::put(
            "/v1/pools/{pool}/spare-floor",
            "setSpareFloor",
            "Keep so many nodes of a pool unsold",
        )
        .needs(P::CapacityPlan)
        .change::<wire::SetSpareFloor, wire::Pool, _>(set_spare_floor),
    ]
}

fn maintenance() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/maintenance",
            "listMaintenance",
            "List windows in which nodes are out of supply",
        )
        .needs(P::CapacityRead)
        .parameter("pool", "Only of this pool: its label, id, or SITE:MODEL.")
        .parameter("from", "Only what ends after this instant.")
        .slow()
        .page(list_maintenance),
        Route::post(
            "/v1/pools/{pool}/maintenance",
            "setMaintenance",
            "Take nodes out of supply over a window; the answer lists the reservations at risk",
        )
        .needs(P::FleetOperate)
        .create::<wire::SetMaintenance, wire::MaintenanceSet, _>(set_maintenance),
        Route::post(
            "/v1/pools/{pool}/maintenance/end",
            "endMaintenance",
            "Bring nodes back into supply before their window ends",
        )
        .needs(P::FleetOperate)
        .change::<wire::EndMaintenance, wire::MaintenanceEnded, _>(end_maintenance),
    ]
}

fn promises() -> Vec<Route> {
    vec![
        Route::get("/v1/reservations", "listReservations", "List reservations")
            .needs(P::CapacityRead)
            .parameter("contract", "Only this contract's: its id or label.")
            .parameter("lot", "Only this lot's: its id or label.")
            .parameter("pool", "Only in this pool: its label, id, or SITE:MODEL.")
            .parameter("status", "Only `held` or `ended`.")
            .page(list_reservations),
        Route::get(
            "/v1/reservations/{reservation}",
            "getReservation",
            "Read a reservation",
        )
        .needs(P::CapacityRead)
        .item(get_reservation),
        Route::get("/v1/allocations", "listAllocations", "List allocations")
            .needs(P::CapacityRead)
            .parameter("contract", "Only this contract's: its id or label.")
            .parameter("lot", "Only this lot's: its id or label.")
            .parameter("pool", "Only in this pool: its label, id, or SITE:MODEL.")
            .parameter("status", "Only `live` or `released`.")
            .page(list_allocations),
        Route::get(
            "/v1/allocations/{allocation}",
            "getAllocation",
            "Read an allocation with its nodes and where they stand",
        )
        .needs(P::CapacityRead)
        .slow()
        .item(get_allocation),
    ]
}

pub(super) fn sources(state: &State) -> wire::Sources<'_> {
    wire::Sources {
        fleet: &state.fleet,
        capacity: &state.capacity,
        contracts: &state.contracts,
    }
}

fn list_pools(ask: &Ask) -> Result<Page<wire::Pool>, Problem> {
    let state = ask.state();
    let site = refs::param(ask, "site", &state.fleet.sites, |row| &row.code)?;
    let model = refs::param(ask, "model", &state.fleet.models, |row| &row.code)?;
    ask.page(&state.capacity.pools, |_, id, row| {
        let asked = site.is_none_or(|site| site == row.site)
            && model.is_none_or(|model| model == row.model);
        asked.then(|| wire::Pool::of(sources(state), id)).flatten()
    })
}

/// The pool that the path names.
fn pool(ask: &Ask) -> Result<(PoolId, &domain::Pool), Problem> {
    let found = refs::find_pool(ask, ask.argument("pool"));
    let found = found.map_err(|why| Problem::edge(Edge::InvalidPath, format!("pool: {why}")))?;
    let id = found.ok_or_else(not_found::<PoolId>)?;
    let row = ask.state().capacity.pools.get(&id);
    Ok((id, row.ok_or_else(not_found::<PoolId>)?))
}

/// The pool that a query parameter names: a pool that there is not, when it names none.
fn pool_param(ask: &Ask) -> Result<Option<Option<PoolId>>, Problem> {
    let Some(text) = ask.param("pool") else {
        return Ok(None);
    };
    let found = refs::find_pool(ask, text).map_err(|why| invalid("pool", why))?;
    Ok(Some(found))
}

fn get_pool(ask: &Ask) -> Result<wire::Pool, Problem> {
    let (id, _) = pool(ask)?;
    wire::Pool::of(sources(ask.state()), id).ok_or_else(not_found::<PoolId>)
}

/// An instant, or the first one of a civil date at a site.
fn instant(ask: &Ask, name: &str, site: SiteId) -> Result<Option<Instant>, Problem> {
    let Some(text) = ask.param(name) else {
        return Ok(None);
    };
    let Ok(date) = text.parse::<Date>() else {
        return ask.parsed(name);
    };
    let zone = ask.state().fleet.sites.get(&site).map(|row| &row.zone);
    let start = zone.map(|zone| date.start_in(zone)).transpose();
    start.map_err(|error| invalid(name, error))
}

fn get_calendar(ask: &Ask) -> Result<wire::Calendar, Problem> {
    let (id, row) = pool(ask)?;
    let from = instant(ask, "from", row.site)?.unwrap_or_else(|| moment(ask));
    let to = match instant(ask, "to", row.site)? {
        Some(to) => to,
        None => {
            let micros = i64::from(DAYS_SHOWN) * 86_400_000_000;
            let end = from.micros().saturating_add(micros);
            Instant::from_micros(end).map_err(|error| invalid("from", error))?
        }
    };
    let window = Window::new(from, to).map_err(|error| invalid("to", error))?;
    let capacity = ask.state().capacity.settled(moment(ask));
    let sources = wire::Sources {
        capacity: &capacity,
        ..sources(ask.state())
    };
    Ok(wire::Calendar::of(sources, id, window))
}

fn list_at_risk(ask: &Ask) -> Result<Page<wire::AtRisk>, Problem> {
    let (id, _) = pool(ask)?;
    let mut rows = wire::AtRisk::of_pool(sources(ask.state()), id);
    rows.sort_by_key(|row| row.reservation);
    let keyed = rows.into_iter();
    ask.page_by_key(keyed.map(|row| (row.reservation.0.as_bytes().to_vec(), row)))
}

fn set_spare_floor(ask: &Ask, body: wire::SetSpareFloor) -> Result<Act, Problem> {
    ask.whole_book()?;
    let (pool, _) = pool(ask)?;
    let command = domain::SetSpareFloor {
        pool,
        nodes: NodeCount(body.nodes),
    };
    let shown = move |state: &State| wire::Pool::of(sources(state), pool);
    let command = Command::Capacity(Capacity::SetSpareFloor(command));
    Ok(Act::new(command, move |state, _| shown(state)).guarded(shown))
}

fn list_maintenance(ask: &Ask) -> Result<Page<wire::Maintenance>, Problem> {
    let state = ask.state();
    let pool = pool_param(ask)?;
    let from: Option<Instant> = ask.parsed("from")?;
    let own = (!ask.reach().is_book()).then(|| Holdings::of(ask));
    ask.page(&state.capacity.unavailabilities, |_, number, row| {
        let asked = pool.is_none_or(|pool| pool == Some(row.pool))
            && from.is_none_or(|from| row.ends_at() > from);
        if !asked {
            return None;
        }
        match &own {
            None => wire::Maintenance::of(sources(state), number, &row.nodes),
            Some(own) => {
                let part = own.part_of(&row.nodes)?;
                wire::Maintenance::of(sources(state), number, &part)
            }
        }
    })
}

fn set_maintenance(ask: &Ask, body: wire::SetMaintenance) -> Result<Act, Problem> {
    ask.whole_book()?;
    let (pool, row) = pool(ask)?;
    let window = body.window.try_into();
    let command = domain::SetUnavailable {
        pool,
        nodes: nodes::existing(ask, row.site, body.nodes)?,
        window: window.map_err(|error| ask.field("window", error))?,
        why: body.why.0,
    };
    Ok(Act::new(
        Command::Capacity(Capacity::SetUnavailable(command)),
        move |state, _| {
            let last = state.capacity.unavailabilities.iter().next_back();
            let (_, number, row) = last?;
            Some(wire::MaintenanceSet {
                maintenance: wire::Maintenance::of(sources(state), *number, &row.nodes)?,
                at_risk: wire::AtRisk::of_pool(sources(state), pool),
            })
        },
    ))
}

fn end_maintenance(ask: &Ask, body: wire::EndMaintenance) -> Result<Act, Problem> {
    ask.whole_book()?;
    let (pool, row) = pool(ask)?;
    let nodes = nodes::existing(ask, row.site, body.nodes)?;
    let at = body.at.map_or_else(|| ask.now(), |at| at.0);
    let command = domain::EndUnavailability {
        pool,
        nodes: nodes.clone(),
        at,
        why: body.why.map(|why| why.0).into_iter().collect(),
    };
    Ok(Act::new(
        Command::Capacity(Capacity::EndUnavailability(command)),
        move |_, _| wire::MaintenanceEnded {
            pool: pool.into(),
            nodes: (&nodes).into(),
            count: nodes.count().0,
            at: at.into(),
        },
    ))
}

/// Whether the caller may see what hangs on a contract.
fn sees(ask: &Ask, contract: ContractId) -> bool {
    ask.reach().is_book() || contract_in(ask.state(), ask.reach(), contract)
}

/// A status parameter, one of the names.
fn status<'a>(ask: &'a Ask, names: [&str; 2]) -> Result<Option<&'a str>, Problem> {
    let status = ask.param("status");
    match status {
        Some(status) if !names.contains(&status) => {
            Err(invalid("status", format!("one of {}", names.join(", "))))
        }
        _ => Ok(status),
    }
}

fn list_reservations(ask: &Ask) -> Result<Page<wire::Reservation>, Problem> {
    let state = ask.state();
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let lot = ask.param_ref("lot", &state.contracts.lots)?;
    let (pool, status) = (pool_param(ask)?, status(ask, ["held", "ended"])?);
    ask.page(&state.capacity.reservations, |_, id, row| {
        let held = row.status == domain::ReservationStatus::Held;
        let asked = contract.is_none_or(|contract| contract == row.contract)
            && lot.is_none_or(|lot| lot == row.lot)
            && pool.is_none_or(|pool| pool == Some(row.pool))
            && status.is_none_or(|status| held == (status == "held"))
            && sees(ask, row.contract);
        let shown = asked.then(|| wire::Reservation::of(sources(state), id));
        shown.flatten()
    })
}

fn get_reservation(ask: &Ask) -> Result<wire::Reservation, Problem> {
    let state = ask.state();
    let found = ask.row("reservation", &state.capacity.reservations)?;
    ask.seen(sees(ask, found.row.contract), found.id)?;
    let shown = wire::Reservation::of(sources(state), found.id);
    shown.ok_or_else(not_found::<ReservationId>)
}

fn list_allocations(ask: &Ask) -> Result<Page<wire::Allocation>, Problem> {
    let state = ask.state();
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let lot = ask.param_ref("lot", &state.contracts.lots)?;
    let (pool, status) = (pool_param(ask)?, status(ask, ["live", "released"])?);
    ask.page(&state.capacity.allocations, |_, id, row| {
        let live = row.status == domain::AllocationStatus::Live;
        let asked = contract.is_none_or(|contract| contract == row.contract)
            && lot.is_none_or(|lot| lot == row.lot)
            && pool.is_none_or(|pool| pool == Some(row.pool))
            && status.is_none_or(|status| live == (status == "live"))
            && sees(ask, row.contract);
        let shown = asked.then(|| wire::Allocation::of(sources(state), id));
        shown.flatten()
    })
}

fn get_allocation(ask: &Ask) -> Result<wire::AllocationDetail, Problem> {
    let state = ask.state();
    let found = ask.row("allocation", &state.capacity.allocations)?;
    ask.seen(sees(ask, found.row.contract), found.id)?;
    let shown = wire::AllocationDetail::of(sources(state), found.id);
    let mut shown = shown.ok_or_else(not_found::<AllocationId>)?;
    // Named ahead, they may be another's: what becomes of them is not its tenant's to know yet.
    if !ask.reach().is_book() && !shown.allocation.handed_over {
        shown.nodes.iter_mut().for_each(|node| node.phase = None);
    }
    Ok(shown)
}

type Counts = BTreeMap<(SiteId, ModelId), wire::Capacity>;
type Reservations<'a> = BTreeMap<PoolId, Vec<&'a domain::Reservation>>;

fn none(state: &State, site: SiteId, model: ModelId) -> wire::Capacity {
    let (row, of) = (state.fleet.sites.get(&site), state.fleet.models.get(&model));
    wire::Capacity {
        site: site.into(),
        site_code: row.map(|row| row.code.clone().into()),
        model: model.into(),
        model_code: of.map(|row| row.code.clone().into()),
        gpus_per_node: of.map_or(0, |row| row.gpus_per_node),
        delivered: 0,
        healthy: 0,
        reserved: 0,
        soft_held: 0,
        in_use: 0,
        next_change_at: None,
        next_change_to: None,
        pool: None,
        phases: None,
    }
}

/// Sets when what reservations hold changes next.
fn set_next(counted: &mut wire::Capacity, rows: &[&domain::Reservation], at: Instant) {
    let stretches = domain::stretches(rows.iter().copied());
    let (_, next) = Stretch::now_and_next(&stretches, at);
    counted.next_change_at = next.map(|(at, _)| at.into());
    counted.next_change_to = next.map(|(_, then)| then.map_or(0, |then| then.firm.0));
}

/// Reservations by pool.
fn by_pool(state: &State, counted: impl Fn(ContractId) -> bool) -> Reservations<'_> {
    let mut pools = Reservations::new();
    let rows = state.capacity.reservations.values();
    for row in rows.filter(|row| counted(row.contract)) {
        pools.entry(row.pool).or_default().push(row);
    }
    pools
}

/// The whole fleet's counts: every pool, also where nothing has come yet.
fn of_fleet(state: &State, at: Instant) -> Counts {
    let mut counts = Counts::new();
    let capacity = state.capacity.settled(at);
    let reserved = by_pool(state, |_| true);
    let outages = wire::Outages::at(&capacity, at);
    let fit = |phase| matches!(phase, Phase::Ready | Phase::Allocated);
    let down = outages.nodes().filter_map(|node| state.fleet.node(node));
    let down = down.filter(|node| fit(node.phase));
    let mut unfit: BTreeMap<_, u32> = BTreeMap::new();
    for node in down {
        *unfit.entry((node.node.site, node.model)).or_default() += 1;
    }
    for (_, pool, row) in capacity.pools.iter() {
        let phases = state.fleet.counts(row.site, row.model);
        let of = |phase| phases.of(phase).0;
        let (ready, allocated) = (of(Phase::Ready), of(Phase::Allocated));
        let now = wire::PoolCapacity::of(&capacity, *pool, at);
        let key = (row.site, row.model);
        let mut counted = wire::Capacity {
            delivered: phases.total().0 - of(Phase::Retired),
            healthy: (ready + allocated).saturating_sub(unfit.get(&key).copied().unwrap_or(0)),
            reserved: now.as_ref().map_or(0, |pool| pool.now.firm),
            soft_held: now.as_ref().map_or(0, |pool| pool.now.soft_held),
            in_use: allocated,
            pool: now,
            phases: Some(phases.into()),
            ..none(state, row.site, row.model)
        };
        set_next(
            &mut counted,
            reserved.get(pool).map_or(&[][..], Vec::as_slice),
            at,
        );
        counts.insert(key, counted);
    }
    counts
}

/// The counts of what some contracts have, and of what some are offered.
fn of_contracts(
    state: &State,
    at: Instant,
    counted: impl Fn(ContractId) -> bool,
    offered: impl Fn(ContractId) -> bool,
) -> Counts {
    let mut counts = Counts::new();
    for (pool, rows) in by_pool(state, &counted) {
        let Some(pool) = state.capacity.pools.get(&pool) else {
            continue;
        };
        let key = (pool.site, pool.model);
        let mut entry = none(state, key.0, key.1);
        let holds = |row: &&&domain::Reservation| row.held().is_some_and(|held| held.contains(at));
        let held = rows.iter().filter(holds);
        entry.reserved = held.map(|row| row.nodes.0).sum();
        set_next(&mut entry, &rows, at);
        if entry.reserved > 0 || entry.next_change_at.is_some() {
            counts.insert(key, entry);
        }
    }
    for row in state.capacity.quotes.values() {
        if row.status_at(at) != domain::QuoteStatus::Open || !offered(row.contract) {
            continue;
        }
        for hold in row.holds.iter().filter(|hold| hold.whole().contains(at)) {
            if let Some(pool) = state.capacity.pools.get(&hold.pool) {
                let key = (pool.site, pool.model);
                let entry = counts.entry(key);
                let entry = entry.or_insert_with(|| none(state, key.0, key.1));
                entry.soft_held += hold.nodes.0;
            }
        }
    }
    let outages = wire::Outages::at(&state.capacity, at);
    let holdings = Holdings::among(state, at, |row| counted(row.contract));
    for (node, _) in holdings.held() {
        let Some(node) = state.fleet.node(&node) else {
            continue;
        };
        let key = (node.node.site, node.model);
        let entry = counts
            .entry(key)
            .or_insert_with(|| none(state, key.0, key.1));
        entry.delivered += 1;
        entry.healthy += u32::from(outages.health(&node).state == "healthy");
        entry.in_use += u32::from(node.phase == Phase::Allocated);
    }
    counts
}

fn list_capacity(ask: &Ask) -> Result<Page<wire::Capacity>, Problem> {
    let (state, at) = (ask.state(), moment(ask));
    let site = refs::param(ask, "site", &state.fleet.sites, |row| &row.code)?;
    let model = refs::param(ask, "model", &state.fleet.models, |row| &row.code)?;
    let project = ask.param_ref("project", &state.access.projects)?;
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let counts = if ask.reach().is_book() && project.is_none() && contract.is_none() {
        of_fleet(state, at)
    } else {
        let asked = |id| {
            let row = state.contracts.contract(id);
            let within = |row: &bareboat_contracts::Contract| {
                project.is_none_or(|project| project == row.project)
            };
            contract.is_none_or(|contract| contract == id) && row.is_some_and(within)
        };
        let counted = |id| asked(id) && sees(ask, id);
        let offered = |id| asked(id) && offered_in(state, ask.reach(), id);
        of_contracts(state, at, counted, offered)
    };
    let wanted = |key: &(SiteId, ModelId)| {
        site.is_none_or(|site| site == key.0) && model.is_none_or(|model| model == key.1)
    };
    // In the order in which sites and models were registered.
    let place = |(site, model): &(SiteId, ModelId)| {
        let site = state.fleet.sites.handle(site).map_or(0, |row| row.0);
        let model = state.fleet.models.handle(model).map_or(0, |row| row.0);
        [site.to_be_bytes(), model.to_be_bytes()].concat()
    };
    let rows = counts.into_iter().filter(|(key, _)| wanted(key));
    let rows: BTreeMap<Vec<u8>, _> = rows.map(|(key, row)| (place(&key), row)).collect();
    ask.page_by_key(rows)
}
