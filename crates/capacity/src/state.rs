//! What the calendar keeps.

use std::sync::Arc;

use bareboat_base::{
    AllocationId, BlockId, Code, ContractId, Handle, Instant, LotId, ModelId, NodeCount, NodeSet,
    PoolId, Position, QuoteId, Recorded, ReservationId, Shape, SiteId, Table, TrancheId, Window,
};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::faults::Nearness;
use crate::sorted::Sorted;
use crate::{Back, Block, Part, PinAhead, Quote};

/// Everything the calendar knows. Cloning copies pointers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// All nodes of one model at one site.
    pub pools: Table<PoolId, Pool>,
    /// Tranches as they count in a pool.
    pub supplies: Table<TrancheId, Supply>,
    /// Capacity held for lots.
    pub reservations: Table<ReservationId, Reservation>,
    /// Named nodes.
    pub allocations: Table<AllocationId, Allocation>,
    /// Nodes out of supply, by number from 0.
    pub unavailabilities: Table<u32, Unavailability>,
    /// Site and model → pool.
    pub(crate) pool_of: Table<(SiteId, ModelId), PoolId>,
    /// Lot → its reservations, oldest first.
    pub(crate) of_lot: Table<LotId, Vec<ReservationId>>,
    /// Priced offers that hold capacity softly.
    pub quotes: Table<QuoteId, Quote>,
    /// Contract → its newest quote.
    pub(crate) quote_of: Table<ContractId, QuoteId>,
    /// Quotes not recorded as over: when they expire, and the row.
    pub(crate) expiring: Sorted<(Instant, Handle)>,
    /// The newest instant at which something was recorded: what was missed before it is over.
    pub(crate) latest: Option<Instant>,
    /// Nodes of allocations that stand together, for one purpose.
    pub blocks: Table<BlockId, Block>,
    /// Allocation → its blocks, oldest first.
    pub(crate) blocks_of: Table<AllocationId, Vec<BlockId>>,
}

/// All nodes of one model at one site: the unit in which capacity is sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// The site.
    pub site: SiteId,
    /// The model.
    pub model: ModelId,
    /// GPUs in one node.
    pub gpus_per_node: u32,
    /// Nodes that are never sold.
    pub spare_floor: NodeCount,
    /// How long before their beginning its reservations get their nodes; only when asked for,
    /// when nothing is said.
    pub pin_ahead: Option<PinAhead>,
    /// Its counts over time and its nodes.
    pub(crate) calendar: Arc<Calendar>,
    /// The event that opened it.
    pub recorded: Recorded,
}

/// A tranche as it counts in a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Supply {
    /// The pool.
    pub pool: PoolId,
    /// Its nodes.
    pub nodes: NodeCount,
    /// From when those that have no name yet count.
    pub from: Instant,
    /// How many have names; they count from the instant of their receipt.
    pub received: NodeCount,
    /// The event that scheduled it.
    pub recorded: Recorded,
}

impl Supply {
    /// How many nodes are still to come.
    pub fn owed(&self) -> NodeCount {
        NodeCount(self.nodes.0.saturating_sub(self.received.0))
    }
}

/// Whether a reservation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReservationStatus {
    /// It holds its window, and its option if it has one.
    Held,
    /// It was ended at this instant, and holds what lies before.
    Ended {
        /// The first instant no longer held.
        at: Instant,
    },
}

/// Capacity held for a lot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// The lot.
    pub lot: LotId,
    /// Its contract.
    pub contract: ContractId,
    /// The pool.
    pub pool: PoolId,
    /// How many nodes, throughout.
    pub nodes: NodeCount,
    /// When; an exercised option is part of it.
    pub window: Window,
    /// How its nodes lie in the fabric.
    pub shape: Shape,
    /// Set when it is one delivery of several of a lot.
    pub part: Option<Part>,
    /// An option still open, directly after the window.
    pub option: Option<Window>,
    /// Whether it holds.
    pub status: ReservationStatus,
    /// The live allocation, once nodes are named.
    pub allocation: Option<AllocationId>,
    /// Where its unnamed part begins: the window's start, or where its last allocation was
    /// released.
    pub unnamed_from: Instant,
    /// Its place among those that begin together: its own position, or that of its quote.
    pub(crate) since: Position,
    /// The event that made it.
    pub recorded: Recorded,
}

impl Reservation {
    /// What it holds firmly; `None` when it ended before it began.
    pub fn held(&self) -> Option<Window> {
        match self.status {
            ReservationStatus::Held => Some(self.window),
            ReservationStatus::Ended { at } => {
                Window::new(self.window.from(), self.window.to().min(at)).ok()
            }
        }
    }

    /// The end of what it holds, option included.
    pub fn holds_until(&self) -> Instant {
        match (self.status, self.option) {
            (ReservationStatus::Ended { at }, _) => at.min(self.window.to()),
            (ReservationStatus::Held, Some(option)) => option.to(),
            (ReservationStatus::Held, None) => self.window.to(),
        }
    }
}

/// Whether an allocation lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AllocationStatus {
    /// The nodes are the lot's to the end of its window.
    Live,
    /// They were freed.
    Released {
        /// From when.
        at: Instant,
    },
}

/// Named nodes bound to a lot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// Its reservation.
    pub reservation: ReservationId,
    /// The lot.
    pub lot: LotId,
    /// The contract.
    pub contract: ContractId,
    /// The pool.
    pub pool: PoolId,
    /// The nodes that it has now, or had at its end.
    pub nodes: Arc<NodeSet>,
    /// Those of them that it has had from its beginning.
    pub(crate) steady: Option<Arc<NodeSet>>,
    /// Nodes that it had for a part of its window only: failed ones to their replacement, and
    /// spares from it.
    pub(crate) stays: Arc<Vec<Stay>>,
    /// What was replaced, in the order in which it was recorded.
    pub replaced: Arc<Vec<Replaced>>,
    /// When; as long as it lives, to the end of the reservation's window.
    pub window: Window,
    /// To when the nodes are kept from others: the option's end, the window's, or the release.
    pub kept_until: Instant,
    /// Whether its nodes were named ahead and are still to be handed over.
    pub awaited: bool,
    /// Whether it lives.
    pub status: AllocationStatus,
    /// The event that named them.
    pub recorded: Recorded,
}

/// A node that an allocation had for a part of its window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stay {
    /// The one node.
    pub nodes: NodeSet,
    /// From when.
    pub from: Instant,
    /// To when; not after `from` when it never came to be.
    pub to: Instant,
}

/// A node whose place a spare took. By their numbers at the site.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replaced {
    /// The node that failed.
    pub node: u32,
    /// The spare.
    pub spare: u32,
    /// How near it is.
    pub near: Nearness,
    /// From when.
    pub at: Instant,
    /// The event that replaced it.
    pub recorded: Recorded,
}

/// Nodes out of supply for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unavailability {
    /// The pool.
    pub pool: PoolId,
    /// The nodes.
    pub nodes: Arc<NodeSet>,
    /// When.
    pub window: Window,
    /// Why, in a word.
    pub why: Code,
    /// Nodes that came back early.
    pub back: Arc<Vec<Back>>,
    /// What it added: less than all where an earlier window has the node already, or the node
    /// is installed later. Pieces of one node never overlap.
    pub pieces: Arc<Vec<Piece>>,
    /// The event that recorded it.
    pub recorded: Recorded,
}

/// Nodes that an unavailability newly takes out of supply over a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// When.
    pub window: Window,
    /// The nodes.
    pub nodes: NodeSet,
}
