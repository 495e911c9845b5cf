//! Deciding.

use bareboat_base::Context;

use crate::{Command, Event, Rejection, State};

/// All the events of a command, or a refusal.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    let _ = (state, context, command);
    Ok(Vec::new())
}
