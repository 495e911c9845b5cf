//! What the calendar cannot keep: after a tranche slipped, nodes failed or were retired.
//!
//! Promises are served in order of their start, then of their making, each whole or not at all;
//! spares serve them too. What is then left without nodes is at risk.

use std::collections::BTreeMap;

use bareboat_base::{
    Context, Handle, Instant, NodeCount, PoolId, Position, Recorded, ReservationId, Shape, Window,
};

use crate::counts::{Counts, Level};
use crate::decide::{admit, nodes};
use crate::place::Demand;
use crate::{
    Alternative, Change, Command, Event, Rejection, Reservation, ReservationEnded,
    ReservationStatus, Reserve, Reserved, State, Zones, apply, decide,
};

/// As what nodes are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// By a reservation's window.
    Firm,
    /// By its open option.
    Option,
}

/// Nodes that a reservation misses over a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// When.
    pub window: Window,
    /// How many.
    pub nodes: NodeCount,
    /// As what they are held.
    pub held: Held,
}

/// A reservation that its pool cannot keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Risk {
    /// The reservation.
    pub reservation: ReservationId,
    /// What it misses, by time, beside the promises that are kept. Empty when there are enough
    /// nodes at every instant, but not the same ones throughout.
    pub short: Vec<Short>,
    /// What it needs and does not get: all its nodes, or replacements of those out of supply.
    pub(crate) unplaced: Vec<Demand>,
}

/// A reservation at risk, and what its client could have instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescue {
    /// What is at risk.
    pub risk: Risk,
    /// What would be held in its place: the same later, fewer, in another pool; for nodes that
    /// failed, replacements elsewhere.
    pub alternatives: Vec<Alternative>,
    /// Which of them the plan takes, one for each need: the one that keeps all nodes and begins
    /// first, of equals the one in the same pool. Those of all rescues can be held together.
    pub planned: Vec<usize>,
}

impl State {
    /// The reservations of a pool that what is delivered, due and in repair can no longer serve,
    /// in the order of their making; with what each misses, and when.
    pub fn risks(&self, pool: PoolId) -> Vec<Risk> {
        let Some(row) = self.pools.get(&pool) else {
            return Vec::new();
        };
        let unplaced = self.unplaced(&row.calendar);
        // What is left beside the promises that are kept.
        let mut left = row.calendar.counts.clone();
        for demand in &unplaced {
            left.change_over(demand.window, Level::firm(-i64::from(demand.nodes)));
        }
        let mut risks: BTreeMap<Handle, Risk> = BTreeMap::new();
        for demand in unplaced {
            let Some(handle) = demand.who.reservation() else {
                continue;
            };
            let Some((&reservation, of)) = self.reservations.at(handle) else {
                continue;
            };
            let risk = risks.entry(handle).or_insert(Risk {
                reservation,
                short: Vec::new(),
                unplaced: Vec::new(),
            });
            risk.short.extend(missing(&left, &demand, of.window.to()));
            risk.unplaced.push(demand);
        }
        risks.into_values().collect()
    }

    /// The calendar as it would be after commands, decided one after the other; it stays as it is.
    ///
    /// # Errors
    /// The first refusal.
    pub fn suppose(&self, ctx: &Context, commands: &[Command]) -> Result<Self, Rejection> {
        let mut supposed = self.clone();
        for (part, command) in (0..).zip(commands) {
            let ctx = Context { part, ..*ctx };
            for event in decide(&supposed, &ctx, command)? {
                apply(&mut supposed, &recorded(&ctx), &event);
            }
        }
        Ok(supposed)
    }

    /// What is at risk in a pool, and for each what could be held instead, so that all that is
    /// planned can be held together. Nothing is kept.
    pub fn rescues(&self, ctx: &Context, pool: PoolId, zones: Zones<'_>) -> Vec<Rescue> {
        let mut plan = Plan {
            supposed: self.clone(),
            ctx,
            zones,
            drawn: 0,
        };
        let risks = self.risks(pool).into_iter();
        risks.map(|risk| plan.rescue(risk)).collect()
    }
}

/// What a demand misses of what is left, as a part of a firm window up to `firm_until`.
fn missing(left: &Counts, demand: &Demand, firm_until: Instant) -> Vec<Short> {
    let steps = left.steps(demand.window);
    let ends = steps.iter().skip(1).map(|(at, _)| *at);
    let ends = ends.chain([demand.window.to()]);
    let mut short: Vec<Short> = Vec::new();
    for ((from, level), to) in steps.iter().zip(ends) {
        let nodes = nodes(i64::from(demand.nodes) - level.left().max(0));
        let middle = firm_until.clamp(*from, to);
        for (from, to, held) in [(*from, middle, Held::Firm), (middle, to, Held::Option)] {
            let Ok(window) = Window::new(from, to) else {
                continue;
            };
            let same = short.last_mut().filter(|last| {
                last.window.to() == from && (last.nodes, last.held) == (nodes, held)
            });
            match same {
                Some(last) => last.window = Window::new(last.window.from(), to).unwrap_or(window),
                None => short.push(Short {
                    window,
                    nodes,
                    held,
                }),
            }
        }
    }
    short.retain(|short| short.nodes > NodeCount::ZERO);
    short
}

