//! The cascade (OFAC FAQ 398 to 402; the BIS affiliates rule, 90 FR 47201): an owner that is
//! itself owned to the threshold by listed parties counts with its whole stake. It is the least
//! fixed point over the ownership graph, cycles included, evaluated at both ends of every share.
//!
//! A stake is the economic share: ownership, not control. Where votes exceed it, what "owned"
//! means is open, so the votes raise the upper end only: then the answer is unknown, not no.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_base::{Date, InterestId, PartyId, Share, ShareRange};

use crate::{InterestFacts, State, owned, owners, unaccounted};

/// Why an owner's stake counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// The owner is listed.
    Listed,
    /// The owner is itself held by listed parties.
    Held,
    /// The owner may be held by listed parties: its own holding is unknown.
    Possibly,
}

/// One stake that counts towards a party's holding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stake {
    /// The recorded interest.
    pub interest: InterestId,
    /// Who holds it.
    pub owner: PartyId,
    /// How much: whole, not multiplied through.
    pub share: ShareRange,
    /// Why it counts.
    pub counted: Counted,
}

/// How listed parties hold a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// What the counted stakes add up to, at most the whole. Its lower end counts only owners
    /// that are listed or held for certain.
    pub share: ShareRange,
    /// The stakes, ordered by owner and interest.
    pub stakes: Vec<Stake>,
    /// A chain of ownership from the party (first) up to a listed party (last).
    pub path: Vec<PartyId>,
}

/// What a set of listed parties holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cascade {
    /// Held to the threshold at the lower ends of all shares: certain. Listed parties themselves
    /// are not in it.
    pub held: BTreeMap<PartyId, Holding>,
    /// Held to the threshold at the upper ends only: unknown.
    pub unknown: BTreeMap<PartyId, Holding>,
}

/// Whether listed parties hold one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedByListed {
    /// For certain.
    Yes(Holding),
    /// Not even at the upper ends of what is recorded.
    No,
    /// It depends on shares that are not known well enough.
    Unknown(Holding),
}

/// The share of a stake that counts: see the module's words.
fn stake_of(facts: &InterestFacts) -> ShareRange {
    let least = facts.economic.min();
    let most = facts.economic.max().max(facts.voting.max());
    ShareRange::new(least, most).unwrap_or(ShareRange::UNKNOWN)
}

/// Everything that the `listed` parties hold, to at least `threshold`, on the day.
pub fn cascade(state: &State, listed: &BTreeSet<PartyId>, threshold: Share, on: Date) -> Cascade {
    solve(state, listed, threshold, on, &Edges::All(state, on))
}

/// Whether the `listed` parties hold `party`, to at least `threshold`, on the day. Looks only at
/// the party's ancestors. Its own listing, if any, is not looked at.
pub fn cascade_of(
    state: &State,
    party: PartyId,
    listed: &BTreeSet<PartyId>,
    threshold: Share,
    on: Date,
) -> OwnedByListed {
    let ancestors = ancestors(state, party, on);
    let relevant: BTreeSet<PartyId> = ancestors
        .iter()
        .copied()
        .filter(|ancestor| *ancestor != party && listed.contains(ancestor))
        .collect();
    if relevant.is_empty() {
        return OwnedByListed::No;
    }
    let edges = Edges::among(state, &ancestors, on);
    let mut solved = solve(state, &relevant, threshold, on, &edges);
    if let Some(holding) = solved.held.remove(&party) {
        OwnedByListed::Yes(holding)
    } else if let Some(holding) = solved.unknown.remove(&party) {
        OwnedByListed::Unknown(holding)
    } else {
        OwnedByListed::No
    }
}

/// Whether listed parties hold `party` to at least `threshold` when everything that is not known
/// turns out for the worst: all of `doubted` are listed, and so is whoever holds what no recorded
/// interest tells of, of the party and of everyone above it ([`unaccounted`]).
pub fn may_be_held(
    state: &State,
    party: PartyId,
    doubted: &BTreeSet<PartyId>,
    threshold: Share,
    on: Date,
) -> bool {
    let ancestors = ancestors(state, party, on);
    let counted: BTreeSet<PartyId> = ancestors
        .iter()
        .copied()
        .filter(|ancestor| *ancestor != party && doubted.contains(ancestor))
        .collect();
    let unaccounted = ancestors.iter().map(|ancestor| {
        let share = unaccounted(state, *ancestor, doubted, on);
        (*ancestor, u128::from(share.units()))
    });
    let edges = Edges::among(state, &ancestors, on);
    let sums = unaccounted.collect();
    fixed_point(&counted, threshold, &edges, ShareRange::max, sums).contains_key(&party)
}

/// The party and everyone above it, through any share, on the day.
pub fn ancestors(state: &State, party: PartyId, on: Date) -> BTreeSet<PartyId> {
    let mut seen = BTreeSet::from([party]);
    let mut queue = vec![party];
    while let Some(next) = queue.pop() {
        for (_, interest) in owners(state, next, on) {
            if seen.insert(interest.facts.owner) {
                queue.push(interest.facts.owner);
            }
        }
    }
    seen
}

/// Where the stakes below a party are looked up.
enum Edges<'a> {
    /// In the whole graph.
    All(&'a State, Date),
    /// Among a party and those above it, gathered beforehand: a listed fund with a hundred
    /// thousand holdings costs no more than those looked at.
    Among(BTreeMap<PartyId, Vec<(PartyId, ShareRange)>>),
}

