//! Usage and invoices.

use bareboat_access::Permission as P;
use bareboat_api::billing as wire;
use bareboat_api::{Page, Problem, limit};
use bareboat_base::{AllocationId, InvoiceId, InvoiceLineId, LotId, NodeSet, UsageId, Window};
use bareboat_billing::{self as domain, Command as Billing};
use bareboat_book::acts::{self, Act as Spanning};
use bareboat_book::{Command, Event, State};
use bareboat_ledger::SourceRef;

use super::contracts::documents::kept;
use super::contracts::{named_contract, site_code};
use super::fleet::holdings::contract_in;
use super::ledger::entries_of;
use crate::{Act, Ask, Route};

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = usage();
    all.extend(invoices());
    all
}

fn usage() -> Vec<Route> {
    vec![
        Route::get("/v1/usage", "listUsage", "List usage intervals")
            .needs(P::UsageRead)
            .parameter("contract", "Only this contract's: its id or label.")
            .parameter("lot", "Only this lot's: its id or label.")
            .parameter("state", "Only in this state: `available`, `down` …")
            .page(list_usage),
        Route::post(
            "/v1/usage",
            "recordUsage",
            "Record how nodes of a lot were used",
        )
        .needs(P::UsageRecord)
        .body_limit(limit::BULK_BODY)
        .create::<wire::RecordUsage, wire::UsageRecorded, _>(record_usage),
        Route::get("/v1/usage/{usage}", "getUsage", "Read a usage interval")
            .needs(P::UsageRead)
            .item(get_usage),
    ]
}

fn invoices() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/invoices",
            "listInvoices",
            "List invoices, with their lines",
        )
        .needs(P::BillingRead)
        .parameter("contract", "Only this contract's: its id or label.")
        .parameter("kind", "Only of this kind: `period`, `credit-note` …")
        .page(list_invoices),
        Route::post(
            "/v1/invoices",
            "issueInvoice",
            "Issue the invoice of a period: document and ledger",
        )
        .needs(P::BillingIssue)
        .create::<wire::IssueInvoice, wire::Invoice, _>(issue_invoice),
        Route::post(
            "/v1/invoices/preview",
            "previewInvoice",
            "Ask what the invoice of a period would be",
        )
        .needs(P::BillingRead)
        .slow()
        .ask::<wire::PreviewInvoice, wire::InvoicePreview, _>(preview_invoice),
        Route::get("/v1/invoices/{invoice}", "getInvoice", "Read an invoice")
            .needs(P::BillingRead)
            .item(get_invoice),
    ]
}

fn interval(state: &State, id: UsageId) -> Option<wire::UsageInterval> {
    let table = &state.billing.usage;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    let site = site_code(state, &row.nodes);
    Some(wire::UsageInterval::of(handle, id, row, site))
}

fn list_usage(ask: &Ask) -> Result<Page<wire::UsageInterval>, Problem> {
    let state = ask.state();
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let lot = ask.param_ref("lot", &state.contracts.lots)?;
    let wanted: Option<wire::UsageState> = ask.parsed("state")?;
    ask.page(&state.billing.usage, |handle, id, row| {
        let shown = contract.is_none_or(|contract| contract == row.contract)
            && lot.is_none_or(|lot| lot == row.lot)
            && wanted.is_none_or(|wanted| wanted == row.state.into())
            && contract_in(state, ask.reach(), row.contract);
        shown.then(|| {
            let site = site_code(state, &row.nodes);
            wire::UsageInterval::of(handle, id, row, site)
        })
    })
}

fn get_usage(ask: &Ask) -> Result<wire::UsageInterval, Problem> {
    let found = ask.row("usage", &ask.state().billing.usage)?;
    let visible = contract_in(ask.state(), ask.reach(), found.row.contract);
    ask.seen(visible, found.id)?;
    interval(ask.state(), found.id).ok_or_else(crate::ask::not_found::<UsageId>)
}

/// The allocation that usage is of: the one named, or the lot's live one.
fn allocation_of(ask: &Ask, lot: LotId, body: &wire::RecordUsage) -> Result<AllocationId, Problem> {
    let capacity = &ask.state().capacity;
    if let Some(named) = &body.allocation {
        return Ok(ask.resolve("allocation", &capacity.allocations, named)?.id);
    }
    let row = ask.state().contracts.lot(lot);
    let reservation = row.and_then(|row| row.reservation);
    let live = reservation
        .and_then(|id| capacity.reservations.get(&id))
        .and_then(|row| row.allocation);
    live.ok_or_else(|| {
        let why = "the lot has no nodes now: name the allocation that it had";
        ask.field("allocation", why)
    })
}

/// Nodes as they are written: ranges of numbers, with the site's code before them or not, or
/// labels. All of them are of the allocation's site.
fn nodes(ask: &Ask, field: &str, of: &NodeSet, text: &str) -> Result<NodeSet, Problem> {
    let site = of.site();
    let code = ask.state().fleet.sites.get(&site);
    let code = code.map_or("", |row| row.code.as_str());
    let numbers = match text.split_once(':') {
        Some((named, numbers)) if named.trim() == code => numbers,
        Some(_) => return Err(ask.field(field, format!("the lot's nodes are at {code}"))),
        None => text,
    };
    let mut plain = String::new();
    for part in numbers.split(',').map(str::trim) {
        let number = match bareboat_base::node::parse_node_label(part) {
            Some((named, number)) if named == code => number.to_string(),
            Some(_) => return Err(ask.field(field, format!("the lot's nodes are at {code}"))),
            None => part.to_owned(),
        };
        if !plain.is_empty() {
            plain.push(',');
        }
        plain.push_str(&number);
    }
    let numbers: bareboat_api::fleet::Numbers =
        plain.parse().map_err(|why| ask.field(field, why))?;
    numbers.at(site).map_err(|why| ask.field(field, why))
}

