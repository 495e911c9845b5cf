//! Lots that come in several deliveries, and lots that may begin later.

use bareboat_base::NodeCount;

use super::*;

fn in_deliveries(deliveries: &[(&str, u32)]) -> DraftContract {
    let mut draft = osaka();
    draft.lots[0].deliveries = deliveries
        .iter()
        .map(|(from, gpus)| Delivery {
            from: date(from),
            gpus: GpuCount(*gpus),
        })
        .collect();
    draft
}

#[test]
fn each_delivery_is_a_lot_to_the_same_end_and_the_total_is_shared_by_their_hours() {
    let mut book = Book::default();
    let deliveries = [("2026-04-01", 2_000), ("2027-04-01", 3_000)];
    let contract = book.draft(in_deliveries(&deliveries));
    let lots: Vec<_> = book.state.lots_of(contract);
    let shown: Vec<_> = lots
        .iter()
        .map(|(_, lot)| {
            (
                lot.nodes,
                lot.window.from(),
                lot.window.to(),
                lot.stated_hours,
            )
        })
        .collect();
    let (first, end) = (date("2026-04-01"), date("2029-04-01"));
    assert_eq!(shown[0], (NodeCount(250), first, end, 26_280));
    assert_eq!(shown[1], (NodeCount(375), date("2027-04-01"), end, 17_520));
    let part = |to_come| LotPart {
        of: lots[0].0,
        to_come: NodeCount(to_come),
    };
    assert_eq!(lots[0].1.part, Some(part(625)));
    assert_eq!(lots[1].1.part, Some(part(375)));
    book.sign(contract);
    let segments = book.state.segments(contract).unwrap().unwrap();
    let total = |segment: &Segment| match segment.price {
        SegmentPrice::Total(total) => total.minor,
        SegmentPrice::PerGpuHour(_) => panic!("a total"),
    };
    assert_eq!(
        segments.iter().map(total).sum::<i128>(),
        money("406000000.00 USD").minor
    );
    replays(&book);
}

#[test]
fn deliveries_that_do_not_make_the_lot_are_refused() {
    let mut book = Book::default();
    for bad in [
        // Not on the first day; not all; more; out of order; after the end; a part of a node.
        &[("2026-05-01", 5_000)][..],
        &[("2026-04-01", 4_000)],
        &[("2026-04-01", 4_000), ("2026-05-01", 4_000)],
        &[("2026-04-01", 2_000), ("2026-04-01", 3_000)],
        &[("2026-04-01", 2_000), ("2029-04-01", 3_000)],
    ] {
        let refused = book.code(in_deliveries(bad));
        assert_eq!(refused, "contracts.bad_deliveries", "{bad:?}");
    }
    let mut stated = in_deliveries(&[("2026-04-01", 5_000)]);
    stated.lots[0].stated_hours = Some(100);
    assert_eq!(book.code(stated), "contracts.bad_deliveries");
    let odd = in_deliveries(&[("2026-04-01", 2_001), ("2026-05-01", 2_999)]);
    assert_eq!(book.code(odd), "contracts.part_nodes");
    let mut shape = osaka();
    shape.lots[0].shape.max_spine_groups = Some(0);
    assert_eq!(book.code(shape), "contracts.bad_shape");
}

#[test]
fn a_lot_that_may_begin_later_is_given_its_days_while_it_is_a_draft() {
    let mut book = Book::default();
    let mut draft = in_deliveries(&[("2026-04-01", 2_000), ("2027-04-01", 3_000)]);
    draft.prepayment = None;
    for latest in ["2026-04-01", "2027-04-03"] {
        draft.lots[0].latest_start = Some(date(latest));
        assert_eq!(book.code(draft.clone()), "contracts.bad_latest_start");
    }
    draft.lots[0].latest_start = Some(date("2026-05-01"));
    let contract = book.draft(draft);
    let ids = book.state.contract(contract).unwrap().lots.clone();
    let later = |days| SettleStarts {
        contract,
        lots: ids.iter().map(|id| (*id, days)).collect(),
    };
    assert_eq!(book.code(later(31)), "contracts.not_flexible");
    for days in [30, 4, 0, 30] {
        book.run(later(days)).unwrap();
        let lots = book.state.lots_of(contract);
        let from = date("2026-04-01").plus_days(days as i32).unwrap();
        assert_eq!(lots[0].1.window.from(), from);
        assert_eq!(lots[0].1.window.days(), 1_096);
        assert_eq!(lots[1].1.window.days(), 731);
        let term = book.state.contract(contract).unwrap().term;
        assert_eq!((term.from(), term.days()), (from, 1_096));
    }
    book.sign(contract);
    assert_eq!(book.code(later(0)), "contracts.wrong_status");
    replays(&book);
}

#[test]
fn a_draft_recorded_before_there_were_shapes_is_read() {
    let mut book = Book::default();
    let mut draft = osaka();
    draft.lots[0].shape = Shape::leaves(Some(157));
    book.draft(draft);
    let (_, bytes) = &book.journal[0];
    let event = Event::decode(&Outer::read(bytes).unwrap());
    let mut stored: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    let lot = stored["data"]["lots"][0].as_object_mut().unwrap();
    for newer in ["shape", "part", "flexible"] {
        lot.remove(newer).unwrap();
    }
    lot.insert("max_leaves".to_owned(), 157.into());
    let data = stored["data"].to_string();
    let older = format!(r#"{{"type":"contracts.contract_drafted","version":1,"data":{data}}}"#);
    let read = Event::decode(&Outer::read(older.as_bytes()).unwrap());
    assert_eq!(read.unwrap().unwrap(), event.unwrap().unwrap());
}

#[test]
fn a_later_start_never_leaves_hours_that_the_lot_does_not_have() {
    let mut book = Book::default();
    let mut draft = osaka();
    draft.prepayment = None;
    draft.extension = None;
    draft.lots[0].window = window("2027-02-01", "2027-03-01");
    draft.lots[0].stated_hours = Some(729);
    draft.lots[0].latest_start = Some(date("2027-03-04"));
    let contract = book.draft(draft);
    let lot = book.state.contract(contract).unwrap().lots[0];
    // From the 4th of March to the 1st of April there are 28 days: 672 hours.
    let later = SettleStarts {
        contract,
        lots: vec![(lot, 31)],
    };
    assert_eq!(book.code(later), "contracts.stated_hours");
}
