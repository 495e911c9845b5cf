//! Parties and interests in bulk: CSV and JSON Lines, in and out. An import is checked whole;
//! every row that does not fit is named by its line, without repeating what it says, and nothing
//! is written.

use std::collections::BTreeMap;

use bareboat_access::Permission as P;
use bareboat_api::code::Edge;
use bareboat_api::parties as wire;
use bareboat_api::wire::{Code, Country, Date, Digest, Ref, Share};
use bareboat_api::{Problem, wire as values};
use bareboat_base::{Context, InterestId, PartyId};
use bareboat_book::{Command, Event, State};
use bareboat_parties::{self as domain, Command as Parties};
use serde::de::DeserializeOwned;

use super::sight::Sight;
use super::told::Bad;
use super::{interests, told};
use crate::bulk::{self, CSV, JSONL, MEDIA_TYPES};
use crate::{Act, Ask, Route, respond};

/// The most rows of one import: they are one act.
const MOST_ROWS: usize = 50_000;

pub(super) fn routes() -> Vec<Route> {
    let mut all = imports();
    all.extend(exports());
    all
}

fn imports() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/parties/import",
            "importParties",
            "Register many parties, all or none",
        )
        .needs(P::PartiesWrite)
        .import::<wire::Imported, _>(MEDIA_TYPES, import_parties),
        Route::post(
            "/v1/interests/import",
            "importInterests",
            "Record many interests, all or none",
        )
        .needs(P::PartiesWrite)
        .import::<wire::Imported, _>(MEDIA_TYPES, import_interests),
    ]
}

fn exports() -> Vec<Route> {
    let one = |path, operation, summary| {
        Route::get(path, operation, summary)
            .needs(P::PartiesRead)
            .slow()
    };
    vec![
        one(
            "/v1/parties/export.csv",
            "exportPartiesCsv",
            "Export parties as CSV; what is sealed stays out",
        )
        .download(CSV, |ask| csv(&PARTY_COLUMNS, parties(ask), party_row)),
        one(
            "/v1/parties/export.jsonl",
            "exportPartiesJsonl",
            "Export parties as JSON Lines; what is sealed stays out",
        )
        .download(JSONL, |ask| bulk::to_jsonl(parties(ask))),
        one(
            "/v1/interests/export.csv",
            "exportInterestsCsv",
            "Export interests as CSV",
        )
        .download(CSV, |ask| {
            csv(&INTEREST_COLUMNS, interests_of(ask), interest_row)
        }),
        one(
            "/v1/interests/export.jsonl",
            "exportInterestsJsonl",
            "Export interests as JSON Lines",
        )
        .download(JSONL, |ask| bulk::to_jsonl(interests_of(ask))),
    ]
}

/// A row of a file: its line, and what it says or why it cannot be read.
type Row<T> = (u64, Result<T, Bad>);

/// A CSV row by column.
type Cells = BTreeMap<String, String>;

/// Takes a cell; `None` when the column is missing or the cell is empty.
fn cell(cells: &mut Cells, column: &str) -> Option<String> {
    cells.remove(column).filter(|text| !text.is_empty())
}

/// Takes a cell and parses it. The message does not repeat the cell: with a column out of place
/// it could hold anything.
fn parsed<T: std::str::FromStr>(
    cells: &mut Cells,
    column: &'static str,
    expected: &str,
) -> Result<Option<T>, Bad> {
    let text = cell(cells, column);
    text.map(|text| {
        text.parse()
            .map_err(|_| (column, format!("expected {expected}")))
    })
    .transpose()
}

fn needed<T>(column: &'static str, value: Option<T>) -> Result<T, Bad> {
    value.ok_or_else(|| (column, "is empty".to_owned()))
}

fn rows<T: DeserializeOwned>(
    ask: &Ask,
    bytes: &[u8],
    columns: &[&str],
    read: impl Fn(&mut Cells) -> Result<T, Bad>,
) -> Result<Vec<Row<T>>, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let rows = match ask.media_type() {
        CSV => csv_rows(bytes, columns, read)?,
        _ => json_rows(bytes),
    };
    if rows.is_empty() {
        return Err(Problem::edge(Edge::InvalidRow, "there are no rows"));
    }
    if rows.len() > MOST_ROWS {
        let detail = format!("{} rows; at most {MOST_ROWS} are one act", rows.len());
        return Err(Problem::edge(Edge::InvalidRow, detail));
    }
    Ok(rows)
}

