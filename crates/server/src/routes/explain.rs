//! Why something is as it is.

use bareboat_access::Permission as P;
use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_api::explain as wire;
use bareboat_base::ContractId;
use bareboat_book::State;
use bareboat_book::explain::{self as domain, Subject};

use super::fleet::holdings::contract_in;
use super::parties::veil::Veil;
use crate::{Ask, Route};

/// The routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/explain/{record}",
            "explain",
            "Explain a record by its id or label: what it says and what it follows from",
        )
        .needs(P::ContractsRead)
        .item(explain),
    ]
}

fn explain(ask: &Ask) -> Result<wire::Explanation, Problem> {
    let state = ask.state();
    let hidden = || {
        let detail = "there is no record with that id or label, or none that you may see";
        Problem::edge(Edge::NotFound, detail)
    };
    let subject = domain::find(state, ask.argument("record")).ok_or_else(hidden)?;
    if !may_see(ask, state, subject) {
        return Err(hidden());
    }
    let told = domain::explain(state, subject).ok_or_else(hidden)?;
    let mut told = wired(told, ask.reach().is_book());
    if let Some(veil) = Veil::of(ask) {
        cover(&veil, state, &mut told);
    }
    Ok(told)
}

/// Operators see every record; a partner and a tenant those that hang on their own contracts,
/// but not the law's and the ledger's own records.
fn may_see(ask: &Ask, state: &State, subject: Subject) -> bool {
    if ask.reach().is_book() {
        return true;
    }
    let Some(contract) = contract_of(state, subject) else {
        return false;
    };
    contract_in(state, ask.reach(), contract)
}

fn contract_of(state: &State, subject: Subject) -> Option<ContractId> {
    match subject {
        Subject::Contract(id) => Some(id),
        Subject::Lot(id) => state.contracts.lot(id).map(|row| row.contract),
        Subject::Reservation(id) => state.capacity.reservations.get(&id).map(|row| row.contract),
        Subject::Allocation(id) => state.capacity.allocations.get(&id).map(|row| row.contract),
        Subject::Usage(id) => state.billing.usage_interval(id).map(|row| row.contract),
        Subject::Invoice(id) => state.billing.invoice(id).map(|row| row.contract),
        Subject::InvoiceLine(id) => state
            .billing
            .line(id)
            .map(|(_, invoice, _)| invoice.contract),
        Subject::WindDown(id) => state.contracts.wind_down(id).map(|row| row.contract),
        Subject::PurchaseOrder(_)
        | Subject::Tranche(_)
        | Subject::Node(_)
        | Subject::Party(_)
        | Subject::Hit(_)
        | Subject::ListSnapshot(_)
        | Subject::Determination(_)
        | Subject::Entry(_) => None,
    }
}

/// What tells of sealed ownership, kept back.
fn cover(veil: &Veil, state: &State, told: &mut wire::Explanation) {
    for fact in &mut told.facts {
        fact.value = veil.words(state, &fact.value);
    }
    for below in &mut told.because {
        cover(veil, state, below);
    }
}

/// What only the operator's own people read of an explanation.
const OPERATORS_OWN: &[&str] = &["determination", "entry", "hit", "list_snapshot", "party"];

fn wired(told: domain::Explanation, whole: bool) -> wire::Explanation {
    let facts = told
        .facts
        .into_iter()
        .map(|(name, value)| wire::Fact { name, value });
    let because = told.because.into_iter();
    let because = because.filter(|below| whole || !OPERATORS_OWN.contains(&below.kind));
    wire::Explanation {
        kind: told.kind.to_owned(),
        label: told.label,
        id: told.id,
        title: told.title,
        facts: facts.collect(),
        recorded: told.recorded.map(Into::into),
        because: because.map(|below| wired(below, whole)).collect(),
    }
}
