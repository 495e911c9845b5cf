//! What can be asked of the calendar.

use bareboat_base::AllocationId;
use bareboat_base::{
    Code, ContractId, HallId, Instant, LotId, ModelId, NodeCount, NodeSet, PoolId, ReservationId,
    Run, Shape, SiteId, TrancheId, Window,
};
use serde::{Deserialize, Serialize};

use crate::{
    AllocateBlock, EndUnavailability, MakeQuote, ReleaseBlock, SetHandover, SetOptionMode,
    SetPinAhead, TakeQuote, WithdrawQuote,
};

/// A request to change the calendar.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// See [`OpenPool`].
    OpenPool(OpenPool),
    /// See [`ScheduleSupply`].
    ScheduleSupply(ScheduleSupply),
    /// See [`MoveSupply`].
    MoveSupply(MoveSupply),
    /// See [`ReceiveSupply`].
    ReceiveSupply(ReceiveSupply),
    /// See [`SetSpareFloor`].
    SetSpareFloor(SetSpareFloor),
    /// See [`Reserve`].
    Reserve(Reserve),
    /// See [`Allocate`].
    Allocate(Allocate),
    /// See [`ReleaseAllocation`].
    ReleaseAllocation(ReleaseAllocation),
    /// See [`ReplaceNode`].
    ReplaceNode(ReplaceNode),
    /// See [`EndReservation`].
    EndReservation(EndReservation),
    /// See [`ExerciseOption`].
    ExerciseOption(ExerciseOption),
    /// See [`LapseOption`].
    LapseOption(LapseOption),
    /// See [`SetUnavailable`].
    SetUnavailable(SetUnavailable),
    /// See [`EndUnavailability`].
    EndUnavailability(EndUnavailability),
    /// See [`SetPinAhead`].
    SetPinAhead(SetPinAhead),
    /// See [`SetHandover`].
    SetHandover(SetHandover),
    /// See [`SetOptionMode`].
    SetOptionMode(SetOptionMode),
    /// See [`MakeQuote`].
    MakeQuote(MakeQuote),
    /// See [`TakeQuote`].
    TakeQuote(TakeQuote),
    /// See [`WithdrawQuote`].
    WithdrawQuote(WithdrawQuote),
    /// See [`AllocateBlock`].
    AllocateBlock(AllocateBlock),
    /// See [`ReleaseBlock`].
    ReleaseBlock(ReleaseBlock),
}

macro_rules! into_command {
    ($($name:ident),*) => {
        $(impl From<$name> for Command {
            fn from(command: $name) -> Self {
                Self::$name(command)
            }
        })*
    };
}
into_command!(
    OpenPool,
    ScheduleSupply,
    MoveSupply,
    ReceiveSupply,
    SetSpareFloor,
    Reserve,
    Allocate,
    ReleaseAllocation,
    ReplaceNode,
    EndReservation,
    ExerciseOption,
    LapseOption,
    SetUnavailable,
    EndUnavailability,
    SetPinAhead,
    SetHandover,
    SetOptionMode,
    MakeQuote,
    TakeQuote,
    WithdrawQuote,
    AllocateBlock,
    ReleaseBlock
);

/// Opens the pool of a model at a site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenPool {
    /// The site.
    pub site: SiteId,
    /// The model.
    pub model: ModelId,
    /// GPUs in one of its nodes.
    pub gpus_per_node: u32,
    /// Nodes in one NVLink domain; 1 where a node is its own.
    pub nodes_per_domain: u32,
}

/// Counts a tranche's nodes as supply from an instant on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleSupply {
    /// The pool.
    pub pool: PoolId,
    /// The tranche.
    pub tranche: TrancheId,
    /// Its nodes.
    pub nodes: NodeCount,
    /// From when they can be sold.
    pub from: Instant,
}

