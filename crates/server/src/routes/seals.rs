//! Sealed values: opened, each time on record; or shredded, for good.

use bareboat_access::Permission as P;
use bareboat_api::code::Edge;
use bareboat_api::evidence::EvidenceDocument;
use bareboat_api::seals as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::{PartyId, SealedId, SealedRef, Text, TypedId as _};
use bareboat_book::command::{OpenSealed, ShredKey};
use bareboat_book::{Command, State, seals as domain};
use bareboat_journal::{Vault, VaultError};
use serde_json::{Map, Value};

use super::parties::sealing;
use super::parties::sight::Sight;
use crate::{Act, Ask, Engine, Route, respond};

/// The routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/sealed/openings",
            "listOpenings",
            "List who opened which sealed value, when and why",
        )
        .needs(P::OpeningsRead)
        .parameter("party", "Only this party's values: its id or label.")
        .parameter("sealed", "Only this value: its id.")
        .parameter("by", "Only those by this principal: its id or label.")
        .page(list_openings),
        Route::post(
            "/v1/sealed/{sealed}/open",
            "openSealed",
            "Open a sealed value; the opening is recorded first",
        )
        .needs(P::PartiesOpen)
        .slow()
        .change::<wire::OpenSealed, wire::Opened, _>(open_sealed),
        Route::post(
            "/v1/parties/{party}/shred",
            "shredParty",
            "Destroy the key of all that is sealed of a party, for good",
        )
        .needs(P::PartiesShred)
        .slow()
        .change::<wire::ShredKey, wire::Shredded, _>(shred_party),
    ]
}

/// Destroys again every key that the book says is destroyed: after a restored backup, or a stop
/// between the record and the deed. Part of opening a book.
pub fn shred_again(engine: &Engine, vault: &Vault) -> Result<(), VaultError> {
    let view = engine.view();
    let mut shredded = view.state.seals.shredded.iter();
    shredded.try_for_each(|(_, party, _)| vault.shred(*party))
}

fn opening(state: &State, number: u32, row: &domain::Opening) -> wire::Opening {
    let opened = &row.opened;
    let party = opened.sealed.party;
    wire::Opening {
        number: number.saturating_add(1),
        sealed: opened.sealed.id.into(),
        party: party.into(),
        party_label: state.parties.party_label(party).unwrap_or_default(),
        field: opened.field.to_string(),
        purpose: opened.purpose.clone().into(),
        recorded: row.recorded.into(),
    }
}

fn list_openings(ask: &Ask) -> Result<Page<wire::Opening>, Problem> {
    let state = ask.state();
    let party = ask.param_ref("party", &state.parties.parties)?;
    let by = ask.param_ref("by", &state.access.principals)?;
    let sealed: Option<SealedId> = ask.parsed("sealed")?;
    ask.page(&state.seals.openings, |_, number, row| {
        let reference = &row.opened.sealed;
        let shown = ask.reach().is_book()
            && party.is_none_or(|one| one == reference.party)
            && sealed.is_none_or(|one| one == reference.id)
            && by.is_none_or(|one| one == row.recorded.by);
        shown.then(|| opening(state, number, row))
    })
}

/// A whole document, among the fields of a party.
const DOCUMENT: &str = "document";

/// The value that a party's fields, its hits or its documents show under an id; and which field
/// it is. `office`: for the operator's own people.
fn reference(
    state: &State,
    party: PartyId,
    id: SealedId,
    office: bool,
) -> Option<(SealedRef, &'static str)> {
    let facts = &state.parties.party(party)?.facts;
    let names = facts.aliases.iter().map(|alias| ("alias", alias.sealed()));
    let identifiers = facts
        .identifiers
        .iter()
        .map(|one| ("identifier", one.value.sealed()));
    let fields = std::iter::once(("name", facts.name.sealed()))
        .chain(names)
        .chain(facts.address.iter().map(|one| ("address", one.sealed())))
        .chain(identifiers);
    let of_hits = state.screening.hits_of(party).filter(|_| office);
    let of_hits = of_hits.flat_map(|(_, hit)| {
        [
            ("hit entry", hit.found.entry.sealed()),
            ("hit reasons", hit.found.reasons.sealed()),
        ]
    });
    let documents = state.seals.documents.values().filter(|_| office);
    let documents = documents.map(|document| (DOCUMENT, Some(&document.sealed)));
    let mut all = fields.chain(of_hits).chain(documents);
    all.find_map(|(field, sealed)| Some((*sealed.filter(|one| one.id == id)?, field)))
}

