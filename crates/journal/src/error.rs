//! What can go wrong, each with a stable code that has a page in `docs/errors/`.

use std::path::PathBuf;

use bareboat_base::event::DecodeError;
use bareboat_base::{Class, Instant, Position, Refusal};

use crate::store::Holder;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Every code of this crate.
pub const CODES: &[&str] = &[
    "journal.busy",
    "journal.damaged",
    "journal.exists",
    "journal.fenced",
    "journal.head_mismatch",
    "journal.head_missing",
    "journal.idempotency_conflict",
    "journal.invariant_broken",
    "journal.io",
    "journal.key_missing",
    "journal.locked",
    "journal.missing_tail",
    "journal.newer_schema",
    "journal.no_such_book",
    "journal.not_a_book",
    "journal.not_yet_recorded",
    "journal.outcome_unknown",
    "journal.precondition_failed",
    "journal.sealed_missing",
    "journal.shredded",
    "journal.simulated_time_not_allowed",
    "journal.stopped",
    "journal.storage",
    "journal.tail_moved",
    "journal.time_not_after_last",
    "journal.unreadable_event",
    "journal.wrong_key",
];

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the book open for writing.
    #[error("the book is open for writing by {}", holder_text(.holder.as_ref()))]
    Locked {
        /// Who it is, when it could be read.
        holder: Option<Holder>,
    },
    /// Another writer has taken the lease since.
    #[error("another writer has taken over this book (lease epoch {found}, ours was {ours})")]
    Fenced {
        /// The epoch this writer took.
        ours: u64,
        /// The epoch that is now in force.
        found: u64,
    },
    /// The tail is not where the batch was decided on.
    #[error("the book ends at {found}, not at {expected}")]
    TailMoved {
        /// Where the batch was decided.
        expected: Position,
        /// Where the store ends.
        found: Position,
    },
    /// There is no book at the path.
    #[error("there is no book at {}", .path.display())]
    NoSuchBook {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The path is taken.
    #[error("{} is already there", .path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a book", .path.display())]
    NotABook {
        /// The file.
        path: PathBuf,
    },
    /// Written by a newer program.
    #[error("the book's layout is version {found}; this program knows up to {known}")]
    NewerSchema {
        /// The book's.
        found: u32,
        /// The newest this program reads.
        known: u32,
    },
    /// Bytes that are not what was written.
    #[error("{what} is damaged")]
    Damaged {
        /// What is.
        what: String,
    },
    /// A file could not be used.
    #[error("could not {doing} {}", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The storage engine refused.
    #[error("the storage could not {doing}")]
    Storage {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        source: Source,
    },
}

fn holder_text(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), ToString::to_string)
}

impl StoreError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "journal.locked",
            Self::Fenced { .. } => "journal.fenced",
            Self::TailMoved { .. } => "journal.tail_moved",
            Self::NoSuchBook { .. } => "journal.no_such_book",
            Self::Exists { .. } => "journal.exists",
            Self::NotABook { .. } => "journal.not_a_book",
            Self::NewerSchema { .. } => "journal.newer_schema",
            Self::Damaged { .. } => "journal.damaged",
            Self::Io { .. } => "journal.io",
            Self::Storage { .. } => "journal.storage",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "stop that process, or send the command to it",
            Self::Fenced { .. } => "send the command to the writer that took over",
            Self::TailMoved { .. } => "open the book again",
            Self::NoSuchBook { .. } => "make one with `bareboat init`, or check the path",
            Self::Exists { .. } => {
                "choose a path where nothing is, or move away what is left of an earlier book"
            }
            Self::NotABook { .. } => "check the path",
            Self::NewerSchema { .. } => "use the bareboat that wrote it, or a newer one",
            Self::Damaged { .. } => {
                "run `bareboat journal verify`, and restore the newest backup that verifies"
            }
            Self::Io { .. } => "check the disk, its free space and the file's permissions",
            Self::Storage { .. } => "check the disk and its free space, then try again",
        }
    }
}

/// Why a book did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store is shorter than what was once durable.
    #[error("the book ends at {found}, but {held_by} says that it reached {expected}: {} events are missing", .expected.0 - .found.0)]
    MissingTail {
        /// How far it once reached.
        expected: Position,
        /// Where it ends now.
        found: Position,
        /// What says so: the head file, or a snapshot.
        held_by: &'static str,
    },
    /// The root at the head's position is another.
    #[error("the root at {position} is not the one in the head file")]
    HeadMismatch {
        /// The head's position.
        position: Position,
    },
    /// There is no head, and there was one.
    #[error("the head file beside the book is missing")]
    HeadMissing,
    /// An event does not read.
    #[error("event {position} cannot be read")]
    Unreadable {
        /// Which.
        position: Position,
        /// Why.
        source: DecodeError,
    },
}

