//! What readers cost the writer: latencies with and without 200 pages a second.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant as Stopwatch};

use bareboat_base::{Handle, Position};
use bareboat_book::State;
use bareboat_journal::Engine;
use bareboat_sim::Rng;

use crate::Asked;
use crate::commit::{book, submission};
use crate::gauge::{millis, permille, spread};

const WRITERS: u64 = 8;
const READERS: u64 = 4;
const PAGES_PER_SECOND: u64 = 200;
const PAGE: usize = 100;
const EACH: Duration = Duration::from_secs(5);

pub(crate) fn run(asked: &Asked) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir_in(&asked.dir)?;
    let engine = book(&scratch.path().join("stall.book"))?;
    let mut figures: [Vec<f64>; 6] = Default::default();
    let mut pages = Vec::new();
    for run in 0..asked.runs {
        for (at, readers) in [(0, 0), (3, READERS)] {
            let (sorted, read) = round(&engine, run as u64, readers);
            for (offset, part) in [(0, 500), (1, 990), (2, 1000)] {
                figures[at + offset].push(millis(permille(&sorted, part)));
            }
            if readers > 0 {
                pages.push(read as f64 / EACH.as_secs_f64());
            }
        }
    }
    let names = [
        "p50 alone",
        "p99 alone",
        "longest alone",
        "p50 with readers",
        "p99 with readers",
        "longest with readers",
    ];
    for (name, values) in names.iter().zip(&figures) {
        spread(name, "ms", values);
    }
    spread("pages read", "/s", &pages);
    Ok(())
}

/// Latencies of eight writers that submit one command after the other.
fn round(engine: &Engine<State>, seed: u64, readers: u64) -> (Vec<Duration>, u64) {
    let stop = AtomicBool::new(false);
    let pages = AtomicU64::new(0);
    let mut latencies: Vec<Duration> = Vec::new();
    thread::scope(|scope| {
        let (stop, pages) = (&stop, &pages);
        for reader in 0..readers {
            scope.spawn(move || read(engine, reader, stop, pages));
        }
        let writers: Vec<_> = (0..WRITERS)
            .map(|client| {
                scope.spawn(move || write(engine, readers * 1_000_000 + seed * 100 + client, stop))
            })
            .collect();
        thread::sleep(EACH);
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            latencies.extend(writer.join().unwrap_or_default());
        }
    });
    latencies.sort_unstable();
    (latencies, pages.load(Ordering::Relaxed))
}

fn write(engine: &Engine<State>, seed: u64, stop: &AtomicBool) -> Vec<Duration> {
    let mut rng = Rng::new(seed);
    let mut latencies = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let watch = Stopwatch::now();
        if engine.submit(submission(&mut rng)).wait().is_ok() {
            latencies.push(watch.elapsed());
        }
    }
    latencies
}

/// Pages of parties from the published state and pages of events from the store, in turn.
fn read(engine: &Engine<State>, reader: u64, stop: &AtomicBool, pages: &AtomicU64) {
    let mut rng = Rng::new(reader);
    let pause = Duration::from_micros(1_000_000 * READERS / PAGES_PER_SECOND);
    let watch = Stopwatch::now();
    let mut turn = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        let view = engine.view();
        if turn.is_multiple_of(2) {
            let parties = &view.state.parties.parties;
            let from = Handle(rng.below(parties.len() as u32));
            let page: Vec<String> = parties
                .iter_from(from)
                .take(PAGE)
                .map(|(_, id, row)| format!("{id} {} {}", row.facts.name, row.version))
                .collect();
            std::hint::black_box(page);
        } else {
            let from = Position(1 + u64::from(rng.below(view.position.0 as u32)));
            let page = engine.events(from, PAGE);
            std::hint::black_box(page.ok());
        }
        pages.fetch_add(1, Ordering::Relaxed);
        turn += 1;
        // On a fixed beat, so that a slow page does not lower the rate.
        thread::sleep((pause * turn).saturating_sub(watch.elapsed()));
    }
}
