//! Screenings: the edge opens what is sealed, compares, and records what it found, with every
//! opening, as one act.

use std::sync::Arc;

use bareboat_access::Permission as P;
use bareboat_api::parties::PartyKind;
use bareboat_api::screening as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::{
    Code, Confidential, Country, ListSnapshotId, PartyId, Salt, ScreeningId, Text,
};
use bareboat_book::command::OpenSealed;
use bareboat_book::{Command, Event, State};
use bareboat_journal::SealedBlob;
use bareboat_parties::{Party, PartyKind as Kind};
use bareboat_screening::engine::{Candidate, ENGINE_VERSION, Query, THRESHOLD_PERMILLE};
use bareboat_screening::{
    self as domain, Command as Screening, EntryIdentifier, EntryKind, NewHit, RecordScreening,
    entry_key, entry_version,
};

use super::loaded::{self, Loaded};
use crate::ask::{forbidden, not_found};
use crate::routes::parties::sealing::{self, Sealer};
use crate::routes::parties::sight::Sight;
use crate::{Act, Ask, Route};

/// Parties screened in one act at most.
const MOST: usize = 500;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/screenings", "listScreenings", "List screenings")
            .needs(P::ScreeningRead)
            .parameter("party", "Only this party's: its id or label.")
            .page(list_screenings),
        Route::post(
            "/v1/screenings",
            "screen",
            "Screen a party, or all whose screening is not current, against the newest lists",
        )
        .needs(P::ScreeningRun)
        .slow()
        .create::<wire::Screen, wire::Screened, _>(screen_parties),
        Route::get(
            "/v1/parties/{party}/screening",
            "getPartyScreening",
            "Read whether a party's screening is current, and which lists it is on",
        )
        .needs(P::ScreeningRead)
        .item(party_screening),
        Route::post(
            "/v1/screen",
            "screenName",
            "Ask whether a name is on a list; nothing is recorded",
        )
        .needs(P::ScreeningRead)
        .slow()
        .ask::<wire::ScreenName, wire::Candidates, _>(screen_name),
    ]
}

fn screening(state: &State, id: ScreeningId) -> Option<wire::Screening> {
    let table = &state.screening.screenings;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    Some(wire::Screening::of(handle, id, row, &state.parties))
}

fn list_screenings(ask: &Ask) -> Result<Page<wire::Screening>, Problem> {
    let state = ask.state();
    let party = ask.param_ref("party", &state.parties.parties)?;
    ask.page(&state.screening.screenings, |handle, id, row| {
        let shown = ask.reach().is_book() && party.is_none_or(|one| one == row.party);
        shown.then(|| wire::Screening::of(handle, id, row, &state.parties))
    })
}

fn party_screening(ask: &Ask) -> Result<wire::PartyScreening, Problem> {
    let state = ask.state();
    let found = ask.row("party", &state.parties.parties)?;
    ask.seen(ask.reach().is_book(), found.id)?;
    let (id, version) = (found.id, found.row.version);
    let screenings = &state.screening;
    let latest = screenings.parties.get(&id).map(|row| row.latest);
    let listings = domain::listings(screenings, id).into_iter();
    let open = domain::open_hits(screenings, id).into_iter();
    Ok(wire::PartyScreening {
        party: id.into(),
        label: state.parties.party_label(id).unwrap_or_default(),
        party_version: version,
        current: domain::is_current(screenings, id, version),
        outdated: domain::outdated_lists(screenings, id, version)
            .into_iter()
            .map(Into::into)
            .collect(),
        latest: latest.and_then(|latest| screening(state, latest)),
        listings: listings
            .map(|one| wire::Listing {
                list: one.list.into(),
                hit: one.hit.into(),
                since: one.since.into(),
            })
            .collect(),
        open_hits: open.map(|(hit, _)| hit.into()).collect(),
    })
}

/// What a query looks for, of what a party is. An arrangement may be listed as anything.
fn entry_kind(kind: Kind) -> Option<EntryKind> {
    match kind {
        Kind::Company | Kind::StateBody => Some(EntryKind::Organisation),
        Kind::Person => Some(EntryKind::Person),
        Kind::Arrangement | Kind::Unknown => None,
    }
}

