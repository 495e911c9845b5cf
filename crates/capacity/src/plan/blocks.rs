//! When every node is busy, 64 nodes to a block.
//!
//! A lot takes whole stretches of neighbours, so an interval stands once a block with a mask of
//! its nodes, and a question about a window passes over a few dozen intervals for 64 nodes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Microseconds since the epoch; the least stands for the beginning of time.
pub(super) type Micros = i64;

/// Some nodes of one block are busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Busy {
    from: Micros,
    to: Micros,
    nodes: u64,
}

/// Nodes of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Mask {
    pub block: u32,
    pub nodes: u64,
}

/// Blocks that are shared, or copied, together.
const GROUP: usize = 64;

/// The intervals of its blocks stand one after the other: a question passes over all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Group {
    /// Of each block the nodes that there are.
    all: Vec<u64>,
    /// Where the intervals of each block end.
    ends: Vec<u32>,
    /// Block by block, by beginning, then by end; those with the same window stand together.
    busy: Vec<Busy>,
}

impl Group {
    fn of(&self, block: usize) -> &[Busy] {
        let begin = match block {
            0 => 0,
            _ => self.ends[block - 1] as usize,
        };
        &self.busy[begin..self.ends[block] as usize]
    }

    /// The nodes of a block that are free throughout.
    fn free(&self, block: usize, from: Micros, to: Micros) -> u64 {
        let mut free = self.all[block];
        for busy in self.of(block) {
            if busy.from >= to {
                break;
            }
            // Without a branch, which half of the intervals would take.
            let overlaps = u64::from(busy.to > from).wrapping_neg();
            free &= !(busy.nodes & overlaps);
        }
        free
    }

    /// Where an interval of a block stands, or would.
    fn at(&self, block: usize, from: Micros, to: Micros) -> Result<usize, usize> {
        let here = self.of(block);
        let begin = self.ends[block] as usize - here.len();
        let found = here.binary_search_by_key(&(from, to), |busy| (busy.from, busy.to));
        found.map(|at| begin + at).map_err(|at| begin + at)
    }

    fn add(&mut self, block: usize, busy: Busy) {
        match self.at(block, busy.from, busy.to) {
            Ok(at) => self.busy[at].nodes |= busy.nodes,
            Err(at) => {
                self.busy.insert(at, busy);
                self.ends[block..].iter_mut().for_each(|end| *end += 1);
            }
        }
    }

    fn remove(&mut self, block: usize, gone: Busy) {
        if let Ok(at) = self.at(block, gone.from, gone.to) {
            self.busy[at].nodes &= !gone.nodes;
            if self.busy[at].nodes == 0 {
                self.busy.remove(at);
                self.ends[block..].iter_mut().for_each(|end| *end -= 1);
            }
        }
    }
}

/// See the module's words. Copies share the groups that do not change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Blocks(Arc<Vec<Arc<Group>>>);

impl Blocks {
    /// So many nodes, busy never.
    pub fn new(nodes: usize) -> Self {
        let all = |at: usize| {
            let here = (nodes - at * 64).min(64);
            if here == 64 {
                u64::MAX
            } else {
                (1 << here) - 1
            }
        };
        let blocks: Vec<u64> = (0..nodes.div_ceil(64)).map(all).collect();
        let groups = blocks.chunks(GROUP).map(|all| {
            Arc::new(Group {
                all: all.to_vec(),
                ends: vec![0; all.len()],
                busy: Vec::new(),
            })
        });
        Self(Arc::new(groups.collect()))
    }

    /// Of every block the nodes that are free throughout.
    pub fn free(&self, from: Micros, to: Micros) -> Vec<u64> {
        let groups = self.0.iter();
        let blocks = groups.flat_map(|group| {
            let blocks = 0..group.all.len();
            blocks.map(move |block| group.free(block, from, to))
        });
        blocks.collect()
    }

    fn group(&self, block: u32) -> (&Group, usize) {
        let block = block as usize;
        (&self.0[block / GROUP], block % GROUP)
    }

    /// Whether some nodes of a block are.
    pub fn are_free(&self, from: Micros, to: Micros, mask: Mask) -> bool {
        let (group, block) = self.group(mask.block);
        mask.nodes & !group.free(block, from, to) == 0
    }

    /// Those of some nodes that are free throughout but for what is busy over one window.
    pub fn free_but(&self, (from, to): (Micros, Micros), own: (Micros, Micros), mask: Mask) -> u64 {
        let (group, block) = self.group(mask.block);
        let mut free = mask.nodes & group.all[block];
        for busy in group.of(block).iter().take_while(|busy| busy.from < to) {
            if busy.to > from && (busy.from, busy.to) != own {
                free &= !busy.nodes;
            }
        }
        free
    }

