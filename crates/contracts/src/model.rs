//! The rows: contracts, their lots, their wind-downs.

use bareboat_base::{
    Code, ContractId, Currency, Date, DateWindow, DeterminationId, Digest, EntityId, GpuCount,
    Instant, LotId, MicroPrice, ModelId, Money, NodeCount, OrganisationId, PartyId, PrincipalId,
    ProjectId, Recorded, ReservationId, Shape, Share, SiteId, Text, WindDownId, Window, Zone,
};
use serde::{Deserialize, Serialize};

/// The most lots of one contract.
pub const MOST_LOTS: usize = 1_000;

/// The longest lot, in days (about 50 years).
pub const LONGEST_TERM_DAYS: i64 = 18_263;

/// Hours in a stated month: a year of 365 days has 8,760, a twelfth of which is 730. Leap days do
/// not count, so three years are 26,280 wherever they lie.
pub const STATED_HOURS_PER_MONTH: u32 = 730;

/// What GPUs cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Price {
    /// One sum for all lots over the whole term. A price per GPU-hour follows from it on stated
    /// hours, and is never what is billed.
    FixedTotal(Money),
    /// A price for each GPU-hour.
    PerGpuHour(MicroPrice),
}

impl Price {
    /// Its currency.
    pub fn currency(self) -> Currency {
        match self {
            Self::FixedTotal(total) => total.currency,
            Self::PerGpuHour(price) => price.currency,
        }
    }
}

/// The operator's right to go on for a further term at a price agreed beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Its length in months.
    pub months: u32,
    /// Days before the term's end by which it must be exercised.
    pub notice_days: u32,
    /// What it costs: a total is for the extension alone.
    pub price: Price,
}

/// Part of the price paid at signing and credited back on later invoices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepayment {
    /// The share of the committed amount.
    pub share: Share,
    /// Whole months of the term before crediting begins; it then runs evenly to the term's end.
    pub credited_after_months: u32,
}

/// The right to end the contract when the law forbids it to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegulatoryTermination {
    /// The least days between notice and end.
    pub notice_days: u32,
    /// Whether the prepayment not yet credited is paid back.
    pub refund_unearned: bool,
}

/// How revenue is accounted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Treatment {
    /// Dedicated, serial-numbered machines without a right to substitute (IFRS 16, ASC 842).
    Lease,
    /// Capacity the operator may substitute (IFRS 15).
    Service,
}

/// Where a contract stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Written, not binding; holds no capacity.
    Draft,
    /// A draft given up.
    Withdrawn,
    /// Binding for its term.
    Signed,
    /// Binding for its term and its extension.
    Extended,
    /// A wind-down is approved.
    Terminating,
    /// Over.
    Ended,
}

impl Status {
    /// Its name in messages and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Withdrawn => "withdrawn",
            Self::Signed => "signed",
            Self::Extended => "extended",
            Self::Terminating => "terminating",
            Self::Ended => "ended",
        }
    }

    /// Whether it was ever signed: what its parties agreed to, not only what somebody wrote down.
    pub fn is_signed(self) -> bool {
        !matches!(self, Self::Draft | Self::Withdrawn)
    }
}

/// Access stopped pending a decision; nothing destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Since when.
    pub at: Instant,
    /// Why.
    pub reason: Text,
}

/// A capacity agreement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// The parties' own reference; unique in the book.
    pub reference: Code,
    /// The operator's legal entity that sells.
    pub entity: EntityId,
    /// The partner that buys and resells.
    pub partner: PartyId,
    /// Who uses the GPUs.
    pub client: PartyId,
    /// The partner's organisation, for who may see it.
    pub organisation: OrganisationId,
    /// The client's organisation, once it has one.
    pub client_organisation: Option<OrganisationId>,
    /// The project it belongs to.
    pub project: ProjectId,
    /// What it is priced and billed in.
    pub currency: Currency,
    /// The zone whose midnights bound billing periods.
    pub billing_zone: Zone,
    /// Its lots, in order.
    pub lots: Vec<LotId>,
    /// From its first lot's first day to its last lot's end, without any extension.
    pub term: DateWindow,
    /// What it costs.
    pub price: Price,
    /// The share of the committed amount due whether used or not.
    pub take_or_pay: Share,
    /// What is paid at signing, if anything.
    pub prepayment: Option<Prepayment>,
    /// The operator's extension option.
    pub extension: Option<Extension>,
    /// The right to end it for regulatory change.
    pub regulatory_termination: Option<RegulatoryTermination>,
    /// How its revenue is accounted for.
    pub treatment: Treatment,
    /// Where it stands.
    pub status: Status,
    /// The day it was signed.
    pub signed_on: Option<Date>,
    /// The determination it was signed under.
    pub determination: Option<DeterminationId>,
    /// The day the extension was exercised.
    pub extended_on: Option<Date>,
    /// Access stopped, while it is.
    pub suspension: Option<Suspension>,
    /// Its newest wind-down.
    pub wind_down: Option<WindDownId>,
    /// The first day it no longer ran, once ended.
    pub ended_on: Option<Date>,
    /// Counts its changes, from 1.
    pub version: u32,
    /// The event that created it.
    pub recorded: Recorded,
}

/// The part of a lot that an exercised extension added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotExtension {
    /// Civil dates in the lot's zone, from the lot's end on.
    pub window: DateWindow,
    /// The same in UTC.
    pub instants: Window,
    /// Hours the price per GPU-hour is stated on.
    pub stated_hours: u32,
}

