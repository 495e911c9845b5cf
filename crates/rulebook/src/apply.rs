//! Folding events in. Never refuses: what it is given was decided.

use std::sync::Arc;

use bareboat_base::{Code, Country, PartyId, Recorded};

use crate::authorisation::Authorisation;
use crate::evaluate::without_derivation;
use crate::event::{DeterminationMade, Event};
use crate::facts::Facts;
use crate::state::{Determination, Resolution, Rulebook, State};

/// Folds one event in.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    match event {
        Event::RulebookAdopted(event) => {
            let row = Rulebook {
                regime: event.regime.clone(),
                version: event.version.clone(),
                text_digest: event.text_digest,
                parameters: Arc::new(event.parameters.clone()),
                rules: Arc::new(event.rules.clone()),
                signed_by: event.signed_by.clone(),
                effective: event.effective,
                recorded: *recorded,
            };
            state.rulebooks.insert(event.rulebook, row);
        }
        Event::AuthorisationRecorded(event) => {
            let row = Authorisation {
                terms: event.terms.clone(),
                revoked: None,
                recorded: *recorded,
            };
            state.authorisations.insert(event.authorisation, row);
        }
        Event::AuthorisationRevoked(event) => {
            if let Some(row) = state.authorisations.get_mut(&event.authorisation) {
                row.revoked = Some((event.on, event.reason.clone()));
            }
        }
        Event::DeterminationMade(event) => determined(state, recorded, event),
        Event::ReferralResolved(event) => {
            if let Some(row) = state.determinations.get_mut(&event.determination) {
                row.resolution = Some(Resolution {
                    proceed: event.proceed,
                    grounds: event.grounds.clone(),
                    resolved: *recorded,
                    confirmed: None,
                });
            }
        }
        Event::ResolutionConfirmed(event) => {
            let row = state.determinations.get_mut(&event.determination);
            if let Some(resolution) = row.and_then(|row| row.resolution.as_mut()) {
                resolution.confirmed = Some(*recorded);
            }
        }
    }
}

fn determined(state: &mut State, recorded: &Recorded, event: &DeterminationMade) {
    for draw in &event.draws {
        if let Some(row) = state.authorisations.get_mut(&draw.authorisation) {
            row.terms.drawn = row.terms.drawn.saturating_add(draw.quantity);
        }
    }
    if let Some(contract) = event.contract {
        if !state.by_contract.contains(&contract) {
            state.by_contract.insert(contract, Vec::new());
        }
        if let Some(ids) = state.by_contract.get_mut(&contract) {
            ids.push(event.determination);
        }
    }
    let mut seen: Vec<PartyId> = Vec::new();
    for party in &event.facts.chain {
        if !seen.contains(&party.party) {
            seen.push(party.party);
            touch(state, party.party, event);
        }
    }
    let row = Determination {
        activity: event.facts.activity,
        contract: event.contract,
        facts: Arc::new(event.facts.clone()),
        evaluation: Arc::new(without_derivation(&event.evaluation)),
        draws: event.draws.clone(),
        resolution: None,
        recorded: *recorded,
    };
    state.determinations.insert(event.determination, row);
}

/// Which model and where: a contract has one determination for each.
fn place(facts: &Facts) -> Option<(Option<&Code>, Option<Country>)> {
    let item = facts.item.as_ref()?;
    Some((item.model.value.as_ref(), item.site_country.value))
}

/// Notes the determination under the party, in place of the one it follows.
fn touch(state: &mut State, party: PartyId, event: &DeterminationMade) {
    if !state.by_party.contains(&party) {
        state.by_party.insert(party, Vec::new());
    }
    let follows = |id: &bareboat_base::DeterminationId| {
        state.determinations.get(id).is_some_and(|row| {
            row.activity == event.facts.activity && place(&row.facts) == place(&event.facts)
        })
    };
    // A party may stand in thousands; only those of this contract are looked up.
    let same = event.contract.and_then(|id| state.by_contract.get(&id));
    let followed: Vec<_> = same
        .into_iter()
        .flatten()
        .copied()
        .filter(follows)
        .collect();
    if let Some(ids) = state.by_party.get_mut(&party) {
        ids.retain(|id| !followed.contains(id));
        ids.push(event.determination);
    }
}
