//! The nodes of a pool in the order of the fabric, those to come at its end.

use std::collections::BTreeMap;

use bareboat_base::{NodeSet, Run};
use serde::{Deserialize, Serialize};

use super::blocks::{Mask, Micros, lowest};
use crate::State;
use crate::calendar::{Calendar, Slot};
use crate::choose::Leaf;
use crate::place::single;

/// Nodes to come hang on leaves of this size where the pool has none yet.
const LEAF: u32 = 32;

/// A leaf: so many places from the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Span {
    first: u32,
    count: u32,
    spine_group: u32,
}

/// See the module's words. A node's place is its bit in the blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Fabric {
    leaves: Vec<Span>,
    /// Runs of node numbers, ascending, and the place of the first.
    runs: Vec<(Run, u32)>,
    /// The place and the number of the first node of every run, by place.
    by_place: Vec<(u32, u32)>,
    /// Places of nodes that have names; the others come after them.
    named: u32,
    nodes: u32,
}

/// Until when nodes are not there yet.
pub(super) type Arrivals = BTreeMap<Micros, Vec<Mask>>;

impl Fabric {
    pub fn new(state: &State, calendar: &Calendar) -> (Self, Arrivals) {
        let mut fabric = Self {
            leaves: Vec::new(),
            runs: Vec::new(),
            by_place: Vec::new(),
            named: 0,
            nodes: 0,
        };
        let mut arrivals: BTreeMap<Micros, Vec<(u32, u32)>> = BTreeMap::new();
        let same_leaf =
            |a: &Slot, b: &Slot| (a.spine_group, a.hall, a.leaf) == (b.spine_group, b.hall, b.leaf);
        for leaf in calendar.slots.chunk_by(same_leaf) {
            let first = fabric.nodes;
            for slot in leaf {
                fabric.runs.push((slot.run, fabric.nodes));
                fabric.by_place.push((fabric.nodes, slot.run.first));
                let places = (fabric.nodes, slot.run.count);
                arrivals.entry(slot.from.micros()).or_default().push(places);
                fabric.nodes += slot.run.count;
            }
            fabric.leaf(first, leaf[0].spine_group);
        }
        fabric.named = fabric.nodes;
        let size = fabric.leaves.iter().map(|leaf| leaf.count).max();
        let size = size.unwrap_or(LEAF);
        for (from, row) in calendar.owing.iter() {
            let mut owed = state.supplies.at(*row).map_or(0, |(_, row)| row.owed().0);
            while owed > 0 {
                let (first, count) = (fabric.nodes, owed.min(size));
                let places = (first, count);
                arrivals.entry(from.micros()).or_default().push(places);
                owed -= count;
                fabric.nodes += count;
                // Nobody knows yet which leaves will be neighbours.
                fabric.leaf(first, u32::MAX);
            }
        }
        fabric.runs.sort_unstable();
        let arrivals = arrivals.into_iter().map(|(from, places)| {
            let places = places.into_iter();
            let masks = places.flat_map(|(first, count)| masks(first, count));
            (from, masks.collect())
        });
        let arrivals = arrivals.collect();
        (fabric, arrivals)
    }

    fn leaf(&mut self, first: u32, spine_group: u32) {
        self.leaves.push(Span {
            first,
            count: self.nodes - first,
            spine_group,
        });
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
                nodes &= nodes - 1;
                if place >= self.named {
                    return None;
                }
                let after = self.by_place.partition_point(|(first, _)| *first <= place);
                if let Some((first, number)) = after.checked_sub(1).map(|at| self.by_place[at]) {
                    numbers.push(number + place - first);
                }
            }
        }
        Some(numbers)
    }

    /// On how many leaves the places are.
    pub fn leaves(&self, taken: &[Mask]) -> usize {
        let mut words: Vec<u64> = vec![0; self.nodes().div_ceil(64)];
        for mask in taken {
            words[mask.block as usize] |= mask.nodes;
        }
        self.rooms(&words)
            .iter()
            .filter(|leaf| leaf.free > 0)
            .count()
    }

    /// Clears the places without names.
    pub fn only_named(&self, free: &mut [u64]) {
        for mask in masks(self.named, self.nodes - self.named) {
            free[mask.block as usize] &= !mask.nodes;
        }
    }

    /// Every leaf with its free nodes.
    pub fn rooms(&self, free: &[u64]) -> Vec<Leaf> {
        let room = |span: &Span| {
            let here = masks(span.first, span.count);
            let nodes = here.map(|mask| (free[mask.block as usize] & mask.nodes).count_ones());
            Leaf {
                spine_group: span.spine_group,
                slots: 0..0,
                free: nodes.sum(),
            }
        };
        self.leaves.iter().map(room).collect()
    }

    /// Adds so many free nodes of a leaf.
    pub fn take(&self, leaf: usize, count: u32, free: &[u64], taken: &mut Vec<Mask>) {
        let span = self.leaves[leaf];
        let mut needed = count;
        for Mask { block, nodes } in masks(span.first, span.count) {
            let nodes = lowest(free[block as usize] & nodes, needed);
            needed -= nodes.count_ones();
            if nodes != 0 {
                taken.push(Mask { block, nodes });
            }
        }
    }
}

/// So many neighbouring places.
fn masks(first: u32, count: u32) -> impl Iterator<Item = Mask> {
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
