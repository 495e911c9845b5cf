//! Whether promises can be kept on nodes, not only by count.
//!
//! While every pin begins no later than any unnamed reservation, counting is enough: placing in
//! order of start, a node that is free at a start stays free, so as many fit as are counted.
//! A pin that begins later (planned maintenance, an allocation made in advance) leaves gaps, and
//! a gap may be too short though the count is right. Then a placement is looked for: in order of
//! start, gaps first and the one that closes soonest before the others, then nodes that stay
//! free. Where it finds one, the promises can be kept; where it does not, the promise is refused
//! as fragmented, though a cleverer placement might exist.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use bareboat_base::{Handle, Instant, NodeSet, Run, Window};

use crate::State;
use crate::calendar::{Calendar, Pin, Pinned};

/// Who asks for a placement: reservations already made in the order of their making, then the
/// one that is asked for.
pub(crate) type Asker = Option<Handle>;

/// So many of the same nodes throughout a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    pub window: Window,
    pub nodes: u32,
    /// `None`: the reservation being decided.
    pub who: Asker,
}

/// What a placement supposes beyond the state.
#[derive(Clone, Copy, Default)]
pub(crate) struct Suppose<'a> {
    /// One more demand.
    pub demand: Option<Demand>,
    /// The reservation in this row has nodes: these, over this window.
    pub named: Option<(Handle, &'a NodeSet, Window)>,
}

/// The parts of a set that lie in a run, ascending.
pub(crate) fn overlap(nodes: &NodeSet, run: Run) -> impl Iterator<Item = Run> + '_ {
    let runs = nodes.runs();
    let begin = runs.partition_point(|other| other.end() <= run.first);
    runs[begin..]
        .iter()
        .take_while(move |other| other.first < run.end())
        .map(move |other| {
            let first = other.first.max(run.first);
            Run {
                first,
                count: other.end().min(run.end()) - first,
            }
        })
}

/// Whether counting alone does not tell: some pin begins after some demand that is not over.
pub(crate) fn counting_is_not_enough(
    state: &State,
    calendar: &Calendar,
    now: Instant,
    suppose: Suppose<'_>,
) -> bool {
    let latest = calendar.pins.iter().next_back().map(|pin| pin.from);
    let latest = latest.max(suppose.named.map(|(_, _, window)| window.from()));
    let extra = suppose.demand.map(|demand| demand.window.from());
    let named = suppose.named.map(|(row, _, _)| row);
    let waiting = calendar.unnamed.iter().filter(|(_, row)| {
        let until = state
            .reservations
            .at(*row)
            .map(|(_, row)| row.holds_until());
        Some(*row) != named && until.is_some_and(|until| until > now)
    });
    let earliest = waiting.map(|(from, _)| *from).next();
    let earliest = earliest.into_iter().chain(extra).min();
    latest > earliest && earliest.is_some()
}

/// Nodes with the same busy windows.
struct Bin {
    /// Ascending, apart.
    busy: Vec<(Instant, Instant)>,
    nodes: u32,
}

impl Bin {
    /// When its nodes are busy again, where the window is free and they are.
    fn gap(&self, window: Window) -> Option<&[(Instant, Instant)]> {
        let next = self.busy.partition_point(|(from, _)| *from < window.to());
        let clear = next == 0 || self.busy[next - 1].1 <= window.from();
        let later = &self.busy[next..];
        (clear && !later.is_empty()).then_some(later)
    }
}

/// Nodes that, once free, stay free.
#[derive(Default)]
struct Steady {
    idle: u32,
    returning: BinaryHeap<Reverse<(Instant, u32)>>,
}

impl Steady {
    fn add(&mut self, free_from: Instant, nodes: u32) {
        self.returning.push(Reverse((free_from, nodes)));
    }

    fn come_to(&mut self, now: Instant) {
        while let Some(Reverse((at, nodes))) = self.returning.peek().copied() {
            if at > now {
                break;
            }
            self.returning.pop();
            self.idle += nodes;
        }
    }
}

