//! What happened to contracts. Every field is in its stored order.

use bareboat_base::{
    Code, ContractId, Currency, Date, DateWindow, DeterminationId, Digest, EntityId, GpuCount,
    Instant, LotId, ModelId, Money, NodeCount, OrganisationId, PartyId, ProjectId, ReservationId,
    Shape, Share, SiteId, Text, WindDownId, Window, Zone,
};
use serde::{Deserialize, Serialize};

use crate::model::{
    Cause, Extension, Flexible, LotExtension, LotPart, Prepayment, Price, RegulatoryTermination,
    Step, Treatment,
};

bareboat_base::events! {
    /// What happened to contracts.
    pub enum Event upcast lift {
        /// A contract was written down.
        ContractDrafted = "contracts.contract_drafted" 2;
        /// Lots that may begin later were given their days.
        StartsSettled = "contracts.starts_settled" 1;
        /// A draft was given up.
        DraftWithdrawn = "contracts.draft_withdrawn" 1;
        /// A contract became binding.
        ContractSigned = "contracts.contract_signed" 1;
        /// The extension was exercised.
        ContractExtended = "contracts.contract_extended" 1;
        /// Access was stopped.
        AccessSuspended = "contracts.access_suspended" 1;
        /// Access was given back.
        AccessResumed = "contracts.access_resumed" 1;
        /// A staged ending was asked for.
        WindDownPlanned = "contracts.wind_down_planned" 1;
        /// A plan was given up.
        WindDownWithdrawn = "contracts.wind_down_withdrawn" 1;
        /// A second person approved.
        WindDownApproved = "contracts.wind_down_approved" 1;
        /// A step was done.
        WindDownStepRecorded = "contracts.wind_down_step_recorded" 1;
        /// The contract is over.
        ContractEnded = "contracts.contract_ended" 1;
    }
}

/// Before version 2 a number of leaves was all of a shape.
fn lift(kind: &str, _: u32, mut data: serde_json::Value) -> serde_json::Value {
    if kind == "contracts.contract_drafted" {
        for lot in data["lots"].as_array_mut().into_iter().flatten() {
            let max_leaves = lot["max_leaves"].take();
            lot["shape"] = serde_json::json!({ "max_leaves": max_leaves });
        }
    }
    data
}

/// Lots of a draft that may begin later were given their days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartsSettled {
    /// The draft.
    pub contract: ContractId,
    /// The lots and their days.
    pub lots: Vec<SettledLot>,
    /// From the first day of all its lots to the last.
    pub term: DateWindow,
}

/// The days that a lot was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledLot {
    /// The lot.
    pub lot: LotId,
    /// Its days, in its site's zone.
    pub window: DateWindow,
    /// Hours its price is stated on.
    pub stated_hours: u32,
}

/// A contract was written down, with its lots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // The fields are those of [`crate::Contract`].
pub struct ContractDrafted {
    pub contract: ContractId,
    pub reference: Code,
    pub entity: EntityId,
    pub partner: PartyId,
    pub client: PartyId,
    pub organisation: OrganisationId,
    pub client_organisation: Option<OrganisationId>,
    pub project: ProjectId,
    pub currency: Currency,
    pub billing_zone: Zone,
    pub lots: Vec<LotDrafted>,
    pub term: DateWindow,
    pub price: Price,
    pub take_or_pay: Share,
    pub prepayment: Option<Prepayment>,
    pub extension: Option<Extension>,
    pub regulatory_termination: Option<RegulatoryTermination>,
    pub treatment: Treatment,
}

/// One lot of a drafted contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // The fields are those of [`crate::Lot`].
pub struct LotDrafted {
    pub lot: LotId,
    pub model: ModelId,
    pub site: SiteId,
    pub zone: Zone,
    pub gpus: GpuCount,
    pub gpus_per_node: u32,
    pub nodes: NodeCount,
    pub window: DateWindow,
    pub stated_hours: u32,
    pub shape: Shape,
    pub part: Option<LotPart>,
    pub flexible: Option<Flexible>,
}

/// A draft was given up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftWithdrawn {
    /// The draft.
    pub contract: ContractId,
}

/// A contract became binding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContractSigned {
    /// The contract.
    pub contract: ContractId,
    /// The day of signing.
    pub signed_on: Date,
    /// The determination that permits it.
    pub determination: DeterminationId,
    /// Its lots with their capacity and instants.
    pub lots: Vec<SignedLot>,
    /// The tz database version the instants were resolved with.
    pub tz_version: Code,
    /// What is due at signing; zero when nothing is.
    pub prepayment: Money,
}

/// A lot at signing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedLot {
    /// The lot.
    pub lot: LotId,
    /// The capacity held for it.
    pub reservation: ReservationId,
    /// Its window in UTC.
    pub instants: Window,
}

/// The extension was exercised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContractExtended {
    /// The contract.
    pub contract: ContractId,
    /// The day notice of it was given.
    pub on: Date,
    /// What it adds to each lot.
    pub lots: Vec<ExtendedLot>,
    /// The tz database version the instants were resolved with.
    pub tz_version: Code,
}

/// What an extension adds to a lot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtendedLot {
    /// The lot.
    pub lot: LotId,
    /// The part added.
    pub extension: LotExtension,
}

/// Access was stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessSuspended {
    /// The contract.
    pub contract: ContractId,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: Text,
}

/// Access was given back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessResumed {
    /// The contract.
    pub contract: ContractId,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: Text,
}

/// A staged ending was asked for, by the actor of the event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindDownPlanned {
    /// The wind-down.
    pub wind_down: WindDownId,
    /// The contract.
    pub contract: ContractId,
    /// Why, as a kind.
    pub cause: Cause,
    /// Why, in words.
    pub reason: Text,
    /// What it changes.
    pub impact: Text,
    /// The determination that makes it necessary.
    pub determination: Option<DeterminationId>,
    /// The day notice is given.
    pub notice_on: Date,
    /// The first day the contract no longer runs.
    pub ends_on: Date,
    /// The instant that day begins in the billing zone.
    pub ends_at: Instant,
}

/// A plan was given up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindDownWithdrawn {
    /// The plan.
    pub wind_down: WindDownId,
    /// Why.
    pub reason: Text,
}

/// A second person, the actor of the event, approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindDownApproved {
    /// The wind-down.
    pub wind_down: WindDownId,
}

/// A step was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindDownStepRecorded {
    /// The wind-down.
    pub wind_down: WindDownId,
    /// The step.
    pub step: Step,
    /// When it was done.
    pub at: Instant,
    /// The SHA-256 of the document that shows it.
    pub evidence: Digest,
    /// Anything to add.
    pub note: Option<Text>,
}

/// The contract is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContractEnded {
    /// The contract.
    pub contract: ContractId,
    /// The first day it no longer ran.
    pub on: Date,
}
