//! Nodes that lie as a lot asks.
//!
//! One limit alone is met exactly: it is refused only where no choice meets it. Where several
//! hold together, a few ways of choosing are tried and each is judged by all of them, so that
//! what is chosen always lies as asked, and what is refused may have been possible.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_base::{FabricLevel, Shape, Spread};

use super::NoPlace;
use super::blocks::Mask;
use super::fabric::{Fabric, Part, Unit, masks, room, take};
use super::pick::{fewest, fewest_within};

/// Nodes that are asked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub nodes: u32,
    pub shape: Shape,
    /// The places of the lot's other deliveries: the shape binds them together.
    pub kin: &'a [Mask],
}

/// Spine groups that are tried alone.
const GROUPS_ALONE: usize = 8;

/// How some places lie.
struct Tally {
    leaves: u32,
    domains: u32,
    groups: BTreeMap<u32, u32>,
    halls: BTreeMap<u32, u32>,
    most_of_leaf: u32,
    most_of_domain: u32,
    /// Whether every domain is whole.
    whole: bool,
}

impl Fabric {
    /// Whether places, with those of the lot's other deliveries, lie as asked.
    pub fn keeps(&self, taken: &[Mask], kin: &[Mask], shape: &Shape) -> bool {
        if shape.is_any() {
            return true;
        }
        let words = self.words(taken.iter().chain(kin));
        let tally = self.tally(&words);
        let within = |most: Option<u32>, found: u32| most.is_none_or(|most| found <= most);
        let spread = shape.spread.is_none_or(|Spread { over, most }| {
            let largest = |places: &BTreeMap<u32, u32>| places.values().copied().max();
            let found = match over {
                FabricLevel::NvlinkDomain => tally.most_of_domain,
                FabricLevel::Leaf => tally.most_of_leaf,
                FabricLevel::SpineGroup => largest(&tally.groups).unwrap_or(0),
                FabricLevel::Hall => {
                    // Nodes to come may stand in any of the halls.
                    let known = tally.halls.range(..u32::MAX).map(|(_, count)| *count);
                    let to_come = tally.halls.get(&u32::MAX).copied().unwrap_or(0);
                    known.max().unwrap_or(0) + to_come
                }
            };
            found <= most
        });
        let groups = u32::try_from(tally.groups.len()).unwrap_or(u32::MAX);
        spread
            && within(shape.max_leaves, tally.leaves)
            && within(shape.max_nvlink_domains, tally.domains)
            && within(shape.max_spine_groups, groups)
            && (tally.whole || !shape.whole_nvlink_domains)
            && (!shape.contiguous || self.stretches(&words).len() <= 1)
    }

    fn tally(&self, words: &[u64]) -> Tally {
        let mut tally = Tally {
            leaves: 0,
            domains: 0,
            groups: BTreeMap::new(),
            halls: BTreeMap::new(),
            most_of_leaf: 0,
            most_of_domain: 0,
            whole: true,
        };
        for (leaf, count) in self.leaves.iter().zip(self.rooms(words)) {
            if count > 0 {
                tally.leaves += 1;
                tally.most_of_leaf = tally.most_of_leaf.max(count);
                *tally.groups.entry(leaf.spine_group).or_default() += count;
                *tally.halls.entry(leaf.hall).or_default() += count;
            }
        }
        if self.units.is_empty() {
            tally.domains = tally.groups.values().sum();
            tally.most_of_domain = tally.domains.min(1);
            tally.whole = self.per_domain == 1 || tally.domains == 0;
        }
        for unit in &self.units {
            let count: u32 = unit.parts.iter().map(|part| room(words, *part)).sum();
            if count == 0 {
            } else if unit.domain {
                tally.domains += 1;
                tally.most_of_domain = tally.most_of_domain.max(count);
                tally.whole &= count == unit.nodes && count >= self.per_domain;
            } else {
                tally.domains += count;
                tally.most_of_domain = tally.most_of_domain.max(1);
                tally.whole &= self.per_domain == 1;
            }
        }
        tally
    }

