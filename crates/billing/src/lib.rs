//! Turning terms and usage into invoices.
//!
//! It knows a contract only by the [`Terms`] it is handed, and posts nothing: the book asks it
//! for a draft ([`State::preview`], [`State::settlement`]), issues the draft here, and posts what
//! it means in the ledger. No floats; every division names its rounding. Fixed totals are
//! allocated by cumulative rounding, so that the invoices of any division of the term into
//! periods add up to the total to the minor unit. Start at [`preview`].

mod apply;
mod command;
mod decide;
mod event;
mod model;
mod preview;
mod rating;
mod rejection;
mod settlement;
mod state;
mod terms;
#[cfg(test)]
mod tests;

pub use apply::apply;
pub use command::{Command, IssueInvoice, NewInterval, RecordUsage};
pub use decide::decide;
pub use event::{Event, InvoiceIssued, RecordedInterval, UsageRecorded};
pub use model::{
    Basis, DocumentKind, Invoice, InvoiceDraft, InvoiceLine, LONGEST_INTERVAL_DAYS, Line, LineKind,
    MOST_INTERVALS, MOST_LINES, Quantity, UsageInterval, UsageState, identity,
};
pub use preview::{prepayment_draft, preview};
pub use rating::{rate, true_up};
pub use rejection::Rejection;
pub use settlement::Settlement;
pub use state::{ContractBilling, State};
pub use terms::{PrepaymentTerms, Segment, SegmentPrice, Terms, Used, monthly_periods};
