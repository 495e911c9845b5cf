//! How much of a bare SQLite loop the engine reaches: 64 client threads submit commands of one
//! event each; then a loop without engine writes rows of the same size, as many to a commit as
//! the engine's mean batch, to a file on the same disk in the same run. Both wait for the disk.
//! Slices of a quarter of a second alternate, so that whatever else the machine does falls on both.
//!
//! `cargo run --release -p bareboat-journal --example group_commit [slices] [directory]`

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use bareboat_base::event::{DecodeError, Outer, no_upcast};
use bareboat_base::{
    Clock, CommandId, Context, Decide, Digest, Fold, Instant, PrincipalId, Recorded, TypedId as _,
    events, rejections,
};
use bareboat_journal::{Engine, Idempotency, Options, SqliteOptions, SqliteStore, Submission};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const CLIENTS: u64 = 64;
/// Slices that do not count: until the logs have their size, each sync waits for their growth.
const WARM_UP: usize = 12;
type Failure = Box<dyn std::error::Error>;

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticked {
    by: u64,
    note: String,
}

events! {
    /// The one event.
    pub enum Event upcast no_upcast {
        /// A tick.
        Ticked = "bench.ticked" 1;
    }
}

rejections! {
    /// Nothing is refused.
    pub enum Rejection in "bench" {
        /// Never.
        Never => Invalid "never" "never" hint "never";
    }
}

#[derive(Clone, Default)]
struct Ticks(u64);

impl Fold for Ticks {
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
    fn apply(&mut self, _: &Recorded, event: &Event) {
        let Event::Ticked(ticked) = event;
        self.0 = self.0.wrapping_add(ticked.by);
    }
    fn to_snapshot(&self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }
    fn from_snapshot(bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.try_into().map_err(|_| "not 8 bytes".to_owned())?;
        Ok(Self(u64::from_be_bytes(bytes)))
    }
}

impl Decide for Ticks {
    type Command = u64;
    type Rejection = Rejection;

    fn decide(&self, _: &Context, by: &u64) -> Result<Vec<Event>, Rejection> {
        let note = "n".repeat(160);
        Ok(vec![Ticked { by: *by, note }.into()])
    }
}

struct System;

impl Clock for System {
    fn now(&self) -> Instant {
        let micros = std::time::UNIX_EPOCH
            .elapsed()
            .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(0));
        Instant::from_micros(micros).unwrap_or_else(|_| unreachable!("the year is before 9999"))
    }
}

/// Commits and syncs of one slice.
#[derive(Clone, Copy, Default)]
struct Figures {
    commits: u64,
    syncs: u64,
    seconds: f64,
    append_micros: u64,
}

impl Figures {
    fn rate(&self) -> f64 {
        self.commits as f64 / self.seconds
    }
    fn syncs_per_second(&self) -> f64 {
        self.syncs as f64 / self.seconds
    }
    fn batch(&self) -> f64 {
        self.commits as f64 / self.syncs.max(1) as f64
    }
}

fn submission(client: u64, number: u64, keyed: bool) -> Submission<Ticks> {
    let id = u128::from(client) << 64 | u128::from(number);
    // Keys in no order, as clients draw them.
    let idempotency = keyed.then(|| {
        let key = Digest::of(&[&id.to_be_bytes()]).to_string();
        Idempotency {
            request: Digest::of(&[key.as_bytes()]),
            key: key[..36].to_owned(),
        }
    });
    Submission {
        command_id: CommandId::from_uuid(Uuid::from_u128(id)),
        actor: PrincipalId::from_uuid(Uuid::from_u128(1)),
        idempotency,
        recorded_at: None,
        command: number,
        documents: Vec::new(),
        sealed: Vec::new(),
        precondition: None,
        answer: Box::new(|state, _| state.0.to_string().into_bytes()),
    }
}

/// The engine on a book of its own.
struct Ours {
    engine: Engine<Ticks>,
    keyed: bool,
    next: u64,
}

impl Ours {
    fn open(path: &Path, keyed: bool) -> Result<Self, Failure> {
        let store = SqliteStore::create(path, &SqliteOptions::new(System.now()))?;
        let engine = Engine::open(Box::new(store), Arc::new(System), Options::default())?;
        Ok(Self {
            engine,
            keyed,
            next: 0,
        })
    }

    fn slice(&mut self, length: Duration) -> Result<Figures, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let before = self.engine.stats();
        let watch = Stopwatch::now();
        let (first, keyed) = (self.next, self.keyed);
        self.next += 1 << 32;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (engine, stop) = (self.engine.clone(), Arc::clone(&stop));
                std::thread::spawn(move || {
                    let mut number = first;
                    while !stop.load(Ordering::Relaxed) {
                        number += 1;
                        let outcome = engine.submit(submission(client, number, keyed)).wait();
                        if outcome.is_err() {
                            return false;
                        }
                    }
                    true
                })
            })
            .collect();
        std::thread::sleep(length);
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            if !client.join().unwrap_or(false) {
                return Err("a client failed".into());
            }
        }
        let seconds = watch.elapsed().as_secs_f64();
        let after = self.engine.stats();
        Ok(Figures {
            commits: after.accepted - before.accepted,
            syncs: after.appends - before.appends,
            append_micros: after.append_micros - before.append_micros,
            seconds,
        })
    }
}

