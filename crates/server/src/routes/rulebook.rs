//! Rulebooks, determinations, authorisations.

use bareboat_access::Permission as P;
use bareboat_api::rulebook as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::id::derive_id;
use bareboat_base::{AuthorisationId, Date, DeterminationId, Position, RulebookId};
use bareboat_book::acts::{self, Act as BookAct};
use bareboat_book::{Command, Event, State};
use bareboat_rulebook::{self as domain, Command as Rules};

use super::parties::veil::Veil;
use crate::{Act, Ask, Route, respond, shipped};

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = rulebooks();
    all.extend(determinations());
    all.extend(authorisations());
    all
}

fn rulebooks() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/rulebooks",
            "listRulebooks",
            "List adopted rulebook versions",
        )
        .needs(P::RulebookRead)
        .parameter("regime", "Only this regime's.")
        .page(list_rulebooks),
        Route::post(
            "/v1/rulebooks",
            "adoptRulebook",
            "Adopt a version of a regime's rulebook",
        )
        .needs(P::RulebookAdopt)
        .create::<wire::AdoptRulebook, wire::Rulebook, _>(adopt_rulebook),
        Route::get(
            "/v1/rulebooks/{rulebook}",
            "getRulebook",
            "Read a rulebook version",
        )
        .needs(P::RulebookRead)
        .item(get_rulebook),
    ]
}

fn determinations() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/determinations",
            "listDeterminations",
            "List determinations",
        )
        .needs(P::RulebookRead)
        .parameter("contract", "Only this contract's: its id or label.")
        .parameter(
            "outcome",
            "Only `permit`, `refer`, `needs-authorisation` or `prohibit`.",
        )
        .page(list_determinations),
        Route::post(
            "/v1/determinations",
            "determine",
            "Judge a contract, and record the judgement",
        )
        .needs(P::RulebookDetermine)
        .create::<wire::Determine, wire::Determination, _>(determine),
        Route::get(
            "/v1/determinations/{determination}",
            "getDetermination",
            "Read a determination",
        )
        .needs(P::RulebookRead)
        .item(get_determination),
        Route::get(
            "/v1/determinations/{determination}/proof",
            "getProof",
            "Read a determination's proof: facts, conditions, rules, outcome, as text",
        )
        .needs(P::RulebookRead)
        .download("text/plain; charset=utf-8", get_proof),
        Route::post(
            "/v1/determinations/{determination}/resolve",
            "resolveReferral",
            "Decide on a referral, as the first officer",
        )
        .needs(P::RulebookDetermine)
        .change::<wire::ResolveReferral, wire::Determination, _>(resolve),
        Route::post(
            "/v1/determinations/{determination}/confirm",
            "confirmResolution",
            "Confirm the decision on a referral, as a second officer",
        )
        .needs(P::RulebookDetermine)
        .command::<wire::Determination, _>(confirm),
    ]
}

fn authorisations() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/authorisations",
            "listAuthorisations",
            "List licences and clearances",
        )
        .needs(P::RulebookRead)
        .page(list_authorisations),
        Route::post(
            "/v1/authorisations",
            "recordAuthorisation",
            "Record a licence, an exception relied on, a clearance",
        )
        .needs(P::RulebookAdopt)
        .create::<wire::AuthorisationTerms, wire::Authorisation, _>(record_authorisation),
        Route::get(
            "/v1/authorisations/{authorisation}",
            "getAuthorisation",
            "Read an authorisation",
        )
        .needs(P::RulebookRead)
        .item(get_authorisation),
        Route::post(
            "/v1/authorisations/{authorisation}/revoke",
            "revokeAuthorisation",
            "Record that an authorisation is revoked",
        )
        .needs(P::RulebookAdopt)
        .change::<wire::RevokeAuthorisation, wire::Authorisation, _>(revoke_authorisation),
    ]
}

fn rulebook(state: &State, id: RulebookId) -> Option<wire::Rulebook> {
    let table = &state.rulebook.rulebooks;
    Some(wire::Rulebook::of(table.handle(&id)?, id, table.get(&id)?))
}

