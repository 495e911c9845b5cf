//! Models, sites, orders, deliveries and nodes on the wire.

use std::str::FromStr;

use bareboat_base as base;
use bareboat_base::id::label;
use bareboat_base::{
    HallId, ModelId, NodeSet, PurchaseOrderId, ReceiptId, Run, SanitisationId, SiteId, Table,
    TrancheId, TypedId,
};
use bareboat_fleet as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{capacity, wire};

mod halls;

pub use halls::{AssignTranche, DelayHall, HallDelayed};
pub use numbers::Numbers;

mod numbers {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
    use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
    use utoipa::{PartialSchema, ToSchema, openapi::RefOr};

    use super::{FromStr, NodeSet, Run, base};

    /// Characters of a list of numbers at most.
    const MOST: usize = 100_000;

    /// Numbers of nodes at one site, as they are written: `1-313, 320`. Never empty.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Numbers(Vec<Run>);

    impl Numbers {
        /// The nodes with these numbers at a site.
        pub fn at(self, site: base::SiteId) -> Result<NodeSet, base::node::BadNodeSet> {
            NodeSet::from_runs(site, self.0)
        }
    }

    impl From<&NodeSet> for Numbers {
        fn from(nodes: &NodeSet) -> Self {
            Self(nodes.runs().to_vec())
        }
    }

    /// The text is no list of node numbers.
    #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
    #[error("{0:?}: expected numbers and ranges of numbers from 1, such as 1-313, 320")]
    pub struct BadNumbers(String);

    fn run(part: &str) -> Option<Run> {
        let number = |text: &str| {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u32>().ok().filter(|n| digits && *n > 0)
        };
        let (first, last) = match part.split_once('-') {
            None => (number(part)?, number(part)?),
            Some((first, last)) => (number(first.trim())?, number(last.trim())?),
        };
        let count = last.checked_sub(first)?.checked_add(1)?;
        first.checked_add(count)?;
        Some(Run { first, count })
    }

    impl FromStr for Numbers {
        type Err = BadNumbers;

        fn from_str(text: &str) -> Result<Self, BadNumbers> {
            let bad = |part: &str| BadNumbers(part.chars().take(60).collect());
            if text.len() > MOST {
                return Err(bad(text));
            }
            text.split(',')
                .map(|part| run(part.trim()).ok_or_else(|| bad(part.trim())))
                .collect::<Result<_, _>>()
                .map(Self)
        }
    }

    impl std::fmt::Display for Numbers {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            for (index, run) in self.0.iter().enumerate() {
                let gap = if index > 0 { ", " } else { "" };
                match run.count {
                    1 => write!(f, "{gap}{}", run.first)?,
                    _ => write!(f, "{gap}{}-{}", run.first, run.end() - 1)?,
                }
            }
            Ok(())
        }
    }

    impl Serialize for Numbers {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Numbers {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = <Cow<'de, str>>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        }
    }

    impl PartialSchema for Numbers {
        fn schema() -> RefOr<Schema> {
            let object = ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some("Numbers of nodes at one site, in ranges."))
                .examples([serde_json::Value::from("1-313, 320")])
                .pattern(Some(
                    "^ *[0-9]+( *- *[0-9]+)?( *, *[0-9]+( *- *[0-9]+)?)* *$",
                ))
                .max_length(Some(MOST));
            RefOr::T(Schema::Object(object.into()))
        }
    }

    impl ToSchema for Numbers {}
}

/// The label of a row.
pub(crate) fn label_in<I: TypedId, V: Clone>(table: &Table<I, V>, id: I) -> String {
    let handle = table.handle(&id);
    handle.map_or_else(String::new, |handle| label::<I>(handle.number()))
}

pub(crate) fn site_code(fleet: &domain::State, site: SiteId) -> Option<wire::Code> {
    fleet.sites.get(&site).map(|row| row.code.clone().into())
}

pub(crate) fn model_code(fleet: &domain::State, model: ModelId) -> Option<wire::Code> {
    fleet.models.get(&model).map(|row| row.code.clone().into())
}