/// Rows of the same columns and sizes in a file of their own, and nothing else: events only, or
/// with remembered answers.
struct Bare {
    connection: rusqlite::Connection,
    answers: bool,
    rows: u64,
}

impl Bare {
    fn open(path: &Path, answers: bool) -> Result<Self, Failure> {
        let connection = rusqlite::Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000;
             CREATE TABLE event (position INTEGER PRIMARY KEY, recorded_at INTEGER, actor BLOB,
                 command_id BLOB, bytes BLOB, leaf BLOB);
             CREATE TABLE remembered (principal BLOB, key TEXT, request BLOB, first INTEGER,
                 last INTEGER, recorded_at INTEGER, answer BLOB, checksum BLOB)",
        )?;
        Ok(Self {
            connection,
            answers,
            rows: 0,
        })
    }

    fn slice(&mut self, length: Duration, batch: u64) -> Result<Figures, Failure> {
        let note = "n".repeat(160);
        let bytes = Event::from(Ticked { by: 1000, note }).encode();
        let sum = [3_u8; 32];
        let mut figures = Figures::default();
        let watch = Stopwatch::now();
        while watch.elapsed() < length {
            let transaction = self.connection.transaction()?;
            let mut event =
                transaction.prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            let mut answer = transaction
                .prepare_cached("INSERT INTO remembered VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
            for _ in 0..batch {
                self.rows += 1;
                let row = i64::try_from(self.rows)?;
                event.execute(rusqlite::params![
                    row, row, [1_u8; 16], [2_u8; 16], bytes, sum
                ])?;
                if self.answers {
                    let key = Digest::of(&[&self.rows.to_be_bytes()]).to_string();
                    let values = rusqlite::params![
                        [1_u8; 16],
                        &key[..36],
                        sum,
                        row,
                        row,
                        row,
                        [4_u8; 8],
                        sum
                    ];
                    answer.execute(values)?;
                }
            }
            drop((event, answer));
            transaction.commit()?;
            figures.commits += batch;
            figures.syncs += 1;
        }
        figures.seconds = watch.elapsed().as_secs_f64();
        Ok(figures)
    }
}

fn median(slices: &[[Figures; 3]], figure: impl Fn(&[Figures; 3]) -> f64) -> f64 {
    let mut figures: Vec<_> = slices.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn report(slices: &[[Figures; 3]], keyed: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let (name, count) = (if keyed { "with" } else { "without" }, slices.len());
    let middle = |figure: fn(&[Figures; 3]) -> f64| median(slices, figure);
    let batch = middle(|slice| slice[0].batch());
    let engine = middle(|slice| slice[0].rate());
    let syncs = middle(|slice| slice[0].syncs_per_second());
    let append =
        middle(|slice| slice[0].append_micros as f64 / slice[0].syncs.max(1) as f64 / 1000.0);
    writeln!(
        out,
        "{CLIENTS} clients, {name} idempotency keys, medians of {count} slices:"
    )?;
    writeln!(
        out,
        "  engine              {engine:.0} commits/s, {syncs:.0} syncs/s, mean batch {batch:.1}, append {append:.2} ms"
    )?;
    let bare = [("events only", 1), ("same rows  ", 2)];
    for (name, which) in bare.into_iter().take(1 + usize::from(keyed)) {
        let rows = median(slices, |slice| slice[which].rate());
        let syncs = median(slices, |slice| slice[which].syncs_per_second());
        let share = median(slices, |slice| {
            100.0 * slice[0].rate() / slice[which].rate()
        });
        writeln!(
            out,
            "  bare, {name}   {rows:.0} rows/s, {syncs:.0} syncs/s: the engine reaches {share:.0} %"
        )?;
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments
        .next()
        .map_or(Ok(32), |text| text.parse::<usize>())?;
    let under = arguments
        .next()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let length = Duration::from_millis(250);
    for keyed in [false, true] {
        let directory = tempfile::tempdir_in(&under)?;
        let mut ours = Ours::open(&directory.path().join("engine"), keyed)?;
        let mut events = Bare::open(&directory.path().join("events"), false)?;
        let mut both = Bare::open(&directory.path().join("both"), true)?;
        let mut slices = Vec::new();
        for number in 0..count.max(1) + WARM_UP {
            let engine = ours.slice(length)?;
            let batch = engine.batch().round().max(1.0) as u64;
            let bare = events.slice(length, batch)?;
            let also = if keyed {
                both.slice(length, batch)?
            } else {
                bare
            };
            if number >= WARM_UP {
                slices.push([engine, bare, also]);
            }
        }
        report(&slices, keyed)?;
    }
    Ok(())
}
