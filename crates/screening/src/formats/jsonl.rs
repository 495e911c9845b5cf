//! Our own JSONL: one entry a line, UTF-8.
//!
//! ```json
//! {"id":"el-0001","schema":"Organization","names":["Example Co., Ltd.",{"text":"EX","quality":"weak"}],"list":"EL","countries":["CN"],"citation":"90 FR 1"}
//! ```
//!
//! `id` and `names` are required. `schema` is a name of [`EntryKind::from_schema`], by default
//! `LegalEntity`; `list` may be left out when the whole file is of one list. Optional:
//! `countries` (codes or English names), `places`, `birth_dates`, `identifiers` (objects with
//! `scheme` and `value`, or bare numbers), `addresses`, `programmes`, `citation`, `remarks`. A
//! field of another name is refused: a misspelt `names` must not pass for a missing one.

use std::collections::BTreeSet;

use bareboat_base::Code;
use serde::Serialize;
use serde_json::{Map, Value};

use super::rows::clean;
use super::{Parsed, add_place, excerpt};
use crate::{Entry, EntryIdentifier, EntryKind, EntryName, Quality};

/// No line is longer, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// Reads entries. A row without `list` belongs to `list`; a row of another list than it is
/// malformed. Empty lines are passed over.
pub fn parse(list: Option<&Code>, bytes: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut seen: BTreeSet<(Code, String)> = BTreeSet::new();
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match entry(list, text) {
            Ok(entry) if !seen.insert((entry.list.clone(), entry.id.clone())) => {
                let problem = format!("id {:?} of {} is used twice", entry.id, entry.list);
                parsed.bad("", line, problem);
            }
            Ok(entry) => parsed.entries.push(entry),
            Err(problem) => parsed.bad("", line, problem),
        }
    }
    parsed
}

fn entry(list: Option<&Code>, line: &[u8]) -> Result<Entry, String> {
    if line.len() > MOST_BYTES {
        return Err(format!("a line of more than {MOST_BYTES} bytes"));
    }
    let mut row: Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| format!("not a JSON object: {error}"))?;
    let id = match row.remove("id") {
        Some(Value::String(id)) => clean(&id),
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err("no id".to_owned()),
    };
    if id.is_empty() || id.chars().count() > 200 {
        return Err("an id has 1 to 200 characters".to_owned());
    }
    let told = text(&mut row, "list")?;
    let told = told.map(|code| Code::new(&code).map_err(|error| error.to_string()));
    let list = match (told.transpose()?, list) {
        (Some(told), Some(list)) if told != *list => {
            return Err(format!("belongs to list {told}, not {list}"));
        }
        (Some(told), _) => told,
        (None, Some(list)) => list.clone(),
        (None, None) => return Err("no list".to_owned()),
    };
    let kind = match text(&mut row, "schema")? {
        None => EntryKind::Unknown,
        Some(schema) => EntryKind::from_schema(&schema)
            .ok_or_else(|| format!("{:?} is not a schema", excerpt(&schema)))?,
    };
    let mut entry = Entry::new(list, &id, kind, "");
    entry.names = names(&mut row)?;
    for place in texts(&mut row, "countries")? {
        add_place(&mut entry, &place);
    }
    entry.other_places.extend(texts(&mut row, "places")?);
    entry.birth_dates = texts(&mut row, "birth_dates")?;
    entry.identifiers = identifiers(&mut row)?;
    entry.addresses = texts(&mut row, "addresses")?;
    entry.programmes = texts(&mut row, "programmes")?;
    entry.citation = text(&mut row, "citation")?;
    entry.remarks = text(&mut row, "remarks")?;
    match row.keys().next() {
        Some(field) => Err(format!("{:?} is not a field of an entry", excerpt(field))),
        None => Ok(entry),
    }
}

fn text(row: &mut Map<String, Value>, field: &str) -> Result<Option<String>, String> {
    match row.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(clean(&text)).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("{field} is not a text")),
    }
}

fn items(row: &mut Map<String, Value>, field: &str) -> Result<Vec<Value>, String> {
    match row.remove(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(format!("{field} is not a list")),
    }
}

fn texts(row: &mut Map<String, Value>, field: &str) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    for item in items(row, field)? {
        let Value::String(item) = item else {
            return Err(format!("{field} holds something that is not a text"));
        };
        let item = clean(&item);
        if !item.is_empty() {
            texts.push(item);
        }
    }
    Ok(texts)
}

