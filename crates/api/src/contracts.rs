//! Contracts, lots, wind-downs, and what a client declares that it uses GPUs for.

mod end_use;
mod lot;
mod wind_down;

pub use end_use::{DeclareUse, EarActivity, EndUse};
pub use lot::{AllocateLot, Lot, LotAllocation, LotExtension};
pub use wind_down::{
    DoStep, ErasureMethod, PlanWindDown, StepDone, StepErasure, WindDown, WindDownCause,
    WindDownStatus, WindDownStep, WithdrawWindDown,
};

use bareboat_base::{ContractId, Handle, label};
use bareboat_contracts as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::capacity::Shape;
use crate::mirror::mirror;
use crate::wire;

mirror! {
    /// Where a contract stands.
    ContractStatus of domain::Status {
        /// Written, not binding; holds no capacity.
        Draft "draft",
        /// A draft given up.
        Withdrawn "withdrawn",
        /// Binding for its term.
        Signed "signed",
        /// Binding for its term and its extension.
        Extended "extended",
        /// A wind-down is approved.
        Terminating "terminating",
        /// Over.
        Ended "ended",
    }
    /// How revenue is accounted for.
    Treatment of domain::Treatment {
        /// Dedicated machines without a right to substitute (IFRS 16, ASC 842).
        Lease "lease",
        /// Capacity the operator may substitute (IFRS 15).
        Service "service",
    }
}

/// What GPUs cost: one sum for all lots over the whole term, or a price for each GPU-hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractPrice {
    /// One sum. Invoices add up to it exactly.
    Total(wire::Money),
    /// A price for each GPU-hour.
    PerGpuHour(wire::MicroPrice),
}

impl From<domain::Price> for ContractPrice {
    fn from(price: domain::Price) -> Self {
        match price {
            domain::Price::FixedTotal(total) => Self::Total(total.into()),
            domain::Price::PerGpuHour(price) => Self::PerGpuHour(price.into()),
        }
    }
}

impl From<&ContractPrice> for domain::Price {
    fn from(price: &ContractPrice) -> Self {
        match price {
            ContractPrice::Total(total) => Self::FixedTotal(total.0),
            ContractPrice::PerGpuHour(price) => Self::PerGpuHour(price.0),
        }
    }
}

/// Part of the price paid at signing and credited back on later invoices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Prepayment {
    /// The share of the committed amount.
    pub share: wire::Share,
    /// Whole months of the term before crediting begins; it then runs evenly to the term's end.
    pub credited_after_months: u32,
}

impl From<domain::Prepayment> for Prepayment {
    fn from(row: domain::Prepayment) -> Self {
        Self {
            share: row.share.into(),
            credited_after_months: row.credited_after_months,
        }
    }
}

/// The operator's right to go on for a further term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractExtension {
    /// Its length in months.
    pub months: u32,
    /// Days before the term's end by which it must be exercised.
    pub notice_days: u32,
    /// What it costs; a total is for the extension alone.
    pub price: ContractPrice,
}

impl From<domain::Extension> for ContractExtension {
    fn from(row: domain::Extension) -> Self {
        Self {
            months: row.months,
            notice_days: row.notice_days,
            price: row.price.into(),
        }
    }
}

/// The right to end a contract when the law forbids it to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegulatoryTermination {
    /// The least days between notice and end.
    pub notice_days: u32,
    /// Whether the prepayment not yet credited is paid back.
    pub refund_unearned: bool,
}

impl From<domain::RegulatoryTermination> for RegulatoryTermination {
    fn from(row: domain::RegulatoryTermination) -> Self {
        Self {
            notice_days: row.notice_days,
            refund_unearned: row.refund_unearned,
        }
    }
}

/// Access stopped pending a decision; nothing destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suspension {
    /// Since when.
    pub at: wire::Instant,
    /// Why; shown to the operator's own people only.
    pub reason: Option<wire::Text>,
}

