//! Compares names with an index of list entries. Pure: what it finds follows from the lists,
//! [`ENGINE_VERSION`] and the query.

mod fold;
mod index;
mod query;
mod score;
mod words;

pub use index::Index;
pub use query::{Candidate, Feature, Query, Reason};

/// The version that a screening records. Any change in what is found changes it.
pub const ENGINE_VERSION: &str = "bareboat-2";

/// The score, per mille, from which a candidate is a hit.
pub const THRESHOLD_PERMILLE: u16 = 800;

/// Every word that the engine holds for generic: for tests.
#[cfg(test)]
pub(crate) fn generic_words() -> impl Iterator<Item = &'static str> {
    words::Words::all()
}
