//! What the calendar decides.
use crate::{Command, Event, Rejection, State};
use bareboat_base::Context;
/// All events of one command, or a refusal.
pub fn decide(_state: &State, _ctx: &Context, _command: &Command) -> Result<Vec<Event>, Rejection> {
    Ok(Vec::new())
}
