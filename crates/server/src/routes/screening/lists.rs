//! Lists as published, each snapshot with the publisher's own bytes.

use bareboat_access::Permission as P;
use bareboat_api::code::Edge;
use bareboat_api::screening as wire;
use bareboat_api::{Page, Problem, limit};
use bareboat_base::{Code, ListSnapshotId};
use bareboat_book::{Command, Event, State};
use bareboat_journal::Document;
use bareboat_screening::formats::{self, Parsed, csl, jsonl, ofac_sdn, un_xml};
use bareboat_screening::{self as domain, Command as Screening, Entry, ListChange};

use super::loaded;
use crate::bulk::JSONL;
use crate::{Act, Ask, Route, respond};

/// Malformed rows that an answer names.
const NAMED: usize = 500;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/lists", "listLists", "List restricted-party lists")
            .needs(P::ScreeningRead)
            .page(list_lists),
        Route::get(
            "/v1/lists/{list}/snapshots",
            "listSnapshots",
            "List a list's snapshots, by its code",
        )
        .needs(P::ScreeningRead)
        .page(list_snapshots),
        Route::post(
            "/v1/lists/{list}/snapshots",
            "importList",
            "Import a list as published; malformed rows are reported by line and kept out",
        )
        .needs(P::ScreeningRun)
        .body_limit(limit::BULK_BODY)
        .slow()
        .create::<wire::ImportList, wire::ListImport, _>(import_list),
        Route::get(
            "/v1/snapshots/{snapshot}/entries",
            "downloadEntries",
            "Download a snapshot's entries as JSON Lines",
        )
        .needs(P::ScreeningRead)
        .slow()
        .download(JSONL, download_entries),
    ]
}

fn snapshot(state: &State, id: ListSnapshotId) -> Option<wire::ListSnapshot> {
    let table = &state.screening.snapshots;
    Some(wire::ListSnapshot::of(
        table.handle(&id)?,
        id,
        table.get(&id)?,
    ))
}

fn code(ask: &Ask) -> Result<Code, Problem> {
    ask.argument("list").parse().map_err(|_| {
        let detail = "list: expected the code of a list, such as SDN";
        Problem::edge(Edge::InvalidPath, detail)
    })
}

fn list_lists(ask: &Ask) -> Result<Page<wire::List>, Problem> {
    let state = ask.state();
    let lists = state.screening.lists.iter();
    let rows = lists.filter(|_| ask.reach().is_book());
    ask.page_by_key(rows.filter_map(|(code, list)| {
        let row = wire::List {
            code: code.clone().into(),
            snapshots: u32::try_from(list.snapshots.len()).unwrap_or(u32::MAX),
            newest: snapshot(state, list.newest)?,
        };
        Some((code.as_str().as_bytes().to_vec(), row))
    }))
}

fn list_snapshots(ask: &Ask) -> Result<Page<wire::ListSnapshot>, Problem> {
    let code = code(ask)?;
    ask.page(&ask.state().screening.snapshots, |handle, id, row| {
        let shown = ask.reach().is_book() && row.list == code;
        shown.then(|| wire::ListSnapshot::of(handle, id, row))
    })
}

fn download_entries(ask: &Ask) -> Result<Vec<u8>, Problem> {
    let found = ask.row("snapshot", &ask.state().screening.snapshots)?;
    ask.seen(ask.reach().is_book(), found.id)?;
    let document = ask.app().engine.document(found.row.entries);
    let document = document.map_err(|error| respond::internal(&error))?;
    Ok(document.map_or_else(Vec::new, |document| document.bytes))
}

/// The one file of a format that has one.
fn only<'a>(ask: &Ask, files: &'a [wire::ListFile]) -> Result<&'a [u8], Problem> {
    match files {
        [file] => Ok(file.text.as_bytes()),
        _ => Err(ask.field("files", "this format has one file")),
    }
}

/// OFAC's three files, told apart by their names; only the first is needed.
fn ofac(ask: &Ask, list: &Code, files: &[wire::ListFile]) -> Result<Parsed, Problem> {
    let mut parts: [Option<&[u8]>; 3] = [None; 3];
    for file in files {
        let name = file.name.to_ascii_lowercase();
        let part = match name.as_str() {
            name if name.contains("alt") => 1,
            name if name.contains("add") => 2,
            name if name.contains("sdn") || name.contains("prim") => 0,
            _ => return Err(ask.field("files", "a name holds sdn (or prim), alt or add")),
        };
        if parts[part].replace(file.text.as_bytes()).is_some() {
            return Err(ask.field("files", "two files are the same part"));
        }
    }
    let [Some(primary), aliases, addresses] = parts else {
        return Err(ask.field("files", "the file of the entries (sdn or prim) is missing"));
    };
    let (aliases, addresses) = (aliases.unwrap_or_default(), addresses.unwrap_or_default());
    Ok(ofac_sdn::parse(list, primary, aliases, addresses))
}

