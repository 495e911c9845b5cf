//! The nodes of a pool in the order of the fabric, those to come at its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_base::{HallId, NodeSet, Run};
use serde::{Deserialize, Serialize};

use super::blocks::{Mask, Micros, lowest};
use crate::State;
use crate::calendar::{Calendar, Slot};
use crate::choose::Bits;
use crate::place::single;

/// Nodes to come hang on leaves of this size where the pool has none yet.
const LEAF: u32 = 32;

/// Leaves of a spine group to come, where the pool has none yet.
const SPINE: u32 = 16;

/// So many neighbouring places from the first.
pub(super) type Part = (u32, u32);

/// A leaf: so many places from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub first: u32,
    pub count: u32,
    pub spine_group: u32,
    /// Which of the pool's halls; none knows it of nodes to come.
    pub hall: u32,
}

/// An NVLink domain, or a leaf's nodes that are of none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unit {
    pub parts: Vec<Part>,
    /// The leaf of the first.
    pub leaf: u32,
    pub nodes: u32,
    /// Whether it is a domain of several nodes.
    pub domain: bool,
}

/// See the module's words. A node's place is its bit in the blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fabric {
    pub(super) leaves: Vec<Span>,
    /// In order of their first place; empty when no node is of a domain: the leaves then.
    pub(super) units: Vec<Unit>,
    /// What of a unit is on one leaf, and the unit; empty when none is on several.
    pub(super) pieces: Vec<Unit>,
    pub(super) unit_of: Vec<u32>,
    /// Nodes of a whole domain.
    pub(super) per_domain: u32,
    /// Runs of node numbers, ascending, and the place of the first.
    runs: Vec<(Run, u32)>,
    /// The place and the number of the first node of every run, by place.
    by_place: Vec<(u32, u32)>,
    /// Places of nodes that have names; the others come after them.
    pub(super) named: u32,
    nodes: u32,
}

/// A pool's fabric, and when its nodes come. It follows from supply alone, and is made when that
/// changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Laid {
    pub(super) fabric: Arc<Fabric>,
    pub(super) arrivals: Arrivals,
}

impl Laid {
    /// As the pool's nodes stand, or are to come.
    pub fn new(state: &State, calendar: &Calendar) -> Self {
        let (fabric, arrivals) = Fabric::new(state, calendar);
        Self {
            fabric: Arc::new(fabric),
            arrivals,
        }
    }

    /// The calendar's, or one made now.
    pub(super) fn of(state: &State, calendar: &Calendar) -> Arc<Self> {
        let anew = || Arc::new(Self::new(state, calendar));
        calendar.laid.clone().unwrap_or_else(anew)
    }
}

/// Until when nodes are not there yet.
pub(super) type Arrivals = BTreeMap<Micros, Vec<Mask>>;

impl Fabric {
    pub fn new(state: &State, calendar: &Calendar) -> (Self, Arrivals) {
        let per_domain = calendar.nodes_per_domain.max(1);
        let mut fabric = Self {
            leaves: Vec::new(),
            units: Vec::new(),
            pieces: Vec::new(),
            unit_of: Vec::new(),
            per_domain,
            runs: Vec::new(),
            by_place: Vec::new(),
            named: 0,
            nodes: 0,
        };
        let mut arrivals: BTreeMap<Micros, Vec<Part>> = BTreeMap::new();
        let mut domains: BTreeMap<u32, Vec<Part>> = BTreeMap::new();
        let mut halls: BTreeMap<HallId, u32> = BTreeMap::new();
        let same_leaf =
            |a: &Slot, b: &Slot| (a.spine_group, a.hall, a.leaf) == (b.spine_group, b.hall, b.leaf);
        for leaf in calendar.slots.chunk_by(same_leaf) {
            let first = fabric.nodes;
            for slot in leaf {
                fabric.runs.push((slot.run, fabric.nodes));
                fabric.by_place.push((fabric.nodes, slot.run.first));
                let places = (fabric.nodes, slot.run.count);
                arrivals.entry(slot.from.micros()).or_default().push(places);
                if let Some(domain) = slot.nvlink_domain {
                    domains.entry(domain).or_default().push(places);
                }
                fabric.nodes += slot.run.count;
            }
            let known = u32::try_from(halls.len()).unwrap_or(u32::MAX);
            let hall = *halls.entry(leaf[0].hall).or_insert(known);
            fabric.leaf(first, leaf[0].spine_group, hall);
        }
        fabric.named = fabric.nodes;
        let mut domains: Vec<Vec<Part>> = domains.into_values().collect();
        for (from, row) in calendar.owing.iter() {
            let owed = state.supplies.at(*row).map_or(0, |(_, row)| row.owed().0);
            let places = fabric.expect(owed, &mut domains);
            arrivals.entry(from.micros()).or_default().push(places);
        }
        fabric.units(domains);
        fabric.runs.sort_unstable();
        let arrivals = arrivals.into_iter().map(|(from, places)| {
            let places = places.into_iter();
            let masks = places.flat_map(|(first, count)| masks(first, count));
            (from, masks.collect())
        });
        let arrivals = arrivals.collect();
        (fabric, arrivals)
    }