/// Places all demands of a pool that are not over at `now`; answers with those that found no
/// place, sorted. Demands of live allocations for replacements of nodes out of supply are among
/// them, under their reservation.
pub(crate) fn unplaced(
    state: &State,
    calendar: &Calendar,
    now: Option<Instant>,
    suppose: Suppose<'_>,
) -> BTreeSet<Asker> {
    let demands = demands(state, calendar, now, suppose);
    let Some(start) = demands.first().map(|demand| demand.window.from()) else {
        return BTreeSet::new();
    };
    let mut bins = bins(state, calendar, start, suppose);
    let mut steady = Steady::default();
    let mut left_out = BTreeSet::new();
    for demand in demands {
        let from = demand.window.from();
        bins.retain(|bin| {
            let gaps = bin.nodes > 0 && bin.busy.last().is_some_and(|(begin, _)| *begin > from);
            if !gaps && bin.nodes > 0 {
                steady.add(bin.busy.last().map_or(from, |(_, end)| *end), bin.nodes);
            }
            gaps
        });
        steady.come_to(from);
        if !place(&mut bins, &mut steady, demand) {
            left_out.insert(demand.who);
        }
    }
    left_out
}

/// Places one demand, or leaves everything as it is.
fn place(bins: &mut Vec<Bin>, steady: &mut Steady, demand: Demand) -> bool {
    let window = demand.window;
    let gaps = bins.iter().enumerate();
    let mut gaps: Vec<(&[(Instant, Instant)], usize)> = gaps
        .filter_map(|(index, bin)| Some((bin.gap(window)?, index)))
        .collect();
    let in_gaps: u64 = gaps.iter().map(|(_, i)| u64::from(bins[*i].nodes)).sum();
    if in_gaps + u64::from(steady.idle) < u64::from(demand.nodes) {
        return false;
    }
    // Only what comes later tells bins apart, so that a placement does not depend on what is past.
    gaps.sort_unstable();
    let gaps: Vec<usize> = gaps.into_iter().map(|(_, index)| index).collect();
    let mut needed = demand.nodes;
    for index in gaps {
        if needed == 0 {
            break;
        }
        let taken = needed.min(bins[index].nodes);
        needed -= taken;
        bins[index].nodes -= taken;
        let busy = bins[index].busy.iter().copied();
        let busy = join(busy.chain([(window.from(), window.to())]));
        bins.push(Bin { busy, nodes: taken });
    }
    if needed > 0 {
        steady.idle -= needed;
        steady.add(window.to(), needed);
    }
    true
}

/// The demands not over at `now`, in order of start, then of making.
pub(crate) fn demands(
    state: &State,
    calendar: &Calendar,
    now: Option<Instant>,
    suppose: Suppose<'_>,
) -> Vec<Demand> {
    let named = suppose.named.map(|(row, _, _)| row);
    let mut demands: Vec<Demand> = suppose.demand.into_iter().collect();
    for (from, who) in calendar.unnamed.iter() {
        let Some((_, row)) = state.reservations.at(*who) else {
            continue;
        };
        if let Ok(window) = Window::new(*from, row.holds_until())
            && Some(*who) != named
        {
            demands.push(Demand {
                window,
                nodes: row.nodes.0,
                who: Some(*who),
            });
        }
    }
    replacements(state, calendar, &mut demands);
    demands.retain(|demand| now.is_none_or(|now| demand.window.to() > now));
    demands.sort_by_key(|demand| (demand.window.from(), demand.who.is_none(), demand.who));
    demands
}

/// What live allocations need in place of nodes that are out of supply.
fn replacements(state: &State, calendar: &Calendar, demands: &mut Vec<Demand>) {
    let out = calendar.pins.iter().filter(|pin| {
        let unavailable = matches!(pin.what, Pinned::Unavailable { .. });
        unavailable && pin.from < pin.to
    });
    for out in out {
        let Some(missing) = nodes_of(state, out) else {
            continue;
        };
        for pin in calendar.pins.iter() {
            let (Pinned::Allocation(row) | Pinned::Stay { row, .. }) = pin.what else {
                continue;
            };
            if pin.from >= out.to {
                break;
            }
            let allocation = state.allocations.at(row);
            let (Some((_, allocation)), Some(had)) = (allocation, nodes_of(state, pin)) else {
                continue;
            };
            let both = Window::new(out.from.max(pin.from), out.to.min(pin.to));
            let runs = had.runs().iter();
            let nodes = runs.flat_map(|run| overlap(missing, *run));
            let nodes: u32 = nodes.map(|run| run.count).sum();
            if let Ok(window) = both
                && nodes > 0
            {
                let who = state.reservations.handle(&allocation.reservation);
                demands.push(Demand { window, nodes, who });
            }
        }
    }
}