/// Files of bareboat's own form: each is laid over those before it, as a notice adds to a list.
fn in_turn(list: &Code, files: &[wire::ListFile]) -> Parsed {
    let mut all = Parsed::default();
    for file in files {
        let parsed = jsonl::parse(Some(list), file.text.as_bytes());
        all.entries = match all.entries.is_empty() {
            true => parsed.entries,
            false => formats::overlay(&all.entries, &parsed.entries),
        };
        all.malformed.extend(parsed.malformed);
    }
    all
}

fn parse(ask: &Ask, list: &Code, body: &wire::ImportList) -> Result<Parsed, Problem> {
    let files = &body.files;
    Ok(match body.format {
        wire::ListFormat::OfacSdn => ofac(ask, list, files)?,
        wire::ListFormat::Csl => csl::parse(only(ask, files)?),
        wire::ListFormat::UnXml => un_xml::parse(list, only(ask, files)?),
        wire::ListFormat::Jsonl => in_turn(list, files),
    })
}

/// The publisher's bytes: the one file, or the files and the list of their digests.
fn originals(body: &wire::ImportList) -> Vec<Document> {
    let media_type = match body.format {
        wire::ListFormat::OfacSdn | wire::ListFormat::Csl => "text/csv",
        wire::ListFormat::UnXml => "application/xml",
        wire::ListFormat::Jsonl => JSONL,
    };
    let files = body.files.iter();
    let mut documents: Vec<Document> = files
        .map(|file| Document::new(media_type, file.text.clone().into_bytes()))
        .collect();
    if documents.len() > 1 {
        let lines = documents.iter().zip(&body.files);
        let lines = lines.map(|(document, file)| format!("{}  {}\n", document.digest, file.name));
        let manifest = lines.collect::<String>().into_bytes();
        documents.push(Document::new("text/plain", manifest));
    }
    documents
}

/// What differs from the newest snapshot.
fn change(ask: &Ask, list: &Code, entries: &[Entry]) -> Result<ListChange, Problem> {
    let before = match ask.state().screening.newest(list) {
        None => Vec::new(),
        Some((_, row)) => loaded::entries(ask.app(), row)?,
    };
    Ok(formats::diff(&before, entries).change())
}

fn import_list(ask: &Ask, body: wire::ImportList) -> Result<Act, Problem> {
    ask.whole_book()?;
    let list = code(ask)?;
    let parsed = parse(ask, &list, &body)?;
    let all = parsed.entries.len();
    let (entries, malformed) = (parsed.entries.into_iter(), parsed.malformed);
    let entries: Vec<Entry> = entries.filter(|entry| entry.list == list).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let elsewhere = count(all - entries.len());
    let canonical = Document::new(JSONL, jsonl::write(&entries));
    let documents = originals(&body);
    let original = documents.last().map(|document| document.digest);
    let command = domain::ImportList {
        list: list.clone(),
        publisher: body.publisher.0,
        published_on: body.published_on.0,
        source: body.source.0,
        original: original.ok_or_else(|| ask.field("files", "is empty"))?,
        entries: canonical.digest,
        entry_count: count(entries.len()),
        malformed: count(malformed.len()),
        previous: ask.state().screening.newest(&list).map(|(id, _)| id),
        change: change(ask, &list, &entries)?,
        confirmed: body.confirmed.unwrap_or(false),
    };
    let malformed_count = count(malformed.len());
    let rows = malformed.into_iter().take(NAMED);
    let rows: Vec<wire::MalformedRow> = rows
        .map(|row| wire::MalformedRow {
            part: row.part.to_owned(),
            line: row.line,
            problem: row.problem,
        })
        .collect();
    let command = Command::Screening(Screening::ImportList(command));
    let mut act = Act::new(command, move |state: &State, events: &[Event]| {
        let newest = state.screening.newest(&list).map(|(id, _)| id);
        let same =
            |event: &Event| matches!(event, Event::Screening(domain::Event::ListUnchanged(_)));
        wire::ListImport {
            snapshot: newest.and_then(|id| snapshot(state, id)),
            unchanged: events.iter().any(same),
            elsewhere,
            malformed: malformed_count,
            malformed_rows: rows,
        }
    });
    for document in documents.into_iter().chain([canonical]) {
        act = act.with_document(document);
    }
    Ok(act)
}