fn csv_rows<T>(
    bytes: &[u8],
    columns: &[&str],
    read: impl Fn(&mut Cells) -> Result<T, Bad>,
) -> Result<Vec<Row<T>>, Problem> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let header = reader.headers().cloned().unwrap_or_default();
    let header: Vec<String> = header.iter().map(ToOwned::to_owned).collect();
    let stray = header.iter().any(|name| !columns.contains(&name.as_str()));
    let twice = (1..header.len()).any(|n| header[..n].contains(&header[n]));
    if stray || twice || header.is_empty() {
        let columns = columns.join(",");
        let detail = format!("line 1: the columns are among {columns}, each at most once");
        return Err(Problem::edge(Edge::InvalidRow, detail));
    }
    let row = |record: Result<csv::StringRecord, csv::Error>| match record {
        Ok(record) => {
            let line = record.position().map_or(0, csv::Position::line);
            let mut cells: Cells = header
                .iter()
                .cloned()
                .zip(record.iter().map(ToOwned::to_owned))
                .collect();
            (line, read(&mut cells))
        }
        Err(error) => {
            let line = error.position().map_or(0, csv::Position::line);
            let why = match error.kind() {
                csv::ErrorKind::UnequalLengths {
                    expected_len, len, ..
                } => {
                    format!("has {len} fields, the first line has {expected_len}")
                }
                csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
                _ => "is not CSV".to_owned(),
            };
            (line, Err(("row", why)))
        }
    };
    Ok(reader.records().map(row).collect())
}

fn json_rows<T: DeserializeOwned>(bytes: &[u8]) -> Vec<Row<T>> {
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    let read = |line: &[u8]| {
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        let row: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            // A field that is missing or too many is named; what a field holds is not repeated.
            let told = error.inner().to_string();
            let about = told.starts_with("missing field") || told.starts_with("unknown field");
            let why = match (about, error.inner().is_data()) {
                (true, _) => told,
                (false, true) if path != "." => format!("{path} is not what the schema says of it"),
                (false, true) => "is not an object of the schema".to_owned(),
                (false, false) => "is not JSON".to_owned(),
            };
            ("row", why)
        })?;
        deserializer
            .end()
            .map_err(|_| ("row", "has more than one value".to_owned()))?;
        Ok(row)
    };
    lines.map(|(number, line)| (number, read(line))).collect()
}

/// All rows read, or the first bad ones by line.
fn all_or_none<T>(rows: impl Iterator<Item = Row<T>>) -> Result<Vec<T>, Problem> {
    let (mut good, mut errors) = (Vec::new(), bulk::Errors::default());
    for (line, row) in rows {
        match row {
            Ok(row) => good.push(row),
            Err((field, why)) => errors.note(line, format!("{field}: {why}")),
        }
    }
    errors.none()?;
    Ok(good)
}

/// Columns of parties, in and out. Aliases and identifiers (`SCHEME:value`) are separated by `|`.
const PARTY_COLUMNS: [&str; 14] = [
    "kind",
    "name",
    "aliases",
    "domicile",
    "headquarters",
    "address",
    "identifiers",
    "source",
    "source_digest",
    "no_parent",
    "no_parent_digest",
    "not_held_by_listed",
    "not_held_by_listed_digest",
    "sealed",
];

fn several(text: Option<String>) -> Option<Vec<String>> {
    text.map(|text| text.split('|').map(|one| one.trim().to_owned()).collect())
}