/// An accelerator model, in the node it is sold in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `M-0001`.
    pub label: String,
    /// Its code, unique in the book.
    pub code: wire::Code,
    /// Who makes it.
    pub vendor: wire::Name,
    /// GPUs in one node.
    pub gpus_per_node: u32,
    /// Memory of one GPU, GB.
    pub memory_gb: u32,
    /// Thermal design power of one GPU, W.
    pub tdp_watts: u32,
    /// Total processing performance (15 CFR 774 Supp. 1, 3A090 note 2).
    pub tpp: u32,
    /// Performance density, hundredths (same note).
    pub performance_density_centi: u32,
    /// Memory bandwidth of one GPU, GB/s.
    pub dram_gbps: u32,
    /// Export control classification number.
    pub eccn: wire::Code,
    /// GPUs under one NVLink switch system.
    pub nvlink_domain_gpus: u32,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Model {
    /// The model with an id.
    pub fn of(fleet: &domain::State, id: ModelId) -> Option<Self> {
        let row = fleet.models.get(&id)?;
        Some(Self {
            id: id.into(),
            label: label_in(&fleet.models, id),
            code: row.code.clone().into(),
            vendor: row.vendor.clone().into(),
            gpus_per_node: row.gpus_per_node,
            memory_gb: row.memory_gb,
            tdp_watts: row.tdp_watts,
            tpp: row.tpp,
            performance_density_centi: row.performance_density_centi,
            dram_gbps: row.dram_gbps,
            eccn: row.eccn.clone().into(),
            nvlink_domain_gpus: row.nvlink_domain_gpus,
            recorded: row.recorded.into(),
        })
    }
}

/// Makes an accelerator model known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterModel {
    /// Its code, unique in the book.
    pub code: wire::Code,
    /// Who makes it.
    pub vendor: wire::Name,
    /// GPUs in one node.
    pub gpus_per_node: u32,
    /// Memory of one GPU, GB.
    pub memory_gb: u32,
    /// Thermal design power of one GPU, W.
    pub tdp_watts: u32,
    /// Total processing performance (15 CFR 774 Supp. 1, 3A090 note 2).
    pub tpp: u32,
    /// Performance density, hundredths (same note).
    pub performance_density_centi: u32,
    /// Memory bandwidth of one GPU, GB/s.
    pub dram_gbps: u32,
    /// Export control classification number.
    pub eccn: wire::Code,
    /// GPUs under one NVLink switch system.
    pub nvlink_domain_gpus: u32,
}

/// A data centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Site {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `SITE-0001`.
    pub label: String,
    /// Its code, unique in the book.
    pub code: wire::Code,
    /// Its name.
    pub name: wire::Name,
    /// Where it stands.
    pub country: wire::Country,
    /// The zone of its civil dates.
    pub zone: wire::Zone,
    /// Usable power, kW; the operator's to know.
    pub power_kw: Option<u32>,
    /// Power usage effectiveness, thousandths (1250 is 1.25); the operator's to know.
    pub pue_milli: Option<u32>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Site {
    /// The site with an id; `whole` shows what is the operator's to know.
    pub fn of(fleet: &domain::State, id: SiteId, whole: bool) -> Option<Self> {
        let row = fleet.sites.get(&id)?;
        Some(Self {
            id: id.into(),
            label: label_in(&fleet.sites, id),
            code: row.code.clone().into(),
            name: row.name.clone().into(),
            country: row.country.into(),
            zone: row.zone.clone().into(),
            power_kw: whole.then_some(row.power_kw),
            pue_milli: whole.then_some(row.pue_milli),
            recorded: row.recorded.into(),
        })
    }
}

/// Makes a data centre known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterSite {
    /// Its code, unique in the book; part of its nodes' labels.
    pub code: wire::Code,
    /// Its name.
    pub name: wire::Name,
    /// Where it stands.
    pub country: wire::Country,
    /// The zone of its civil dates.
    pub zone: wire::Zone,
    /// Usable power, kW.
    pub power_kw: u32,
    /// Power usage effectiveness, thousandths (1250 is 1.25).
    pub pue_milli: u32,
}

/// A hall of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hall {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `HALL-0001`.
    pub label: String,
    /// The site.
    pub site: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// Its code, unique in the site.
    pub code: wire::Code,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Hall {
    /// The hall with an id.
    pub fn of(fleet: &domain::State, id: HallId) -> Option<Self> {
        let row = fleet.halls.get(&id)?;
        Some(Self {
            id: id.into(),
            label: label_in(&fleet.halls, id),
            site: row.site.into(),
            site_code: site_code(fleet, row.site),
            code: row.code.clone().into(),
            recorded: row.recorded.into(),
        })
    }
}

