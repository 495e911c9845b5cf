//! Usage and invoices.

use bareboat_base::{Handle, InvoiceId, InvoiceLineId, LotId, UsageId, label};
use bareboat_billing as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::evidence::Evidence;
use crate::fleet::Numbers;
use crate::ledger::Entry;
use crate::mirror::mirror;
use crate::wire;

mirror! {
    /// The state nodes were in.
    UsageState of domain::UsageState {
        /// As sold.
        Available "available",
        /// Usable, but not as sold.
        Degraded "degraded",
        /// Not usable.
        Down "down",
        /// Not usable, as announced.
        Maintenance "maintenance",
    }
    /// What a document is.
    DocumentKind of domain::DocumentKind {
        /// The prepayment due at signing.
        Prepayment "prepayment",
        /// The invoice of a period.
        Period "period",
        /// The last invoice, to the day a contract ends.
        Final "final",
        /// What is paid back.
        CreditNote "credit-note",
        /// What late usage or an earlier end changes in documents already issued, when no day is
        /// left to bill.
        Correction "correction",
    }
    /// What a line is.
    LineKind of domain::LineKind {
        /// The committed amount, due whether used or not.
        Commitment "commitment",
        /// What was used.
        Usage "usage",
        /// What is missing to the take-or-pay share of the committed amount.
        TrueUp "true-up",
        /// The change that late usage, or an earlier end, makes to an earlier document.
        Correction "correction",
        /// The prepayment due at signing.
        Prepayment "prepayment",
        /// The part of the prepayment that pays for this document's charges; negative, or
        /// positive where charges are taken back.
        PrepaymentCredit "prepayment-credit",
        /// The unearned prepayment, paid back; negative.
        PrepaymentRefund "prepayment-refund",
    }
}

/// Nodes of a lot in one state over a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageInterval {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// The contract.
    pub contract: wire::Id,
    /// The lot.
    pub lot: wire::Id,
    /// The allocation that bound the nodes to it.
    pub allocation: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The nodes' numbers at the site.
    pub nodes: Numbers,
    /// How many nodes.
    pub node_count: u32,
    /// When.
    pub window: wire::Window,
    /// The state they were in.
    pub state: UsageState,
    /// Where the record comes from.
    pub source: wire::Text,
    /// The SHA-256 of the samples or report it was made from.
    pub source_digest: wire::Digest,
    /// How it was recorded.
    pub recorded: wire::Recorded,
}

impl UsageInterval {
    /// From the row, with the code of its nodes' site.
    pub fn of(
        handle: Handle,
        id: UsageId,
        row: &domain::UsageInterval,
        site_code: Option<wire::Code>,
    ) -> Self {
        Self {
            id: id.into(),
            label: label::<UsageId>(handle.number()),
            contract: row.contract.into(),
            lot: row.lot.into(),
            allocation: row.allocation.into(),
            site_code,
            nodes: Numbers::from(&row.nodes),
            node_count: row.nodes.count().0,
            window: row.window.into(),
            state: row.state.into(),
            source: row.source.clone().into(),
            source_digest: row.source_digest.into(),
            recorded: row.recorded.into(),
        }
    }
}

/// Records how nodes of a lot were used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordUsage {
    /// The lot.
    pub lot: wire::Ref,
    /// The allocation that bound the nodes to it; the lot's live one when left out.
    pub allocation: Option<wire::Ref>,
    /// What was seen; no node twice at one instant.
    #[schema(min_items = 1, max_items = 2_000)]
    pub intervals: Vec<NewUsageInterval>,
    /// Where the record comes from.
    pub source: wire::Text,
    /// The samples or the report it was made from.
    pub evidence: Evidence,
}

/// Nodes in one state over a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUsageInterval {
    /// The nodes: `OSA:1-625, 700`, or labels such as `N-OSA-000317`; all of the allocation's when
    /// left out.
    #[schema(min_length = 1, example = "OSA:1-625")]
    pub nodes: Option<String>,
    /// When.
    pub window: wire::Window,
    /// The state they were in.
    pub state: UsageState,
}

/// What a record of usage made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageRecorded {
    /// The intervals, in the order they were given.
    pub intervals: Vec<UsageInterval>,
}