fn party_of(cells: &mut Cells) -> Result<wire::RegisterParty, Bad> {
    let country = "a country (ISO 3166-1 alpha-2)";
    let text = "a text of at most 10,000 characters";
    let kinds = "company, person, arrangement, state-body or unknown";
    let kind = parsed(cells, "kind", kinds)?;
    let name = cell(cells, "name");
    let aliases = several(cell(cells, "aliases"));
    let domicile = parsed(cells, "domicile", country)?;
    let headquarters = parsed(cells, "headquarters", country)?;
    let address = cell(cells, "address");
    let identifiers = several(cell(cells, "identifiers"));
    let identifier = |one: String| {
        let bad = || ("identifiers", "expected SCHEME:value".to_owned());
        let (scheme, value) = one.split_once(':').ok_or_else(bad)?;
        Ok(wire::NewIdentifier {
            scheme: Code(scheme.trim().parse().map_err(|_| bad())?),
            value: value.trim().to_owned(),
        })
    };
    let identifiers = identifiers.map(|all| all.into_iter().map(identifier).collect());
    let what = parsed(cells, "source", text)?;
    let digest = parsed(cells, "source_digest", "a SHA-256 digest")?;
    let declared = parsed(cells, "no_parent", text)?;
    let declaration = parsed(cells, "no_parent_digest", "a SHA-256 digest")?;
    let not_held = parsed(cells, "not_held_by_listed", text)?;
    let statement = parsed(cells, "not_held_by_listed_digest", "a SHA-256 digest")?;
    let sealed = parsed(cells, "sealed", "true or false")?;
    Ok(wire::RegisterParty {
        kind: needed("kind", kind)?,
        name: needed("name", name)?,
        aliases,
        domicile: domicile.map(Country),
        headquarters: headquarters.map(Country),
        address,
        identifiers: identifiers.transpose()?,
        source: values::Text(needed("source", what)?),
        source_digest: digest.map(Digest),
        no_parent: declared.map(values::Text),
        no_parent_digest: declaration.map(Digest),
        not_held_by_listed: not_held.map(values::Text),
        not_held_by_listed_digest: statement.map(Digest),
        sealed,
    })
}

fn import_parties(ask: &Ask, bytes: &[u8]) -> Result<Act, Problem> {
    ask.whole_book()?;
    let rows = rows(ask, bytes, &PARTY_COLUMNS, party_of)?;
    let read = rows
        .into_iter()
        .map(|(line, row)| (line, row.and_then(told::registration)));
    let read = all_or_none(read)?;
    let context = Context {
        command_id: ask.command_id(),
        actor: ask.caller().principal,
        recorded_at: ask.now(),
        part: 0,
    };
    let (mut commands, mut blobs) = (Vec::with_capacity(read.len()), Vec::new());
    for (part, (identity, rest, seal)) in (1..).zip(read) {
        // The book decides each on the ones before it, as a part of its own.
        let id: PartyId = context.part(part).mint(0);
        let (fields, sealed) = identity.fields(ask, id, seal)?;
        blobs.extend(sealed);
        let facts = rest.with(fields);
        let command = Parties::RegisterParty(domain::RegisterParty { facts });
        commands.push(Command::Parties(command));
    }
    let act = Act::new(Command::All(commands), |state: &State, events| {
        imported(events, |event| match event {
            Event::Parties(domain::Event::PartyRegistered(made)) => {
                state.parties.party_label(made.party)
            }
            _ => None,
        })
    });
    Ok(act.with_sealed(blobs))
}

fn imported(events: &[Event], label: impl Fn(&Event) -> Option<String>) -> wire::Imported {
    wire::Imported {
        count: u32::try_from(events.len()).unwrap_or(u32::MAX),
        first: events.first().and_then(&label),
        last: events.last().and_then(&label),
    }
}

/// Columns of interests, in and out. Without `economic_min` and `economic_max`, as the votes.
const INTEREST_COLUMNS: [&str; 10] = [
    "owner",
    "owned",
    "voting_min",
    "voting_max",
    "economic_min",
    "economic_max",
    "from",
    "until",
    "source",
    "source_digest",
];

fn interest_of(cells: &mut Cells) -> Result<wire::RecordInterest, Bad> {
    let share = "a share in per cent";
    let (day, text) = ("a date", "a text of at most 10,000 characters");
    let owner = needed("owner", cell(cells, "owner"))?;
    let owned = needed("owned", cell(cells, "owned"))?;
    let voting_min = parsed(cells, "voting_min", share)?;
    let voting_max = parsed(cells, "voting_max", share)?;
    let economic_min = parsed(cells, "economic_min", share)?;
    let economic_max = parsed(cells, "economic_max", share)?;
    let economic = match (economic_min, economic_max) {
        (None, None) => None,
        (min, max) => Some(wire::ShareRange {
            min: Share(needed("economic_min", min)?),
            max: Share(needed("economic_max", max)?),
        }),
    };
    let from = parsed(cells, "from", day)?;
    let until = parsed(cells, "until", day)?;
    let what = parsed(cells, "source", text)?;
    let digest = parsed(cells, "source_digest", "a SHA-256 digest")?;
    Ok(wire::RecordInterest {
        owner: Ref(owner),
        owned: Ref(owned),
        voting: wire::ShareRange {
            min: Share(needed("voting_min", voting_min)?),
            max: Share(needed("voting_max", voting_max)?),
        },
        economic,
        from: Date(needed("from", from)?),
        until: until.map(Date),
        source: values::Text(needed("source", what)?),
        source_digest: digest.map(Digest),
    })
}

