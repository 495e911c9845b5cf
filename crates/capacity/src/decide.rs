//! What the calendar decides.

use std::sync::Arc;

use bareboat_base::{
    AllocationId, Context, Handle, Instant, NodeCount, NodeSet, PoolId, Position, Recorded,
    ReservationId, Run, SiteId, Window,
};

use crate::ahead;
use crate::allocate;
use crate::calendar::Calendar;

use crate::options;
use crate::outage;
use crate::place::{Asker, Demand, Suppose, counting_is_not_enough, overlap};
use crate::plan::{NoPlace, Plan};
use crate::quote;
use crate::{
    Allocation, AllocationReleased, AllocationStatus, Command, EndReservation, Event,
    ExerciseOption, LapseOption, MoveSupply, OpenPool, OptionExercised, OptionLapsed, OptionMode,
    Pool, PoolOpened, QuoteLapsed, ReceiveSupply, Rejection, ReleaseAllocation, Reservation,
    ReservationEnded, ReservationStatus, Reserve, Reserved, ScheduleSupply, SetSpareFloor,
    SetUnavailable, SpareFloorSet, State, SupplyMoved, SupplyReceived, SupplyScheduled,
    UnavailableSet,
};

/// The most nodes one command may name; 8 million GPUs.
const MOST_NODES: u32 = 1_000_000;
/// The place of what is asked for: after all that was promised.
pub(crate) const NEWEST: Position = Position(u64::MAX);

pub(crate) type Decision = Result<Vec<Event>, Rejection>;

/// All events of one command, or a refusal.
pub fn decide(state: &State, ctx: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
    let promises = matches!(
        command,
        Command::Reserve(_)
            | Command::Allocate(_)
            | Command::MakeQuote(_)
            | Command::TakeQuote(_)
            | Command::ExerciseOption(_)
            | Command::SetOptionMode(_)
            | Command::ReplaceNode(_)
    );
    let expired = if promises {
        quote::expired(state, ctx.recorded_at)
    } else {
        Vec::new()
    };
    if expired.is_empty() {
        return decide_settled(state, ctx, command);
    }
    // What expired holds nothing: it is recorded as lapsed before a promise counts what is free.
    let lapsed = expired.into_iter();
    let mut events: Vec<_> = lapsed
        .map(|quote| Event::from(QuoteLapsed { quote }))
        .collect();
    let settled = after(state, ctx, &events);
    events.extend(decide_settled(&settled, ctx, command)?);
    Ok(events)
}

/// The state after events of the same command: just what folding them in will make.
pub(crate) fn after(state: &State, ctx: &Context, events: &[Event]) -> State {
    let recorded = Recorded {
        position: NEWEST,
        at: ctx.recorded_at,
        by: ctx.actor,
    };
    let mut after = state.clone();
    for event in events {
        crate::apply(&mut after, &recorded, event);
    }
    after
}

fn decide_settled(state: &State, ctx: &Context, command: &Command) -> Decision {
    match command {
        Command::OpenPool(c) => open_pool(state, ctx, c),
        Command::ScheduleSupply(c) => schedule_supply(state, c),
        Command::MoveSupply(c) => move_supply(state, c),
        Command::ReceiveSupply(c) => receive_supply(state, c),
        Command::SetSpareFloor(c) => set_spare_floor(state, c),
        Command::Reserve(c) => Ok(vec![reserve(state, ctx, c, (0, NEWEST))?]),
        Command::Allocate(c) => allocate::decide(state, ctx, c),
        Command::ReleaseAllocation(c) => release(state, c),
        Command::ReplaceNode(c) => crate::replace::decide(state, ctx, c),
        Command::EndReservation(c) => end_reservation(state, c),
        Command::ExerciseOption(c) => exercise_option(state, ctx, c),
        Command::LapseOption(c) => lapse_option(state, c),
        Command::SetUnavailable(c) => set_unavailable(state, c),
        Command::EndUnavailability(c) => outage::decide(state, c),
        Command::SetPinAhead(c) => ahead::set_ahead(state, c),
        Command::SetHandover(c) => ahead::set_handover(state, c),
        Command::SetOptionMode(c) => options::set_mode(state, ctx, c),
        Command::MakeQuote(c) => quote::make(state, ctx, c),
        Command::TakeQuote(c) => quote::take(state, ctx, c),
        Command::WithdrawQuote(c) => quote::withdraw(state, ctx, c),
        Command::AllocateBlock(c) => crate::block::allocate(state, ctx, c),
        Command::ReleaseBlock(c) => crate::block::release(state, ctx, c),
    }
}

