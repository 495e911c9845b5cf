//! Wind-downs: planned by one person, approved by another, done step by step, settled.

use bareboat_access::Permission as P;
use bareboat_api::code::Edge;
use bareboat_api::contracts as wire;
use bareboat_api::{Page, Problem, billing, limit};
use bareboat_base::WindDownId;
use bareboat_base::id::derive_id;
use bareboat_book::acts::{self, Act as Spanning};
use bareboat_book::rejection::BookRejection;
use bareboat_book::{Command, Event, State};
use bareboat_contracts::{self as domain, Command as Contracts};

use super::documents::kept;
use super::named_contract;
use crate::routes::billing::invoice;
use crate::routes::fleet::holdings::contract_in;
use crate::routes::ledger::entries_of;
use crate::{Act, Ask, Route, respond};

pub(super) fn routes() -> Vec<Route> {
    let mut all = plans();
    all.extend(steps());
    all
}

fn plans() -> Vec<Route> {
    vec![
        Route::get("/v1/wind-downs", "listWindDowns", "List wind-downs")
            .needs(P::WindDownsRead)
            .parameter("contract", "Only this contract's: its id or label.")
            .parameter(
                "status",
                "Only those that stand so: `planned`, `approved` …",
            )
            .page(list_wind_downs),
        Route::post(
            "/v1/wind-downs",
            "planWindDown",
            "Ask for a contract's staged ending",
        )
        .needs(P::ContractsWindDown)
        .create::<wire::PlanWindDown, wire::WindDown, _>(plan_wind_down),
        Route::get(
            "/v1/wind-downs/{wind_down}",
            "getWindDown",
            "Read a wind-down",
        )
        .needs(P::WindDownsRead)
        .item(get_wind_down),
        Route::post(
            "/v1/wind-downs/{wind_down}/approve",
            "approveWindDown",
            "Approve a plan, as another person than who asked for it",
        )
        .needs(P::ContractsApprove)
        .command::<wire::WindDown, _>(approve_wind_down),
        Route::post(
            "/v1/wind-downs/{wind_down}/withdraw",
            "withdrawWindDown",
            "Give a plan up before it is approved",
        )
        .needs(P::ContractsWindDown)
        .change::<wire::WithdrawWindDown, wire::WindDown, _>(withdraw_wind_down),
    ]
}

fn steps() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/wind-downs/{wind_down}/steps",
            "doWindDownStep",
            "Do the next step of an approved wind-down",
        )
        .needs(P::ContractsWindDown)
        .body_limit(limit::BULK_BODY)
        .change::<wire::DoStep, wire::WindDown, _>(do_step),
        Route::get(
            "/v1/wind-downs/{wind_down}/steps/{step}/evidence",
            "getWindDownEvidence",
            "Read the document that shows a step, where the book keeps it",
        )
        .needs(P::WindDownsRead)
        .slow()
        .download("application/octet-stream", evidence),
        Route::post(
            "/v1/wind-downs/{wind_down}/settle",
            "settleWindDown",
            "Settle a contract whose wind-down is complete: final invoice, refund, end",
        )
        .needs(P::BillingIssue)
        .change::<billing::SettleWindDown, billing::Settlement, _>(settle),
    ]
}

fn wind_down(state: &State, id: WindDownId, office: bool) -> Option<wire::WindDown> {
    let table = &state.contracts.wind_downs;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    Some(wire::WindDown::of(handle, id, row, office))
}

fn list_wind_downs(ask: &Ask) -> Result<Page<wire::WindDown>, Problem> {
    let state = ask.state();
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let status: Option<wire::WindDownStatus> = ask.parsed("status")?;
    let office = ask.reach().is_book();
    ask.page(&state.contracts.wind_downs, |handle, id, row| {
        let shown = contract.is_none_or(|contract| contract == row.contract)
            && status.is_none_or(|status| status == row.status.into())
            && contract_in(state, ask.reach(), row.contract);
        shown.then(|| wire::WindDown::of(handle, id, row, office))
    })
}

fn get_wind_down(ask: &Ask) -> Result<wire::WindDown, Problem> {
    let found = ask.row("wind_down", &ask.state().contracts.wind_downs)?;
    let visible = contract_in(ask.state(), ask.reach(), found.row.contract);
    ask.seen(visible, found.id)?;
    let office = ask.reach().is_book();
    Ok(wire::WindDown::of(
        found.handle,
        found.id,
        found.row,
        office,
    ))
}

fn plan_wind_down(ask: &Ask, body: wire::PlanWindDown) -> Result<Act, Problem> {
    ask.whole_book()?;
    let state = ask.state();
    let contract = named_contract(ask, "contract", &body.contract)?;
    let determination = match &body.determination {
        None => None,
        Some(named) => {
            let table = &state.rulebook.determinations;
            let found = ask.resolve("determination", table, named)?;
            if found.row.contract != Some(contract) {
                return Err(ask.field("determination", "it is of another contract"));
            }
            Some(found.id)
        }
    };
    let plan = domain::PlanWindDown {
        contract,
        cause: body.cause.into(),
        reason: body.reason.0,
        impact: body.impact.0,
        determination,
        notice_on: body.notice_on.0,
        ends_on: body.ends_on.0,
    };
    let id = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Contracts(Contracts::PlanWindDown(plan)),
        move |state, _| wind_down(state, id, true),
    ))
}

