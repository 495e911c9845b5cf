//! The commands, a module for each domain. To add a noun: its module here, and one line in
//! [`crate::args`].

pub mod access;
pub mod billing;
pub mod blocks;
pub mod book;
pub mod capacity;
pub mod chart;
pub mod completions;
pub mod contracts;
pub mod errors;
pub mod explain;
pub mod fleet;
pub mod impact;
pub mod init;
pub mod journal;
pub mod ledger;
pub mod parties;
pub mod quotes;
pub mod rulebook;
pub mod screening;
pub mod seals;
pub mod serve;
pub mod simulate;
pub mod spares;

use crate::args::Arguments;

/// Runs a command.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    arguments.noun.run(&arguments.global)
}