/// One delivery of a lot that is delivered in several: each is a lot of its own, from its day to the
/// same end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotPart {
    /// The first delivery.
    pub of: LotId,
    /// Nodes of this one and of those after it.
    pub to_come: NodeCount,
}

/// A lot that may begin on any of some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flexible {
    /// Its days when it begins on the first of them.
    pub earliest: DateWindow,
    /// By so many days it may begin later.
    pub days: u32,
}

/// One line of a contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lot {
    /// Its contract.
    pub contract: ContractId,
    /// The accelerator model.
    pub model: ModelId,
    /// The site.
    pub site: SiteId,
    /// The site's zone, in which its dates are meant.
    pub zone: Zone,
    /// How many GPUs; always whole nodes.
    pub gpus: GpuCount,
    /// How many GPUs a node of the model has.
    pub gpus_per_node: u32,
    /// How many nodes.
    pub nodes: NodeCount,
    /// First day and first day after, in the site's zone.
    pub window: DateWindow,
    /// Hours its price per GPU-hour is stated on.
    pub stated_hours: u32,
    /// How its nodes lie in the fabric.
    pub shape: Shape,
    /// Set when it is one delivery of several.
    pub part: Option<LotPart>,
    /// Set when it may begin later than it was drafted to.
    pub flexible: Option<Flexible>,
    /// The window in UTC, resolved at signing.
    pub instants: Option<Window>,
    /// The tz database version it was resolved with.
    pub tz_version: Option<Code>,
    /// The capacity held for it.
    pub reservation: Option<ReservationId>,
    /// What an exercised extension added.
    pub extended_to: Option<LotExtension>,
    /// The event that created it.
    pub recorded: Recorded,
}

/// Why a contract is wound down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// Law changed, a licence was revoked, or a party was listed.
    RegulatoryChange,
    /// The buyer broke it.
    Breach,
    /// Both sides agreed to end it.
    Agreement,
    /// Its term is over.
    TermEnd,
}

/// A step of a wind-down, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Step {
    /// The other side was told.
    Notice,
    /// Access was stopped.
    Suspend,
    /// Work was drained from the nodes.
    Drain,
    /// The nodes were erased.
    Sanitise,
    /// The nodes went back to the pool.
    Return,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [
        Self::Notice,
        Self::Suspend,
        Self::Drain,
        Self::Sanitise,
        Self::Return,
    ];

    /// Its name in messages and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Suspend => "suspend",
            Self::Drain => "drain",
            Self::Sanitise => "sanitise",
            Self::Return => "return",
        }
    }
}

/// A step as it was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Which.
    pub step: Step,
    /// When it was done.
    pub at: Instant,
    /// The SHA-256 of the document that shows it.
    pub evidence: Digest,
    /// Anything to add.
    pub note: Option<Text>,
    /// The event that recorded it.
    pub recorded: Recorded,
}

/// Where a wind-down stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindDownStatus {
    /// Waits for a second person.
    Planned,
    /// Given up before it was approved.
    Withdrawn,
    /// Binding; its steps are being done.
    Approved,
    /// Every step is done.
    Completed,
}

/// The staged ending of a contract, before its term or with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindDown {
    /// The contract.
    pub contract: ContractId,
    /// Why, as a kind.
    pub cause: Cause,
    /// Why, in words.
    pub reason: Text,
    /// What it changes, as it was understood when planned.
    pub impact: Text,
    /// The determination that made it necessary.
    pub determination: Option<DeterminationId>,
    /// Who asked for it.
    pub requested_by: PrincipalId,
    /// The second person, who approved it.
    pub approved_by: Option<PrincipalId>,
    /// The day notice is given.
    pub notice_on: Date,
    /// The first day the contract no longer runs, in its billing zone.
    pub ends_on: Date,
    /// The instant that day begins.
    pub ends_at: Instant,
    /// Where it stands.
    pub status: WindDownStatus,
    /// The steps done, in order.
    pub steps: Vec<StepRecord>,
    /// The event that planned it.
    pub recorded: Recorded,
}

impl WindDown {
    /// The next step to do, or `None` when all are done.
    pub fn next_step(&self) -> Option<Step> {
        Step::ALL.get(self.steps.len()).copied()
    }
}

/// What one stretch of one lot costs, as billing needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The lot.
    pub lot: LotId,
    /// Whether it is the extension rather than the first term.
    pub extension: bool,
    /// Its GPUs.
    pub gpus: GpuCount,
    /// The GPUs of a node.
    pub gpus_per_node: u32,
    /// Its civil dates, in the site's zone.
    pub dates: DateWindow,
    /// Its instants.
    pub instants: Window,
    /// Hours its price is stated on.
    pub stated_hours: u32,
    /// What it costs.
    pub price: SegmentPrice,
}

/// What a segment costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentPrice {
    /// Its part of the contract's total; the parts of all segments of a term add up exactly.
    Total(Money),
    /// A price for each GPU-hour.
    PerGpuHour(MicroPrice),
}

/// The hours a price per GPU-hour is stated on: 730 for each month when the window is a whole
/// number of months, otherwise 24 for each day.
pub fn stated_hours(window: DateWindow) -> u32 {
    let (from, to) = (window.from().parts(), window.to().parts());
    let months = (i32::from(to.0) - i32::from(from.0)) * 12 + i32::from(to.1) - i32::from(from.1);
    let whole = window.from().plus_months(months) == Ok(window.to());
    match u32::try_from(months) {
        Ok(months) if whole && months > 0 => months.saturating_mul(STATED_HOURS_PER_MONTH),
        _ => u32::try_from(window.days().saturating_mul(24)).unwrap_or(u32::MAX),
    }
}
