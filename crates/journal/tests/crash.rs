//! Durability, shown: a process that writes with several threads is killed at random points.
//! No acknowledged command is lost, none is half applied, the root verifies, and the book
//! replays to the same state. Once on the real page cache (SIGKILL), and once over a disk that
//! loses whatever was not synced (`lost_writes.c`, preloaded), where the same test must see
//! losses as soon as syncing is switched off.
//!
//! `BAREBOAT_CRASH_KILLS` says how many kills each of the two takes (default 12);
//! `BAREBOAT_CRASH_SEED` repeats a run's random choices. Needs a C compiler, as building does.
#![cfg(target_os = "linux")]

mod machine;
mod power;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use bareboat_base::{Digest, PartyId, Position, SealedId, TypedId as _};
use bareboat_journal::sqlite::SqliteReader;
use bareboat_journal::store::Reader as _;
use bareboat_journal::{
    Document, Engine, Options, SealedBlob, SqliteStore, Synchronous, verify_book,
};
use machine::{Accounts, actor, clock, keyed, sqlite_options, transfer};
use power::Disk;
use uuid::Uuid;

const CHILD: &str = "BAREBOAT_CRASH_CHILD";
const WRITERS: u64 = 6;
/// A fresh book after so many kills, so that each is checked whole in little time.
const KILLS_A_BOOK: u64 = 8;