/// The numbers a line was computed from. Which of them there are depends on the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineBasis {
    /// `part-of-total`, `committed-hours`, `rated`, `used-part`, `floor`, `recomputed`, `share-of`,
    /// `unearned` or `credit-due`.
    pub rule: String,
    /// The amount that a part is taken of: a total, or what was committed or prepaid.
    pub of: Option<wire::Money>,
    /// What is taken off: what was charged or credited so far.
    pub less: Option<wire::Money>,
    /// What it comes to at most: of a prepayment, the charges it pays for.
    pub at_most: Option<wire::Money>,
    /// The price of a GPU-hour.
    pub price: Option<wire::MicroPrice>,
    /// The share of the amount.
    pub share: Option<wire::Share>,
    /// Where the period begins on the lot's course, in hours.
    pub from_hours: Option<String>,
    /// Where the period ends on the lot's course, in hours.
    pub to_hours: Option<String>,
    /// The lot's whole course, in hours.
    pub whole_hours: Option<String>,
    /// GPU-hours used.
    pub gpu_hours: Option<String>,
    /// GPU-hours committed.
    pub committed_gpu_hours: Option<String>,
    /// How many usage intervals they come from.
    pub intervals: Option<u32>,
    /// The document that is corrected.
    pub corrects: Option<wire::Id>,
}

fn hours(micros: i64) -> String {
    let quantity = domain::Quantity {
        micros,
        gpu_micros: 0,
    };
    quantity.hours()
}

fn gpu_hours(gpu_micros: i128) -> String {
    let quantity = domain::Quantity {
        micros: 0,
        gpu_micros,
    };
    quantity.gpu_hours()
}

impl From<domain::Basis> for LineBasis {
    fn from(basis: domain::Basis) -> Self {
        use domain::Basis as B;
        match basis {
            B::PartOfTotal {
                total,
                from_micros,
                to_micros,
                whole_micros,
            } => Self {
                of: Some(total.into()),
                whole_hours: Some(hours(whole_micros)),
                ..Self::course("part-of-total", from_micros, to_micros)
            },
            B::CommittedHours {
                price,
                from_micros,
                to_micros,
            } => Self {
                price: Some(price.into()),
                ..Self::course("committed-hours", from_micros, to_micros)
            },
            B::Rated {
                price,
                gpu_micros,
                intervals,
            } => Self {
                price: Some(price.into()),
                ..Self::used("rated", gpu_micros, intervals)
            },
            B::UsedPart {
                committed,
                used_gpu_micros,
                committed_gpu_micros,
                intervals,
            } => Self {
                of: Some(committed.into()),
                committed_gpu_hours: Some(gpu_hours(committed_gpu_micros)),
                ..Self::used("used-part", used_gpu_micros, intervals)
            },
            B::Floor {
                take_or_pay,
                floor,
                charged,
            } => Self {
                share: Some(take_or_pay.into()),
                ..Self::difference("floor", floor, charged)
            },
            B::Recomputed {
                invoice,
                charges,
                charged,
            } => Self {
                corrects: Some(invoice.into()),
                ..Self::difference("recomputed", charges, charged)
            },
            B::ShareOf { .. } | B::Unearned { .. } | B::CreditDue { .. } => Self::prepaid(basis),
        }
    }
}

impl LineBasis {
    /// Of a prepayment, its credit or its refund.
    fn prepaid(basis: domain::Basis) -> Self {
        use domain::Basis as B;
        match basis {
            B::ShareOf { committed, share } => Self {
                of: Some(committed.into()),
                share: Some(share.into()),
                ..Self::rule("share-of")
            },
            B::Unearned { prepaid, credited } => Self::difference("unearned", prepaid, credited),
            B::CreditDue {
                prepaid: _,
                to_micros,
                whole_micros,
                due,
                credited,
                charges,
            } => Self {
                at_most: Some(charges.into()),
                to_hours: Some(hours(to_micros)),
                whole_hours: Some(hours(whole_micros)),
                ..Self::difference("credit-due", due, credited)
            },
            _ => Self::default(),
        }
    }

    fn rule(rule: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            ..Self::default()
        }
    }

    fn course(rule: &str, from_micros: i64, to_micros: i64) -> Self {
        Self {
            from_hours: Some(hours(from_micros)),
            to_hours: Some(hours(to_micros)),
            ..Self::rule(rule)
        }
    }

    fn used(rule: &str, gpu_micros: i128, intervals: u32) -> Self {
        Self {
            gpu_hours: Some(gpu_hours(gpu_micros)),
            intervals: Some(intervals),
            ..Self::rule(rule)
        }
    }

    fn difference(rule: &str, of: bareboat_base::Money, less: bareboat_base::Money) -> Self {
        Self {
            of: Some(of.into()),
            less: Some(less.into()),
            ..Self::rule(rule)
        }
    }
}