fn within(what: &'static str, found: u32, least: u32, most: u32) -> Result<(), Rejection> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(Rejection::FigureOutOfRange {
        what,
        found,
        least,
        most,
    })
}

pub(crate) fn the_pool(state: &State, pool: PoolId) -> Result<&Pool, Rejection> {
    state
        .pools
        .get(&pool)
        .ok_or(Rejection::PoolUnknown { pool })
}

pub(crate) fn held(state: &State, id: ReservationId) -> Result<(Handle, &Reservation), Rejection> {
    let unknown = Rejection::ReservationUnknown { reservation: id };
    let handle = state.reservations.handle(&id);
    let found = handle.and_then(|handle| Some((handle, state.reservations.at(handle)?.1)));
    let (handle, row) = found.ok_or(unknown)?;
    match row.status {
        ReservationStatus::Held => Ok((handle, row)),
        ReservationStatus::Ended { .. } => Err(Rejection::ReservationOver { reservation: id }),
    }
}

fn open_pool(state: &State, ctx: &Context, c: &OpenPool) -> Decision {
    if let Some(pool) = state.pool_of(c.site, c.model) {
        return Err(Rejection::PoolExists {
            site: c.site,
            model: c.model,
            pool,
        });
    }
    within("the number of GPUs in a node", c.gpus_per_node, 1, 1024)?;
    within(
        "the number of nodes in an NVLink domain",
        c.nodes_per_domain,
        1,
        1024,
    )?;
    Ok(vec![Event::from(PoolOpened {
        pool: ctx.mint(0),
        site: c.site,
        model: c.model,
        gpus_per_node: c.gpus_per_node,
        nodes_per_domain: c.nodes_per_domain,
    })])
}

fn schedule_supply(state: &State, c: &ScheduleSupply) -> Decision {
    the_pool(state, c.pool)?;
    let tranche = c.tranche;
    if state.supplies.contains(&tranche) {
        return Err(Rejection::SupplyScheduledAlready { tranche });
    }
    within("the number of nodes", c.nodes.0, 1, MOST_NODES)?;
    Ok(vec![Event::from(SupplyScheduled {
        pool: c.pool,
        tranche,
        nodes: c.nodes,
        from: c.from,
    })])
}

fn move_supply(state: &State, c: &MoveSupply) -> Decision {
    let tranche = c.tranche;
    let supply = state.supplies.get(&tranche);
    let supply = supply.ok_or(Rejection::SupplyUnknown { tranche })?;
    if supply.owed() == NodeCount::ZERO {
        return Err(Rejection::NothingOwed { tranche });
    }
    Ok(vec![Event::from(SupplyMoved {
        tranche,
        from: c.from,
    })])
}