    /// Adds nodes that have no names yet, on leaves and in domains like the pool's.
    fn expect(&mut self, owed: u32, domains: &mut Vec<Vec<Part>>) -> Part {
        let known = self.leaves.partition_point(|leaf| leaf.first < self.named);
        let (known, to_come) = self.leaves.split_at(known);
        let size = known.iter().map(|leaf| leaf.count).max().unwrap_or(LEAF);
        // Whole domains of nodes to come hang on one leaf.
        let per_domain = self.per_domain;
        let size = (size / per_domain * per_domain).max(per_domain);
        let groups = known.chunk_by(|a, b| a.spine_group == b.spine_group);
        let spine = groups.map(<[Span]>::len).max().unwrap_or(SPINE as usize);
        let mut leaves = to_come.len();
        let first = self.nodes;
        let end = first + owed;
        while self.nodes < end {
            let begin = self.nodes;
            self.nodes = end.min(begin + size);
            if per_domain > 1 {
                let firsts = (begin..self.nodes).step_by(per_domain as usize);
                let rest = |at: u32| per_domain.min(self.nodes - at);
                domains.extend(firsts.map(|at| vec![(at, rest(at))]));
            }
            // Nobody knows yet which leaves will be neighbours.
            let group = u32::try_from(leaves / spine).unwrap_or(u32::MAX);
            self.leaf(begin, u32::MAX - group, u32::MAX);
            leaves += 1;
        }
        (first, owed)
    }

    fn leaf(&mut self, first: u32, spine_group: u32, hall: u32) {
        self.leaves.push(Span {
            first,
            count: self.nodes - first,
            spine_group,
            hall,
        });
    }

    /// The domains, and what is left of every leaf.
    fn units(&mut self, domains: Vec<Vec<Part>>) {
        if domains.is_empty() {
            return;
        }
        let mut taken: Vec<Part> = domains.iter().flatten().copied().collect();
        taken.sort_unstable();
        let unit = |parts: Vec<Part>, domain| Unit {
            leaf: self.leaf_of(parts[0].0),
            nodes: parts.iter().map(|(_, count)| count).sum(),
            parts,
            domain,
        };
        let mut units: Vec<Unit> = domains.into_iter().map(|parts| unit(parts, true)).collect();
        for leaf in &self.leaves {
            let mut parts = Vec::new();
            let mut at = leaf.first;
            let begin = taken.partition_point(|(first, _)| *first < leaf.first);
            let end = leaf.first + leaf.count;
            let here = taken[begin..].iter().take_while(|(first, _)| *first < end);
            for (first, count) in here.copied().chain([(end, 0)]) {
                if first > at {
                    parts.push((at, first - at));
                }
                at = first + count;
            }
            if !parts.is_empty() {
                units.push(unit(parts, false));
            }
        }
        units.sort_by_key(|unit| unit.parts[0].0);
        let mut pieces: Vec<(Unit, u32)> = Vec::new();
        for (number, unit) in (0..).zip(&units) {
            let on = |part: &Part| self.leaf_of(part.0);
            for parts in unit.parts.chunk_by(|a, b| on(a) == on(b)) {
                let piece = Unit {
                    parts: parts.to_vec(),
                    leaf: on(&parts[0]),
                    nodes: parts.iter().map(|(_, count)| count).sum(),
                    domain: unit.domain,
                };
                pieces.push((piece, number));
            }
        }
        if pieces.len() > units.len() {
            pieces.sort_by_key(|(piece, _)| piece.parts[0].0);
            (self.pieces, self.unit_of) = pieces.into_iter().unzip();
        }
        self.units = units;
    }

