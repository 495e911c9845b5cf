//! One writer decides, many readers look on.
//!
//! Commands wait in a queue; the writer's thread drains up to a batch of them, decides and
//! applies each on a private fork of the published state, makes the whole batch durable by one
//! append, publishes the fork, and only then answers, rejections included. A failed append drops
//! the fork. Readers take the published [`View`] without a lock, and keep it as long as they
//! like.

mod background;
mod decide;
mod history;
mod parts;
mod pending;
mod replay;
mod stats;
mod writer;

use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use bareboat_base::{
    Clock, CommandId, Decide, Digest, Fold, Instant, Position, PrincipalId, SealedId,
};
use tokio::sync::watch;

use crate::error::{AsOfError, OpenError, StoreError, SubmitError};
use crate::head::Head;
use crate::merkle::Frontier;
use crate::store::{Document, Keeper, Reader, SealedBlob, Store, StoredEvent};

pub use pending::Pending;
pub use replay::Opening;
pub use stats::Stats;

pub(crate) use replay::read_snapshot;

use background::Background;
use history::History;
use stats::Counters;

/// How an engine runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The most commands in one append.
    pub max_batch: usize,
    /// The most commands that may wait; more are refused as busy.
    pub max_waiting: usize,
    /// Events between two snapshots; 0 for none.
    pub snapshot_every: u64,
    /// Past states kept at hand for as-of reads.
    pub past_views: usize,
    /// Whether the book runs on simulated time: it then takes instants from outside.
    pub simulated_clock: bool,
    /// Days that answers to idempotency keys are remembered; below 30 counts as 30.
    pub remember_days: u32,
    /// Milliseconds between two writings of the head while the book grows; at most 1,000.
    pub head_every_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_batch: 512,
            max_waiting: 65_536,
            snapshot_every: 50_000,
            past_views: 8,
            simulated_clock: false,
            remember_days: 30,
            head_every_ms: 500,
        }
    }
}

/// A state of the book, at a position.
#[derive(Clone, Debug)]
pub struct View<M> {
    /// The fold of all events up to the position.
    pub state: M,
    /// The last event folded in; 0 for the empty book.
    pub position: Position,
    /// The Merkle root over these events.
    pub root: Digest,
    /// When the last event was recorded; the epoch for the empty book.
    pub recorded_at: Instant,
    pub(crate) frontier: Frontier,
}

impl<M: Default> Default for View<M> {
    fn default() -> Self {
        let frontier = Frontier::default();
        Self {
            state: M::default(),
            position: Position(0),
            root: frontier.root(),
            recorded_at: epoch(),
            frontier,
        }
    }
}

impl<M> View<M> {
    /// Position and root: what a checkpoint signs.
    pub fn checkpoint(&self) -> Head {
        Head {
            position: self.position,
            root: self.root,
        }
    }
}

pub(crate) fn epoch() -> Instant {
    Instant::from_micros(0).expect("the epoch is in the calendar")
}

/// An idempotency key, with the digest of the request it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, as the caller chose it.
    pub key: String,
    /// The digest of the whole request.
    pub request: Digest,
}

/// What the caller saw has changed; the text says what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreconditionFailed(pub String);

/// A look at the state that a command is about to be decided on.
pub type Precondition<M> = Box<dyn FnOnce(&M) -> Result<(), PreconditionFailed> + Send>;

/// Makes the answer from the state after the command and its events.
pub type Answer<M> = Box<dyn FnOnce(&M, &[<M as Fold>::Event]) -> Vec<u8> + Send>;

/// A command with everything that travels with it.
pub struct Submission<M: Decide> {
    /// The command's id, drawn at the edge.
    pub command_id: CommandId,
    /// Who asks.
    pub actor: PrincipalId,
    /// The key under which the answer is remembered.
    pub idempotency: Option<Idempotency>,
    /// The instant to record; only where time is simulated.
    pub recorded_at: Option<Instant>,
    /// The command.
    pub command: M::Command,
    /// Documents to keep with it.
    pub documents: Vec<Document>,
    /// Sealed values to keep with it.
    pub sealed: Vec<SealedBlob>,
    /// Checked by the writer on the state that the command is decided on.
    pub precondition: Option<Precondition<M>>,
    /// Makes the answer, which is stored with the idempotency key in the same append.
    pub answer: Answer<M>,
}