    /// Neighbouring places, ascending. Which leaves to come will be neighbours, nobody knows.
    fn stretches(&self, words: &[u64]) -> Vec<Part> {
        let mut stretches: Vec<Part> = Vec::new();
        for leaf in &self.leaves {
            let mut first_of_leaf = true;
            for mask in masks(leaf.first, leaf.count) {
                let mut word = words[mask.block as usize] & mask.nodes;
                while word != 0 {
                    let low = word.trailing_zeros();
                    let length = (word >> low).trailing_ones();
                    let first = mask.block * 64 + low;
                    word &= if low + length == 64 {
                        0
                    } else {
                        u64::MAX << (low + length)
                    };
                    let apart = first_of_leaf && leaf.first >= self.named;
                    match stretches.last_mut() {
                        Some(last) if last.0 + last.1 == first && !apart => last.1 += length,
                        _ => stretches.push((first, length)),
                    }
                    first_of_leaf = false;
                }
            }
        }
        stretches
    }

    /// Free nodes that lie as asked.
    pub fn shaped(&self, free: &[u64], wanted: Wanted<'_>) -> Result<Vec<Mask>, NoPlace> {
        if wanted.shape.contiguous {
            return self.contiguous(free, wanted).ok_or(NoPlace::Shape);
        }
        let choice = Choice::new(self, free, wanted);
        let mut least_leaves = None;
        for groups in choice.groups() {
            for by_leaf in [true, false] {
                if !by_leaf && self.units.is_empty() {
                    continue;
                }
                let chosen = match by_leaf {
                    true => choice.by_leaf(groups.as_ref()),
                    false => choice.by_unit(groups.as_ref()),
                };
                let Some(chosen) = chosen else {
                    continue;
                };
                if self.keeps(&chosen, wanted.kin, &wanted.shape) {
                    return Ok(chosen);
                }
                let leaves = u32::try_from(self.leaves(&chosen)).unwrap_or(u32::MAX);
                least_leaves = Some(least_leaves.map_or(leaves, |least: u32| least.min(leaves)));
            }
        }
        match least_leaves {
            Some(leaves) if wanted.shape.is_leaves_alone() && wanted.kin.is_empty() => {
                Err(NoPlace::Leaves(leaves))
            }
            _ => Err(NoPlace::Shape),
        }
    }

    /// Neighbours: on the fewest leaves, in the shortest stretch.
    fn contiguous(&self, free: &[u64], wanted: Wanted<'_>) -> Option<Vec<Mask>> {
        let free = match wanted.shape.whole_nvlink_domains {
            true => Choice::new(self, free, wanted).free_whole(),
            false => free.to_vec(),
        };
        let nodes = wanted.nodes;
        let stretches = self.stretches(&free);
        let fits = |first: u32| {
            let after = stretches.partition_point(|(begin, _)| *begin <= first);
            let stretch = after.checked_sub(1).map(|at| stretches[at]);
            let end = first.checked_add(nodes);
            stretch.is_some_and(|(begin, length)| end.is_some_and(|end| end <= begin + length))
        };
        let mut starts: BTreeSet<(u32, u32, u32)> = BTreeSet::new();
        let mut offer = |first: u32, length: u32| {
            let leaves = self.leaf_of(first + nodes - 1) - self.leaf_of(first) + 1;
            starts.insert((leaves, length, first));
        };
        if let Some((begin, length)) = self.stretches(&self.words(wanted.kin)).first() {
            let before = begin.checked_sub(nodes);
            for first in before.into_iter().chain([begin + length]) {
                if fits(first) {
                    offer(first, 0);
                }
            }
        } else {
            let ends = self.leaves.iter().map(|leaf| leaf.first);
            let ends = ends.chain(self.units.iter().map(|unit| unit.parts[0].0));
            let ends: BTreeSet<u32> = ends.collect();
            for (begin, length) in stretches.iter().filter(|(_, length)| *length >= nodes) {
                let (begin, end) = (*begin, begin + length);
                let inside = ends.range(begin..=end).copied();
                let before = inside
                    .clone()
                    .filter_map(|at| at.checked_sub(nodes))
                    .filter(|first| *first >= begin);
                let from = inside.filter(|first| first + nodes <= end);
                for first in from.chain(before).chain([begin, end - nodes]) {
                    offer(first, *length);
                }
            }
        }
        let chosen = starts
            .into_iter()
            .map(|(_, _, first)| masks(first, nodes).collect());
        let mut chosen = chosen.filter(|chosen: &Vec<Mask>| {
            let lies_free = |mask: &Mask| mask.nodes & !free[mask.block as usize] == 0;
            chosen.iter().all(lies_free)
        });
        chosen.find(|chosen| self.keeps(chosen, wanted.kin, &wanted.shape))
    }
}