/// One priced line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceLine {
    /// Its id; none in a preview.
    pub id: Option<wire::Id>,
    /// Its label; none in a preview.
    pub label: Option<String>,
    /// The lot, when it is one lot's.
    pub lot: Option<wire::Id>,
    /// The lot's label.
    pub lot_label: Option<String>,
    /// What it is.
    pub kind: LineKind,
    /// The same in words.
    pub description: wire::Text,
    /// Hours, with at most three decimals.
    pub hours: String,
    /// GPU-hours, with at most three decimals.
    pub gpu_hours: String,
    /// What it comes to.
    pub amount: wire::Money,
    /// The numbers it was computed from.
    pub basis: LineBasis,
}

/// Labels of what a line names.
pub struct LineNames {
    /// The line's own number; none in a preview.
    pub line: Option<(InvoiceLineId, String)>,
    /// The lot's handle.
    pub lot: Option<Handle>,
}

impl InvoiceLine {
    /// From the line and its labels.
    pub fn of(names: LineNames, line: &domain::Line) -> Self {
        let (id, text) = names.line.unzip();
        Self {
            id: id.map(Into::into),
            label: text,
            lot: line.lot.map(Into::into),
            lot_label: names.lot.map(|lot| label::<LotId>(lot.number())),
            kind: line.kind.into(),
            description: line.description.clone().into(),
            hours: line.quantity.hours(),
            gpu_hours: line.quantity.gpu_hours(),
            amount: line.amount.into(),
            basis: line.basis.into(),
        }
    }
}

/// Asks what the invoice of a period would be, or for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewInvoice {
    /// The contract.
    pub contract: wire::Ref,
    /// First day and first day after, in the contract's billing zone.
    pub period: wire::DateWindow,
}

/// Asks for the invoice of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueInvoice {
    /// The contract.
    pub contract: wire::Ref,
    /// First day and first day after, in the contract's billing zone. The document bears those of
    /// its days on which the contract runs. What is billed by use is billed once it is over.
    pub period: wire::DateWindow,
    /// The day it bears.
    pub issued_on: wire::Date,
}

/// What the invoice of a period would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoicePreview {
    /// The contract.
    pub contract: wire::Id,
    /// What it would be.
    pub kind: DocumentKind,
    /// The days it would bill.
    pub period: wire::DateWindow,
    /// What it would be billed in.
    pub currency: wire::Currency,
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
    /// What they add up to.
    pub total: wire::Money,
    /// What makes two runs the same document.
    pub identity: wire::Digest,
}

impl InvoicePreview {
    /// From the draft and its lines.
    pub fn of(draft: &domain::InvoiceDraft, lines: Vec<InvoiceLine>) -> Self {
        Self {
            contract: draft.contract.into(),
            kind: draft.kind.into(),
            period: draft.period.into(),
            currency: draft.currency.into(),
            lines,
            total: draft.total.into(),
            identity: draft.identity().into(),
        }
    }
}

/// An issued document; never edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// The contract.
    pub contract: wire::Id,
    /// What it is.
    pub kind: DocumentKind,
    /// The days it bills, in the contract's billing zone.
    pub period: wire::DateWindow,
    /// The version of this period's document.
    pub version: u32,
    /// What makes two runs the same document.
    pub identity: wire::Digest,
    /// What it is billed in.
    pub currency: wire::Currency,
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
    /// What they add up to.
    pub total: wire::Money,
    /// The day it bears.
    pub issued_on: wire::Date,
    /// The ledger entries that follow from it; shown to those who may read the ledger.
    pub entries: Option<Vec<Entry>>,
    /// How it was issued.
    pub recorded: wire::Recorded,
}

impl Invoice {
    /// From the row, its lines and the entries.
    pub fn of(
        handle: Handle,
        id: InvoiceId,
        row: &domain::Invoice,
        lines: Vec<InvoiceLine>,
        entries: Option<Vec<Entry>>,
    ) -> Self {
        Self {
            id: id.into(),
            label: label::<InvoiceId>(handle.number()),
            contract: row.contract.into(),
            kind: row.kind.into(),
            period: row.period.into(),
            version: row.version,
            identity: row.identity.into(),
            currency: row.currency.into(),
            lines,
            total: row.total.into(),
            issued_on: row.issued_on.into(),
            entries,
            recorded: row.recorded.into(),
        }
    }
}

/// Asks to settle a contract whose wind-down is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleWindDown {
    /// The day that the documents and their entries bear; today when left out.
    pub issued_on: Option<wire::Date>,
}

/// What the settlement of a wind-down made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settlement {
    /// The contract, ended.
    pub contract: wire::Id,
    /// The first day it no longer runs.
    pub ended_on: Option<wire::Date>,
    /// The last invoice and the credit note, where there are any.
    pub invoices: Vec<Invoice>,
    /// The ledger entries that follow from the wind-down itself: a prepayment that is kept.
    pub entries: Option<Vec<Entry>>,
}
