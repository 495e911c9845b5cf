//! Moving others aside so that one more fits.
//!
//! What has no names yet may lie anywhere. Where a demand fits nowhere between the others, one of
//! them or two are lifted out, the demand is fitted in, and they are fitted in again elsewhere;
//! first those whose lifting frees most. So many are tried and no more: the effort does not grow
//! with the pool. What has names never moves.

use std::cmp::Reverse;

use super::blocks::{Mask, Micros};
use super::{Plan, span};
use crate::place::{Asker, Demand};

/// Lots that are lifted out alone.
const ALONE: usize = 16;
/// The first of them, that are lifted out by twos.
const BY_TWOS: usize = 6;

/// Who moved, and on how many nodes and leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub who: Asker,
    /// Nodes that are others than before.
    pub nodes: u32,
    pub leaves_before: u32,
    pub leaves_after: u32,
}

impl Plan {
    /// The plan with a demand in it that does not fit between the others, when moving one of them
    /// or two makes room; `of` says what they ask for.
    pub fn repacked(&self, demand: Demand, of: impl Fn(Asker) -> Option<Demand>) -> Option<Self> {
        let others: Vec<Demand> = self.in_the_way(demand).into_iter().filter_map(of).collect();
        let alone = others.iter().map(|one| vec![*one]);
        let twos = others.iter().take(BY_TWOS).enumerate();
        let twos = twos.flat_map(|(at, one)| {
            let after = others.iter().take(BY_TWOS).skip(at + 1);
            after.map(|other| vec![*one, *other])
        });
        alone
            .chain(twos)
            .find_map(|others| self.around(demand, others))
    }

    /// Lifts others out, fits a demand in, and them again, the largest first.
    fn around(&self, demand: Demand, mut others: Vec<Demand>) -> Option<Self> {
        let mut plan = self.clone();
        for other in &others {
            plan.drop(other.who)?;
        }
        plan.add(demand).ok()?;
        others.sort_by_key(|other| Reverse(other.nodes));
        others
            .iter()
            .all(|other| plan.add(*other).is_ok())
            .then_some(plan)
    }

    /// Those that lie in the way of a demand, by how many nodes lifting each would free for all of
    /// its window: the smallest that frees enough first, then those that free most.
    fn in_the_way(&self, demand: Demand) -> Vec<Asker> {
        let (from, to) = span(demand.window);
        let free = self.blocks.free(from, to);
        let free: u32 = free.iter().map(|word| word.count_ones()).sum();
        let missing = demand.nodes.saturating_sub(free).max(1);
        let places = self.places.iter();
        let places = places.filter_map(|(_, who, place)| Some((*who, place.as_ref()?)));
        let places = places.filter(|(_, place)| place.window.overlaps(demand.window));
        let mut found: Vec<_> = places
            .filter_map(|(who, place)| {
                let own = span(place.window);
                let freed = self.freed((from, to), own, &place.masks);
                let nodes: u32 = place.masks.iter().map(|mask| mask.nodes.count_ones()).sum();
                let key = match freed {
                    0 => return None,
                    freed if freed >= missing => (0, nodes, Reverse(freed)),
                    freed => (1, u32::MAX - freed, Reverse(0)),
                };
                Some((key, who))
            })
            .collect();
        found.sort_unstable();
        found.truncate(ALONE);
        found.into_iter().map(|(_, who)| who).collect()
    }

    /// How many of some nodes are free throughout but for one place.
    fn freed(&self, span: (Micros, Micros), own: (Micros, Micros), masks: &[Mask]) -> u32 {
        let masks = masks.iter();
        masks
            .map(|mask| self.blocks.free_but(span, own, *mask).count_ones())
            .sum()
    }

    /// Who lies elsewhere than in an older plan.
    pub fn moved_since(&self, older: &Self) -> Vec<Move> {
        let mut moves = Vec::new();
        for (_, who, before) in older.places.iter() {
            let after = self.places.get(who).and_then(Option::as_ref);
            let (Some(before), Some(after)) = (before.as_ref(), after) else {
                continue;
            };
            let (was, is) = (
                self.fabric.words(&*before.masks),
                self.fabric.words(&*after.masks),
            );
            let other = is
                .iter()
                .zip(&was)
                .map(|(is, was)| (is & !was).count_ones());
            let nodes: u32 = other.sum();
            if nodes > 0 {
                let leaves =
                    |masks: &[Mask]| u32::try_from(self.fabric.leaves(masks)).unwrap_or(u32::MAX);
                moves.push(Move {
                    who: *who,
                    nodes,
                    leaves_before: leaves(&before.masks),
                    leaves_after: leaves(&after.masks),
                });
            }
        }
        moves
    }
}
