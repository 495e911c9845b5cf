//! Which nodes: those free throughout a window, on as few leaves as can be.

use std::collections::BTreeSet;

use bareboat_base::{NodeSet, Run, SiteId, Window};

use crate::State;
use crate::calendar::{Calendar, Pinned};
use crate::place::{nodes_of, overlap, single};

/// A bit for each node number of a site.
#[derive(Clone)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    fn new(end: u32) -> Self {
        Self(vec![0; (end as usize).div_ceil(64)])
    }

    /// Sets or clears the bits of a run, as far as there are bits.
    fn fill(&mut self, run: Run, value: bool) {
        let end = (run.end() as usize).min(self.0.len() * 64);
        let mut at = run.first as usize;
        while at < end {
            let upto = end.min((at / 64 + 1) * 64);
            let width = upto - at;
            let ones = if width == 64 {
                u64::MAX
            } else {
                (1 << width) - 1
            };
            let mask = ones << (at % 64);
            if value {
                self.0[at / 64] |= mask;
            } else {
                self.0[at / 64] &= !mask;
            }
            at = upto;
        }
    }

    fn clear(&mut self, nodes: &NodeSet) {
        for run in nodes.runs() {
            self.fill(*run, false);
        }
    }

    fn get(&self, number: u32) -> bool {
        let word = self.0.get(number as usize / 64).copied().unwrap_or(0);
        word >> (number % 64) & 1 == 1
    }

    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The numbers whose bits are set in a run.
    pub fn numbers(&self, run: Run) -> impl Iterator<Item = u32> + '_ {
        (run.first..run.end()).filter(|number| self.get(*number))
    }
}

/// The named nodes that no pin binds in a window and that are installed by its beginning.
pub(crate) fn free_throughout(state: &State, calendar: &Calendar, window: Window) -> Bits {
    let end = calendar.slots.iter().map(|slot| slot.run.end()).max();
    let mut bits = Bits::new(end.unwrap_or(0));
    for slot in calendar.slots.iter() {
        if slot.from <= window.from() {
            bits.fill(slot.run, true);
        }
    }
    for pin in calendar.pins.iter() {
        if pin.from >= window.to() {
            break;
        }
        if pin.to <= window.from() {
            continue;
        }
        // There are many of these: their node stands in the pin, so that no row is looked up.
        if let Pinned::Stay { node, .. } = pin.what {
            bits.fill(single(node), false);
        } else if let Some(nodes) = nodes_of(state, pin) {
            bits.clear(nodes);
        }
    }
    bits
}

/// The bits without some nodes.
pub(crate) fn without(bits: &Bits, nodes: Option<&NodeSet>) -> Bits {
    let mut bits = bits.clone();
    if let Some(nodes) = nodes {
        bits.clear(nodes);
    }
    bits
}

/// On how many leaves the nodes hang.
pub(crate) fn leaves_of(calendar: &Calendar, nodes: &NodeSet) -> usize {
    let slots = calendar.slots.iter();
    let slots = slots.filter(|slot| overlap(nodes, slot.run).next().is_some());
    let leaves: BTreeSet<_> = slots
        .map(|slot| (slot.spine_group, slot.hall, slot.leaf))
        .collect();
    leaves.len()
}

/// Why no nodes were chosen.
pub(crate) enum NotChosen {
    /// Fewer are free.
    TooFew,
    /// The fewest leaves that hold them are more than allowed.
    Leaves(u32),
}

pub(crate) struct Leaf {
    pub spine_group: u32,
    pub slots: std::ops::Range<usize>,
    pub free: u32,
}

/// Chooses free nodes: in one spine group where one holds them (the one with least room), on the
/// fewest leaves, the last leaf the one with least room.
pub(crate) fn choose(
    calendar: &Calendar,
    site: SiteId,
    free: &Bits,
    nodes: u32,
    max_leaves: Option<u32>,
) -> Result<NodeSet, NotChosen> {
    let leaves = leaves(calendar, free);
    let all: Vec<usize> = (0..leaves.len()).collect();
    let mut chosen = match best_group(&leaves, nodes) {
        Some(group) => {
            let inside = |index: &usize| leaves[*index].spine_group == group;
            fewest(&leaves, all.iter().copied().filter(inside).collect(), nodes)
        }
        None => fewest(&leaves, all.clone(), nodes),
    };
    let most = max_leaves.map_or(usize::MAX, |most| most as usize);
    if chosen.as_ref().is_some_and(|chosen| chosen.len() > most) {
        chosen = fewest(&leaves, all, nodes);
    }
    let chosen = chosen.ok_or(NotChosen::TooFew)?;
    if chosen.len() > most {
        return Err(NotChosen::Leaves(
            u32::try_from(chosen.len()).unwrap_or(u32::MAX),
        ));
    }
    let mut runs: Vec<Run> = Vec::new();
    for (leaf, count) in chosen {
        let slots = calendar.slots[leaves[leaf].slots.clone()].iter();
        let numbers = slots.flat_map(|slot| free.numbers(slot.run));
        for first in numbers.take(count as usize) {
            match runs.last_mut() {
                Some(last) if last.end() == first => last.count += 1,
                _ => runs.push(Run { first, count: 1 }),
            }
        }
    }
    NodeSet::from_runs(site, runs).map_err(|_| NotChosen::TooFew)
}

/// The leaves in the order of the fabric, each with its free nodes.
fn leaves(calendar: &Calendar, free: &Bits) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = Vec::new();
    for (index, slot) in calendar.slots.iter().enumerate() {
        let count = free.numbers(slot.run).count();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let same = index.checked_sub(1).map(|before| calendar.slots[before]);
        let same = same.is_some_and(|before| {
            (before.spine_group, before.hall, before.leaf)
                == (slot.spine_group, slot.hall, slot.leaf)
        });
        match leaves.last_mut().filter(|_| same) {
            Some(leaf) => {
                leaf.free += count;
                leaf.slots.end = index + 1;
            }
            None => leaves.push(Leaf {
                spine_group: slot.spine_group,
                slots: index..index + 1,
                free: count,
            }),
        }
    }
    leaves
}

/// The spine group with the least room that holds so many nodes.
pub(crate) fn best_group(leaves: &[Leaf], nodes: u32) -> Option<u32> {
    let groups = leaves.chunk_by(|a, b| a.spine_group == b.spine_group);
    let rooms = groups.map(|group| {
        let room: u32 = group.iter().map(|leaf| leaf.free).sum();
        (room, group[0].spine_group)
    });
    rooms
        .filter(|(room, _)| *room >= nodes)
        .min()
        .map(|(_, group)| group)
}

/// The fewest of the leaves that hold so many nodes, with how many to take of each.
pub(crate) fn fewest(
    leaves: &[Leaf],
    mut among: Vec<usize>,
    nodes: u32,
) -> Option<Vec<(usize, u32)>> {
    among.sort_by_key(|index| (std::cmp::Reverse(leaves[*index].free), *index));
    let mut chosen = Vec::new();
    let mut needed = nodes;
    let mut at = 0;
    while needed > 0 {
        let rest = &among[at..];
        let enough = rest.partition_point(|index| leaves[*index].free >= needed);
        if enough > 0 {
            // Of those with as much room, the first in the fabric.
            let room = leaves[rest[enough - 1]].free;
            let first = rest.partition_point(|index| leaves[*index].free > room);
            chosen.push((rest[first], needed));
            return Some(chosen);
        }
        let index = *rest.first()?;
        let room = leaves[index].free;
        if room == 0 {
            return None;
        }
        chosen.push((index, room));
        needed -= room;
        at += 1;
    }
    Some(chosen)
}
