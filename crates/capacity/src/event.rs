//! What happened to the calendar, as it is stored.

use bareboat_base::{
    AllocationId, Code, ContractId, Instant, LotId, ModelId, NodeCount, NodeSet, PoolId,
    ReservationId, Shape, SiteId, TrancheId, Window,
};
use serde::{Deserialize, Serialize};

use crate::faults::Nearness;
use crate::{
    BlockAllocated, BlockReleased, HandoverSet, OptionModeSet, Part, PinAheadSet, PlacedRun,
    QuoteLapsed, QuoteMade, QuoteTaken, QuoteWithdrawn, UnavailabilityEnded,
};

bareboat_base::events! {
    /// What happened to the calendar.
    pub enum Event upcast lift {
        /// A pool was opened.
        PoolOpened = "capacity.pool_opened" 2;
        /// A tranche counts as supply.
        SupplyScheduled = "capacity.supply_scheduled" 1;
        /// What a tranche still owes moved.
        SupplyMoved = "capacity.supply_moved" 1;
        /// Nodes of a tranche got names.
        SupplyReceived = "capacity.supply_received" 2;
        /// The spare floor changed.
        SpareFloorSet = "capacity.spare_floor_set" 1;
        /// Capacity is held.
        Reserved = "capacity.reserved" 2;
        /// Nodes were named.
        Allocated = "capacity.allocated" 1;
        /// Nodes were freed.
        AllocationReleased = "capacity.allocation_released" 1;
        /// A reservation ended.
        ReservationEnded = "capacity.reservation_ended" 1;
        /// An option became firm.
        OptionExercised = "capacity.option_exercised" 1;
        /// An option lapsed.
        OptionLapsed = "capacity.option_lapsed" 1;
        /// A spare took a node's place.
        NodeReplaced = "capacity.node_replaced" 1;
        /// Nodes are out of supply for a while.
        UnavailableSet = "capacity.unavailable_set" 1;
        /// Nodes are back in supply early.
        UnavailabilityEnded = "capacity.unavailability_ended" 1;
        /// A pool's nodes are named another time ahead.
        PinAheadSet = "capacity.pin_ahead_set" 1;
        /// Nodes are to be handed over, or were.
        HandoverSet = "capacity.handover_set" 1;
        /// A pool's options are kept in another mode.
        OptionModeSet = "capacity.option_mode_set" 1;
        /// Capacity is held softly.
        QuoteMade = "capacity.quote_made" 2;
        /// A quote became reservations.
        QuoteTaken = "capacity.quote_taken" 1;
        /// A quote was given up.
        QuoteWithdrawn = "capacity.quote_withdrawn" 1;
        /// A quote expired.
        QuoteLapsed = "capacity.quote_lapsed" 1;
        /// Nodes of an allocation were taken together.
        BlockAllocated = "capacity.block_allocated" 1;
        /// A block was given up.
        BlockReleased = "capacity.block_released" 1;
    }
}

/// Before version 2 a number of leaves was all of a shape.
fn lift(kind: &str, _: u32, mut data: serde_json::Value) -> serde_json::Value {
    let lift = |row: &mut serde_json::Value| {
        let max_leaves = row["max_leaves"].take();
        row["shape"] = serde_json::json!({ "max_leaves": max_leaves });
    };
    match kind {
        "capacity.reserved" => lift(&mut data),
        "capacity.quote_made" => {
            let holds = data["holds"].as_array_mut();
            holds.into_iter().flatten().for_each(lift);
        }
        _ => {}
    }
    data
}

/// A pool was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PoolOpened {
    pub pool: PoolId,
    pub site: SiteId,
    pub model: ModelId,
    pub gpus_per_node: u32,
    #[serde(default = "one")]
    pub nodes_per_domain: u32,
}

/// A node is its own domain, where nothing is said.
fn one() -> u32 {
    1
}

/// A tranche counts as supply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SupplyScheduled {
    pub pool: PoolId,
    pub tranche: TrancheId,
    pub nodes: NodeCount,
    pub from: Instant,
}

/// What a tranche still owes moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SupplyMoved {
    pub tranche: TrancheId,
    pub from: Instant,
}

/// Nodes of a tranche got names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SupplyReceived {
    pub pool: PoolId,
    pub tranche: TrancheId,
    pub at: Instant,
    pub nodes: Vec<PlacedRun>,
}

/// The spare floor changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SpareFloorSet {
    pub pool: PoolId,
    pub nodes: NodeCount,
}

/// Capacity is held. Fields as in [`crate::Reserve`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Reserved {
    pub reservation: ReservationId,
    pub lot: LotId,
    pub contract: ContractId,
    pub pool: PoolId,
    pub nodes: NodeCount,
    pub window: Window,
    pub shape: Shape,
    pub part: Option<Part>,
    pub option: Option<Window>,
}

/// Nodes were named for a reservation over a window. While the reservation has an option, they
/// are kept free of others to the option's end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Allocated {
    pub allocation: AllocationId,
    pub reservation: ReservationId,
    pub nodes: NodeSet,
    pub window: Window,
}

/// Nodes were freed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AllocationReleased {
    pub allocation: AllocationId,
    pub at: Instant,
}

/// A spare took a node's place in an allocation. Nodes by their numbers at the site.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NodeReplaced {
    pub allocation: AllocationId,
    pub node: u32,
    pub spare: u32,
    pub near: Nearness,
    pub at: Instant,
}

/// A reservation ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReservationEnded {
    pub reservation: ReservationId,
    pub at: Instant,
}

/// An option became firm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OptionExercised {
    pub reservation: ReservationId,
    /// What became firm.
    pub option: Window,
}

/// An option lapsed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OptionLapsed {
    pub reservation: ReservationId,
}

/// Nodes are out of supply for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct UnavailableSet {
    pub pool: PoolId,
    pub nodes: NodeSet,
    pub window: Window,
    pub why: Code,
}
