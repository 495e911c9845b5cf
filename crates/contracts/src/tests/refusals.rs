//! What is refused before a contract binds.

use super::*;

/// Drafts Osaka with one thing changed, beside Sydney.
fn check(change: &dyn Fn(&mut DraftContract), code: &str) {
    let mut book = Book::default();
    book.draft(sydney());
    let mut draft = osaka();
    change(&mut draft);
    assert_eq!(book.code(draft), code);
}

fn price(text: &str) -> Price {
    Price::FixedTotal(money(text))
}

#[test]
fn what_makes_no_contract_is_refused() {
    check(&|_| {}, "accepted");
    check(
        &|d| d.reference = "SYD-2026-1".parse().unwrap(),
        "contracts.reference_taken",
    );
    check(&|d| d.lots.clear(), "contracts.lot_count");
    check(
        &|d| d.lots[0].gpus = GpuCount(5_001),
        "contracts.part_nodes",
    );
    check(&|d| d.lots[0].gpus = GpuCount(0), "contracts.no_gpus");
    check(
        &|d| d.lots[0].window = window("2026-01-01", "2099-01-01"),
        "contracts.term_too_long",
    );
    check(
        &|d| d.lots[0].stated_hours = Some(0),
        "contracts.stated_hours",
    );
    // Three years are 26,280 stated hours, and 26,304 with a leap day; a February has 730.
    check(&|d| d.lots[0].stated_hours = Some(26_304), "accepted");
    check(
        &|d| d.lots[0].stated_hours = Some(26_305),
        "contracts.stated_hours",
    );
    let february = |d: &mut DraftContract, hours| {
        d.prepayment = None;
        d.extension = None;
        d.lots[0].window = window("2027-02-01", "2027-03-01");
        d.lots[0].stated_hours = Some(hours);
    };
    check(&|d| february(d, 730), "accepted");
    check(&|d| february(d, 731), "contracts.stated_hours");
    check(&|d| d.price = price("0.00 USD"), "contracts.bad_price");
    check(&|d| d.price = price("-1.00 USD"), "contracts.bad_price");
    check(
        &|d| d.price = price("406000000.00 EUR"),
        "contracts.bad_price",
    );
    check(
        &|d| d.price = price("99999999999999999999.00 USD"),
        "contracts.bad_price",
    );
}

#[test]
fn prepayments_and_extensions_must_work_out() {
    let prepay = |share: &str, months| {
        let share = share.parse().unwrap();
        Some(Prepayment {
            share,
            credited_after_months: months,
        })
    };
    check(
        &|d| d.prepayment = prepay("0", 0),
        "contracts.prepayment_uncovered",
    );
    check(
        &|d| d.prepayment = prepay("40", 24),
        "contracts.prepayment_uncovered",
    );
    check(
        &|d| d.prepayment = prepay("1", 36),
        "contracts.prepayment_uncovered",
    );
    check(&|d| d.prepayment = prepay("100", 0), "accepted");
    let extension = |months, notice_days, price| {
        Some(Extension {
            months,
            notice_days,
            price,
        })
    };
    check(
        &|d| d.extension = extension(0, 1, price("1.00 USD")),
        "contracts.bad_extension",
    );
    check(
        &|d| d.extension = extension(1, 9_999, price("1.00 USD")),
        "contracts.bad_extension",
    );
    check(
        &|d| d.extension = extension(1, 1, price("1.00 EUR")),
        "contracts.bad_price",
    );
}

#[test]
fn a_signature_needs_a_draft_and_every_lot_reserved() {
    let mut book = Book::default();
    let contract = book.draft(osaka());
    let good = book.signing(contract);
    let mut none = good.clone();
    none.reservations.clear();
    assert_eq!(book.code(none), "contracts.reservations_differ");
    let mut other = good.clone();
    other.reservations[0].lot = id(99);
    assert_eq!(book.code(other), "contracts.reservations_differ");
    let late = SignContract {
        signed_on: date("2029-04-01"),
        ..good.clone()
    };
    assert_eq!(book.code(late), "contracts.signed_after_end");
    let unknown = SignContract {
        contract: id(99),
        ..good.clone()
    };
    assert_eq!(book.code(unknown), "contracts.unknown_contract");
    book.run(good.clone()).unwrap();
    assert_eq!(book.code(good), "contracts.wrong_status");
    assert_eq!(
        book.code(WithdrawDraft { contract }),
        "contracts.wrong_status"
    );
    let draft = book.draft(sydney());
    book.run(WithdrawDraft { contract: draft }).unwrap();
    assert_eq!(
        book.state.contract(draft).unwrap().status,
        Status::Withdrawn
    );
    let mut without = sydney();
    without.reference = "SYD-2026-2".parse().unwrap();
    without.regulatory_termination = None;
    without.extension = None;
    let contract = book.draft(without);
    book.sign(contract);
    assert_eq!(
        book.code(regulatory(contract, "2027-07-01")),
        "contracts.no_termination_right"
    );
    let extension = ExerciseExtension {
        contract,
        on: date("2027-01-01"),
    };
    assert_eq!(book.code(extension), "contracts.no_extension");
    let agreed = PlanWindDown {
        cause: Cause::Agreement,
        ..regulatory(contract, "2029-07-02")
    };
    assert_eq!(book.code(agreed), "contracts.ends_outside_term");
}