fn list_rulebooks(ask: &Ask) -> Result<Page<wire::Rulebook>, Problem> {
    let regime: Option<bareboat_base::Code> = ask.parsed("regime")?;
    ask.page(&ask.state().rulebook.rulebooks, |handle, id, row| {
        let shown = ask.reach().is_book() && regime.as_ref().is_none_or(|one| *one == row.regime);
        shown.then(|| wire::Rulebook::of(handle, id, row))
    })
}

fn get_rulebook(ask: &Ask) -> Result<wire::Rulebook, Problem> {
    let found = ask.row("rulebook", &ask.state().rulebook.rulebooks)?;
    ask.seen(ask.reach().is_book(), found.id)?;
    Ok(wire::Rulebook::of(found.handle, found.id, found.row))
}

/// Parses the texts that a request gives or names.
pub(super) fn parsed(
    ask: &Ask,
    shipped_regime: Option<&bareboat_api::wire::Code>,
    files: Option<&[wire::RuleFile]>,
) -> Result<domain::ParsedRulebook, Problem> {
    let texts: Vec<(&str, &str)> = match (shipped_regime, files) {
        (Some(regime), None) => {
            let found = shipped::rulebook(regime.0.as_str());
            let names: Vec<_> = shipped::RULEBOOKS.iter().map(|(name, _)| *name).collect();
            let why = || {
                format!(
                    "{} is not shipped; there are {}",
                    regime.0,
                    names.join(", ")
                )
            };
            found.ok_or_else(|| ask.field("shipped", why()))?.to_vec()
        }
        (None, Some(files)) => files
            .iter()
            .map(|file| (file.name.as_str(), file.text.as_str()))
            .collect(),
        _ => return Err(ask.field("shipped", "give either `shipped` or `files`")),
    };
    domain::parse_regime(&texts).map_err(|error| ask.field("files", error))
}

fn adopt_rulebook(ask: &Ask, body: wire::AdoptRulebook) -> Result<Act, Problem> {
    ask.whole_book()?;
    let mut adopt = parsed(ask, body.shipped.as_ref(), body.files.as_deref())?.adopt();
    if let Some(name) = body.signed_by {
        adopt.signed_by = Some(name.0);
    }
    let id = derive_id(ask.command_id(), 0);
    let command = Command::Rulebook(Rules::AdoptRulebook(adopt));
    Ok(Act::new(command, move |state, _| rulebook(state, id)))
}

/// A determination as the caller may read it.
fn determination(
    state: &State,
    veil: Option<&Veil>,
    id: DeterminationId,
) -> Option<wire::Determination> {
    let table = &state.rulebook.determinations;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    match veil {
        None => Some(wire::Determination::of(handle, id, row)),
        Some(veil) => {
            let row = veil.determination(state, row).ok()?;
            Some(wire::Determination::of(handle, id, &row))
        }
    }
}

fn list_determinations(ask: &Ask) -> Result<Page<wire::Determination>, Problem> {
    let state = ask.state();
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let outcome = match ask.param("outcome") {
        None => None,
        Some(word) => Some(
            domain::Outcome::from_word(word).ok_or_else(|| unknown_word(ask, "outcome", word))?,
        ),
    };
    let veil = Veil::of(ask);
    ask.page(&state.rulebook.determinations, |_, id, row| {
        let shown = ask.reach().is_book()
            && contract.is_none_or(|one| row.contract == Some(one))
            && outcome.is_none_or(|one| row.outcome() == one);
        shown
            .then(|| determination(state, veil.as_ref(), id))
            .flatten()
    })
}

fn unknown_word(ask: &Ask, field: &str, word: &str) -> Problem {
    let shown: String = word.chars().take(60).collect();
    let known: Vec<&str> = match field {
        "outcome" => domain::Outcome::ALL
            .iter()
            .map(|one| one.as_str())
            .collect(),
        "activity" | "activities" => domain::Activity::ALL
            .iter()
            .map(|one| one.as_str())
            .collect(),
        _ => domain::AuthorisationKind::ALL
            .iter()
            .map(|one| one.as_str())
            .collect(),
    };
    ask.field(
        field,
        format!("{shown:?} is not one of {}", known.join(", ")),
    )
}

