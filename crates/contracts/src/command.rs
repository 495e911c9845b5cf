//! What can be asked of contracts.

use bareboat_base::{
    Code, ContractId, Currency, Date, DateWindow, DeterminationId, Digest, EntityId, GpuCount,
    Instant, LotId, ModelId, OrganisationId, PartyId, ProjectId, ReservationId, Shape, Share,
    SiteId, Text, WindDownId, Zone,
};

use crate::model::{Cause, Extension, Prepayment, Price, RegulatoryTermination, Step, Treatment};

/// A request to change contracts.
// One command is decided at a time: a box would save nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Write a contract down, not yet binding.
    DraftContract(DraftContract),
    /// Give the lots of a draft that may begin later their days.
    SettleStarts(SettleStarts),
    /// Give a draft up.
    WithdrawDraft(WithdrawDraft),
    /// Make a draft binding, with the capacity held for it.
    SignContract(SignContract),
    /// Go on for the extension.
    ExerciseExtension(ExerciseExtension),
    /// Stop access pending a decision.
    SuspendAccess(SuspendAccess),
    /// Give access back.
    ResumeAccess(ResumeAccess),
    /// Ask for a staged ending.
    PlanWindDown(PlanWindDown),
    /// Give a plan up before it is approved.
    WithdrawWindDown(WithdrawWindDown),
    /// Approve a plan, as a second person.
    ApproveWindDown(ApproveWindDown),
    /// Record a step of a wind-down as done.
    RecordWindDownStep(RecordWindDownStep),
    /// Close a contract whose term or wind-down is over.
    EndContract(EndContract),
}

/// See [`Command::DraftContract`]. Creates the contract as ordinal 0 and its lots as 0, 1, ….
#[derive(Clone, Debug, PartialEq)]
pub struct DraftContract {
    /// The parties' own reference.
    pub reference: Code,
    /// The operator's legal entity that sells.
    pub entity: EntityId,
    /// The partner.
    pub partner: PartyId,
    /// The client.
    pub client: PartyId,
    /// The partner's organisation.
    pub organisation: OrganisationId,
    /// The client's organisation.
    pub client_organisation: Option<OrganisationId>,
    /// The project.
    pub project: ProjectId,
    /// What it is priced and billed in.
    pub currency: Currency,
    /// The zone whose midnights bound billing periods.
    pub billing_zone: Zone,
    /// Its lots.
    pub lots: Vec<NewLot>,
    /// What it costs.
    pub price: Price,
    /// The share due whether used or not.
    pub take_or_pay: Share,
    /// What is paid at signing.
    pub prepayment: Option<Prepayment>,
    /// The operator's extension option.
    pub extension: Option<Extension>,
    /// The right to end it for regulatory change.
    pub regulatory_termination: Option<RegulatoryTermination>,
    /// How its revenue is accounted for.
    pub treatment: Treatment,
}

/// A lot to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLot {
    /// The accelerator model.
    pub model: ModelId,
    /// How many GPUs a node of the model has (a fact of the fleet).
    pub gpus_per_node: u32,
    /// The site.
    pub site: SiteId,
    /// The site's zone (a fact of the fleet).
    pub zone: Zone,
    /// How many GPUs.
    pub gpus: GpuCount,
    /// First day and first day after, in the site's zone.
    pub window: DateWindow,
    /// Hours its price is stated on; by default [`crate::stated_hours`] of the window.
    pub stated_hours: Option<u32>,
    /// How its nodes lie in the fabric.
    pub shape: Shape,
    /// Its deliveries, in the order of their days, the first on its first day: together all its
    /// GPUs. None when all of them come on the first day.
    pub deliveries: Vec<Delivery>,
    /// The last day on which it may begin; it then ends as much later.
    pub latest_start: Option<Date>,
}

/// So many of a lot's GPUs, from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The first day.
    pub from: Date,
    /// How many.
    pub gpus: GpuCount,
}

/// See [`Command::SettleStarts`].
#[derive(Clone, Debug, PartialEq)]
pub struct SettleStarts {
    /// The draft.
    pub contract: ContractId,
    /// Lots that may begin later, and by how many days they do.
    pub lots: Vec<(LotId, u32)>,
}

/// See [`Command::WithdrawDraft`].
#[derive(Clone, Debug, PartialEq)]
pub struct WithdrawDraft {
    /// The draft.
    pub contract: ContractId,
}

/// See [`Command::SignContract`].
#[derive(Clone, Debug, PartialEq)]
pub struct SignContract {
    /// The draft.
    pub contract: ContractId,
    /// The day of signing.
    pub signed_on: Date,
    /// The determination that permits it.
    pub determination: DeterminationId,
    /// The capacity held, one for each lot.
    pub reservations: Vec<SignedReservation>,
}

/// The capacity held for a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedReservation {
    /// The lot.
    pub lot: LotId,
    /// Its reservation.
    pub reservation: ReservationId,
}

/// See [`Command::ExerciseExtension`].
#[derive(Clone, Debug, PartialEq)]
pub struct ExerciseExtension {
    /// The contract.
    pub contract: ContractId,
    /// The day notice of it is given.
    pub on: Date,
}

/// See [`Command::SuspendAccess`].
#[derive(Clone, Debug, PartialEq)]
pub struct SuspendAccess {
    /// The contract.
    pub contract: ContractId,
    /// When access stopped.
    pub at: Instant,
    /// Why.
    pub reason: Text,
}

/// See [`Command::ResumeAccess`].
#[derive(Clone, Debug, PartialEq)]
pub struct ResumeAccess {
    /// The contract.
    pub contract: ContractId,
    /// When access was given back.
    pub at: Instant,
    /// Why.
    pub reason: Text,
}

/// See [`Command::PlanWindDown`].
#[derive(Clone, Debug, PartialEq)]
pub struct PlanWindDown {
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
    /// The first day the contract no longer runs, in its billing zone.
    pub ends_on: Date,
}

/// See [`Command::WithdrawWindDown`].
#[derive(Clone, Debug, PartialEq)]
pub struct WithdrawWindDown {
    /// The plan.
    pub wind_down: WindDownId,
    /// Why it is given up.
    pub reason: Text,
}

/// See [`Command::ApproveWindDown`].
#[derive(Clone, Debug, PartialEq)]
pub struct ApproveWindDown {
    /// The plan.
    pub wind_down: WindDownId,
}

/// See [`Command::RecordWindDownStep`].
#[derive(Clone, Debug, PartialEq)]
pub struct RecordWindDownStep {
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

/// See [`Command::EndContract`].
#[derive(Clone, Debug, PartialEq)]
pub struct EndContract {
    /// The contract.
    pub contract: ContractId,
    /// The first day it no longer runs.
    pub on: Date,
}
