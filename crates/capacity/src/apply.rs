//! How events change the calendar.

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_base::{Handle, Instant, NodeCount, NodeSet, PoolId, Recorded, Run, Window};

use crate::calendar::{Calendar, Pin, Pinned, Slot};
use crate::counts::Level;
use crate::options;
use crate::place::{overlap, single};
use crate::quote;
use crate::{
    Allocated, Allocation, AllocationReleased, AllocationStatus, Event, OptionExercised,
    OptionLapsed, Piece, Pool, QuoteStatus, Reservation, ReservationEnded, ReservationStatus,
    Reserved, State, Supply, SupplyMoved, SupplyReceived, SupplyScheduled, Unavailability,
    UnavailableSet,
};

/// Folds one event in. Never refuses.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    let recorded = *recorded;
    let done = match event {
        Event::PoolOpened(e) => {
            state.pool_of.insert((e.site, e.model), e.pool);
            let row = Pool {
                site: e.site,
                model: e.model,
                gpus_per_node: e.gpus_per_node,
                spare_floor: NodeCount::ZERO,
                calendar: Arc::default(),
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
        Event::AllocationReleased(e) => released(state, e),
        Event::ReservationEnded(e) => ended(state, e),
        Event::OptionExercised(e) => option_exercised(state, e),
        Event::OptionLapsed(e) => option_lapsed(state, e),
        Event::UnavailableSet(e) => unavailable_set(state, recorded, e),
        Event::OptionModeSet(e) => options::mode_set(state, e),
        Event::QuoteMade(e) => quote::made(state, recorded, e),
        Event::QuoteTaken(e) => quote::close(state, e.quote, QuoteStatus::Taken),
        Event::QuoteWithdrawn(e) => quote::close(state, e.quote, QuoteStatus::Withdrawn),
        Event::QuoteLapsed(e) => quote::close(state, e.quote, QuoteStatus::Lapsed),
    };
    debug_assert!(
        done.is_some(),
        "a decided event names what exists: {event:?}"
    );
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
        max_leaves: e.max_leaves,
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
    calendar.unnamed.insert((e.window.from(), handle));
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
    let mode = state.pools.get(&pool)?.option_mode();
    let kept_until = row.keeps_until(mode);
    let allocation = Allocation {
        reservation: e.reservation,
        lot: row.lot,
        contract: row.contract,
        pool,
        nodes: Arc::new(e.nodes.clone()),
        window: e.window,
        kept_until,
        status: AllocationStatus::Live,
        recorded,
    };
    let handle = state.allocations.insert(e.allocation, allocation);
    let calendar = state.calendar_mut(pool)?;
    calendar.unnamed.remove(&(unnamed_from, reservation));
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
    let calendar = state.calendar_mut(pool)?;
    let pin = |to| Pin {
        from,
        to,
        what: Pinned::Allocation(handle),
    };
    calendar.pins.remove(&pin(old));
    if until > from {
        calendar.pins.insert(pin(until));
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
    if unnamed_from < until {
        let calendar = state.calendar_mut(pool)?;
        calendar.unnamed.insert((unnamed_from, handle));
    }
    Some(())
}

fn ended(state: &mut State, e: &ReservationEnded) -> Option<()> {
    let handle = state.reservations.handle(&e.reservation)?;
    let row = state.reservations.at_mut(handle)?;
    let (window, option) = (row.window, row.option.take());
    let (nodes, unnamed_from, pool) = (count(row.nodes), row.unnamed_from, row.pool);
    row.status = ReservationStatus::Ended { at: e.at };
    let calendar = state.calendar_mut(pool)?;
    calendar.unnamed.remove(&(unnamed_from, handle));
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
    let handle = state.reservations.handle(&e.reservation)?;
    if let Some(allocation) = allocation {
        let handle = state.allocations.handle(&allocation)?;
        keep_until(state, handle, until)?;
    }
    let calendar = state.calendar_mut(pool)?;
    calendar.counts.change_over(option, Level::option(-nodes));
    if unnamed_from >= until {
        calendar.unnamed.remove(&(unnamed_from, handle));
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
            Pinned::Allocation(_) => None,
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
    let site = nodes.site();
    let pieces = by_window.into_iter().filter_map(|(window, runs)| {
        let nodes = NodeSet::from_runs(site, runs).ok()?;
        Some(Piece { window, nodes })
    });
    Some(pieces.collect())
}
