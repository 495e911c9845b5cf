//! How events change the calendar.

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_base::{Handle, Instant, NodeCount, NodeSet, PoolId, Recorded, Run, Shape, Window};

use crate::ahead;
use crate::block;
use crate::calendar::{Calendar, Pin, Pinned, Slot};
use crate::counts::Level;
use crate::options;
use crate::outage;
use crate::place::{Asker, Demand, Suppose, counting_is_not_enough, hold_demand, overlap, single};
use crate::plan::{Laid, Plan};
use crate::quote;
use crate::replace::move_stays;
use crate::{
    Allocated, Allocation, AllocationReleased, AllocationStatus, Event, OptionExercised,
    OptionLapsed, Piece, Pool, QuoteStatus, Reservation, ReservationEnded, ReservationStatus,
    Reserved, State, Supply, SupplyMoved, SupplyReceived, SupplyScheduled, Unavailability,
    UnavailableSet,
};

/// Folds one event in. Never refuses.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    let recorded = *recorded;
    state.latest = state.latest.max(Some(recorded.at));
    match event {
        Event::Allocated(e) => plan_before_names(state, recorded.at, e),
        Event::Reserved(e) => plan_before_demand(state, recorded, e.pool, e.window.from(), e.shape),
        Event::QuoteMade(e) => e.holds.iter().try_for_each(|hold| {
            let from = hold.window.from();
            plan_before_demand(state, recorded, hold.pool, from, hold.shape)
        }),
        _ => None,
    };
    let done = match event {
        Event::PoolOpened(e) => {
            state.pool_of.insert((e.site, e.model), e.pool);
            let row = Pool {
                site: e.site,
                model: e.model,
                gpus_per_node: e.gpus_per_node,
                spare_floor: NodeCount::ZERO,
                pin_ahead: None,
                calendar: Arc::new(Calendar {
                    nodes_per_domain: e.nodes_per_domain,
                    ..Calendar::default()
                }),
                recorded,
            };
            state.pools.insert(e.pool, row);
            Some(())
        }
        Event::SupplyScheduled(e) => supply_scheduled(state, recorded, e),
        Event::SupplyMoved(e) => supply_moved(state, e),
        Event::SupplyReceived(e) => supply_received(state, e),
        Event::SpareFloorSet(e) => {
            let pool = state.pools.get_mut(&e.pool);
            pool.map(|pool| pool.spare_floor = e.nodes)
        }
        Event::Reserved(e) => reserved(state, recorded, e),
        Event::Allocated(e) => allocated(state, recorded, e),
        Event::AllocationReleased(e) => {
            released(state, e).and_then(|()| block::allocation_released(state, e))
        }
        Event::NodeReplaced(e) => crate::replace::apply(state, recorded, e)
            .and_then(|()| block::node_replaced(state, recorded, e)),
        Event::ReservationEnded(e) => ended(state, e),
        Event::OptionExercised(e) => option_exercised(state, e),
        Event::OptionLapsed(e) => option_lapsed(state, e),
        Event::UnavailableSet(e) => unavailable_set(state, recorded, e),
        Event::UnavailabilityEnded(e) => outage::apply(state, e),
        Event::PinAheadSet(e) => ahead::ahead_set(state, recorded, e),
        Event::HandoverSet(e) => ahead::handover_set(state, e),
        Event::OptionModeSet(e) => options::mode_set(state, e),
        Event::QuoteMade(e) => quote::made(state, recorded, e),
        Event::QuoteTaken(e) => quote::close(state, e.quote, QuoteStatus::Taken),
        Event::QuoteWithdrawn(e) => quote::close(state, e.quote, QuoteStatus::Withdrawn),
        Event::QuoteLapsed(e) => quote::close(state, e.quote, QuoteStatus::Lapsed),
        Event::BlockAllocated(e) => block::allocated(state, recorded, e),
        Event::BlockReleased(e) => block::released(state, e),
    };
    replan(state, recorded.at, event);
    debug_assert!(
        done.is_some(),
        "a decided event names what exists: {event:?}"
    );
}

