//! Issuing documents: what billing drafts, the ledger posts, in one act.

use bareboat_base::{ContractId, Date, DateWindow, Text, WindDownId};
use bareboat_billing as billing;
use bareboat_ledger as ledger;
use bareboat_ledger::postings;

use crate::acts::sign::{amount, in_ledger, unknown_contract};
use crate::draft::Draft;
use crate::event::Event;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;
use crate::terms::terms_of;

/// Issues the invoice of a period.
#[derive(Clone, Copy, Debug)]
pub struct IssueInvoice {
    /// The contract.
    pub contract: ContractId,
    /// Civil dates in the contract's billing zone.
    pub period: DateWindow,
    /// The day it is issued.
    pub issued_on: Date,
}

/// What the invoice of a period would be, recording nothing.
pub fn preview(
    state: &State,
    contract: ContractId,
    period: DateWindow,
) -> Result<billing::InvoiceDraft, Rejection> {
    Ok(state.billing.preview(&terms_of(state, contract)?, period)?)
}

pub(crate) fn run(draft: &mut Draft, act: &IssueInvoice) -> Result<(), Rejection> {
    let state = draft.state();
    let terms = terms_of(state, act.contract)?;
    let today = draft.context().recorded_at.date_in(&terms.billing_zone);
    terms.check_over(act.period, today)?;
    let invoice = state.billing.preview(&terms, act.period)?;
    issue(draft, invoice, act.issued_on)
}

/// Issues a document and posts what it means.
pub(crate) fn issue(
    draft: &mut Draft,
    invoice: billing::InvoiceDraft,
    issued_on: Date,
) -> Result<(), Rejection> {
    let contract = invoice.contract;
    let (kind, period) = (invoice.kind, invoice.period);
    let entry = match kind {
        billing::DocumentKind::Prepayment => postings::prepayment_invoiced(contract, invoice.total),
        billing::DocumentKind::CreditNote => {
            postings::prepayment_refunded(contract, invoice.total.negated())
        }
        billing::DocumentKind::Period
        | billing::DocumentKind::Final
        | billing::DocumentKind::Correction => {
            let charges = invoice.charges().map_err(|error| amount(&error))?;
            let credit = invoice
                .prepayment_credit()
                .map_err(|error| amount(&error))?;
            postings::invoice_issued(contract, charges, credit).map_err(|error| amount(&error))?
        }
    };
    let command = billing::Command::IssueInvoice(billing::IssueInvoice {
        draft: invoice,
        issued_on,
    });
    let events = draft.run(
        |state, context, command| billing::decide(&state.billing, context, command),
        &command,
    )?;
    let id = events.iter().find_map(|event| match event {
        Event::Billing(billing::Event::InvoiceIssued(issued)) => Some(issued.invoice),
        _ => None,
    });
    let Some(id) = id else {
        let problem = "no invoice was issued".to_owned();
        return Err(BookRejection::Inconsistent { problem }.into());
    };
    let words = format!("{} document for {period}", kind.as_str());
    post(
        draft,
        contract,
        issued_on,
        &words,
        entry,
        ledger::SourceRef::Invoice(id),
    )
}

fn post(
    draft: &mut Draft,
    contract: ContractId,
    date: Date,
    words: &str,
    entry: Vec<ledger::NewPosting>,
    source: ledger::SourceRef,
) -> Result<(), Rejection> {
    if entry.is_empty() {
        return Ok(());
    }
    let row = draft
        .state()
        .contracts
        .contract(contract)
        .ok_or_else(|| unknown_contract(contract))?;
    let description = Text::new(&format!("{}: {words}", row.reference)).map_err(|error| {
        BookRejection::Inconsistent {
            problem: error.to_string(),
        }
    })?;
    let command = ledger::PostEntry {
        entity: row.entity,
        date,
        description,
        postings: entry,
        source,
    };
    draft.run(in_ledger, &ledger::Command::PostEntry(command))?;
    Ok(())
}

/// The last invoice to the day and the refund of what was paid and not used, of a contract whose
/// wind-down is approved.
pub(crate) fn settle(
    draft: &mut Draft,
    contract: ContractId,
    wind_down: WindDownId,
    refund_unearned: bool,
    issued_on: Date,
) -> Result<(), Rejection> {
    let terms = terms_of(draft.state(), contract)?;
    let settled = draft.state().billing.settlement(&terms, refund_unearned)?;
    if let Some(invoice) = settled.final_invoice {
        issue(draft, invoice, issued_on)?;
    }
    if let Some(refund) = settled.refund {
        issue(draft, refund, issued_on)?;
    }
    if settled.forfeited.is_zero() {
        return Ok(());
    }
    let entry = postings::prepayment_forfeited(contract, settled.forfeited);
    let source = ledger::SourceRef::WindDown(wind_down);
    post(
        draft,
        contract,
        issued_on,
        "unearned prepayment kept",
        entry,
        source,
    )
}