fn engine_version(ask: &Ask) -> Result<Code, Problem> {
    ask.parse("engine_version", ENGINE_VERSION)
}

fn screen_name(ask: &Ask, body: wire::ScreenName) -> Result<wire::Candidates, Problem> {
    let name = bareboat_base::Name::new(&body.name).map_err(|bad| ask.field("name", bad))?;
    let countries = body.countries.unwrap_or_default();
    if countries.len() > 50 {
        return Err(ask.field("countries", "at most 50"));
    }
    let kind: Option<PartyKind> = body.kind;
    let query = Query {
        names: vec![name.to_string()],
        kind: kind.and_then(|kind| entry_kind(kind.into())),
        countries: countries.into_iter().map(|country| country.0).collect(),
        ..Query::default()
    };
    let (lists, loaded) = loaded::newest(ask)?;
    let found = loaded.index.screen(&query);
    Ok(wire::Candidates {
        engine_version: engine_version(ask)?.into(),
        lists: lists.into_iter().map(Into::into).collect(),
        threshold_permille: THRESHOLD_PERMILLE,
        candidates: found.into_iter().map(Into::into).collect(),
    })
}

/// Whom a request asks to screen, how many more wait, and how many cannot be screened.
fn chosen(ask: &Ask, body: &wire::Screen) -> Result<(Vec<PartyId>, u32, u32), Problem> {
    let state = ask.state();
    match (&body.party, body.all) {
        (Some(party), None | Some(false)) => {
            let id = ask.resolve("party", &state.parties.parties, party)?.id;
            Ok((vec![id], 0, 0))
        }
        (None, Some(true)) => {
            let (mut some, mut more, mut shredded) = (Vec::new(), 0, 0);
            for (_, id, row) in state.parties.parties.iter() {
                if domain::is_current(&state.screening, *id, row.version) {
                    continue;
                }
                if row.is_sealed() && state.seals.shredded.contains(id) {
                    shredded += 1;
                } else if some.len() < MOST {
                    some.push(*id);
                } else {
                    more += 1;
                }
            }
            Ok((some, more, shredded))
        }
        _ => Err(ask.field("party", "give either a `party`, or `all` as true")),
    }
}

fn screen_parties(ask: &Ask, body: wire::Screen) -> Result<Act, Problem> {
    ask.whole_book()?;
    let (parties, remaining, shredded) = chosen(ask, &body)?;
    let (lists, loaded) = loaded::newest(ask)?;
    let sight = Sight::of(ask);
    let (mut commands, mut blobs) = (Vec::new(), Vec::new());
    for id in parties {
        if lists.is_empty() {
            return Err(Problem::refused(&domain::Rejection::NoLists { party: id }));
        }
        let row = ask.state().parties.party(id);
        let row = row.ok_or_else(not_found::<PartyId>)?;
        if row.is_sealed() && !sight.opens(id) {
            return Err(forbidden(P::PartiesOpen));
        }
        let mut examination = Examination {
            ask,
            loaded: &loaded,
            lists: &lists,
            party: id,
            commands: Vec::new(),
            sealer: Sealer::new(ask, id),
        };
        examination.screen(row)?;
        commands.append(&mut examination.commands);
        blobs.append(&mut examination.blobs());
    }
    let act = Act::new(
        Command::All(commands),
        move |state: &State, events: &[Event]| {
            let made = events.iter().filter_map(|event| match event {
                Event::Screening(domain::Event::ScreeningRecorded(made)) => Some(made),
                _ => None,
            });
            let (mut screenings, mut raised) = (Vec::new(), 0_usize);
            for made in made {
                raised += made.raised.len();
                screenings.extend(screening(state, made.screening));
            }
            wire::Screened {
                screenings,
                raised: u32::try_from(raised).unwrap_or(u32::MAX),
                remaining,
                shredded,
            }
        },
    );
    Ok(act.with_sealed(blobs))
}

/// One party under examination.
struct Examination<'a> {
    ask: &'a Ask,
    loaded: &'a Arc<Loaded>,
    lists: &'a [ListSnapshotId],
    party: PartyId,
    commands: Vec<Command>,
    sealer: Sealer<'a>,
}

