//! Entries balance; trial balances are zero; nothing is edited.

use bareboat_base::event::Outer;
use bareboat_base::{
    CommandId, Context, ContractId, Date, EntityId, EntryId, Instant, InvoiceId, Money, Position,
    Recorded, Refusal as _, TypedId, id::derive_id,
};
use proptest::prelude::*;

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

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// A ledger alone.
#[derive(Default)]
struct Book {
    state: State,
    commands: u64,
    journal: Vec<(Recorded, Vec<u8>)>,
}

impl Book {
    fn run(&mut self, command: Command) -> Result<Vec<Event>, Rejection> {
        self.commands += 1;
        let recorded_at: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
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

    fn entity(&mut self, code: &str) -> EntityId {
        match &self.run(register(code)).unwrap()[0] {
            Event::EntityRegistered(event) => event.entity,
            other => panic!("{other:?}"),
        }
    }

    fn post(&mut self, entity: EntityId, postings: Vec<NewPosting>) -> EntryId {
        match self.run(post(entity, postings)).unwrap().last() {
            Some(Event::EntryPosted(event)) => event.entry,
            other => panic!("{other:?}"),
        }
    }

    fn balance(&self, entity: EntityId, account: Standard) -> String {
        let currency = "USD".parse().unwrap();
        let balance = self
            .state
            .balance(entity, &account.code(), Some(id(7)), currency);
        balance.to_string()
    }
}

fn register(code: &str) -> Command {
    Command::RegisterEntity(RegisterEntity {
        code: code.parse().unwrap(),
        name: "Nagisa Compute K.K.".parse().unwrap(),
        country: "JP".parse().unwrap(),
        functional_currency: "JPY".parse().unwrap(),
        tax_id: None,
    })
}

fn post(entity: EntityId, postings: Vec<NewPosting>) -> Command {
    Command::PostEntry(PostEntry {
        entity,
        date: date("2026-03-31"),
        description: "for the test".parse().unwrap(),
        postings,
        source: SourceRef::Invoice(id::<InvoiceId>(1)),
    })
}

fn contract() -> ContractId {
    id(7)
}

fn spec(code: &str, kind: AccountKind) -> AccountSpec {
    AccountSpec {
        code: code.parse().unwrap(),
        name: "An account".parse().unwrap(),
        kind,
        contract: None,
    }
}

fn posting(code: &str, kind: AccountKind, amount: Money) -> NewPosting {
    NewPosting {
        account: spec(code, kind),
        amount,
    }
}

#[test]
fn a_contract_s_life_in_entries() {
    let mut book = Book::default();
    let entity = book.entity("KK");
    let prepaid = money("81200000.00 USD");
    book.post(entity, postings::prepayment_invoiced(contract(), prepaid));
    book.post(entity, postings::payment_received(contract(), prepaid));
    let (charges, credit) = (money("11123287.67 USD"), money("1000000.00 USD"));
    book.post(
        entity,
        postings::invoice_issued(contract(), charges, credit).unwrap(),
    );
    assert_eq!(
        book.balance(entity, Standard::Receivable),
        "10123287.67 USD"
    );
    assert_eq!(book.balance(entity, Standard::Deferred), "-80200000.00 USD");
    assert_eq!(book.balance(entity, Standard::Revenue), "-11123287.67 USD");
    let (half, rest) = (money("40000000.00 USD"), money("40200000.00 USD"));
    book.post(entity, postings::prepayment_refunded(contract(), half));
    book.post(entity, postings::prepayment_forfeited(contract(), rest));
    book.post(entity, postings::refund_paid(contract(), half));
    assert_eq!(book.balance(entity, Standard::Deferred), "0.00 USD");
    assert_eq!(book.balance(entity, Standard::Refund), "0.00 USD");
    assert_eq!(
        book.balance(entity, Standard::Forfeited),
        "-40200000.00 USD"
    );
    assert_eq!(book.balance(entity, Standard::Cash), "41200000.00 USD");
    assert!(
        book.state
            .trial_totals(entity)
            .values()
            .all(|sum| *sum == 0)
    );
    assert_eq!(
        book.state.accounts_of(contract()).len(),
        Standard::ALL.len()
    );
    let source = SourceRef::Invoice(id(1));
    assert_eq!(book.state.entries_of(source).len(), 6);
    replays(&book);
}

#[test]
fn nothing_is_posted_for_nothing() {
    let zero = money("0.00 USD");
    assert!(postings::prepayment_invoiced(contract(), zero).is_empty());
    assert!(
        postings::invoice_issued(contract(), zero, zero)
            .unwrap()
            .is_empty()
    );
    let charges = money("5.00 USD");
    let sides = postings::invoice_issued(contract(), charges, zero).unwrap();
    assert_eq!(sides.len(), 2);
    assert!(postings::invoice_issued(contract(), charges, money("1 JPY")).is_err());
}

#[test]
fn an_unbalanced_entry_is_refused() {
    let mut book = Book::default();
    let entity = book.entity("KK");
    let asset = |amount: &str| posting("a", AccountKind::Asset, money(amount));
    let income = |amount: &str| posting("i", AccountKind::Income, money(amount));
    let mut check = |postings: Vec<NewPosting>, code: &str| {
        assert_eq!(book.code(post(entity, postings)), code);
    };
    check(vec![asset("1.00 USD")], "ledger.posting_count");
    check(
        vec![asset("1.00 USD"), income("0.00 USD")],
        "ledger.zero_posting",
    );
    check(
        vec![asset("1.00 USD"), income("-0.99 USD")],
        "ledger.unbalanced",
    );
    // Balanced as numbers, but not in each currency.
    check(
        vec![asset("1 JPY"), income("-0.01 USD")],
        "ledger.unbalanced",
    );
    let huge = Money::new(LARGEST_AMOUNT + 1, "USD".parse().unwrap());
    let sides = vec![
        posting("a", AccountKind::Asset, huge),
        posting("i", AccountKind::Income, huge.negated()),
    ];
    check(sides, "ledger.amount_too_large");
    // One code, two kinds: in one entry, and against what is already open.
    let mixed = posting("a", AccountKind::Income, money("-1.00 USD"));
    check(
        vec![asset("1.00 USD"), mixed.clone()],
        "ledger.account_kind_differs",
    );
    check(vec![asset("1.00 USD"), income("-1.00 USD")], "accepted");
    check(
        vec![asset("1.00 USD"), mixed],
        "ledger.account_kind_differs",
    );
    let both = vec![
        asset("1.00 USD"),
        income("-1.00 USD"),
        asset("1 JPY"),
        income("-1 JPY"),
    ];
    check(both, "accepted");
    assert_eq!(book.code(register("KK")), "ledger.entity_code_taken");
    let unknown = post(id(99), vec![asset("1.00 USD"), income("-1.00 USD")]);
    assert_eq!(book.code(unknown), "ledger.unknown_entity");
}

#[test]
fn an_entry_is_reversed_once() {
    let mut book = Book::default();
    let entity = book.entity("KK");
    let amount = money("3.00 USD");
    let entry = book.post(entity, postings::prepayment_invoiced(contract(), amount));
    let reverse = |entry, on: &str| {
        Command::Reverse(Reverse {
            entry,
            date: date(on),
            reason: "posted in error".parse().unwrap(),
        })
    };
    let events = book.run(reverse(entry, "2026-04-01")).unwrap();
    let Event::EntryPosted(reversal) = &events[0] else {
        panic!("{events:?}");
    };
    let reversal = reversal.entry;
    assert_eq!(book.state.entry(entry).unwrap().reversed_by, Some(reversal));
    assert_eq!(book.balance(entity, Standard::Receivable), "0.00 USD");
    assert_eq!(
        book.code(reverse(entry, "2026-04-01")),
        "ledger.already_reversed"
    );
    assert_eq!(
        book.code(reverse(reversal, "2026-04-01")),
        "ledger.reversal_of_reversal"
    );
    assert_eq!(
        book.code(reverse(id(99), "2026-04-01")),
        "ledger.unknown_entry"
    );
    let before = book.state.trial_balance_on(entity, date("2026-03-31"));
    assert_eq!(before[0].balance, amount);
    let after = book.state.trial_balance_on(entity, date("2026-04-01"));
    assert!(after.iter().all(|line| line.balance.is_zero()));
    let sides = postings::prepayment_invoiced(contract(), amount);
    let Command::PostEntry(mut forged) = post(entity, sides) else {
        return;
    };
    forged.source = SourceRef::Reversal(entry);
    assert_eq!(
        book.code(Command::PostEntry(forged)),
        "ledger.reversal_as_entry"
    );
}

#[test]
fn closed_periods_stay_closed() {
    let mut book = Book::default();
    let entity = book.entity("KK");
    let sides = || postings::prepayment_invoiced(contract(), money("3.00 USD"));
    let entry = book.post(entity, sides());
    let close = |on: &str| {
        let through = date(on);
        Command::ClosePeriod(ClosePeriod { entity, through })
    };
    book.run(close("2026-03-31")).unwrap();
    assert_eq!(book.code(close("2026-03-31")), "ledger.already_closed");
    assert_eq!(book.code(post(entity, sides())), "ledger.period_is_closed");
    let reverse = Command::Reverse(Reverse {
        entry,
        date: date("2026-03-31"),
        reason: "too late".parse().unwrap(),
    });
    assert_eq!(book.code(reverse), "ledger.period_is_closed");
    replays(&book);
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever is asked, balanced or not, what is kept balances in each currency and entity,
    /// and each account is the sum of its postings.
    #[test]
    fn every_trial_balance_is_zero(
        asks in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec((0_usize..4, any::<bool>(), -50_i128..50), 1..6), 0_usize..6),
            1..30,
        ),
    ) {
        let mut book = Book::default();
        let entities = [book.entity("KK"), book.entity("PTY")];
        let codes = ["a", "b", "c", "d"];
        let mut entries = Vec::new();
        for (second, sides, kind) in asks {
            let entity = entities[usize::from(second)];
            if let (0, Some(entry)) = (kind, entries.last()) {
                let command = Reverse { entry: *entry, date: date("2026-05-01"), reason: "r".parse().unwrap() };
                let _ = book.run(Command::Reverse(command));
                continue;
            }
            let mut postings: Vec<_> = sides.iter().map(|(code, yen, minor)| {
                let currency = if *yen { "JPY" } else { "USD" };
                posting(codes[*code], AccountKind::Asset, Money::new(*minor, currency.parse().unwrap()))
            }).collect();
            // Most are balanced by a last side in each currency; some are left as they are.
            for currency in ["JPY", "USD"] {
                let currency = currency.parse().unwrap();
                let sum: i128 = postings.iter().map(|p| p.amount).filter(|a| a.currency == currency).map(|a| a.minor).sum();
                if kind > 1 && sum != 0 {
                    postings.push(posting("z", AccountKind::Equity, Money::new(-sum, currency)));
                }
            }
            if let Ok(events) = book.run(post(entity, postings))
                && let Some(Event::EntryPosted(event)) = events.last()
            {
                entries.push(event.entry);
            }
        }
        for entity in entities {
            prop_assert!(book.state.trial_totals(entity).values().all(|sum| *sum == 0));
            let whole = book.state.trial_balance_on(entity, date("2030-01-01"));
            for line in whole {
                prop_assert_eq!(line.balance, book.state.account(line.account).unwrap().balance);
            }
        }
        replays(&book);
    }
}
