//! Options in strict and in risk mode.
//!
//! In strict mode an option's capacity is nobody else's until the option lapses. In risk mode it
//! may be sold firmly or quoted over: then an option is exercised only where capacity is left, and
//! [`State::exposure`] says what could not be honoured if all were. Options themselves are never
//! held over what is held already.

use bareboat_base::{
    Context, ContractId, Instant, NodeCount, NodeSet, PoolId, Recorded, ReservationId, Window,
};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Pin, Pinned};
use crate::decide::{Decision, nodes, worlds};
use crate::place::{Suppose, counting_is_not_enough, nodes_of, overlap, unplaced};
use crate::{AllocationStatus, Event, OptionExercised, Pool, Rejection, Reservation, State, apply};

/// What an option's capacity may be used for until the option lapses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptionMode {
    /// For nothing.
    #[default]
    Strict,
    /// It may be sold.
    Risk,
}

impl OptionMode {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Risk => "risk",
        }
    }
}

/// Says what the capacity of a pool's options may be used for. Back to strict only where every
/// option can be honoured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetOptionMode {
    /// The pool.
    pub pool: PoolId,
    /// From now on.
    pub mode: OptionMode,
}

/// A pool's options are kept in another mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OptionModeSet {
    pub pool: PoolId,
    pub mode: OptionMode,
}

/// What of a pool's options could not be honoured within a window, were all of them exercised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The window.
    pub window: Window,
    /// The most nodes that options hold at an instant of it.
    pub held: NodeCount,
    /// The most of them that could not be honoured at an instant of it.
    pub uncovered: NodeCount,
    /// The options that are held at such an instant: any of them may be the one.
    pub options: Vec<(ReservationId, ContractId, NodeCount)>,
}

impl Pool {
    /// What the capacity of its options may be used for.
    pub fn option_mode(&self) -> OptionMode {
        self.calendar.options
    }
}

impl Reservation {
    /// To when its nodes are kept from others.
    pub(crate) fn keeps_until(&self, mode: OptionMode) -> Instant {
        match mode {
            OptionMode::Strict => self.holds_until(),
            OptionMode::Risk => self.holds_until().min(self.window.to()),
        }
    }
}

impl State {
    /// Within each of the windows, what of a pool's options could not be honoured.
    pub fn exposure(&self, pool: PoolId, windows: &[Window]) -> Vec<Exposure> {
        let Some(row) = self.pools.get(&pool) else {
            return Vec::new();
        };
        let open = self
            .reservations
            .iter()
            .filter(|(_, _, row)| row.pool == pool);
        let open = open.filter_map(|(_, id, row)| Some((*id, row, row.option?)));
        let open: Vec<_> = open.collect();
        let one = |window: &Window| exposed(row, &open, *window);
        windows.iter().map(one).collect()
    }

    /// The end of the last option that is open in a pool.
    pub fn options_end(&self, pool: PoolId) -> Option<Instant> {
        let rows = self.reservations.values().filter(|row| row.pool == pool);
        rows.filter_map(|row| Some(row.option?.to())).max()
    }
}

fn exposed(
    pool: &Pool,
    open: &[(ReservationId, &Reservation, Window)],
    window: Window,
) -> Exposure {
    let floor = i64::from(pool.spare_floor.0);
    let levels = pool.calendar.counts.steps(window);
    let ends = levels.iter().skip(1).map(|(at, _)| *at);
    let ends = ends.chain([window.to()]);
    let (mut held, mut uncovered) = (0, 0);
    let mut short: Vec<Window> = Vec::new();
    for ((from, level), to) in levels.iter().zip(ends) {
        let missing = (floor - level.left()).clamp(0, level.option.max(0));
        held = held.max(level.option);
        uncovered = uncovered.max(missing);
        if missing > 0 {
            short.extend(Window::new(*from, to));
        }
    }
    let at_stake = open
        .iter()
        .filter(|(_, _, option)| short.iter().any(|short| short.overlaps(*option)));
    Exposure {
        window,
        held: nodes(held),
        uncovered: nodes(uncovered),
        options: at_stake
            .map(|(id, row, _)| (*id, row.contract, row.nodes))
            .collect(),
    }
}

/// Folds a mode in: nodes that are named are kept to the end of their option, or of their window.
pub(crate) fn mode_set(state: &mut State, e: &OptionModeSet) -> Option<()> {
    let calendar = state.calendar_mut(e.pool)?;
    calendar.options = e.mode;
    let pins = calendar.pins.iter().filter_map(|pin| match pin.what {
        Pinned::Allocation(row) => Some(row),
        Pinned::Unavailable { .. } => None,
    });
    for row in pins.collect::<Vec<_>>() {
        let (_, allocation) = state.allocations.at(row)?;
        if allocation.status != AllocationStatus::Live {
            continue;
        }
        let reservation = state.reservations.get(&allocation.reservation)?;
        if reservation.option.is_some() {
            let until = reservation.keeps_until(e.mode);
            apply::keep_until(state, row, until)?;
        }
    }
    Some(())
}