fn record_usage(ask: &Ask, body: wire::RecordUsage) -> Result<Act, Problem> {
    ask.whole_book()?;
    let state = ask.state();
    let found = ask.resolve("lot", &state.contracts.lots, &body.lot)?;
    let (lot, contract) = (found.id, found.row.contract);
    let allocation = allocation_of(ask, lot, &body)?;
    let row = state.capacity.allocations.get(&allocation);
    let row = row.ok_or_else(crate::ask::not_found::<AllocationId>)?;
    let intervals = (0..)
        .zip(&body.intervals)
        .map(|(index, interval): (usize, _)| {
            let field = |name: &str| format!("intervals[{index}].{name}");
            let nodes = match &interval.nodes {
                None => (*row.nodes).clone(),
                Some(text) => nodes(ask, &field("nodes"), &row.nodes, text)?,
            };
            let window = Window::try_from(interval.window.clone())
                .map_err(|why| ask.field(&field("window"), why))?;
            Ok(domain::NewInterval {
                nodes,
                window,
                state: interval.state.into(),
            })
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    let (source_digest, keep) = kept(ask, contract, "evidence", &body.evidence)?;
    let command = domain::RecordUsage {
        contract,
        lot,
        allocation,
        intervals,
        source: body.source.0,
        source_digest,
    };
    let command = Command::Billing(Billing::RecordUsage(command));
    Ok(keep.with(Act::new(command, recorded)))
}

fn recorded(state: &State, events: &[Event]) -> wire::UsageRecorded {
    let ids = events.iter().filter_map(|event| match event {
        Event::Billing(domain::Event::UsageRecorded(recorded)) => Some(recorded),
        _ => None,
    });
    let intervals = ids
        .flat_map(|recorded| &recorded.intervals)
        .filter_map(|recorded| interval(state, recorded.usage));
    wire::UsageRecorded {
        intervals: intervals.collect(),
    }
}

fn line(state: &State, id: Option<InvoiceLineId>, line: &domain::Line) -> wire::InvoiceLine {
    let names = wire::LineNames {
        line: id.map(|id| (id, state.billing.line_label(id))),
        lot: line.lot.and_then(|lot| state.contracts.lots.handle(&lot)),
    };
    wire::InvoiceLine::of(names, line)
}

/// An invoice with its lines, and its entries for those who may read the ledger.
pub(super) fn invoice(state: &State, id: InvoiceId, ledger: bool) -> Option<wire::Invoice> {
    let table = &state.billing.invoices;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    let lines = row.lines.iter();
    let lines = lines.map(|own| line(state, Some(own.id), &own.line));
    let entries = ledger.then(|| entries_of(state, SourceRef::Invoice(id)));
    Some(wire::Invoice::of(handle, id, row, lines.collect(), entries))
}

fn list_invoices(ask: &Ask) -> Result<Page<wire::Invoice>, Problem> {
    let state = ask.state();
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let kind: Option<wire::DocumentKind> = ask.parsed("kind")?;
    let ledger = ask.reach_of(P::LedgerRead).is_book();
    ask.page(&state.billing.invoices, |_, id, row| {
        let asked = contract.is_none_or(|contract| contract == row.contract)
            && kind.is_none_or(|kind| kind == row.kind.into());
        if asked && contract_in(state, ask.reach(), row.contract) {
            invoice(state, id, ledger)
        } else {
            None
        }
    })
}

fn get_invoice(ask: &Ask) -> Result<wire::Invoice, Problem> {
    let found = ask.row("invoice", &ask.state().billing.invoices)?;
    let visible = contract_in(ask.state(), ask.reach(), found.row.contract);
    ask.seen(visible, found.id)?;
    let ledger = ask.reach_of(P::LedgerRead).is_book();
    invoice(ask.state(), found.id, ledger).ok_or_else(crate::ask::not_found::<InvoiceId>)
}

fn preview_invoice(ask: &Ask, body: wire::PreviewInvoice) -> Result<wire::InvoicePreview, Problem> {
    let state = ask.state();
    let contract = named_contract(ask, "contract", &body.contract)?;
    let period = body.period.try_into();
    let period = period.map_err(|why: bareboat_base::time::TimeError| ask.field("period", why))?;
    let draft = acts::invoice::preview(state, contract, period)
        .map_err(|refusal| Problem::refused(&refusal))?;
    let lines = draft.lines.iter().map(|one| line(state, None, one));
    Ok(wire::InvoicePreview::of(&draft, lines.collect()))
}

fn issue_invoice(ask: &Ask, body: wire::IssueInvoice) -> Result<Act, Problem> {
    ask.whole_book()?;
    let contract = named_contract(ask, "contract", &body.contract)?;
    let period = body.period.try_into();
    let period = period.map_err(|why: bareboat_base::time::TimeError| ask.field("period", why))?;
    let ledger = ask.reach_of(P::LedgerRead).is_book();
    let act = acts::IssueInvoice {
        contract,
        period,
        issued_on: body.issued_on.0,
    };
    let command = Command::Act(Spanning::IssueInvoice(act));
    Ok(Act::new(command, move |state, events| {
        let id = events.iter().find_map(|event| match event {
            Event::Billing(domain::Event::InvoiceIssued(issued)) => Some(issued.invoice),
            _ => None,
        })?;
        invoice(state, id, ledger)
    }))
}
