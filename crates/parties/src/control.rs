//! Control and the ultimate parent: more than half the votes, held directly or through parties
//! that are themselves controlled, followed to the top. Votes of all that one party controls
//! count together. What is not known stays unknown, and says what is missing.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_base::{Date, PartyId, Share, ShareRange};

use crate::cascade::ancestors;
use crate::{PartyKind, State, TopStatus, owners};

/// Who holds votes in whom, among a party and those above it; nothing else that they hold, so
/// that a fund with a hundred thousand holdings costs no more than those looked at.
type Votes = BTreeMap<PartyId, Vec<(PartyId, ShareRange)>>;

fn votes_among(state: &State, among: &BTreeSet<PartyId>, on: Date) -> Votes {
    let mut votes = Votes::new();
    for party in among {
        for (_, interest) in owners(state, *party, on) {
            let held = (*party, interest.facts.voting);
            votes.entry(interest.facts.owner).or_default().push(held);
        }
    }
    votes
}

/// Which fact would be needed to name the ultimate parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No one is known to control the party, and it is not declared that no one does.
    NoDeclaration,
    /// The owner may or may not hold over half of the party's votes, with what it controls.
    WhetherControls {
        /// Who may control it.
        owner: PartyId,
        /// What the owner holds directly.
        votes: ShareRange,
    },
    /// The parties control one another: no one of them is at the top.
    Circular,
    /// There is no such party.
    Party,
}

/// The end of a party's control chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UltimateParent {
    /// The party itself: it is a person, or it is declared that no one stands above it.
    Itself,
    /// Another party, which is itself at the top.
    Party {
        /// The ultimate parent.
        party: PartyId,
        /// From the party asked about (first) to the ultimate parent (last).
        path: Vec<PartyId>,
    },
    /// Not known.
    Unknown {
        /// The highest party that is known to control it; itself when none is.
        at: PartyId,
        /// What is missing about that party.
        missing: Missing,
    },
}

/// Who stands at the top of `party` on the day.
pub fn ultimate_parent(state: &State, party: PartyId, on: Date) -> UltimateParent {
    if state.party(party).is_none() {
        let missing = Missing::Party;
        return UltimateParent::Unknown { at: party, missing };
    }
    let above = ancestors(state, party, on);
    let votes = votes_among(state, &above, on);
    let sure = reaches(&votes, &above, ShareRange::min);
    let controllers = |of: PartyId| {
        let by = sure
            .iter()
            .filter(move |(who, reach)| **who != of && reach.contains_key(&of));
        by.map(|(who, _)| *who)
    };
    let known: Vec<PartyId> = controllers(party).collect();
    let top = if known.is_empty() {
        party
    } else {
        match known.iter().find(|who| controllers(**who).next().is_none()) {
            Some(top) => *top,
            None => {
                let missing = Missing::Circular;
                return UltimateParent::Unknown { at: party, missing };
            }
        }
    };
    if let Some(missing) = missing_above(state, top, &above, &votes, on) {
        return UltimateParent::Unknown { at: top, missing };
    }
    if top == party {
        return UltimateParent::Itself;
    }
    UltimateParent::Party {
        party: top,
        path: path(state, party, on, &sure[&top]),
    }
}

/// What keeps us from saying that no one stands above `top`, which no one controls for certain.
fn missing_above(
    state: &State,
    top: PartyId,
    above: &BTreeSet<PartyId>,
    votes: &Votes,
    on: Date,
) -> Option<Missing> {
    let facts = &state.party(top)?.facts;
    if facts.kind == PartyKind::Person {
        return None;
    }
    let possible = reaches(votes, above, ShareRange::max);
    let may = possible
        .iter()
        .find(|(who, reach)| **who != top && reach.contains_key(&top));
    if let Some((owner, _)) = may {
        return Some(Missing::WhetherControls {
            owner: *owner,
            votes: direct_votes(state, *owner, top, on),
        });
    }
    match facts.top {
        TopStatus::NoParentDeclared { .. } => None,
        TopStatus::NotDeclared => Some(Missing::NoDeclaration),
    }
}

fn direct_votes(state: &State, owner: PartyId, of: PartyId, on: Date) -> ShareRange {
    let held = owners(state, of, on).filter(|(_, interest)| interest.facts.owner == owner);
    let (least, most) = held.fold(
        (Share::ZERO, Share::ZERO),
        |(least, most), (_, interest)| {
            let voting = &interest.facts.voting;
            (
                least.saturating_add(voting.min()),
                most.saturating_add(voting.max()),
            )
        },
    );
    ShareRange::new(least, most).unwrap_or(ShareRange::UNKNOWN)
}

/// For each of `among`: whom of them it controls, by rank (itself at 0), at one end of all
/// shares. Each spreads only over what it controls, so a company with thousands of small
/// holders costs no more than its holdings.
fn reaches(
    votes: &Votes,
    among: &BTreeSet<PartyId>,
    end: fn(&ShareRange) -> Share,
) -> BTreeMap<PartyId, BTreeMap<PartyId, u32>> {
    let reach = |who: &PartyId| (*who, controlled(votes, *who, end));
    among.iter().map(reach).collect()
}

fn controlled(
    votes: &Votes,
    who: PartyId,
    end: fn(&ShareRange) -> Share,
) -> BTreeMap<PartyId, u32> {
    let mut ranks = BTreeMap::from([(who, 0)]);
    let mut sums: BTreeMap<PartyId, u128> = BTreeMap::new();
    let mut frontier = vec![who];
    let mut rank = 0;
    while !frontier.is_empty() {
        rank += 1;
        let mut touched = BTreeSet::new();
        for holder in frontier.drain(..) {
            for (below, share) in votes.get(&holder).into_iter().flatten() {
                *sums.entry(*below).or_default() += u128::from(end(share).units());
                touched.insert(*below);
            }
        }
        for party in touched {
            if !ranks.contains_key(&party) && sums[&party] > u128::from(Share::HALF.units()) {
                ranks.insert(party, rank);
                frontier.push(party);
            }
        }
    }
    ranks
}

fn path(state: &State, party: PartyId, on: Date, ranks: &BTreeMap<PartyId, u32>) -> Vec<PartyId> {
    let mut path = vec![party];
    let mut at = party;
    while ranks.get(&at).is_some_and(|rank| *rank > 0) {
        let above = owners(state, at, on)
            .filter_map(|(_, interest)| {
                let owner = interest.facts.owner;
                let rank = ranks.get(&owner)?;
                // Of equal rank, the one with the most votes; then by id.
                Some((*rank, std::cmp::Reverse(interest.facts.voting.min()), owner))
            })
            .min();
        match above {
            Some((rank, _, owner)) if rank < ranks[&at] => {
                path.push(owner);
                at = owner;
            }
            _ => break,
        }
    }
    path
}
