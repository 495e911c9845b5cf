//! What the fleet keeps.

use std::sync::Arc;

use bareboat_base::{
    Code, Country, Date, Digest, EntityId, HallId, Handle, Instant, ModelId, Money, Name,
    NodeCount, NodeId, NodeRef, NodeSet, PurchaseOrderId, ReceiptId, Recorded, SanitisationId,
    SiteId, Table, Text, TrancheId, Zone,
};
use serde::{Deserialize, Serialize};

use crate::{Column, Phase};

/// Everything the fleet knows. Cloning copies pointers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Accelerator models.
    pub models: Table<ModelId, Model>,
    /// Data centres.
    pub sites: Table<SiteId, Site>,
    /// Halls inside sites.
    pub halls: Table<HallId, Hall>,
    /// Orders of nodes.
    pub orders: Table<PurchaseOrderId, PurchaseOrder>,
    /// Dated deliveries of orders.
    pub tranches: Table<TrancheId, Tranche>,
    /// What arrived.
    pub receipts: Table<ReceiptId, Receipt>,
    /// What is known of every node and does not change; [`State::node`] gives its phase too.
    pub nodes: Table<NodeId, Node>,
    /// Evidence of erasure.
    pub sanitisations: Table<SanitisationId, Sanitisation>,
    /// What changes of every node, by the number of its row in `nodes`.
    pub(crate) statuses: Column<Status>,
    /// Which rows the nodes of a site are.
    pub(crate) site_nodes: Table<SiteId, SiteNodes>,
    /// Nodes in each phase, of each model at each site.
    pub(crate) counts: Table<(SiteId, ModelId), PhaseCounts>,
    /// SHA-256 of a chassis serial → the node that bears it.
    pub(crate) serials: Table<Digest, NodeId>,
    /// SHA-256 of supplier and reference → the order.
    pub(crate) references: Table<Digest, PurchaseOrderId>,
}

/// A chip as sold, in the node it is sold in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its natural key: `B200`.
    pub code: Code,
    /// Who makes it.
    pub vendor: Name,
    /// GPUs in one node.
    pub gpus_per_node: u32,
    /// Memory of one GPU, GB.
    pub memory_gb: u32,
    /// Thermal design power of one GPU, W.
    pub tdp_watts: u32,
    /// Total processing performance (15 CFR 774 Supp. 1, 3A090 note 2).
    pub tpp: u32,
    /// Performance density, hundredths of TPP per mm² (same note).
    pub performance_density_centi: u32,
    /// Memory bandwidth of one GPU, GB/s.
    pub dram_gbps: u32,
    /// Export control classification number.
    pub eccn: Code,
    /// GPUs under one NVLink switch system.
    pub nvlink_domain_gpus: u32,
    /// The event that registered it.
    pub recorded: Recorded,
}

/// A data centre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Its natural key: `OSA`.
    pub code: Code,
    /// Its name.
    pub name: Name,
    /// Where it stands.
    pub country: Country,
    /// The zone of its civil dates.
    pub zone: Zone,
    /// Usable power, kW.
    pub power_kw: u32,
    /// Power usage effectiveness, thousandths (1,250 is 1.25).
    pub pue_milli: u32,
    /// The event that registered it.
    pub recorded: Recorded,
}

/// A hall of a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hall {
    /// The site.
    pub site: SiteId,
    /// Its natural key inside the site.
    pub code: Code,
    /// The event that added it.
    pub recorded: Recorded,
}

/// An order of nodes of one model for one site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurchaseOrder {
    /// Who sells.
    pub supplier: Name,
    /// The supplier's or operator's number for it.
    pub reference: Code,
    /// The operator's entity that buys.
    pub entity: Option<EntityId>,
    /// What is bought.
    pub model: ModelId,
    /// Where it goes.
    pub site: SiteId,
    /// How many nodes, over all tranches.
    pub nodes: NodeCount,
    /// The price of all of them.
    pub price: Money,
    /// When it was placed.
    pub placed_on: Date,
    /// Its tranches, in the order given.
    pub tranches: Vec<TrancheId>,
    /// The event that placed it.
    pub recorded: Recorded,
}

