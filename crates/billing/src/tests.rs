//! Invoices add up; use is rated by node-hours; nothing is billed twice.

mod invoices;
mod settlement;
mod usage;

use bareboat_base::event::Outer;
use bareboat_base::{
    CommandId, Context, ContractId, Date, DateWindow, Digest, GpuCount, Instant, InvoiceId, LotId,
    Money, NodeSet, Position, Recorded, Refusal as _, Run, Share, TypedId, Window, Zone,
    id::derive_id,
};

use crate::*;

fn command_id(number: u64) -> CommandId {
    let nil: CommandId = "00000000-0000-7000-8000-000000000000".parse().unwrap();
    derive_id(nil, number)
}

fn id<I: TypedId>(number: u64) -> I {
    derive_id(command_id(0), number)
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn dates(from: &str, to: &str) -> DateWindow {
    DateWindow::new(date(from), date(to)).unwrap()
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn zone(text: &str) -> Zone {
    text.parse().unwrap()
}

fn nodes(first: u32, count: u32) -> NodeSet {
    NodeSet::from_runs(id(1), vec![Run { first, count }]).unwrap()
}

fn lot() -> LotId {
    id(1)
}

fn contract() -> ContractId {
    id(1)
}

/// Billing alone.
#[derive(Default)]
struct Book {
    state: State,
    commands: u64,
    journal: Vec<(Recorded, Vec<u8>)>,
}

impl Book {
    fn run(&mut self, command: Command) -> Result<Vec<Event>, Rejection> {
        self.commands += 1;
        let recorded_at = instant("2026-01-01T00:00:00Z");
        let context = Context {
            command_id: command_id(self.commands),
            actor: id(1),
            recorded_at,
            part: 0,
        };
        let events = decide(&self.state, &context, &command)?;
        for event in &events {
            let recorded = Recorded {
                position: Position(self.journal.len() as u64 + 1),
                at: recorded_at,
                by: context.actor,
            };
            apply(&mut self.state, &recorded, event);
            self.journal.push((recorded, event.encode()));
        }
        Ok(events)
    }

    fn code(&mut self, command: Command) -> &'static str {
        self.run(command).map_or_else(|r| r.code(), |_| "accepted")
    }

    fn issue(&mut self, draft: InvoiceDraft) -> InvoiceId {
        match &self.run(issue(draft)).unwrap()[0] {
            Event::InvoiceIssued(event) => event.invoice,
            other => panic!("{other:?}"),
        }
    }

    /// Previews and issues a period.
    fn bill(&mut self, terms: &Terms, period: DateWindow) -> InvoiceId {
        let draft = self.state.preview(terms, period).unwrap();
        self.issue(draft)
    }
}

fn issue(draft: InvoiceDraft) -> Command {
    Command::IssueInvoice(IssueInvoice {
        issued_on: draft.period.to(),
        draft,
    })
}

fn usage(intervals: Vec<NewInterval>) -> Command {
    Command::RecordUsage(RecordUsage {
        contract: contract(),
        lot: lot(),
        allocation: id(1),
        intervals,
        source: "site agent OSA".parse().unwrap(),
        source_digest: Digest::of(&[b"samples"]),
    })
}

fn used(nodes: NodeSet, window: Window, state: UsageState) -> NewInterval {
    NewInterval {
        nodes,
        window,
        state,
    }
}

fn segment(gpus: u32, dates: DateWindow, site: &str, price: SegmentPrice) -> Segment {
    Segment {
        lot: lot(),
        gpus: GpuCount(gpus),
        gpus_per_node: 8,
        dates,
        instants: dates.instants_in(&zone(site)).unwrap(),
        price,
    }
}

fn terms(segment: Segment) -> Terms {
    let currency = match segment.price {
        SegmentPrice::Total(total) => total.currency,
        SegmentPrice::PerGpuHour(price) => price.currency,
    };
    Terms {
        contract: contract(),
        currency,
        billing_zone: zone("Asia/Tokyo"),
        segments: vec![segment],
        take_or_pay: Share::WHOLE,
        prepayment: None,
        ends_on: None,
    }
}

/// $406M for 5,000 B200 at Osaka over 36 months, 20% prepaid, credited after month 24.
fn osaka() -> Terms {
    let total = money("406000000.00 USD");
    let term = dates("2026-04-01", "2029-04-01");
    let mut terms = terms(segment(
        5_000,
        term,
        "Asia/Tokyo",
        SegmentPrice::Total(total),
    ));
    terms.prepayment = Some(PrepaymentTerms {
        committed: total,
        share: "20".parse().unwrap(),
        amount: money("81200000.00 USD"),
        credited: dates("2028-04-01", "2029-04-01"),
    });
    terms
}

/// $800M for 10,000 B300 at Sydney over 36 months, billed by Tokyo's midnights.
fn sydney() -> Terms {
    let total = money("800000000.00 USD");
    let term = dates("2026-07-01", "2029-07-01");
    terms(segment(
        10_000,
        term,
        "Australia/Sydney",
        SegmentPrice::Total(total),
    ))
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