/// Adds a hall to a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddHall {
    /// The site.
    pub site: wire::Ref,
    /// Its code, unique in the site.
    pub code: wire::Code,
}

/// An order of nodes of one model for one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurchaseOrder {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `PO-0001`.
    pub label: String,
    /// Who sells.
    pub supplier: wire::Name,
    /// The supplier's or operator's number for it, unique for the supplier.
    pub reference: wire::Code,
    /// The operator's entity that buys.
    pub entity: Option<wire::Id>,
    /// What is bought.
    pub model: wire::Id,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// Where it goes.
    pub site: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// How many nodes, over all tranches.
    pub nodes: u32,
    /// The price of all of them.
    pub price: wire::Money,
    /// The price of one, to the millionth, rounded half up.
    pub price_per_node: Option<wire::MicroPrice>,
    /// When it was placed.
    pub placed_on: wire::Date,
    /// Its tranches, in the order given.
    pub tranches: Vec<Tranche>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl PurchaseOrder {
    /// The order with an id.
    pub fn of(fleet: &domain::State, id: PurchaseOrderId) -> Option<Self> {
        let row = fleet.orders.get(&id)?;
        let per_node = base::MicroPrice::of_total(row.price, u64::from(row.nodes.0.max(1)));
        let tranches = row.tranches.iter();
        Some(Self {
            id: id.into(),
            label: label_in(&fleet.orders, id),
            supplier: row.supplier.clone().into(),
            reference: row.reference.clone().into(),
            entity: row.entity.map(Into::into),
            model: row.model.into(),
            model_code: model_code(fleet, row.model),
            site: row.site.into(),
            site_code: site_code(fleet, row.site),
            nodes: row.nodes.0,
            price: row.price.into(),
            price_per_node: per_node.ok().map(Into::into),
            placed_on: row.placed_on.into(),
            tranches: tranches.filter_map(|id| Tranche::of(fleet, *id)).collect(),
            recorded: row.recorded.into(),
        })
    }
}

/// One tranche of an order to place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTranche {
    /// How many nodes.
    pub nodes: u32,
    /// When they are due, a civil date of the site.
    pub due_on: wire::Date,
    /// The hall of the site that they go to, where it is known: its code there, its label or id.
    #[serde(default)]
    pub hall: Option<wire::Ref>,
}

/// Orders nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// Who sells.
    pub supplier: wire::Name,
    /// The supplier's or operator's number for it, unique for the supplier.
    pub reference: wire::Code,
    /// The operator's entity that buys: its id, label or code.
    pub entity: Option<wire::Ref>,
    /// What is bought.
    pub model: wire::Ref,
    /// Where it goes.
    pub site: wire::Ref,
    /// How many nodes, over all tranches.
    pub nodes: u32,
    /// The price of all of them.
    pub price: wire::Money,
    /// When it was placed.
    pub placed_on: wire::Date,
    /// The dated deliveries; they add up to `nodes`.
    pub tranches: Vec<NewTranche>,
}

/// One change of a tranche's date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Slip {
    /// When it was due.
    pub old_due_on: wire::Date,
    /// When it was due after that.
    pub new_due_on: wire::Date,
    /// Why.
    pub reason: wire::Text,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

