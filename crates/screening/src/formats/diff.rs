//! What differs between two snapshots of a list.

use std::collections::BTreeMap;

use crate::{Entry, ListChange};

/// What differs, by entry id, each in the order of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Entries that were not there.
    pub added: Vec<String>,
    /// Entries no longer there.
    pub removed: Vec<String>,
    /// Entries that say something else.
    pub changed: Vec<String>,
}

impl Diff {
    /// The counts that an import records.
    pub fn change(&self) -> ListChange {
        // A list of 2^32 entries does not fit into memory.
        let count = |ids: &[String]| u32::try_from(ids.len()).unwrap_or(u32::MAX);
        ListChange {
            added: count(&self.added),
            removed: count(&self.removed),
            changed: count(&self.changed),
        }
    }
}

/// What differs from `old` to `new`.
pub fn diff(old: &[Entry], new: &[Entry]) -> Diff {
    let by_id = |entries| -> BTreeMap<&str, &Entry> {
        let pairs = <[Entry]>::iter(entries).map(|entry| (entry.id.as_str(), entry));
        pairs.collect()
    };
    let (old, new) = (by_id(old), by_id(new));
    let mut diff = Diff::default();
    for (id, entry) in &new {
        match old.get(id) {
            None => diff.added.push((*id).to_owned()),
            Some(before) if before != entry => diff.changed.push((*id).to_owned()),
            Some(_) => {}
        }
    }
    let removed = old.keys().filter(|id| !new.contains_key(*id));
    diff.removed = removed.map(|id| (*id).to_owned()).collect();
    diff
}

/// The list that `additions`, published apart (a notice of the Federal Register), make of
/// `base`: an addition takes the place of the entry with its id, or comes after all others.
pub fn overlay(base: &[Entry], additions: &[Entry]) -> Vec<Entry> {
    let mut entries = base.to_vec();
    let mut places: BTreeMap<String, usize> = (0..)
        .zip(base)
        .map(|(place, entry)| (entry.id.clone(), place))
        .collect();
    for addition in additions {
        match places.get(&addition.id) {
            Some(place) => entries[*place] = addition.clone(),
            None => {
                places.insert(addition.id.clone(), entries.len());
                entries.push(addition.clone());
            }
        }
    }
    entries
}
