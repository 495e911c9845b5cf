//! What can be asked of the fleet.

use bareboat_base::{
    Code, Country, Date, Digest, EntityId, HallId, Instant, ModelId, Money, Name, NodeCount,
    NodeSet, SiteId, Text, TrancheId, Zone,
};

use crate::{AssignTranche, DelayHall, NodeFacts, Phase, SanitisationMethod};

/// A request to change the fleet.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// See [`RegisterModel`].
    RegisterModel(RegisterModel),
    /// See [`RegisterSite`].
    RegisterSite(RegisterSite),
    /// See [`AddHall`].
    AddHall(AddHall),
    /// See [`PlaceOrder`].
    PlaceOrder(PlaceOrder),
    /// See [`SlipTranche`].
    SlipTranche(SlipTranche),
    /// See [`AssignTranche`].
    AssignTranche(AssignTranche),
    /// See [`DelayHall`].
    DelayHall(DelayHall),
    /// See [`ReceiveTranche`].
    ReceiveTranche(ReceiveTranche),
    /// See [`AdvanceNodes`].
    AdvanceNodes(AdvanceNodes),
    /// See [`RecordSanitisation`].
    RecordSanitisation(RecordSanitisation),
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
    RegisterModel,
    RegisterSite,
    AddHall,
    PlaceOrder,
    SlipTranche,
    AssignTranche,
    DelayHall,
    ReceiveTranche,
    AdvanceNodes,
    RecordSanitisation
);

/// Makes an accelerator model known. Fields as in [`crate::Model`].
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct RegisterModel {
    pub code: Code,
    pub vendor: Name,
    pub gpus_per_node: u32,
    pub memory_gb: u32,
    pub tdp_watts: u32,
    pub tpp: u32,
    pub performance_density_centi: u32,
    pub dram_gbps: u32,
    pub eccn: Code,
    pub nvlink_domain_gpus: u32,
}

/// Makes a data centre known. Fields as in [`crate::Site`].
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct RegisterSite {
    pub code: Code,
    pub name: Name,
    pub country: Country,
    pub zone: Zone,
    pub power_kw: u32,
    pub pue_milli: u32,
}

/// Adds a hall to a site.
#[derive(Clone, Debug, PartialEq)]
pub struct AddHall {
    /// The site.
    pub site: SiteId,
    /// The hall's natural key inside it.
    pub code: Code,
}

/// One tranche of an order to place.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTranche {
    /// How many nodes.
    pub nodes: NodeCount,
    /// When they are due, a civil date of the site.
    pub due_on: Date,
    /// The hall of the site that they go to, where it is known.
    pub hall: Option<HallId>,
}

/// Orders nodes. Fields as in [`crate::PurchaseOrder`].
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PlaceOrder {
    pub supplier: Name,
    pub reference: Code,
    pub entity: Option<EntityId>,
    pub model: ModelId,
    pub site: SiteId,
    pub nodes: NodeCount,
    pub price: Money,
    pub placed_on: Date,
    /// Must add up to `nodes`.
    pub tranches: Vec<NewTranche>,
}

/// Moves the date of a tranche.
#[derive(Clone, Debug, PartialEq)]
pub struct SlipTranche {
    /// The tranche.
    pub tranche: TrancheId,
    /// Its new date, later or earlier.
    pub due_on: Date,
    /// Why.
    pub reason: Text,
}

/// A node as it arrives.
pub type NewNode = NodeFacts;

/// Records the arrival of nodes; they get the site's next numbers in the order given.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceiveTranche {
    /// The tranche.
    pub tranche: TrancheId,
    /// When, a civil date of the site.
    pub received_on: Date,
    /// The nodes.
    pub nodes: Vec<NewNode>,
}

/// Moves nodes to another phase, all or none.
#[derive(Clone, Debug, PartialEq)]
pub struct AdvanceNodes {
    /// The nodes.
    pub nodes: NodeSet,
    /// The phase they come to.
    pub to: Phase,
    /// When, not before they came to their present phase.
    pub at: Instant,
    /// Why; needed for the side ways.
    pub reason: Option<Text>,
}

/// Records that nodes were erased and moves them on to validation.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordSanitisation {
    /// The nodes, all sanitising.
    pub nodes: NodeSet,
    /// How.
    pub method: SanitisationMethod,
    /// When it was done, not before they came to be sanitised.
    pub performed_at: Instant,
    /// SHA-256 of the evidence document.
    pub evidence: Digest,
    /// Who did it.
    pub performed_by: Name,
}