/// Names that leave gaps are chosen by a plan of what was promised before them: it is made before
/// they are folded in.
fn plan_before_names(state: &mut State, now: Instant, e: &Allocated) -> Option<()> {
    let handle = state.reservations.handle(&e.reservation)?;
    let row = state.reservations.get(&e.reservation)?;
    let (pool, until) = (row.pool, row.holds_until());
    let kept = Window::new(e.window.from(), until).ok()?;
    let calendar = Arc::clone(&state.pools.get(&pool)?.calendar);
    let named = Suppose {
        named: Some((handle, &e.nodes, kept)),
        ..Suppose::default()
    };
    if calendar.plan.is_none() && counting_is_not_enough(state, &calendar, now, named) {
        let plan = Plan::build(state, &calendar, Some(now), Suppose::default());
        drop(calendar);
        state.calendar_mut(pool)?.plan = Some(Arc::new(plan));
    }
    Some(())
}

/// What is promised was fitted in between the others: it is again, where there is no plan yet.
fn plan_before_demand(
    state: &mut State,
    recorded: Recorded,
    pool: PoolId,
    from: Instant,
    shape: Shape,
) -> Option<()> {
    let calendar = Arc::clone(&state.pools.get(&pool)?.calendar);
    let latest = calendar.pins.iter().next_back().map(|pin| pin.from);
    let counting = shape.is_any() && latest <= Some(from);
    if calendar.plan.is_none() && !counting {
        let now = Some(recorded.at.min(from));
        let plan = Plan::build(state, &calendar, now, Suppose::default());
        drop(calendar);
        state.calendar_mut(pool)?.plan = Some(Arc::new(plan));
    }
    Some(())
}

/// Whether nodes come, or come at another time.
fn changes_supply(event: &Event) -> bool {
    matches!(
        event,
        Event::SupplyScheduled(_) | Event::SupplyMoved(_) | Event::SupplyReceived(_)
    )
}

/// Keeps the plans of the pools that an event is about true: there is one while counting is not
/// enough.
fn replan(state: &mut State, now: Instant, event: &Event) -> Option<()> {
    for pool in pools_of(state, event) {
        if changes_supply(event) {
            let laid = Laid::new(state, &state.pools.get(&pool)?.calendar);
            state.calendar_mut(pool)?.laid = Some(Arc::new(laid));
        }
        let calendar = Arc::clone(&state.pools.get(&pool)?.calendar);
        let plan = counting_is_not_enough(state, &calendar, now, Suppose::default())
            .then(|| Arc::new(next_plan(state, (pool, &calendar), now, event)));
        if plan.is_some() || calendar.plan.is_some() {
            drop(calendar);
            state.calendar_mut(pool)?.plan = plan;
        }
    }
    Some(())
}

