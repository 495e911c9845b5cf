//! The acts of the reference story, in the pure book: signing, hand-over, an invoice, a listing
//! above the client, and the wind-down that follows.

#[path = "story/blocks.rs"]
mod blocks;
mod common;
#[path = "story/ends.rs"]
mod ends;
#[path = "story/fails.rs"]
mod fails;
#[path = "story/phases.rs"]
mod phases;
#[path = "story/pins.rs"]
mod pins;

use bareboat_base::machine::Fold as _;
use bareboat_base::{Refusal as _, *};
use bareboat_book::acts::{self, Act};
use bareboat_book::explain::{Subject, explain};
use bareboat_book::impact::{Hypothesis, impact};
use bareboat_book::{Command, Event, State};

use common::*;

#[test]
fn what_is_not_known_is_not_signed() {
    let mut world = world();
    let refused = sign(&mut world).unwrap_err();
    assert_eq!(refused.code(), "book.not_permitted");
    assert!(refused.to_string().contains("refer"), "{refused}");
    declare(&mut world);
    let before = world.book.state.clone();
    let events = sign(&mut world).unwrap();
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    assert_eq!(
        kinds,
        [
            "rulebook.determination_made",
            "capacity.reserved",
            "contracts.contract_signed",
            "billing.invoice_issued",
            "ledger.account_opened",
            "ledger.account_opened",
            "ledger.entry_posted",
        ]
    );
    assert_eq!(
        before.contracts.contracts.len(),
        world.book.state.contracts.contracts.len()
    );
    assert!(
        before.capacity.reservations.is_empty(),
        "the fork did not leak"
    );
}

#[test]
fn a_listing_above_the_client_ends_in_a_settled_wind_down() {
    let mut world = world();
    declare(&mut world);
    sign(&mut world).unwrap();
    allocate(&mut world);
    assert_eq!(
        acts::wind_down::live_allocations(&world.book.state, world.contract).len(),
        1
    );
    for month in ["03", "04", "05", "06", "07", "08", "09", "10"] {
        let from: Date = p(&format!("2026-{month}-01"));
        world.book.now = from
            .plus_months(1)
            .unwrap()
            .start_in(&p("Asia/Tokyo"))
            .unwrap();
        invoice(
            &mut world,
            &from.to_string(),
            &from.plus_months(1).unwrap().to_string(),
        );
    }
    supposed_listing_shows_the_impact(&mut world);
    real_listing_and_wind_down(&mut world);
    settled(&mut world);
}

fn supposed_listing_shows_the_impact(world: &mut World) {
    world.book.at("2026-11-20T00:00:00Z");
    let context = world.book.context(OFFICER);
    let listed = Hypothesis::Listed {
        party: world.parent,
        list: p("EL"),
    };
    let what_if = impact(
        &world.book.state,
        &context,
        std::slice::from_ref(&listed),
        p("2026-11-20"),
    )
    .unwrap();
    assert_eq!((what_if.judged, what_if.flips.len()), (1, 1));
    let flip = &what_if.flips[0];
    assert_eq!(flip.after.as_str(), "needs-authorisation");
    assert!(
        flip.reasons
            .iter()
            .any(|reason| reason.rule.as_str() == "us-ear.affiliates-50"),
        "{:?}",
        flip.reasons
    );
    assert_eq!(flip.ends_on, p("2026-11-30"));
    assert!(!flip.revenue_lost.is_zero() && flip.capacity_freed[0].nodes == NodeCount(625));
    // In the year of its suspension the affiliates rule does not bind: a red flag, not a licence.
    let earlier = impact(&world.book.state, &context, &[listed], p("2026-11-09")).unwrap();
    assert_eq!(earlier.flips[0].after.as_str(), "refer");
}

fn real_listing_and_wind_down(world: &mut World) {
    let book = &mut world.book;
    list(book, "EL", "2026-11-19", 101);
    for who in [world.partner, world.client] {
        screen(book, who, None);
    }
    let hit = screen(book, world.parent, Some("EL")).unwrap();
    use bareboat_screening as s;
    let dispose = s::DisposeHit {
        hit,
        verdict: s::Verdict::True,
        grounds: p("same registration number"),
    };
    book.run(Command::Screening(s::Command::DisposeHit(dispose)));
    let confirm = s::ConfirmHit {
        hit,
        grounds: p("agreed"),
    };
    assert!(
        book.try_by(
            OFFICER,
            &Command::Screening(s::Command::ConfirmHit(confirm.clone()))
        )
        .is_err()
    );
    book.by(SECOND, Command::Screening(s::Command::ConfirmHit(confirm)));
    wind_down(world);
}

