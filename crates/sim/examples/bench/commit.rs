//! Group commit: 64 clients of one engine, against a bare loop over SQLite.

use std::path::Path;
use std::time::{Duration, Instant as Stopwatch};

use bareboat_base::{CommandId, Confidential, Position, TypedId as _};
use bareboat_book::{Command, State};
use bareboat_journal::{Engine, Submission};
use bareboat_parties::{PartyFacts, PartyKind, RegisterParty, Source, TopStatus};
use bareboat_sim::{Rng, Scale, history};
use rusqlite::{Connection, params};

use crate::Asked;
use crate::big::{self, Writer, stored};
use crate::gauge::spread;

const CLIENTS: u64 = 64;
const EACH: Duration = Duration::from_secs(4);

/// A book of some size to commit to: 10,000 nodes, 10,000 parties, 500 contracts.
pub(crate) fn book(path: &Path) -> anyhow::Result<Engine<State>> {
    let scale = Scale {
        nodes: 10_000,
        parties: 10_000,
        contracts: 500,
        events: 60_000,
    };
    let mut writer = Writer::create(path)?;
    let mut position = Position(0);
    let mut failed = Ok(());
    history(2, &scale, big::rulebooks()?, &mut |done| {
        for event in stored(&done, &mut position) {
            if failed.is_ok() {
                failed = writer.push(event);
            }
        }
    })?;
    failed?;
    writer.flush()?;
    drop(writer);
    big::open(path)
}

pub(crate) fn submission(rng: &mut Rng) -> Submission<State> {
    let text = |words| bareboat_base::Text::new(words).expect("a text");
    let number = rng.below(1_000_000);
    let facts = PartyFacts {
        kind: PartyKind::Company,
        name: Confidential::Open(
            bareboat_base::Name::new(&format!("Example Trading {number} Ltd")).expect("a name"),
        ),
        aliases: Vec::new(),
        domicile: None,
        headquarters: None,
        address: None,
        identifiers: Vec::new(),
        source: Source {
            what: text("a register"),
            digest: None,
        },
        top: TopStatus::NotDeclared,
        not_held_by_listed: None,
    };
    let register = bareboat_parties::Command::RegisterParty(RegisterParty { facts });
    Submission {
        command_id: CommandId::from_uuid(rng.any_id::<CommandId>().uuid()),
        actor: big::actor(),
        idempotency: None,
        recorded_at: None,
        command: Command::Parties(register),
        documents: Vec::new(),
        sealed: Vec::new(),
        precondition: None,
        answer: Box::new(|_, _| Vec::new()),
    }
}

struct Round {
    rate: f64,
    batch: f64,
    syncs: f64,
    bytes: usize,
    /// Microseconds of an append, its sync included.
    append: f64,
}

fn engine_round(engine: &Engine<State>, seed: u64) -> anyhow::Result<Round> {
    let before = engine.stats();
    let done = std::rc::Rc::new(std::cell::Cell::new(0_u64));
    let watch = Stopwatch::now();
    // As a server's clients: tasks that wait for their answers, on one thread beside the writer's.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let tasks = tokio::task::LocalSet::new();
    for client in 0..CLIENTS {
        let (engine, done) = (engine.clone(), std::rc::Rc::clone(&done));
        tasks.spawn_local(async move {
            let mut rng = Rng::new(seed * 1_000 + client);
            while watch.elapsed() < EACH {
                if engine.submit(submission(&mut rng)).await.is_ok() {
                    done.set(done.get() + 1);
                }
            }
        });
    }
    runtime.block_on(tasks);
    let seconds = watch.elapsed().as_secs_f64();
    let after = engine.stats();
    let rounds = (after.rounds - before.rounds).max(1);
    let events = (after.events - before.events).max(1);
    Ok(Round {
        rate: done.get() as f64 / seconds,
        batch: (after.commands - before.commands) as f64 / rounds as f64,
        syncs: (after.appends - before.appends) as f64 / seconds,
        append: (after.append_micros - before.append_micros) as f64
            / (after.appends - before.appends).max(1) as f64,
        bytes: usize::try_from((after.event_bytes - before.event_bytes) / events).unwrap_or(0),
    })
}

/// Rows of the same shape and size, so many in a transaction, from one thread that does nothing
/// else.
fn bare_round(connection: &mut Connection, batch: usize, bytes: usize) -> anyhow::Result<f64> {
    let row = vec![b'x'; bytes];
    let mut position: i64 =
        connection.query_row("SELECT coalesce(max(position), 0) FROM event", [], |row| {
            row.get(0)
        })?;
    let from = position;
    let watch = Stopwatch::now();
    while watch.elapsed() < EACH {
        let transaction = connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            for _ in 0..batch {
                position += 1;
                insert.execute(params![
                    position, position, [1_u8; 16], [2_u8; 16], row, [3_u8; 32]
                ])?;
            }
        }
        transaction.commit()?;
    }
    Ok((position - from) as f64 / watch.elapsed().as_secs_f64())
}

fn bare(path: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    connection.execute_batch(
        "CREATE TABLE event (position INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, \
         actor BLOB NOT NULL, command_id BLOB NOT NULL, bytes BLOB NOT NULL, leaf BLOB NOT NULL) \
         STRICT",
    )?;
    Ok(connection)
}

pub(crate) fn run(asked: &Asked) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir_in(&asked.dir)?;
    let engine = book(&scratch.path().join("commit.book"))?;
    let mut connection = bare(&scratch.path().join("bare.db"))?;
    let (mut rates, mut batches, mut syncs, mut shares, mut bares) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    engine_round(&engine, 99)?;
    for run in 0..asked.runs {
        let round = engine_round(&engine, run as u64)?;
        let batch = round.batch.round().max(1.0) as usize;
        let bare = bare_round(&mut connection, batch, round.bytes)?;
        println!(
            "{:.0} commands/s in batches of {:.1} ({} bytes each), {:.0} syncs/s of {:.0} µs; bare loop {bare:.0}/s; {:.0}%",
            round.rate,
            round.batch,
            round.bytes,
            round.syncs,
            round.append,
            round.rate / bare * 100.0
        );
        rates.push(round.rate);
        batches.push(round.batch);
        syncs.push(round.syncs);
        bares.push(bare);
        shares.push(round.rate / bare * 100.0);
    }
    spread("commands, 64 clients", "/s", &rates);
    spread("mean batch", "commands", &batches);
    spread("syncs", "/s", &syncs);
    spread("bare loop at the same batch", "rows/s", &bares);
    spread("share of the bare loop", "%", &shares);
    Ok(())
}
