//! Recording and rating usage; take-or-pay; late records.

use super::*;
use bareboat_base::UsageId;
use proptest::prelude::*;

fn april() -> DateWindow {
    dates("2026-04-01", "2026-05-01")
}

/// Two nodes of 8 for April and May 2026 at $2.00, 80% take-or-pay.
fn half_used() -> Terms {
    let price = SegmentPrice::PerGpuHour("2.00 USD".parse().unwrap());
    let mut terms = terms(segment(
        16,
        dates("2026-04-01", "2026-06-01"),
        "Asia/Tokyo",
        price,
    ));
    terms.take_or_pay = "80".parse().unwrap();
    terms
}

/// The hours [from, to) after 2026-04-01 in Tokyo.
fn hours(from: i64, to: i64) -> Window {
    let start = instant("2026-03-31T15:00:00Z").micros();
    let at = |hour: i64| Instant::from_micros(start + hour * 3_600_000_000).unwrap();
    Window::new(at(from), at(to)).unwrap()
}

#[test]
fn use_is_rated_by_node_hours_and_trued_up() {
    let mut book = Book::default();
    let record = usage(vec![
        used(nodes(1, 2), hours(0, 300), UsageState::Available),
        used(nodes(1, 1), hours(300, 400), UsageState::Degraded),
        used(nodes(2, 1), hours(300, 400), UsageState::Down),
        used(nodes(1, 2), hours(400, 720), UsageState::Maintenance),
    ]);
    book.run(record).unwrap();
    let draft = book.state.preview(&half_used(), april()).unwrap();
    // (2 × 300 + 100) node-hours × 8 GPUs × $2.00; committed 16 × 720 × $2.00 = $23,040.
    let amounts: Vec<_> = draft
        .lines
        .iter()
        .map(|l| (l.kind, l.amount.to_string()))
        .collect();
    assert_eq!(
        amounts,
        [
            (LineKind::Usage, "11200.00 USD".to_owned()),
            (LineKind::TrueUp, "7232.00 USD".to_owned())
        ]
    );
    assert_eq!(draft.total, money("18432.00 USD"));
    assert_eq!(draft.lines[0].quantity.gpu_hours(), "5600");
    let Basis::Rated { intervals, .. } = draft.lines[0].basis else {
        panic!("{:?}", draft.lines[0].basis);
    };
    assert_eq!(intervals, 2);
    let Basis::Floor { floor, charged, .. } = draft.lines[1].basis else {
        panic!("{:?}", draft.lines[1].basis);
    };
    assert_eq!((floor, charged), (draft.total, draft.lines[0].amount));
    replays(&book);
}

#[test]
fn the_use_of_a_total_is_its_part_of_the_hours() {
    let mut terms = half_used();
    terms.take_or_pay = "50".parse().unwrap();
    terms.segments[0].price = SegmentPrice::Total(money("61000.00 USD"));
    let of = |nodes: u32, hours: Window| Used {
        lot: lot(),
        nodes,
        window: hours,
        billable: true,
    };
    // April is 30 of 61 days: $30,000.
    let check = |usage: &[Used], kinds: &[LineKind], total: &str| {
        let draft = preview(&terms, april(), usage).unwrap();
        let found: Vec<_> = draft.lines.iter().map(|line| line.kind).collect();
        assert_eq!((found.as_slice(), draft.total), (kinds, money(total)));
    };
    let (usage, true_up) = (LineKind::Usage, LineKind::TrueUp);
    check(&[of(2, hours(0, 720))], &[usage], "30000.00 USD");
    check(&[of(2, hours(0, 540))], &[usage], "22500.00 USD");
    check(&[of(1, hours(0, 720))], &[usage], "15000.00 USD");
    check(&[of(1, hours(0, 360))], &[usage, true_up], "15000.00 USD");
    check(&[], &[usage, true_up], "15000.00 USD");
    // A spare that stands in for a failed node is not charged on top of the total.
    check(&[of(3, hours(0, 720))], &[usage], "30000.00 USD");
}