fn next_plan(
    state: &State,
    (pool, calendar): (PoolId, &Calendar),
    now: Instant,
    event: &Event,
) -> Plan {
    // What these are refused for is judged by the same steps.
    let now = match event {
        Event::Reserved(e) => now.min(e.window.from()),
        _ => now,
    };
    let old = calendar
        .plan
        .as_deref()
        .map(Plan::left_out)
        .unwrap_or_default();
    let anew = || Plan::anew(state, calendar, now, &old);
    let mended = |plan: &Plan| plan.mended(state, calendar, now);
    let Some(plan) = calendar.plan.as_deref() else {
        return anew();
    };
    let mut next = plan.clone();
    let who = |id| state.reservations.handle(id).map(Asker::Reservation);
    let add = |next: &mut Plan, demand| {
        let with = next.with(state, calendar, demand);
        with.map(|with| *next = with).is_ok()
    };
    let fits = match event {
        Event::Reserved(e) => {
            let handle = state.reservations.handle(&e.reservation);
            let row = state.reservations.get(&e.reservation);
            let demand = handle
                .zip(row)
                .and_then(|(who, row)| Demand::of(who, row, calendar.options));
            demand.is_none_or(|demand| add(&mut next, demand))
        }
        Event::QuoteMade(e) => {
            let quote = state.quotes.handle(&e.quote);
            let mut holds = quote.into_iter().flat_map(|quote| {
                let holds = (0..).zip(&e.holds);
                let here = holds.filter(|(_, hold)| hold.pool == pool);
                here.filter_map(move |(index, _)| hold_demand(state, calendar, quote, index))
            });
            holds.all(|hold| add(&mut next, hold))
        }
        Event::Allocated(e) => {
            let kept = state.allocations.get(&e.allocation);
            let kept = kept.and_then(|row| Window::new(e.window.from(), row.kept_until).ok());
            let done = who(&e.reservation).zip(kept);
            let shape = state.reservations.get(&e.reservation).map(|row| row.shape);
            let shape = shape.unwrap_or_default();
            if !done.is_some_and(|(who, kept)| next.named(who, &e.nodes, kept, &shape)) {
                let (anew, mended) = (anew(), mended(plan));
                return if mended.worth(&old) < anew.worth(&old) {
                    mended
                } else {
                    anew
                };
            }
            true
        }
        Event::ReservationEnded(e) => {
            return match who(&e.reservation) {
                Some(who) if next.ended(who) => next,
                _ => mended(plan),
            };
        }
        // Their holds went with them.
        Event::QuoteTaken(_) | Event::QuoteWithdrawn(_) | Event::QuoteLapsed(_)
            if plan.unplaced().is_empty() =>
        {
            true
        }
        Event::SpareFloorSet(_) => true,
        _ => return mended(plan),
    };
    if fits { next } else { anew() }
}

/// The pools that an event is about.
fn pools_of(state: &State, event: &Event) -> Vec<PoolId> {
    let of = |id| state.reservations.get(id).map(|row| row.pool);
    let held = |id| {
        let quote = state.quotes.get(id);
        let holds = quote.into_iter().flat_map(|quote| &quote.holds);
        let mut pools: Vec<PoolId> = holds.map(|hold| hold.pool).collect();
        pools.sort_unstable();
        pools.dedup();
        pools
    };
    let one = match event {
        Event::PoolOpened(e) => Some(e.pool),
        Event::SupplyScheduled(e) => Some(e.pool),
        Event::SupplyMoved(e) => state.supplies.get(&e.tranche).map(|row| row.pool),
        Event::SupplyReceived(e) => Some(e.pool),
        Event::SpareFloorSet(e) => Some(e.pool),
        Event::OptionModeSet(e) => Some(e.pool),
        Event::Reserved(e) => Some(e.pool),
        Event::Allocated(e) => of(&e.reservation),
        Event::AllocationReleased(e) => state.allocations.get(&e.allocation).map(|row| row.pool),
        Event::ReservationEnded(e) => of(&e.reservation),
        Event::OptionExercised(e) => of(&e.reservation),
        Event::OptionLapsed(e) => of(&e.reservation),
        Event::UnavailableSet(e) => Some(e.pool),
        Event::UnavailabilityEnded(e) => Some(e.pool),
        // They change nothing that is placed.
        Event::PinAheadSet(_) | Event::HandoverSet(_) => None,
        Event::NodeReplaced(e) => state.allocations.get(&e.allocation).map(|row| row.pool),
        // Blocks change nothing that is counted or placed.
        Event::BlockAllocated(_) | Event::BlockReleased(_) => None,
        Event::QuoteMade(e) => return held(&e.quote),
        Event::QuoteTaken(e) => return held(&e.quote),
        Event::QuoteWithdrawn(e) => return held(&e.quote),
        Event::QuoteLapsed(e) => return held(&e.quote),
    };
    one.into_iter().collect()
}

fn count(nodes: NodeCount) -> i64 {
    i64::from(nodes.0)
}

impl State {
    pub(crate) fn calendar_mut(&mut self, pool: PoolId) -> Option<&mut Calendar> {
        let pool = self.pools.get_mut(&pool)?;
        Some(Arc::make_mut(&mut pool.calendar))
    }
}

