//! Dated interests of one party in another.

use bareboat_access::Permission as P;
use bareboat_api::parties as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::id::derive_id;
use bareboat_base::{Date, InterestId, PartyId, ShareRange};
use bareboat_book::{Command, State};
use bareboat_parties::{self as domain, Command as Parties};

use super::sight::Sight;
use crate::{Act, Ask, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/interests",
            "listInterests",
            "List interests, ended ones too",
        )
        .needs(P::PartiesRead)
        .parameter(
            "owner",
            "Only those that this party holds: its id or label.",
        )
        .parameter("owned", "Only those in this party: its id or label.")
        .parameter("on", "Only those held on this day.")
        .page(list_interests),
        Route::post(
            "/v1/interests",
            "recordInterest",
            "Record an interest of one party in another",
        )
        .needs(P::PartiesWrite)
        .create::<wire::RecordInterest, wire::Interest, _>(record_interest),
        Route::get(
            "/v1/interests/{interest}",
            "getInterest",
            "Read an interest",
        )
        .needs(P::PartiesRead)
        .item(get_interest),
        Route::post(
            "/v1/interests/{interest}/end",
            "endInterest",
            "Record from which day an interest is no longer held",
        )
        .needs(P::PartiesWrite)
        .change::<wire::EndInterest, wire::Interest, _>(end_interest),
    ]
}

pub(super) fn interest(state: &State, id: InterestId) -> Option<wire::Interest> {
    let table = &state.parties.interests;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    Some(wire::Interest::of(handle, id, row, &state.parties))
}

fn list_interests(ask: &Ask) -> Result<Page<wire::Interest>, Problem> {
    let all = &ask.state().parties;
    let owner = ask.param_ref("owner", &all.parties)?;
    let owned = ask.param_ref("owned", &all.parties)?;
    let on: Option<Date> = ask.parsed("on")?;
    let sight = Sight::of(ask);
    ask.page(&all.interests, |handle, id, row| {
        let facts = &row.facts;
        let shown = owner.is_none_or(|one| one == facts.owner)
            && owned.is_none_or(|one| one == facts.owned)
            && on.is_none_or(|day| facts.holds_on(day))
            && sight.interest(all, row);
        shown.then(|| wire::Interest::of(handle, id, row, all))
    })
}

fn get_interest(ask: &Ask) -> Result<wire::Interest, Problem> {
    let all = &ask.state().parties;
    let found = ask.row("interest", &all.interests)?;
    ask.seen(Sight::of(ask).interest(all, found.row), found.id)?;
    Ok(wire::Interest::of(found.handle, found.id, found.row, all))
}

/// Both bounds of a share, or which field is wrong.
pub(super) fn range(
    field: &'static str,
    told: wire::ShareRange,
) -> Result<ShareRange, super::told::Bad> {
    ShareRange::new(told.min.0, told.max.0).map_err(|error| (field, error.to_string()))
}

/// An interest as the domain takes it, between parties that were found.
pub(super) fn facts(
    body: wire::RecordInterest,
    owner: PartyId,
    owned: PartyId,
) -> Result<domain::InterestFacts, super::told::Bad> {
    Ok(domain::InterestFacts {
        owner,
        owned,
        voting: range("voting", body.voting)?,
        economic: range("economic", body.economic.unwrap_or(body.voting))?,
        from: body.from.0,
        until: body.until.map(|date| date.0),
        source: wire::source(body.source, body.source_digest),
    })
}

fn record_interest(ask: &Ask, body: wire::RecordInterest) -> Result<Act, Problem> {
    ask.whole_book()?;
    let table = &ask.state().parties.parties;
    let owner = ask.resolve("owner", table, &body.owner)?.id;
    let owned = ask.resolve("owned", table, &body.owned)?.id;
    let facts = facts(body, owner, owned).map_err(|(field, why)| ask.field(field, why))?;
    let command = Parties::RecordInterest(domain::RecordInterest { facts });
    let id = derive_id(ask.command_id(), 0);
    // Who recorded it is told what it said, though it may not read it later.
    Ok(Act::new(Command::Parties(command), move |state, _| {
        interest(state, id)
    }))
}

fn end_interest(ask: &Ask, body: wire::EndInterest) -> Result<Act, Problem> {
    ask.whole_book()?;
    let all = &ask.state().parties;
    let found = ask.row("interest", &all.interests)?;
    let id = found.id;
    ask.seen(Sight::of(ask).interest(all, found.row), id)?;
    let command = domain::EndInterest {
        interest: id,
        on: body.on.0,
    };
    let act = Act::new(
        Command::Parties(Parties::EndInterest(command)),
        move |state, _| interest(state, id),
    );
    Ok(act.guarded(move |state| interest(state, id)))
}