fn activity(ask: &Ask, field: &'static str, word: &str) -> Result<domain::Activity, Problem> {
    domain::Activity::from_word(word).ok_or_else(|| unknown_word(ask, field, word))
}

fn found_determination(ask: &Ask) -> Result<DeterminationId, Problem> {
    let found = ask.row("determination", &ask.state().rulebook.determinations)?;
    ask.seen(ask.reach().is_book(), found.id)?;
    Ok(found.id)
}

fn get_determination(ask: &Ask) -> Result<wire::Determination, Problem> {
    let id = found_determination(ask)?;
    let shown = determination(ask.state(), Veil::of(ask).as_ref(), id);
    shown.ok_or_else(crate::ask::not_found::<DeterminationId>)
}

fn get_proof(ask: &Ask) -> Result<Vec<u8>, Problem> {
    let id = found_determination(ask)?;
    let row = ask.state().rulebook.determinations.get(&id);
    let row = row.ok_or_else(crate::ask::not_found::<DeterminationId>)?;
    // The state leaves the derivation out: it is made again, or read where it was recorded.
    let whole = match domain::whole_evaluation(&ask.state().rulebook, row) {
        Ok(whole) => whole,
        Err(_) => recorded_evaluation(ask, id, row.recorded.position)?,
    };
    let whole = match Veil::of(ask) {
        None => whole,
        Some(veil) => veil.evaluation(ask.state(), &whole)?,
    };
    Ok(whole.to_text().into_bytes())
}

/// The evaluation as the event that recorded a determination has it.
fn recorded_evaluation(
    ask: &Ask,
    id: DeterminationId,
    position: Position,
) -> Result<domain::Evaluation, Problem> {
    let stored = ask.app().engine.events(position, 1);
    let stored = stored.map_err(|error| respond::internal(&error))?;
    let event = stored
        .first()
        .and_then(|one| Event::decode(&one.bytes).ok());
    match event {
        Some(Event::Rulebook(domain::Event::DeterminationMade(made)))
            if made.determination == id =>
        {
            Ok(made.evaluation)
        }
        _ => Err(crate::ask::not_found::<DeterminationId>()),
    }
}

/// Today in a contract's billing zone.
pub(super) fn today(ask: &Ask, contract: bareboat_base::ContractId) -> Date {
    let row = ask.state().contracts.contract(contract);
    let zone = row.map_or_else(bareboat_base::Zone::utc, |row| row.billing_zone.clone());
    ask.now().date_in(&zone)
}

fn determine(ask: &Ask, body: wire::Determine) -> Result<Act, Problem> {
    ask.whole_book()?;
    let contract = ask
        .resolve("contract", &ask.state().contracts.contracts, &body.contract)?
        .id;
    let act = acts::Determine {
        contract,
        activity: activity(ask, "activity", &body.activity)?,
        legal_date: body
            .legal_date
            .map_or_else(|| today(ask, contract), |date| date.0),
    };
    let veil = Veil::of(ask);
    Ok(Act::new(
        Command::Act(BookAct::Determine(act)),
        move |state, events| {
            // The strongest, when the contract has lots of several models or sites.
            let made = events.iter().filter_map(|event| match event {
                Event::Rulebook(domain::Event::DeterminationMade(made)) => Some(made),
                _ => None,
            });
            let strongest = made.max_by_key(|made| made.evaluation.outcome);
            strongest.and_then(|made| determination(state, veil.as_ref(), made.determination))
        },
    ))
}

fn resolve(ask: &Ask, body: wire::ResolveReferral) -> Result<Act, Problem> {
    ask.whole_book()?;
    let id = found_determination(ask)?;
    let command = domain::ResolveReferral {
        determination: id,
        proceed: body.proceed,
        grounds: body.grounds.0,
    };
    let veil = Veil::of(ask);
    let before = veil.clone();
    let act = Act::new(
        Command::Rulebook(Rules::ResolveReferral(command)),
        move |state, _| determination(state, veil.as_ref(), id),
    );
    Ok(act.guarded(move |state| determination(state, before.as_ref(), id)))
}