/// A command that is recorded, durably.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its first event; one more than `last` when it had none.
    pub first: Position,
    /// Its last event.
    pub last: Position,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The answer's bytes.
    pub answer: Vec<u8>,
    /// Whether this is the answer of an earlier submission under the same key.
    pub replayed: bool,
}

/// A moment of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// After an event.
    Position(Position),
    /// After all events recorded at or before an instant.
    Instant(Instant),
}

/// What became of a command.
pub type Outcome<R> = Result<Accepted, SubmitError<R>>;

enum Message<M: Decide> {
    Submit(Box<Submission<M>>, pending::Reply<M::Rejection>),
    Stop,
}

/// What the writer, the background thread and all readers share.
struct Shared<M: Decide> {
    published: ArcSwap<View<M>>,
    reader: Arc<dyn Reader>,
    keeper: Arc<dyn Keeper>,
    clock: Arc<dyn Clock>,
    options: Options,
    counters: Counters,
    watch: watch::Sender<Position>,
    history: History<M>,
    opening: Opening,
    kept: Mutex<background::Kept>,
    /// One snapshot at a time.
    snapshotting: Mutex<()>,
}

struct Inner<M: Decide> {
    shared: Arc<Shared<M>>,
    queue: SyncSender<Message<M>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl<M: Decide> Inner<M> {
    fn stop(&self) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = writer.take() {
            // It may have stopped by itself: then there is nobody to tell.
            let _ = self.queue.send(Message::Stop);
            // The last handle may go with an answer's closure, on the writer's own thread.
            let own = writer.thread().id() == std::thread::current().id();
            if !own && writer.join().is_err() {
                tracing::error!("the writer's thread ended by a panic");
            }
        }
    }
}

