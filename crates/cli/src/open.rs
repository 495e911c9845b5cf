//! Opening a book file for writing: store, engine, vault, audit store.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bareboat_base::{Clock as _, Fold as _};
use bareboat_journal::{Options, Paths, SqliteOptions, SqliteStore, StoreError, Vault};
use bareboat_server::audit::{self, Audit};
use bareboat_server::{App, Engine, Parts, SystemClock};

use crate::exit;

/// Days that audit entries are kept when nothing else is said.
pub const AUDIT_DAYS: u32 = 400;

/// A failure of the store, with its exit code.
pub fn store_failed(error: &StoreError) -> anyhow::Error {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    exit::journal(error.code(), message, error.hint())
}

/// The book at a path, opened for writing by this process alone.
pub fn book(path: &Path, audit_days: u32) -> Result<App> {
    let options = SqliteOptions::new(SystemClock.now());
    let store = SqliteStore::open(path, &options).map_err(|error| store_failed(&error))?;
    let simulated = simulated(&store)?;
    let options = Options {
        simulated_clock: simulated,
        ..Options::default()
    };
    start(path, store, options, audit_days)
}

/// What the first event says of the book's clock.
fn simulated(store: &SqliteStore) -> Result<bool> {
    use bareboat_journal::Store as _;
    let first = store
        .reader()
        .events(bareboat_base::Position(1), 1)
        .map_err(|error| store_failed(&error))?;
    let Some(first) = first.first() else {
        return Ok(false);
    };
    match bareboat_book::State::decode(&first.bytes) {
        Ok(bareboat_book::Event::Book(bareboat_book::event::BookEvent::Created(created))) => {
            Ok(created.simulated_clock)
        }
        // Opening the engine says what is wrong with it.
        _ => Ok(false),
    }
}

/// An engine over an opened store, with what lies beside the book.
pub fn start(path: &Path, store: SqliteStore, options: Options, audit_days: u32) -> Result<App> {
    let clock = Arc::new(SystemClock);
    let engine = Engine::open(Box::new(store), clock.clone(), options)
        .map_err(|error| exit::journal(error.code(), error.to_string(), error.hint()))?;
    let vault = Vault::in_files(&Paths::of(path).keys, engine.reader())
        .map_err(|error| exit::journal(error.code(), error.to_string(), error.hint()))?;
    let audit = Audit::open(&audit::path_of(path), audit_days)
        .context("could not open the audit store beside the book")?;
    // What the book says is shredded stays so, whatever keys were restored beside it.
    bareboat_server::shred_again(&engine, &vault)
        .map_err(|error| exit::journal(error.code(), error.to_string(), error.hint()))?;
    Ok(App::new(Parts {
        vault,
        engine,
        clock,
        audit,
    }))
}