#[test]
fn no_node_is_recorded_twice_at_one_instant() {
    let mut book = Book::default();
    let available = |nodes, window| used(nodes, window, UsageState::Available);
    book.run(usage(vec![available(nodes(1, 4), hours(0, 50))]))
        .unwrap();
    let mut check = |intervals: Vec<NewInterval>, code: &str| {
        assert_eq!(book.code(usage(intervals)), code);
    };
    check(vec![], "billing.interval_count");
    check(
        vec![available(nodes(1, 1), hours(0, 400 * 24))],
        "billing.interval_too_long",
    );
    check(
        vec![available(nodes(4, 9), hours(49, 60))],
        "billing.usage_overlaps",
    );
    let twice = vec![
        available(nodes(5, 2), hours(0, 9)),
        available(nodes(6, 1), hours(8, 9)),
    ];
    check(twice, "billing.intervals_overlap");
    check(vec![available(nodes(4, 9), hours(50, 60))], "accepted");
    check(vec![available(nodes(5, 9), hours(0, 50))], "accepted");
}

#[test]
fn late_use_becomes_a_correction_that_names_what_it_corrects() {
    let mut book = Book::default();
    let terms = half_used();
    let available = |from, to| vec![used(nodes(1, 2), hours(from, to), UsageState::Available)];
    book.run(usage(available(0, 600))).unwrap();
    let first = book.bill(&terms, april());
    // 2 × 600 × 8 × $2.00, over the floor of $18,432.
    assert_eq!(
        book.state.invoice(first).unwrap().total,
        money("19200.00 USD")
    );
    book.run(usage(available(600, 720))).unwrap();
    book.run(usage(available(720, 1_464))).unwrap();
    let may = dates("2026-05-01", "2026-06-01");
    let draft = book.state.preview(&terms, may).unwrap();
    let line = draft.lines.last().unwrap();
    assert_eq!(
        (line.kind, line.amount),
        (LineKind::Correction, money("3840.00 USD"))
    );
    let Basis::Recomputed {
        invoice, charges, ..
    } = line.basis
    else {
        panic!("{:?}", line.basis);
    };
    assert_eq!((invoice, charges), (first, money("23040.00 USD")));
    let second = book.issue(draft);
    // All of both months is used: what was charged is the price of every hour.
    let charged = |id| book.state.invoice(id).unwrap().charges().unwrap();
    let both = charged(first).checked_add(charged(second)).unwrap();
    assert_eq!(both, money("46848.00 USD"));
    // The correction is made once.
    let mut longer = terms.clone();
    longer.segments.push(segment(
        16,
        dates("2026-06-01", "2026-07-01"),
        "Asia/Tokyo",
        terms.segments[0].price,
    ));
    let june = book
        .state
        .preview(&longer, dates("2026-06-01", "2026-07-01"))
        .unwrap();
    assert!(
        june.lines
            .iter()
            .all(|line| line.kind != LineKind::Correction)
    );
    replays(&book);
}

#[test]
fn late_use_of_the_last_period_is_still_billed() {
    let mut book = Book::default();
    let terms = half_used();
    let months = monthly_periods(terms.term().unwrap()).unwrap();
    book.run(usage(vec![used(
        nodes(1, 2),
        hours(0, 720),
        UsageState::Available,
    )]))
    .unwrap();
    for month in &months {
        book.bill(&terms, *month);
    }
    let june = dates("2026-06-01", "2026-07-01");
    let nothing = book.state.preview(&terms, june);
    assert_eq!(nothing.unwrap_err().code(), "billing.nothing_to_bill");
    let mut late = |from, to, amount: &str, version| {
        let record = used(nodes(1, 2), hours(from, to), UsageState::Available);
        book.run(usage(vec![record])).unwrap();
        let draft = book.state.preview(&terms, june).unwrap();
        assert_eq!((draft.kind, draft.period), (DocumentKind::Correction, june));
        assert_eq!((draft.total, draft.version), (money(amount), version));
        assert_eq!(draft.lines[0].kind, LineKind::Correction);
        book.issue(draft);
    };
    // 744 hours of May: the floor of $19,046.40 is passed after 595.2 of them.
    late(720, 1_400, "2713.60 USD", 1);
    late(1_400, 1_464, "2048.00 USD", 2);
    // A settlement makes the document when no other did.
    book.run(usage(vec![used(
        nodes(3, 1),
        hours(1_400, 1_464),
        UsageState::Available,
    )]))
    .unwrap();
    let mut over = terms.clone();
    over.ends_on = Some(date("2026-06-01"));
    let settled = book.state.settlement(&over, true).unwrap();
    assert_eq!(settled.final_invoice.unwrap().total, money("1024.00 USD"));
    replays(&book);
}

