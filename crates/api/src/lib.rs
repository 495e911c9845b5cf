//! What is said on the wire: the shapes of requests and answers, problems and their codes, pages
//! and their cursors, and the limits on all of them.
//!
//! Domain types do not derive wire formats: each module here maps its domain by hand, so that a
//! change of the state is no change of the API. It does no I/O; routes are the server's, requests
//! the client's. Start at [`problem`] and [`wire`]; [`access`] is the example of a domain.

pub mod access;
pub mod billing;
pub mod book;
pub mod capacity;
pub mod code;
pub mod contracts;
pub mod cursor;
pub mod evidence;
pub mod explain;
pub mod fleet;
pub mod impact;
pub mod key;
pub mod ledger;
pub mod limit;
mod mirror;
pub mod parties;
pub mod problem;
pub mod rulebook;
pub mod screening;
pub mod seals;
pub mod wire;

pub use cursor::{Cursor, Page};
pub use key::KeyText;
pub use problem::Problem;

/// Names of headers that are this API's own.
pub mod header {
    /// On a write: answers a repeated request as it was answered first.
    pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
    /// On an answer: it was given before.
    pub const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";
    /// On a write to a book with a simulated clock: when the book shall record it.
    pub const RECORDED_AT: &str = "bareboat-recorded-at";
    /// On an answer: the position that it was read at, or that the write ends at.
    pub const POSITION: &str = "bareboat-position";
    /// On an answer: the book's clock is simulated.
    pub const SIMULATED: &str = "bareboat-simulated-clock";
    /// On an answer: nothing was written.
    pub const DRY_RUN: &str = "bareboat-dry-run";
    /// On every answer: names the request in logs and in the audit store.
    pub const REQUEST_ID: &str = "x-request-id";
}
