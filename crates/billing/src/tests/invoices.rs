//! Fixed totals, prices per GPU-hour, prepayments.

use super::*;
use proptest::prelude::*;

/// Bills every month of the term; gives the sums of charges, credits and totals.
fn bill_all(book: &mut Book, terms: &Terms, periods: &[DateWindow]) -> (Money, Money, Money) {
    let zero = Money::zero(terms.currency);
    let mut sums = (zero, zero, zero);
    for period in periods {
        let invoice = book.bill(terms, *period);
        let invoice = book.state.invoice(invoice).unwrap();
        let (charges, credit) = (
            invoice.charges().unwrap(),
            invoice.prepayment_credit().unwrap(),
        );
        assert_eq!(invoice.total, charges.checked_sub(credit).unwrap());
        sums.0 = sums.0.checked_add(charges).unwrap();
        sums.1 = sums.1.checked_add(credit).unwrap();
        sums.2 = sums.2.checked_add(invoice.total).unwrap();
    }
    sums
}

#[test]
fn the_osaka_contract_adds_up_to_the_cent() {
    let mut book = Book::default();
    let terms = osaka();
    let signing = prepayment_draft(&terms, date("2026-03-02")).unwrap();
    assert_eq!(signing.total, money("81200000.00 USD"));
    book.issue(signing);
    let months = monthly_periods(terms.term().unwrap()).unwrap();
    assert_eq!(months.len(), 36);
    let (charges, credits, totals) = bill_all(&mut book, &terms, &months);
    assert_eq!(charges, money("406000000.00 USD"));
    assert_eq!(credits, money("81200000.00 USD"));
    assert_eq!(totals, money("324800000.00 USD"));
    // April 2026 is 30 of the term's 1,096 days; the leap day is a day like any other.
    let (_, april) = book.state.documents_of(contract()).nth(1).unwrap();
    assert_eq!(april.total, money("11113138.69 USD"));
    let line = &april.lines[0];
    assert_eq!(line.line.quantity.hours(), "720");
    assert_eq!(line.line.quantity.gpu_hours(), "3600000");
    assert_eq!(line.line.kind, LineKind::Commitment);
    let (_, found, row) = book.state.line(line.id).unwrap();
    assert!(found == april && row == line);
    // Nothing is credited before month 24, all of it after.
    let credited = |n: usize| {
        book.state
            .documents_of(contract())
            .nth(n)
            .unwrap()
            .1
            .prepayment_credit()
    };
    assert!(credited(24).unwrap().is_zero());
    // April 2028 is 30 of the last 365 days.
    assert_eq!(credited(25).unwrap(), money("6673972.60 USD"));
    replays(&book);
}

#[test]
fn the_sydney_contract_adds_up_though_billed_by_tokyo_s_midnights() {
    let mut book = Book::default();
    let terms = sydney();
    let months = monthly_periods(terms.term().unwrap()).unwrap();
    let (charges, _, _) = bill_all(&mut book, &terms, &months);
    assert_eq!(charges, money("800000000.00 USD"));
    // The lot begins at Sydney's midnight, an hour before Tokyo's; July takes that hour in.
    let (_, july) = book.state.documents_of(contract()).next().unwrap();
    assert_eq!(july.lines[0].line.quantity.hours(), "745");
}

#[test]
fn a_price_per_gpu_hour_is_charged_for_every_committed_hour() {
    let price = SegmentPrice::PerGpuHour("3.09 USD".parse().unwrap());
    let terms = terms(segment(
        16,
        dates("2026-04-01", "2026-05-16"),
        "Asia/Tokyo",
        price,
    ));
    let draft = preview(&terms, dates("2026-04-01", "2026-05-01"), &[]).unwrap();
    // 16 GPUs, 720 hours.
    assert_eq!(draft.total, money("35596.80 USD"));
    let basis = draft.lines[0].basis;
    assert!(matches!(
        basis,
        Basis::CommittedHours { from_micros: 0, .. }
    ));
    let months = monthly_periods(terms.term().unwrap()).unwrap();
    assert_eq!(months.last(), Some(&dates("2026-05-01", "2026-05-16")));
    let before = preview(&terms, dates("2026-03-01", "2026-04-01"), &[]);
    assert_eq!(before.unwrap_err().code(), "billing.nothing_to_bill");
}

