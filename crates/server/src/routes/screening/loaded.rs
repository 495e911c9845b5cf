//! The newest lists, read from the document store and indexed; kept for the next request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_base::{Code, Digest, ListSnapshotId};
use bareboat_screening::engine::Index;
use bareboat_screening::formats::jsonl;
use bareboat_screening::{Entry, ListSnapshot};

use crate::{App, Ask, respond};

/// Sets of lists kept at hand: the newest, and one that a past read asked for.
const KEPT: usize = 2;

/// Entries of a set of snapshots, with the index over them.
pub(super) struct Loaded {
    /// The index.
    pub index: Index,
    entries: HashMap<(Code, String), Entry>,
}

impl Loaded {
    /// The entry that a candidate names.
    pub fn entry(&self, list: &Code, id: &str) -> Option<&Entry> {
        self.entries.get(&(list.clone(), id.to_owned()))
    }
}

/// What is kept between requests: by the digests of the snapshots, the newest last.
#[derive(Default)]
pub struct Cache(Mutex<Vec<(Vec<Digest>, Arc<Loaded>)>>);

/// The entries of a snapshot.
pub(super) fn entries(app: &App, row: &ListSnapshot) -> Result<Vec<Entry>, Problem> {
    let document = app.engine.document(row.entries);
    let document = document.map_err(|error| respond::internal(&error))?;
    let Some(document) = document else {
        tracing::error!(digest = %row.entries, "the entries of a list are not in the store");
        return Err(Problem::edge(
            Edge::Internal,
            "the entries of a list are not in the store",
        ));
    };
    Ok(jsonl::parse(Some(&row.list), &document.bytes).entries)
}

/// The newest snapshots of the state that is asked of, and their index. Blocks: a first use
/// takes up to a second.
pub(super) fn newest(ask: &Ask) -> Result<(Vec<ListSnapshotId>, Arc<Loaded>), Problem> {
    let rows: Vec<_> = ask.state().screening.newest_snapshots().collect();
    let ids = rows.iter().map(|(id, _)| *id).collect();
    let digests: Vec<Digest> = rows.iter().map(|(_, row)| row.entries).collect();
    let cache = &ask.app().caches.screening.0;
    // Held while building, so that the same index is not built twice at a time.
    let mut kept = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, loaded)) = kept.iter().find(|(known, _)| *known == digests) {
        return Ok((ids, Arc::clone(loaded)));
    }
    let mut lists = Vec::with_capacity(rows.len());
    for (_, row) in rows {
        lists.push(entries(ask.app(), row)?);
    }
    let slices: Vec<&[Entry]> = lists.iter().map(Vec::as_slice).collect();
    let index = Index::build(&slices);
    let by_id = lists.into_iter().flatten();
    let by_id = by_id.map(|entry| ((entry.list.clone(), entry.id.clone()), entry));
    let loaded = Arc::new(Loaded {
        index,
        entries: by_id.collect(),
    });
    if kept.len() == KEPT {
        kept.remove(0);
    }
    kept.push((digests, Arc::clone(&loaded)));
    Ok((ids, loaded))
}