    fn change(&mut self, masks: &[Mask], mut change: impl FnMut(&mut Group, usize, u64)) {
        let groups = Arc::make_mut(&mut self.0);
        for Mask { block, nodes } in masks {
            let block = *block as usize;
            let group = Arc::make_mut(&mut groups[block / GROUP]);
            change(group, block % GROUP, *nodes);
        }
    }

    pub fn add(&mut self, from: Micros, to: Micros, masks: &[Mask]) {
        self.change(masks, |group, block, nodes| {
            group.add(block, Busy { from, to, nodes });
        });
    }

    /// Takes back what was added.
    pub fn remove(&mut self, from: Micros, to: Micros, masks: &[Mask]) {
        self.change(masks, |group, block, nodes| {
            group.remove(block, Busy { from, to, nodes });
        });
    }

    /// Of free nodes, those that are busy again later, with when: the soonest first. They are
    /// taken out of `free`.
    pub fn gaps(&self, to: Micros, free: &mut [u64]) -> Vec<(Micros, Mask)> {
        let mut gaps = Vec::new();
        let groups = self.0.iter();
        let blocks = groups.flat_map(|group| (0..group.all.len()).map(move |at| (group, at)));
        for (number, ((group, at), free)) in (0..).zip(blocks.zip(free)) {
            if *free == 0 {
                continue;
            }
            let busy = group.of(at);
            let later = busy.partition_point(|busy| busy.from < to);
            for busy in &busy[later..] {
                let nodes = busy.nodes & *free;
                if nodes != 0 {
                    *free &= !nodes;
                    let block = number;
                    gaps.push((busy.from, Mask { block, nodes }));
                    if *free == 0 {
                        break;
                    }
                }
            }
        }
        gaps.sort_unstable();
        gaps
    }
}

/// The lowest bits of a word, so many at most.
pub(super) fn lowest(mut word: u64, count: u32) -> u64 {
    let mut rest = word.count_ones().saturating_sub(count);
    while rest > 0 {
        word &= !(1 << (63 - word.leading_zeros()));
        rest -= 1;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn like_a_node_and_an_hour_each(
            steps in proptest::collection::vec((0_i64..30, 1_i64..9, any::<[u64; 3]>(), any::<bool>()), 0..30),
            (from, length) in (0_i64..30, 1_i64..9),
        ) {
            let mut blocks = Blocks::new(150);
            let mut added: Vec<(i64, i64, Vec<Mask>)> = Vec::new();
            for (from, length, words, take_back) in steps {
                if take_back && !added.is_empty() {
                    let (from, to, masks) = added.remove(words[0] as usize % added.len());
                    blocks.remove(from, to, &masks);
                    continue;
                }
                // Only what is free is ever added.
                let free = blocks.free(from, from + length);
                let masks = (0..).zip(free.iter().zip(words)).map(|(block, (free, word))| Mask { block, nodes: free & word });
                let masks: Vec<Mask> = masks.filter(|mask| mask.nodes != 0).collect();
                blocks.add(from, from + length, &masks);
                added.push((from, from + length, masks));
            }
            let busy = |node: usize, from: i64, to: i64| added.iter().any(|(f, t, masks)| {
                *f < to && from < *t && masks.iter().any(|mask| mask.block as usize == node / 64 && mask.nodes >> (node % 64) & 1 == 1)
            });
            let to = from + length;
            let mut free = blocks.free(from, to);
            for node in 0..192 {
                let is_free = free[node / 64] >> (node % 64) & 1 == 1;
                prop_assert_eq!(is_free, node < 150 && !busy(node, from, to));
            }
            let before = free.clone();
            let gaps = blocks.gaps(to, &mut free);
            prop_assert!(gaps.is_sorted());
            for node in 0..150 {
                let was = before[node / 64] >> (node % 64) & 1 == 1;
                let next = (to..60).find(|hour| busy(node, *hour, *hour + 1)).filter(|_| was);
                let gap = gaps.iter().find(|(_, mask)| mask.block as usize == node / 64 && mask.nodes >> (node % 64) & 1 == 1);
                prop_assert_eq!(gap.map(|(at, _)| *at), next);
                prop_assert_eq!(free[node / 64] >> (node % 64) & 1 == 1, was && next.is_none());
            }
        }
    }
}
