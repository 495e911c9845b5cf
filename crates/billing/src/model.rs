//! The rows: usage intervals and invoices; and the drafts that become invoices.

use bareboat_base::money::{MoneyError, divide};
use bareboat_base::{
    AllocationId, ContractId, Currency, Date, DateWindow, Digest, InvoiceId, InvoiceLineId, LotId,
    MicroPrice, Money, NodeSet, Recorded, Rounding, Share, Text, TypedId, Window, wide,
};
use serde::{Deserialize, Serialize};

/// The most intervals of one record of usage.
pub const MOST_INTERVALS: usize = 2_000;
/// The longest interval, in days.
pub const LONGEST_INTERVAL_DAYS: i64 = 400;
/// The most lines of one invoice.
pub const MOST_LINES: usize = 10_000;

/// The state nodes were in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UsageState {
    /// As sold.
    Available,
    /// Usable, but not as sold.
    Degraded,
    /// Not usable.
    Down,
    /// Not usable, as announced.
    Maintenance,
}

impl UsageState {
    /// Whether its hours count as used.
    pub fn is_billable(self) -> bool {
        matches!(self, Self::Available | Self::Degraded)
    }
}

/// Nodes of a lot in one state over a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageInterval {
    /// The contract.
    pub contract: ContractId,
    /// The lot.
    pub lot: LotId,
    /// The allocation that bound the nodes to it.
    pub allocation: AllocationId,
    /// The nodes.
    pub nodes: NodeSet,
    /// When.
    pub window: Window,
    /// The state they were in.
    pub state: UsageState,
    /// Where the record comes from.
    pub source: Text,
    /// The SHA-256 of the samples or report it was made from.
    pub source_digest: Digest,
    /// The event that recorded it.
    pub recorded: Recorded,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DocumentKind {
    /// The prepayment due at signing.
    Prepayment,
    /// The invoice of a period.
    Period,
    /// The last invoice, to the day a contract ends.
    Final,
    /// What is paid back.
    CreditNote,
    /// What late usage or an earlier end changes in documents already issued, when no day is left
    /// to bill.
    Correction,
}

impl DocumentKind {
    /// Its name in messages and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepayment => "prepayment",
            Self::Period => "period",
            Self::Final => "final",
            Self::CreditNote => "credit-note",
            Self::Correction => "correction",
        }
    }

    /// Whether it bills a period, which no other such document of the contract may share.
    pub fn bills_period(self) -> bool {
        matches!(self, Self::Period | Self::Final)
    }
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LineKind {
    /// The committed amount, due whether used or not.
    Commitment,
    /// What was used.
    Usage,
    /// What is missing to the take-or-pay share of the committed amount.
    TrueUp,
    /// The change that late usage, or an earlier end, makes to an earlier document.
    Correction,
    /// The prepayment due at signing.
    Prepayment,
    /// The part of the prepayment that pays for this document's charges; negative, or positive
    /// where charges are taken back.
    PrepaymentCredit,
    /// The unearned prepayment, paid back; negative.
    PrepaymentRefund,
}

impl LineKind {
    /// Its name in messages and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commitment => "commitment",
            Self::Usage => "usage",
            Self::TrueUp => "true-up",
            Self::Correction => "correction",
            Self::Prepayment => "prepayment",
            Self::PrepaymentCredit => "prepayment-credit",
            Self::PrepaymentRefund => "prepayment-refund",
        }
    }

    /// Whether the line is earned when it is issued.
    pub fn is_charge(self) -> bool {
        matches!(
            self,
            Self::Commitment | Self::Usage | Self::TrueUp | Self::Correction
        )
    }
}

/// How long, and how many GPUs for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// Microseconds of the lot's course.
    pub micros: i64,
    /// GPUs times microseconds.
    #[serde(with = "wide")]
    pub gpu_micros: i128,
}

impl Quantity {
    /// Hours with up to three decimals, rounded half up: `744` or `1.5`.
    pub fn hours(self) -> String {
        hours_text(i128::from(self.micros))
    }

    /// GPU-hours with up to three decimals, rounded half up.
    pub fn gpu_hours(self) -> String {
        hours_text(self.gpu_micros)
    }
}

fn hours_text(micros: i128) -> String {
    let milli = divide(micros, 3_600_000, Rounding::HalfUp);
    let sign = if milli < 0 { "-" } else { "" };
    let (whole, rest) = (milli.unsigned_abs() / 1_000, milli.unsigned_abs() % 1_000);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let decimals = format!("{rest:03}");
    format!("{sign}{whole}.{}", decimals.trim_end_matches('0'))
}