/// A dated delivery of so many nodes of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tranche {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `TR-0001`.
    pub label: String,
    /// Its order.
    pub order: wire::Id,
    /// The order's label.
    pub order_label: String,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// How many nodes are due.
    pub nodes: u32,
    /// How many arrived.
    pub received: u32,
    /// When it is due, a civil date of the site.
    pub due_on: wire::Date,
    /// The hall that it goes to, where that is known.
    pub hall: Option<wire::Id>,
    /// The hall's code.
    pub hall_code: Option<wire::Code>,
    /// `expected`, `partly-received` or `received`.
    pub status: String,
    /// Every change of its date, oldest first.
    pub slips: Vec<Slip>,
    /// What arrived, oldest first.
    pub receipts: Vec<wire::Id>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Tranche {
    /// The names of the status on the wire.
    pub const STATUSES: [&'static str; 3] = ["expected", "partly-received", "received"];

    /// The name of a status on the wire.
    pub fn status(status: domain::TrancheStatus) -> &'static str {
        match status {
            domain::TrancheStatus::Expected => Self::STATUSES[0],
            domain::TrancheStatus::PartlyReceived => Self::STATUSES[1],
            domain::TrancheStatus::Received => Self::STATUSES[2],
        }
    }

    /// The tranche with an id.
    pub fn of(fleet: &domain::State, id: TrancheId) -> Option<Self> {
        let row = fleet.tranches.get(&id)?;
        let order = fleet.orders.get(&row.order);
        let slip = |slip: &domain::Slip| Slip {
            old_due_on: slip.old_due_on.into(),
            new_due_on: slip.new_due_on.into(),
            reason: slip.reason.clone().into(),
            recorded: slip.recorded.into(),
        };
        Some(Self {
            id: id.into(),
            label: label_in(&fleet.tranches, id),
            order: row.order.into(),
            order_label: label_in(&fleet.orders, row.order),
            model_code: order.and_then(|order| model_code(fleet, order.model)),
            site_code: order.and_then(|order| site_code(fleet, order.site)),
            nodes: row.nodes.0,
            received: row.received.0,
            due_on: row.due_on.into(),
            hall: row.hall.map(Into::into),
            hall_code: row
                .hall
                .and_then(|hall| Some(fleet.halls.get(&hall)?.code.clone().into())),
            status: Self::status(row.status).to_owned(),
            slips: row.slips.iter().map(slip).collect(),
            receipts: row.receipts.iter().map(|id| (*id).into()).collect(),
            recorded: row.recorded.into(),
        })
    }
}

/// Moves the date of a tranche.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipTranche {
    /// Its new date, later or earlier: a civil date of the site.
    pub due_on: wire::Date,
    /// Why.
    pub reason: wire::Text,
}

/// A tranche whose date moved, and what that breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Slipped {
    /// The tranche as it is now.
    pub tranche: Tranche,
    /// The reservations of its pool that its calendar cannot keep now.
    pub at_risk: Vec<capacity::AtRisk>,
}

/// Nodes that arrived together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `RC-0001`.
    pub label: String,
    /// Of which tranche.
    pub tranche: wire::Id,
    /// The tranche's label.
    pub tranche_label: String,
    /// When, a civil date of the site.
    pub received_on: wire::Date,
    /// The site.
    pub site: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The nodes' numbers there.
    pub nodes: Numbers,
    /// How many.
    pub count: u32,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Receipt {
    /// The receipt with an id.
    pub fn of(fleet: &domain::State, id: ReceiptId) -> Option<Self> {
        let row = fleet.receipts.get(&id)?;
        Some(Self {
            id: id.into(),
            label: label_in(&fleet.receipts, id),
            tranche: row.tranche.into(),
            tranche_label: label_in(&fleet.tranches, row.tranche),
            received_on: row.received_on.into(),
            site: row.nodes.site().into(),
            site_code: site_code(fleet, row.nodes.site()),
            nodes: (&row.nodes).into(),
            count: row.nodes.count().0,
            recorded: row.recorded.into(),
        })
    }
}

/// A node as it arrives; a row of an import has the same fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNode {
    /// Chassis serial number, unique in the fleet.
    pub serial: wire::Code,
    /// The hall it stands in: its code at the site, its id or its label.
    pub hall: wire::Ref,
    /// The rack.
    pub rack: wire::Code,
    /// The leaf switch it hangs on, numbered within the hall.
    pub leaf: u32,
    /// The spine group its leaf belongs to, numbered within the site.
    pub spine_group: u32,
    /// The NVLink domain, numbered within the site, where the model has domains beyond a node.
    pub nvlink_domain: Option<u32>,
    /// The address of its management controller.
    pub bmc: wire::Name,
    /// Serial numbers of its GPUs: all of them, or none yet.
    #[serde(default)]
    pub gpus: Vec<wire::Code>,
}

/// Records the arrival of nodes; they get the site's next numbers in the order given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveTranche {
    /// When, a civil date of the site.
    pub received_on: wire::Date,
    /// The nodes.
    pub nodes: Vec<NewNode>,
}

/// Where a node stands in the fabric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// The hall.
    pub hall: wire::Id,
    /// The hall's code.
    pub hall_code: Option<wire::Code>,
    /// The rack.
    pub rack: wire::Code,
    /// The leaf switch it hangs on, numbered within the hall.
    pub leaf: u32,
    /// The spine group its leaf belongs to, numbered within the site.
    pub spine_group: u32,
    /// The NVLink domain, numbered within the site.
    pub nvlink_domain: Option<u32>,
    /// The switches from the node to the core, in order, as far as the book knows the fabric:
    /// `OSA/H1/leaf-3`, `OSA/spine-1`, `OSA/core`.
    pub switches: Vec<String>,
}