/// How far a tranche has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrancheStatus {
    /// Nothing arrived.
    Expected,
    /// Some nodes arrived.
    PartlyReceived,
    /// All arrived.
    Received,
}

/// A dated delivery of so many nodes of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tranche {
    /// Its order.
    pub order: PurchaseOrderId,
    /// How many nodes are due.
    pub nodes: NodeCount,
    /// When, a civil date of the site.
    pub due_on: Date,
    /// The hall that it goes to, where that is known.
    pub hall: Option<HallId>,
    /// How far it has come.
    pub status: TrancheStatus,
    /// How many nodes arrived.
    pub received: NodeCount,
    /// Every change of its date, oldest first.
    pub slips: Vec<Slip>,
    /// What arrived, oldest first.
    pub receipts: Vec<ReceiptId>,
    /// The event that ordered it.
    pub recorded: Recorded,
}

/// One change of a tranche's date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slip {
    /// When it was due.
    pub old_due_on: Date,
    /// When it is due now.
    pub new_due_on: Date,
    /// Why.
    pub reason: Text,
    /// The event that moved it.
    pub recorded: Recorded,
}

/// Nodes that arrived together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Of which tranche.
    pub tranche: TrancheId,
    /// When, a civil date of the site.
    pub received_on: Date,
    /// Which nodes.
    pub nodes: NodeSet,
    /// The event that recorded it.
    pub recorded: Recorded,
}

/// One bare-metal machine: what does not change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// Its site and number there.
    pub node: NodeRef,
    /// What it is.
    pub model: ModelId,
    /// The receipt it came with.
    pub receipt: ReceiptId,
    /// Serial numbers and place.
    pub facts: Arc<NodeFacts>,
    /// The event that received it.
    pub recorded: Recorded,
}

/// What the supplier and the installer say of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// Chassis serial number, unique in the fleet.
    pub serial: Code,
    /// The hall it stands in.
    pub hall: HallId,
    /// The rack.
    pub rack: Code,
    /// The leaf switch it hangs on, numbered within the hall.
    pub leaf: u32,
    /// The spine group its leaf belongs to, numbered within the site.
    pub spine_group: u32,
    /// The NVLink domain, numbered within the site, where the model has domains beyond a node.
    pub nvlink_domain: Option<u32>,
    /// The address of its management controller.
    pub bmc: Name,
    /// Serial numbers of its GPUs: all of them, or none yet.
    pub gpus: Vec<Code>,
}

impl std::ops::Deref for Node {
    type Target = NodeFacts;
    fn deref(&self) -> &NodeFacts {
        &self.facts
    }
}

/// What changes of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub phase: Phase,
    pub since: Instant,
    pub reason: Option<Arc<Text>>,
    pub last_sanitisation: Option<SanitisationId>,
    /// It was allocated and not erased since.
    pub unerased: bool,
    /// The row of its site and model in `counts`.
    pub kind: Handle,
}

/// `count` nodes of a site from number `first` on stand in the rows from `row` on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NodeRows {
    pub first: u32,
    pub count: u32,
    pub row: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SiteNodes {
    /// Ascending; numbers run from 1 without a gap.
    pub rows: Arc<Vec<NodeRows>>,
}

/// How many nodes stand in each phase, in the order of [`Phase::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhaseCounts(pub [u32; 10]);

impl PhaseCounts {
    /// The nodes in one phase.
    pub fn of(&self, phase: Phase) -> NodeCount {
        NodeCount(self.0[phase as usize])
    }

    /// All nodes, the retired among them.
    pub fn total(&self) -> NodeCount {
        NodeCount(self.0.iter().sum())
    }
}

/// How a node was erased (NIST SP 800-88 Rev. 1 §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SanitisationMethod {
    /// Against simple recovery: overwriting, resetting.
    Clear,
    /// Against laboratory recovery: cryptographic erase, block erase.
    Purge,
}

/// The record that nodes were erased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sanitisation {
    /// Which nodes.
    pub nodes: NodeSet,
    /// How.
    pub method: SanitisationMethod,
    /// When it was done.
    pub performed_at: Instant,
    /// SHA-256 of the evidence document.
    pub evidence: Digest,
    /// Who did it.
    pub performed_by: Name,
    /// The event that recorded it.
    pub recorded: Recorded,
}
