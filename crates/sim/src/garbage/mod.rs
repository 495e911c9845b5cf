//! Commands that make little sense: ids of nothing or of the wrong kind, numbers and dates at the
//! ends of their types. `decide` must refuse them, or take them, but never panic or hang.

mod deals;
mod junk;
mod people;
mod supply;

use bareboat_book::{Command, State};

use crate::rng::Rng;
use junk::Junk;

type Make = fn(&mut Junk<'_>) -> Command;

/// One such command, made up on a state.
pub fn garbage(rng: &mut Rng, state: &State) -> Command {
    let all: Vec<Make> = [people::ALL, supply::ALL, deals::ALL].concat();
    let make = all[rng.below(all.len() as u32) as usize];
    make(&mut Junk { rng, state })
}
