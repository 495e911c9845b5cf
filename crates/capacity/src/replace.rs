//! A failed node of a live allocation, and the spare that takes its place.
//!
//! The spare is one that no pin binds to the end of what the allocation keeps: at the same leaf,
//! then in the spine group, then in the hall, since beyond it another fabric begins. Of equals one
//! that no other lot would get as things stand, and of those the first in the fabric. (The whole pool's intervals are looked at; `docs/benchmarks.md` says how
//! long that takes.)
//!
//! The pool's counts do not change: the failed node is no longer the lot's,
//! and out of supply for as long as an unavailability says so. Spares are what the floor keeps.

use std::sync::Arc;

use bareboat_base::{Context, Instant, NodeCount, NodeSet, Recorded, Run, Window};

use crate::calendar::{Calendar, Pin, Pinned, Slot};
use crate::choose::{free_throughout, without};
use crate::decide::{live, the_pool};
use crate::faults::Nearness;
use crate::place::{Suppose, counting_is_not_enough, single};
use crate::plan::{Plan, lie_as_asked};
use crate::{Allocation, Event, NodeReplaced, Rejection, ReplaceNode, Replaced, State, Stay};

/// Spares that are tried, the nearest first, where one would break another promise.
const TRIED: usize = 32;

pub(crate) fn decide(
    state: &State,
    ctx: &Context,
    c: &ReplaceNode,
) -> Result<Vec<Event>, Rejection> {
    let row = live(state, c.allocation)?;
    let pool = the_pool(state, row.pool)?;
    let calendar: &Calendar = &pool.calendar;
    if !row.nodes.contains(c.node) {
        return Err(Rejection::NodeNotAllocated {
            allocation: c.allocation,
            number: c.node,
        });
    }
    let stay = row.stay_of(c.node).map(|(_, stay)| stay.from);
    let had = Window::new(stay.unwrap_or(row.window.from()), row.window.to());
    let had = had.unwrap_or(row.window);
    let outside = Rejection::OutsideWindow {
        at: c.at,
        window: had,
    };
    let kept = Window::new(c.at, row.kept_until).map_err(|_| outside.clone())?;
    let slot = calendar.slots.iter().find(|slot| has(slot, c.node));
    let (true, Some(slot)) = (had.contains(c.at), slot) else {
        return Err(outside);
    };
    let exclude = c.exclude.as_ref();
    let exclude = exclude.filter(|nodes| nodes.site() == pool.site);
    let free = without(&free_throughout(state, calendar, kept), exclude);
    // One that the plan gave nobody breaks nothing; to move another's place takes a plan anew.
    let plan = calendar.plan.as_deref();
    let given = |number: u32| {
        let one = NodeSet::from_numbers(pool.site, [number]);
        plan.is_some_and(|plan| one.is_ok_and(|one| !plan.has_free(&one, kept)))
    };
    let nearest = [Nearness::Leaf, Nearness::SpineGroup, Nearness::Hall];
    let nearest = nearest
        .into_iter()
        .flat_map(|near| [(near, false), (near, true)]);
    let nearest = nearest.flat_map(|(near, moves)| {
        let slots = calendar.slots.iter();
        let slots = slots.filter(move |other| nearness(slot, other) == Some(near));
        let numbers = slots.flat_map(|slot| free.numbers(slot.run));
        let numbers = numbers.filter(move |number| given(*number) == moves);
        numbers.map(move |number| (number, near))
    });
    let reservation = state.reservations.get(&row.reservation);
    let mut before = None;
    let mut found = 0;
    for (spare, near) in nearest.take(TRIED) {
        found += 1;
        let event = NodeReplaced {
            allocation: c.allocation,
            node: c.node,
            spare,
            near,
            at: c.at,
        };
        let lies = reservation.is_some_and(|reservation| {
            let nodes = swapped(&row.nodes, c.node, spare);
            nodes.is_some_and(|nodes| lie_as_asked(state, calendar, reservation, &nodes))
        });
        if lies && keeps(state, ctx, &event, kept, &mut before) {
            return Ok(vec![Event::from(event)]);
        }
    }
    Err(Rejection::NoSpare {
        pool: row.pool,
        number: c.node,
        at: c.at,
        tried: NodeCount(found),
    })
}

