//! The US Consolidated Screening List's CSV: one file with a header row that carries OFAC's,
//! BIS's and the State Department's lists. Columns are found by name, so that the older schema
//! (without `_id`) and later ones read alike.

use std::collections::BTreeSet;

use bareboat_base::{Code, Digest};

use super::rows::{Rows, clean};
use super::{Parsed, add_place, excerpt, places};
use crate::{Entry, EntryIdentifier, EntryKind, EntryName, Quality};

/// The code of the list in each row's source: the letters in brackets of
/// `Entity List (EL) - Bureau of Industry and Security`.
fn list_of(source: &str) -> Option<Code> {
    let (_, rest) = source.split_once('(')?;
    let (code, _) = rest.split_once(')')?;
    Code::new(code).ok()
}

/// Where each column is.
struct Columns {
    width: usize,
    source: usize,
    name: usize,
    names: Vec<String>,
}

impl Columns {
    fn read(header: &[String]) -> Result<Self, String> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        let find = |wanted: &str| {
            let place = names.iter().position(|name| name == wanted);
            place.ok_or_else(|| format!("the header has no column {wanted:?}"))
        };
        Ok(Self {
            width: names.len(),
            source: find("source")?,
            name: find("name")?,
            names,
        })
    }

    /// A cell, cleaned; empty when the column is not there.
    fn cell(&self, fields: &[String], column: &str) -> String {
        let place = self.names.iter().position(|name| name == column);
        let cell = place.and_then(|place| fields.get(place));
        cell.map(|cell| clean(cell)).unwrap_or_default()
    }
}

/// Reads the file; the entries are of several lists ([`Parsed::by_list`]). Without a header that
/// names `source` and `name`, the first row is malformed and nothing is read.
pub fn parse(bytes: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut rows = Rows::new(bytes);
    let Some(header) = rows.next() else {
        return parsed;
    };
    let columns = match header.fields.and_then(|fields| Columns::read(&fields)) {
        Ok(columns) => columns,
        Err(problem) => {
            parsed.bad("", header.line, problem);
            return parsed;
        }
    };
    let mut seen: BTreeSet<(Code, String)> = BTreeSet::new();
    for row in rows {
        let entry = row.fields.and_then(|fields| entry(&columns, &fields));
        match entry {
            Ok(entry) if !seen.insert((entry.list.clone(), entry.id.clone())) => {
                let (list, name) = (&entry.list, excerpt(entry.name()));
                parsed.bad(
                    "",
                    row.line,
                    format!("the same entry of {list} again: {name}"),
                );
            }
            Ok(entry) => parsed.entries.push(entry),
            Err(problem) => parsed.bad("", row.line, problem),
        }
    }
    parsed
}

fn entry(columns: &Columns, fields: &[String]) -> Result<Entry, String> {
    let found = fields.len();
    if found != columns.width {
        return Err(format!("{found} fields instead of {}", columns.width));
    }
    let cell = |column: &str| columns.cell(fields, column);
    let source = clean(&fields[columns.source]);
    let list = list_of(&source)
        .ok_or_else(|| format!("the source {:?} names no list", excerpt(&source)))?;
    let name = clean(&fields[columns.name]);
    if name.is_empty() {
        return Err(format!("an entry of {list} has no name"));
    }
    let kind = match cell("type").as_str() {
        "Individual" => EntryKind::Person,
        "Entity" => EntryKind::Organisation,
        "Vessel" => EntryKind::Vessel,
        "Aircraft" => EntryKind::Aircraft,
        "" => EntryKind::Unknown,
        other => return Err(format!("{:?} is not a kind of entry", excerpt(other))),
    };
    let mut entry = Entry::new(list, &id_of(columns, fields), kind, &name);
    for alias in pieces(&cell("alt_names")) {
        if entry.names.iter().all(|known| known.text != alias) {
            entry.names.push(EntryName {
                text: alias,
                quality: Quality::Strong,
            });
        }
    }
    entry.addresses = pieces(&cell("addresses"));
    for address in entry.addresses.clone() {
        // An address ends with the code of its country.
        let country = address.rsplit(',').next().and_then(places::country);
        if let Some(country) = country
            && !entry.countries.contains(&country)
        {
            entry.countries.push(country);
        }
    }
    for column in ["nationalities", "citizenships", "vessel_flag"] {
        for place in pieces(&cell(column)) {
            add_place(&mut entry, &place);
        }
    }
    entry.birth_dates = pieces(&cell("dates_of_birth"));
    entry.identifiers = pieces(&cell("ids"))
        .iter()
        .filter_map(|id| identifier(id))
        .collect();
    entry.programmes = pieces(&cell("programs"));
    let citation = cell("federal_register_notice");
    entry.citation = (!citation.is_empty()).then_some(citation);
    entry.remarks = remarks(&cell);
    Ok(entry)
}

/// What the licence requirement, its review policy and the remarks say.
fn remarks(cell: &dyn Fn(&str) -> String) -> Option<String> {
    let columns = [
        ("Title", "title"),
        ("Licence requirement", "license_requirement"),
        ("Licence policy", "license_policy"),
        ("From", "start_date"),
        ("To", "end_date"),
        ("Remarks", "remarks"),
    ];
    let told = columns.iter().filter_map(|(what, column)| {
        let text = cell(column);
        (!text.is_empty()).then(|| format!("{what}: {text}"))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The publisher's `_id` or number; where it gives neither, a digest of what tells rows apart.
fn id_of(columns: &Columns, fields: &[String]) -> String {
    for column in ["_id", "entity_number"] {
        let id = columns.cell(fields, column);
        if !id.is_empty() {
            return id;
        }
    }
    let told = [
        "source",
        "name",
        "addresses",
        "federal_register_notice",
        "start_date",
    ]
    .map(|column| columns.cell(fields, column))
    .join("\n");
    let digest = Digest::of(&[told.as_bytes()]).to_string();
    format!("csl-{}", &digest[..16])
}

/// `Passport, 836238033, KP` since 2021, `US, 80-0890696, Tax ID No.` before: the number is the
/// piece with a digit in it, the scheme the longest other one.
fn identifier(text: &str) -> Option<EntryIdentifier> {
    let parts: Vec<&str> = text.split(", ").map(str::trim).collect();
    // Notes on sanctions risk are written like identifiers: `Secondary sanctions risk:, …`.
    let note = parts.iter().any(|part| part.ends_with([':', '-']));
    if note || !(2..=3).contains(&parts.len()) {
        return None;
    }
    let is_number = |part: &str| part.bytes().any(|b| b.is_ascii_digit()) && part.len() >= 4;
    let value = *parts
        .iter()
        .find(|part| is_number(part) && !part.contains("  "))?;
    let scheme = *parts
        .iter()
        .filter(|part| **part != value)
        .max_by_key(|part| part.len())?;
    // A sentence is no number.
    (value.split(' ').count() <= 3).then(|| EntryIdentifier {
        scheme: scheme.to_owned(),
        value: value.to_owned(),
    })
}

fn pieces(cell: &str) -> Vec<String> {
    let pieces = cell.split(';').map(clean);
    pieces.filter(|piece| !piece.is_empty()).collect()
}