/// The value that the path names, when the caller may open it.
fn found(ask: &Ask) -> Result<(SealedRef, &'static str), Problem> {
    let Ok(uuid) = uuid::Uuid::try_parse(ask.argument("sealed")) else {
        let detail = "sealed: expected the id of a sealed value, a UUID";
        return Err(Problem::edge(Edge::InvalidPath, detail));
    };
    let id = SealedId::from_uuid(uuid);
    let blob = ask.app().engine.sealed(id);
    let blob = blob.map_err(|error| respond::internal(&error))?;
    let party = blob.map(|blob| blob.party);
    // What was found of a party's screenings is not for the party, nor are the operator's records.
    let office = ask.reach().is_book();
    party
        .filter(|party| Sight::of(ask).opens(*party))
        .and_then(|party| reference(ask.state(), party, id, office))
        .ok_or_else(crate::ask::not_found::<SealedId>)
}

fn text(ask: &Ask, words: &str) -> Result<Text, Problem> {
    ask.parse("field", words)
}

fn open_sealed(ask: &Ask, body: wire::OpenSealed) -> Result<Act, Problem> {
    let (sealed, field) = found(ask)?;
    let command = Command::OpenSealed(OpenSealed {
        sealed,
        field: text(ask, field)?,
        purpose: body.purpose.0,
    });
    let act = Act::new(command, |state, _| {
        let newest = state.seals.openings.len().checked_sub(1);
        let number = newest.and_then(|number| u32::try_from(number).ok());
        let row = number.and_then(|number| Some((number, state.seals.openings.get(&number)?)));
        wire::Opened {
            opening: row.map(|(number, row)| opening(state, number, row)),
            value: None,
            document: None,
        }
    });
    let app = ask.app().clone();
    let documents = &ask.state().seals.documents;
    let document = documents.get(&sealed.commitment).cloned();
    Ok(act.revealing(move |replayed| {
        let mut fields = Map::new();
        // Every revealing is an opening on record: a repeated answer has none of its own.
        if let Some(document) = document.filter(|_| !replayed) {
            let bytes = sealing::open_bytes(&app, &sealed)?;
            let document = EvidenceDocument::of(document.media_type.as_str(), &bytes);
            let document = serde_json::to_value(document);
            fields.insert(
                DOCUMENT.to_owned(),
                document.map_err(|error| respond::internal(&error))?,
            );
        } else if !replayed {
            let value = sealing::open(&app, &sealed)?;
            fields.insert("value".to_owned(), Value::from(value));
        }
        Ok(fields)
    }))
}

fn shred_party(ask: &Ask, body: wire::ShredKey) -> Result<Act, Problem> {
    ask.whole_book()?;
    let id = ask.row("party", &ask.state().parties.parties)?.id;
    let command = Command::ShredKey(ShredKey {
        party: id,
        reason: body.reason.0,
    });
    let act = Act::new(command, move |state, _| wire::Shredded {
        party: id.into(),
        label: state.parties.party_label(id).unwrap_or_default(),
        recorded: state.seals.shredded.get(&id).map(|one| (*one).into()),
    });
    let app = ask.app().clone();
    Ok(act.revealing(move |_| {
        let done = app.vault.shred(id);
        done.map_err(|error| sealing::vault_failed(&error))?;
        Ok(Map::new())
    }))
}