    /// Which leaf a place is on.
    pub fn leaf_of(&self, place: u32) -> u32 {
        let after = self.leaves.partition_point(|leaf| leaf.first <= place);
        u32::try_from(after.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// The places of the nodes whose bits are set.
    pub fn words_of(&self, bits: &Bits) -> Vec<u64> {
        let mut words = vec![0; self.nodes().div_ceil(64)];
        for (run, place) in &self.runs {
            for Mask { block, nodes } in masks(*place, run.count) {
                let low = nodes.trailing_zeros();
                let here = Run {
                    first: run.first + block * 64 + low - place,
                    count: nodes.count_ones(),
                };
                words[block as usize] |= bits.word(here) << low;
            }
        }
        words
    }

    pub fn nodes(&self) -> usize {
        self.nodes as usize
    }

    /// The places of nodes; those of other pools have none here.
    pub fn masks(&self, nodes: &NodeSet) -> Vec<Mask> {
        self.masks_of_runs(nodes.runs().iter().copied())
    }

    /// The places of nodes by number.
    pub fn masks_of(&self, numbers: Vec<u32>) -> Vec<Mask> {
        self.masks_of_runs(numbers.into_iter().map(single))
    }

    fn masks_of_runs(&self, runs: impl Iterator<Item = Run>) -> Vec<Mask> {
        let mut found: Vec<Mask> = Vec::new();
        for run in runs {
            let begin = self
                .runs
                .partition_point(|(known, _)| known.end() <= run.first);
            let here = self.runs[begin..].iter();
            for (known, place) in here.take_while(|(known, _)| known.first < run.end()) {
                let first = known.first.max(run.first);
                let count = known.end().min(run.end()) - first;
                found.extend(masks(place + first - known.first, count));
            }
        }
        found
    }

    /// The numbers of places; `None` when some have none.
    pub fn numbers(&self, masks: &[Mask]) -> Option<Vec<u32>> {
        let mut numbers = Vec::new();
        for mask in masks {
            let mut nodes = mask.nodes;
            while nodes != 0 {
                let place = mask.block * 64 + nodes.trailing_zeros();
                if place >= self.named {
                    return None;
                }
                // Neighbours of one run are numbered on.
                let after = self.by_place.partition_point(|(first, _)| *first <= place);
                let (first, number) = *self.by_place.get(after.checked_sub(1)?)?;
                let end = self.by_place.get(after).map_or(self.named, |next| next.0);
                let length = (nodes >> nodes.trailing_zeros()).trailing_ones();
                let length = length.min(end - place);
                let number = number + place - first;
                numbers.extend(number..number + length);
                let done = nodes.trailing_zeros() + length;
                nodes &= u64::MAX.checked_shl(done).unwrap_or(0);
            }
        }
        Some(numbers)
    }

    /// The places, a word for each block.
    pub fn words<'a>(&self, masks: impl IntoIterator<Item = &'a Mask>) -> Vec<u64> {
        let mut words: Vec<u64> = vec![0; self.nodes().div_ceil(64)];
        for mask in masks {
            words[mask.block as usize] |= mask.nodes;
        }
        words
    }

    /// On how many leaves the places are.
    pub fn leaves(&self, taken: &[Mask]) -> usize {
        let rooms = self.rooms(&self.words(taken));
        rooms.iter().filter(|room| **room > 0).count()
    }

    /// Clears the places without names.
    pub fn only_named(&self, free: &mut [u64]) {
        for mask in masks(self.named, self.nodes - self.named) {
            free[mask.block as usize] &= !mask.nodes;
        }
    }

    /// How many nodes of every leaf are free.
    pub fn rooms(&self, free: &[u64]) -> Vec<u32> {
        let leaves = self.leaves.iter();
        leaves
            .map(|leaf| room(free, (leaf.first, leaf.count)))
            .collect()
    }

    /// Adds so many free nodes of a leaf.
    pub fn take(&self, leaf: usize, count: u32, free: &[u64], taken: &mut Vec<Mask>) {
        let leaf = self.leaves[leaf];
        take(&[(leaf.first, leaf.count)], count, free, taken);
    }

    /// The spine group with the least room that holds so many nodes.
    pub fn best_group(&self, rooms: &[u32], nodes: u32) -> Option<u32> {
        let mut best: Option<(u32, u32)> = None;
        let mut at = 0;
        for group in self.leaves.chunk_by(|a, b| a.spine_group == b.spine_group) {
            let room: u32 = rooms[at..at + group.len()].iter().sum();
            at += group.len();
            let this = (room, group[0].spine_group);
            if room >= nodes && best.is_none_or(|best| this < best) {
                best = Some(this);
            }
        }
        best.map(|(_, group)| group)
    }
}

/// How many of some places are free.
pub(super) fn room(free: &[u64], (first, count): Part) -> u32 {
    let (block, low) = (first as usize / 64, first % 64);
    // Most leaves lie in one block.
    if low + count <= 64 && (1..64).contains(&count) {
        return (free[block] >> low & ((1 << count) - 1)).count_ones();
    }
    let here = masks(first, count);
    here.map(|mask| (free[mask.block as usize] & mask.nodes).count_ones())
        .sum()
}

/// Adds so many free nodes of some places.
pub(super) fn take(parts: &[Part], count: u32, free: &[u64], taken: &mut Vec<Mask>) {
    let mut needed = count;
    for Mask { block, nodes } in parts.iter().flat_map(|part| masks(part.0, part.1)) {
        let nodes = lowest(free[block as usize] & nodes, needed);
        needed -= nodes.count_ones();
        if nodes != 0 {
            taken.push(Mask { block, nodes });
        }
    }
}

/// So many neighbouring places.
pub(super) fn masks(first: u32, count: u32) -> impl Iterator<Item = Mask> {
    let end = first + count;
    (first / 64..end.div_ceil(64)).map(move |block| {
        let low = first.max(block * 64) - block * 64;
        let high = end.min(block * 64 + 64) - block * 64;
        let width = high.saturating_sub(low);
        let ones = if width == 64 {
            u64::MAX
        } else {
            (1 << width) - 1
        };
        Mask {
            block,
            nodes: ones << low,
        }
    })
}