/// The nodes a pin binds.
pub(crate) fn nodes_of<'a>(state: &'a State, pin: &Pin) -> Option<&'a NodeSet> {
    match pin.what {
        Pinned::Allocation(row) => state.allocations.at(row)?.1.steady.as_deref(),
        Pinned::Stay { row, stay, .. } => {
            let stays = &state.allocations.at(row)?.1.stays;
            Some(&stays.get(stay as usize)?.nodes)
        }
        Pinned::Unavailable { row, piece } => {
            let pieces = &state.unavailabilities.get(&row)?.pieces;
            Some(&pieces.get(piece as usize)?.nodes)
        }
    }
}

/// The pool's nodes from `start` on, those with the same busy windows together.
fn bins(state: &State, calendar: &Calendar, start: Instant, suppose: Suppose<'_>) -> Vec<Bin> {
    let pins = calendar.pins.iter().filter(|pin| pin.to > start);
    let pins = pins.filter_map(|pin| Some((pin.from, pin.to, nodes_of(state, pin)?)));
    let supposed = suppose.named.into_iter();
    let supposed = supposed.map(|(_, nodes, window)| (window.from(), window.to(), nodes));
    // Number at which a run begins or ends; whether it begins; its window. Slots apart.
    let mut edges: Vec<(u32, bool, (Instant, Instant))> = Vec::new();
    for (from, to, nodes) in pins.chain(supposed) {
        for run in nodes.runs() {
            edges.push((run.first, true, (from, to)));
            edges.push((run.end(), false, (from, to)));
        }
    }
    edges.sort_unstable();
    let mut slots: Vec<_> = calendar.slots.iter().collect();
    slots.sort_unstable_by_key(|slot| slot.run.first);
    let mut same: BTreeMap<Vec<(Instant, Instant)>, u32> = BTreeMap::new();
    let mut open: BTreeMap<(Instant, Instant), u32> = BTreeMap::new();
    let mut edges = edges.into_iter().peekable();
    for slot in slots {
        let mut at = slot.run.first;
        while at < slot.run.end() {
            while let Some((_, begins, window)) = edges.next_if(|(number, _, _)| *number <= at) {
                let count = open.entry(window).or_default();
                *count = if begins {
                    *count + 1
                } else {
                    count.saturating_sub(1)
                };
                if *count == 0 {
                    open.remove(&window);
                }
            }
            let next = edges.peek().map_or(u32::MAX, |(number, _, _)| *number);
            let upto = next.min(slot.run.end());
            let arrival = (slot.from > start).then_some((start, slot.from));
            let busy = join(arrival.into_iter().chain(open.keys().copied()));
            *same.entry(busy).or_default() += upto - at;
            at = upto;
        }
    }
    for (from, row) in calendar.owing.iter() {
        let owed = state.supplies.at(*row).map_or(0, |(_, row)| row.owed().0);
        let arrival = (*from > start).then_some((start, *from));
        *same.entry(arrival.into_iter().collect()).or_default() += owed;
    }
    let bins = same.into_iter();
    bins.map(|(busy, nodes)| Bin { busy, nodes }).collect()
}

/// Windows joined where they touch or overlap.
pub(crate) fn join(windows: impl Iterator<Item = (Instant, Instant)>) -> Vec<(Instant, Instant)> {
    let mut joined: Vec<(Instant, Instant)> = Vec::new();
    let mut windows: Vec<_> = windows.collect();
    windows.sort_unstable();
    for window in windows {
        push_joined(&mut joined, window);
    }
    joined
}

/// Adds a window that begins no earlier than the others.
pub(crate) fn push_joined(joined: &mut Vec<(Instant, Instant)>, (from, to): (Instant, Instant)) {
    match joined.last_mut() {
        Some(last) if from <= last.1 => last.1 = last.1.max(to),
        _ => joined.push((from, to)),
    }
}

/// One node.
pub(crate) fn single(first: u32) -> Run {
    Run { first, count: 1 }
}