impl<M: Decide> Drop for Inner<M> {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A handle to the book; clones share it. It shuts down when the last one is dropped, or when
/// told.
pub struct Engine<M: Decide> {
    inner: Arc<Inner<M>>,
}

impl<M: Decide> Clone for Engine<M> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<M: Decide> Engine<M> {
    /// Brings the state up from the newest snapshot and the events after it, checks it against
    /// the head, and starts the writer.
    pub fn open(
        mut store: Box<dyn Store>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, OpenError> {
        let (reader, keeper) = (store.reader(), store.keeper());
        let (view, opening) = replay::open::<M>(&*reader, &*keeper)?;
        if !reader.head_expected()? {
            keeper.keep_head(&view.checkpoint())?;
            store.expect_head()?;
        }
        let kept = background::Kept::new(&opening);
        let shared = Arc::new(Shared {
            watch: watch::Sender::new(view.position),
            published: ArcSwap::from_pointee(view),
            reader,
            keeper,
            clock,
            options,
            counters: Counters::default(),
            history: History::new(options.past_views),
            opening,
            kept: Mutex::new(kept),
            snapshotting: Mutex::new(()),
        });
        let (queue, waiting) = sync_channel(options.max_waiting.max(1));
        let background = Background::start(&shared)?;
        let writer = writer::start(store, Arc::clone(&shared), waiting, background)?;
        Ok(Self {
            inner: Arc::new(Inner {
                shared,
                queue,
                writer: Mutex::new(Some(writer)),
            }),
        })
    }

    fn shared(&self) -> &Shared<M> {
        &self.inner.shared
    }

    /// Hands a command to the writer. The answer comes when the command is durable, or refused.
    pub fn submit(&self, submission: Submission<M>) -> Pending<M::Rejection> {
        if let Err(error) = decide::check_documents::<M>(&submission) {
            return Pending::ready(Err(error));
        }
        let (pending, reply) = pending::pair();
        let message = Message::Submit(Box::new(submission), reply);
        match self.inner.queue.try_send(message) {
            Ok(()) => pending,
            Err(TrySendError::Full(_)) => Pending::ready(Err(SubmitError::Busy)),
            Err(TrySendError::Disconnected(_)) => Pending::ready(Err(SubmitError::Stopped)),
        }
    }

    /// What [`Self::submit`] would answer now, decided on a fork; nothing is written.
    pub fn dry_run(&self, submission: Submission<M>) -> Outcome<M::Rejection> {
        decide::check_documents::<M>(&submission)?;
        let shared = self.shared();
        if let Some(key) = &submission.idempotency {
            let row = decide::look_up(&*shared.reader, submission.actor, key);
            if let Some(outcome) = decide::remembered(row, key) {
                return outcome;
            }
        }
        let mut fork = decide::Fork::of(self.view());
        let stamp = decide::Stamp {
            clock: &*shared.clock,
            simulated: shared.options.simulated_clock,
        };
        fork.decide(submission, &stamp)
            .map(|decided| decided.accepted)
    }

    /// The published state: everything that is durable, nothing that is not. Takes no lock.
    pub fn view(&self) -> Arc<View<M>> {
        self.shared().published.load_full()
    }

    /// A past state: from the nearest snapshot or past view before it, and the events since.
    pub fn as_of(&self, moment: AsOf) -> Result<Arc<View<M>>, AsOfError> {
        let shared = self.shared();
        let now = self.view();
        let position = history::position(&*shared.reader, &now, moment)?;
        if position == now.position {
            return Ok(now);
        }
        shared
            .history
            .view(&*shared.reader, &*shared.keeper, position)
    }

    /// Up to `limit` published events from a position on.
    pub fn events(&self, from: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let last = self.view().position;
        let room = (last.0 + 1).saturating_sub(from.0);
        let limit = limit.min(usize::try_from(room).unwrap_or(usize::MAX));
        self.shared().reader.events(from, limit)
    }

    /// Up to `limit` leaves from a position on: what proofs are made of.
    pub fn leaves(&self, from: Position, limit: usize) -> Result<Vec<Digest>, StoreError> {
        let last = self.view().position;
        let room = (last.0 + 1).saturating_sub(from.0);
        let limit = limit.min(usize::try_from(room).unwrap_or(usize::MAX));
        self.shared().reader.leaves(from, limit)
    }

    /// Tells whenever the published position moves on.
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.shared().watch.subscribe()
    }

    /// A document, by the digest of its bytes.
    pub fn document(&self, digest: Digest) -> Result<Option<Document>, StoreError> {
        self.shared().reader.document(digest)
    }

    /// A sealed value as it is stored; the vault opens it.
    pub fn sealed(&self, id: SealedId) -> Result<Option<SealedBlob>, StoreError> {
        self.shared().reader.sealed(id)
    }

    /// The store's readers' face, for the vault and for verification.
    pub fn reader(&self) -> Arc<dyn Reader> {
        Arc::clone(&self.shared().reader)
    }

    /// Position and root of what is published.
    pub fn checkpoint(&self) -> Head {
        self.view().checkpoint()
    }

    /// Keeps the head and a snapshot of the published state now, on the caller's thread.
    pub fn snapshot_now(&self) -> Result<Position, StoreError> {
        background::keep_snapshot(self.shared(), &self.view())
    }

    /// Counters since the engine was opened.
    pub fn stats(&self) -> Stats {
        self.shared().counters.read()
    }

    /// How the book was opened: from which snapshot, over how many events.
    pub fn opening(&self) -> &Opening {
        &self.shared().opening
    }

    /// Decides what waits, writes the head, closes the store and gives up the lock. Commands
    /// that come later are refused as stopped; views can still be read.
    pub fn shutdown(&self) {
        self.inner.stop();
    }
}