fn confirm(ask: &Ask) -> Result<Act, Problem> {
    ask.whole_book()?;
    let id = found_determination(ask)?;
    let command = domain::ConfirmResolution { determination: id };
    let veil = Veil::of(ask);
    let before = veil.clone();
    let act = Act::new(
        Command::Rulebook(Rules::ConfirmResolution(command)),
        move |state, _| determination(state, veil.as_ref(), id),
    );
    Ok(act.guarded(move |state| determination(state, before.as_ref(), id)))
}

fn authorisation(state: &State, id: AuthorisationId) -> Option<wire::Authorisation> {
    let table = &state.rulebook.authorisations;
    Some(wire::Authorisation::of(
        table.handle(&id)?,
        id,
        table.get(&id)?,
    ))
}

fn list_authorisations(ask: &Ask) -> Result<Page<wire::Authorisation>, Problem> {
    ask.page(&ask.state().rulebook.authorisations, |handle, id, row| {
        ask.reach()
            .is_book()
            .then(|| wire::Authorisation::of(handle, id, row))
    })
}

fn get_authorisation(ask: &Ask) -> Result<wire::Authorisation, Problem> {
    let found = ask.row("authorisation", &ask.state().rulebook.authorisations)?;
    ask.seen(ask.reach().is_book(), found.id)?;
    Ok(wire::Authorisation::of(found.handle, found.id, found.row))
}

fn scope<T, U>(
    list: Option<Vec<T>>,
    map: impl Fn(T) -> Result<U, Problem>,
) -> Result<domain::Scope<U>, Problem> {
    match list {
        None => Ok(domain::Scope::Any),
        Some(list) => list
            .into_iter()
            .map(map)
            .collect::<Result<_, _>>()
            .map(domain::Scope::Only),
    }
}

fn record_authorisation(ask: &Ask, body: wire::AuthorisationTerms) -> Result<Act, Problem> {
    ask.whole_book()?;
    let parties = &ask.state().parties.parties;
    let kind = domain::AuthorisationKind::from_word(&body.kind);
    let terms = domain::AuthorisationTerms {
        id: None,
        reference: body.reference.0,
        authority: body.authority.0,
        kind: kind.ok_or_else(|| unknown_word(ask, "kind", &body.kind))?,
        covers: body.covers.into_iter().map(|section| section.0).collect(),
        parties: scope(body.parties, |party| {
            Ok(ask.resolve("parties", parties, &party)?.id)
        })?,
        items: scope(body.items, |item| Ok(item.0))?,
        sites: scope(body.sites, |site| Ok(site.0))?,
        activities: scope(body.activities, |word| activity(ask, "activities", &word))?,
        valid_from: body.valid_from.0,
        valid_to: body.valid_to.0,
        quantity: body.quantity,
        drawn: 0,
        open_conditions: body
            .open_conditions
            .into_iter()
            .map(|text| text.0)
            .collect(),
        document: body.document.map(|digest| digest.0),
    };
    let id = derive_id(ask.command_id(), 0);
    let command = Rules::RecordAuthorisation(domain::RecordAuthorisation { terms });
    Ok(Act::new(Command::Rulebook(command), move |state, _| {
        authorisation(state, id)
    }))
}

fn revoke_authorisation(ask: &Ask, body: wire::RevokeAuthorisation) -> Result<Act, Problem> {
    ask.whole_book()?;
    let id = ask
        .row("authorisation", &ask.state().rulebook.authorisations)?
        .id;
    let command = domain::RevokeAuthorisation {
        authorisation: id,
        on: body.on.0,
        reason: body.reason.0,
    };
    let act = Act::new(
        Command::Rulebook(Rules::RevokeAuthorisation(command)),
        move |state, _| authorisation(state, id),
    );
    Ok(act.guarded(move |state| authorisation(state, id)))
}
