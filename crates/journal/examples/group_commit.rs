//! How much of a bare SQLite loop the engine reaches: 64 client threads submit commands of one
//! event each; then a loop without engine writes rows of the same size, as many to a commit as
//! the engine's mean batch, to a file on the same disk in the same run. Both wait for the disk.
//!
//! `cargo run --release -p bareboat-journal --example group_commit [seconds] [directory]`

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
use bareboat_journal::{
    Engine, Idempotency, Options, SqliteOptions, SqliteStore, Stats, Submission,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const CLIENTS: u64 = 64;
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

struct Figures {
    commits_per_second: f64,
    mean_batch: f64,
    syncs_per_second: f64,
    stats: Stats,
}

fn submission(client: u64, number: u64, keyed: bool) -> Submission<Ticks> {
    let id = u128::from(client) << 64 | u128::from(number);
    // As clients draw keys: in no order.
    let key = Digest::of(&[&id.to_be_bytes()]).to_string();
    let idempotency = keyed.then(|| Idempotency {
        request: Digest::of(&[key.as_bytes()]),
        key: key[..36].to_owned(),
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

fn ours(path: &Path, length: Duration, keyed: bool) -> Result<Figures, Failure> {
    let store = SqliteStore::create(path, &SqliteOptions::new(System.now()))?;
    let engine: Engine<Ticks> =
        Engine::open(Box::new(store), Arc::new(System), Options::default())?;
    let stop = Arc::new(AtomicBool::new(false));
    let watch = Stopwatch::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (engine, stop) = (engine.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    number += 1;
                    if engine
                        .submit(submission(client, number, keyed))
                        .wait()
                        .is_err()
                    {
                        break;
                    }
                }
            })
        })
        .collect();
    std::thread::sleep(length);
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().map_err(|_| "a client panicked")?;
    }
    let seconds = watch.elapsed().as_secs_f64();
    let stats = engine.stats();
    engine.shutdown();
    Ok(Figures {
        commits_per_second: stats.accepted as f64 / seconds,
        mean_batch: stats.commands as f64 / stats.rounds as f64,
        syncs_per_second: stats.appends as f64 / seconds,
        stats,
    })
}

/// Rows of the same columns and sizes, nothing else.
fn bare(path: &Path, length: Duration, batch: u64) -> Result<(f64, f64), Failure> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
         CREATE TABLE event (position INTEGER PRIMARY KEY, recorded_at INTEGER, actor BLOB,
             command_id BLOB, bytes BLOB, leaf BLOB)",
    )?;
    let bytes = Event::from(Ticked {
        by: 1000,
        note: "n".repeat(160),
    })
    .encode();
    let watch = Stopwatch::now();
    let (mut rows, mut commits) = (0_i64, 0_u64);
    while watch.elapsed() < length {
        let transaction = connection.transaction()?;
        let mut insert =
            transaction.prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for _ in 0..batch {
            rows += 1;
            insert.execute(rusqlite::params![
                rows, rows, [1_u8; 16], [2_u8; 16], bytes, [3_u8; 32]
            ])?;
        }
        drop(insert);
        transaction.commit()?;
        commits += 1;
    }
    let seconds = watch.elapsed().as_secs_f64();
    Ok((rows as f64 / seconds, commits as f64 / seconds))
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let under = arguments
        .next()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = tempfile::tempdir_in(under)?;
    let length = Duration::from_secs(seconds);
    let mut out = std::io::stdout().lock();
    for (name, keyed) in [("with idempotency keys", true), ("without keys", false)] {
        let ours = ours(&directory.path().join(name), length, keyed)?;
        let batch = ours.mean_batch.round().max(1.0) as u64;
        let bare_path = directory.path().join(format!("bare {name}"));
        let (bare, bare_syncs) = bare(&bare_path, length, batch)?;
        writeln!(out, "{CLIENTS} clients, {name}, {seconds} s:")?;
        writeln!(out, "  mean batch         {:.1}", ours.mean_batch)?;
        writeln!(
            out,
            "  engine             {:.0} commits/s, {:.0} syncs/s",
            ours.commits_per_second, ours.syncs_per_second
        )?;
        writeln!(
            out,
            "  bare loop          {bare:.0} rows/s, {bare_syncs:.0} syncs/s, {batch} rows a commit"
        )?;
        writeln!(
            out,
            "  share              {:.0} %",
            100.0 * ours.commits_per_second / bare
        )?;
        let mean = ours.stats.append_micros as f64 / ours.stats.appends.max(1) as f64;
        writeln!(
            out,
            "  append             {:.2} ms mean, {:.1} ms longest",
            mean / 1000.0,
            ours.stats.longest_append_micros as f64 / 1000.0
        )?;
    }
    Ok(())
}
