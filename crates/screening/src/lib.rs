//! Restricted-party lists and the comparison of parties with them.
//!
//! Three parts. [`formats`] reads the publishers' own files into [`Entry`] rows, purely, and
//! reports every malformed row by line. [`engine`] compares names with an index of entries,
//! purely: what it finds follows from the lists' digests, the engine's version and the query's
//! digest. The domain ([`State`], [`decide`], [`apply`]) records which snapshot of a list came
//! when, who was screened against which, and what an officer decided on each hit.
//!
//! Entries are not in the state: they lie in the document store under the snapshot's digest, in
//! the canonical JSONL of [`formats::jsonl`]. A score is an integer per mille.

mod command;
mod decide;
pub mod engine;
mod entry;
mod event;
pub mod formats;
mod state;

#[cfg(test)]
mod tests;

pub use command::{Command, ConfirmHit, DisposeHit, ImportList, NewHit, RecordScreening};
pub use decide::{Rejection, apply, decide};
pub use entry::{Entry, EntryIdentifier, EntryKind, EntryName, Quality, entry_key, entry_version};
pub use event::{Event, HitConfirmed, HitDisposed, ListImported, ListUnchanged, ScreeningRecorded};
pub use state::{
    Coverage, Disposition, Hit, HitStatus, List, ListChange, ListSnapshot, Listing,
    PartyScreenings, RaisedHit, Screening, State, Verdict, is_covered, is_current, listings,
    open_hits, outdated_lists, screened,
};