/// Whether all that could be placed before can be placed with this spare gone.
fn keeps(
    state: &State,
    ctx: &Context,
    event: &NodeReplaced,
    kept: Window,
    before: &mut Option<std::collections::BTreeSet<crate::place::Asker>>,
) -> bool {
    let Some(row) = state.allocations.get(&event.allocation) else {
        return false;
    };
    let Some(pool) = state.pools.get(&row.pool) else {
        return false;
    };
    let now = ctx.recorded_at.min(kept.from());
    let recorded = Recorded {
        position: crate::decide::NEWEST,
        at: ctx.recorded_at,
        by: ctx.actor,
    };
    let named = NodeSet::from_numbers(pool.site, [event.spare]).ok();
    let handle = state.reservations.handle(&row.reservation);
    let (Some(named), Some(handle)) = (named, handle) else {
        return false;
    };
    let suppose = Suppose {
        named: Some((handle, &named, kept)),
        ..Suppose::default()
    };
    let calendar = &pool.calendar;
    if !counting_is_not_enough(state, calendar, now, suppose) {
        return true;
    }
    // What the plan gave nobody breaks nothing.
    let plan = calendar.plan.as_deref();
    let alone = state.reservations.get(&row.reservation);
    let alone = alone.is_some_and(|row| row.part.is_none() || row.shape.is_any());
    if alone && plan.is_some_and(|plan| plan.has_free(&named, kept)) {
        return true;
    }
    let before = before.get_or_insert_with(|| match plan {
        Some(plan) => plan.left_out(),
        None => Plan::build(state, calendar, Some(now), Suppose::default()).left_out(),
    });
    let mut after = state.clone();
    crate::apply(&mut after, &recorded, &Event::from(*event));
    let after = after.pools.get(&row.pool);
    let plan = after.and_then(|pool| pool.calendar.plan.as_deref());
    plan.is_none_or(|plan| plan.left_out().is_subset(before))
}

fn has(slot: &Slot, number: u32) -> bool {
    slot.run.first <= number && number < slot.run.end()
}

fn nearness(to: &Slot, other: &Slot) -> Option<Nearness> {
    let group = to.spine_group == other.spine_group;
    if group && (to.hall, to.leaf) == (other.hall, other.leaf) {
        Some(Nearness::Leaf)
    } else if group {
        Some(Nearness::SpineGroup)
    } else if to.hall == other.hall {
        Some(Nearness::Hall)
    } else {
        None
    }
}

/// The runs of a set without one node.
fn others(nodes: &NodeSet, out: u32) -> impl Iterator<Item = Run> + '_ {
    let runs = nodes.runs().iter();
    let parts = runs.flat_map(move |run| {
        let (before, after) = (run.end().min(out), run.first.max(out.saturating_add(1)));
        [(run.first, before), (after, run.end())]
    });
    let parts = parts.filter(|(first, end)| first < end);
    parts.map(|(first, end)| Run {
        first,
        count: end - first,
    })
}

/// A set with one node in another's place.
pub(crate) fn swapped(nodes: &NodeSet, out: u32, into: u32) -> Option<NodeSet> {
    let runs = others(nodes, out).chain([single(into)]).collect();
    NodeSet::from_runs(nodes.site(), runs).ok()
}

impl Allocation {
    /// The stay of a node that came in another's place and has not left.
    fn stay_of(&self, number: u32) -> Option<(usize, &Stay)> {
        let stays = self.stays.iter().enumerate().rev();
        let mut of_node = stays.filter(|(_, stay)| stay.nodes.contains(number));
        of_node
            .next()
            .filter(|(_, stay)| stay.to == self.kept_until)
    }

    /// From when it has had a node that it has now.
    pub fn has_since(&self, number: u32) -> Option<Instant> {
        let stay = self.stay_of(number).map(|(_, stay)| stay.from);
        let now = self.nodes.contains(number);
        now.then(|| stay.unwrap_or(self.window.from()))
    }

    /// The nodes that it has or had, with when each was its own.
    pub fn spans(&self) -> impl Iterator<Item = (&NodeSet, Instant, Instant)> {
        let (from, end) = (self.window.from(), self.ends_at());
        let steady = self.steady.as_deref().map(|nodes| (nodes, from, end));
        let stays = self.stays.iter();
        let stays = stays.map(move |stay| (&stay.nodes, stay.from, stay.to.min(end)));
        steady.into_iter().chain(stays)
    }

