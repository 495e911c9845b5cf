//! The command line: nouns then verbs, against a server or straight on a book file.
//!
//! It decides nothing: every command is a request of the API, carried over HTTP or to a router in
//! this process. Start at [`args`] for what can be said, at [`commands`] for the nouns
//! ([`commands::access`] is the example), at [`session`] for how a request is carried, at
//! [`show`] for how an answer is shown, at [`exit`] for the exit codes.

pub mod args;
pub mod commands;
pub mod exit;
pub mod open;
pub mod session;
pub mod show;
pub mod story;
mod transport;

use std::process::ExitCode;

use crate::exit::Failed;

/// Reads the arguments, runs the command, and says how it went.
pub fn main() -> ExitCode {
    let arguments = args::Arguments::of_process();
    match commands::run(arguments) {
        Ok(()) => ExitCode::from(exit::OK),
        Err(error) => {
            let failed = Failed::of(&error);
            failed.tell();
            ExitCode::from(failed.code)
        }
    }
}
