//! What can be asked without changing anything.

use std::collections::BTreeSet;

use bareboat_base::{
    AllocationId, LotId, ModelId, NodeCount, NodeRef, NodeSet, PoolId, ReservationId, SiteId,
    Window,
};

use crate::calendar::{Calendar, Pinned, Slot};
use crate::decide::nodes;
use crate::place::{Demand, Suppose, nodes_of};
use crate::plan::Plan;
use crate::{OptionMode, State};

/// A stretch of time over which a pool's counts do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub window: Window,
    /// Nodes delivered or due by then.
    pub installed: NodeCount,
    /// Nodes held by reservations' windows.
    pub firm: NodeCount,
    /// Nodes held by open options.
    pub option: NodeCount,
    /// Nodes held by quotes that are not recorded as over; see [`State::settled`].
    pub soft_held: NodeCount,
    /// Nodes that are never sold.
    pub spare: NodeCount,
    /// Nodes out of supply.
    pub unavailable: NodeCount,
    /// What can still be sold: installed less all of the above, never below zero; in risk mode
    /// options take nothing off.
    pub free: NodeCount,
    /// How many nodes are missing where the others come to more than is installed.
    pub short: NodeCount,
}

/// What keeps a node busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusyWith {
    /// A lot has it, or its option keeps it.
    Allocation(AllocationId),
    /// It is out of supply; the number of its row in `unavailabilities`.
    Unavailable(u32),
}

/// A window in which a node is not free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// When.
    pub window: Window,
    /// With what.
    pub with: BusyWith,
}

impl State {
    /// The pool of a model at a site.
    pub fn pool_of(&self, site: SiteId, model: ModelId) -> Option<PoolId> {
        self.pool_of.get(&(site, model)).copied()
    }

    /// A lot's reservations, oldest first.
    pub fn reservations_of_lot(&self, lot: LotId) -> &[ReservationId] {
        self.of_lot.get(&lot).map_or(&[], Vec::as_slice)
    }

    /// The counts of a pool over a window, step by step; empty when the pool is unknown.
    pub fn profile(&self, pool: PoolId, window: Window) -> Vec<Step> {
        let Some(pool) = self.pools.get(&pool) else {
            return Vec::new();
        };
        let levels = pool.calendar.counts.steps(window);
        let ends = levels.iter().skip(1).map(|(at, _)| *at);
        let ends = ends.chain([window.to()]);
        let floor = i64::from(pool.spare_floor.0);
        let risk = pool.option_mode() == OptionMode::Risk;
        let steps = levels.iter().zip(ends).filter_map(|((from, level), to)| {
            Some(Step {
                window: Window::new(*from, to).ok()?,
                installed: nodes(level.installed),
                firm: nodes(level.firm),
                option: nodes(level.option),
                soft_held: nodes(level.soft),
                spare: pool.spare_floor,
                unavailable: nodes(level.unavailable),
                free: nodes(level.left_for(risk) - floor),
                short: nodes(floor - level.left_for(risk)),
            })
        });
        steps.collect()
    }

    /// The most nodes that a new reservation could hold throughout a window, by count.
    pub fn max_free(&self, pool: PoolId, window: Window) -> NodeCount {
        let Some(pool) = self.pools.get(&pool) else {
            return NodeCount::ZERO;
        };
        let risk = pool.option_mode() == OptionMode::Risk;
        let lowest = pool.calendar.counts.scan(window, i64::MIN, risk).lowest;
        nodes(lowest - i64::from(pool.spare_floor.0))
    }

    /// The reservations of a pool that what is delivered, due and in repair can no longer serve,
    /// when all are placed in order of their start, then of their making. Spares are used for
    /// them: neither the floor nor a quote binds here. In the order of their making.
    pub fn at_risk(&self, pool: PoolId) -> Vec<ReservationId> {
        let Some(pool) = self.pools.get(&pool) else {
            return Vec::new();
        };
        let left_out = self.unplaced(&pool.calendar).into_iter();
        let rows = left_out.filter_map(|demand| demand.who.reservation());
        let rows: BTreeSet<_> = rows.collect();
        let rows = rows.into_iter();
        let rows = rows.filter_map(|row| self.reservations.at(row));
        rows.map(|(id, _)| *id).collect()
    }

    /// What is sold and finds no place: by the plan, where there is one.
    pub(crate) fn unplaced(&self, calendar: &Calendar) -> Vec<Demand> {
        let mut unplaced = match &calendar.plan {
            Some(plan) => plan.unplaced().to_vec(),
            None => {
                let plan = Plan::build(self, calendar, self.latest, Suppose::FIRM);
                plan.unplaced().to_vec()
            }
        };
        unplaced.retain(|demand| demand.who.reservation().is_some());
        unplaced
    }

    /// The pool that a node was received into.
    pub fn pool_with(&self, node: &NodeRef) -> Option<PoolId> {
        let pools = self
            .pools
            .iter()
            .filter(|(_, _, pool)| pool.site == node.site);
        let has = |slot: &Slot| slot.run.first <= node.number && node.number < slot.run.end();
        let mut pools = pools.filter(|(_, _, pool)| pool.calendar.slots.iter().any(has));
        pools.next().map(|(_, id, _)| *id)
    }

    /// When a node is busy, by beginning. A live allocation counts to the end of its option.
    pub fn busy(&self, node: &NodeRef) -> Vec<Busy> {
        let pool = self.pool_with(node).and_then(|pool| self.pools.get(&pool));
        let Some(pool) = pool else {
            return Vec::new();
        };
        let pins = pool.calendar.pins.iter();
        let pins = pins.filter(|pin| nodes_of(self, pin).is_some_and(|n| n.contains(node.number)));
        let busy = pins.filter_map(|pin| {
            let with = match pin.what {
                Pinned::Allocation(row) | Pinned::Stay { row, .. } => {
                    BusyWith::Allocation(*self.allocations.at(row)?.0)
                }
                Pinned::Unavailable { row, .. } => BusyWith::Unavailable(row),
            };
            let window = Window::new(pin.from, pin.to).ok()?;
            Some(Busy { window, with })
        });
        busy.collect()
    }

    /// The nodes of a pool that have names; `None` when it has none.
    pub fn nodes_of_pool(&self, pool: PoolId) -> Option<NodeSet> {
        let pool = self.pools.get(&pool)?;
        let runs = pool.calendar.slots.iter().map(|slot| slot.run).collect();
        NodeSet::from_runs(pool.site, runs).ok()
    }
}