fn import_interests(ask: &Ask, bytes: &[u8]) -> Result<Act, Problem> {
    ask.whole_book()?;
    let parties = &ask.state().parties.parties;
    let rows = rows(ask, bytes, &INTEREST_COLUMNS, interest_of)?;
    let party = |field: &'static str, named: &Ref| {
        let found = ask.resolve(field, parties, named);
        found
            .map(|found| found.id)
            .map_err(|_| (field, "there is no such party".to_owned()))
    };
    let read = rows.into_iter().map(|(line, row)| {
        let facts = row.and_then(|row| {
            let owner = party("owner", &row.owner)?;
            let owned = party("owned", &row.owned)?;
            interests::facts(row, owner, owned)
        });
        (line, facts)
    });
    let commands = all_or_none(read)?.into_iter().map(|facts| {
        let command = Parties::RecordInterest(domain::RecordInterest { facts });
        Command::Parties(command)
    });
    let command = Command::All(commands.collect());
    Ok(Act::new(command, |state: &State, events| {
        imported(events, |event| match event {
            Event::Parties(domain::Event::InterestRecorded(made)) => {
                state.parties.interest_label(made.interest)
            }
            _ => None,
        })
    }))
}

fn parties(ask: &Ask) -> Vec<wire::Party> {
    let (sight, state) = (Sight::of(ask), ask.state());
    let rows = state.parties.parties.iter();
    let seen = rows.filter(|(_, id, _)| sight.reads(**id));
    seen.filter_map(|(_, id, _)| {
        let mut party = sight.party(state, *id)?;
        // A file leaves the system: it carries nothing that leads to a sealed value.
        if party.sealed {
            party.name.sealed = None;
            party.aliases.clear();
            party.address = None;
            party.identifiers.clear();
        }
        Some(party)
    })
    .collect()
}

fn interests_of(ask: &Ask) -> Vec<wire::Interest> {
    let (sight, state) = (Sight::of(ask), ask.state());
    let rows = state.parties.interests.iter();
    let seen = rows.filter(|(_, _, row)| sight.interest(&state.parties, row));
    seen.filter_map(|(_, id, _): (_, &InterestId, _)| interests::interest(state, *id))
        .collect()
}

fn csv<T>(
    columns: &[&str],
    rows: Vec<T>,
    cells: impl Fn(T) -> Vec<String>,
) -> Result<Vec<u8>, Problem> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut put = |record: &[String]| {
        writer
            .write_record(record)
            .map_err(|error| respond::internal(&error))
    };
    let head: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    put(&head)?;
    for row in rows {
        put(&cells(row))?;
    }
    writer
        .into_inner()
        .map_err(|error| respond::internal(error.error()))
}

fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn party_row(party: wire::Party) -> Vec<String> {
    let open = |field: values::Confidential| field.value.unwrap_or_default();
    let aliases: Vec<String> = party.aliases.into_iter().map(open).collect();
    let identifiers = party.identifiers.into_iter();
    let identifiers: Vec<String> = identifiers
        .map(|one| format!("{}:{}", one.scheme.0, open(one.value)))
        .collect();
    vec![
        party.kind.to_string(),
        open(party.name),
        aliases.join("|"),
        or_empty(party.domicile.map(|country| country.0)),
        or_empty(party.headquarters.map(|country| country.0)),
        or_empty(party.address.map(open)),
        identifiers.join("|"),
        party.source.0.to_string(),
        or_empty(party.source_digest.map(|digest| digest.0)),
        or_empty(party.no_parent.map(|what| what.0)),
        or_empty(party.no_parent_digest.map(|digest| digest.0)),
        or_empty(party.not_held_by_listed.map(|what| what.0)),
        or_empty(party.not_held_by_listed_digest.map(|digest| digest.0)),
        party.sealed.to_string(),
    ]
}

fn interest_row(row: wire::Interest) -> Vec<String> {
    let share = |share: Share| share.0.to_string().trim_end_matches('%').to_owned();
    vec![
        row.owner_label,
        row.owned_label,
        share(row.voting.min),
        share(row.voting.max),
        share(row.economic.min),
        share(row.economic.max),
        row.from.0.to_string(),
        or_empty(row.until.map(|date| date.0)),
        row.source.0.to_string(),
        or_empty(row.source_digest.map(|digest| digest.0)),
    ]
}
