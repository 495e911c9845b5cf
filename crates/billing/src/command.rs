//! What can be asked of billing.

use bareboat_base::{AllocationId, ContractId, Date, Digest, LotId, NodeSet, Text, Window};

use crate::model::{InvoiceDraft, UsageState};

/// A request to change billing.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Record how nodes of a lot were used.
    RecordUsage(RecordUsage),
    /// Issue a drafted document.
    IssueInvoice(IssueInvoice),
}

/// See [`Command::RecordUsage`]. That the nodes are the allocation's, and the allocation the
/// lot's, is for the book to see. Creates the intervals as ordinals 0, 1, ….
#[derive(Clone, Debug, PartialEq)]
pub struct RecordUsage {
    /// The contract.
    pub contract: ContractId,
    /// The lot.
    pub lot: LotId,
    /// The allocation that bound the nodes to it.
    pub allocation: AllocationId,
    /// What was seen; no node twice at one instant.
    pub intervals: Vec<NewInterval>,
    /// Where the record comes from.
    pub source: Text,
    /// The SHA-256 of the samples or report it was made from.
    pub source_digest: Digest,
}

/// Nodes in one state over a window.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInterval {
    /// The nodes.
    pub nodes: NodeSet,
    /// When.
    pub window: Window,
    /// The state they were in.
    pub state: UsageState,
}

/// See [`Command::IssueInvoice`]. Creates the document as ordinal 0, its lines as 0, 1, ….
#[derive(Clone, Debug, PartialEq)]
pub struct IssueInvoice {
    /// The document.
    pub draft: InvoiceDraft,
    /// The day it bears.
    pub issued_on: Date,
}
