//! Late binding: the nodes of a reservation are named a set time before it begins, or when they
//! are asked for. Nodes that are named ahead are kept from others from the reservation's
//! beginning on; they are the lot's once they are handed over.

use bareboat_base::{AllocationId, Instant, PoolId, Recorded, ReservationId};
use serde::{Deserialize, Serialize};

use crate::decide::{Decision, live, the_pool};
use crate::{Event, Pool, Rejection, ReservationStatus, State};

/// The longest time ahead.
pub const MOST_DAYS: u32 = 3_650;
const DAY_MICROS: i64 = 86_400_000_000;

/// Says how long before their beginning a pool's reservations get their nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetPinAhead {
    /// The pool.
    pub pool: PoolId,
    /// So many days; only when asked for, when there are none.
    pub days: Option<u32>,
}

/// A pool's reservations get their nodes another time ahead. Fields as in [`SetPinAhead`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PinAheadSet {
    pub pool: PoolId,
    pub days: Option<u32>,
}

/// How long before their beginning a pool's reservations get their nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinAhead {
    /// So many days.
    pub days: u32,
    /// The event that said so; what is pinned without being asked for is pinned in the name of
    /// who recorded it.
    pub recorded: Recorded,
}

/// Says that the nodes of an allocation are still to be handed over, or that they were.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetHandover {
    /// The allocation.
    pub allocation: AllocationId,
    /// When they were handed over; `None` while that is awaited.
    pub at: Option<Instant>,
}

/// Nodes are still to be handed over, or were. Fields as in [`SetHandover`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HandoverSet {
    pub allocation: AllocationId,
    pub at: Option<Instant>,
}

/// So many days after an instant; the last one that is kept when that lies beyond.
pub fn days_after(instant: Instant, days: u32) -> Instant {
    let micros = i64::from(days).saturating_mul(DAY_MICROS);
    let micros = instant.micros().saturating_add(micros);
    Instant::from_micros(micros).unwrap_or(Instant::LAST)
}

impl Pool {
    /// What begins by then gets its nodes now; `None` when that is only done when asked for.
    pub fn pins_by(&self, now: Instant) -> Option<Instant> {
        let ahead = self.pin_ahead?;
        Some(days_after(now, ahead.days))
    }
}

impl State {
    /// The reservations of a pool that begin by an instant, are not over and never had nodes, in
    /// order of their beginning, then of their making.
    pub fn due(&self, pool: PoolId, by: Instant, now: Instant) -> Vec<ReservationId> {
        let Some(pool) = self.pools.get(&pool) else {
            return Vec::new();
        };
        let begun = pool.calendar.unnamed.iter();
        let begun = begun.take_while(|(from, _)| *from <= by);
        let due = begun.filter_map(|(from, row)| {
            let (id, row) = self.reservations.at(*row)?;
            let waits = row.status == ReservationStatus::Held && row.allocation.is_none();
            let whole = *from == row.window.from() && row.window.to() > now;
            (waits && whole).then_some(*id)
        });
        due.collect()
    }
}

pub(crate) fn set_ahead(state: &State, c: &SetPinAhead) -> Decision {
    the_pool(state, c.pool)?;
    if let Some(days) = c.days.filter(|days| *days > MOST_DAYS) {
        return Err(Rejection::FigureOutOfRange {
            what: "the number of days ahead",
            found: days,
            least: 0,
            most: MOST_DAYS,
        });
    }
    Ok(vec![Event::from(PinAheadSet {
        pool: c.pool,
        days: c.days,
    })])
}

pub(crate) fn set_handover(state: &State, c: &SetHandover) -> Decision {
    let allocation = c.allocation;
    let row = live(state, allocation)?;
    match c.at {
        Some(_) if !row.awaited => return Err(Rejection::HandedOver { allocation }),
        Some(at) if !row.window.contains(at) => {
            let window = row.window;
            return Err(Rejection::OutsideWindow { at, window });
        }
        _ => {}
    }
    Ok(vec![Event::from(HandoverSet {
        allocation,
        at: c.at,
    })])
}

pub(crate) fn ahead_set(state: &mut State, recorded: Recorded, e: &PinAheadSet) -> Option<()> {
    let pool = state.pools.get_mut(&e.pool)?;
    pool.pin_ahead = e.days.map(|days| PinAhead { days, recorded });
    Some(())
}

pub(crate) fn handover_set(state: &mut State, e: &HandoverSet) -> Option<()> {
    let row = state.allocations.get_mut(&e.allocation)?;
    row.awaited = e.at.is_none();
    Some(())
}