pub(crate) fn set_mode(state: &State, ctx: &Context, c: &SetOptionMode) -> Decision {
    let pool = state.pools.get(&c.pool);
    let pool = pool.ok_or(Rejection::PoolUnknown { pool: c.pool })?;
    let event = Event::from(OptionModeSet {
        pool: c.pool,
        mode: c.mode,
    });
    if (pool.option_mode(), c.mode) == (OptionMode::Risk, OptionMode::Strict) {
        all_honourable(state, ctx, c.pool, pool, &event)?;
    }
    Ok(vec![event])
}

/// Every option of the pool has its count and its nodes, and breaks no promise.
fn all_honourable(
    state: &State,
    ctx: &Context,
    id: PoolId,
    pool: &Pool,
    event: &Event,
) -> Result<(), Rejection> {
    let floor = i64::from(pool.spare_floor.0);
    for (_, reservation, row) in state.reservations.iter() {
        let Some(option) = row.option.filter(|_| row.pool == id) else {
            continue;
        };
        let scan = pool.calendar.counts.scan(option, floor, false);
        if let Some((at, _)) = scan.first_short {
            let (pool, reservation) = (id, *reservation);
            return Err(Rejection::OptionsOversold {
                pool,
                reservation,
                at,
            });
        }
        nodes_kept(state, &pool.calendar, *reservation, row, option)?;
    }
    breaks_nothing(state, ctx, id, event)
}

/// Whether an option can be honoured where others were sold over it.
pub(crate) fn honourable(
    state: &State,
    ctx: &Context,
    (reservation, row): (ReservationId, &Reservation),
    option: Window,
) -> Result<(), Rejection> {
    let unknown = Rejection::PoolUnknown { pool: row.pool };
    let pool = state.pools.get(&row.pool).ok_or(unknown)?;
    if pool.option_mode() == OptionMode::Strict {
        // The count was held all along, and the nodes of a live allocation were kept.
        return Ok(());
    }
    let floor = i64::from(pool.spare_floor.0);
    let asked = i64::from(row.nodes.0) + floor;
    let scan = pool.calendar.counts.scan(option, asked, true);
    if let Some((at, left)) = scan.first_short {
        return Err(Rejection::OptionNotCovered {
            reservation,
            at,
            nodes: row.nodes,
            free: nodes(left - floor),
        });
    }
    nodes_kept(state, &pool.calendar, reservation, row, option)?;
    let event = Event::from(OptionExercised {
        reservation,
        option,
    });
    breaks_nothing(state, ctx, row.pool, &event)
}

/// The nodes that are named for the reservation are named for no other during its option.
fn nodes_kept(
    state: &State,
    calendar: &Calendar,
    reservation: ReservationId,
    row: &Reservation,
    option: Window,
) -> Result<(), Rejection> {
    let Some(own) = row.allocation.and_then(|id| state.allocations.handle(&id)) else {
        return Ok(());
    };
    let Some((_, allocation)) = state.allocations.at(own) else {
        return Ok(());
    };
    let other = |pin: &&Pin| {
        let overlaps = pin.from < option.to() && option.from() < pin.to;
        let theirs = matches!(pin.what, Pinned::Allocation(row) if row != own);
        overlaps && theirs && nodes_of(state, pin).is_some_and(|n| shares(n, &allocation.nodes))
    };
    match calendar.pins.iter().find(other) {
        Some(pin) => Err(Rejection::OptionNodesNamed {
            reservation,
            from: pin.from,
        }),
        None => Ok(()),
    }
}

fn shares(one: &NodeSet, other: &NodeSet) -> bool {
    let mut runs = one.runs().iter();
    runs.any(|run| overlap(other, *run).next().is_some())
}

/// With the event, every promise that finds its nodes now still does.
fn breaks_nothing(
    state: &State,
    ctx: &Context,
    pool: PoolId,
    event: &Event,
) -> Result<(), Rejection> {
    let now = ctx.recorded_at;
    let mut after = state.clone();
    let recorded = Recorded {
        position: crate::decide::NEWEST,
        at: now,
        by: ctx.actor,
    };
    apply(&mut after, &recorded, event);
    let calendar = |state: &'_ State| state.pools.get(&pool).map(|row| row.calendar.clone());
    let unknown = Rejection::PoolUnknown { pool };
    let (Some(before), Some(then)) = (calendar(state), calendar(&after)) else {
        return Err(unknown);
    };
    let kept = worlds(&then).iter().all(|firm_only| {
        let suppose = Suppose {
            firm_only: *firm_only,
            ..Suppose::default()
        };
        !counting_is_not_enough(&after, &then, now, suppose)
            || unplaced(&after, &then, Some(now), suppose).is_subset(&unplaced(
                state,
                &before,
                Some(now),
                suppose,
            ))
    });
    if kept {
        return Ok(());
    }
    Err(Rejection::OptionBreaksOthers { pool })
}