impl<'a> Edges<'a> {
    fn among(state: &'a State, parties: &BTreeSet<PartyId>, on: Date) -> Self {
        let mut edges: BTreeMap<PartyId, Vec<(PartyId, ShareRange)>> = BTreeMap::new();
        for party in parties {
            for (_, interest) in owners(state, *party, on) {
                let below = (*party, stake_of(&interest.facts));
                edges.entry(interest.facts.owner).or_default().push(below);
            }
        }
        Self::Among(edges)
    }

    fn below(&self, owner: PartyId, mut each: impl FnMut(PartyId, ShareRange)) {
        match self {
            Self::All(state, on) => {
                for (_, interest) in owned(state, owner, *on) {
                    each(interest.facts.owned, stake_of(&interest.facts));
                }
            }
            Self::Among(edges) => {
                for (below, share) in edges.get(&owner).into_iter().flatten() {
                    each(*below, *share);
                }
            }
        }
    }
}

fn solve(
    state: &State,
    listed: &BTreeSet<PartyId>,
    threshold: Share,
    on: Date,
    edges: &Edges<'_>,
) -> Cascade {
    let certain = fixed_point(listed, threshold, edges, ShareRange::min, BTreeMap::new());
    let possible = fixed_point(listed, threshold, edges, ShareRange::max, BTreeMap::new());
    let mut cascade = Cascade::default();
    for party in possible.keys().filter(|party| !listed.contains(party)) {
        let sure = certain.contains_key(party);
        let ranks = if sure { &certain } else { &possible };
        let holding = holding(state, *party, listed, on, &certain, &possible, ranks);
        let side = if sure {
            &mut cascade.held
        } else {
            &mut cascade.unknown
        };
        side.insert(*party, holding);
    }
    cascade
}

/// The listed parties at rank 0, and at rank n + 1 every party that those up to rank n hold to
/// the threshold. The rounds make the ranks, and so the paths, independent of any order. `sums` is
/// what counts of each party beside the stakes of those.
fn fixed_point(
    listed: &BTreeSet<PartyId>,
    threshold: Share,
    edges: &Edges<'_>,
    end: fn(&ShareRange) -> Share,
    mut sums: BTreeMap<PartyId, u128>,
) -> BTreeMap<PartyId, u32> {
    let mut ranks: BTreeMap<PartyId, u32> = listed.iter().map(|party| (*party, 0)).collect();
    let held = sums.iter().filter(|(_, sum)| reached(**sum, threshold));
    let held: Vec<PartyId> = held.map(|(party, _)| *party).collect();
    for party in held {
        ranks.entry(party).or_insert(1);
    }
    let mut frontier: Vec<PartyId> = ranks.keys().copied().collect();
    let mut rank = 0;
    while !frontier.is_empty() {
        rank += 1;
        let mut touched = BTreeSet::new();
        for owner in frontier.drain(..) {
            edges.below(owner, |below, share| {
                let units = u128::from(end(&share).units());
                // A share of nothing is no ownership, whatever the threshold.
                if units > 0 {
                    *sums.entry(below).or_default() += units;
                    touched.insert(below);
                }
            });
        }
        for party in touched {
            if !ranks.contains_key(&party) && reached(sums[&party], threshold) {
                ranks.insert(party, rank);
                frontier.push(party);
            }
        }
    }
    ranks
}

fn reached(sum: u128, threshold: Share) -> bool {
    sum > 0 && sum >= u128::from(threshold.units())
}

fn holding(
    state: &State,
    party: PartyId,
    listed: &BTreeSet<PartyId>,
    on: Date,
    certain: &BTreeMap<PartyId, u32>,
    possible: &BTreeMap<PartyId, u32>,
    ranks: &BTreeMap<PartyId, u32>,
) -> Holding {
    let (mut least, mut most) = (Share::ZERO, Share::ZERO);
    let mut stakes = Vec::new();
    for (id, interest) in owners(state, party, on) {
        let owner = interest.facts.owner;
        let counted = if listed.contains(&owner) {
            Counted::Listed
        } else if certain.contains_key(&owner) {
            Counted::Held
        } else if possible.contains_key(&owner) {
            Counted::Possibly
        } else {
            continue;
        };
        let share = stake_of(&interest.facts);
        if share.max() == Share::ZERO {
            continue;
        }
        if counted != Counted::Possibly {
            least = least.saturating_add(share.min());
        }
        most = most.saturating_add(share.max());
        stakes.push(Stake {
            interest: id,
            owner,
            share,
            counted,
        });
    }
    stakes.sort_by_key(|stake| (stake.owner, stake.interest));
    Holding {
        share: ShareRange::new(least, most).unwrap_or(ShareRange::UNKNOWN),
        stakes,
        path: path(state, party, on, ranks),
    }
}

/// Up from the party, each time to an owner of the least rank: ranks fall, so it ends at a
/// listed party even in a cycle.
fn path(state: &State, party: PartyId, on: Date, ranks: &BTreeMap<PartyId, u32>) -> Vec<PartyId> {
    let mut path = vec![party];
    let mut at = party;
    while ranks.get(&at).is_some_and(|rank| *rank > 0) {
        let above = owners(state, at, on)
            .filter(|(_, interest)| stake_of(&interest.facts).max() > Share::ZERO)
            .filter_map(|(_, interest)| {
                let owner = interest.facts.owner;
                ranks.get(&owner).map(|rank| (*rank, owner))
            })
            .min();
        match above {
            Some((rank, owner)) if rank < ranks[&at] => {
                path.push(owner);
                at = owner;
            }
            _ => break,
        }
    }
    path
}
