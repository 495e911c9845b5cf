//! OFAC's legacy CSV: `sdn.csv` (or `cons_prim.csv`), `alt.csv` and `add.csv`, no header rows,
//! `-0-` for nothing (OFAC, "SDN data formats"). What the remarks say in a fixed form (birth
//! dates, nationalities, documents, weak aliases) is read out of them; they are kept whole too.

use std::collections::BTreeMap;

use bareboat_base::Code;

use super::rows::{Row, Rows, clean};
use super::{Parsed, add_place, excerpt, iso_date, places};
use crate::{Entry, EntryIdentifier, EntryKind, EntryName, Quality};

/// Reads the three files. Rows of `aliases` and `addresses` that name no entry are malformed;
/// so is a second row with an entry's number.
pub fn parse(list: &Code, primary: &[u8], aliases: &[u8], addresses: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for row in Rows::new(primary) {
        let Some((line, fields)) = fields::<12>(&mut parsed, "sdn", row) else {
            continue;
        };
        match entry(list, &fields) {
            Ok(entry) if places.contains_key(&entry.id) => {
                let problem = format!("number {} is used twice ({})", entry.id, entry.name());
                parsed.bad("sdn", line, problem);
            }
            Ok(entry) => {
                places.insert(entry.id.clone(), parsed.entries.len());
                parsed.entries.push(entry);
            }
            Err(problem) => parsed.bad("sdn", line, problem),
        }
    }
    for row in Rows::new(aliases) {
        let Some((line, fields)) = fields::<5>(&mut parsed, "alt", row) else {
            continue;
        };
        let [number, _, _, name, _] = fields;
        if name.is_empty() {
            parsed.bad(
                "alt",
                line,
                format!("number {number} has an alias without a name"),
            );
            continue;
        }
        match places.get(&number) {
            Some(place) => add_name(&mut parsed.entries[*place], &name, Quality::Strong),
            None => parsed.bad("alt", line, unknown(&number)),
        }
    }
    for row in Rows::new(addresses) {
        let Some((line, fields)) = fields::<6>(&mut parsed, "add", row) else {
            continue;
        };
        match places.get(&fields[0]) {
            Some(place) => add_address(&mut parsed.entries[*place], &fields),
            None => parsed.bad("add", line, unknown(&fields[0])),
        }
    }
    parsed
}

fn unknown(number: &str) -> String {
    format!("no entry has the number {}", excerpt(number))
}

/// Exactly `N` fields, cleaned, `-0-` made empty; else the row is reported.
fn fields<const N: usize>(
    parsed: &mut Parsed,
    part: &'static str,
    row: Row,
) -> Option<(u64, [String; N])> {
    let problem = match row.fields {
        Err(problem) => problem,
        Ok(fields) => {
            let found = fields.len();
            let value = |field: &String| match clean(field) {
                nothing if nothing == "-0-" => String::new(),
                value => value,
            };
            let fields: Vec<String> = fields.iter().map(value).collect();
            match <[String; N]>::try_from(fields) {
                Ok(fields) => return Some((row.line, fields)),
                Err(_) => format!("{found} fields instead of {N}"),
            }
        }
    };
    parsed.bad(part, row.line, problem);
    None
}

