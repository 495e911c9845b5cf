//! The big book on disk: written once, opened again and again.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bareboat_base::{Position, PrincipalId, TypedId as _};
use bareboat_book::State;
use bareboat_journal::store::Batch;
use bareboat_journal::{
    Engine, Options, SqliteOptions, SqliteStore, Store as _, StoredEvent, leaf,
};
use bareboat_rulebook::{AdoptRulebook, parse_regime};
use bareboat_sim::{Done, Scale, history};

use crate::Asked;
use crate::gauge::{clock, memory_mib, millis, spread, timed};

/// Events after the snapshot that a cold start replays.
const TAIL: u64 = 10_000;

pub(crate) fn path(asked: &Asked) -> PathBuf {
    asked.dir.join("big.book")
}

/// The rulebooks that are shipped, as an operator adopts them.
pub(crate) fn rulebooks() -> anyhow::Result<Vec<AdoptRulebook>> {
    let shelf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks");
    let mut regimes: Vec<PathBuf> = std::fs::read_dir(&shelf)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .collect();
    regimes.sort();
    regimes.iter().map(|regime| rulebook(regime)).collect()
}

fn rulebook(regime: &Path) -> anyhow::Result<AdoptRulebook> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(regime)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.context("a file's name is text")?.to_owned();
        files.push((name, std::fs::read_to_string(&path)?));
    }
    files.sort();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    Ok(parse_regime(&files)?.adopt())
}

/// Appends a history to a store, a few thousand events at a time.
pub(crate) struct Writer {
    store: SqliteStore,
    position: Position,
    waiting: Vec<StoredEvent>,
}

impl Writer {
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: SqliteStore::create(path, &SqliteOptions::new(clock().now()))?,
            position: Position(0),
            waiting: Vec::new(),
        })
    }

    fn open(path: &Path, position: Position) -> anyhow::Result<Self> {
        Ok(Self {
            store: SqliteStore::open(path, &SqliteOptions::new(clock().now()))?,
            position,
            waiting: Vec::new(),
        })
    }

    pub(crate) fn push(&mut self, event: StoredEvent) -> anyhow::Result<()> {
        self.waiting.push(event);
        if self.waiting.len() >= 5_000 {
            self.flush()
        } else {
            Ok(())
        }
    }

    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        let events = std::mem::take(&mut self.waiting);
        let last = events.last().map_or(self.position, |event| event.position);
        let expected = self.position;
        self.store.append(&Batch {
            expected,
            events,
            ..Batch::default()
        })?;
        self.position = last;
        Ok(())
    }
}

/// The events of an act as they are stored after `position`.
pub(crate) fn stored(done: &Done<'_>, position: &mut Position) -> Vec<StoredEvent> {
    let one = |event: &bareboat_book::Event| {
        *position = position.next();
        let bytes = event.encode();
        StoredEvent {
            position: *position,
            recorded_at: done.recorded_at,
            actor: done.actor,
            command_id: done.command_id,
            leaf: leaf::leaf(
                *position,
                done.recorded_at,
                done.actor,
                done.command_id,
                &bytes,
            ),
            bytes,
        }
    };
    done.events.iter().map(one).collect()
}

pub(crate) fn options() -> Options {
    Options {
        snapshot_every: 0,
        ..Options::default()
    }
}

pub(crate) fn open(path: &Path) -> anyhow::Result<Engine<State>> {
    let clock = clock();
    let store = SqliteStore::open(path, &SqliteOptions::new(clock.now()))?;
    Ok(Engine::open(Box::new(store), clock, options())?)
}

/// Writes the big book, with a snapshot 10,000 events before its end.
pub(crate) fn prepare(asked: &Asked) -> anyhow::Result<()> {
    let path = path(asked);
    let mut events = Vec::new();
    let mut position = Position(0);
    let (took, state) = timed(|| {
        history(1, &Scale::BIG, rulebooks()?, &mut |done| {
            events.extend(stored(&done, &mut position));
        })
        .map_err(anyhow::Error::from)
    });
    let state = state?;
    println!("made {} events in {:.1} s", position.0, took.as_secs_f64());
    size(&state);
    drop(state);
    let cut = events.len().saturating_sub(usize::try_from(TAIL)?);
    let tail = events.split_off(cut);
    let mut writer = Writer::create(&path)?;
    for event in events {
        writer.push(event)?;
    }
    writer.flush()?;
    let at = writer.position;
    drop(writer);
    let engine = open(&path)?;
    let (took, kept) = timed(|| engine.snapshot_now());
    println!("snapshot at {} in {:.0} ms", kept?.0, millis(took));
    engine.shutdown();
    drop(engine);
    let mut writer = Writer::open(&path, at)?;
    for event in tail {
        writer.push(event)?;
    }
    writer.flush()
}

fn size(state: &State) {
    println!(
        "nodes {}, parties {}, interests {}, screenings {}, contracts {}, allocations {}, \
         determinations {}, usage {}, invoices {}, entries {}",
        state.fleet.nodes.len(),
        state.parties.parties.len(),
        state.parties.interests.len(),
        state.screening.screenings.len(),
        state.contracts.contracts.len(),
        state.capacity.allocations.len(),
        state.rulebook.determinations.len(),
        state.billing.usage.len(),
        state.billing.invoices.len(),
        state.ledger.entries.len(),
    );
}

/// Opens the book in processes of their own, and gathers what they say.
pub(crate) fn cold(asked: &Asked) -> anyhow::Result<()> {
    let program = std::env::current_exe()?;
    let (mut times, mut memory, mut peak) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..asked.runs {
        let answer = std::process::Command::new(&program)
            .arg("open")
            .arg("--dir")
            .arg(&asked.dir)
            .output()?;
        let text = String::from_utf8(answer.stdout)?;
        let line = text
            .lines()
            .find(|line| line.starts_with("opened"))
            .context(text.clone())?;
        println!("{line}");
        let numbers: Vec<f64> = line
            .split_whitespace()
            .filter_map(|w| w.parse().ok())
            .collect();
        if let [ms, mib, high, ..] = numbers[..] {
            times.push(ms);
            memory.push(mib);
            peak.push(high);
        }
    }
    spread(
        "cold start from a snapshot and a tail of 10,000 events",
        "ms",
        &times,
    );
    spread("resident memory of the opened book", "MiB", &memory);
    spread("peak while opening", "MiB", &peak);
    Ok(())
}

/// In a process of its own: opens the book once and says how long that took.
pub(crate) fn open_once(asked: &Asked) -> anyhow::Result<()> {
    let (took, engine) = timed(|| open(&path(asked)));
    let engine = engine?;
    let view = engine.view();
    println!(
        "opened in {:.0} ms resident {} MiB peak {} MiB ({} events, {} replayed)",
        millis(took),
        memory_mib("VmRSS"),
        memory_mib("VmHWM"),
        view.position.0,
        engine.opening().replayed,
    );
    size(&view.state);
    Ok(())
}

/// Somebody who acts.
pub(crate) fn actor() -> PrincipalId {
    PrincipalId::from_uuid(uuid::Uuid::from_u128(9))
}