/// The commitment of the golden case: 10,000.00 for February 2024, of which two days of 29 are
/// billed.
#[test]
fn the_commitment_from_a_leap_february_s_end() {
    let total = SegmentPrice::Total(money("10000.00 USD"));
    let february = segment(8, dates("2024-02-01", "2024-03-01"), "Asia/Tokyo", total);
    let draft = preview(&terms(february), dates("2024-02-28", "2024-03-01"), &[]).unwrap();
    assert_eq!(draft.total, money("689.66 USD"));
    let fee = SegmentPrice::Total(money("100.00 USD"));
    let fee = segment(8, dates("2024-02-01", "2024-03-01"), "Asia/Tokyo", fee);
    let fee = preview(&terms(fee), dates("2024-02-28", "2024-03-01"), &[]).unwrap();
    assert_eq!(fee.total, money("6.90 USD"));
    let charged = fee.total.checked_add(money("30.00 USD")).unwrap();
    assert_eq!(true_up(draft.total, charged).unwrap(), money("652.76 USD"));
    let march = true_up(money("10000.00 USD"), money("110.00 USD")).unwrap();
    assert_eq!(march, money("9890.00 USD"));
}

/// The spending minimum of the golden case: 10.00 for 28 days, ended on day 25, usage 8.00.
#[test]
fn a_minimum_that_ends_before_its_month() {
    let total = SegmentPrice::Total(money("10.00 USD"));
    let february = segment(8, dates("2026-02-01", "2026-03-01"), "Asia/Tokyo", total);
    let mut terms = terms(february);
    terms.ends_on = Some(date("2026-02-26"));
    let draft = preview(&terms, dates("2026-02-01", "2026-03-01"), &[]).unwrap();
    assert_eq!(draft.total, money("8.93 USD"));
    assert_eq!(
        true_up(draft.total, money("8.00 USD")).unwrap(),
        money("0.93 USD")
    );
}

#[test]
fn a_document_is_issued_once_and_no_day_twice() {
    let mut book = Book::default();
    let terms = osaka();
    let april = dates("2026-04-01", "2026-05-01");
    let draft = book.state.preview(&terms, april).unwrap();
    book.issue(draft.clone());
    assert_eq!(book.code(issue(draft.clone())), "billing.already_issued");
    let overlapping = preview(&terms, dates("2026-04-30", "2026-05-31"), &[]).unwrap();
    assert_eq!(book.code(issue(overlapping)), "billing.period_overlaps");
    let mut wrong = preview(&terms, dates("2026-05-01", "2026-06-01"), &[]).unwrap();
    wrong.total = money("1.00 USD");
    assert_eq!(book.code(issue(wrong.clone())), "billing.bad_draft");
    wrong.lines.clear();
    assert_eq!(book.code(issue(wrong)), "billing.nothing_to_bill");
    // A credit before the prepayment was invoiced.
    let credited = preview(&terms, dates("2028-05-01", "2028-06-01"), &[]).unwrap();
    assert_eq!(
        book.code(issue(credited.clone())),
        "billing.over_prepayment"
    );
    let prepayment = prepayment_draft(&terms, date("2026-03-02")).unwrap();
    book.issue(prepayment.clone());
    let again = prepayment_draft(&terms, date("2026-03-03")).unwrap();
    assert_eq!(book.code(issue(again)), "billing.already_issued");
    book.issue(credited);
    let other = identity(contract(), DocumentKind::Period, april, 2);
    assert_ne!(draft.identity(), other);
    assert_eq!(
        sydney_prepayment().unwrap_err().code(),
        "billing.no_prepayment"
    );
    replays(&book);
}

fn sydney_prepayment() -> Result<InvoiceDraft, Rejection> {
    prepayment_draft(&sydney(), date("2026-03-02"))
}

#[test]
fn hours_are_written_to_the_thousandth() {
    let quantity = |micros: i64, gpu_micros| Quantity { micros, gpu_micros };
    let half = quantity(5_400_000_000, 3_601_800_000);
    assert_eq!(
        (half.hours(), half.gpu_hours()),
        ("1.5".into(), "1.001".into())
    );
    assert_eq!(quantity(0, -5_400_000_000).gpu_hours(), "-1.5");
}

#[test]
fn months_keep_their_day() {
    let months = monthly_periods(dates("2027-01-31", "2027-05-01")).unwrap();
    let ends: Vec<_> = months.iter().map(|month| month.to().to_string()).collect();
    assert_eq!(
        ends,
        ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-01"]
    );
}

