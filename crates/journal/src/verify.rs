//! Everything a book claims of itself, recomputed: leaves, root, head, states, snapshots, sealed
//! values, documents, remembered answers, and the file.
//!
//! The book may be in use. What is found wrong is named; nothing is repaired.

mod sealed;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bareboat_base::{Digest, Fold, Position, Recorded};

use crate::engine::{View, read_snapshot};
use crate::error::StoreError;
use crate::head::Head;
use crate::paths::Paths;
use crate::snapshot::Unusable;
use crate::sqlite::{FileKeeper, SqliteReader};
use crate::store::{Keeper, Reader, StoredEvent};
use crate::vault::KeyProvider;

/// Events read at a time.
const PAGE: usize = 512;
/// After so many findings the rest is not listed.
const MOST_FINDINGS: usize = 200;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: `event`, `document`, `sealed`, `remembered`, `snapshot`, `head`, or `store`.
    pub table: &'static str,
    /// At which event, when it is at one.
    pub position: Option<Position>,
    /// What is wrong, and with which row.
    pub what: String,
}

/// What was verified, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Position and root of the events as they lie.
    pub checkpoint: Head,
    /// The head that was kept beside the book.
    pub head: Option<Head>,
    /// The snapshots that were compared with the fold.
    pub snapshots: Vec<Position>,
    /// Documents that events keep.
    pub documents: u64,
    /// Sealed values that events refer to.
    pub sealed_values: u64,
    /// Of these, how many were opened and fit their commitment (with keys only).
    pub sealed_opened: u64,
    /// Of these, how many are shredded (with keys only).
    pub sealed_shredded: u64,
    /// What is wrong; empty when the book is sound.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being gone through: `events` or `rows`.
    pub stage: &'static str,
    /// How many are done.
    pub done: u64,
    /// How many there are, when that is known.
    pub total: Option<u64>,
}