impl OpenError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::MissingTail { .. } => "journal.missing_tail",
            Self::HeadMismatch { .. } => "journal.head_mismatch",
            Self::HeadMissing => "journal.head_missing",
            Self::Unreadable { .. } => "journal.unreadable_event",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Store(error) => error.hint(),
            Self::MissingTail { .. } => {
                "keep the files as they are, run `bareboat journal verify`, and restore the newest backup"
            }
            Self::HeadMismatch { .. } => {
                "run `bareboat journal verify` to see where the book differs, and restore a backup"
            }
            Self::HeadMissing => {
                "put it back; if it is lost, `bareboat journal backup` and `restore` make a book with a new head"
            }
            Self::Unreadable { .. } => {
                "use a newer bareboat; if it is the newest, run `bareboat journal verify`"
            }
        }
    }
}

/// Why a past state could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum AsOfError {
    /// The position or instant lies beyond the end of the book.
    #[error("nothing is recorded yet at {asked}; the book ends at {last}")]
    NotYet {
        /// What was asked for.
        asked: String,
        /// Where it ends.
        last: Position,
    },
    /// The journal could not be replayed.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl AsOfError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotYet { .. } => "journal.not_yet_recorded",
            Self::Open(error) => error.code(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotYet { .. } => "ask for a position or an instant that has been recorded",
            Self::Open(error) => error.hint(),
        }
    }
}

impl From<StoreError> for AsOfError {
    fn from(error: StoreError) -> Self {
        Self::Open(error.into())
    }
}

/// Why a command was not recorded. `R` is the machine's own rejection.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError<R: std::error::Error> {
    /// It was decided, and refused.
    #[error(transparent)]
    Rejected(R),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was already used for another request")]
    IdempotencyConflict,
    /// What the caller saw has changed.
    #[error("{0}")]
    PreconditionFailed(String),
    /// An instant was given, and the book runs on the real clock.
    #[error("this book runs on the real clock; it takes no instants from outside")]
    SimulatedTimeNotAllowed,
    /// The given instant is not after the last one recorded.
    #[error("{asked} is not after the last recorded instant, {last}")]
    TimeNotAfterLast {
        /// The given instant.
        asked: Instant,
        /// The last recorded one.
        last: Instant,
    },
    /// Deciding it broke an invariant of the program; nothing was recorded.
    #[error("deciding the command broke an invariant: {0}")]
    InvariantBroken(String),
    /// Too many commands wait.
    #[error("too many commands are waiting")]
    Busy,
    /// The book no longer takes commands.
    #[error("the book is closed for writing")]
    Stopped,
    /// The store refused; nothing was recorded.
    #[error("the command was not recorded: {0}")]
    Store(std::sync::Arc<StoreError>),
    /// The store failed and could not be read back: it may or may not be recorded.
    #[error("the storage failed, and whether the command was recorded is not known")]
    OutcomeUnknown,
}

impl<R: std::error::Error> SubmitError<R> {
    /// The stable code; `None` for a rejection, which has its own.
    pub fn own_code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Rejected(_) => return None,
            Self::IdempotencyConflict => "journal.idempotency_conflict",
            Self::PreconditionFailed(_) => "journal.precondition_failed",
            Self::SimulatedTimeNotAllowed => "journal.simulated_time_not_allowed",
            Self::TimeNotAfterLast { .. } => "journal.time_not_after_last",
            Self::InvariantBroken(_) => "journal.invariant_broken",
            Self::Busy => "journal.busy",
            Self::Stopped => "journal.stopped",
            Self::Store(error) => error.code(),
            Self::OutcomeUnknown => "journal.outcome_unknown",
        })
    }

    /// What to do about it; `None` for a rejection.
    pub fn own_hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Rejected(_) => return None,
            Self::IdempotencyConflict => {
                "use a new key for a new request, or send the first request again unchanged"
            }
            Self::PreconditionFailed(_) => "read it again, and decide on what it is now",
            Self::SimulatedTimeNotAllowed => "leave the instant out",
            Self::TimeNotAfterLast { .. } => "give a later instant",
            Self::InvariantBroken(_) => {
                "nothing was recorded; report the request id, this is an error in bareboat"
            }
            Self::Busy => "wait a moment, and send it again with the same idempotency key",
            Self::Stopped => "wait for the server to come back, and send it again",
            Self::Store(error) => error.hint(),
            Self::OutcomeUnknown => {
                "send it again with the same idempotency key: it is recorded once at most"
            }
        })
    }

    /// What kind of refusal; `None` when the fault is on this side.
    pub fn own_class(&self) -> Option<Class> {
        match self {
            Self::IdempotencyConflict | Self::TimeNotAfterLast { .. } => Some(Class::Conflict),
            Self::PreconditionFailed(_) => Some(Class::Conflict),
            Self::SimulatedTimeNotAllowed => Some(Class::Invalid),
            _ => None,
        }
    }
}

impl<R: Refusal> SubmitError<R> {
    /// The stable code, a rejection's included.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            other => other.own_code().unwrap_or("journal.stopped"),
        }
    }

    /// What to do about it, a rejection's included.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.hint(),
            other => other.own_hint().unwrap_or(""),
        }
    }

    /// What kind of refusal, a rejection's included; `None` when the fault is on this side.
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Rejected(rejection) => Some(rejection.class()),
            other => other.own_class(),
        }
    }
}