fn supply_scheduled(state: &mut State, recorded: Recorded, e: &SupplyScheduled) -> Option<()> {
    let row = Supply {
        pool: e.pool,
        nodes: e.nodes,
        from: e.from,
        received: NodeCount::ZERO,
        recorded,
    };
    let handle = state.supplies.insert(e.tranche, row);
    let calendar = state.calendar_mut(e.pool)?;
    calendar.owing.insert((e.from, handle));
    calendar
        .counts
        .change(e.from, Level::installed(count(e.nodes)));
    Some(())
}

fn supply_moved(state: &mut State, e: &SupplyMoved) -> Option<()> {
    let handle = state.supplies.handle(&e.tranche)?;
    let supply = state.supplies.at_mut(handle)?;
    let (old, owed, pool) = (supply.from, count(supply.owed()), supply.pool);
    supply.from = e.from;
    let calendar = state.calendar_mut(pool)?;
    calendar.counts.change(old, Level::installed(-owed));
    calendar.counts.change(e.from, Level::installed(owed));
    if owed > 0 {
        calendar.owing.remove(&(old, handle));
        calendar.owing.insert((e.from, handle));
    }
    Some(())
}

fn supply_received(state: &mut State, e: &SupplyReceived) -> Option<()> {
    let nodes: u32 = e.nodes.iter().map(|placed| placed.run.count).sum();
    let handle = state.supplies.handle(&e.tranche)?;
    let supply = state.supplies.at_mut(handle)?;
    supply.received = NodeCount(supply.received.0.saturating_add(nodes));
    let (from, complete) = (supply.from, supply.owed() == NodeCount::ZERO);
    let calendar = state.calendar_mut(e.pool)?;
    calendar
        .counts
        .change(from, Level::installed(-i64::from(nodes)));
    calendar
        .counts
        .change(e.at, Level::installed(i64::from(nodes)));
    if complete {
        calendar.owing.remove(&(from, handle));
    }
    let slots = Arc::make_mut(&mut calendar.slots);
    slots.extend(e.nodes.iter().map(|placed| Slot {
        spine_group: placed.spine_group,
        hall: placed.hall,
        leaf: placed.leaf,
        nvlink_domain: placed.nvlink_domain,
        run: placed.run,
        from: e.at,
    }));
    // Two sorted stretches: the sort finds and merges them.
    slots.sort();
    Some(())
}

fn reserved(state: &mut State, recorded: Recorded, e: &Reserved) -> Option<()> {
    let row = Reservation {
        lot: e.lot,
        contract: e.contract,
        pool: e.pool,
        nodes: e.nodes,
        window: e.window,
        shape: e.shape,
        part: e.part,
        option: e.option,
        status: ReservationStatus::Held,
        allocation: None,
        unnamed_from: e.window.from(),
        since: quote::since(state, e.contract, recorded.position),
        recorded,
    };
    let handle = state.reservations.insert(e.reservation, row);
    match state.of_lot.get_mut(&e.lot) {
        Some(reservations) => reservations.push(e.reservation),
        None => {
            state.of_lot.insert(e.lot, vec![e.reservation]);
        }
    }
    let calendar = state.calendar_mut(e.pool)?;
    calendar.wait(e.window.from(), handle, e.shape);
    if e.part.is_some() && !e.shape.is_any() {
        calendar.parts.insert(handle);
    }
    calendar
        .counts
        .change_over(e.window, Level::firm(count(e.nodes)));
    if let Some(option) = e.option {
        calendar
            .counts
            .change_over(option, Level::option(count(e.nodes)));
    }
    Some(())
}

fn allocated(state: &mut State, recorded: Recorded, e: &Allocated) -> Option<()> {
    let reservation = state.reservations.handle(&e.reservation)?;
    let row = state.reservations.at_mut(reservation)?;
    row.allocation = Some(e.allocation);
    let (unnamed_from, pool) = (row.unnamed_from, row.pool);
    let shape = row.shape;
    let nodes = Arc::new(e.nodes.clone());
    let mode = state.pools.get(&pool)?.option_mode();
    let row = state.reservations.at_mut(reservation)?;
    let kept_until = row.keeps_until(mode);
    let allocation = Allocation {
        reservation: e.reservation,
        lot: row.lot,
        contract: row.contract,
        pool,
        nodes: Arc::clone(&nodes),
        steady: Some(nodes),
        stays: Arc::default(),
        replaced: Arc::default(),
        window: e.window,
        kept_until,
        awaited: false,
        status: AllocationStatus::Live,
        recorded,
    };
    let handle = state.allocations.insert(e.allocation, allocation);
    let calendar = state.calendar_mut(pool)?;
    calendar.wait_no_longer(unnamed_from, reservation, shape);
    calendar.pins.insert(Pin {
        from: e.window.from(),
        to: kept_until,
        what: Pinned::Allocation(handle),
    });
    Some(())
}

