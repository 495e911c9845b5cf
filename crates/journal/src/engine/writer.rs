//! The writer's thread: gather, decide, append, publish, answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant as Stopwatch};

use bareboat_base::{Decide, Digest, Instant, PrincipalId, SealedId};

use super::background::{self, Background};
use super::decide::{self, Fork, Stamp};
use super::pending::Reply;
use super::{Accepted, Message, Outcome, Shared, Submission};
use crate::error::{OpenError, StoreError, SubmitError};
use crate::store::{Batch, Remembered, Store};

const DAY_MICROS: i64 = 86_400_000_000;
/// Answers are forgotten at most this often, and so many at a time.
const FORGET_EVERY_MICROS: i64 = 60_000_000;
const FORGET_AT_MOST: usize = 1000;
/// A round waits for more commands at most one part in so many of an append.
const PATIENCE_SHARE: u32 = 4;

struct Writer<M: Decide> {
    store: Box<dyn Store>,
    shared: Arc<Shared<M>>,
    waiting: Receiver<Message<M>>,
    forgot_at: Instant,
    /// How many commands the last round had.
    last_round: usize,
    /// How long a round waits for as many again.
    patience: Duration,
}

type Job<M> = (Box<Submission<M>>, Reply<<M as Decide>::Rejection>);

/// What is being put together.
struct Round<M: Decide> {
    fork: Fork<M>,
    batch: Batch,
    keys: BTreeMap<(PrincipalId, String), (Digest, Accepted)>,
    sealed: BTreeSet<SealedId>,
}

/// What became of an append.
enum Append {
    Done,
    /// Nothing was written; go on, or stop when the store is no longer ours.
    Failed(Arc<StoreError>, Next),
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

pub(super) fn start<M: Decide>(
    store: Box<dyn Store>,
    shared: Arc<Shared<M>>,
    waiting: Receiver<Message<M>>,
    background: Background,
) -> Result<JoinHandle<()>, OpenError> {
    let writer = Writer {
        store,
        forgot_at: super::epoch(),
        last_round: 0,
        patience: Duration::ZERO,
        shared,
        waiting,
    };
    let run = move || {
        let shared = Arc::clone(&writer.shared);
        let store = writer.run();
        background.stop();
        // The head is written before the lock goes with the store.
        if let Err(error) = background::keep_head(&shared, &shared.published.load()) {
            tracing::error!(%error, "the head could not be written");
        }
        drop(store);
    };
    thread::Builder::new()
        .name("journal-writer".to_owned())
        .spawn(run)
        .map_err(background::no_thread)
}

impl<M: Decide> Writer<M> {
    fn run(mut self) -> Box<dyn Store> {
        while let Ok(message) = self.waiting.recv() {
            let (jobs, next) = self.gather(message);
            if next == Next::Stop || self.round(jobs) == Next::Stop {
                break;
            }
            self.forget();
        }
        self.store
    }

    /// Whatever waits, up to a batch. Callers who were answered a moment ago tend to come back
    /// with their next command: as many as last time are waited for, but no longer than a
    /// fraction of what an append takes. What came before a stop is still decided.
    fn gather(&mut self, first: Message<M>) -> (Vec<Job<M>>, Next) {
        let most = self.shared.options.max_batch.max(1);
        let expected = self.last_round.min(most);
        let mut jobs = Vec::with_capacity(expected + 1);
        let mut message = Some(first);
        let mut since = None;
        loop {
            match message {
                Some(Message::Submit(submission, reply)) => jobs.push((submission, reply)),
                Some(Message::Stop) => {
                    self.round(jobs);
                    return (Vec::new(), Next::Stop);
                }
                None => {
                    let since = since.get_or_insert_with(Stopwatch::now);
                    if jobs.len() >= expected || since.elapsed() > self.patience {
                        break;
                    }
                    thread::yield_now();
                }
            }
            if jobs.len() >= most {
                break;
            }
            message = self.waiting.try_recv().ok();
        }
        (jobs, Next::GoOn)
    }

    fn round(&mut self, jobs: Vec<Job<M>>) -> Next {
        if jobs.is_empty() {
            return Next::GoOn;
        }
        self.last_round = jobs.len();
        let base = self.shared.published.load_full();
        let mut round = Round {
            batch: Batch {
                expected: base.position,
                ..Batch::default()
            },
            fork: Fork::of(base),
            keys: BTreeMap::new(),
            sealed: BTreeSet::new(),
        };
        let remembered = self.remembered(&jobs);
        let answers: Vec<_> = jobs
            .into_iter()
            .zip(remembered)
            .map(|((submission, reply), row)| (reply, self.one(&mut round, *submission, row)))
            .collect();
        round.batch.events = std::mem::take(&mut round.fork.events);
        let appended = self.append(&round.batch);
        if let Append::Done = appended {
            self.publish(&round.batch, round.fork, answers.len());
        }
        let next = match &appended {
            Append::Done => Next::GoOn,
            Append::Failed(_, next) => *next,
            Append::Unknown => Next::Stop,
        };
        for (reply, outcome) in answers {
            let outcome = match &appended {
                Append::Done => outcome,
                Append::Failed(error, _) => Err(SubmitError::Store(Arc::clone(error))),
                Append::Unknown => Err(SubmitError::OutcomeUnknown),
            };
            self.shared.counters.answered(&outcome);
            reply.send(outcome);
        }
        next
    }

