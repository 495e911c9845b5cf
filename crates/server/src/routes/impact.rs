//! What-if over the whole book; nothing is written.

use bareboat_access::Permission as P;
use bareboat_api::Problem;
use bareboat_api::impact as wire;
use bareboat_base::{Context, ContractId, InterestId, ShareRange, id::label};
use bareboat_book::impact::{self as domain, Hypothesis};
use bareboat_book::{Command, State};
use bareboat_parties as parties;
use bareboat_rulebook as rules;

use crate::routes::parties::veil::Veil;
use crate::routes::rulebook::parsed;
use crate::{Ask, Route};

/// The routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/impact",
            "whatIf",
            "Judge every live contract with and without suppositions; nothing is written",
        )
        .needs(P::ImpactRead)
        .slow()
        .ask::<wire::WhatIf, wire::Impact, _>(what_if),
    ]
}

fn what_if(ask: &Ask, body: wire::WhatIf) -> Result<wire::Impact, Problem> {
    ask.whole_book()?;
    if body.hypotheses.len() > 100 {
        return Err(ask.field("hypotheses", "at most 100 at a time"));
    }
    let supposed: Vec<Hypothesis> = body
        .hypotheses
        .iter()
        .map(|one| hypothesis(ask, one))
        .collect::<Result<_, _>>()?;
    let context = Context {
        command_id: ask.command_id(),
        actor: ask.caller().principal,
        recorded_at: ask.now(),
        part: 0,
    };
    let legal_date = match body.legal_date {
        Some(date) => date.0,
        None => ask.now().date_in(&bareboat_base::Zone::utc()),
    };
    let found = domain::impact(ask.state(), &context, &supposed, legal_date)
        .map_err(|rejection| Problem::refused(&rejection))?;
    let veil = Veil::of(ask);
    Ok(wire::Impact {
        legal_date: found.legal_date.into(),
        position: ask.view().position.0,
        judged: found.judged,
        flips: found
            .flips
            .into_iter()
            .map(|one| flip(ask.state(), veil.as_ref(), one))
            .collect(),
        revenue_lost: found.revenue_lost.into_values().map(Into::into).collect(),
    })
}

fn hypothesis(ask: &Ask, one: &wire::Hypothesis) -> Result<Hypothesis, Problem> {
    let state = ask.state();
    let all = &state.parties.parties;
    match one {
        wire::Hypothesis {
            listed: Some(listed),
            rulebook: None,
            revoked: None,
            interest: None,
        } => Ok(Hypothesis::Listed {
            party: ask.resolve("party", all, &listed.party)?.id,
            list: listed.list.0.clone(),
        }),
        wire::Hypothesis {
            listed: None,
            rulebook: Some(book),
            revoked: None,
            interest: None,
        } => {
            let mut adopt = parsed(ask, book.shipped.as_ref(), book.files.as_deref())?.adopt();
            // A version that is in force already is supposed again under another name.
            let name = format!("{}-supposed", adopt.version);
            adopt.version = ask.parse("version", &name)?;
            let command = rules::Command::AdoptRulebook(adopt);
            Ok(Hypothesis::Commands(vec![Command::Rulebook(command)]))
        }
        wire::Hypothesis {
            listed: None,
            rulebook: None,
            revoked: Some(revoked),
            interest: None,
        } => {
            let rows = &state.rulebook.authorisations;
            let command = rules::RevokeAuthorisation {
                authorisation: ask
                    .resolve("authorisation", rows, &revoked.authorisation)?
                    .id,
                on: revoked.on.0,
                reason: ask.parse("reason", "supposed")?,
            };
            let command = rules::Command::RevokeAuthorisation(command);
            Ok(Hypothesis::Commands(vec![Command::Rulebook(command)]))
        }
        wire::Hypothesis {
            listed: None,
            rulebook: None,
            revoked: None,
            interest: Some(sold),
        } => {
            let owned = ask.resolve("owned", all, &sold.owned)?.id;
            let owner = ask.resolve("owner", all, &sold.owner)?.id;
            let share = ShareRange::exact(sold.share.0);
            let facts = parties::InterestFacts {
                owner,
                owned,
                voting: share,
                economic: share,
                from: sold.from.0,
                until: None,
                source: parties::Source {
                    what: ask.parse("source", "supposed")?,
                    digest: None,
                },
            };
            Ok(Hypothesis::Commands(stake(state, owned, sold, facts)))
        }
        _ => Err(ask.field(
            "hypotheses",
            "each has exactly one of listed, rulebook, revoked, interest",
        )),
    }
}

/// What a stake replaces ends, largest first, until the new one fits beside the rest.
fn stake(
    state: &State,
    owned: bareboat_base::PartyId,
    sold: &wire::SupposeInterest,
    facts: parties::InterestFacts,
) -> Vec<Command> {
    let on = sold.from.0;
    let mut held: Vec<(InterestId, u64)> = parties::owners(&state.parties, owned, on)
        .map(|(id, interest)| {
            let (voting, economic) = (interest.facts.voting.min(), interest.facts.economic.min());
            (id, voting.max(economic).units())
        })
        .collect();
    held.sort_by_key(|(id, units)| (std::cmp::Reverse(*units), *id));
    let mut sum: u64 = held.iter().map(|(_, units)| *units).sum();
    let mut commands = Vec::new();
    for (interest, units) in held {
        if sum + sold.share.0.units() <= bareboat_base::Share::UNITS {
            break;
        }
        sum -= units;
        let end = parties::Command::EndInterest(parties::EndInterest { interest, on });
        commands.push(Command::Parties(end));
    }
    let record = parties::Command::RecordInterest(parties::RecordInterest { facts });
    commands.push(Command::Parties(record));
    commands
}

fn flip(state: &State, veil: Option<&Veil>, flip: domain::Flip) -> wire::Flip {
    let handle = state.contracts.contracts.handle(&flip.contract);
    let reference = state
        .contracts
        .contract(flip.contract)
        .map(|row| row.reference.clone());
    let months = flip.revenue_by_month.into_iter();
    wire::Flip {
        contract: flip.contract.into(),
        label: handle.map_or_else(String::new, |h| label::<ContractId>(h.number())),
        reference: reference.map(Into::into),
        before: flip.before.to_string(),
        after: flip.after.to_string(),
        reasons: flip.reasons.iter().map(Into::into).collect(),
        missing: flip
            .missing
            .iter()
            .map(|missing| match veil {
                None => missing.says.to_string(),
                Some(veil) => veil.missing(state, missing),
            })
            .collect(),
        may_terminate: flip.may_terminate,
        gpus: flip.gpus,
        ends_on: flip.ends_on.into(),
        revenue_by_month: months
            .map(|(month, amount)| wire::MonthRevenue {
                month: month.into(),
                amount: amount.into(),
            })
            .collect(),
        revenue_lost: flip.revenue_lost.into(),
        refund: flip.refund.into(),
        capacity_freed: flip
            .capacity_freed
            .iter()
            .map(|one| freed(state, one))
            .collect(),
    }
}

fn freed(state: &State, one: &domain::Freed) -> wire::Freed {
    let pool = state.capacity.pools.get(&one.pool);
    let site = pool.and_then(|pool| state.fleet.sites.get(&pool.site));
    let model = pool.and_then(|pool| state.fleet.models.get(&pool.model));
    wire::Freed {
        pool: one.pool.into(),
        site: site.map_or_else(String::new, |row| row.code.to_string()),
        model: model.map_or_else(String::new, |row| row.code.to_string()),
        nodes: one.nodes.0,
        window: one.window.into(),
    }
}
