//! How contracts end, and what invoices and settlements are dated.

use super::*;
use bareboat_book::Rejection;
use bareboat_contracts::{Cause, Status, Step};
use bareboat_ledger::{ClosePeriod, Command as L, Standard};

/// The world with the contract signed and its nodes handed over.
fn running() -> World {
    let mut world = world();
    declare(&mut world);
    sign(&mut world).unwrap();
    allocate(&mut world);
    world
}

fn bill(world: &World, from: &str, to: &str, issued_on: &str) -> Command {
    Command::Act(Act::IssueInvoice(acts::IssueInvoice {
        contract: world.contract,
        period: DateWindow::new(p(from), p(to)).unwrap(),
        issued_on: p(issued_on),
    }))
}

fn steps(world: &mut World, day: &str) {
    for (hour, step) in (1..).zip(Step::ALL) {
        do_step(world, step, &format!("{day}T0{hour}:00:00Z"));
    }
}

fn settle(world: &mut World, issued_on: Option<&str>) -> Result<Vec<Event>, Rejection> {
    let act = acts::Settle {
        wind_down: wind_down_of(world),
        issued_on: issued_on.map(p),
    };
    world.book.try_by(OFFICER, &Command::Act(Act::Settle(act)))
}

fn balance(world: &World, account: Standard) -> Money {
    let entity = world.book.state.contracts.contract(world.contract).unwrap();
    let ledger = &world.book.state.ledger;
    let code = account.code();
    ledger.balance(entity.entity, &code, Some(world.contract), p("USD"))
}

fn status(world: &World) -> Status {
    let row = world.book.state.contracts.contract(world.contract);
    row.unwrap().status
}

#[test]
fn a_settlement_bears_a_day_that_the_ledger_still_takes() {
    let mut world = running();
    approved(&mut world, Cause::Agreement, "2026-03-02", "2026-03-20");
    steps(&mut world, "2026-03-18");
    // Billed as any other month, though it ends on the 20th.
    world.book.at("2026-03-19T00:00:00Z");
    let march = bill(&world, "2026-03-01", "2026-04-01", "2026-03-19");
    world.book.run(march);
    let early = settle(&mut world, None).unwrap_err();
    assert_eq!(early.code(), "book.effective_date_ahead");
    world.book.at("2026-04-10T00:00:00Z");
    let (_, entity, _) = world.book.state.ledger.entities.iter().next().unwrap();
    let close = ClosePeriod {
        entity: *entity,
        through: p("2026-03-31"),
    };
    world.book.run(Command::Ledger(L::ClosePeriod(close)));
    let closed = settle(&mut world, Some("2026-03-20")).unwrap_err();
    assert_eq!(closed.code(), "ledger.period_is_closed");
    settle(&mut world, None).unwrap();
    assert_eq!(status(&world), Status::Ended);
    let row = world.book.state.contracts.contract(world.contract).unwrap();
    assert_eq!(row.ended_on, Some(p("2026-03-20")));
    let (_, _, note) = world.book.state.billing.invoices.iter().last().unwrap();
    assert_eq!(note.kind, bareboat_billing::DocumentKind::CreditNote);
    assert_eq!(note.issued_on, p("2026-04-10"));
    assert!(balance(&world, Standard::Deferred).is_zero());
}

#[test]
fn a_buyer_who_broke_the_contract_gets_nothing_back() {
    let mut world = running();
    approved(&mut world, Cause::Breach, "2026-03-02", "2026-03-20");
    steps(&mut world, "2026-03-18");
    world.book.at("2026-03-20T00:00:00Z");
    settle(&mut world, None).unwrap();
    assert_eq!(balance(&world, Standard::Forfeited), p("-81200000.00 USD"));
    assert!(balance(&world, Standard::Refund).is_zero());
    assert!(balance(&world, Standard::Deferred).is_zero());
}

#[test]
fn what_was_invoiced_in_advance_is_credited_at_the_end() {
    let mut world = running();
    let year = bill(&world, "2026-03-01", "2027-03-01", "2026-03-01");
    world.book.run(year);
    approved(&mut world, Cause::Agreement, "2026-03-02", "2026-03-20");
    steps(&mut world, "2026-03-18");
    world.book.at("2026-03-20T00:00:00Z");
    settle(&mut world, None).unwrap();
    // 19 of the term's 1,096 days.
    let due = Money::new((40_600_000_000 * 19 * 2 + 1_096) / (1_096 * 2), p("USD"));
    assert_eq!(balance(&world, Standard::Revenue), due.negated());
    let owed = balance(&world, Standard::Receivable);
    assert_eq!(owed, due.checked_add(p("81200000.00 USD")).unwrap());
}

#[test]
fn a_contract_ends_with_its_term() {
    let mut world = running();
    world.book.at("2029-03-02T00:00:00Z");
    let whole = bill(&world, "2026-03-01", "2029-04-01", "2029-03-02");
    world.book.run(whole);
    approved(&mut world, Cause::TermEnd, "2029-02-01", "2029-03-01");
    steps(&mut world, "2029-03-03");
    settle(&mut world, None).unwrap();
    assert_eq!(status(&world), Status::Ended);
    assert_eq!(balance(&world, Standard::Revenue), p("-406000000.00 USD"));
    assert!(balance(&world, Standard::Deferred).is_zero());
    assert!(acts::wind_down::live_allocations(&world.book.state, world.contract).is_empty());
}

#[test]
fn acts_within_an_act_make_ids_of_their_own() {
    let mut world = running();
    world.book.at("2026-05-02T00:00:00Z");
    let both = Command::All(vec![
        bill(&world, "2026-03-01", "2026-04-01", "2026-05-02"),
        bill(&world, "2026-04-01", "2026-05-01", "2026-05-02"),
    ]);
    world.book.run(Command::All(vec![both]));
    let documents = world.book.state.billing.documents_of(world.contract);
    assert_eq!(documents.count(), 3);
}

#[test]
fn use_is_billed_when_its_period_is_over() {
    let mut world = running();
    let contracts = &mut world.book.state.contracts.contracts;
    contracts.get_mut(&world.contract).unwrap().take_or_pay = p("80");
    let march = bill(&world, "2026-03-01", "2026-04-01", "2026-04-01");
    // The last second of March in Tokyo, and the first of April.
    world.book.at("2026-03-31T14:59:59Z");
    let early = world.book.try_by(OFFICER, &march).unwrap_err();
    assert_eq!(early.code(), "billing.period_not_over");
    let period = DateWindow::new(p("2026-03-01"), p("2026-04-01")).unwrap();
    assert!(acts::invoice::preview(&world.book.state, world.contract, period).is_ok());
    world.book.at("2026-03-31T15:00:00Z");
    world.book.run(march);
}