impl Examination<'_> {
    fn blobs(self) -> Vec<SealedBlob> {
        self.sealer.into_blobs()
    }

    /// A value in the clear, its opening put on record in the same act.
    fn clear<T: ToString>(
        &mut self,
        field: &str,
        value: &Confidential<T>,
    ) -> Result<String, Problem> {
        let sealed = match value {
            Confidential::Open(value) => return Ok(value.to_string()),
            Confidential::Sealed(sealed) => *sealed,
        };
        let text = sealing::open(self.ask.app(), &sealed)?;
        self.commands.push(Command::OpenSealed(OpenSealed {
            sealed,
            field: self.ask.parse("field", field)?,
            purpose: self.ask.parse("purpose", "screening")?,
        }));
        Ok(text)
    }

    fn query(&mut self, row: &Party) -> Result<Query, Problem> {
        let facts = &row.facts;
        let mut names = vec![self.clear("name", &facts.name)?];
        for alias in &facts.aliases {
            names.push(self.clear("alias", alias)?);
        }
        let mut identifiers = Vec::with_capacity(facts.identifiers.len());
        for one in &facts.identifiers {
            identifiers.push(EntryIdentifier {
                scheme: one.scheme.to_string(),
                value: self.clear("identifier", &one.value)?,
            });
        }
        let mut countries: Vec<Country> = facts.domicile.into_iter().collect();
        countries.extend(facts.headquarters.filter(|c| !countries.contains(c)));
        Ok(Query {
            names,
            kind: entry_kind(facts.kind),
            countries,
            birth_dates: Vec::new(),
            identifiers,
        })
    }

    fn screen(&mut self, row: &Party) -> Result<(), Problem> {
        let salt = if row.is_sealed() {
            let salt = self.ask.app().vault.salt(self.party, "screening");
            salt.map_err(|error| sealing::vault_failed(&error))?
        } else {
            None
        };
        let query = self.query(row)?;
        let mut hits = Vec::new();
        for candidate in self.loaded.index.screen(&query) {
            hits.extend(self.hit(candidate, salt.as_ref())?);
        }
        let record = RecordScreening {
            party: self.party,
            party_version: row.version,
            current_party_version: row.version,
            lists: self.lists.to_vec(),
            engine_version: engine_version(self.ask)?,
            query: query.digest(salt.as_ref().map_or(&[], |salt| &salt.0)),
            hits,
        };
        let command = Screening::RecordScreening(record);
        self.commands.push(Command::Screening(command));
        Ok(())
    }

    /// A candidate as the command carries it: sealed when a salt says that the party is.
    fn hit(&mut self, found: Candidate, salt: Option<&Salt>) -> Result<Option<NewHit>, Problem> {
        let screenings = &self.ask.state().screening;
        let (Some((snapshot, _)), Some(entry)) = (
            screenings.newest(&found.list),
            self.loaded.entry(&found.list, &found.entry_id),
        ) else {
            return Ok(None);
        };
        let (shown, reasons) = (
            words(self.ask, &entry.to_string())?,
            words(self.ask, &found.explanation())?,
        );
        let (key, version) = (
            entry_key(&found.list, &found.entry_id, salt),
            entry_version(entry, salt),
        );
        let (shown, reasons) = match salt {
            None => (Confidential::Open(shown), Confidential::Open(reasons)),
            Some(_) => (
                self.sealer.seal("hit entry", &shown)?,
                self.sealer.seal("hit reasons", &reasons)?,
            ),
        };
        Ok(Some(NewHit {
            snapshot,
            list: found.list,
            entry: shown,
            entry_key: key,
            entry_version: version,
            score_permille: found.score_permille,
            reasons,
        }))
    }
}

/// A publisher's words as the book keeps texts: without control characters, not too long.
fn words(ask: &Ask, text: &str) -> Result<Text, Problem> {
    let kept = text.chars().take(10_000);
    let kept: String = kept
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect();
    Text::new(&kept).map_err(|bad| ask.field("entry", bad))
}