/// Cuts a term at any days.
fn cut(term: DateWindow, cuts: &[i32]) -> Vec<DateWindow> {
    let days = i32::try_from(term.days()).unwrap();
    let mut points: Vec<i32> = cuts.iter().map(|cut| cut.rem_euclid(days)).collect();
    points.extend([0, days]);
    points.sort_unstable();
    points.dedup();
    let day = |n: i32| term.from().plus_days(n).unwrap();
    points
        .windows(2)
        .map(|pair| DateWindow::new(day(pair[0]), day(pair[1])).unwrap())
        .collect()
}

const ZONES: [&str; 4] = [
    "Asia/Tokyo",
    "Australia/Sydney",
    "America/New_York",
    "Pacific/Kiritimati",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any total, any term, any two zones, any division into periods: the invoices add up to the
    /// total, the credits to the prepayment, and the hours to the lot's. Where a credit is cut to
    /// the charges, nothing is left to pay.
    #[test]
    fn invoices_add_up_for_any_division(
        total in 1_i128..10_i128.pow(15),
        start in 0_i32..2_000,
        days in 2_i32..1_500,
        zones in (0_usize..4, 0_usize..4),
        cuts in proptest::collection::vec(any::<i32>(), 0..40),
        nodes in 1_u32..2_000,
        prepaid in 0_u64..=100,
        yen in any::<bool>(),
    ) {
        let currency = if yen { "JPY" } else { "USD" }.parse().unwrap();
        let from = date("2025-01-01").plus_days(start).unwrap();
        let term = DateWindow::new(from, from.plus_days(days).unwrap()).unwrap();
        let total = Money::new(total, currency);
        let row = segment(nodes * 8, term, ZONES[zones.0], SegmentPrice::Total(total));
        let mut terms = terms(row);
        terms.billing_zone = zone(ZONES[zones.1]);
        let amount = Money::new(total.minor * i128::from(prepaid) / 100, currency);
        if !amount.is_zero() {
            let middle = from.plus_days(days / 2).unwrap();
            let share = prepaid.to_string().parse().unwrap();
            let credited = DateWindow::new(middle, term.to()).unwrap();
            terms.prepayment = Some(PrepaymentTerms { committed: total, share, amount, credited });
        }
        let (mut charges, mut credits, mut micros, mut cut_short) = (0, 0, 0, false);
        for period in cut(term, &cuts) {
            let draft = preview(&terms, period, &[]).unwrap();
            prop_assert!(draft.total.minor >= 0);
            cut_short |= draft.total.is_zero();
            charges += draft.charges().unwrap().minor;
            credits += draft.prepayment_credit().unwrap().minor;
            micros += draft.lines[0].quantity.micros;
        }
        prop_assert_eq!(charges, total.minor);
        prop_assert!(credits == amount.minor || (cut_short && credits < amount.minor));
        prop_assert_eq!(micros, row.instants.to().micros() - row.instants.from().micros());
    }

    /// The reference contracts, for any division into periods.
    #[test]
    fn the_reference_contracts_add_up_for_any_division(
        cuts in proptest::collection::vec(any::<i32>(), 0..60),
        second in any::<bool>(),
    ) {
        let (terms, total) = if second { (sydney(), 80_000_000_000) } else { (osaka(), 40_600_000_000) };
        let mut sum = 0;
        for period in cut(terms.term().unwrap(), &cuts) {
            sum += preview(&terms, period, &[]).unwrap().charges().unwrap().minor;
        }
        prop_assert_eq!(sum, total);
    }

    /// A committed price per GPU-hour comes to the same in one invoice as in many.
    #[test]
    fn committed_hours_add_up_for_any_division(
        micro in 1_i128..100_000_000,
        days in 1_i32..1_500,
        cuts in proptest::collection::vec(any::<i32>(), 0..40),
        share in 0_u64..=100,
    ) {
        let price = bareboat_base::MicroPrice { micro, currency: "USD".parse().unwrap() };
        let from = date("2026-01-01");
        let term = DateWindow::new(from, from.plus_days(days).unwrap()).unwrap();
        let mut terms = terms(segment(40, term, "Australia/Sydney", SegmentPrice::PerGpuHour(price)));
        terms.take_or_pay = share.to_string().parse().unwrap();
        let once = preview(&terms, term, &[]).unwrap().charges().unwrap();
        let mut sum = 0;
        for period in cut(term, &cuts) {
            sum += preview(&terms, period, &[]).unwrap().charges().unwrap().minor;
        }
        prop_assert_eq!(sum, once.minor);
    }
}