/// Paid in full at signing, credited from the first day, half of it due in any case.
fn prepaid_and_half_due() -> Terms {
    let mut terms = half_used();
    terms.take_or_pay = "50".parse().unwrap();
    let committed = money("46848.00 USD");
    terms.prepayment = Some(PrepaymentTerms {
        committed,
        share: Share::WHOLE,
        amount: committed,
        credited: terms.term().unwrap(),
    });
    terms
}

#[test]
fn a_prepayment_pays_no_more_than_is_charged_and_the_rest_later() {
    let mut terms = prepaid_and_half_due();
    let mut book = Book::default();
    book.issue(prepayment_draft(&terms, date("2026-03-02")).unwrap());
    let months = monthly_periods(terms.term().unwrap()).unwrap();
    let available = used(nodes(1, 2), hours(720, 1_464), UsageState::Available);
    // April is not used: half of $23,040 is charged, and paid by the prepayment.
    let april = book.bill(&terms, months[0]);
    let april = book.state.invoice(april).unwrap();
    assert_eq!(april.charges().unwrap(), money("11520.00 USD"));
    assert_eq!(april.total, money("0.00 USD"));
    // May is used, and so, it turns out, was half of April above its floor.
    book.run(usage(vec![available])).unwrap();
    book.run(usage(vec![used(
        nodes(1, 2),
        hours(0, 540),
        UsageState::Available,
    )]))
    .unwrap();
    let may = book.bill(&terms, months[1]);
    let may = book.state.invoice(may).unwrap();
    assert_eq!(may.charges().unwrap(), money("29568.00 USD"));
    assert_eq!(may.total, money("0.00 USD"));
    // $5,760 of $46,848 was paid for nothing, and comes back.
    terms.ends_on = Some(date("2026-06-01"));
    let settled = book.state.settlement(&terms, true).unwrap();
    assert_eq!(settled.final_invoice, None);
    assert_eq!(settled.unearned, money("5760.00 USD"));
    replays(&book);
}

#[test]
fn a_lot_s_use_is_found_by_window() {
    let mut book = Book::default();
    let intervals = (0..48).map(|h| used(nodes(1, 1), hours(h, h + 1), UsageState::Available));
    book.run(usage(intervals.collect())).unwrap();
    let found = book.state.usage_of(lot(), hours(10, 20));
    assert_eq!(found.len(), 10);
    let (id, interval): &(UsageId, &UsageInterval) = &found[0];
    assert_eq!(book.state.usage_interval(*id), Some(*interval));
    assert!(
        book.state
            .usage_of(id_of_other_lot(), hours(0, 48))
            .is_empty()
    );
}