fn wind_down(world: &mut World) {
    use bareboat_contracts as c;
    approved(
        world,
        c::Cause::RegulatoryChange,
        "2026-11-20",
        "2026-11-30",
    );
    for (step, at) in [
        (c::Step::Notice, "2026-11-20T03:00:00Z"),
        (c::Step::Suspend, "2026-11-20T04:00:00Z"),
        (c::Step::Drain, "2026-11-21T00:00:00Z"),
        (c::Step::Sanitise, "2026-11-22T00:00:00Z"),
        (c::Step::Return, "2026-11-29T15:00:00Z"),
    ] {
        do_step(world, step, at);
    }
}

/// Plans a wind-down and has it approved.
fn approved(
    world: &mut World,
    cause: bareboat_contracts::Cause,
    notice_on: &str,
    ends_on: &str,
) -> WindDownId {
    use bareboat_contracts as c;
    let book = &mut world.book;
    let plan = c::PlanWindDown {
        contract: world.contract,
        cause,
        reason: p("the client's parent is listed"),
        impact: p("625 nodes"),
        determination: None,
        notice_on: p(notice_on),
        ends_on: p(ends_on),
    };
    book.run(Command::Contracts(c::Command::PlanWindDown(plan)));
    let wind_down = wind_down_of(world);
    let book = &mut world.book;
    let approve = Command::Contracts(c::Command::ApproveWindDown(c::ApproveWindDown {
        wind_down,
    }));
    assert!(
        book.try_by(OFFICER, &approve).is_err(),
        "the one who asked may not approve"
    );
    book.by(SECOND, approve);
    wind_down
}

fn wind_down_of(world: &World) -> WindDownId {
    let row = world.book.state.contracts.contract(world.contract).unwrap();
    row.wind_down.unwrap()
}

fn do_step(world: &mut World, step: bareboat_contracts::Step, at: &str) {
    let wind_down = wind_down_of(world);
    let sanitises = step == bareboat_contracts::Step::Sanitise;
    let act = acts::DoStep {
        wind_down,
        step,
        at: p(at),
        evidence: Digest::of(&[at.as_bytes()]),
        note: None,
        erasure: sanitises.then(|| acts::wind_down::Erasure {
            method: bareboat_fleet::SanitisationMethod::Purge,
            performed_by: p("site team"),
        }),
    };
    world.book.at(at);
    world.book.run(Command::Act(Act::DoStep(act)));
}

fn settled(world: &mut World) {
    let wind_down = wind_down_of(world);
    let book = &mut world.book;
    book.at("2026-12-01T00:00:00Z");
    book.run(Command::Act(Act::Settle(acts::Settle {
        wind_down,
        issued_on: None,
    })));
    let state = &book.state;
    assert_eq!(
        state.contracts.contract(world.contract).unwrap().status,
        bareboat_contracts::Status::Ended
    );
    let (entity, totals) = state
        .ledger
        .entities
        .iter()
        .next()
        .map(|(_, id, _)| (*id, state.ledger.trial_totals(*id)))
        .unwrap();
    assert!(
        totals.values().all(|total| *total == 0),
        "{entity}: {totals:?}"
    );
    // 9 of 36 months were used: the whole prepayment of 20% comes back, since none was credited.
    let refund = state.billing.refunded(world.contract, p("USD")).unwrap();
    assert_eq!(refund, p("81200000.00 USD"));
    let (_, line, _) = state
        .billing
        .invoices
        .iter()
        .find_map(|(_, _, invoice)| {
            (invoice.kind == bareboat_billing::DocumentKind::Period)
                .then(|| (0, invoice.lines[0].id, 0))
        })
        .unwrap();
    let told = explain(state, Subject::InvoiceLine(line)).unwrap();
    let text = format!("{told:?}");
    for needle in [
        "contract OSA-2026-01",
        "406,000,000.00 USD",
        "entry",
        "determination",
        "90 FR 4544",
    ] {
        assert!(text.contains(needle), "{needle} is not in {text}");
    }
    let bytes = state.to_snapshot();
    let back = State::from_snapshot(&bytes).unwrap();
    assert!(back == *state && back.to_snapshot() == bytes);
}
