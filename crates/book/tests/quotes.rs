//! Quotes across domains: judged, held, taken at signing, lost with their draft.

mod common;

use bareboat_base::{ContractId, Refusal as _};
use bareboat_book::acts::{self, Act};
use bareboat_book::explain::{explain, find};
use bareboat_book::{Command, Event, Rejection};
use bareboat_capacity::QuoteStatus;
use bareboat_contracts::WithdrawDraft;

use common::*;

fn quote(world: &mut World, contract: ContractId, until: &str) -> Result<Vec<Event>, Rejection> {
    let act = acts::Quote {
        contract,
        expires_at: p(until),
    };
    world.book.try_by(OFFICER, &Command::Act(Act::Quote(act)))
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

#[test]
fn a_quote_is_judged_and_priced_by_the_terms_of_its_draft() {
    let mut world = world();
    let contract = world.contract;
    let refused = quote(&mut world, contract, "2026-02-20T00:00:00Z").unwrap_err();
    assert_eq!(refused.code(), "book.not_permitted");
    assert!(world.book.state.capacity.quotes.is_empty());
    declare(&mut world);
    let events = quote(&mut world, contract, "2026-02-20T00:00:00Z").unwrap();
    assert_eq!(
        kinds(&events),
        ["rulebook.determination_made", "capacity.quote_made"]
    );
    let (_, _, row) = world.book.state.capacity.quotes.iter().next().unwrap();
    let price = world.book.state.contracts.price_per_gpu_hour(contract);
    assert_eq!(row.price, price.unwrap().unwrap());
    assert_eq!(row.price.rounded(), "3.09 USD");
    assert_eq!(row.holds[0].nodes.0, 625);
    sign(&mut world).unwrap();
    let refused = quote(&mut world, contract, "2026-02-20T00:00:00Z").unwrap_err();
    assert_eq!(refused.code(), "contracts.wrong_status");
}

#[test]
fn signing_takes_what_the_quote_holds() {
    let mut world = world();
    declare(&mut world);
    let contract = world.contract;
    quote(&mut world, contract, "2026-02-20T00:00:00Z").unwrap();
    // It holds 625 of 630 nodes: a reservation beside it would not fit.
    let events = sign(&mut world).unwrap();
    assert_eq!(
        kinds(&events)[..4],
        [
            "rulebook.determination_made",
            "capacity.quote_taken",
            "capacity.reserved",
            "contracts.contract_signed",
        ]
    );
    let mut quotes = world.book.state.capacity.quotes.values();
    assert!(quotes.all(|row| row.status == QuoteStatus::Taken));
}

#[test]
fn a_quote_keeps_others_out_until_it_expires_and_no_longer() {
    let mut world = world();
    declare(&mut world);
    let first = world.contract;
    quote(&mut world, first, "2026-02-18T00:00:00Z").unwrap();
    redraft(&mut world, "HC-2", &[5000]);
    declare(&mut world);
    let second = world.contract;
    for refused in [
        quote(&mut world, second, "2026-02-20T00:00:00Z"),
        sign(&mut world),
    ] {
        assert_eq!(refused.unwrap_err().code(), "capacity.short_of_supply");
    }
    world.book.at("2026-02-18T00:00:00Z");
    let events = quote(&mut world, second, "2026-02-20T00:00:00Z").unwrap();
    assert_eq!(
        kinds(&events)[1..],
        ["capacity.quote_lapsed", "capacity.quote_made"]
    );
    // The first decides afresh now, and there is nothing left.
    let act = acts::Sign {
        contract: first,
        signed_on: p("2026-02-17"),
    };
    let refused = world.book.try_by(OFFICER, &Command::Act(Act::Sign(act)));
    assert_eq!(refused.unwrap_err().code(), "capacity.short_of_supply");
}

#[test]
fn a_draft_that_is_given_up_loses_its_quote() {
    let mut world = world();
    declare(&mut world);
    let contract = world.contract;
    quote(&mut world, contract, "2026-02-20T00:00:00Z").unwrap();
    let withdraw = bareboat_contracts::Command::WithdrawDraft(WithdrawDraft { contract });
    let events = world.book.run(Command::Contracts(withdraw));
    assert_eq!(
        kinds(&events),
        ["contracts.draft_withdrawn", "capacity.quote_withdrawn"]
    );
    redraft(&mut world, "HC-2", &[5000]);
    declare(&mut world);
    sign(&mut world).unwrap();
}

#[test]
fn a_quote_is_explained_by_its_determination_and_its_contract() {
    let mut world = world();
    declare(&mut world);
    let contract = world.contract;
    quote(&mut world, contract, "2026-02-20T00:00:00Z").unwrap();
    let state = &world.book.state;
    let told = explain(state, find(state, "Q-0001").unwrap()).unwrap();
    assert_eq!(told.kind, "quote");
    assert_eq!(told.title, "625 nodes offered until 2026-02-20T00:00:00Z");
    let because: Vec<&str> = told.because.iter().map(|below| below.kind).collect();
    assert_eq!(because, ["determination", "contract"]);
}
