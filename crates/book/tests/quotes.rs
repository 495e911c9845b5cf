//! Quotes across domains: judged, held, taken at signing, lost with their draft.

mod common;

use bareboat_base::{ContractId, GpuCount, Refusal as _, Window};
use bareboat_book::acts::sign::reserve_lot;
use bareboat_book::acts::{self, Act};
use bareboat_book::explain::{explain, find};
use bareboat_book::{Command, Event, Rejection};
use bareboat_capacity::{QuoteStatus, Reserve};
use bareboat_contracts::{Delivery, WithdrawDraft};

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

/// Drafts a lot of all 5,000 GPUs in deliveries, that may begin up to a day.
fn flexible(world: &mut World, reference: &str, deliveries: &[(&str, u32)], latest: &str) {
    let mut draft = world.draft.clone();
    draft.reference = p(reference);
    draft.lots[0].latest_start = Some(p(latest));
    draft.lots[0].deliveries = deliveries
        .iter()
        .map(|(from, gpus)| Delivery {
            from: p(from),
            gpus: GpuCount(*gpus),
        })
        .collect();
    world.book.run(Command::Contracts(
        bareboat_contracts::Command::DraftContract(draft),
    ));
    let contracts = &world.book.state.contracts.contracts;
    let (_, id, row) = contracts.iter().last().unwrap();
    (world.contract, world.lot) = (*id, row.lots[0]);
    declare(world);
}

/// The first days of a contract's lots.
fn first_days(world: &World) -> Vec<String> {
    let lots = world.book.state.contracts.lots_of(world.contract);
    let days = lots.iter().map(|(_, lot)| lot.window.from().to_string());
    days.collect()
}

#[test]
fn a_lot_that_may_begin_later_is_quoted_from_the_first_day_that_can_be_held() {
    let mut world = world();
    // 130 nodes of 630 are held to the 20th of March: 500 can begin then, not before.
    let lots = redraft(&mut world, "FIRST", &[1_040]);
    let pool = reserve_lot(&world.book.state, world.contract, lots[0]).unwrap();
    let held = Reserve {
        window: Window::new(p("2026-02-28T15:00:00Z"), p("2026-03-19T15:00:00Z")).unwrap(),
        ..pool
    };
    let command = bareboat_capacity::Command::Reserve(held);
    world.book.run(Command::Capacity(command));
    let deliveries = [("2026-03-01", 4_000), ("2026-03-11", 1_000)];
    flexible(&mut world, "SOON", &deliveries, "2026-03-09");
    let contract = world.contract;
    let refused = quote(&mut world, contract, "2026-02-20T00:00:00Z").unwrap_err();
    assert_eq!(refused.code(), "book.no_start");
    assert_eq!(first_days(&world), ["2026-03-01", "2026-03-11"]);
    flexible(&mut world, "LATER", &deliveries, "2026-03-31");
    let contract = world.contract;
    let events = quote(&mut world, contract, "2026-02-20T00:00:00Z").unwrap();
    assert_eq!(
        kinds(&events),
        [
            "contracts.starts_settled",
            "rulebook.determination_made",
            "capacity.quote_made"
        ]
    );
    // The second delivery binds: 500 nodes were there from the first day on.
    assert_eq!(first_days(&world), ["2026-03-10", "2026-03-20"]);
    // Signing takes what is held, on the same days, with both deliveries.
    let events = sign(&mut world).unwrap();
    assert!(!kinds(&events).contains(&"contracts.starts_settled"));
    let held = world.book.state.contracts.lots_of(contract);
    let held = held.iter().map(|(_, lot)| lot.reservation.unwrap());
    let parts: Vec<_> = held
        .map(|id| world.book.state.capacity.reservations.get(&id).unwrap())
        .map(|row| (row.nodes.0, row.part.map(|part| part.to_come.0)))
        .collect();
    assert_eq!(parts, [(500, Some(625)), (125, Some(125))]);
}

#[test]
fn a_lapsed_quote_gives_the_days_back() {
    let mut world = world();
    let lots = redraft(&mut world, "FIRST", &[1_040]);
    let pool = reserve_lot(&world.book.state, world.contract, lots[0]).unwrap();
    let held = Reserve {
        window: Window::new(p("2026-02-28T15:00:00Z"), p("2026-03-19T15:00:00Z")).unwrap(),
        ..pool
    };
    let command = bareboat_capacity::Command::Reserve(held);
    let events = world.book.run(Command::Capacity(command));
    flexible(&mut world, "LATER", &[], "2026-03-31");
    let contract = world.contract;
    quote(&mut world, contract, "2026-02-16T01:00:00Z").unwrap();
    assert_eq!(first_days(&world), ["2026-03-20"]);
    let reservation = events.iter().find_map(|event| match event {
        Event::Capacity(bareboat_capacity::Event::Reserved(row)) => Some(row.reservation),
        _ => None,
    });
    let end = bareboat_capacity::EndReservation {
        reservation: reservation.unwrap(),
        at: p("2026-02-28T15:00:00Z"),
    };
    let command = bareboat_capacity::Command::EndReservation(end);
    world.book.run(Command::Capacity(command));
    sign(&mut world).unwrap();
    assert_eq!(first_days(&world), ["2026-03-01"]);
}
