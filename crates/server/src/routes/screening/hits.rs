//! Hits, and what officers decide on them.

use bareboat_access::Permission as P;
use bareboat_api::screening as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::{Code, HitId};
use bareboat_book::{Command, State};
use bareboat_screening::{self as domain, Command as Screening};

use crate::routes::parties::sight::Sight;
use crate::{Act, Ask, Route};

const STATUSES: [&str; 7] = [
    "open",
    "needs_information",
    "proposed_true",
    "true",
    "proposed_false",
    "false",
    "superseded",
];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/hits", "listHits", "List hits")
            .needs(P::ScreeningRead)
            .parameter("party", "Only this party's: its id or label.")
            .parameter("list", "Only those of this list: its code.")
            .parameter(
                "status",
                "Only `open`, `needs_information`, `proposed_true`, `true`, `proposed_false`, `false` or `superseded`; or `undecided`: the first three and `proposed_false`.",
            )
            .page(list_hits),
        Route::get("/v1/hits/{hit}", "getHit", "Read a hit")
            .needs(P::ScreeningRead)
            .item(get_hit),
        Route::post(
            "/v1/hits/{hit}/dispose",
            "disposeHit",
            "Decide on a hit; true needs a second person",
        )
        .needs(P::ScreeningDispose)
        .change::<wire::DisposeHit, wire::Hit, _>(dispose_hit),
        Route::post(
            "/v1/hits/{hit}/confirm",
            "confirmHit",
            "Confirm another's decision on a hit",
        )
        .needs(P::ScreeningDispose)
        .change::<wire::ConfirmHit, wire::Hit, _>(confirm_hit),
    ]
}

fn hit(state: &State, sight: &Sight, id: HitId) -> Option<wire::Hit> {
    let table = &state.screening.hits;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    let opens = sight.opens(row.party);
    Some(wire::Hit::of(handle, id, row, &state.parties, opens))
}

fn list_hits(ask: &Ask) -> Result<Page<wire::Hit>, Problem> {
    let state = ask.state();
    let party = ask.param_ref("party", &state.parties.parties)?;
    let list: Option<Code> = ask.parsed("list")?;
    let status = ask.param("status");
    if let Some(word) = status
        && word != "undecided"
        && !STATUSES.contains(&word)
    {
        let why = format!("expected undecided, or one of {}", STATUSES.join(", "));
        return Err(crate::query::invalid("status", why));
    }
    let sight = Sight::of(ask);
    ask.page(&state.screening.hits, |handle, id, row| {
        let shown = ask.reach().is_book()
            && party.is_none_or(|one| one == row.party)
            && list.as_ref().is_none_or(|one| *one == row.found.list)
            && status.is_none_or(|word| match word {
                "undecided" => row.status.is_open(),
                word => row.status.word() == word,
            });
        shown.then(|| wire::Hit::of(handle, id, row, &state.parties, sight.opens(row.party)))
    })
}

fn found(ask: &Ask) -> Result<HitId, Problem> {
    let found = ask.row("hit", &ask.state().screening.hits)?;
    ask.seen(ask.reach().is_book(), found.id)?;
    Ok(found.id)
}

fn get_hit(ask: &Ask) -> Result<wire::Hit, Problem> {
    let id = found(ask)?;
    let shown = hit(ask.state(), &Sight::of(ask), id);
    shown.ok_or_else(crate::ask::not_found::<HitId>)
}

fn decided(ask: &Ask, id: HitId, command: Screening) -> Act {
    let sight = Sight::of(ask);
    let before = sight.clone();
    let act = Act::new(Command::Screening(command), move |state, _| {
        hit(state, &sight, id)
    });
    act.guarded(move |state| hit(state, &before, id))
}

fn dispose_hit(ask: &Ask, body: wire::DisposeHit) -> Result<Act, Problem> {
    let id = found(ask)?;
    let command = domain::DisposeHit {
        hit: id,
        verdict: body.verdict.into(),
        grounds: body.grounds.0,
    };
    Ok(decided(ask, id, Screening::DisposeHit(command)))
}

fn confirm_hit(ask: &Ask, body: wire::ConfirmHit) -> Result<Act, Problem> {
    let id = found(ask)?;
    let command = domain::ConfirmHit {
        hit: id,
        grounds: body.grounds.0,
    };
    Ok(decided(ask, id, Screening::ConfirmHit(command)))
}
