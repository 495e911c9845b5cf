//! Readers of lists: bytes in, entries and malformed rows out. Pure; they never panic, and every
//! row that is not an entry is reported by its line.

pub mod csl;
mod diff;
pub mod jsonl;
pub mod ofac_sdn;
pub mod places;
mod rows;
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

/// Ties the entry to a place: to a country when the text names one, else by the text.
fn add_place(entry: &mut Entry, text: &str) {
    let text = rows::clean(text);
    match places::country(&text) {
        Some(country) if !entry.countries.contains(&country) => entry.countries.push(country),
        Some(_) => {}
        None if text.is_empty() || entry.other_places.contains(&text) => {}
        None => entry.other_places.push(text),
    }
}

/// `10 Dec 1948` as `1948-12-10`, `Dec 1948` as `1948-12`; anything else as it is.
fn iso_date(text: &str) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = |name: &str| MONTHS.iter().position(|month| *month == name);
    let is_number = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split_whitespace().collect();
    match parts.as_slice() {
        [day, name, year] if is_number(day, 2) && is_number(year, 4) => match month(name) {
            Some(month) => format!("{year}-{:02}-{day}", month + 1),
            None => text.to_owned(),
        },
        [name, year] if is_number(year, 4) => match month(name) {
            Some(month) => format!("{year}-{:02}", month + 1),
            None => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}
