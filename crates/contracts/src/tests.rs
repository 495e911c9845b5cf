//! Contracts from draft to end, and what is refused on the way.

mod lots;
mod refusals;
mod wind_down;

use bareboat_base::event::Outer;
use bareboat_base::{
    CommandId, Context, ContractId, Date, DateWindow, Digest, GpuCount, Instant, LotId, MicroPrice,
    Money, Position, PrincipalId, Recorded, Refusal as _, Shape, Share, TypedId, WindDownId,
    id::derive_id,
};
use proptest::prelude::*;

use crate::*;

fn id<I: TypedId>(number: u64) -> I {
    derive_id(derive_command(0), number)
}

fn derive_command(number: u64) -> CommandId {
    // Any UUID will do; one derived from nothing is the same on every machine.
    let nil: CommandId = "00000000-0000-7000-8000-000000000000".parse().unwrap();
    derive_id(nil, number)
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn window(from: &str, to: &str) -> DateWindow {
    DateWindow::new(date(from), date(to)).unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

/// A book of contracts alone.
#[derive(Default)]
struct Book {
    state: State,
    commands: u64,
    journal: Vec<(Recorded, Vec<u8>)>,
}

impl Book {
    fn run(&mut self, command: impl Into<Command>) -> Result<Vec<Event>, Rejection> {
        self.run_as(1, command)
    }

    fn run_as(&mut self, actor: u64, command: impl Into<Command>) -> Result<Vec<Event>, Rejection> {
        self.commands += 1;
        let context = Context {
            command_id: derive_command(self.commands),
            actor: id::<PrincipalId>(actor),
            recorded_at: instant("2029-01-01T00:00:00Z"),
            part: 0,
        };
        let events = decide(&self.state, &context, &command.into())?;
        for event in &events {
            let recorded = Recorded {
                position: Position(self.journal.len() as u64 + 1),
                at: context.recorded_at,
                by: context.actor,
            };
            apply(&mut self.state, &recorded, event);
            self.journal.push((recorded, event.encode()));
        }
        Ok(events)
    }

    fn code(&mut self, command: impl Into<Command>) -> &'static str {
        self.run(command).map_or_else(|r| r.code(), |_| "accepted")
    }

    fn draft(&mut self, command: DraftContract) -> ContractId {
        match &self.run(command).unwrap()[0] {
            Event::ContractDrafted(event) => event.contract,
            other => panic!("{other:?}"),
        }
    }

    fn sign(&mut self, contract: ContractId) -> ContractSigned {
        let command = self.signing(contract);
        match &self.run(command).unwrap()[0] {
            Event::ContractSigned(event) => event.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn signing(&self, contract: ContractId) -> SignContract {
        let lots = &self.state.contract(contract).unwrap().lots;
        let held = |(number, lot): (u64, &LotId)| SignedReservation {
            lot: *lot,
            reservation: id(number),
        };
        SignContract {
            contract,
            signed_on: date("2026-02-20"),
            determination: id(1),
            reservations: (0..).zip(lots).map(held).collect(),
        }
    }

    fn plan(&mut self, contract: ContractId) -> WindDownId {
        match &self.run(regulatory(contract, "2027-06-15")).unwrap()[0] {
            Event::WindDownPlanned(event) => event.wind_down,
            other => panic!("{other:?}"),
        }
    }
}

macro_rules! into_command {
    ($($name:ident),*) => {
        $(impl From<$name> for Command {
            fn from(command: $name) -> Self {
                Self::$name(command)
            }
        })*
    };
}
into_command!(
    DraftContract,
    WithdrawDraft,
    SignContract,
    ExerciseExtension,
    SettleStarts,
    SuspendAccess,
    ResumeAccess,
    PlanWindDown,
    WithdrawWindDown,
    ApproveWindDown,
    RecordWindDownStep,
    EndContract
);

fn lot(gpus: u32, dates: DateWindow) -> NewLot {
    NewLot {
        model: id(1),
        gpus_per_node: 8,
        site: id(1),
        zone: "Asia/Tokyo".parse().unwrap(),
        gpus: GpuCount(gpus),
        window: dates,
        stated_hours: None,
        shape: Shape::ANY,
        deliveries: Vec::new(),
        latest_start: None,
    }
}

/// The reference contract: 5,000 B200 at Osaka for $406M over 36 months.
fn osaka() -> DraftContract {
    DraftContract {
        reference: "OSA-2026-1".parse().unwrap(),
        entity: id(1),
        partner: id(1),
        client: id(2),
        organisation: id(1),
        client_organisation: None,
        project: id(1),
        currency: "USD".parse().unwrap(),
        billing_zone: "Asia/Tokyo".parse().unwrap(),
        lots: vec![lot(5_000, window("2026-04-01", "2029-04-01"))],
        price: Price::FixedTotal(money("406000000.00 USD")),
        take_or_pay: Share::WHOLE,
        prepayment: Some(Prepayment {
            share: "20".parse().unwrap(),
            credited_after_months: 24,
        }),
        extension: Some(Extension {
            months: 24,
            notice_days: 180,
            price: Price::FixedTotal(money("135000000.00 USD")),
        }),
        regulatory_termination: Some(RegulatoryTermination {
            notice_days: 30,
            refund_unearned: true,
        }),
        treatment: Treatment::Lease,
    }
}

fn sydney() -> DraftContract {
    let mut lot = lot(10_000, window("2026-07-01", "2029-07-01"));
    lot.zone = "Australia/Sydney".parse().unwrap();
    DraftContract {
        reference: "SYD-2026-1".parse().unwrap(),
        lots: vec![lot],
        price: Price::FixedTotal(money("800000000.00 USD")),
        prepayment: None,
        ..osaka()
    }
}

fn regulatory(contract: ContractId, ends_on: &str) -> PlanWindDown {
    PlanWindDown {
        contract,
        cause: Cause::RegulatoryChange,
        reason: "the client's parent was listed".parse().unwrap(),
        impact: "one allocation of 625 nodes".parse().unwrap(),
        determination: Some(id(2)),
        notice_on: date("2027-05-16"),
        ends_on: date(ends_on),
    }
}

fn step(wind_down: WindDownId, step: Step, at: &str) -> RecordWindDownStep {
    RecordWindDownStep {
        wind_down,
        step,
        at: instant(at),
        evidence: Digest::of(&[b"evidence"]),
        note: None,
    }
}

#[test]
fn the_reference_contracts_derive_their_prices() {
    let mut book = Book::default();
    for (draft, rounded, hours) in [
        (osaka(), "3.09 USD", 26_280),
        (sydney(), "3.04 USD", 26_280),
    ] {
        let contract = book.draft(draft);
        let price = book.state.price_per_gpu_hour(contract).unwrap().unwrap();
        assert_eq!(price.rounded(), rounded);
        let lots = book.state.lots_of(contract);
        assert_eq!(lots[0].1.stated_hours, hours);
    }
    let contract = book
        .state
        .by_reference(&"OSA-2026-1".parse().unwrap())
        .unwrap();
    assert!(
        book.state.segments(contract).is_none(),
        "a draft has no instants"
    );
    let signed = book.sign(contract);
    assert_eq!(signed.prepayment, money("81200000.00 USD"));
    assert_eq!(
        signed.lots[0].instants.from(),
        instant("2026-03-31T15:00:00Z")
    );
    assert_eq!(
        book.state.credit_window(contract).unwrap().unwrap(),
        window("2028-04-01", "2029-04-01")
    );
    let segments = book.state.segments(contract).unwrap().unwrap();
    assert_eq!(segments.len(), 1);
    assert_eq!(
        segments[0].price,
        SegmentPrice::Total(money("406000000.00 USD"))
    );
    assert_eq!(book.state.contract(contract).unwrap().version, 2);
}

#[test]
fn hours_are_stated_without_leap_days() {
    for (from, to, hours) in [
        ("2026-04-01", "2029-04-01", 26_280),
        ("2027-04-01", "2029-04-01", 17_520),
        ("2026-04-01", "2026-05-01", 730),
        ("2024-01-31", "2024-02-29", 730),
        ("2026-04-01", "2026-05-02", 31 * 24),
        ("2026-04-30", "2026-04-01", 0),
    ] {
        if let Ok(window) = DateWindow::new(date(from), date(to)) {
            assert_eq!(stated_hours(window), hours, "{window}");
        }
    }
}

#[test]
fn an_extension_is_exercised_in_time_or_not_at_all() {
    let mut book = Book::default();
    let contract = book.draft(osaka());
    let on = |on: &str| ExerciseExtension {
        contract,
        on: date(on),
    };
    assert_eq!(book.code(on("2028-01-01")), "contracts.wrong_status");
    book.sign(contract);
    // 180 days before 2029-04-01.
    assert_eq!(book.code(on("2028-10-04")), "contracts.notice_too_late");
    let lot = book.state.contract(contract).unwrap().lots[0];
    let option = book.state.option_window(lot).unwrap().unwrap();
    book.run(on("2028-10-03")).unwrap();
    assert_eq!(book.code(on("2028-10-03")), "contracts.wrong_status");
    let added = book.state.lot(lot).unwrap().extended_to.unwrap();
    assert_eq!(added.instants, option);
    assert_eq!(
        (added.stated_hours, added.window.to()),
        (17_520, date("2031-04-01"))
    );
    let segments = book.state.segments(contract).unwrap().unwrap();
    assert_eq!(segments.len(), 2);
    assert!(segments[1].extension && segments[0].instants.to() == segments[1].instants.from());
    assert_eq!(
        segments[1].price,
        SegmentPrice::Total(money("135000000.00 USD"))
    );
    assert_eq!(book.state.end_date(contract), Some(date("2031-04-01")));
    let end = |on: &str| EndContract {
        contract,
        on: date(on),
    };
    assert_eq!(book.code(end("2029-04-01")), "contracts.not_over");
    book.run(end("2031-04-01")).unwrap();
    assert_eq!(book.state.contract(contract).unwrap().status, Status::Ended);
}

/// The journal replays to the same state, and both encodings of the state read back.
fn replays(book: &Book) {
    let mut state = State::default();
    for (recorded, bytes) in &book.journal {
        let event = Event::decode(&Outer::read(bytes).unwrap())
            .unwrap()
            .unwrap();
        assert_eq!(&event.encode(), bytes);
        apply(&mut state, recorded, &event);
    }
    assert!(state == book.state);
    let json = serde_json::to_vec(&state).unwrap();
    assert!(serde_json::from_slice::<State>(&json).unwrap() == state);
    let bytes = postcard::to_stdvec(&state).unwrap();
    assert!(postcard::from_bytes::<State>(&bytes).unwrap() == state);
}

#[test]
fn the_stored_form_of_a_price_is_fixed() {
    let price = Price::PerGpuHour("3.09 USD".parse::<MicroPrice>().unwrap());
    assert_eq!(
        serde_json::to_string(&price).unwrap(),
        r#"{"PerGpuHour":{"micro":3090000,"currency":"USD"}}"#
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// However many lots a total is divided among, they carry it exactly.
    #[test]
    fn the_lots_of_a_total_add_up(
        total in 1_i128..10_i128.pow(14),
        lots in proptest::collection::vec((1_u32..2_000, 0_i32..900, 1_i32..1_200), 1..12),
    ) {
        let mut draft = osaka();
        draft.price = Price::FixedTotal(Money::new(total, draft.currency));
        draft.prepayment = None;
        draft.extension = None;
        draft.lots = lots.iter().map(|(nodes, start, days)| {
            let from = date("2026-01-01").plus_days(*start).unwrap();
            lot(nodes * 8, DateWindow::new(from, from.plus_days(*days).unwrap()).unwrap())
        }).collect();
        let mut book = Book::default();
        let contract = book.draft(draft);
        let mut signing = book.signing(contract);
        signing.signed_on = date("2025-12-01");
        book.run(signing).unwrap();
        let mut sum = 0;
        for segment in book.state.segments(contract).unwrap().unwrap() {
            match segment.price {
                SegmentPrice::Total(part) => sum += part.minor,
                SegmentPrice::PerGpuHour(_) => prop_assert!(false),
            }
        }
        prop_assert_eq!(sum, total);
        replays(&book);
    }
}