    /// What is remembered of each command's key: all at once, or, should one row be damaged,
    /// one by one, so that the others do not suffer.
    fn remembered(&self, jobs: &[Job<M>]) -> Vec<Result<Option<Remembered>, StoreError>> {
        let reader = &*self.shared.reader;
        let keys: Vec<_> = jobs
            .iter()
            .filter_map(|(submission, _)| {
                let key = submission.idempotency.as_ref()?;
                Some((submission.actor, key.key.as_str()))
            })
            .collect();
        let rows = if keys.is_empty() {
            Ok(Vec::new())
        } else {
            reader.remembered(&keys)
        };
        let mut rows = rows.map(Vec::into_iter);
        jobs.iter()
            .map(
                |(submission, _)| match (&submission.idempotency, &mut rows) {
                    (None, _) => Ok(None),
                    (Some(_), Ok(rows)) => Ok(rows.next().flatten()),
                    (Some(key), Err(_)) => decide::look_up(reader, submission.actor, key),
                },
            )
            .collect()
    }

    fn one(
        &self,
        round: &mut Round<M>,
        submission: Submission<M>,
        row: Result<Option<Remembered>, StoreError>,
    ) -> Outcome<M::Rejection> {
        let actor = submission.actor;
        let idempotency = submission.idempotency.clone();
        if let Some(key) = &idempotency {
            if let Some((request, accepted)) = round.keys.get(&(actor, key.key.clone())) {
                return if *request == key.request {
                    Ok(Accepted {
                        replayed: true,
                        ..accepted.clone()
                    })
                } else {
                    Err(SubmitError::IdempotencyConflict)
                };
            }
            if let Some(outcome) = decide::remembered(row, key) {
                return outcome;
            }
        }
        self.check_sealed(round, &submission)?;
        let stamp = Stamp {
            clock: &*self.shared.clock,
            simulated: self.shared.options.simulated_clock,
        };
        let decided = round.fork.decide(submission, &stamp)?;
        let accepted = decided.accepted;
        round
            .sealed
            .extend(decided.sealed.iter().map(|blob| blob.id));
        round.batch.documents.extend(decided.documents);
        round.batch.sealed.extend(decided.sealed);
        if let Some(key) = idempotency {
            round.batch.remembered.push(Remembered {
                principal: actor,
                key: key.key.clone(),
                request: key.request,
                first: accepted.first,
                last: accepted.last,
                recorded_at: accepted.recorded_at,
                answer: accepted.answer.clone(),
            });
            let entry = (key.request, accepted.clone());
            round.keys.insert((actor, key.key), entry);
        }
        Ok(accepted)
    }

    /// One sealed id twice would fail the append, and with it everyone else's commands.
    fn check_sealed(
        &self,
        round: &Round<M>,
        submission: &Submission<M>,
    ) -> Result<(), SubmitError<M::Rejection>> {
        let mut own = BTreeSet::new();
        for blob in &submission.sealed {
            let stored = self.shared.reader.sealed(blob.id);
            let stored = stored.map_err(|error| SubmitError::Store(Arc::new(error)))?;
            if stored.is_some() || round.sealed.contains(&blob.id) || !own.insert(blob.id) {
                return Err(SubmitError::InvariantBroken(format!(
                    "sealed value {} was submitted twice",
                    blob.id
                )));
            }
        }
        Ok(())
    }

    fn append(&mut self, batch: &Batch) -> Append {
        if batch.events.is_empty()
            && batch.remembered.is_empty()
            && batch.documents.is_empty()
            && batch.sealed.is_empty()
        {
            return Append::Done;
        }
        let watch = Stopwatch::now();
        let result = self.store.append(batch);
        match result {
            Ok(()) => {
                let took = watch.elapsed();
                self.shared.counters.appended(batch, took);
                self.patience = (self.patience * 3 + took / PATIENCE_SHARE) / 4;
                Append::Done
            }
            Err(error) => {
                self.shared.counters.failed_append();
                tracing::error!(code = error.code(), %error, "an append failed");
                self.after_failure(batch, error)
            }
        }
    }

    /// The store said no; the tail says what really happened.
    fn after_failure(&self, batch: &Batch, error: StoreError) -> Append {
        if matches!(
            error,
            StoreError::Fenced { .. } | StoreError::TailMoved { .. }
        ) {
            return Append::Failed(Arc::new(error), Next::Stop);
        }
        let reader = &self.shared.reader;
        match reader.tail() {
            Ok(tail) if tail == batch.expected => Append::Failed(Arc::new(error), Next::GoOn),
            Ok(_) => {
                let Some(last) = batch.events.last() else {
                    return Append::Unknown;
                };
                let leaf = reader.leaves(last.position, 2);
                if leaf.is_ok_and(|leaves| leaves == [last.leaf]) {
                    Append::Done
                } else {
                    Append::Unknown
                }
            }
            Err(error) => {
                tracing::error!(%error, "the tail could not be read after a failed append");
                Append::Unknown
            }
        }
    }

    fn publish(&self, batch: &Batch, fork: Fork<M>, commands: usize) {
        self.shared.counters.round(commands, batch.events.len());
        if batch.events.is_empty() {
            return;
        }
        let view = fork.into_view();
        let position = view.position;
        self.shared.published.store(Arc::new(view));
        self.shared.watch.send_replace(position);
    }

    fn forget(&mut self) {
        let now = self.shared.published.load().recorded_at;
        if now.micros() - self.forgot_at.micros() < FORGET_EVERY_MICROS {
            return;
        }
        self.forgot_at = now;
        let days = i64::from(self.shared.options.remember_days.max(30));
        let Ok(before) = Instant::from_micros(now.micros() - days * DAY_MICROS) else {
            return;
        };
        if let Err(error) = self.store.forget(before, FORGET_AT_MOST) {
            tracing::warn!(%error, "old answers could not be forgotten");
        }
    }
}
