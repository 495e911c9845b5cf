//! The United Nations Security Council's consolidated list, XML
//! (`CONSOLIDATED_LIST/{INDIVIDUALS,ENTITIES}`). The file is cut into records first, each read
//! by itself: one that does not parse costs itself, and anything between records is reported.

use std::collections::BTreeSet;

use bareboat_base::Code;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::rows::clean;
use super::{Parsed, add_place, excerpt, places};
use crate::{Entry, EntryIdentifier, EntryKind, EntryName, Quality};

/// The two kinds of record.
const RECORDS: [(&str, &str, EntryKind); 2] = [
    ("<INDIVIDUAL>", "</INDIVIDUAL>", EntryKind::Person),
    ("<ENTITY>", "</ENTITY>", EntryKind::Organisation),
];
/// No record is longer, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// Reads the file.
pub fn parse(list: &Code, bytes: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            parsed.bad("", line_at(before), "the file is not UTF-8");
            return parsed;
        }
    };
    let mut ids = BTreeSet::new();
    let (mut at, mut line) = (0, 1);
    while let Some((start, (open, close, kind))) = next_record(&text[at..]) {
        between(&mut parsed, &text[at..at + start], line);
        line += newlines(&text[at..at + start]);
        let body = at + start + open.len();
        // A record ends at its own end, or is broken where the next one begins.
        let next = next_record(&text[body..]).map_or(text.len(), |(offset, _)| body + offset);
        let (end, whole) = match text[body..next].find(close) {
            Some(offset) => (body + offset + close.len(), true),
            None => (next, false),
        };
        let record = &text[at + start..end];
        if !whole {
            parsed.bad("", line, format!("{open} is not closed"));
        } else if record.len() > MOST_BYTES {
            parsed.bad(
                "",
                line,
                format!("a record of more than {MOST_BYTES} bytes"),
            );
        } else {
            match entry(list, kind, record) {
                Ok(entry) if !ids.insert(entry.id.clone()) => {
                    parsed.bad("", line, format!("DATAID {} is used twice", entry.id));
                }
                Ok(entry) => parsed.entries.push(entry),
                Err(problem) => parsed.bad("", line, problem),
            }
        }
        line += newlines(record);
        at = end;
    }
    between(&mut parsed, &text[at..], line);
    parsed
}

fn next_record(text: &str) -> Option<(usize, (&'static str, &'static str, EntryKind))> {
    // Looking for each mark apart would read the rest of the file once per record.
    let mut at = 0;
    while let Some(offset) = text[at..].find('<') {
        let here = at + offset;
        for record in RECORDS {
            if text[here..].starts_with(record.0) {
                return Some((here, record));
            }
        }
        at = here + 1;
    }
    None
}

fn newlines(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

fn line_at(before: &[u8]) -> u64 {
    before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1
}

/// Between records there is nothing but the wrapping elements.
fn between(parsed: &mut Parsed, text: &str, first: u64) {
    for (line, content) in (first..).zip(text.split('\n')) {
        let mut rest = content.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        while let Some(tag) = rest.strip_prefix('<') {
            let Some((tag, after)) = tag.split_once('>') else {
                break;
            };
            let name = tag.trim_start_matches('/').split_ascii_whitespace().next();
            let wraps = ["?xml", "CONSOLIDATED_LIST", "INDIVIDUALS", "ENTITIES"];
            let wraps = name.is_some_and(|name| wraps.contains(&name.trim_end_matches('/')));
            if !wraps {
                break;
            }
            rest = after.trim();
        }
        if !rest.is_empty() {
            parsed.bad(
                "",
                line,
                format!("stray text between records: {:?}", excerpt(rest)),
            );
        }
    }
}

/// One element with text: the names of those around it, and the text.
struct Leaf {
    path: Vec<String>,
    text: String,
}

impl Leaf {
    fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    fn parent(&self) -> &str {
        let above = self.path.len().checked_sub(2);
        above.map_or("", |above| self.path[above].as_str())
    }
}

/// The record's elements that hold text, and an empty leaf where a group (an alias, an address)
/// begins, so that groups can be told apart.
fn leaves(record: &str) -> Result<Vec<Leaf>, String> {
    let mut reader = Reader::from_str(record);
    let mut path: Vec<String> = Vec::new();
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut text = String::new();
    loop {
        match reader
            .read_event()
            .map_err(|error| format!("not XML: {error}"))?
        {
            Event::Start(tag) => {
                path.push(String::from_utf8_lossy(tag.name().as_ref()).into_owned());
                text.clear();
                if path.len() > 16 {
                    return Err("elements are nested too deeply".to_owned());
                }
                leaves.push(Leaf {
                    path: path.clone(),
                    text: String::new(),
                });
            }
            Event::End(_) => {
                let cleaned = clean(&text);
                if !cleaned.is_empty() {
                    leaves.push(Leaf {
                        path: path.clone(),
                        text: cleaned,
                    });
                }
                text.clear();
                path.pop();
            }
            Event::Text(part) => {
                text.push_str(&part.decode().map_err(|error| format!("not XML: {error}"))?);
            }
            Event::CData(part) => {
                text.push_str(&part.decode().map_err(|error| format!("not XML: {error}"))?);
            }
            Event::GeneralRef(name) => text.push(reference(&name)?),
            Event::Eof => return Ok(leaves),
            _ => {}
        }
    }
}

/// One character by its reference: the five of XML, or its number.
fn reference(name: &quick_xml::events::BytesRef<'_>) -> Result<char, String> {
    if let Some(number) = name
        .resolve_char_ref()
        .map_err(|error| format!("not XML: {error}"))?
    {
        return Ok(number);
    }
    Ok(match &**name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"apos" => '\'',
        b"quot" => '"',
        _ => return Err("an entity that XML does not define".to_owned()),
    })
}

