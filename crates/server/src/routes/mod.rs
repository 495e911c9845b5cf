//! The route table, a file for each domain. To add a domain: its module, and one line in [`all`].

pub mod access;
pub mod billing;
pub mod book;
pub mod capacity;
pub mod contracts;
pub mod explain;
pub mod fleet;
pub mod impact;
pub mod ledger;
pub mod parties;
pub mod quotes;
pub mod rulebook;
pub mod screening;
pub mod seals;

use crate::Route;

/// Every route, in the order of the OpenAPI document.
pub fn all() -> Vec<Route> {
    [
        book::routes(),
        access::routes(),
        fleet::routes(),
        capacity::routes(),
        parties::routes(),
        seals::routes(),
        screening::routes(),
        rulebook::routes(),
        contracts::routes(),
        quotes::routes(),
        billing::routes(),
        ledger::routes(),
        impact::routes(),
        explain::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What domains keep between requests: each a field of its own.
#[derive(Default)]
pub struct Caches {
    /// The newest restricted-party lists, indexed.
    pub screening: screening::Cache,
}