/// The wind-down that the path names, for an act of the operator's own people.
fn written(ask: &Ask) -> Result<WindDownId, Problem> {
    let state = ask.state();
    let found = ask.row("wind_down", &state.contracts.wind_downs)?;
    let contract = found.row.contract;
    ask.may_act(found.id, P::WindDownsRead, |part| {
        contract_in(state, part, contract)
    })?;
    ask.whole_book()?;
    Ok(found.id)
}

fn changing(id: WindDownId, command: Command) -> Act {
    Act::new(command, move |state, _| wind_down(state, id, true))
        .guarded(move |state| wind_down(state, id, true))
}

fn approve_wind_down(ask: &Ask) -> Result<Act, Problem> {
    let id = written(ask)?;
    let command = Contracts::ApproveWindDown(domain::ApproveWindDown { wind_down: id });
    Ok(changing(id, Command::Contracts(command)))
}

fn withdraw_wind_down(ask: &Ask, body: wire::WithdrawWindDown) -> Result<Act, Problem> {
    let id = written(ask)?;
    let command = Contracts::WithdrawWindDown(domain::WithdrawWindDown {
        wind_down: id,
        reason: body.reason.0,
    });
    Ok(changing(id, Command::Contracts(command)))
}

fn do_step(ask: &Ask, body: wire::DoStep) -> Result<Act, Problem> {
    let id = written(ask)?;
    let sanitises = body.step == wire::WindDownStep::Sanitise;
    if sanitises != body.erasure.is_some() {
        let why = "say how the nodes were erased and by whom with `sanitise`, and with it alone";
        return Err(ask.field("erasure", why));
    }
    let contract = ask.state().contracts.wind_down(id).map(|row| row.contract);
    let contract = contract.ok_or_else(crate::ask::not_found::<WindDownId>)?;
    let (evidence, keep) = kept(ask, contract, "evidence", &body.evidence)?;
    let act = acts::DoStep {
        wind_down: id,
        step: body.step.into(),
        at: body.at.0,
        evidence,
        note: body.note.map(|note| note.0),
        erasure: body.erasure.map(|erasure| acts::wind_down::Erasure {
            method: erasure.method.into(),
            performed_by: erasure.performed_by.0,
        }),
    };
    let act = changing(id, Command::Act(Spanning::DoStep(act)));
    Ok(keep.with(act))
}

fn evidence(ask: &Ask) -> Result<Vec<u8>, Problem> {
    let found = ask.row("wind_down", &ask.state().contracts.wind_downs)?;
    // Site records are the operator's own.
    ask.seen(ask.reach().is_book(), found.id)?;
    let step: wire::WindDownStep = ask
        .argument("step")
        .parse()
        .map_err(|why| Problem::edge(Edge::InvalidPath, format!("step: {why}")))?;
    let mut steps = found.row.steps.iter();
    let done = steps.find(|done| done.step == step.into());
    let missing = |what: &str| Problem::edge(Edge::NotFound, what.to_owned());
    let done = done.ok_or_else(|| missing("the step is not done"))?;
    if let Some(document) = ask.state().seals.documents.get(&done.evidence) {
        let id = document.sealed.id.to_string();
        return Err(Problem::refused(&BookRejection::DocumentSealed { id }));
    }
    let document = ask.app().engine.document(done.evidence);
    let document = document.map_err(|error| respond::internal(&error))?;
    let document = document.ok_or_else(|| missing("only the document's digest is kept here"))?;
    Ok(document.bytes)
}

fn settle(ask: &Ask, body: billing::SettleWindDown) -> Result<Act, Problem> {
    let id = written(ask)?;
    let ledger = ask.reach_of(P::LedgerRead).is_book();
    let command = Command::Act(Spanning::Settle(acts::Settle {
        wind_down: id,
        issued_on: body.issued_on.map(|date| date.0),
    }));
    let act = Act::new(command, move |state, events| {
        settled(state, events, id, ledger)
    });
    Ok(act.guarded(move |state| wind_down(state, id, true)))
}

fn settled(
    state: &State,
    events: &[Event],
    id: WindDownId,
    ledger: bool,
) -> Option<billing::Settlement> {
    let contract = state.contracts.wind_down(id)?.contract;
    let issued = events.iter().filter_map(|event| match event {
        Event::Billing(bareboat_billing::Event::InvoiceIssued(issued)) => Some(issued.invoice),
        _ => None,
    });
    let source = bareboat_ledger::SourceRef::WindDown(id);
    Some(billing::Settlement {
        contract: contract.into(),
        ended_on: state.contracts.contract(contract)?.ended_on.map(Into::into),
        invoices: issued.filter_map(|id| invoice(state, id, ledger)).collect(),
        entries: ledger.then(|| entries_of(state, source)),
    })
}
