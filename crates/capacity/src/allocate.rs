//! Which nodes a lot gets by name, so that no other promise loses its place.

use std::collections::BTreeSet;

use bareboat_base::{Context, Handle, NodeCount, NodeSet, Window};

use crate::calendar::Calendar;
use crate::choose::{Bits, free_throughout, without};
use crate::decide::{Decision, after, held, plan_of, the_pool};
use crate::place::{Asker, Suppose, counting_is_not_enough};
use crate::plan::{NoPlace, Plan, choose_named};
use crate::{Allocate, Allocated, Event, Pool, Rejection, Reservation, State};

pub(crate) fn decide(state: &State, ctx: &Context, c: &Allocate) -> Decision {
    let (handle, row) = held(state, c.reservation)?;
    if let Some(allocation) = row.allocation {
        return Err(Rejection::AllocatedAlready {
            reservation: c.reservation,
            allocation,
        });
    }
    let from = c.at.max(row.unnamed_from);
    let outside = |at| Rejection::OutsideWindow {
        at,
        window: row.window,
    };
    // Named earlier, nodes would be busy while the calendar still offers them.
    if c.at < row.window.from() {
        return Err(outside(c.at));
    }
    let window = Window::new(from, row.window.to()).map_err(|_| outside(from))?;
    let pool = the_pool(state, row.pool)?;
    let kept = Window::new(from, row.keeps_until(pool.option_mode())).unwrap_or(window);
    let nodes = choose_nodes(state, ctx, c, (handle, row), pool, kept)?;
    Ok(vec![allocated(ctx, c, nodes, window)])
}

fn allocated(ctx: &Context, c: &Allocate, nodes: NodeSet, window: Window) -> Event {
    Event::from(Allocated {
        allocation: ctx.mint(0),
        reservation: c.reservation,
        nodes,
        window,
    })
}

/// Nodes that break no other promise: where counting is enough the neatest, else what the plan
/// has for the reservation or nobody.
fn choose_nodes(
    state: &State,
    ctx: &Context,
    c: &Allocate,
    (handle, row): (Handle, &Reservation),
    pool: &Pool,
    kept: Window,
) -> Result<NodeSet, Rejection> {
    let calendar: &Calendar = &pool.calendar;
    let now = ctx.recorded_at;
    let exclude = c.exclude.as_ref();
    let exclude = exclude.filter(|nodes| nodes.site() == pool.site);
    let (asked, shape) = (row.nodes.0, row.shape);
    let planned = || {
        let plan = plan_of(state, calendar, Some(now));
        plan.name(
            (Asker::Reservation(handle), kept),
            asked,
            shape,
            (pool.site, exclude),
        )
    };
    let tight = counting_is_not_enough(state, calendar, now, Suppose::default());
    if let Some(nodes) = tight.then(planned).flatten() {
        return Ok(nodes);
    }
    let all = free_throughout(state, calendar, kept);
    let free = without(&all, exclude);
    let neat = choose_named(state, calendar, &free, row).map_err(|not| match not {
        NoPlace::Leaves(needed) => Rejection::TooManyLeaves {
            pool: row.pool,
            asked: row.nodes,
            max_leaves: shape.max_leaves.unwrap_or(u32::MAX),
            needed,
        },
        NoPlace::Shape => Rejection::ShapeUnmet {
            pool: row.pool,
            asked: row.nodes,
            shape,
        },
        NoPlace::TooFew(_) => too_few(state, row, calendar, kept, (&all, &free)),
    })?;
    let named = Suppose {
        named: Some((handle, &neat, kept)),
        ..Suppose::default()
    };
    if !counting_is_not_enough(state, calendar, now, named) {
        return Ok(neat);
    }
    let left_out = plan_of(state, calendar, Some(now)).left_out();
    if Plan::keeps(state, calendar, Some(now), named, &left_out) {
        return Ok(neat);
    }
    if let Some(nodes) = if tight { None } else { planned() } {
        return Ok(nodes);
    }
    // A quote gives way to a lot that needs its nodes.
    let firm = Plan::build(state, calendar, Some(now), Suppose::FIRM);
    let named = Suppose {
        firm_only: true,
        ..named
    };
    let fits = || Plan::keeps(state, calendar, Some(now), named, &firm.left_out());
    let nodes = firm.name(
        (Asker::Reservation(handle), kept),
        asked,
        shape,
        (pool.site, exclude),
    );
    let nodes = nodes.or_else(|| fits().then(|| neat.clone()));
    let keeps_sold = |nodes: &NodeSet| loses_none(state, ctx, (c, row), (nodes, kept), &left_out);
    nodes.filter(keeps_sold).ok_or(Rejection::Fragmented {
        pool: row.pool,
        window: kept,
        asked: row.nodes,
        fits: NodeCount::ZERO,
    })
}

/// Whether all that is sold and has its place keeps one beside the names, as they will be folded
/// in: what is placed anew may lose what has its place now.
fn loses_none(
    state: &State,
    ctx: &Context,
    (c, row): (&Allocate, &Reservation),
    (nodes, kept): (&NodeSet, Window),
    left_out: &BTreeSet<Asker>,
) -> bool {
    let window = Window::new(kept.from(), row.window.to()).unwrap_or(kept);
    let then = after(state, ctx, &[allocated(ctx, c, nodes.clone(), window)]);
    let Some(pool) = then.pools.get(&row.pool) else {
        return false;
    };
    let lost = plan_of(&then, &pool.calendar, Some(ctx.recorded_at)).left_out();
    let mut newly = lost.difference(left_out);
    !newly.any(|who| who.reservation().is_some())
}

/// Why too few nodes are free: not ready, not received, or not throughout.
fn too_few(
    state: &State,
    row: &Reservation,
    calendar: &Calendar,
    kept: Window,
    (all, free): (&Bits, &Bits),
) -> Rejection {
    let (pool, asked, at) = (row.pool, row.nodes, kept.from());
    if all.count() >= asked.0 {
        let ready = NodeCount(free.count());
        return Rejection::TooFewReady {
            pool,
            at,
            asked,
            ready,
        };
    }
    let instant = at.next().and_then(|next| Window::new(at, next).ok());
    let instant = instant.unwrap_or(kept);
    let named = NodeCount(free_throughout(state, calendar, instant).count());
    if named < asked {
        return Rejection::TooFewNamed {
            pool,
            at,
            asked,
            named,
        };
    }
    Rejection::Fragmented {
        pool,
        window: kept,
        asked,
        fits: NodeCount(all.count()),
    }
}