fn entry(list: &Code, fields: &[String; 12]) -> Result<Entry, String> {
    let [
        number,
        name,
        kind,
        programme,
        title,
        call_sign,
        _,
        _,
        _,
        flag,
        _,
        remarks,
    ] = fields;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{:?} is not an entry's number", excerpt(number)));
    }
    if name.is_empty() {
        return Err(format!("number {number} has no name"));
    }
    let kind = match kind.as_str() {
        // OFAC leaves the kind of an organisation empty.
        "" => EntryKind::Organisation,
        "individual" => EntryKind::Person,
        "vessel" => EntryKind::Vessel,
        "aircraft" => EntryKind::Aircraft,
        other => return Err(format!("{:?} is not a kind of entry", excerpt(other))),
    };
    let mut entry = Entry::new(list.clone(), number, kind, name);
    // Several programmes are written `SDGT] [IFSR`.
    entry.programmes = programme
        .split(['[', ']', ';'])
        .map(clean)
        .filter(|programme| !programme.is_empty())
        .collect();
    if !flag.is_empty() {
        add_place(&mut entry, flag);
    }
    if !call_sign.is_empty() {
        entry.identifiers.push(EntryIdentifier {
            scheme: "Call sign".to_owned(),
            value: call_sign.clone(),
        });
    }
    read_remarks(&mut entry, remarks);
    let told = [title, remarks];
    let told: Vec<&str> = told
        .into_iter()
        .map(String::as_str)
        .filter(|t| !t.is_empty())
        .collect();
    entry.remarks = (!told.is_empty()).then(|| told.join("; "));
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

fn add_address(entry: &mut Entry, fields: &[String; 6]) {
    let [_, _, street, city, country, _] = fields;
    let parts = [street, city, country];
    let parts: Vec<&str> = parts
        .into_iter()
        .map(String::as_str)
        .filter(|p| !p.is_empty())
        .collect();
    if !parts.is_empty() {
        entry.addresses.push(parts.join(", "));
    }
    if !country.is_empty() {
        add_place(entry, country);
    }
}

/// Documents and registers as OFAC's remarks name them.
const SCHEMES: &[&str] = &[
    "Passport",
    "National ID No.",
    "Tax ID No.",
    "Identification Number",
    "Registration ID",
    "Registration Number",
    "Business Registration Number",
    "Commercial Registry Number",
    "Company Number",
    "Unified Social Credit Code (USCC)",
    "Chinese Commercial Code",
    "Legal Entity Number",
    "Trade License No.",
    "Cedula No.",
    "C.U.R.P.",
    "R.F.C.",
    "NIT #",
    "RUC #",
    "RIF #",
    "D.N.I.",
    "C.R. No.",
    "V.A.T. Number",
    "SWIFT/BIC",
    "D-U-N-S Number",
    "Vessel Registration Identification",
    "MMSI",
    "Digital Currency Address",
    "Folio Mercantil No.",
    "Matricula Mercantil No",
];

fn read_remarks(entry: &mut Entry, remarks: &str) {
    for piece in remarks.split(';') {
        let piece = piece.trim().trim_end_matches('.');
        let piece = piece.strip_prefix("alt. ").unwrap_or(piece).trim();
        if let Some(date) = piece.strip_prefix("DOB ") {
            entry.birth_dates.push(iso_date(date));
        } else if let Some(place) = piece
            .strip_prefix("nationality ")
            .or_else(|| piece.strip_prefix("citizen "))
        {
            if let Some(country) = places::country(place)
                && !entry.countries.contains(&country)
            {
                entry.countries.push(country);
            }
        } else if let Some(alias) = weak_alias(piece) {
            add_name(entry, alias, Quality::Weak);
        } else if let Some(identifier) = identifier(piece) {
            entry.identifiers.push(identifier);
        }
    }
}

/// OFAC writes weak aliases into the remarks: `a.k.a. 'BNC'`.
fn weak_alias(piece: &str) -> Option<&str> {
    let rest = ["a.k.a. ", "f.k.a. ", "n.k.a. "]
        .iter()
        .find_map(|prefix| piece.strip_prefix(prefix))?;
    let alias = rest.trim().trim_matches(['\'', '"', '‘', '’']);
    (!alias.is_empty()).then_some(alias)
}

fn identifier(piece: &str) -> Option<EntryIdentifier> {
    let (scheme, rest) = SCHEMES
        .iter()
        .find_map(|scheme| Some((*scheme, piece.strip_prefix(scheme)?.strip_prefix(' ')?)))?;
    let value = rest.trim_start_matches("- ").split(" (").next()?.trim();
    (!value.is_empty()).then(|| EntryIdentifier {
        scheme: scheme.to_owned(),
        value: value.to_owned(),
    })
}