    /// Whether nodes were its own throughout a window, which must not end before its window
    /// begins or begin after it ends.
    pub fn had(&self, nodes: &NodeSet, window: Window) -> bool {
        let steady = self.steady.as_deref();
        if steady.is_some_and(|steady| steady.contains_all(nodes)) {
            return true;
        }
        let had = |number: u32| {
            let stayed = |stay: &Stay| {
                let then = stay.from <= window.from() && window.to() <= stay.to;
                then && stay.nodes.contains(number)
            };
            steady.is_some_and(|steady| steady.contains(number)) || self.stays.iter().any(stayed)
        };
        nodes.site() == self.nodes.site() && nodes.numbers().all(had)
    }
}

/// Puts the spare in the node's place from an instant on; what was before stays as it was.
pub(crate) fn apply(state: &mut State, recorded: Recorded, e: &NodeReplaced) -> Option<()> {
    let handle = state.allocations.handle(&e.allocation)?;
    let row = state.allocations.at_mut(handle)?;
    let site = row.nodes.site();
    let (from, until, pool) = (row.window.from(), row.kept_until, row.pool);
    let one = |number| NodeSet::from_runs(site, vec![single(number)]).ok();
    let pin = |stay: usize, node: u32, from: Instant, to: Instant| Pin {
        from,
        to,
        what: Pinned::Stay {
            row: handle,
            stay: u32::try_from(stay).unwrap_or(u32::MAX),
            node,
        },
    };
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    let left = row.stay_of(e.node).map(|(index, stay)| (index, stay.from));
    let stays = Arc::make_mut(&mut row.stays);
    match left {
        Some((index, since)) => {
            stays[index].to = e.at;
            gone.push(pin(index, e.node, since, until));
            new.push(pin(index, e.node, since, e.at));
        }
        None => {
            let rest = others(row.steady.as_ref()?, e.node).collect();
            row.steady = NodeSet::from_runs(site, rest).ok().map(Arc::new);
            if row.steady.is_none() {
                gone.push(Pin {
                    from,
                    to: until,
                    what: Pinned::Allocation(handle),
                });
            }
            new.push(pin(stays.len(), e.node, from, e.at));
            stays.push(Stay {
                nodes: one(e.node)?,
                from,
                to: e.at,
            });
        }
    }
    new.push(pin(stays.len(), e.spare, e.at, until));
    stays.push(Stay {
        nodes: one(e.spare)?,
        from: e.at,
        to: until,
    });
    row.nodes = Arc::new(swapped(&row.nodes, e.node, e.spare)?);
    Arc::make_mut(&mut row.replaced).push(Replaced {
        node: e.node,
        spare: e.spare,
        near: e.near,
        at: e.at,
        recorded,
    });
    let calendar = state.calendar_mut(pool)?;
    for pin in gone {
        calendar.pins.remove(&pin);
    }
    for pin in new.into_iter().filter(|pin| pin.from < pin.to) {
        calendar.pins.insert(pin);
    }
    Some(())
}

/// Moves the end of the stays of an allocation that kept its nodes until `old` and keeps them until
/// `until` now: those of nodes that it still has end there, others not later.
pub(crate) fn move_stays(
    row: &mut Allocation,
    handle: bareboat_base::Handle,
    (old, until): (Instant, Instant),
) -> Vec<(Pin, Option<Pin>)> {
    let current: Vec<bool> = (0..row.stays.len())
        .map(|index| {
            let later = &row.stays[index + 1..];
            let stay = &row.stays[index];
            let again = later.iter().any(|later| later.nodes == stay.nodes);
            stay.to == old && !again && row.nodes.contains_all(&stay.nodes)
        })
        .collect();
    let mut moved = Vec::new();
    let stays = current.iter().zip(&row.stays[..]);
    if !stays
        .clone()
        .any(|(current, stay)| *current || stay.to > until)
    {
        return moved;
    }
    for ((number, stay), current) in (0..).zip(Arc::make_mut(&mut row.stays)).zip(current) {
        let to = if current { until } else { stay.to.min(until) };
        if to == stay.to {
            continue;
        }
        let pin = |to| Pin {
            from: stay.from,
            to,
            what: Pinned::Stay {
                row: handle,
                stay: number,
                node: stay.nodes.runs()[0].first,
            },
        };
        moved.push((pin(stay.to), (stay.from < to).then(|| pin(to))));
        stay.to = to;
    }
    moved
}
