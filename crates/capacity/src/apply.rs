//! How events change the calendar.
use crate::{Event, State};
use bareboat_base::Recorded;
/// Folds one event in. Never refuses.
pub fn apply(_state: &mut State, _recorded: &Recorded, _event: &Event) {}