/// Moves the end of what an allocation keeps; an end at or before its beginning keeps nothing.
pub(crate) fn keep_until(state: &mut State, handle: Handle, until: Instant) -> Option<()> {
    let row = state.allocations.at_mut(handle)?;
    let (from, old, pool) = (row.window.from(), row.kept_until, row.pool);
    row.kept_until = until;
    let (steady, stays) = (row.steady.is_some(), move_stays(row, handle, (old, until)));
    let calendar = state.calendar_mut(pool)?;
    let pin = |to| Pin {
        from,
        to,
        what: Pinned::Allocation(handle),
    };
    calendar.pins.remove(&pin(old));
    if until > from && steady {
        calendar.pins.insert(pin(until));
    }
    for (old, new) in stays {
        calendar.pins.remove(&old);
        if let Some(new) = new {
            calendar.pins.insert(new);
        }
    }
    Some(())
}

fn released(state: &mut State, e: &AllocationReleased) -> Option<()> {
    let handle = state.allocations.handle(&e.allocation)?;
    let row = state.allocations.at_mut(handle)?;
    row.status = AllocationStatus::Released { at: e.at };
    let (reservation, from, kept) = (row.reservation, row.window.from(), row.kept_until);
    if let Ok(window) = Window::new(from, row.window.to().min(e.at)) {
        row.window = window;
    }
    keep_until(state, handle, kept.min(e.at))?;
    let handle = state.reservations.handle(&reservation)?;
    let row = state.reservations.at_mut(handle)?;
    row.allocation = None;
    // A release before the beginning leaves all of it unnamed, as it was.
    if e.at > from {
        row.unnamed_from = e.at;
    }
    let (unnamed_from, until, pool) = (row.unnamed_from, row.holds_until(), row.pool);
    let shape = row.shape;
    if unnamed_from < until {
        let calendar = state.calendar_mut(pool)?;
        calendar.wait(unnamed_from, handle, shape);
    }
    Some(())
}

fn ended(state: &mut State, e: &ReservationEnded) -> Option<()> {
    let handle = state.reservations.handle(&e.reservation)?;
    let row = state.reservations.at_mut(handle)?;
    let (window, option) = (row.window, row.option.take());
    let (nodes, unnamed_from, pool) = (count(row.nodes), row.unnamed_from, row.pool);
    let shape = row.shape;
    row.status = ReservationStatus::Ended { at: e.at };
    let calendar = state.calendar_mut(pool)?;
    calendar.parts.remove(&handle);
    calendar.wait_no_longer(unnamed_from, handle, shape);
    if let Ok(rest) = Window::new(window.from().max(e.at), window.to()) {
        calendar.counts.change_over(rest, Level::firm(-nodes));
    }
    if let Some(option) = option {
        calendar.counts.change_over(option, Level::option(-nodes));
    }
    Some(())
}

fn option_exercised(state: &mut State, e: &OptionExercised) -> Option<()> {
    let row = state.reservations.get_mut(&e.reservation)?;
    row.option = None;
    row.window = Window::new(row.window.from(), e.option.to()).ok()?;
    let (nodes, allocation, pool) = (count(row.nodes), row.allocation, row.pool);
    if let Some(allocation) = allocation {
        let row = state.allocations.get_mut(&allocation)?;
        row.window = Window::new(row.window.from(), e.option.to()).ok()?;
        let handle = state.allocations.handle(&allocation)?;
        keep_until(state, handle, e.option.to())?;
    }
    let calendar = state.calendar_mut(pool)?;
    let change = Level {
        firm: nodes,
        option: -nodes,
        ..Level::default()
    };
    calendar.counts.change_over(e.option, change);
    Some(())
}