/// What can be chosen from: the rooms of the units, and of the leaves.
struct Choice<'a> {
    fabric: &'a Fabric,
    free: &'a [u64],
    wanted: Wanted<'a>,
    units: std::borrow::Cow<'a, [Unit]>,
    rooms: Vec<u32>,
    /// The rooms of the pieces that are on one leaf; empty when all units are.
    pieces: Vec<u32>,
    leaves: Vec<u32>,
    /// The places of the other deliveries.
    kin: Vec<u64>,
}

impl<'a> Choice<'a> {
    fn new(fabric: &'a Fabric, free: &'a [u64], wanted: Wanted<'a>) -> Self {
        let units: std::borrow::Cow<'_, [Unit]> = if fabric.units.is_empty() {
            let leaves = (0..).zip(&fabric.leaves).map(|(leaf, span)| Unit {
                parts: vec![(span.first, span.count)],
                leaf,
                nodes: span.count,
                domain: false,
            });
            leaves.collect()
        } else {
            (&fabric.units[..]).into()
        };
        let kin = fabric.words(wanted.kin);
        let shape = &wanted.shape;
        let spread_over = |level| shape.spread.filter(|spread| spread.over == level);
        let over_domain = spread_over(FabricLevel::NvlinkDomain);
        let rooms = units.iter().map(|unit| {
            let found: u32 = unit.parts.iter().map(|part| room(free, *part)).sum();
            let whole = match unit.domain {
                true => found == unit.nodes && found >= fabric.per_domain,
                false => fabric.per_domain == 1,
            };
            let used: u32 = unit.parts.iter().map(|part| room(&kin, *part)).sum();
            match over_domain {
                _ if shape.whole_nvlink_domains && !whole => 0,
                Some(spread) if unit.domain => found.min(spread.most.saturating_sub(used)),
                _ => found,
            }
        });
        let rooms: Vec<u32> = rooms.collect();
        let mut leaves = vec![0; fabric.leaves.len()];
        let pieces = fabric.pieces.iter().zip(&fabric.unit_of);
        let pieces = pieces.map(|(piece, unit)| {
            let found: u32 = piece.parts.iter().map(|part| room(free, *part)).sum();
            found.min(rooms[*unit as usize])
        });
        let pieces: Vec<u32> = pieces.collect();
        let (on_one, in_each) = match pieces.is_empty() {
            true => (&units[..], &rooms),
            false => (&fabric.pieces[..], &pieces),
        };
        for (piece, room) in on_one.iter().zip(in_each) {
            leaves[piece.leaf as usize] += room;
        }
        if let Some(spread) = spread_over(FabricLevel::Leaf) {
            for (leaf, used) in leaves.iter_mut().zip(fabric.rooms(&kin)) {
                *leaf = (*leaf).min(spread.most.saturating_sub(used));
            }
        }
        Self {
            fabric,
            free,
            wanted,
            units,
            rooms,
            pieces,
            leaves,
            kin,
        }
    }

    /// The free places of whole domains.
    fn free_whole(&self) -> Vec<u64> {
        let mut whole = Vec::new();
        for (unit, room) in self.units.iter().zip(&self.rooms) {
            if *room > 0 {
                take(&unit.parts, *room, self.free, &mut whole);
            }
        }
        self.fabric.words(&whole)
    }

    fn group_of(&self, leaf: usize) -> u32 {
        self.fabric.leaves[leaf].spine_group
    }

    /// Sets of spine groups to choose from, the neatest first; `None` for all.
    fn groups(&self) -> Vec<Option<BTreeSet<u32>>> {
        let nodes = self.wanted.nodes;
        let mut used: BTreeMap<u32, u32> = BTreeMap::new();
        for (leaf, room) in self.fabric.leaves.iter().zip(&self.leaves) {
            *used.entry(leaf.spine_group).or_default() += room;
        }
        let spread = self.wanted.shape.spread;
        if let Some(spread) = spread.filter(|spread| spread.over == FabricLevel::SpineGroup) {
            for room in used.values_mut() {
                *room = (*room).min(spread.most);
            }
        }
        let kin: BTreeSet<u32> = self.fabric.tally(&self.kin).groups.into_keys().collect();
        let (names, rooms): (Vec<u32>, Vec<u32>) = used.into_iter().unzip();
        let in_kin: u32 = (names.iter().zip(&rooms))
            .filter(|(name, _)| kin.contains(name))
            .map(|(_, room)| room)
            .sum();
        let others = || (0..names.len()).filter(|at| !kin.contains(&names[*at]));
        let with_kin = |others: &mut dyn Iterator<Item = usize>| {
            let others = others.map(|at| names[at]);
            others.chain(kin.iter().copied()).collect::<BTreeSet<u32>>()
        };
        let few = match nodes.saturating_sub(in_kin) {
            0 => Some(kin.clone()),
            rest => {
                let chosen = fewest(&rooms, others().collect(), rest);
                chosen.map(|chosen| with_kin(&mut chosen.into_iter().map(|(at, _)| at)))
            }
        };
        let mut sets = Vec::new();
        match self.wanted.shape.max_spine_groups {
            None => {
                sets.extend(few.filter(|few| few.len() == 1).map(Some));
                sets.push(None);
            }
            Some(most) => {
                sets.extend(few.map(Some));
                // Those with most room: other limits may need it.
                let mut largest: Vec<usize> = others().collect();
                largest.sort_by_key(|at| std::cmp::Reverse(rooms[*at]));
                let more = (most as usize).saturating_sub(kin.len());
                sets.push(Some(with_kin(&mut largest.iter().copied().take(more))));
                // Or one alone that is not the fullest: its leaves may be emptier.
                let alone = largest.iter().filter(|at| rooms[**at] + in_kin >= nodes);
                let alone = alone.take(if more > 0 { GROUPS_ALONE } else { 0 });
                sets.extend(alone.map(|at| Some(with_kin(&mut std::iter::once(*at)))));
            }
        }
        sets
    }

    /// The fewest leaves, of each the fewest domains.
    fn by_leaf(&self, groups: Option<&BTreeSet<u32>>) -> Option<Vec<Mask>> {
        let among = (0..self.leaves.len())
            .filter(|leaf| groups.is_none_or(|groups| groups.contains(&self.group_of(*leaf))));
        let kin = self.fabric.rooms(&self.kin);
        let chosen = self.fewest(
            &self.leaves,
            among.collect(),
            |leaf| kin[leaf] > 0,
            |leaf| leaf,
        )?;
        let (pieces, rooms) = match self.pieces.is_empty() {
            true => (&self.units[..], &self.rooms),
            false => (&self.fabric.pieces[..], &self.pieces),
        };
        let mut masks = Vec::new();
        for (leaf, count) in chosen {
            let begin = pieces.partition_point(|piece| (piece.leaf as usize) < leaf);
            let end = pieces.partition_point(|piece| (piece.leaf as usize) <= leaf);
            for (piece, count) in fewest(rooms, (begin..end).collect(), count)? {
                take(&pieces[piece].parts, count, self.free, &mut masks);
            }
        }
        Some(masks)
    }

    /// The fewest domains, whatever their leaves.
    fn by_unit(&self, groups: Option<&BTreeSet<u32>>) -> Option<Vec<Mask>> {
        let leaf = |unit: usize| self.units[unit].leaf as usize;
        let among = (0..self.units.len()).filter(|unit| {
            groups.is_none_or(|groups| groups.contains(&self.group_of(leaf(*unit))))
        });
        let used = |unit: usize| {
            let parts = self.units[unit].parts.iter();
            self.units[unit].domain && parts.clone().any(|part| room(&self.kin, *part) > 0)
        };
        let among: Vec<usize> = among.collect();
        // Nodes of no domain are one each.
        let domains = among
            .iter()
            .copied()
            .filter(|unit| self.units[*unit].domain);
        let chosen = self.fewest(&self.rooms, domains.collect(), used, leaf);
        let chosen = chosen.or_else(|| self.fewest(&self.rooms, among, used, leaf));
        let mut masks = Vec::new();
        for (unit, count) in chosen? {
            take(&self.units[unit].parts, count, self.free, &mut masks);
        }
        Some(masks)
    }

    /// The fewest places, those that other deliveries use before the others, within the spread.
    fn fewest(
        &self,
        rooms: &[u32],
        among: Vec<usize>,
        used: impl Fn(usize) -> bool,
        leaf: impl Fn(usize) -> usize,
    ) -> Option<Vec<(usize, u32)>> {
        let spread = self.wanted.shape.spread;
        let spread = spread.filter(|spread| spread.over != FabricLevel::NvlinkDomain);
        let place_of = |leaf: usize| match spread.map(|spread| spread.over) {
            Some(FabricLevel::Hall) => self.fabric.leaves[leaf].hall,
            Some(FabricLevel::SpineGroup) => self.group_of(leaf),
            _ => u32::try_from(leaf).unwrap_or(u32::MAX),
        };
        let larger = |place: usize| place_of(leaf(place));
        let mut taken: BTreeMap<u32, u32> = BTreeMap::new();
        if spread.is_some() {
            let kin = self.fabric.rooms(&self.kin);
            for (leaf, count) in kin.into_iter().enumerate() {
                *taken.entry(place_of(leaf)).or_default() += count;
            }
        }
        let taken = std::cell::RefCell::new(taken);
        let mut left = |place: u32| match spread {
            None => u32::MAX,
            Some(spread) => {
                let used = taken.borrow().get(&place).copied().unwrap_or(0);
                spread.most.saturating_sub(used)
            }
        };
        let mut take = |place: u32, count: u32| {
            *taken.borrow_mut().entry(place).or_default() += count;
        };
        let (mut near, far): (Vec<usize>, Vec<usize>) =
            among.into_iter().partition(|place| used(*place));
        near.sort_by_key(|place| std::cmp::Reverse(rooms[*place]));
        let mut chosen = Vec::new();
        let mut needed = self.wanted.nodes;
        for place in near {
            let count = needed.min(rooms[place]).min(left(larger(place)));
            if count > 0 {
                take(larger(place), count);
                chosen.push((place, count));
                needed -= count;
            }
        }
        if needed > 0 {
            chosen.extend(match spread {
                None => fewest(rooms, far, needed)?,
                Some(_) => fewest_within(rooms, far, needed, larger, &mut left, &mut take)?,
            });
        }
        Some(chosen)
    }
}
