//! What `decide` and `apply` are told from outside, so that they need nothing else.
//!
//! Every domain has the same five things:
//!
//! * `State`: a fold of events; `Clone` copies pointers ([`crate::Table`]).
//! * `Command`: what someone asks for. Instants, random bytes and ids from outside are in it.
//! * `Event`: what happened ([`crate::event`]).
//! * `decide(&State, &Context, &Command) -> Result<Vec<Event>, Rejection>`: all or nothing.
//! * `apply(&mut State, &Recorded, &Event)`: never refuses; what it is given was decided.

use serde::{Deserialize, Serialize};

use crate::id::{TypedId, derive_id};
use crate::{CommandId, Instant, PrincipalId};

/// The place of an event in the journal, from 1. 0 is the empty book.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// The place after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a command is decided under.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The command.
    pub command_id: CommandId,
    /// Who asks.
    pub actor: PrincipalId,
    /// When the book records it.
    pub recorded_at: Instant,
    /// The part of a cross-domain act this is; keeps the ids of its parts apart.
    pub part: u32,
}

impl Context {
    /// The `ordinal`-th id of kind `I` that this (part of a) command creates.
    pub fn mint<I: TypedId>(&self, ordinal: u32) -> I {
        derive_id(
            self.command_id,
            u64::from(self.part) << 32 | u64::from(ordinal),
        )
    }

    /// The same command, as its `part`-th part. The ids of a part's own parts hang on it.
    pub fn part(self, part: u32) -> Self {
        let command_id = match self.part {
            0 => self.command_id,
            outer => derive_id(self.command_id, u64::from(outer)),
        };
        Self {
            command_id,
            part,
            ..self
        }
    }
}

/// What an event is applied under: the parts of its envelope that state may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its place in the journal.
    pub position: Position,
    /// When the book recorded it.
    pub at: Instant,
    /// Who asked for it.
    pub by: PrincipalId,
}