/// The numbers a line was computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// What of `total` is due up to `to` less what was due up to `from`, each rounded half up;
    /// microseconds of a course of `whole`.
    PartOfTotal {
        /// All of it.
        total: Money,
        /// Where the period begins.
        from_micros: i64,
        /// Where the period ends.
        to_micros: i64,
        /// The whole course.
        whole_micros: i64,
    },
    /// The price of all committed GPU-hours up to `to` less those up to `from`.
    CommittedHours {
        /// The price of a GPU-hour.
        price: MicroPrice,
        /// Where the period begins.
        from_micros: i64,
        /// Where the period ends.
        to_micros: i64,
    },
    /// The price of the GPU-hours used.
    Rated {
        /// The price of a GPU-hour.
        price: MicroPrice,
        /// GPUs times microseconds.
        #[serde(with = "wide")]
        gpu_micros: i128,
        /// How many usage intervals they come from.
        intervals: u32,
    },
    /// The part of the period's committed amount that was used.
    UsedPart {
        /// The period's committed amount.
        committed: Money,
        /// GPUs times microseconds used.
        #[serde(with = "wide")]
        used_gpu_micros: i128,
        /// GPUs times microseconds committed.
        #[serde(with = "wide")]
        committed_gpu_micros: i128,
        /// How many usage intervals they come from.
        intervals: u32,
    },
    /// What is missing to a floor.
    Floor {
        /// The take-or-pay share.
        take_or_pay: Share,
        /// That share of the period's committed amount.
        floor: Money,
        /// What was charged for use.
        charged: Money,
    },
    /// A period's charges computed anew, less what was charged for it so far.
    Recomputed {
        /// The document corrected.
        invoice: InvoiceId,
        /// The charges as they are now known.
        charges: Money,
        /// What was charged so far.
        charged: Money,
    },
    /// A share of the committed amount.
    ShareOf {
        /// The committed amount.
        committed: Money,
        /// The share.
        share: Share,
    },
    /// A prepayment less what was credited of it.
    Unearned {
        /// What was prepaid.
        prepaid: Money,
        /// What was credited.
        credited: Money,
    },
    /// What of a prepayment is to be credited back up to `to`, rounded half up, less what was
    /// credited before; no more than the charges, and no less when they are taken back.
    CreditDue {
        /// What was prepaid.
        prepaid: Money,
        /// Where the document's days end; microseconds of the days it is credited over.
        to_micros: i64,
        /// All of those days.
        whole_micros: i64,
        /// What is to be credited up to there.
        due: Money,
        /// What was credited before.
        credited: Money,
        /// What is charged here.
        charges: Money,
    },
}

/// One priced line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The lot, when it is one lot's.
    pub lot: Option<LotId>,
    /// What it is.
    pub kind: LineKind,
    /// The same in words.
    pub description: Text,
    /// How long, and how many GPUs for how long; zero for lines without hours.
    pub quantity: Quantity,
    /// What it comes to.
    pub amount: Money,
    /// The numbers it was computed from.
    pub basis: Basis,
}

/// A document before it is issued; nothing is posted or kept.
#[derive(Clone, Debug, PartialEq)]
pub struct InvoiceDraft {
    /// The contract.
    pub contract: ContractId,
    /// What it is.
    pub kind: DocumentKind,
    /// The days it bills, in the billing zone.
    pub period: DateWindow,
    /// The version of this period's document, from 1.
    pub version: u32,
    /// What it is billed in.
    pub currency: Currency,
    /// Its lines.
    pub lines: Vec<Line>,
    /// What they add up to.
    pub total: Money,
}

impl InvoiceDraft {
    /// What makes two runs the same document.
    pub fn identity(&self) -> Digest {
        identity(self.contract, self.kind, self.period, self.version)
    }

    /// What is earned: commitment, usage, true-up, corrections.
    pub fn charges(&self) -> Result<Money, MoneyError> {
        sum(self.currency, &self.lines, LineKind::is_charge)
    }

    /// What of it the prepayment pays for; negative where charges are taken back.
    pub fn prepayment_credit(&self) -> Result<Money, MoneyError> {
        let credit = |kind| kind == LineKind::PrepaymentCredit;
        sum(self.currency, &self.lines, credit).map(Money::negated)
    }
}

/// What the lines of some kinds add up to.
pub(crate) fn sum<'a>(
    currency: Currency,
    lines: impl IntoIterator<Item = &'a Line>,
    counts: impl Fn(LineKind) -> bool,
) -> Result<Money, MoneyError> {
    lines
        .into_iter()
        .filter(|line| counts(line.kind))
        .try_fold(Money::zero(currency), |sum, line| {
            sum.checked_add(line.amount)
        })
}

/// The identity of a document: SHA-256 over contract, kind, period and version. Running twice
/// gives the same document.
pub fn identity(
    contract: ContractId,
    kind: DocumentKind,
    period: DateWindow,
    version: u32,
) -> Digest {
    Digest::of(&[
        b"bareboat-invoice-v1",
        contract.uuid().as_bytes(),
        kind.as_str().as_bytes(),
        &[0],
        period.to_string().as_bytes(),
        &version.to_be_bytes(),
    ])
}

/// A line of an issued document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// Its id.
    pub id: InvoiceLineId,
    /// The line.
    pub line: Line,
}

/// An issued document; never edited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invoice {
    /// The contract.
    pub contract: ContractId,
    /// What it is.
    pub kind: DocumentKind,
    /// The days it bills.
    pub period: DateWindow,
    /// The version of this period's document.
    pub version: u32,
    /// What makes two runs the same document.
    pub identity: Digest,
    /// What it is billed in.
    pub currency: Currency,
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
    /// What they add up to.
    pub total: Money,
    /// The day it bears.
    pub issued_on: Date,
    /// The event that issued it.
    pub recorded: Recorded,
}

impl Invoice {
    /// What is earned: commitment, usage, true-up, corrections.
    pub fn charges(&self) -> Result<Money, MoneyError> {
        self.sum(LineKind::is_charge)
    }

    /// What of it the prepayment pays for; negative where charges are taken back.
    pub fn prepayment_credit(&self) -> Result<Money, MoneyError> {
        self.sum(|kind| kind == LineKind::PrepaymentCredit)
            .map(Money::negated)
    }

    pub(crate) fn sum(&self, counts: impl Fn(LineKind) -> bool) -> Result<Money, MoneyError> {
        sum(
            self.currency,
            self.lines.iter().map(|line| &line.line),
            counts,
        )
    }
}
