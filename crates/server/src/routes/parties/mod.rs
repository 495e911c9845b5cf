//! Parties, interests, ownership; in bulk too.

mod bulk;
mod interests;
mod ownership;
pub(crate) mod sealing;
pub(crate) mod sight;
mod told;
pub(crate) mod veil;

use bareboat_access::Permission as P;
use bareboat_api::parties as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::id::derive_id;
use bareboat_base::{Country, PartyId};
use bareboat_book::Command;
use bareboat_parties::{self as domain, Command as Parties};

use crate::{Act, Ask, Route};
use sight::Sight;
use told::{Fields, Identity, Rest};

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = parties();
    all.extend(interests::routes());
    all.extend(bulk::routes());
    all
}

fn parties() -> Vec<Route> {
    vec![
        Route::get("/v1/parties", "listParties", "List parties")
            .needs(P::PartiesRead)
            .parameter(
                "kind",
                "Only `company`, `person`, `arrangement`, `state-body` or `unknown`.",
            )
            .parameter("sealed", "Only sealed parties (`true`), or only open ones.")
            .parameter("domicile", "Only those of this domicile (ISO 3166-1).")
            .parameter("headquarters", "Only those with headquarters there.")
            .page(list_parties),
        Route::post(
            "/v1/parties",
            "registerParty",
            "Register a party, in the open or sealed",
        )
        .needs(P::PartiesWrite)
        .create::<wire::RegisterParty, wire::Party, _>(register_party),
        Route::get("/v1/parties/{party}", "getParty", "Read a party")
            .needs(P::PartiesRead)
            .item(get_party),
        Route::post(
            "/v1/parties/{party}/amend",
            "amendParty",
            "Replace what is known of a party, whole",
        )
        .needs(P::PartiesWrite)
        .change::<wire::AmendParty, wire::Party, _>(amend_party),
        Route::get(
            "/v1/parties/{party}/ownership",
            "getOwnership",
            "Read who owns a party, what it owns, who stands at the top, and what listed parties hold",
        )
        .needs(P::PartiesRead)
        .parameter("on", "The day; today (UTC) when absent.")
        .item(ownership::get_ownership),
    ]
}

/// The party that the path names, when the caller may see it.
pub(crate) fn found(ask: &Ask, sight: &Sight) -> Result<PartyId, Problem> {
    let id = ask.row("party", &ask.state().parties.parties)?.id;
    ask.seen(sight.reads(id), id)?;
    Ok(id)
}

fn list_parties(ask: &Ask) -> Result<Page<wire::Party>, Problem> {
    let kind: Option<wire::PartyKind> = ask.parsed("kind")?;
    let sealed: Option<bool> = ask.parsed("sealed")?;
    let domicile: Option<Country> = ask.parsed("domicile")?;
    let headquarters: Option<Country> = ask.parsed("headquarters")?;
    let (sight, state) = (Sight::of(ask), ask.state());
    ask.page(&state.parties.parties, |_, id, row| {
        let facts = &row.facts;
        let shown = sight.reads(id)
            && kind.is_none_or(|one| one == facts.kind.into())
            && sealed.is_none_or(|one| one == facts.is_sealed())
            && domicile.is_none_or(|one| facts.domicile == Some(one))
            && headquarters.is_none_or(|one| facts.headquarters == Some(one));
        shown.then(|| sight.party(state, id)).flatten()
    })
}

fn get_party(ask: &Ask) -> Result<wire::Party, Problem> {
    let sight = Sight::of(ask);
    let id = found(ask, &sight)?;
    sight
        .party(ask.state(), id)
        .ok_or_else(crate::ask::not_found::<PartyId>)
}

fn register_party(ask: &Ask, body: wire::RegisterParty) -> Result<Act, Problem> {
    ask.whole_book()?;
    let read = told::registration(body);
    let (identity, rest, seal) = read.map_err(|(field, why)| ask.field(field, why))?;
    let id: PartyId = derive_id(ask.command_id(), 0);
    let (fields, blobs) = identity.fields(ask, id, seal)?;
    let facts = rest.with(fields);
    let sight = Sight::of(ask);
    let command = Parties::RegisterParty(domain::RegisterParty { facts });
    let act = Act::new(Command::Parties(command), move |state, _| {
        sight.party(state, id)
    });
    Ok(act.with_sealed(blobs))
}

fn amend_party(ask: &Ask, body: wire::AmendParty) -> Result<Act, Problem> {
    ask.whole_book()?;
    let sight = Sight::of(ask);
    let id = found(ask, &sight)?;
    let row = ask.state().parties.party(id);
    let row = row.ok_or_else(crate::ask::not_found::<PartyId>)?;
    let (fields, blobs) = match body.name {
        Some(name) => {
            let address = body.address.as_deref();
            let identity = Identity::read(&name, body.aliases, address, body.identifiers)
                .map_err(|(field, why)| ask.field(field, why))?;
            identity.fields(ask, id, body.sealed.unwrap_or(row.is_sealed()))?
        }
        None => {
            let beside = [
                ("aliases", body.aliases.is_some()),
                ("address", body.address.is_some()),
                ("identifiers", body.identifiers.is_some()),
                ("sealed", body.sealed.is_some()),
            ];
            if let Some((field, _)) = beside.into_iter().find(|(_, given)| *given) {
                return Err(ask.field(field, "goes with a name"));
            }
            (Fields::of(&row.facts), Vec::new())
        }
    };
    let rest = Rest {
        kind: body.kind.into(),
        domicile: body.domicile.map(|country| country.0),
        headquarters: body.headquarters.map(|country| country.0),
        source: wire::source(body.source, body.source_digest),
        top: told::top(body.no_parent, body.no_parent_digest)
            .map_err(|(field, why)| ask.field(field, why))?,
        not_held_by_listed: told::not_held(body.not_held_by_listed, body.not_held_by_listed_digest)
            .map_err(|(field, why)| ask.field(field, why))?,
    };
    let command = domain::AmendParty {
        party: id,
        expected_version: body.expected_version,
        facts: rest.with(fields),
    };
    let before = sight.clone();
    let act = Act::new(
        Command::Parties(Parties::AmendParty(command)),
        move |state, _| sight.party(state, id),
    );
    Ok(act
        .with_sealed(blobs)
        .guarded(move |state| before.party(state, id)))
}