fn receive_supply(state: &State, c: &ReceiveSupply) -> Decision {
    let pool = the_pool(state, c.pool)?;
    let tranche = c.tranche;
    let supply = state.supplies.get(&tranche);
    let supply = supply.ok_or(Rejection::SupplyUnknown { tranche })?;
    if supply.pool != c.pool {
        let pool = supply.pool;
        return Err(Rejection::WrongPool { tranche, pool });
    }
    let runs: Vec<Run> = c.nodes.iter().map(|placed| placed.run).collect();
    let found = runs.iter().map(|run| u64::from(run.count)).sum();
    let nodes = NodeSet::from_runs(pool.site, runs).map_err(|bad| Rejection::BadNodes {
        problem: bad.to_string(),
    })?;
    let owed = supply.owed();
    if found > u64::from(owed.0) {
        return Err(Rejection::MoreThanScheduled {
            tranche,
            owed,
            found,
        });
    }
    check_new(state, pool.site, &nodes)?;
    if u64::from(nodes.count().0) != found {
        return Err(Rejection::NodeInPool {
            site: pool.site,
            number: first_twice(c).unwrap_or(0),
        });
    }
    Ok(vec![Event::from(SupplyReceived {
        pool: c.pool,
        tranche,
        at: c.at,
        nodes: c.nodes.clone(),
    })])
}

/// No pool of the site has any of the nodes.
fn check_new(state: &State, site: SiteId, nodes: &NodeSet) -> Result<(), Rejection> {
    let pools = state.pools.values().filter(|pool| pool.site == site);
    let slots = pools.flat_map(|pool| pool.calendar.slots.iter());
    let taken = slots.filter_map(|slot| overlap(nodes, slot.run).next());
    match taken.map(|run| run.first).min() {
        Some(number) => Err(Rejection::NodeInPool { site, number }),
        None => Ok(()),
    }
}

/// The first number that two of the runs name.
fn first_twice(c: &ReceiveSupply) -> Option<u32> {
    let mut runs: Vec<Run> = c.nodes.iter().map(|placed| placed.run).collect();
    runs.sort_unstable();
    let pair = runs.windows(2).find(|pair| pair[1].first < pair[0].end());
    pair.map(|pair| pair[1].first)
}

fn set_spare_floor(state: &State, c: &SetSpareFloor) -> Decision {
    the_pool(state, c.pool)?;
    within("the spare floor in nodes", c.nodes.0, 0, MOST_NODES)?;
    Ok(vec![Event::from(SpareFloorSet {
        pool: c.pool,
        nodes: c.nodes,
    })])
}

/// Decides one reservation: the `ordinal`-th of its command, and its place among those that begin
/// together.
pub(crate) fn reserve(
    state: &State,
    ctx: &Context,
    c: &Reserve,
    (ordinal, since): (u32, Position),
) -> Result<Event, Rejection> {
    admit_since(state, ctx.recorded_at, c, (since, Search::Anew))?;
    Ok(Event::from(Reserved {
        reservation: ctx.mint(ordinal),
        lot: c.lot,
        contract: c.contract,
        pool: c.pool,
        nodes: c.nodes,
        window: c.window,
        shape: c.shape,
        part: c.part,
        option: c.option,
    }))
}

/// What a reservation holds, option included, in its pool: what there is to check by count.
fn asked<'a>(state: &'a State, c: &Reserve) -> Result<(&'a Pool, Window), Rejection> {
    let pool = the_pool(state, c.pool)?;
    within("the number of nodes", c.nodes.0, 1, MOST_NODES)?;
    if let Some(part) = c.part {
        let (what, found) = ("the number of nodes still to come", part.to_come.0);
        within(what, found, c.nodes.0, MOST_NODES)?;
    }
    for (what, most) in c.shape.limits() {
        within(what, most, 1, u32::MAX)?;
    }
    let whole = match c.option {
        None => c.window,
        Some(option) if option.from() == c.window.to() => {
            Window::new(c.window.from(), option.to()).unwrap_or(c.window)
        }
        Some(option) => {
            return Err(Rejection::OptionNotAdjacent {
                window: c.window,
                option,
            });
        }
    };
    Ok((pool, whole))
}

/// Why a reservation cannot be held, if it cannot.
pub(crate) fn admit(state: &State, now: Instant, c: &Reserve) -> Result<(), Rejection> {
    admit_since(state, now, c, (NEWEST, Search::Anew))
}