/// The calendar as it would be with all that is planned so far.
struct Plan<'a> {
    supposed: State,
    ctx: &'a Context,
    zones: Zones<'a>,
    /// Ids drawn for what is supposed.
    drawn: u32,
}

impl Plan<'_> {
    fn rescue(&mut self, risk: Risk) -> Rescue {
        let mut alternatives: Vec<Alternative> = Vec::new();
        let mut planned = Vec::new();
        let row = self.supposed.reservations.get(&risk.reservation).cloned();
        for (demand, row) in risk.unplaced.iter().zip(row.iter().cycle()) {
            let now = self.ctx.recorded_at;
            if demand.window.to() <= now {
                continue;
            }
            let (first, before) = (alternatives.len(), self.supposed.clone());
            alternatives.extend(if unnamed(row, demand) {
                self.moved(&risk, row, demand)
            } else {
                self.replaced(row, demand)
            });
            let whole = alternatives.iter().enumerate().skip(first);
            let whole = whole.filter(|(_, one)| {
                matches!(
                    one.change,
                    Change::Nothing | Change::Later | Change::OtherPool
                )
            });
            if let Some((index, best)) = whole.min_by_key(|(_, one)| one.reserve.window.from()) {
                planned.push(index);
                let reserve = best.reserve;
                self.suppose(reserved(self.ctx.mint(self.drawn), &reserve));
                self.drawn += 1;
            } else {
                self.supposed = before;
            }
        }
        Rescue {
            risk,
            alternatives,
            planned,
        }
    }

    /// What could be held in place of nodes that have no names yet; these are supposed to be
    /// given up.
    fn moved(&mut self, risk: &Risk, row: &Reservation, demand: &Demand) -> Vec<Alternative> {
        let from = demand.window.from();
        let firm = Window::new(from, row.window.to()).ok();
        let wish = Reserve {
            window: firm.unwrap_or(demand.window),
            option: row.option.filter(|_| firm.is_some()),
            ..wish(row, demand)
        };
        self.suppose(Event::from(ReservationEnded {
            reservation: risk.reservation,
            at: from,
        }));
        let now = self.ctx.recorded_at;
        if from >= now && admit(&self.supposed, now, &wish).is_ok() {
            return vec![Alternative {
                change: Change::Nothing,
                reserve: wish,
            }];
        }
        self.supposed.alternatives(&wish, now, self.zones)
    }

    /// What could be held elsewhere while nodes that have names are out of supply.
    fn replaced(&self, row: &Reservation, demand: &Demand) -> Vec<Alternative> {
        let now = self.ctx.recorded_at;
        let window = Window::new(demand.window.from().max(now), demand.window.to());
        let wish = Reserve {
            window: window.unwrap_or(demand.window),
            shape: Shape::ANY,
            part: None,
            ..wish(row, demand)
        };
        let mut found = self.supposed.alternatives(&wish, now, self.zones);
        // One that begins later would end after the outage.
        found.retain(|one| {
            let in_time = one.reserve.window.from() <= wish.window.from();
            one.change == Change::OtherPool && in_time
        });
        found
    }

    fn suppose(&mut self, event: Event) {
        apply(&mut self.supposed, &recorded(self.ctx), &event);
    }
}

/// How something supposed is recorded: nowhere in the journal.
fn recorded(ctx: &Context) -> Recorded {
    Recorded {
        position: Position(u64::MAX),
        at: ctx.recorded_at,
        by: ctx.actor,
    }
}

/// Whether a demand is for the nodes of a reservation that have no names yet; otherwise it is for
/// replacements of some that had.
pub(crate) fn unnamed(row: &Reservation, demand: &Demand) -> bool {
    let waits = row.status == ReservationStatus::Held && row.allocation.is_none();
    waits && demand.window.from() == row.unnamed_from
}

fn wish(row: &Reservation, demand: &Demand) -> Reserve {
    Reserve {
        lot: row.lot,
        contract: row.contract,
        pool: row.pool,
        nodes: NodeCount(demand.nodes),
        window: demand.window,
        shape: row.shape,
        part: row.part,
        option: None,
    }
}

fn reserved(reservation: ReservationId, c: &Reserve) -> Event {
    Event::from(Reserved {
        reservation,
        lot: c.lot,
        contract: c.contract,
        pool: c.pool,
        nodes: c.nodes,
        window: c.window,
        shape: c.shape,
        part: c.part,
        option: c.option,
    })
}
