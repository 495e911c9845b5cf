//! The book over HTTP: routes, keys and grants, reads at any past position, writes that answer
//! the same when repeated, the event stream, the audit store, metrics.
//!
//! It decides nothing of the business: a write becomes one command of the book, a read looks at
//! one published state. Start at [`route::Route`], the one table that routing, authorisation,
//! the OpenAPI document and the authorisation test are made from; [`routes::access`] is the
//! example of a domain; [`ask::Ask`] is what every handler is given.

pub mod act;
mod ahead;
pub mod app;
pub mod ask;
pub mod audit;
mod body;
mod bulk;
pub mod clock;
mod dispatch;
mod entropy;
mod metrics;
pub mod openapi;
mod page;
mod past;
mod query;
mod respond;
pub mod route;
pub mod routes;
mod serve;
pub mod shipped;
mod stream;

pub use act::Act;
pub use ahead::{pin_all_due, pin_by_itself};
pub use app::{App, Parts};
pub use ask::{Ask, Caller, Found};
pub use clock::SystemClock;
pub use entropy::{command_id, random};
pub use route::Route;
pub use routes::seals::shred_again;
pub use serve::{GRACE, ServeError, serve};

/// The book's engine.
pub type Engine = bareboat_journal::Engine<bareboat_book::State>;
/// One state of the book.
pub type View = bareboat_journal::View<bareboat_book::State>;

/// Every code that the API can answer with.
pub fn codes() -> Vec<&'static str> {
    let mut codes: Vec<_> = bareboat_book::Rejection::codes().collect();
    codes.extend(bareboat_journal::CODES);
    codes.extend(bareboat_api::code::CODES);
    codes.sort_unstable();
    codes.dedup();
    codes
}