fn names(row: &mut Map<String, Value>) -> Result<Vec<EntryName>, String> {
    let mut names: Vec<EntryName> = Vec::new();
    for item in items(row, "names")? {
        let (name, quality) = match item {
            Value::String(name) => (name, Quality::Strong),
            Value::Object(mut name) => {
                let weak = match text(&mut name, "quality")?.as_deref() {
                    None | Some("strong") => Quality::Strong,
                    Some("weak") => Quality::Weak,
                    Some(_) => return Err("a name's quality is strong or weak".to_owned()),
                };
                let written = text(&mut name, "text")?.unwrap_or_default();
                if !name.is_empty() {
                    return Err("a name has a text and a quality, nothing else".to_owned());
                }
                (written, weak)
            }
            _ => return Err("a name is a text or an object".to_owned()),
        };
        let text = clean(&name);
        if text.is_empty() || text.chars().count() > 1000 {
            return Err("a name has 1 to 1000 characters".to_owned());
        }
        if names.iter().all(|known| known.text != text) {
            names.push(EntryName { text, quality });
        }
    }
    if names.is_empty() {
        return Err("no names".to_owned());
    }
    Ok(names)
}

fn identifiers(row: &mut Map<String, Value>) -> Result<Vec<EntryIdentifier>, String> {
    let mut identifiers = Vec::new();
    for item in items(row, "identifiers")? {
        let (scheme, value) = match item {
            Value::String(value) => (String::new(), clean(&value)),
            Value::Object(mut item) => {
                let scheme = text(&mut item, "scheme")?.unwrap_or_default();
                let value = text(&mut item, "value")?.unwrap_or_default();
                if !item.is_empty() {
                    return Err("an identifier has a scheme and a value, nothing else".to_owned());
                }
                (scheme, value)
            }
            _ => return Err("an identifier is a text or an object".to_owned()),
        };
        if value.is_empty() {
            return Err("an identifier has no value".to_owned());
        }
        identifiers.push(EntryIdentifier { scheme, value });
    }
    Ok(identifiers)
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    schema: &'a str,
    names: Vec<LineName<'a>>,
    list: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    countries: &'a [bareboat_base::Country],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    places: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    birth_dates: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    identifiers: Vec<LineIdentifier<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    addresses: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    programmes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    citation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remarks: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum LineName<'a> {
    Strong(&'a str),
    Weak { text: &'a str, quality: &'a str },
}

#[derive(Serialize)]
struct LineIdentifier<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    scheme: &'a str,
    value: &'a str,
}

/// The canonical bytes: one line an entry, ordered by list and id, each ended by a line feed.
/// Reading them gives the entries again.
pub fn write(entries: &[Entry]) -> Vec<u8> {
    let mut ordered: Vec<&Entry> = entries.iter().collect();
    ordered.sort_by(|a, b| (&a.list, &a.id).cmp(&(&b.list, &b.id)));
    let mut bytes = Vec::new();
    for entry in ordered {
        bytes.extend_from_slice(line(entry).as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

/// One canonical line, without its end: fields in a fixed order, empty ones left out.
pub fn line(entry: &Entry) -> String {
    let name = |name: &'_ EntryName| match name.quality {
        Quality::Strong => None,
        Quality::Weak => Some("weak"),
    };
    let names = entry.names.iter().map(|n| match name(n) {
        None => LineName::Strong(&n.text),
        Some(quality) => LineName::Weak {
            text: &n.text,
            quality,
        },
    });
    let identifiers = entry.identifiers.iter().map(|identifier| LineIdentifier {
        scheme: &identifier.scheme,
        value: &identifier.value,
    });
    let line = Line {
        id: &entry.id,
        schema: entry.kind.schema(),
        names: names.collect(),
        list: entry.list.as_str(),
        countries: &entry.countries,
        places: &entry.other_places,
        birth_dates: &entry.birth_dates,
        identifiers: identifiers.collect(),
        addresses: &entry.addresses,
        programmes: &entry.programmes,
        citation: entry.citation.as_deref(),
        remarks: entry.remarks.as_deref(),
    };
    // Texts and lists of texts are always expressible as JSON.
    serde_json::to_string(&line).unwrap_or_default()
}
