//! Applying.

use bareboat_base::Recorded;

use crate::{Event, State};

/// Folds one event in.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    let _ = (state, recorded, event);
}
