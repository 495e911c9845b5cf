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
    let (mut plain, mut hashed, mut decoded) = (Vec::new(), Vec::new(), Vec::new());
    let rate = |took: std::time::Duration| events.len() as f64 / took.as_secs_f64();
    for _ in 0..asked.runs {
        let (took, count) = worked(|| decode(&events));
        count?;
        decoded.push(rate(took));
        let (took, state) = worked(|| replay(&events, false));
        plain.push(rate(took));
        drop(state?);
        let (took, state) = worked(|| replay(&events, true));
        hashed.push(rate(took));
        drop(state?);
    }
    spread("decode alone", "events/s", &decoded);
    spread("replay (decode and apply)", "events/s", &plain);
    spread(
        "replay with every leaf and the root checked",
        "events/s",
        &hashed,
    );
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
        if check {
            anyhow::ensure!(stored.computed_leaf() == stored.leaf, "a leaf differs");
            frontier.push(stored.leaf);
        }
        let event = Event::decode(&stored.bytes)?;
        let recorded = Recorded {
            position: stored.position,
            at: stored.recorded_at,
            by: stored.actor,
        };
        state.apply(&recorded, &event);
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