/// Moves what a tranche still owes to another instant. Never refused for what it breaks:
/// [`crate::State::at_risk`] says what that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MoveSupply {
    /// The tranche.
    pub tranche: TrancheId,
    /// From when its nodes can be sold.
    pub from: Instant,
}

/// Neighbouring nodes at one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedRun {
    /// The hall.
    pub hall: HallId,
    /// The leaf, numbered within the hall.
    pub leaf: u32,
    /// The spine group, numbered within the site.
    pub spine_group: u32,
    /// The NVLink domain, numbered within the site, where the model has domains beyond a node.
    #[serde(default)]
    pub nvlink_domain: Option<u32>,
    /// The nodes' numbers at the site.
    pub run: Run,
}

/// Puts names to nodes of a tranche: from `at` on they can be allocated.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceiveSupply {
    /// The pool.
    pub pool: PoolId,
    /// The tranche.
    pub tranche: TrancheId,
    /// From when they count, in place of the scheduled instant.
    pub at: Instant,
    /// The nodes.
    pub nodes: Vec<PlacedRun>,
}

/// Keeps so many nodes of a pool unsold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetSpareFloor {
    /// The pool.
    pub pool: PoolId,
    /// How many.
    pub nodes: NodeCount,
}

/// One delivery of a lot that is delivered in several, in the order of their beginning. The lot's
/// shape binds all of them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The lot that all deliveries are of: that of the first.
    pub of: LotId,
    /// How many nodes this one and those after it come to: room for them is looked for first.
    pub to_come: NodeCount,
}

/// Holds capacity for a lot over a window, all of it or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reserve {
    /// The lot.
    pub lot: LotId,
    /// Its contract.
    pub contract: ContractId,
    /// The pool.
    pub pool: PoolId,
    /// How many nodes, throughout.
    pub nodes: NodeCount,
    /// When.
    pub window: Window,
    /// How the nodes lie in the fabric.
    pub shape: Shape,
    /// Set when it is one delivery of several of a lot.
    pub part: Option<Part>,
    /// An extension option, directly after the window; held as firmly as the window.
    pub option: Option<Window>,
}

/// Names nodes for a reservation, from an instant to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocate {
    /// The reservation.
    pub reservation: ReservationId,
    /// From when; earlier than the window's start counts as its start.
    pub at: Instant,
    /// Nodes not to name (those the fleet does not call ready).
    pub exclude: Option<NodeSet>,
}

/// Frees the nodes of an allocation from an instant on; the reservation goes on holding its count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReleaseAllocation {
    /// The allocation.
    pub allocation: AllocationId,
    /// From when.
    pub at: Instant,
}

/// Puts the nearest spare in the place of a node of a live allocation, from an instant to its end:
/// the one way in which named nodes change.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplaceNode {
    /// The allocation.
    pub allocation: AllocationId,
    /// The node's number at the site.
    pub node: u32,
    /// From when.
    pub at: Instant,
    /// Nodes not to name (those the fleet does not call ready).
    pub exclude: Option<NodeSet>,
}

/// Ends a reservation early: what lies after is free, the option is dropped, a live allocation
/// is released at the same instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EndReservation {
    /// The reservation.
    pub reservation: ReservationId,
    /// The first instant no longer held.
    pub at: Instant,
}

/// Makes an option firm: the window extends, and a live allocation with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExerciseOption {
    /// The reservation.
    pub reservation: ReservationId,
}

/// Lets an option go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LapseOption {
    /// The reservation.
    pub reservation: ReservationId,
}

/// Takes nodes out of supply over a window: failed, in repair, under maintenance. A fact, so
/// never refused for what it breaks: [`crate::State::at_risk`] says what that is.
#[derive(Clone, Debug, PartialEq)]
pub struct SetUnavailable {
    /// The pool.
    pub pool: PoolId,
    /// The nodes.
    pub nodes: NodeSet,
    /// When; what overlaps an earlier window of the same node counts once.
    pub window: Window,
    /// Why, in a word.
    pub why: Code,
}
