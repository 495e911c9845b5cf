//! Whether promises can be kept on nodes, not only by count, and what is promised.
//!
//! While every pin begins no later than any unnamed reservation, counting is enough: placing in
//! order of start, a node that is free at a start stays free, so as many fit as are counted.
//! A pin that begins later (planned maintenance, an allocation made in advance) leaves gaps, and
//! a gap may be too short though the count is right; nor does a count know of leaves. Then a
//! placement is looked for ([`crate::plan`]).

use serde::{Deserialize, Serialize};

use bareboat_base::{Handle, Instant, LotId, NodeSet, Position, Run, Shape, Window};

use crate::calendar::{Calendar, Pin, Pinned};
use crate::{OptionMode, Part, Reservation, State};

/// Who asks for a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Asker {
    /// The reservation in the row.
    Reservation(Handle),
    /// A hold of the quote in the row.
    Hold(Handle, u32),
    /// The reservation being decided.
    Asked,
}

impl Asker {
    pub fn reservation(self) -> Option<Handle> {
        match self {
            Self::Reservation(row) => Some(row),
            Self::Hold(..) | Self::Asked => None,
        }
    }
}

/// So many of the same nodes throughout a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Demand {
    pub window: Window,
    pub nodes: u32,
    /// How the nodes lie in the fabric.
    pub shape: Shape,
    /// Set when it is one delivery of several of a lot.
    pub part: Option<Part>,
    /// For nodes of a live allocation that are out of supply; else for a reservation's own.
    pub replaces: bool,
    /// Its place among those that begin together.
    pub since: Position,
    pub who: Asker,
}

impl Demand {
    /// The lot whose deliveries its shape binds together.
    pub fn kin(&self) -> Option<LotId> {
        let part = self.part.filter(|_| !self.shape.is_any());
        part.map(|part| part.of)
    }

    /// What a reservation without names needs; `None` when it holds nothing more.
    pub fn of(who: Handle, row: &Reservation, mode: OptionMode) -> Option<Self> {
        Some(Self {
            window: Window::new(row.unnamed_from, row.keeps_until(mode)).ok()?,
            nodes: row.nodes.0,
            shape: row.shape,
            part: row.part,
            replaces: false,
            since: row.since,
            who: Asker::Reservation(who),
        })
    }
}

/// What a placement supposes beyond the state.
#[derive(Clone, Copy, Default)]
pub(crate) struct Suppose<'a> {
    /// One more demand.
    pub demand: Option<Demand>,
    /// The reservation in this row has nodes: these, over this window.
    pub named: Option<(Handle, &'a NodeSet, Window)>,
    /// Quotes hold nothing.
    pub firm_only: bool,
}

impl Suppose<'_> {
    /// Nothing but that quotes hold nothing.
    pub const FIRM: Self = Self {
        demand: None,
        named: None,
        firm_only: true,
    };
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

/// Whether counting alone does not tell: some pin begins after some demand that is not over, or
/// some demand has a shape.
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
    let waiting = calendar.unnamed.iter().filter_map(|(from, handle)| {
        let (_, row) = state.reservations.at(*handle)?;
        (Some(*handle) != named && row.keeps_until(calendar.options) > now).then_some((from, row))
    });
    let shape = suppose.demand.is_some_and(|demand| !demand.shape.is_any());
    let mut soft = holds(state, calendar, suppose).filter(|hold| hold.window.to() > now);
    if shape || calendar.shaped > 0 {
        let promised = waiting.clone().map(|(_, row)| row.shape);
        let held = holds(state, calendar, suppose).map(|hold| hold.shape);
        if shape || promised.chain(held).any(|shape| !shape.is_any()) {
            return true;
        }
    }
    let earliest = waiting.map(|(from, _)| *from).next();
    let soft = soft.next().map(|hold| hold.window.from());
    let earliest = earliest.into_iter().chain(soft).chain(extra).min();
    latest > earliest && earliest.is_some()
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
    for (_, who) in calendar.unnamed.iter() {
        let row = state.reservations.at(*who).filter(|_| Some(*who) != named);
        demands.extend(row.and_then(|(_, row)| Demand::of(*who, row, calendar.options)));
    }
    demands.extend(holds(state, calendar, suppose));
    replacements(state, calendar, now, &mut demands);
    demands.retain(|demand| now.is_none_or(|now| demand.window.to() > now));
    demands.sort_by_key(|demand| (demand.window.from(), demand.since, demand.who));
    demands
}

/// What quotes hold, in order of start.
fn holds<'a>(
    state: &'a State,
    calendar: &'a Calendar,
    suppose: Suppose<'_>,
) -> impl Iterator<Item = Demand> + 'a {
    let soft = calendar.soft.iter().filter(move |_| !suppose.firm_only);
    soft.filter_map(|(_, quote, index)| hold_demand(state, calendar, *quote, *index))
}

/// What a reservation without names, or a hold of a quote, needs.
pub(crate) fn demand_of(state: &State, calendar: &Calendar, who: Asker) -> Option<Demand> {
    match who {
        Asker::Reservation(row) => {
            let (_, reservation) = state.reservations.at(row)?;
            Demand::of(row, reservation, calendar.options)
        }
        Asker::Hold(quote, index) => hold_demand(state, calendar, quote, index),
        Asker::Asked => None,
    }
}

/// What one hold of a quote needs.
pub(crate) fn hold_demand(
    state: &State,
    calendar: &Calendar,
    quote: Handle,
    index: u32,
) -> Option<Demand> {
    let (_, row) = state.quotes.at(quote)?;
    let hold = row.holds.get(index as usize)?;
    Some(Demand {
        window: hold.keeps(calendar.options),
        nodes: hold.nodes.0,
        shape: hold.shape,
        part: hold.part,
        replaces: false,
        since: row.recorded.position,
        who: Asker::Hold(quote, index),
    })
}

/// What live allocations need in place of nodes that are out of supply.
fn replacements(
    state: &State,
    calendar: &Calendar,
    now: Option<Instant>,
    demands: &mut Vec<Demand>,
) {
    let out = calendar.pins.iter().filter(|pin| {
        let unavailable = matches!(pin.what, Pinned::Unavailable { .. });
        unavailable && pin.from < pin.to && now.is_none_or(|now| pin.to > now)
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
            let both = Window::new(out.from.max(pin.from), out.to.min(pin.to));
            let Ok(window) = both else {
                continue;
            };
            let allocation = state.allocations.at(row);
            let (Some((_, allocation)), Some(had)) = (allocation, nodes_of(state, pin)) else {
                continue;
            };
            let runs = had.runs().iter();
            let nodes = runs.flat_map(|run| overlap(missing, *run));
            let nodes: u32 = nodes.map(|run| run.count).sum();
            if nodes > 0 {
                let Some(who) = state.reservations.handle(&allocation.reservation) else {
                    continue;
                };
                let since = state.reservations.at(who);
                demands.push(Demand {
                    window,
                    nodes,
                    shape: Shape::ANY,
                    part: None,
                    replaces: true,
                    since: since.map_or(Position::default(), |(_, row)| row.since),
                    who: Asker::Reservation(who),
                });
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
