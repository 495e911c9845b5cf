//! What the fleet decides.

use bareboat_base::Context;

use crate::{Command, Event, Rejection, State};

/// All events of one command, or a refusal.
pub fn decide(_state: &State, _ctx: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
    match command {
        _ => Ok(Vec::new()),
    }
}
