//! Who owns a party, what it owns, who stands at the top: from what the caller may see. What is
//! hidden from it is for it as if nothing were recorded, so that no answer tells of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bareboat_access::Permission as P;
use bareboat_api::Problem;
use bareboat_api::parties as wire;
use bareboat_base::{Code, Date, InterestId, PartyId, Share, Zone};
use bareboat_parties::{
    self as domain, Interest, Missing, OwnedByListed, State, UltimateParent, cascade_of,
};

use super::sight::Sight;
use crate::Ask;

/// Interests shown on each side.
const MOST: usize = 1_000;

/// The interests above a party that the caller may see, and who is there.
fn seen_above(all: &State, sight: &Sight, party: PartyId, on: Date) -> (State, BTreeSet<PartyId>) {
    let mut graph = all.clone();
    let mut above = BTreeSet::from([party]);
    let mut queue = vec![party];
    while let Some(next) = queue.pop() {
        let Some(row) = all.party(next) else { continue };
        let rows = row.owner_interests.iter();
        let rows = rows.filter_map(|id| Some((*id, all.interest(*id)?)));
        let kept: Vec<(InterestId, &Interest)> = rows
            .filter(|(_, interest)| sight.interest(all, interest))
            .collect();
        for (_, interest) in &kept {
            if interest.facts.holds_on(on) && above.insert(interest.facts.owner) {
                queue.push(interest.facts.owner);
            }
        }
        if kept.len() < row.owner_interests.len()
            && let Some(row) = graph.parties.get_mut(&next)
        {
            row.owner_interests = Arc::new(kept.into_iter().map(|(id, _)| id).collect());
        }
    }
    (graph, above)
}

pub(super) fn get_ownership(ask: &Ask) -> Result<wire::Ownership, Problem> {
    let sight = Sight::of(ask);
    let party = super::found(ask, &sight)?;
    let on: Option<Date> = ask.parsed("on")?;
    let on = on.unwrap_or_else(|| ask.now().date_in(&Zone::utc()));
    let all = &ask.state().parties;
    let (graph, above) = seen_above(all, &sight, party, on);
    let stake = |id: InterestId, interest: &Interest, other| wire::Stake {
        interest: id.into(),
        party: sight.named(all, other),
        voting: interest.facts.voting.into(),
        economic: interest.facts.economic.into(),
    };
    let owners = domain::owners(&graph, party, on).take(MOST);
    let owned = domain::owned(all, party, on).filter(|(_, one)| sight.interest(all, one));
    let reads_screenings = ask.reach_of(P::ScreeningRead).is_book();
    Ok(wire::Ownership {
        party: sight.named(all, party),
        on: on.into(),
        owners: owners
            .map(|(id, one)| stake(id, one, one.facts.owner))
            .collect(),
        owned: owned
            .take(MOST)
            .map(|(id, one)| stake(id, one, one.facts.owned))
            .collect(),
        undisclosed: domain::undisclosed(&graph, party, on).into(),
        ultimate_parent: ultimate_parent(&graph, &sight, party, on),
        held_by_listed: reads_screenings
            .then(|| held_by_listed(ask, &graph, &sight, party, &above, on)),
    })
}

fn ultimate_parent(graph: &State, sight: &Sight, party: PartyId, on: Date) -> wire::UltimateParent {
    let named = |id| sight.named(graph, id);
    let (status, top, path, missing) = match domain::ultimate_parent(graph, party, on) {
        UltimateParent::Itself => ("itself", None, Vec::new(), None),
        UltimateParent::Party { party, path } => ("party", Some(party), path, None),
        UltimateParent::Unknown { at, missing } => {
            let top = Some(at).filter(|at| *at != party);
            ("unknown", top, Vec::new(), Some(words(graph, &missing)))
        }
    };
    wire::UltimateParent {
        status: status.to_owned(),
        party: top.map(named),
        path: path.into_iter().map(named).collect(),
        missing,
    }
}

fn words(graph: &State, missing: &Missing) -> String {
    match missing {
        Missing::NoDeclaration => {
            "no majority is on record, and it is not declared that nobody stands above".to_owned()
        }
        Missing::WhetherControls { owner, votes } => {
            let owner = graph.party_label(*owner).unwrap_or_default();
            format!("whether {owner}, with {votes} of the votes, controls it")
        }
        Missing::Circular => "the parties control one another".to_owned(),
        Missing::Party => "there is no such party".to_owned(),
    }
}

fn held_by_listed(
    ask: &Ask,
    graph: &State,
    sight: &Sight,
    party: PartyId,
    above: &BTreeSet<PartyId>,
    on: Date,
) -> Vec<wire::HeldByListed> {
    let mut by_list: BTreeMap<Code, BTreeSet<PartyId>> = BTreeMap::new();
    for owner in above.iter().filter(|owner| **owner != party) {
        for listing in bareboat_screening::listings(&ask.state().screening, *owner) {
            by_list.entry(listing.list).or_default().insert(*owner);
        }
    }
    let answers = by_list.into_iter().filter_map(|(list, listed)| {
        let found = cascade_of(graph, party, &listed, Share::HALF, on);
        let (status, holding) = match found {
            OwnedByListed::Yes(holding) => ("yes", holding),
            OwnedByListed::Unknown(holding) => ("unknown", holding),
            OwnedByListed::No => return None,
        };
        let path = holding.path.into_iter();
        Some(wire::HeldByListed {
            list: list.into(),
            status: status.to_owned(),
            share: holding.share.into(),
            path: path.map(|id| sight.named(graph, id)).collect(),
        })
    });
    answers.collect()
}