/// Verifies the book in the file at `path`; with `keys`, opens every sealed value too.
pub fn verify_book<M: Fold>(
    path: &Path,
    keys: Option<&dyn KeyProvider>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, StoreError> {
    let reader = SqliteReader::open(path)?;
    let keeper = FileKeeper::new(&Paths::of(path));
    verify::<M>(&reader, &keeper, keys, progress)
}

/// Verifies a book through its store's faces.
pub fn verify<M: Fold>(
    reader: &dyn Reader,
    keeper: &dyn Keeper,
    keys: Option<&dyn KeyProvider>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, StoreError> {
    let mut walk = Walk::<M>::begin(reader, keeper, keys)?;
    walk.events(progress)?;
    walk.ends();
    let mut done = 0;
    let mut step = || {
        done += 1;
        if done % 256 == 0 {
            progress(Progress {
                stage: "rows",
                done,
                total: None,
            });
        }
    };
    for damage in reader.check(&mut step)? {
        walk.found(damage.table, None, damage.what);
    }
    walk.report.checkpoint = walk.view.checkpoint();
    Ok(walk.report)
}

struct Walk<'a, M> {
    reader: &'a dyn Reader,
    keeper: &'a dyn Keeper,
    keys: Option<&'a dyn KeyProvider>,
    tail: Position,
    snapshots: BTreeSet<Position>,
    view: View<M>,
    /// Whether all events so far were folded; after damage the state means nothing.
    folding: bool,
    report: Report,
}

impl<'a, M: Fold> Walk<'a, M> {
    fn begin(
        reader: &'a dyn Reader,
        keeper: &'a dyn Keeper,
        keys: Option<&'a dyn KeyProvider>,
    ) -> Result<Self, StoreError> {
        let mut findings = Vec::new();
        // The head before the tail: a writer that goes on meanwhile only makes the tail longer.
        let head = keeper.head().unwrap_or_else(|error| {
            findings.push(Finding {
                table: "head",
                position: None,
                what: error.to_string(),
            });
            None
        });
        if head.is_none() && findings.is_empty() && reader.head_expected()? {
            findings.push(Finding {
                table: "head",
                position: None,
                what: "the head file is missing: one was kept beside this book".to_owned(),
            });
        }
        let snapshots = keeper.snapshots()?.into_iter().collect();
        let view = View::default();
        Ok(Self {
            reader,
            keeper,
            keys,
            tail: reader.tail()?,
            snapshots,
            folding: true,
            report: Report {
                checkpoint: view.checkpoint(),
                head,
                snapshots: Vec::new(),
                documents: 0,
                sealed_values: 0,
                sealed_opened: 0,
                sealed_shredded: 0,
                findings,
            },
            view,
        })
    }

    fn found(&mut self, table: &'static str, position: Option<Position>, what: String) {
        if !self.full() {
            self.report.findings.push(Finding {
                table,
                position,
                what,
            });
        }
    }

    fn events(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), StoreError> {
        self.reached();
        while self.view.position < self.tail {
            let from = self.view.position.next();
            match self.reader.events(from, PAGE) {
                Ok(page) if page.is_empty() => {
                    self.skip(from, "is missing");
                }
                Ok(page) => {
                    let tail = self.tail;
                    for event in page.iter().take_while(|event| event.position <= tail) {
                        self.event(event);
                    }
                }
                Err(_) => self.one_by_one(from),
            }
            progress(Progress {
                stage: "events",
                done: self.view.position.0,
                total: Some(self.tail.0),
            });
            if self.full() {
                break;
            }
        }
        Ok(())
    }

    fn full(&self) -> bool {
        self.report.findings.len() >= MOST_FINDINGS
    }

    /// A page that does not read as a whole: the events that do not are named.
    fn one_by_one(&mut self, from: Position) {
        for position in (from.0..=self.tail.0).take(PAGE).map(Position) {
            match self.reader.events(position, 1) {
                Ok(found) => match found.into_iter().find(|event| event.position == position) {
                    Some(event) => self.event(&event),
                    None => self.skip(position, "is missing"),
                },
                Err(error) => {
                    let cause = std::error::Error::source(&error)
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    self.skip(position, &format!("cannot be read: {cause}"));
                }
            }
        }
    }

    /// An event that is not there, or not readable. A leaf of zeroes holds its place.
    fn skip(&mut self, position: Position, why: &str) {
        self.found("event", Some(position), format!("event {position} {why}"));
        self.folding = false;
        self.step_to(position, Digest([0; 32]));
    }

    fn step_to(&mut self, position: Position, leaf: Digest) {
        self.view.position = position;
        self.view.frontier.push(leaf);
        self.reached();
    }

    fn event(&mut self, event: &StoredEvent) {
        while self.view.position.next() < event.position && !self.full() {
            self.skip(self.view.position.next(), "is missing");
        }
        let position = event.position;
        let leaf = event.computed_leaf();
        if leaf != event.leaf {
            self.folding = false;
            self.found(
                "event",
                Some(position),
                format!("event {position} is not what was written: its leaf differs"),
            );
        } else {
            if event.recorded_at < self.view.recorded_at {
                self.found(
                    "event",
                    Some(position),
                    format!("event {position} is recorded before the one it follows"),
                );
            }
            self.fold(event);
            self.sealed_values(event);
        }
        self.view.recorded_at = event.recorded_at;
        self.step_to(position, leaf);
    }

    fn fold(&mut self, event: &StoredEvent) {
        let position = event.position;
        let decoded = match M::decode(&event.bytes) {
            Ok(decoded) => decoded,
            Err(error) => {
                self.folding = false;
                return self.found(
                    "event",
                    Some(position),
                    format!("event {position} cannot be decoded: {error}"),
                );
            }
        };
        for digest in M::documents(&decoded) {
            self.document(position, digest);
        }
        if !self.folding {
            return;
        }
        let recorded = Recorded {
            position,
            at: event.recorded_at,
            by: event.actor,
        };
        let state = &mut self.view.state;
        if catch_unwind(AssertUnwindSafe(|| state.apply(&recorded, &decoded))).is_err() {
            self.folding = false;
            self.found(
                "event",
                Some(position),
                format!("event {position} breaks an invariant when it is folded in"),
            );
        }
    }

    /// A document that an event keeps. Damage to it is found with the rows.
    fn document(&mut self, position: Position, digest: Digest) {
        self.report.documents += 1;
        let wrong = match self.reader.has_document(digest) {
            Ok(true) => return,
            Ok(false) => "is missing",
            Err(_) => "cannot be looked for",
        };
        let what = format!("document {digest} of event {position} {wrong}");
        self.found("document", Some(position), what);
    }

    /// Compares whatever was kept at the position just reached.
    fn reached(&mut self) {
        let position = self.view.position;
        self.view.root = self.view.frontier.root();
        if let Some(head) = self.report.head.filter(|head| head.position == position)
            && head.root != self.view.root
        {
            self.found(
                "head",
                Some(position),
                format!("the root at {position} is not the one in the head file"),
            );
        }
        if self.snapshots.contains(&position) {
            self.snapshot(position);
        }
    }

    fn snapshot(&mut self, position: Position) {
        let wrong = match self.keeper.snapshot(position) {
            // Dropped since it was listed.
            Ok(None) => return,
            Ok(Some(bytes)) => match read_snapshot::<M>(&bytes, position) {
                // A cache of another program version: nothing to compare.
                Err(Unusable::Format) => return,
                Err(Unusable::Damaged) => Some("is damaged"),
                Ok(kept) if kept.root != self.view.root => Some("has another root"),
                Ok(kept) if self.folding && !self.same_state(&kept.state) => {
                    Some("holds another state than its events give")
                }
                Ok(_) => None,
            },
            Err(_) => Some("cannot be read"),
        };
        self.report.snapshots.push(position);
        if let Some(wrong) = wrong {
            self.found(
                "snapshot",
                Some(position),
                format!("the snapshot at {position} {wrong}"),
            );
        }
    }

    fn same_state(&self, kept: &M) -> bool {
        kept.to_snapshot() == self.view.state.to_snapshot()
    }

    /// What lies beyond the tail.
    fn ends(&mut self) {
        let tail = self.tail;
        let head = self.report.head.filter(|head| head.position > tail);
        let snapshots: Vec<_> = self.snapshots.range(tail.next()..).copied().collect();
        let mut missing = |table, position: Position| {
            self.found(
                table,
                Some(position),
                format!(
                    "the book ends at {tail}, but once reached {position}: {} events are missing",
                    position.0 - tail.0
                ),
            );
        };
        if let Some(head) = head {
            missing("head", head.position);
        }
        for position in snapshots {
            missing("snapshot", position);
        }
    }
}