fn entry(list: &Code, kind: EntryKind, record: &str) -> Result<Entry, String> {
    let leaves = leaves(record)?;
    let top = |name: &str| {
        let found = leaves
            .iter()
            .find(|leaf| leaf.path.len() == 2 && leaf.name() == name && !leaf.text.is_empty());
        found.map(|leaf| leaf.text.as_str())
    };
    let id = top("DATAID").ok_or("a record has no DATAID")?;
    let parts = ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"];
    let parts: Vec<&str> = parts.into_iter().filter_map(top).collect();
    if parts.is_empty() {
        return Err(format!("DATAID {} has no name", excerpt(id)));
    }
    let mut entry = Entry::new(list.clone(), id, kind, &parts.join(" "));
    if let Some(original) = top("NAME_ORIGINAL_SCRIPT") {
        add_name(&mut entry, original, Quality::Strong);
    }
    entry.citation = top("REFERENCE_NUMBER").map(str::to_owned);
    entry.programmes = top("UN_LIST_TYPE").map(str::to_owned).into_iter().collect();
    entry.remarks = top("COMMENTS1").map(str::to_owned);
    groups(&mut entry, &leaves);
    Ok(entry)
}

fn add_name(entry: &mut Entry, name: &str, quality: Quality) {
    if entry.names.iter().all(|known| known.text != name) {
        entry.names.push(EntryName {
            text: name.to_owned(),
            quality,
        });
    }
}

/// Aliases, addresses, nationalities, birth dates and documents.
fn groups(entry: &mut Entry, leaves: &[Leaf]) {
    let mut starts: Vec<usize> = Vec::new();
    for (place, leaf) in leaves.iter().enumerate() {
        if leaf.path.len() == 2 && leaf.text.is_empty() {
            starts.push(place);
        }
    }
    for (n, start) in starts.iter().enumerate() {
        let end = starts.get(n + 1).copied().unwrap_or(leaves.len());
        let group = &leaves[*start..end];
        let value = |name: &str| {
            let found = group
                .iter()
                .find(|leaf| leaf.path.len() == 3 && leaf.name() == name && !leaf.text.is_empty());
            found.map(|leaf| leaf.text.as_str())
        };
        match leaves[*start].name() {
            "INDIVIDUAL_ALIAS" | "ENTITY_ALIAS" => {
                let low = value("QUALITY") == Some("Low");
                let quality = if low { Quality::Weak } else { Quality::Strong };
                if let Some(name) = value("ALIAS_NAME") {
                    add_name(entry, name, quality);
                }
            }
            "INDIVIDUAL_ADDRESS" | "ENTITY_ADDRESS" => {
                let parts = [
                    "STREET",
                    "CITY",
                    "STATE_PROVINCE",
                    "ZIP_CODE",
                    "COUNTRY",
                    "NOTE",
                ];
                let parts: Vec<&str> = parts.into_iter().filter_map(value).collect();
                if !parts.is_empty() {
                    entry.addresses.push(parts.join(", "));
                }
                if let Some(place) = value("COUNTRY") {
                    add_place(entry, place);
                }
            }
            "NATIONALITY" => {
                let values = group.iter().filter(|leaf| leaf.parent() == "NATIONALITY");
                for leaf in values.filter(|leaf| !leaf.text.is_empty()) {
                    add_place(entry, &leaf.text);
                }
            }
            "INDIVIDUAL_DATE_OF_BIRTH" => {
                let date = value("DATE").or(value("YEAR")).map(str::to_owned);
                let years = value("FROM_YEAR").zip(value("TO_YEAR"));
                let date = date.or(years.map(|(from, to)| format!("{from} to {to}")));
                entry.birth_dates.extend(date);
            }
            "INDIVIDUAL_DOCUMENT" => {
                if let Some(number) = value("NUMBER") {
                    let scheme = value("TYPE_OF_DOCUMENT").unwrap_or("").to_owned();
                    let value = number.to_owned();
                    entry.identifiers.push(EntryIdentifier { scheme, value });
                }
                let issuer = value("ISSUING_COUNTRY").and_then(places::country);
                if let Some(country) = issuer
                    && !entry.countries.contains(&country)
                {
                    entry.countries.push(country);
                }
            }
            _ => {}
        }
    }
}
