//! Replay: decoding and folding every event of the big book, in one thread.

use std::collections::BTreeMap;

use bareboat_base::{Fold as _, Position, Recorded};
use bareboat_book::{Event, State};
use bareboat_journal::merkle::Frontier;
use bareboat_journal::{SqliteOptions, SqliteStore, Store as _, StoredEvent};

use crate::Asked;
use crate::big;
use crate::gauge::{clock, spread, timed, worked};

pub(crate) fn run(asked: &Asked) -> anyhow::Result<()> {
    let events = read(asked)?;
    mix(&events)?;
    let rate = |took: std::time::Duration| events.len() as f64 / took.as_secs_f64();
    let (mut decoded, mut plain, mut hashed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut in_parts_plain, mut in_parts_hashed) = (Vec::new(), Vec::new());
    for _ in 0..asked.runs {
        let (took, count) = worked(|| decode(&events));
        decoded.push(rate(took));
        count?;
        for (check, figures) in [(false, &mut plain), (true, &mut hashed)] {
            let (took, state) = worked(|| replay(&events, check));
            figures.push(rate(took));
            drop(state?);
        }
        for (check, figures) in [(false, &mut in_parts_plain), (true, &mut in_parts_hashed)] {
            let (took, state) = timed(|| in_parts(&events, check));
            figures.push(rate(took));
            drop(state?);
        }
    }
    for (what, figures) in [
        ("decode alone, one thread", decoded),
        ("replay (decode and apply), one thread", plain),
        ("the same with every leaf and the root checked", hashed),
        ("replay in parts, as the engine does", in_parts_plain),
        (
            "the same with every leaf and the root checked",
            in_parts_hashed,
        ),
    ] {
        spread(what, "events/s", &figures);
    }
    Ok(())
}

pub(crate) fn read(asked: &Asked) -> anyhow::Result<Vec<StoredEvent>> {
    let path = big::path(asked);
    let store = SqliteStore::open(&path, &SqliteOptions::new(clock().now()))?;
    let reader = store.reader();
    let mut events: Vec<StoredEvent> = Vec::new();
    loop {
        let from = Position(events.len() as u64 + 1);
        let page = reader.events(from, 10_000)?;
        if page.is_empty() {
            return Ok(events);
        }
        events.extend(page);
    }
}

/// As the engine does it: each part of the state on a thread of its own.
fn in_parts(events: &[StoredEvent], check: bool) -> anyhow::Result<State> {
    let fold = |number: usize, mut state: State| -> anyhow::Result<State> {
        for stored in events {
            if State::part(&stored.bytes) == number {
                fold_one(&mut state, stored, check)?;
            }
        }
        Ok(state)
    };
    std::thread::scope(|scope| {
        let parts = State::default().split().into_iter().enumerate();
        let parts: Vec<_> = parts
            .map(|(number, part)| scope.spawn(move || fold(number, part)))
            .collect();
        let mut frontier = Frontier::default();
        if check {
            events.iter().for_each(|stored| frontier.push(stored.leaf));
        }
        std::hint::black_box(frontier.root());
        let folded = parts.into_iter().map(|part| {
            let part = part.join();
            part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        Ok(State::join(folded.collect::<anyhow::Result<_>>()?))
    })
}

fn fold_one(state: &mut State, stored: &StoredEvent, check: bool) -> anyhow::Result<()> {
    let sound = !check || stored.computed_leaf() == stored.leaf;
    anyhow::ensure!(sound, "a leaf differs");
    let event = Event::decode(&stored.bytes)?;
    let recorded = Recorded {
        position: stored.position,
        at: stored.recorded_at,
        by: stored.actor,
    };
    state.apply(&recorded, &event);
    Ok(())
}

fn decode(events: &[StoredEvent]) -> anyhow::Result<()> {
    for stored in events {
        std::hint::black_box(Event::decode(&stored.bytes)?);
    }
    Ok(())
}

fn replay(events: &[StoredEvent], check: bool) -> anyhow::Result<State> {
    let mut state = State::default();
    let mut frontier = Frontier::default();
    for stored in events {
        fold_one(&mut state, stored, check)?;
        if check {
            frontier.push(stored.leaf);
        }
    }
    std::hint::black_box(frontier.root());
    Ok(state)
}

#[derive(Default)]
struct Share {
    count: u64,
    bytes: u64,
    decode_ns: u128,
    apply_ns: u128,
}

/// Which events there are, how long their bytes, and where the time goes.
fn mix(events: &[StoredEvent]) -> anyhow::Result<()> {
    let mut kinds: BTreeMap<&'static str, Share> = BTreeMap::new();
    let mut state = State::default();
    for stored in events {
        let (decoding, event) = timed(|| Event::decode(&stored.bytes));
        let event = event?;
        let recorded = Recorded {
            position: stored.position,
            at: stored.recorded_at,
            by: stored.actor,
        };
        let (applying, ()) = timed(|| state.apply(&recorded, &event));
        let share = kinds.entry(event.kind()).or_default();
        share.count += 1;
        share.bytes += stored.bytes.len() as u64;
        share.decode_ns += decoding.as_nanos();
        share.apply_ns += applying.as_nanos();
    }
    println!("| event | count | mean bytes | mean decode µs | mean apply µs | total s |");
    println!("|---|---|---|---|---|---|");
    for (kind, share) in &kinds {
        let mean = |ns: u128| ns as f64 / 1000.0 / share.count as f64;
        println!(
            "| {kind} | {} | {} | {:.2} | {:.2} | {:.2} |",
            share.count,
            share.bytes / share.count,
            mean(share.decode_ns),
            mean(share.apply_ns),
            (share.decode_ns + share.apply_ns) as f64 / 1e9,
        );
    }
    let bytes: u64 = kinds.values().map(|share| share.bytes).sum();
    println!("{} events, {} MB", events.len(), bytes / 1_000_000);
    Ok(())
}
