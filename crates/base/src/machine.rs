//! What the journal asks of whatever it keeps: a deterministic fold of events, and a decision.
//!
//! The book implements these; the journal knows nothing else of it.

use crate::event::DecodeError;
use crate::{Context, Digest, Recorded};

/// A state that is a fold of events.
pub trait Fold: Clone + Default + Send + Sync + 'static {
    /// What happened.
    type Event: Clone + Send + Sync + std::fmt::Debug + 'static;

    /// The layout of its snapshots; another number makes older snapshots unread (they are
    /// caches: the journal replays instead).
    const SNAPSHOT_FORMAT: u32;

    /// Reads an event from its stored bytes.
    fn decode(bytes: &[u8]) -> Result<Self::Event, DecodeError>;

    /// The stored bytes of an event.
    fn encode(event: &Self::Event) -> Vec<u8>;

    /// The digests of the documents that an event says are kept in the store: verification looks
    /// for each.
    fn documents(_: &Self::Event) -> Vec<Digest> {
        Vec::new()
    }

    /// Folds one event in. Never refuses.
    fn apply(&mut self, recorded: &Recorded, event: &Self::Event);

    /// The parts of a state that no event reads or writes together: many events are folded in on
    /// as many threads. One, unless a fold says more.
    fn split(self) -> Vec<Self> {
        vec![self]
    }

    /// The number, from 0, of the part that the event with these bytes goes to.
    fn part(_bytes: &[u8]) -> usize {
        0
    }

    /// The state whose parts these are, in the order of [`Self::split`].
    fn join(mut parts: Vec<Self>) -> Self {
        parts.pop().unwrap_or_default()
    }

    /// The bytes of a snapshot of a part; equal states give equal bytes.
    fn to_snapshot(&self) -> Vec<u8>;

    /// A part from its snapshot's bytes; the error says why they do not fit.
    fn from_snapshot(bytes: &[u8]) -> Result<Self, String>;
}

/// A fold that turns commands into events or refuses them.
pub trait Decide: Fold {
    /// What someone asks for.
    type Command: Send + 'static;
    /// A typed refusal.
    type Rejection: std::error::Error + Send + Sync + 'static;

    /// All the events of one command, or a refusal; needs nothing from outside.
    fn decide(
        &self,
        context: &Context,
        command: &Self::Command,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;
}
