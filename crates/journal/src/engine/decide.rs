//! One command on a private fork of the state.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bareboat_base::{Clock, Context, Decide, Digest, Instant, Position, PrincipalId, Recorded};

use super::{Accepted, Idempotency, Outcome, Submission, View};
use crate::error::{StoreError, SubmitError};
use crate::leaf;
use crate::merkle::Frontier;
use crate::store::{Document, Reader, Remembered, SealedBlob, StoredEvent};

/// A state that may still be dropped, and what has been decided on it.
pub(super) struct Fork<M: Decide> {
    base: Arc<View<M>>,
    state: M,
    position: Position,
    recorded_at: Instant,
    frontier: Frontier,
    decided: Vec<(Recorded, M::Event)>,
    pub(super) events: Vec<StoredEvent>,
}

/// Where instants come from.
pub(super) struct Stamp<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) simulated: bool,
}

/// A command that was accepted on the fork, and what is to be stored with it.
pub(super) struct Decided {
    pub(super) accepted: Accepted,
    pub(super) documents: Vec<Document>,
    pub(super) sealed: Vec<SealedBlob>,
}

impl<M: Decide> Fork<M> {
    pub(super) fn of(base: Arc<View<M>>) -> Self {
        Self {
            state: base.state.clone(),
            position: base.position,
            recorded_at: base.recorded_at,
            frontier: base.frontier.clone(),
            base,
            decided: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Decides and applies one command: all of it, or nothing.
    pub(super) fn decide(
        &mut self,
        submission: Submission<M>,
        stamp: &Stamp<'_>,
    ) -> Result<Decided, SubmitError<M::Rejection>> {
        let context = Context {
            command_id: submission.command_id,
            actor: submission.actor,
            recorded_at: self.stamp(submission.recorded_at, stamp)?,
            part: 0,
        };
        let decided = guarded(|| {
            if let Some(precondition) = submission.precondition {
                precondition(&self.state)
                    .map_err(|failed| SubmitError::PreconditionFailed(failed.0))?;
            }
            self.state
                .decide(&context, &submission.command)
                .map_err(SubmitError::Rejected)
        });
        let events = decided.and_then(|decided| decided)?;
        let first = self.position.next();
        let answer = submission.answer;
        let applied = guarded(AssertUnwindSafe(|| {
            let mut position = self.position;
            let stored: Vec<_> = events
                .iter()
                .map(|event| {
                    position = position.next();
                    let recorded = Recorded {
                        position,
                        at: context.recorded_at,
                        by: context.actor,
                    };
                    self.state.apply(&recorded, event);
                    stored_event::<M>(&recorded, &context, event)
                })
                .collect();
            (answer(&self.state, &events), stored)
        }));
        let (answer, stored) = match applied {
            Ok(applied) => applied,
            Err(broken) => {
                self.fold_again();
                return Err(broken);
            }
        };
        self.take(&context, events, stored);
        Ok(Decided {
            accepted: Accepted {
                first,
                last: self.position,
                recorded_at: context.recorded_at,
                answer,
                replayed: false,
            },
            documents: submission.documents,
            sealed: submission.sealed,
        })
    }

    fn stamp(
        &self,
        given: Option<Instant>,
        stamp: &Stamp<'_>,
    ) -> Result<Instant, SubmitError<M::Rejection>> {
        match given {
            Some(_) if !stamp.simulated => Err(SubmitError::SimulatedTimeNotAllowed),
            Some(asked) if asked <= self.recorded_at => Err(SubmitError::TimeNotAfterLast {
                asked,
                last: self.recorded_at,
            }),
            Some(asked) => Ok(asked),
            None => {
                let (now, last) = (stamp.clock.now(), self.recorded_at);
                // After the last instant of the calendar nothing can be recorded.
                let next = last.next();
                let next = next.ok_or(SubmitError::TimeNotAfterLast { asked: now, last })?;
                Ok(now.max(next))
            }
        }
    }

    fn take(&mut self, context: &Context, events: Vec<M::Event>, stored: Vec<StoredEvent>) {
        if let Some(last) = stored.last() {
            self.position = last.position;
            self.recorded_at = context.recorded_at;
        }
        for (event, stored) in events.into_iter().zip(stored) {
            self.frontier.push(stored.leaf);
            let recorded = Recorded {
                position: stored.position,
                at: context.recorded_at,
                by: context.actor,
            };
            self.decided.push((recorded, event));
            self.events.push(stored);
        }
    }

    /// A panic while applying may have left the state half way: it is folded again from the
    /// published one, over what had been decided before.
    fn fold_again(&mut self) {
        self.state = self.base.state.clone();
        for (recorded, event) in &self.decided {
            self.state.apply(recorded, event);
        }
    }

    /// The fork as a view to publish.
    pub(super) fn into_view(self) -> View<M> {
        View {
            state: self.state,
            position: self.position,
            root: self.frontier.root(),
            recorded_at: self.recorded_at,
            frontier: self.frontier,
        }
    }
}

fn stored_event<M: Decide>(
    recorded: &Recorded,
    context: &Context,
    event: &M::Event,
) -> StoredEvent {
    let bytes = M::encode(event);
    let leaf = leaf::leaf(
        recorded.position,
        recorded.at,
        recorded.by,
        context.command_id,
        &bytes,
    );
    StoredEvent {
        position: recorded.position,
        recorded_at: recorded.at,
        actor: recorded.by,
        command_id: context.command_id,
        bytes,
        leaf,
    }
}

/// Runs a step of the machine; a panic in it is a broken invariant, which ends this command and
/// nothing else.
fn guarded<T, R: std::error::Error>(step: impl FnOnce() -> T) -> Result<T, SubmitError<R>> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|panic| {
        let message = panic_text(&*panic);
        tracing::error!(message, "deciding a command broke an invariant");
        SubmitError::InvariantBroken(message.to_owned())
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// What a key was answered before, as an outcome; `None` when it is new.
pub(super) fn remembered<R: std::error::Error>(
    row: Result<Option<Remembered>, StoreError>,
    key: &Idempotency,
) -> Option<Outcome<R>> {
    match row {
        Ok(None) => None,
        Ok(Some(row)) if row.request != key.request => Some(Err(SubmitError::IdempotencyConflict)),
        Ok(Some(row)) => Some(Ok(Accepted {
            first: row.first,
            last: row.last,
            recorded_at: row.recorded_at,
            answer: row.answer,
            replayed: true,
        })),
        Err(error) => Some(Err(SubmitError::Store(Arc::new(error)))),
    }
}

/// The row of one key.
pub(super) fn look_up(
    reader: &dyn Reader,
    actor: PrincipalId,
    key: &Idempotency,
) -> Result<Option<Remembered>, StoreError> {
    let rows = reader.remembered(&[(actor, key.key.as_str())])?;
    Ok(rows.into_iter().next().flatten())
}

/// Documents are filed under their digest; a wrong one would never be found again. Hashed on
/// the caller's thread, not on the writer's.
pub(super) fn check_documents<M: Decide>(
    submission: &Submission<M>,
) -> Result<(), SubmitError<M::Rejection>> {
    let wrong = |document: &&Document| Digest::of(&[&document.bytes]) != document.digest;
    match submission.documents.iter().find(wrong) {
        None => Ok(()),
        Some(document) => Err(SubmitError::InvariantBroken(format!(
            "a document was submitted under {}, which is not its digest",
            document.digest
        ))),
    }
}