/// The same, but that what does not fit between the others is not looked for further: what is
/// admitted would be, not all that would be is.
pub(crate) fn admit_between(state: &State, now: Instant, c: &Reserve) -> Result<(), Rejection> {
    admit_since(state, now, c, (NEWEST, Search::Between))
}

/// How far a place is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Search {
    /// Between the others, where they have their places.
    Between,
    /// And then with all placed anew.
    Anew,
}

fn admit_since(
    state: &State,
    now: Instant,
    c: &Reserve,
    (since, search): (Position, Search),
) -> Result<(), Rejection> {
    let (pool, whole) = asked(state, c)?;
    check_count(c, pool, whole)?;
    let kept = match pool.option_mode() {
        OptionMode::Strict => whole,
        OptionMode::Risk => c.window,
    };
    check_placement(state, &pool.calendar, now, c, (kept, since, search))
}

/// A signed count as nodes, nothing when it is below zero.
pub(crate) fn nodes(count: i64) -> NodeCount {
    NodeCount(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}

fn check_count(c: &Reserve, pool: &Pool, whole: Window) -> Result<(), Rejection> {
    let floor = i64::from(pool.spare_floor.0);
    let asked = i64::from(c.nodes.0);
    let counts = &pool.calendar.counts;
    let (short, lowest) = match pool.option_mode() {
        OptionMode::Strict => {
            let scan = counts.scan(whole, asked + floor, false);
            (scan.first_short, scan.lowest)
        }
        // The window may be sold over options; its own option is not held over anything.
        OptionMode::Risk => {
            let firm = counts.scan(c.window, asked + floor, true);
            let option = c
                .option
                .map(|option| counts.scan(option, asked + floor, false));
            let short = firm
                .first_short
                .or(option.and_then(|scan| scan.first_short));
            let lowest = option.map_or(firm.lowest, |scan| scan.lowest.min(firm.lowest));
            (short, lowest)
        }
    };
    match short {
        None => Ok(()),
        Some((at, left)) => Err(Rejection::ShortOfSupply {
            pool: c.pool,
            at,
            asked: c.nodes,
            free: nodes(left - floor),
            shortfall: nodes(asked - (left - floor).max(0)),
            fits: nodes(lowest - floor),
        }),
    }
}

/// Where counting does not tell: the new promise finds a place, and takes no other's.
fn check_placement(
    state: &State,
    calendar: &Calendar,
    now: Instant,
    c: &Reserve,
    (whole, since, search): (Window, Position, Search),
) -> Result<(), Rejection> {
    let demand = demand_for(c, whole, since);
    let suppose = Suppose {
        demand: Some(demand),
        ..Suppose::default()
    };
    if !counting_is_not_enough(state, calendar, now, suppose) {
        return Ok(());
    }
    let now = Some(now.min(whole.from()));
    let plan = plan_of(state, calendar, now);
    let Err(why) = plan.has_place(demand) else {
        return Ok(());
    };
    // With others moved, or placed anew together with all of them, it may fit.
    if search == Search::Anew
        && (plan.with(state, calendar, demand).is_ok()
            || plan.may_be_anew() && Plan::keeps(state, calendar, now, suppose, &plan.left_out()))
    {
        return Ok(());
    }
    Err(match why {
        NoPlace::Leaves(needed) => Rejection::TooManyLeaves {
            pool: c.pool,
            asked: c.nodes,
            max_leaves: c.shape.max_leaves.unwrap_or(u32::MAX),
            needed,
        },
        NoPlace::Shape => Rejection::ShapeUnmet {
            pool: c.pool,
            asked: c.nodes,
            shape: c.shape,
        },
        NoPlace::TooFew(fits) => Rejection::Fragmented {
            pool: c.pool,
            window: whole,
            asked: c.nodes,
            fits: NodeCount(fits),
        },
    })
}

/// What a reservation that is asked for needs, over a window.
pub(crate) fn demand_for(c: &Reserve, window: Window, since: Position) -> Demand {
    Demand {
        window,
        nodes: c.nodes.0,
        shape: c.shape,
        part: c.part,
        replaces: false,
        since,
        who: Asker::Asked,
    }
}

/// The pool's plan, or one made now.
pub(crate) fn plan_of(state: &State, calendar: &Calendar, now: Option<Instant>) -> Arc<Plan> {
    let anew = || Arc::new(Plan::build(state, calendar, now, Suppose::default()));
    calendar.plan.clone().unwrap_or_else(anew)
}

pub(crate) fn live(state: &State, id: AllocationId) -> Result<&Allocation, Rejection> {
    let row = state.allocations.get(&id);
    let row = row.ok_or(Rejection::AllocationUnknown { allocation: id })?;
    match row.status {
        AllocationStatus::Live => Ok(row),
        AllocationStatus::Released { .. } => Err(Rejection::ReleasedAlready { allocation: id }),
    }
}

fn release(state: &State, c: &ReleaseAllocation) -> Decision {
    live(state, c.allocation)?;
    Ok(vec![Event::from(AllocationReleased {
        allocation: c.allocation,
        at: c.at,
    })])
}

fn end_reservation(state: &State, c: &EndReservation) -> Decision {
    let (_, row) = held(state, c.reservation)?;
    // Nodes that were kept longer than their count would be sold twice.
    if row.unnamed_from > row.window.from() && c.at < row.unnamed_from {
        return Err(Rejection::EndsBeforeRelease {
            at: c.at,
            released_at: row.unnamed_from,
        });
    }
    let mut events = Vec::with_capacity(2);
    if let Some(allocation) = row.allocation {
        events.push(Event::from(AllocationReleased {
            allocation,
            at: c.at,
        }));
    }
    events.push(Event::from(ReservationEnded {
        reservation: c.reservation,
        at: c.at,
    }));
    Ok(events)
}

fn exercise_option(state: &State, ctx: &Context, c: &ExerciseOption) -> Decision {
    let (_, row) = held(state, c.reservation)?;
    let option = row.option.ok_or(Rejection::NoOption {
        reservation: c.reservation,
    })?;
    options::honourable(state, ctx, (c.reservation, row), option)?;
    Ok(vec![Event::from(OptionExercised {
        reservation: c.reservation,
        option,
    })])
}

fn lapse_option(state: &State, c: &LapseOption) -> Decision {
    let (_, row) = held(state, c.reservation)?;
    if row.option.is_none() {
        return Err(Rejection::NoOption {
            reservation: c.reservation,
        });
    }
    Ok(vec![Event::from(OptionLapsed {
        reservation: c.reservation,
    })])
}

fn set_unavailable(state: &State, c: &SetUnavailable) -> Decision {
    let pool = the_pool(state, c.pool)?;
    let site = c.nodes.site();
    let unknown = |number| Rejection::NodeNotInPool {
        pool: c.pool,
        site,
        number,
    };
    if site != pool.site {
        return Err(unknown(c.nodes.runs()[0].first));
    }
    let slots = pool.calendar.slots.iter();
    let mut known: Vec<Run> = slots.flat_map(|slot| overlap(&c.nodes, slot.run)).collect();
    known.sort_unstable();
    let mut known = known.into_iter().peekable();
    for run in c.nodes.runs() {
        let mut next = run.first;
        while let Some(piece) = known.next_if(|piece| piece.first == next && next < run.end()) {
            next = piece.end();
        }
        if next < run.end() {
            return Err(unknown(next));
        }
    }
    Ok(vec![Event::from(UnavailableSet {
        pool: c.pool,
        nodes: c.nodes.clone(),
        window: c.window,
        why: c.why.clone(),
    })])
}