impl Place {
    /// Where a node stands.
    pub fn of(fleet: &domain::State, node: &domain::Node) -> Self {
        let site = site_code(fleet, node.node.site).map_or_else(String::new, |c| c.0.to_string());
        let hall = fleet.halls.get(&node.hall).map(|row| row.code.clone());
        let hall_text = hall.as_ref().map_or("", |code| code.as_str());
        let switches = vec![
            format!("{site}/{hall_text}/leaf-{}", node.leaf),
            format!("{site}/spine-{}", node.spine_group),
            format!("{site}/core"),
        ];
        Self {
            hall: node.hall.into(),
            hall_code: hall.map(Into::into),
            rack: node.rack.clone().into(),
            leaf: node.leaf,
            spine_group: node.spine_group,
            nvlink_domain: node.nvlink_domain,
            switches,
        }
    }
}

/// The last erasure of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Erasure {
    /// Its record; the operator's to know.
    pub sanitisation: Option<wire::Id>,
    /// `clear` or `purge` (NIST SP 800-88 Rev. 1).
    pub method: String,
    /// When it was done.
    pub performed_at: wire::Instant,
    /// SHA-256 of the evidence document.
    pub evidence: wire::Digest,
}

/// Whose a node is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// The allocation.
    pub allocation: wire::Id,
    /// Its reservation.
    pub reservation: wire::Id,
    /// The lot.
    pub lot: wire::Id,
    /// The contract.
    pub contract: wire::Id,
    /// The client's organisation, or the partner's while the client has none.
    pub organisation: Option<wire::Id>,
    /// The project.
    pub project: Option<wire::Id>,
    /// The instance: this node as it was given to this holder, `A-0001/N-OSA-000317`. Given anew
    /// it is another.
    pub instance: String,
    /// From when the holder has it.
    pub since: wire::Instant,
    /// The block that it is in.
    pub block: Option<wire::Id>,
    /// The block's label.
    pub block_label: Option<String>,
}

/// One bare-metal machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Node {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `N-OSA-000317`. It never changes, through repair and resale.
    pub label: String,
    /// Its site.
    pub site: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// Its number there.
    pub number: u32,
    /// What it is.
    pub model: wire::Id,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// How many GPUs it has.
    pub gpu_count: u32,
    /// Chassis serial number.
    pub serial: wire::Code,
    /// Serial numbers of its GPUs, where they are known.
    pub gpus: Vec<wire::Code>,
    /// Where it stands.
    pub place: Place,
    /// The address of its management controller; the operator's to know.
    pub bmc: Option<wire::Name>,
    /// `received`, `racked`, `discovered`, `validating`, `ready`, `allocated`, `sanitising`,
    /// `quarantined`, `in-repair` or `retired`.
    pub phase: String,
    /// Since when.
    pub phase_since: wire::Instant,
    /// Why, where a reason was given; the operator's to know.
    pub phase_reason: Option<wire::Text>,
    /// Whether it is fit for work.
    pub health: capacity::Health,
    /// The last time it was erased.
    pub erased: Option<Erasure>,
    /// Whose it is now.
    pub holder: Option<Holder>,
    /// The receipt it came with; the operator's to know.
    pub receipt: Option<wire::Id>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Node {
    /// From the row; `whole` shows what is the operator's to know.
    pub fn of(
        fleet: &domain::State,
        node: &domain::NodeView<'_>,
        (holder, health): (Option<Holder>, capacity::Health),
        whole: bool,
    ) -> Self {
        let erased = node.last_sanitisation.and_then(|id| {
            let row = fleet.sanitisations.get(&id)?;
            Some(Erasure {
                sanitisation: whole.then(|| id.into()),
                method: method(row.method).to_owned(),
                performed_at: row.performed_at.into(),
                evidence: row.evidence.into(),
            })
        });
        let model = fleet.models.get(&node.model);
        let site = fleet.sites.get(&node.node.site).map(|row| row.code.clone());
        let code = site.as_ref().map_or("", |code| code.as_str());
        Self {
            id: node.id.into(),
            label: base::node::node_label(code, node.node.number),
            site: node.node.site.into(),
            number: node.node.number,
            site_code: site.map(Into::into),
            model: node.model.into(),
            model_code: model.map(|row| row.code.clone().into()),
            gpu_count: model.map_or(0, |row| row.gpus_per_node),
            serial: node.serial.clone().into(),
            gpus: node.gpus.iter().map(|gpu| gpu.clone().into()).collect(),
            place: Place::of(fleet, node.row),
            bmc: whole.then(|| node.bmc.clone().into()),
            phase: node.phase.to_string(),
            phase_since: node.phase_since.into(),
            phase_reason: node.phase_reason.filter(|_| whole).cloned().map(Into::into),
            health,
            erased,
            holder,
            receipt: whole.then(|| node.receipt.into()),
            recorded: node.recorded.into(),
        }
    }
}

