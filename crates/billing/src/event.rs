//! What happened in billing. Every field is in its stored order.

use bareboat_base::{
    AllocationId, ContractId, Currency, Date, DateWindow, Digest, InvoiceId, LotId, Money, NodeSet,
    Text, UsageId, Window,
};
use serde::{Deserialize, Serialize};

use crate::model::{DocumentKind, InvoiceLine, UsageState};

bareboat_base::events! {
    /// What happened in billing.
    pub enum Event upcast bareboat_base::event::no_upcast {
        /// Usage was recorded.
        UsageRecorded = "billing.usage_recorded" 1;
        /// A document was issued.
        InvoiceIssued = "billing.invoice_issued" 1;
    }
}

/// Usage of a lot was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageRecorded {
    /// The contract.
    pub contract: ContractId,
    /// The lot.
    pub lot: LotId,
    /// The allocation.
    pub allocation: AllocationId,
    /// What was seen.
    pub intervals: Vec<RecordedInterval>,
    /// Where the record comes from.
    pub source: Text,
    /// The SHA-256 of what it was made from.
    pub source_digest: Digest,
}

/// One interval of recorded usage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedInterval {
    /// Its id.
    pub usage: UsageId,
    /// The nodes.
    pub nodes: NodeSet,
    /// When.
    pub window: Window,
    /// The state they were in.
    pub state: UsageState,
}

/// A document was issued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceIssued {
    /// The document.
    pub invoice: InvoiceId,
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
}