fn option_lapsed(state: &mut State, e: &OptionLapsed) -> Option<()> {
    let row = state.reservations.get_mut(&e.reservation)?;
    let (nodes, option, until) = (count(row.nodes), row.option.take()?, row.window.to());
    let (pool, allocation, unnamed_from) = (row.pool, row.allocation, row.unnamed_from);
    let shape = row.shape;
    let handle = state.reservations.handle(&e.reservation)?;
    if let Some(allocation) = allocation {
        let handle = state.allocations.handle(&allocation)?;
        keep_until(state, handle, until)?;
    }
    let calendar = state.calendar_mut(pool)?;
    calendar.counts.change_over(option, Level::option(-nodes));
    if unnamed_from >= until {
        calendar.wait_no_longer(unnamed_from, handle, shape);
    }
    Some(())
}

fn unavailable_set(state: &mut State, recorded: Recorded, e: &UnavailableSet) -> Option<()> {
    let row = u32::try_from(state.unavailabilities.len()).ok()?;
    let pieces = new_pieces(state, e.pool, &e.nodes, e.window)?;
    let calendar = state.calendar_mut(e.pool)?;
    for (piece, Piece { window, nodes }) in (0..).zip(&pieces) {
        calendar
            .counts
            .change_over(*window, Level::unavailable(count(nodes.count())));
        calendar.pins.insert(Pin {
            from: window.from(),
            to: window.to(),
            what: Pinned::Unavailable { row, piece },
        });
    }
    let value = Unavailability {
        pool: e.pool,
        nodes: Arc::new(e.nodes.clone()),
        window: e.window,
        why: e.why.clone(),
        back: Arc::default(),
        pieces: Arc::new(pieces),
        recorded,
    };
    state.unavailabilities.insert(row, value);
    Some(())
}

/// What of a window newly takes nodes out of supply: each node from when it is installed, less
/// what earlier windows took. Nodes with the same windows stand together.
fn new_pieces(state: &State, pool: PoolId, nodes: &NodeSet, window: Window) -> Option<Vec<Piece>> {
    let calendar = &state.pools.get(&pool)?.calendar;
    // Most pins lie elsewhere in time: they are passed over before anything is looked up.
    let near = calendar
        .pins
        .iter()
        .take_while(|pin| pin.from < window.to())
        .filter(|pin| window.from() < pin.to);
    let taken: Vec<(Window, Arc<Vec<Piece>>, usize)> = near
        .filter_map(|pin| match pin.what {
            Pinned::Unavailable { row, piece } => {
                let pieces = Arc::clone(&state.unavailabilities.get(&row)?.pieces);
                Some((Window::new(pin.from, pin.to).ok()?, pieces, piece as usize))
            }
            Pinned::Allocation(_) | Pinned::Stay { .. } => None,
        })
        .collect();
    let mut by_window: BTreeMap<Window, Vec<Run>> = BTreeMap::new();
    for slot in calendar.slots.iter() {
        let Ok(window) = Window::new(window.from().max(slot.from), window.to()) else {
            continue;
        };
        for number in overlap(nodes, slot.run).flat_map(|run| run.first..run.end()) {
            let mut free_from = Some(window.from());
            // The pins come in order of their beginning, and those of one node do not overlap.
            for (busy, pieces, piece) in &taken {
                let Some(from) = free_from else { break };
                if !busy.overlaps(window) || !pieces[*piece].nodes.contains(number) {
                    continue;
                }
                if let Ok(gap) = Window::new(from, busy.from()) {
                    by_window.entry(gap).or_default().push(single(number));
                }
                free_from = Some(from.max(busy.to())).filter(|from| *from < window.to());
            }
            if let Some(rest) = free_from.and_then(|from| Window::new(from, window.to()).ok()) {
                by_window.entry(rest).or_default().push(single(number));
            }
        }
    }
    Some(outage::pieces(nodes.site(), by_window))
}
