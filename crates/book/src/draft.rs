//! A cross-domain act in the making: each part is decided on a fork that holds the parts before
//! it, and the whole becomes one list of events, or none.

use bareboat_base::machine::Fold as _;
use bareboat_base::{Context, Recorded};

use crate::event::Event;
use crate::rejection::Rejection;
use crate::state::State;

/// A fork with the events that made it. Dropping it undoes everything.
pub struct Draft {
    state: State,
    context: Context,
    events: Vec<Event>,
}

impl Draft {
    /// Begins an act on the state as it stands.
    pub fn new(state: &State, context: &Context) -> Self {
        Self {
            state: state.clone(),
            context: *context,
            events: Vec::new(),
        }
    }

    /// The state with all parts so far.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The context of the next part: ids minted in it are apart from those of other parts.
    pub fn context(&self) -> Context {
        self.context
            .part(u32::try_from(self.events.len()).unwrap_or(u32::MAX) + 1)
    }

    /// Decides a part in its domain, and folds it in.
    pub fn run<C, E, R>(
        &mut self,
        decide: impl FnOnce(&State, &Context, &C) -> Result<Vec<E>, R>,
        command: &C,
    ) -> Result<&[Event], Rejection>
    where
        Event: From<E>,
        Rejection: From<R>,
    {
        let context = self.context();
        let events = decide(&self.state, &context, command)?;
        let before = self.events.len();
        for event in events {
            self.push(event.into());
        }
        Ok(&self.events[before..])
    }

    /// Does a part whole or not at all: refused, it leaves the act as it was before it.
    pub fn attempt(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<(), Rejection>,
    ) -> Result<(), Rejection> {
        let (state, events) = (self.state.clone(), self.events.len());
        let done = part(self);
        if done.is_err() {
            self.state = state;
            self.events.truncate(events);
        }
        done
    }

    /// Folds in an event that needs no decision of a domain.
    pub fn push(&mut self, event: Event) {
        let recorded = Recorded {
            position: self.state.position.next(),
            at: self.context.recorded_at,
            by: self.context.actor,
        };
        self.state.apply(&recorded, &event);
        self.events.push(event);
    }

    /// The whole act.
    pub fn finish(self) -> Vec<Event> {
        self.events
    }
}
