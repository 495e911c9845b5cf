//! The threads that keep heads and snapshots, from published views, beside the writer. Two, so
//! that a snapshot that takes its time does not delay a head.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant as Stopwatch};

use bareboat_base::{Decide, Position};

use super::{Opening, Shared, View, parts};
use crate::error::{OpenError, StoreError};
use crate::snapshot::{self, Frame};

/// What is already kept.
pub(super) struct Kept {
    head: Option<Position>,
    snapshot: Position,
}

impl Kept {
    pub(super) fn new(opening: &Opening) -> Self {
        Self {
            head: opening.head,
            snapshot: opening.snapshot.unwrap_or_default(),
        }
    }
}

pub(super) struct Background {
    stopping: Arc<Stopping>,
    threads: Vec<JoinHandle<()>>,
}

type Stopping = (Mutex<bool>, Condvar);

pub(super) fn no_thread(source: std::io::Error) -> OpenError {
    OpenError::Store(StoreError::Storage {
        doing: "start a thread",
        source: Box::new(source),
    })
}

impl Background {
    pub(super) fn start<M: Decide>(shared: &Arc<Shared<M>>) -> Result<Self, OpenError> {
        let stopping = Arc::new((Mutex::new(false), Condvar::new()));
        let start = |name: &str, tend: fn(&Shared<M>)| {
            let (until, shared) = (Arc::clone(&stopping), Arc::clone(shared));
            let pause = Duration::from_millis(shared.options.head_every_ms.clamp(1, 1000));
            let run = move || {
                while !stopped_within(&until, pause) {
                    tend(&shared);
                }
            };
            let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
            thread.map_err(no_thread)
        };
        let threads = vec![
            start("journal-head", tend_head)?,
            start("journal-snapshots", tend_snapshots)?,
        ];
        Ok(Self { stopping, threads })
    }

    pub(super) fn stop(self) {
        let (flag, changed) = &*self.stopping;
        *flag.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a keeper's thread ended by a panic");
            }
        }
    }
}

fn stopped_within(stopping: &Stopping, pause: Duration) -> bool {
    let (flag, changed) = stopping;
    let flag = flag.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = changed.wait_timeout_while(flag, pause, |stopping| !*stopping);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}

fn tend_head<M: Decide>(shared: &Shared<M>) {
    if let Err(error) = keep_head(shared, &shared.published.load_full()) {
        tracing::error!(code = error.code(), %error, "the head could not be written");
    }
}

fn tend_snapshots<M: Decide>(shared: &Shared<M>) {
    let view = shared.published.load_full();
    let every = shared.options.snapshot_every;
    let last = kept(shared).snapshot;
    if every > 0
        && view.position.0 >= last.0 + every
        && let Err(error) = keep_snapshot(shared, &view)
    {
        tracing::error!(code = error.code(), %error, "a snapshot could not be written");
    }
}

fn kept<M: Decide>(shared: &Shared<M>) -> std::sync::MutexGuard<'_, Kept> {
    shared.kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the view's head, unless that one or a later one is kept.
pub(super) fn keep_head<M: Decide>(shared: &Shared<M>, view: &View<M>) -> Result<(), StoreError> {
    let mut kept = kept(shared);
    if kept.head.is_none_or(|head| head < view.position) {
        shared.keeper.keep_head(&view.checkpoint())?;
        kept.head = Some(view.position);
        shared.counters.head();
    }
    Ok(())
}

/// Keeps a snapshot of the view, and its head first: no snapshot is ever ahead of the head.
pub(super) fn keep_snapshot<M: Decide>(
    shared: &Shared<M>,
    view: &View<M>,
) -> Result<Position, StoreError> {
    let _one = shared
        .snapshotting
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    keep_head(shared, view)?;
    let watch = Stopwatch::now();
    let state = parts::to_snapshot(&view.state);
    let frame = Frame {
        format: M::SNAPSHOT_FORMAT,
        position: view.position,
        recorded_at: view.recorded_at,
        frontier: view.frontier.clone(),
        state: &state,
    };
    let (before, after) = frame.around();
    let keeper = &shared.keeper;
    keeper.keep_snapshot(view.position, &[&before, &state, &after])?;
    for superfluous in snapshot::superfluous(&keeper.snapshots()?, shared.options.snapshot_every) {
        keeper.drop_snapshot(superfluous)?;
    }
    let mut kept = kept(shared);
    kept.snapshot = kept.snapshot.max(view.position);
    shared.counters.snapshot(watch.elapsed());
    Ok(view.position)
}
