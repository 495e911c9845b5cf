//! A command with the envelope it comes in, and playing it on a state.

use bareboat_base::{CommandId, Context, Decide as _, Fold as _, Instant, PrincipalId, Recorded};
use bareboat_book::{Command, Event, Rejection, State};

/// A command as it comes to the book.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The command's id.
    pub command_id: CommandId,
    /// Who asks.
    pub actor: PrincipalId,
    /// When the book records it.
    pub recorded_at: Instant,
    /// What is asked.
    pub command: Command,
}

impl Ask {
    /// What it is decided under.
    pub fn context(&self) -> Context {
        Context {
            command_id: self.command_id,
            actor: self.actor,
            recorded_at: self.recorded_at,
            part: 0,
        }
    }

    /// Decides it and folds its events in; a refusal changes nothing.
    ///
    /// # Errors
    /// The book's own refusal.
    pub fn play(&self, state: &mut State) -> Result<Vec<Event>, Rejection> {
        let events = state.decide(&self.context(), &self.command)?;
        fold(state, self.recorded_at, self.actor, &events);
        Ok(events)
    }
}

/// Folds events of one command in, at the next positions.
pub fn fold(state: &mut State, at: Instant, by: PrincipalId, events: &[Event]) {
    for event in events {
        let position = state.position.next();
        state.apply(&Recorded { position, at, by }, event);
    }
}
