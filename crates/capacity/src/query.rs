//! What can be asked without changing anything.

use bareboat_base::{
    AllocationId, LotId, ModelId, NodeCount, NodeRef, PoolId, ReservationId, SiteId, Window,
};

use crate::State;

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
    /// Nodes that are never sold.
    pub spare: NodeCount,
    /// Nodes out of supply.
    pub unavailable: NodeCount,
    /// What can still be sold: installed less all of the above, never below zero.
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
    pub fn profile(&self, _pool: PoolId, _window: Window) -> Vec<Step> {
        Vec::new()
    }

    /// The most nodes that a new reservation could hold throughout a window, by count.
    pub fn max_free(&self, _pool: PoolId, _window: Window) -> NodeCount {
        NodeCount::ZERO
    }

    /// The reservations of a pool that what is delivered, due and in repair can no longer serve,
    /// when all are placed in order of their start, then of their making. Spares are used for
    /// them: the floor does not bind here.
    pub fn at_risk(&self, _pool: PoolId) -> Vec<ReservationId> {
        Vec::new()
    }

    /// When a node is busy, in order.
    pub fn busy(&self, _node: &NodeRef) -> Vec<Busy> {
        Vec::new()
    }
}
