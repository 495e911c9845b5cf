//! The ownership graph as it stands on a day.

use std::collections::BTreeSet;

use bareboat_base::{Date, InterestId, PartyId, Share};

use crate::{Interest, PartyKind, State};

/// The interests held in `party` on the day, in order of recording.
pub fn owners(
    state: &State,
    party: PartyId,
    on: Date,
) -> impl Iterator<Item = (InterestId, &Interest)> {
    let ids = state.party(party).map(|row| row.owner_interests.as_slice());
    held(state, ids.unwrap_or_default(), on)
}

/// The interests that `party` holds in others on the day, in order of recording.
pub fn owned(
    state: &State,
    party: PartyId,
    on: Date,
) -> impl Iterator<Item = (InterestId, &Interest)> {
    let ids = state.party(party).map(|row| row.owned_interests.as_slice());
    held(state, ids.unwrap_or_default(), on)
}

fn held<'a>(
    state: &'a State,
    ids: &'a [InterestId],
    on: Date,
) -> impl Iterator<Item = (InterestId, &'a Interest)> {
    ids.iter().filter_map(move |id| {
        let interest = state.interest(*id)?;
        interest.facts.holds_on(on).then_some((*id, interest))
    })
}

/// The part of `party`'s capital of which no recorded interest tells, at the least: 100% less
/// the greatest the recorded ones can be. What is not on record cannot be screened.
pub fn undisclosed(state: &State, party: PartyId, on: Date) -> Share {
    let told = owners(state, party, on).fold(Share::ZERO, |sum, (_, interest)| {
        sum.saturating_add(interest.facts.economic.max())
    });
    Share::from_units(Share::UNITS - told.units()).unwrap_or(Share::ZERO)
}

/// The part of `party`'s capital that parties not on record may hold, at the most: 100% less the
/// least that the recorded interests can be. Nothing of a person, whom nobody owns, and nothing
/// where it is declared that listed parties do not hold half, unless an owner on record is one of
/// `doubted`: then the declaration is no answer.
pub fn unaccounted(state: &State, party: PartyId, doubted: &BTreeSet<PartyId>, on: Date) -> Share {
    let Some(row) = state.party(party) else {
        return Share::WHOLE;
    };
    let declared = row.facts.not_held_by_listed.is_some()
        && !owners(state, party, on).any(|(_, row)| doubted.contains(&row.facts.owner));
    if declared || row.facts.kind == PartyKind::Person {
        return Share::ZERO;
    }
    let told = owners(state, party, on).fold(Share::ZERO, |sum, (_, interest)| {
        sum.saturating_add(interest.facts.economic.min())
    });
    Share::from_units(Share::UNITS - told.units()).unwrap_or(Share::ZERO)
}

/// Whether either end of the interest is a sealed party: then it inherits the seal.
pub fn touches_sealed(state: &State, interest: &Interest) -> bool {
    [interest.facts.owner, interest.facts.owned]
        .into_iter()
        .any(|party| state.party(party).is_some_and(crate::Party::is_sealed))
}