/// A capacity agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contract {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// The parties' own reference, unique in the book.
    pub reference: wire::Code,
    /// The operator's legal entity that sells.
    pub entity: wire::Id,
    /// The party that buys and resells.
    pub partner: wire::Id,
    /// The party that uses the GPUs.
    pub client: wire::Id,
    /// The partner's organisation.
    pub organisation: wire::Id,
    /// The client's organisation, once it has one.
    pub client_organisation: Option<wire::Id>,
    /// The project it belongs to.
    pub project: wire::Id,
    /// What it is priced and billed in.
    pub currency: wire::Currency,
    /// The zone whose midnights bound billing periods.
    pub billing_zone: wire::Zone,
    /// From its first lot's first day to its last lot's end, without any extension.
    pub term: wire::DateWindow,
    /// The first day it no longer runs, as it stands: with its extension or its wind-down.
    pub ends_on: Option<wire::Date>,
    /// What it costs.
    pub price: ContractPrice,
    /// What the first term comes to.
    pub committed: Option<wire::Money>,
    /// The price of a GPU-hour in the first term, on stated hours: the agreed one, or the one that
    /// follows from the total.
    pub price_per_gpu_hour: Option<wire::MicroPrice>,
    /// The share of the committed amount due whether used or not.
    pub take_or_pay: wire::Share,
    /// What is paid at signing.
    pub prepayment: Option<Prepayment>,
    /// What that comes to.
    pub prepayment_amount: Option<wire::Money>,
    /// The operator's extension option.
    pub extension: Option<ContractExtension>,
    /// The right to end it for regulatory change.
    pub regulatory_termination: Option<RegulatoryTermination>,
    /// How its revenue is accounted for.
    pub treatment: Treatment,
    /// Where it stands.
    pub status: ContractStatus,
    /// The day it was signed.
    pub signed_on: Option<wire::Date>,
    /// The determination it was signed under.
    pub determination: Option<wire::Id>,
    /// The day its extension was exercised.
    pub extended_on: Option<wire::Date>,
    /// Access stopped, while it is.
    pub suspension: Option<Suspension>,
    /// Its newest wind-down.
    pub wind_down: Option<wire::Id>,
    /// The first day it no longer ran, once ended.
    pub ended_on: Option<wire::Date>,
    /// Its lots, in order.
    pub lots: Vec<Lot>,
    /// Counts its changes, from 1.
    pub version: u32,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Contract {
    /// From the row. `office`: for the operator's own people, who also see why access stopped.
    pub fn of(
        state: &domain::State,
        handle: Handle,
        id: ContractId,
        row: &domain::Contract,
        lots: Vec<Lot>,
        office: bool,
    ) -> Self {
        let suspension = row.suspension.as_ref().map(|suspension| Suspension {
            at: suspension.at.into(),
            reason: office.then(|| suspension.reason.clone().into()),
        });
        Self {
            id: id.into(),
            label: label::<ContractId>(handle.number()),
            reference: row.reference.clone().into(),
            entity: row.entity.into(),
            partner: row.partner.into(),
            client: row.client.into(),
            organisation: row.organisation.into(),
            client_organisation: row.client_organisation.map(Into::into),
            project: row.project.into(),
            currency: row.currency.into(),
            billing_zone: row.billing_zone.clone().into(),
            term: row.term.into(),
            ends_on: state.end_date(id).map(Into::into),
            price: row.price.into(),
            committed: state.committed(id).and_then(Result::ok).map(Into::into),
            price_per_gpu_hour: state
                .price_per_gpu_hour(id)
                .and_then(Result::ok)
                .map(Into::into),
            take_or_pay: row.take_or_pay.into(),
            prepayment: row.prepayment.map(Into::into),
            prepayment_amount: row
                .prepayment
                .and_then(|_| state.prepayment(id))
                .and_then(Result::ok)
                .map(Into::into),
            extension: row.extension.map(Into::into),
            regulatory_termination: row.regulatory_termination.map(Into::into),
            treatment: row.treatment.into(),
            status: row.status.into(),
            signed_on: row.signed_on.map(Into::into),
            determination: row.determination.map(Into::into),
            extended_on: row.extended_on.map(Into::into),
            suspension,
            wind_down: row.wind_down.map(Into::into),
            ended_on: row.ended_on.map(Into::into),
            lots,
            version: row.version,
            recorded: row.recorded.into(),
        }
    }
}