fn id_of_other_lot() -> LotId {
    id(2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is used and recorded when, wherever the contract ends: no invoice is negative
    /// but where it takes charges back, and prepaid is what was credited and what is left.
    #[test]
    fn a_prepayment_never_makes_an_invoice_negative(
        share in 1_u64..=100,
        take_or_pay in 0_u64..100,
        records in proptest::collection::vec((0_i64..1_464, 1_i64..400, 1_usize..9), 0..12),
        cuts in proptest::collection::vec(1_i32..61, 0..6),
        end in 0_i32..=61,
    ) {
        let mut terms = prepaid_and_half_due();
        terms.take_or_pay = take_or_pay.to_string().parse().unwrap();
        let prepayment = terms.prepayment.as_mut().unwrap();
        prepayment.share = share.to_string().parse().unwrap();
        prepayment.amount.minor = prepayment.amount.minor * i128::from(share) / 100;
        let prepaid = prepayment.amount;
        let mut book = Book::default();
        book.issue(prepayment_draft(&terms, date("2026-03-02")).unwrap());
        let term = terms.term().unwrap();
        let mut points: Vec<Date> = cuts.iter().map(|day| term.from().plus_days(*day).unwrap()).collect();
        points.extend([term.from(), term.to()]);
        points.sort_unstable();
        points.dedup();
        for (index, pair) in points.windows(2).enumerate() {
            for (from, length, _) in records.iter().filter(|(.., when)| *when == index) {
                let record = used(nodes(1, 2), hours(*from, (from + length).min(1_464)), UsageState::Available);
                let _ = book.run(usage(vec![record]));
            }
            let invoice = book.bill(&terms, DateWindow::new(pair[0], pair[1]).unwrap());
            let invoice = book.state.invoice(invoice).unwrap();
            prop_assert!(invoice.total.minor >= 0 && invoice.prepayment_credit().unwrap().minor >= 0);
        }
        terms.ends_on = Some(term.from().plus_days(end).unwrap());
        let settled = book.state.settlement(&terms, true).unwrap();
        if let Some(last) = settled.final_invoice {
            let charges = last.charges().unwrap().minor;
            let credit = last.prepayment_credit().unwrap().minor;
            // What is taken back is at most what is credited, and the other way round.
            prop_assert!(credit.abs() <= charges.abs() && credit.signum() * charges.signum() >= 0);
            book.issue(last);
        }
        if let Some(refund) = settled.refund {
            book.issue(refund);
        }
        let credited = book.state.credited(contract(), terms.currency).unwrap();
        let refunded = book.state.refunded(contract(), terms.currency).unwrap();
        prop_assert!(credited.minor >= 0);
        prop_assert_eq!(credited.checked_add(refunded).unwrap(), prepaid);
        let charged: i128 = book.state.documents_of(contract()).map(|(_, row)| row.charges().unwrap().minor).sum();
        prop_assert!(credited.minor <= charged);
        replays(&book);
    }

    /// Against a naive grid of nodes and hours: the same records are refused, the same
    /// GPU-hours are rated in each period.
    #[test]
    fn like_a_grid_of_nodes_and_hours(
        records in proptest::collection::vec((1_u32..6, 1_u32..3, 0_i64..1_460, 1_i64..200, 0_u8..4), 1..25),
        cut in 1_i64..61,
    ) {
        let mut book = Book::default();
        let mut grid = std::collections::BTreeMap::new();
        for (first, count, from, length, state) in records {
            let to = (from + length).min(1_464);
            let state = [UsageState::Available, UsageState::Degraded, UsageState::Down, UsageState::Maintenance][usize::from(state)];
            let cells: Vec<_> = (first..first + count).flat_map(|n| (from..to).map(move |h| (n, h))).collect();
            let free = cells.iter().all(|cell| !grid.contains_key(cell));
            let accepted = book.run(usage(vec![used(nodes(first, count), hours(from, to), state)])).is_ok();
            prop_assert_eq!(accepted, free);
            if free {
                grid.extend(cells.into_iter().map(|cell| (cell, state.is_billable())));
            }
        }
        let mut terms = half_used();
        terms.take_or_pay = Share::ZERO;
        let middle = date("2026-04-01").plus_days(i32::try_from(cut).unwrap()).unwrap();
        let halves = [(dates("2026-04-01", "2026-06-01").from(), middle, 0..cut * 24), (middle, date("2026-06-01"), cut * 24..1_464)];
        for (from, to, span) in halves {
            let Ok(period) = DateWindow::new(from, to) else { continue };
            let draft = book.state.preview(&terms, period).unwrap();
            let expected = grid.iter().filter(|((_, h), billable)| **billable && span.contains(h)).count();
            prop_assert_eq!(draft.lines[0].quantity.gpu_micros, expected as i128 * 8 * 3_600_000_000);
            // $2.00 a GPU-hour.
            prop_assert_eq!(draft.total.minor, expected as i128 * 8 * 200);
        }
        replays(&book);
    }
}
