//! Readers of lists: bytes in, entries and malformed rows out. Pure; they never panic, and every
//! row that is not an entry is reported by its line.

pub mod csl;
mod diff;
pub mod jsonl;
pub mod ofac_sdn;
pub mod places;
pub mod un_xml;

use std::collections::BTreeMap;

use bareboat_base::Code;

pub use diff::{Diff, diff, overlay};

use crate::Entry;

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Which of the files, when the format has several: `sdn`, `alt`, `add`; else empty.
    pub part: &'static str,
    /// Its line in the file, from 1.
    pub line: u64,
    /// What is wrong with it, and with what of it.
    pub problem: String,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Entries, in the order of the file, their ids unique within a list.
    pub entries: Vec<Entry>,
    /// Rows that are not among them, or only in part.
    pub malformed: Vec<Malformed>,
}

impl Parsed {
    /// The entries of each list; the malformed rows are those of the whole file.
    pub fn by_list(&self) -> BTreeMap<Code, Vec<Entry>> {
        let mut lists: BTreeMap<Code, Vec<Entry>> = BTreeMap::new();
        for entry in &self.entries {
            lists
                .entry(entry.list.clone())
                .or_default()
                .push(entry.clone());
        }
        lists
    }

    fn bad(&mut self, part: &'static str, line: u64, problem: impl Into<String>) {
        self.malformed.push(Malformed {
            part,
            line,
            problem: problem.into(),
        });
    }
}

/// At most 60 characters of a text, for a message.
fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