/// xorshift: the choices need only differ.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("BAREBOAT_CRASH_SEED")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| {
                let mut bytes = [0; 8];
                getrandom::fill(&mut bytes).unwrap();
                u64::from_le_bytes(bytes)
            });
        Self(seed | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn kills() -> u64 {
    std::env::var("BAREBOAT_CRASH_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(12)
}

/// One acknowledged command, as the child said it.
struct Ack {
    key: String,
    first: Position,
    last: Position,
}

/// Not a test by itself: what the killed process does. It writes until it is killed.
#[test]
fn crash_child() {
    let Ok(told) = std::env::var(CHILD) else {
        return;
    };
    let mut words = told.split('\n');
    let (path, round, level) = (
        words.next().unwrap(),
        words.next().unwrap(),
        words.next().unwrap(),
    );
    let synchronous = match level {
        "full" => Synchronous::Full,
        _ => Synchronous::Off,
    };
    let engine = open(Path::new(path), synchronous).unwrap();
    say("ready");
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (engine, round) = (engine.clone(), round.to_owned());
            std::thread::spawn(move || write(&engine, &round, writer))
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
}

fn open(path: &Path, synchronous: Synchronous) -> Result<Engine<Accounts>, String> {
    let sqlite = sqlite_options(synchronous);
    let store = if path.exists() {
        SqliteStore::open(path, &sqlite)
    } else {
        SqliteStore::create(path, &sqlite)
    };
    let options = Options {
        snapshot_every: 400,
        head_every_ms: 20,
        ..Options::default()
    };
    let store = store.map_err(|error| format!("{error:?}"))?;
    Engine::open(Box::new(store), clock(), options).map_err(|error| format!("{error:?}"))
}

/// One write, so that lines of several threads do not mix.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn write(engine: &Engine<Accounts>, round: &str, writer: u64) {
    // Bounded, should nobody kill it.
    for number in 0..20_000_u64 {
        let key = format!("{round}-{writer}-{number}");
        let id = u128::from(writer) << 40 | u128::from(number) << 80;
        let legs = 2 + u32::try_from((number + writer) % 4).unwrap();
        let mut submission = keyed(id, &key, &key, transfer(1, legs));
        submission.documents.extend(document(&key, number));
        submission.sealed.extend(sealed(&key, number));
        let accepted = engine.submit(submission).wait().unwrap();
        say(&format!("ack {key} {} {}", accepted.first, accepted.last));
    }
}

/// What a command keeps besides: with every 16th a document,
fn document(key: &str, number: u64) -> Option<Document> {
    (number % 16 == 5).then(|| Document::new("text/plain", key.as_bytes().to_vec()))
}

/// and with another a sealed value.
fn sealed(key: &str, number: u64) -> Option<SealedBlob> {
    let id = Digest::of(&[key.as_bytes()]).0[..16].try_into().unwrap();
    (number % 16 == 9).then(|| SealedBlob {
        id: SealedId::from_uuid(Uuid::from_bytes(id)),
        party: PartyId::from_uuid(Uuid::from_u128(7)),
        field: "note".to_owned(),
        nonce: [3; 24],
        ciphertext: key.as_bytes().to_vec(),
    })
}

fn spawn(path: &Path, round: u64, level: &str, disk: Option<&Disk>) -> Child {
    let mut process = Process::new(std::env::current_exe().unwrap());
    process
        .args(["--exact", "crash_child", "--nocapture", "--test-threads=1"])
        .env(CHILD, format!("{}\n{round}\n{level}", path.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if let Some(disk) = disk {
        disk.put_under(&mut process);
    }
    process.spawn().unwrap()
}

/// Runs a child and kills it; answers with what it had acknowledged.
fn run_and_kill(dice: &mut Dice, mut child: Child) -> Vec<Ack> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (ready, begun) = mpsc::channel();
    let listener = std::thread::spawn(move || {
        let mut acks = Vec::new();
        for line in lines.map_while(Result::ok) {
            if line == "ready" {
                let _ = ready.send(());
            }
            acks.extend(acknowledged(&line));
        }
        acks
    });
    if dice.below(8) == 0 {
        // While it opens.
        std::thread::sleep(Duration::from_micros(dice.below(30_000)));
    } else {
        let begun = begun.recv_timeout(Duration::from_secs(60));
        assert!(
            begun.is_ok(),
            "the child does not open the book: {:?}",
            child.try_wait()
        );
        std::thread::sleep(Duration::from_micros(2_000 + dice.below(120_000)));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    listener.join().unwrap()
}

fn acknowledged(line: &str) -> Option<Ack> {
    let mut words = line.strip_prefix("ack ")?.split(' ');
    let key = words.next()?.to_owned();
    let first = Position(words.next()?.parse().ok()?);
    let last = Position(words.next()?.parse().ok()?);
    // The last line may have been cut off in the middle of a number: only whole ones count,
    // and a whole one ends in a line break, which `lines` does not show; legs do.
    let number: u64 = key.rsplit('-').next()?.parse().ok()?;
    let writer: u64 = key.rsplit('-').nth(1)?.parse().ok()?;
    (last.0 - first.0.min(last.0) + 1 == 2 + (number + writer) % 4).then_some(Ack {
        key,
        first,
        last,
    })
}

/// Checks the book as it was left; the text says what is wrong.
fn check(path: &Path, acks: &[Ack]) -> Result<(), String> {
    if !path.exists() {
        return if acks.is_empty() {
            Ok(())
        } else {
            Err("the book is gone".to_owned())
        };
    }
    let engine = open(path, Synchronous::Full)?;
    let view = engine.view();
    if !view.state.is_whole() {
        return Err(format!("half applied: {:?}", view.state));
    }
    let reader = SqliteReader::open(path).map_err(|error| error.to_string())?;
    for ack in acks {
        let row = reader
            .remembered(&[(actor(1), &ack.key)])
            .map_err(|error| error.to_string())?
            .remove(0);
        let row = row.ok_or_else(|| format!("{} was acknowledged and is lost", ack.key))?;
        if (row.first, row.last) != (ack.first, ack.last) {
            return Err(format!("{} was acknowledged elsewhere", ack.key));
        }
        let legs = row.last.0 - row.first.0 + 1;
        if row.last > view.position
            || row.answer.split(|b| *b == b' ').next_back() != Some(legs.to_string().as_bytes())
        {
            return Err(format!("{} is not whole", ack.key));
        }
    }
    for ack in acks {
        kept_besides(&reader, &ack.key)?;
    }
    drop(engine);
    let report =
        verify_book::<Accounts>(path, None, &mut |_| {}).map_err(|error| error.to_string())?;
    if !report.sound() {
        return Err(format!("{:?}", report.findings));
    }
    if report.checkpoint != view.checkpoint() {
        return Err("the root differs".to_owned());
    }
    Ok(())
}

/// What an acknowledged command kept besides its events is there as it was given.
fn kept_besides(reader: &SqliteReader, key: &str) -> Result<(), String> {
    let number = key.rsplit('-').next().and_then(|text| text.parse().ok());
    let number: u64 = number.ok_or_else(|| format!("{key} has no number"))?;
    if let Some(document) = document(key, number) {
        let found = reader.document(document.digest);
        if found.map_err(|error| error.to_string())? != Some(document) {
            return Err(format!("the document of {key} is lost"));
        }
    }
    if let Some(sealed) = sealed(key, number) {
        let found = reader.sealed(sealed.id);
        if found.map_err(|error| error.to_string())? != Some(sealed) {
            return Err(format!("the sealed value of {key} is lost"));
        }
    }
    Ok(())
}

/// Kills and checks, so many times; the first failure, and how many acknowledgements there were.
fn ordeal(dice: &mut Dice, kills: u64, level: &str, lossy: bool) -> Result<usize, String> {
    let mut total = 0;
    let mut done = 0;
    while done < kills {
        let directory = tempfile::tempdir().unwrap();
        let book = directory.path().join("book");
        std::fs::create_dir(&book).unwrap();
        let path = book.join("crash.book");
        let disk = lossy.then(|| Disk::new(&book, directory.path()));
        let mut acks = Vec::new();
        for round in 0..KILLS_A_BOOK.min(kills - done) {
            let child = spawn(&path, round, level, disk.as_ref());
            acks.extend(run_and_kill(dice, child));
            if let Some(disk) = &disk {
                let all = dice.below(2) == 0;
                disk.lose_power(|records| if all { 0 } else { dice.below(records + 1) });
            }
            check(&path, &acks).map_err(|error| format!("kill {}: {error}", done + round + 1))?;
        }
        total += acks.len();
        done += KILLS_A_BOOK;
    }
    Ok(total)
}

#[test]
fn killed_processes_lose_nothing() {
    let mut dice = Dice::new();
    let seed = dice.0;
    let acks = ordeal(&mut dice, kills(), "full", false);
    let acks = acks.unwrap_or_else(|error| panic!("{error} (BAREBOAT_CRASH_SEED={seed})"));
    assert!(
        acks > 100,
        "only {acks} acknowledgements: nothing was tried"
    );
}

#[test]
fn power_failures_lose_nothing_that_was_acknowledged() {
    let mut dice = Dice::new();
    let seed = dice.0;
    let acks = ordeal(&mut dice, kills(), "full", true);
    let acks = acks.unwrap_or_else(|error| panic!("{error} (BAREBOAT_CRASH_SEED={seed})"));
    assert!(
        acks > 100,
        "only {acks} acknowledgements: nothing was tried"
    );
}

#[test]
fn without_syncing_power_failures_lose_and_it_shows() {
    let mut dice = Dice::new();
    let seed = dice.0;
    let lost = ordeal(&mut dice, 16, "off", true);
    assert!(
        lost.is_err(),
        "16 power failures without syncing lost nothing (BAREBOAT_CRASH_SEED={seed})"
    );
}
