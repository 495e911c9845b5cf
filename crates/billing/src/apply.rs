//! Folding billing events in.

use bareboat_base::{ContractId, Recorded, Window, Zone};

use crate::event::{Event, InvoiceIssued, UsageRecorded};
use crate::model::{Invoice, UsageInterval};
use crate::state::{ContractBilling, State};

/// Folds one event in. Never refuses: what it is given was decided.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    match event {
        Event::UsageRecorded(event) => used(state, recorded, event),
        Event::InvoiceIssued(event) => issued(state, recorded, event),
    }
}

fn used(state: &mut State, recorded: &Recorded, event: &UsageRecorded) {
    for interval in &event.intervals {
        let row = UsageInterval {
            contract: event.contract,
            lot: event.lot,
            allocation: event.allocation,
            nodes: interval.nodes.clone(),
            window: interval.window,
            state: interval.state,
            source: event.source.clone(),
            source_digest: event.source_digest,
            recorded: *recorded,
        };
        let handle = state.usage.insert(interval.usage, row);
        state.file(event.lot, interval.window, handle);
        mark_late(state, event.contract, interval.window);
    }
}

/// Notes the documents whose period the usage may fall into. A day more on either side takes in
/// every zone; a document noted for nothing is recomputed to no change.
fn mark_late(state: &mut State, contract: ContractId, window: Window) {
    let utc = Zone::utc();
    let (from, to) = (window.from().date_in(&utc), window.to().date_in(&utc));
    let (from, to) = (
        from.plus_days(-1).unwrap_or(from),
        to.plus_days(1).unwrap_or(to),
    );
    let Some(row) = state.contracts.get(&contract) else {
        return;
    };
    let late: Vec<_> = row
        .billed
        .iter()
        .filter(|(period, id)| period.from() <= to && from < period.to() && !row.late.contains(id))
        .map(|(_, id)| *id)
        .collect();
    if let (false, Some(row)) = (late.is_empty(), state.contracts.get_mut(&contract)) {
        row.late.extend(late);
    }
}

fn issued(state: &mut State, recorded: &Recorded, event: &InvoiceIssued) {
    for line in &event.lines {
        state.lines.insert(line.id, event.invoice);
    }
    if !state.contracts.contains(&event.contract) {
        state
            .contracts
            .insert(event.contract, ContractBilling::default());
    }
    if let Some(row) = state.contracts.get_mut(&event.contract) {
        row.documents.push(event.invoice);
        if event.kind.bills_period() {
            row.billed.push((event.period, event.invoice));
        }
    }
    let row = Invoice {
        contract: event.contract,
        kind: event.kind,
        period: event.period,
        version: event.version,
        identity: event.identity,
        currency: event.currency,
        lines: event.lines.clone(),
        total: event.total,
        issued_on: event.issued_on,
        recorded: *recorded,
    };
    state.invoices.insert(event.invoice, row);
}