/// Whether access under a contract is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractAccess {
    /// The contract.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Its reference.
    pub reference: wire::Code,
    /// Where it stands.
    pub status: ContractStatus,
    /// Access stopped, while it is.
    pub suspension: Option<Suspension>,
    /// Counts the contract's changes, from 1.
    pub version: u32,
}

impl ContractAccess {
    /// From the row, for the operator's own people.
    pub fn of(handle: Handle, id: ContractId, row: &domain::Contract) -> Self {
        Self {
            id: id.into(),
            label: label::<ContractId>(handle.number()),
            reference: row.reference.clone().into(),
            status: row.status.into(),
            suspension: row.suspension.as_ref().map(|suspension| Suspension {
                at: suspension.at.into(),
                reason: Some(suspension.reason.clone().into()),
            }),
            version: row.version,
        }
    }
}

/// Asks for a contract, not yet binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftContract {
    /// The parties' own reference, unique in the book.
    pub reference: wire::Code,
    /// The operator's legal entity that sells.
    pub entity: wire::Ref,
    /// The party that buys and resells.
    pub partner: wire::Ref,
    /// The party that uses the GPUs.
    pub client: wire::Ref,
    /// The partner's organisation.
    pub organisation: wire::Ref,
    /// The client's organisation.
    pub client_organisation: Option<wire::Ref>,
    /// The project it belongs to.
    pub project: wire::Ref,
    /// What it is priced and billed in.
    pub currency: wire::Currency,
    /// The zone whose midnights bound billing periods.
    pub billing_zone: wire::Zone,
    /// Its lots.
    #[schema(min_items = 1, max_items = 1_000)]
    pub lots: Vec<NewLot>,
    /// What it costs.
    pub price: ContractPrice,
    /// The share of the committed amount due whether used or not.
    pub take_or_pay: wire::Share,
    /// What is paid at signing.
    pub prepayment: Option<Prepayment>,
    /// The operator's extension option.
    pub extension: Option<ContractExtension>,
    /// The right to end it for regulatory change.
    pub regulatory_termination: Option<RegulatoryTermination>,
    /// How its revenue is accounted for.
    pub treatment: Treatment,
}

/// A lot to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLot {
    /// The accelerator model.
    pub model: wire::Ref,
    /// The site.
    pub site: wire::Ref,
    /// How many GPUs: whole nodes.
    #[schema(minimum = 1)]
    pub gpus: u32,
    /// First day and first day after, in the site's zone.
    pub window: wire::DateWindow,
    /// Hours its price is stated on; computed from the window when left out.
    pub stated_hours: Option<u32>,
    /// How its nodes lie in the fabric; any way when left out.
    #[serde(default)]
    pub shape: Shape,
    /// Its deliveries in the order of their days, when not all comes on the first: each becomes a
    /// lot of its own.
    #[serde(default)]
    pub deliveries: Vec<LotDelivery>,
    /// The last day on which it may begin, when it need not begin on the first. It gets the first
    /// of these days on which it can be held, and ends as much later.
    pub latest_start: Option<wire::Date>,
}

/// So many of a lot's GPUs, from a day to the lot's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotDelivery {
    /// The first day; of the first delivery, the lot's.
    pub from: wire::Date,
    /// How many GPUs: whole nodes.
    #[schema(minimum = 1)]
    pub gpus: u32,
}

/// Asks to make a draft binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignContract {
    /// The day of signing: not after today in the billing zone.
    pub signed_on: wire::Date,
}

/// Asks to exercise a contract's extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendContract {
    /// The day notice of it is given: not after today in the billing zone.
    pub on: wire::Date,
}

/// Asks to stop access, or to give it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccess {
    /// When.
    pub at: wire::Instant,
    /// Why.
    pub reason: wire::Text,
}

/// What an import made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractsImported {
    /// The contracts drafted, in the order of the file.
    pub contracts: Vec<ImportedContract>,
}

/// One contract of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedContract {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Its reference.
    pub reference: wire::Code,
}
