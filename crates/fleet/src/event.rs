//! What happened to the fleet, as it is stored.

use std::sync::Arc;

use bareboat_base::{
    Code, Country, Date, Digest, EntityId, HallId, Instant, ModelId, Money, Name, NodeCount,
    NodeId, NodeSet, PurchaseOrderId, ReceiptId, SanitisationId, SiteId, Text, TrancheId, Zone,
};
use serde::{Deserialize, Serialize};

use crate::{NodeFacts, Phase, SanitisationMethod, TrancheAssigned};

bareboat_base::events! {
    /// What happened to the fleet.
    pub enum Event upcast bareboat_base::event::no_upcast {
        /// A model became known.
        ModelRegistered = "fleet.model_registered" 1;
        /// A site became known.
        SiteRegistered = "fleet.site_registered" 1;
        /// A hall was added.
        HallAdded = "fleet.hall_added" 1;
        /// Nodes were ordered.
        OrderPlaced = "fleet.order_placed" 1;
        /// A tranche's date moved.
        TrancheSlipped = "fleet.tranche_slipped" 1;
        /// A tranche goes to a hall.
        TrancheAssigned = "fleet.tranche_assigned" 1;
        /// Nodes of a tranche arrived.
        TrancheReceived = "fleet.tranche_received" 1;
        /// One node arrived.
        NodeReceived = "fleet.node_received" 1;
        /// Nodes came to another phase.
        NodesAdvanced = "fleet.nodes_advanced" 1;
        /// Nodes were erased.
        NodesSanitised = "fleet.nodes_sanitised" 1;
    }
}

/// A model became known. Fields as in [`crate::Model`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ModelRegistered {
    pub model: ModelId,
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

/// A site became known. Fields as in [`crate::Site`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SiteRegistered {
    pub site: SiteId,
    pub code: Code,
    pub name: Name,
    pub country: Country,
    pub zone: Zone,
    pub power_kw: u32,
    pub pue_milli: u32,
}

/// A hall was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HallAdded {
    pub hall: HallId,
    pub site: SiteId,
    pub code: Code,
}

/// One tranche of a placed order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PlacedTranche {
    pub tranche: TrancheId,
    pub nodes: NodeCount,
    pub due_on: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hall: Option<HallId>,
}

/// Nodes were ordered. Fields as in [`crate::PurchaseOrder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OrderPlaced {
    pub order: PurchaseOrderId,
    pub supplier: Name,
    pub reference: Code,
    pub entity: Option<EntityId>,
    pub model: ModelId,
    pub site: SiteId,
    pub nodes: NodeCount,
    pub price: Money,
    pub placed_on: Date,
    pub tranches: Vec<PlacedTranche>,
}

/// A tranche's date moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TrancheSlipped {
    pub tranche: TrancheId,
    pub old_due_on: Date,
    pub new_due_on: Date,
    pub reason: Text,
}

/// Nodes of a tranche arrived; a `fleet.node_received` follows for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TrancheReceived {
    pub receipt: ReceiptId,
    pub tranche: TrancheId,
    pub received_on: Date,
    pub nodes: NodeSet,
}

/// One node arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeReceived {
    /// Its id.
    pub node: NodeId,
    /// Its site.
    pub site: SiteId,
    /// Its number there, the next one.
    pub number: u32,
    /// What it is.
    pub model: ModelId,
    /// The receipt it came with.
    pub receipt: ReceiptId,
    /// The first instant of the day of receipt in the site's zone.
    pub at: Instant,
    /// Serial numbers and place.
    pub facts: Arc<NodeFacts>,
}

/// Nodes came to another phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NodesAdvanced {
    pub nodes: NodeSet,
    pub to: Phase,
    pub at: Instant,
    pub reason: Option<Text>,
}

/// Nodes were erased, and went on to validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NodesSanitised {
    pub sanitisation: SanitisationId,
    pub nodes: NodeSet,
    pub method: SanitisationMethod,
    pub performed_at: Instant,
    pub evidence: Digest,
    pub performed_by: Name,
}
