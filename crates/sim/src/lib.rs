//! Generated books: fleets, parties, contracts and histories of any size, the same for the same
//! seed, for property tests and benchmarks.
//!
//! Two layers. [`commands()`] makes commands up that exercise every domain through `decide`; most
//! are accepted, some refused. [`history()`] makes big books quickly. [`garbage`] asks for
//! nonsense. Nothing here measures: the benchmarks are `examples/bench`.
//!
//! The crate is pure: the same seed gives the same bytes on every machine.

mod ask;
mod commands;
mod garbage;
mod history;
mod rng;
mod rules;
mod words;

pub use ask::{Ask, fold};
pub use commands::{Commands, commands};
pub use garbage::garbage;
pub use history::{Done, Scale, history};
pub use rng::Rng;
pub use rules::rulebook;
