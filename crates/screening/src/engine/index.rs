//! The index over entries.
use super::{Candidate, Query};
use crate::Entry;
/// Entries of any number of lists, made ready to be compared with.
#[derive(Clone, Debug, Default)]
pub struct Index {
    _entries: usize,
}
impl Index {
    /// Builds an index over lists.
    pub fn build(lists: &[&[Entry]]) -> Self {
        Self {
            _entries: lists.iter().map(|list| list.len()).sum(),
        }
    }
    /// Candidates at or over the threshold, best first.
    pub fn screen(&self, query: &Query) -> Vec<Candidate> {
        let _ = query;
        Vec::new()
    }
}