/// Moves nodes to another phase, all or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceNodes {
    /// The site.
    pub site: wire::Ref,
    /// The nodes' numbers there.
    pub nodes: Numbers,
    /// The phase they come to. Nodes come to be `allocated` with a lot only.
    pub to: String,
    /// When, not before they came to their present phase; now when left out.
    pub at: Option<wire::Instant>,
    /// Why; needed for `quarantined`, `in-repair` and `retired`.
    pub reason: Option<wire::Text>,
}

/// Nodes that moved to another phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Advanced {
    /// The site.
    pub site: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The nodes' numbers there.
    pub nodes: Numbers,
    /// How many.
    pub count: u32,
    /// The phase they came to.
    pub phase: String,
    /// When.
    pub at: wire::Instant,
    /// The reservations that the move newly put at risk: a node that is quarantined, in repair or
    /// retired is out of supply until it is ready again. For the first of them, what they could
    /// have instead; `POST /v1/capacity/at-risk` says it for all.
    pub at_risk: Vec<capacity::Rescue>,
}

/// The name of a method of erasure on the wire.
pub fn method(method: domain::SanitisationMethod) -> &'static str {
    match method {
        domain::SanitisationMethod::Clear => "clear",
        domain::SanitisationMethod::Purge => "purge",
    }
}

/// The record that nodes were erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sanitisation {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `SAN-0001`.
    pub label: String,
    /// The site.
    pub site: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The nodes' numbers there.
    pub nodes: Numbers,
    /// How many.
    pub count: u32,
    /// `clear` or `purge` (NIST SP 800-88 Rev. 1).
    pub method: String,
    /// When it was done.
    pub performed_at: wire::Instant,
    /// SHA-256 of the evidence document.
    pub evidence: wire::Digest,
    /// Who did it.
    pub performed_by: wire::Name,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Sanitisation {
    /// The sanitisation with an id.
    pub fn of(fleet: &domain::State, id: SanitisationId) -> Option<Self> {
        let row = fleet.sanitisations.get(&id)?;
        Some(Self {
            id: id.into(),
            label: label_in(&fleet.sanitisations, id),
            site: row.nodes.site().into(),
            site_code: site_code(fleet, row.nodes.site()),
            nodes: (&row.nodes).into(),
            count: row.nodes.count().0,
            method: method(row.method).to_owned(),
            performed_at: row.performed_at.into(),
            evidence: row.evidence.into(),
            performed_by: row.performed_by.clone().into(),
            recorded: row.recorded.into(),
        })
    }
}

/// Records that nodes were erased, and moves them on to validation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordSanitisation {
    /// The site.
    pub site: wire::Ref,
    /// The nodes' numbers there; all of them sanitising.
    pub nodes: Numbers,
    /// `clear` or `purge` (NIST SP 800-88 Rev. 1).
    pub method: String,
    /// When it was done.
    pub performed_at: wire::Instant,
    /// SHA-256 of the evidence document.
    pub evidence: wire::Digest,
    /// Who did it.
    pub performed_by: wire::Name,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ranges() {
        let numbers: Numbers = " 320, 1 - 313".parse().unwrap();
        assert_eq!(numbers.to_string(), "320, 1-313");
        let site = SiteId::from_uuid(uuid::Uuid::from_u128(1));
        let set = numbers.at(site).unwrap();
        assert_eq!((set.count().0, set.to_string()), (314, "1-313, 320".into()));
        assert_eq!(Numbers::from(&set).to_string(), "1-313, 320");
        for bad in [
            "",
            "0",
            "1-",
            "5-3",
            "+1",
            "1,,2",
            "1-4294967295",
            "a",
            "1 2",
        ] {
            assert!(bad.parse::<Numbers>().is_err(), "{bad}");
        }
    }
}
