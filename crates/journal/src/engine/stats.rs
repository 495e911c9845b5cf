//! Plain counters, for whoever exports them.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::Outcome;
use crate::error::SubmitError;
use crate::store::Batch;

/// What an engine has done since it was opened. Durations are in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commands answered.
    pub commands: u64,
    /// Accepted and recorded now.
    pub accepted: u64,
    /// Answered from memory.
    pub replayed: u64,
    /// Refused by the machine.
    pub rejected: u64,
    /// Not recorded for any other reason.
    pub failed: u64,
    /// Events recorded.
    pub events: u64,
    /// Bytes of these events.
    pub event_bytes: u64,
    /// Rounds of the writer; mean batch = commands / rounds.
    pub rounds: u64,
    /// The most commands in one round.
    pub largest_round: u64,
    /// Durable appends: each one sync of the log.
    pub appends: u64,
    /// Appends that failed.
    pub failed_appends: u64,
    /// Time spent in appends, syncs included.
    pub append_micros: u64,
    /// The longest append.
    pub longest_append_micros: u64,
    /// Heads written.
    pub heads: u64,
    /// Snapshots written.
    pub snapshots: u64,
    /// Time spent on snapshots, beside the writer.
    pub snapshot_micros: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    commands: AtomicU64,
    accepted: AtomicU64,
    replayed: AtomicU64,
    rejected: AtomicU64,
    failed: AtomicU64,
    events: AtomicU64,
    event_bytes: AtomicU64,
    rounds: AtomicU64,
    largest_round: AtomicU64,
    appends: AtomicU64,
    failed_appends: AtomicU64,
    append_micros: AtomicU64,
    longest_append_micros: AtomicU64,
    heads: AtomicU64,
    snapshots: AtomicU64,
    snapshot_micros: AtomicU64,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Counters {
    pub(super) fn answered<R: Error>(&self, outcome: &Outcome<R>) {
        let counter = match outcome {
            Ok(accepted) if accepted.replayed => &self.replayed,
            Ok(_) => &self.accepted,
            Err(SubmitError::Rejected(_)) => &self.rejected,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, Relaxed);
        self.commands.fetch_add(1, Relaxed);
    }

    pub(super) fn round(&self, commands: usize, events: usize) {
        self.rounds.fetch_add(1, Relaxed);
        self.largest_round.fetch_max(commands as u64, Relaxed);
        self.events.fetch_add(events as u64, Relaxed);
    }

    pub(super) fn appended(&self, batch: &Batch, took: Duration) {
        let bytes: usize = batch.events.iter().map(|event| event.bytes.len()).sum();
        self.event_bytes.fetch_add(bytes as u64, Relaxed);
        self.appends.fetch_add(1, Relaxed);
        self.append_micros.fetch_add(micros(took), Relaxed);
        self.longest_append_micros.fetch_max(micros(took), Relaxed);
    }

    pub(super) fn failed_append(&self) {
        self.failed_appends.fetch_add(1, Relaxed);
    }

    pub(super) fn head(&self) {
        self.heads.fetch_add(1, Relaxed);
    }

    pub(super) fn snapshot(&self, took: Duration) {
        self.snapshots.fetch_add(1, Relaxed);
        self.snapshot_micros.fetch_add(micros(took), Relaxed);
    }

    pub(super) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        Stats {
            commands: read(&self.commands),
            accepted: read(&self.accepted),
            replayed: read(&self.replayed),
            rejected: read(&self.rejected),
            failed: read(&self.failed),
            events: read(&self.events),
            event_bytes: read(&self.event_bytes),
            rounds: read(&self.rounds),
            largest_round: read(&self.largest_round),
            appends: read(&self.appends),
            failed_appends: read(&self.failed_appends),
            append_micros: read(&self.append_micros),
            longest_append_micros: read(&self.longest_append_micros),
            heads: read(&self.heads),
            snapshots: read(&self.snapshots),
            snapshot_micros: read(&self.snapshot_micros),
        }
    }
}
