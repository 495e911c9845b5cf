//! A small machine to test the journal with: accounts, and transfers between them. A transfer is
//! several events, one a leg, whose sum is zero: half a transfer shows.
#![allow(
    dead_code,
    missing_docs,
    clippy::missing_panics_doc,
    reason = "each test uses a part of it"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bareboat_base::event::{DecodeError, Outer, no_upcast};
use bareboat_base::{
    Clock, CommandId, Context, Decide, Digest, Fold, Instant, PrincipalId, Recorded, SealedRef,
    TypedId as _, events, rejections,
};
use bareboat_journal::engine::Answer;
use bareboat_journal::{
    Document, Engine, Idempotency, OpenError, Options, SqliteOptions, SqliteStore, Submission,
    Synchronous,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub const ACCOUNTS: usize = 8;
/// A leg of this account is decided, and panics when it is applied.
pub const CURSED: u32 = 666;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub account: u32,
    pub delta: i64,
    pub leg: u32,
    pub legs: u32,
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    pub sealed: SealedRef,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub document: Digest,
}

events! {
    /// What happens to accounts.
    pub enum Event upcast no_upcast {
        /// One leg of a transfer.
        Leg = "test.leg" 1;
        /// A sealed note.
        Noted = "test.noted" 1;
        /// A document was kept.
        Kept = "test.kept" 1;
    }
}

rejections! {
    /// Why a transfer is refused.
    pub enum Rejection in "test" {
        /// Too much.
        TooMuch { amount: i64 } => Conflict "too_much" "{amount} is too much" hint "less";
    }
}

#[derive(Clone, Debug)]
pub enum Command {
    /// Moves `amount` from account 0 to others, in so many legs.
    Transfer {
        amount: i64,
        legs: u32,
        note: String,
    },
    Note {
        sealed: SealedRef,
    },
    Keep {
        document: Digest,
    },
    PanicInDecide,
    PanicInApply,
    Nothing,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    pub balances: [i64; ACCOUNTS],
    pub transfers: u64,
    /// Legs of the transfer that is not finished; 0 between transfers.
    pub open_legs: u32,
    pub notes: Arc<Vec<SealedRef>>,
    pub last: u64,
}

impl Fold for Accounts {
    type Event = Event;
    const SNAPSHOT_FORMAT: u32 = 1;

    fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
        let outer = Outer::read(bytes)?;
        Event::decode(&outer)
            .unwrap_or_else(|| Err(DecodeError::UnknownType(outer.kind.to_owned())))
    }

    fn encode(event: &Event) -> Vec<u8> {
        event.encode()
    }

    fn documents(event: &Event) -> Vec<Digest> {
        match event {
            Event::Kept(kept) => vec![kept.document],
            _ => Vec::new(),
        }
    }

    fn apply(&mut self, recorded: &Recorded, event: &Event) {
        self.last = recorded.position.0;
        match event {
            Event::Leg(leg) => {
                self.balances[0] += i64::from(leg.leg == 0);
                assert_ne!(leg.account, CURSED, "a cursed leg");
                self.balances[0] -= i64::from(leg.leg == 0);
                self.balances[leg.account as usize % ACCOUNTS] += leg.delta;
                self.open_legs = leg.legs - leg.leg - 1;
                self.transfers += u64::from(self.open_legs == 0);
            }
            Event::Kept(_) => {}
            Event::Noted(noted) => Arc::make_mut(&mut self.notes).push(noted.sealed),
        }
    }

    fn to_snapshot(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it is plain data")
    }

    fn from_snapshot(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }
}

impl Decide for Accounts {
    type Command = Command;
    type Rejection = Rejection;

