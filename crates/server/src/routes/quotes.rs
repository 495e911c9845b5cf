//! Quotes: drafts offered at their price, with their capacity held until the offer expires.

use bareboat_access::Permission as P;
use bareboat_api::capacity as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::{Instant, QuoteId};
use bareboat_book::acts::{self, Act as Spanning};
use bareboat_book::{Command, Event, State};
use bareboat_capacity::{self as domain, Event as Capacity};

use super::capacity::sources;
use super::contracts::written_contract;
use super::fleet::holdings::{moment, offered_in};
use crate::ask::not_found;
use crate::query::invalid;
use crate::{Act, Ask, Route};

const STATUSES: [&str; 4] = ["open", "taken", "withdrawn", "lapsed"];

/// The routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/quotes", "listQuotes", "List quotes")
            .needs(P::ContractsRead)
            .parameter("contract", "Only this contract's: its id or label.")
            .parameter(
                "status",
                "Only `open`, `taken`, `withdrawn` or `lapsed` ones.",
            )
            .page(list_quotes),
        Route::get("/v1/quotes/{quote}", "getQuote", "Read a quote")
            .needs(P::ContractsRead)
            .item(get_quote),
        Route::post(
            "/v1/contracts/{contract}/quotes",
            "quoteContract",
            "Offer a draft at its price: determination, capacity held until the offer expires",
        )
        .needs(P::CapacityPlan)
        .create::<wire::MakeQuote, wire::Quote, _>(quote_contract),
        Route::post(
            "/v1/quotes/{quote}/withdraw",
            "withdrawQuote",
            "Give an open quote up: it holds nothing more",
        )
        .needs(P::CapacityPlan)
        .command::<wire::Quote, _>(withdraw_quote),
    ]
}

fn list_quotes(ask: &Ask) -> Result<Page<wire::Quote>, Problem> {
    let (state, now) = (ask.state(), moment(ask));
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let status = ask.param("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(invalid("status", format!("one of {}", STATUSES.join(", "))));
    }
    ask.page(&state.capacity.quotes, |_, id, row| {
        let asked = contract.is_none_or(|contract| contract == row.contract)
            && status.is_none_or(|status| status == row.status_at(now).as_str())
            && offered_in(state, ask.reach(), row.contract);
        let shown = asked.then(|| wire::Quote::of(sources(state), id, now));
        shown.flatten()
    })
}

/// The quote that the path names, when the caller may see it.
fn seen_quote(ask: &Ask) -> Result<QuoteId, Problem> {
    let state = ask.state();
    let found = ask.row("quote", &state.capacity.quotes)?;
    let seen = offered_in(state, ask.reach(), found.row.contract);
    ask.seen(seen, found.id)?;
    Ok(found.id)
}

fn get_quote(ask: &Ask) -> Result<wire::Quote, Problem> {
    let shown = wire::Quote::of(sources(ask.state()), seen_quote(ask)?, moment(ask));
    shown.ok_or_else(not_found::<QuoteId>)
}

fn quote_contract(ask: &Ask, body: wire::MakeQuote) -> Result<Act, Problem> {
    let act = acts::Quote {
        contract: written_contract(ask)?,
        expires_at: body.expires_at.0,
    };
    let command = Command::Act(Spanning::Quote(act));
    Ok(Act::new(command, |state, events| {
        let made = events.iter().find_map(|event| match event {
            Event::Capacity(Capacity::QuoteMade(made)) => Some(made.quote),
            _ => None,
        });
        wire::Quote::of(sources(state), made?, known(state)?)
    }))
}

/// When the newest event was recorded.
fn known(state: &State) -> Option<Instant> {
    state.recorded_at
}

fn withdraw_quote(ask: &Ask) -> Result<Act, Problem> {
    let quote = seen_quote(ask)?;
    ask.whole_book()?;
    let now = moment(ask);
    let command = Command::Capacity(domain::WithdrawQuote { quote }.into());
    let act = Act::new(command, move |state, _| {
        wire::Quote::of(sources(state), quote, known(state)?)
    });
    Ok(act.guarded(move |state| wire::Quote::of(sources(state), quote, now)))
}
