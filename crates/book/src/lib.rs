//! The book: every domain composed into one state, one set of commands, one stream of events.
//!
//! A domain never calls another. Where an act spans several (a signing is a determination, a
//! reservation and ledger entries), it is decided here, in one of the modules of [`acts`], as one
//! atomic list of events. Start at [`State`] for what is kept, at [`Command`] for what can be
//! asked, at [`acts`] for how domains meet, at [`impact`] for what-if, at [`explain`] for why.
//!
//! The crate is pure: time, ids and randomness arrive in the command.

pub mod acts;
pub mod command;
pub mod draft;
pub mod end_use;
pub mod event;
pub mod explain;
pub mod facts;
pub mod genesis;
pub mod impact;
pub mod rejection;
pub mod seals;
pub mod state;
pub mod terms;

pub use command::Command;
pub use event::Event;
pub use rejection::Rejection;
pub use state::State;
