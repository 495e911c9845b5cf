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