    fn decide(&self, _: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
        let leg = |account, delta, leg, legs, note: &str| {
            Event::Leg(Leg {
                account,
                delta,
                leg,
                legs,
                note: note.to_owned(),
            })
        };
        match command {
            Command::Transfer { amount, .. } if *amount > 1_000_000 => {
                Err(Rejection::TooMuch { amount: *amount })
            }
            Command::Transfer { amount, legs, note } => {
                let shares = i64::from(*legs) - 1;
                let mut events = vec![leg(0, -amount * shares, 0, *legs, note)];
                events.extend((1..*legs).map(|n| leg(n, *amount, n, *legs, note)));
                Ok(events)
            }
            Command::Note { sealed } => Ok(vec![Noted { sealed: *sealed }.into()]),
            Command::Keep { document } => Ok(vec![
                Kept {
                    document: *document,
                }
                .into(),
            ]),
            Command::PanicInDecide => panic!("told to"),
            Command::PanicInApply => Ok(vec![leg(1, 5, 0, 2, ""), leg(CURSED, -5, 1, 2, "")]),
            Command::Nothing => Ok(Vec::new()),
        }
    }
}

impl Accounts {
    /// Nothing is half applied.
    pub fn is_whole(&self) -> bool {
        self.open_legs == 0 && self.balances.iter().sum::<i64>() == 0
    }
}

/// A clock that stands until it is set.
pub struct TestClock(pub AtomicI64);

impl TestClock {
    pub fn at(text: &str) -> Arc<Self> {
        let instant: Instant = text.parse().expect("an instant");
        Arc::new(Self(AtomicI64::new(instant.micros())))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::Relaxed)).expect("in range")
    }
}

pub fn clock() -> Arc<TestClock> {
    TestClock::at("2026-03-01T00:00:00Z")
}

pub fn command_id(number: u128) -> CommandId {
    CommandId::from_uuid(Uuid::from_u128(number | 0x7000_8000_0000_0000_0000))
}

pub fn actor(number: u128) -> PrincipalId {
    PrincipalId::from_uuid(Uuid::from_u128(number))
}

pub fn transfer(amount: i64, legs: u32) -> Command {
    Command::Transfer {
        amount,
        legs,
        note: "rent".to_owned(),
    }
}

/// Answers with the number of transfers and of the command's events.
pub fn count() -> Answer<Accounts> {
    Box::new(|state, events| format!("{} {}", state.transfers, events.len()).into_bytes())
}

pub fn submission(number: u128, command: Command) -> Submission<Accounts> {
    Submission {
        command_id: command_id(number),
        actor: actor(1),
        idempotency: None,
        recorded_at: None,
        command,
        documents: Vec::new(),
        sealed: Vec::new(),
        precondition: None,
        answer: count(),
    }
}

pub fn keyed(number: u128, key: &str, request: &str, command: Command) -> Submission<Accounts> {
    Submission {
        idempotency: Some(Idempotency {
            key: key.to_owned(),
            request: Digest::of(&[request.as_bytes()]),
        }),
        ..submission(number, command)
    }
}

pub fn sqlite_options(synchronous: Synchronous) -> SqliteOptions {
    SqliteOptions {
        synchronous,
        opened_at: clock().now(),
    }
}

/// A command that keeps a document.
pub fn keeping(number: u128, text: &str) -> Submission<Accounts> {
    let document = Document::new("text/plain", text.as_bytes().to_vec());
    let command = Command::Keep {
        document: document.digest,
    };
    Submission {
        documents: vec![document],
        ..submission(number, command)
    }
}

/// Opens the book at a path, making it when it is not there.
pub fn open_with(path: &Path, options: Options) -> Result<Engine<Accounts>, OpenError> {
    open_level(path, options, Synchronous::Full)
}

/// The same, waiting for the disk or not.
pub fn open_level(
    path: &Path,
    options: Options,
    synchronous: Synchronous,
) -> Result<Engine<Accounts>, OpenError> {
    let sqlite = sqlite_options(synchronous);
    let store = if path.exists() {
        SqliteStore::open(path, &sqlite)?
    } else {
        SqliteStore::create(path, &sqlite)?
    };
    Engine::open(Box::new(store), clock(), options)
}

pub fn open(path: &Path) -> Engine<Accounts> {
    open_with(path, Options::default()).expect("the book opens")
}
