//! The room on every leaf as time goes on, and who takes it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use bareboat_base::{Instant, Window};

use super::Wanted;

/// How far a variant's likings go, in seconds: 200 days.
const LIKING: u64 = 200 * 86_400;

/// Some of a cell's nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece {
    pub cell: u32,
    pub first: u32,
    pub count: u32,
}

/// Nodes of one leaf with the same busy windows, ascending and apart.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub leaf: u32,
    pub piece: Piece,
    pub busy: Arc<Vec<(Instant, Instant)>>,
}

/// What a packing did.
#[derive(Clone, Copy, Debug)]
pub(super) enum Move {
    /// Nodes have no busy window to come: they are free from an instant, and stay so.
    Settle {
        leaf: u32,
        piece: Piece,
        from: Instant,
    },
    /// A demand took nodes that stay free.
    Take { index: usize, leaf: u32, count: u32 },
    /// A demand took nodes that are bound again later.
    TakeGap {
        index: usize,
        leaf: u32,
        piece: Piece,
    },
}

/// A leaf's nodes that have no busy window to come.
#[derive(Clone, Copy, Debug, Default)]
struct Leaf {
    /// Of them, those that are free.
    free: u32,
    /// Those that are not, and the sum over them of when they will be, in seconds.
    busy: u32,
    until: i64,
    /// Where it stands among the leaves with as many free.
    at: u32,
}

/// See the module's words. Demands come in order of their start.
#[derive(Clone, Debug)]
pub(super) struct Packing {
    leaves: Vec<Leaf>,
    /// Leaves by how many nodes are free.
    by_room: Vec<Vec<u32>>,
    idle: u64,
    back: BinaryHeap<Reverse<(Instant, u32, u32)>>,
    /// Nodes that are bound again later.
    gaps: Vec<Cell>,
    used: u64,
}

fn seconds(instant: Instant) -> i64 {
    instant.micros().div_euclid(1_000_000)
}

/// A number that looks like chance and is not.
fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

impl Packing {
    pub fn new(sizes: &[u32], cells: &[Cell]) -> Self {
        let most = sizes.iter().copied().max().unwrap_or(0) as usize;
        let mut by_room = vec![Vec::new(); most + 1];
        by_room[0] = (0..).take(sizes.len()).collect();
        let leaves = (0..).take(sizes.len()).map(|at| Leaf {
            at,
            ..Leaf::default()
        });
        Self {
            leaves: leaves.collect(),
            by_room,
            idle: 0,
            back: BinaryHeap::new(),
            gaps: cells.to_vec(),
            used: 0,
        }
    }

    /// How many pieces are bound again later.
    pub fn gaps(&self) -> usize {
        self.gaps.len()
    }

    /// Leaves used by all demands so far.
    pub fn leaves_used(&self) -> u64 {
        self.used
    }

    /// Places a demand, or leaves it out. Variant 0 has no likings.
    pub fn place(
        &mut self,
        wanted: &Wanted,
        index: usize,
        variant: usize,
        done: &mut impl FnMut(Move),
    ) -> bool {
        self.come_to(wanted.window.from(), done);
        let gaps = self.fitting_gaps(wanted.window);
        let in_gaps: u64 = gaps.iter().map(|(_, nodes)| u64::from(*nodes)).sum();
        if in_gaps + self.idle < u64::from(wanted.nodes) {
            return false;
        }
        let liking = match variant {
            0 => None,
            _ => Some(mixed((variant as u64) << 32 | index as u64)),
        };
        // A shape is kept by nodes that stay free alone, where it can be.
        let shaped = wanted.max_leaves.is_some() && self.idle >= u64::from(wanted.nodes);
        let mut needed = wanted.nodes;
        let mut taken_gaps = Vec::new();
        for (gap, nodes) in gaps.into_iter().filter(|_| !shaped) {
            if needed == 0 {
                break;
            }
            let count = nodes.min(needed);
            needed -= count;
            taken_gaps.push((gap, count));
        }
        let taken = self.take(needed, wanted.window, liking);
        let leaves = taken.iter().map(|(leaf, _)| *leaf);
        let mut leaves: Vec<u32> = leaves
            .chain(taken_gaps.iter().map(|(gap, _)| self.gaps[*gap].leaf))
            .collect();
        leaves.sort_unstable();
        leaves.dedup();
        if wanted
            .max_leaves
            .is_some_and(|most| leaves.len() > most as usize)
        {
            for (leaf, count) in taken {
                self.give_back(leaf, count, wanted.window.to());
            }
            return false;
        }
        self.used += leaves.len() as u64;
        for (leaf, count) in taken {
            self.back.push(Reverse((wanted.window.to(), leaf, count)));
            done(Move::Take { index, leaf, count });
        }
        for (gap, count) in taken_gaps {
            let (leaf, piece) = self.take_gap(gap, count, wanted.window);
            done(Move::TakeGap { index, leaf, piece });
        }
        true
    }

    /// Gives back what is over, and settles the gaps whose last busy window has begun.
    fn come_to(&mut self, now: Instant, done: &mut impl FnMut(Move)) {
        let mut index = 0;
        while index < self.gaps.len() {
            let gap = &self.gaps[index];
            let last = gap.busy.last().copied();
            if last.is_some_and(|(from, _)| from > now) {
                index += 1;
                continue;
            }
            let Cell { leaf, piece, .. } = self.gaps.swap_remove(index);
            let until = last.map_or(now, |(_, to)| to);
            done(Move::Settle {
                leaf,
                piece,
                from: until,
            });
            let row = &mut self.leaves[leaf as usize];
            row.busy += piece.count;
            row.until += seconds(until) * i64::from(piece.count);
            self.back.push(Reverse((until, leaf, piece.count)));
        }
        while let Some(Reverse((until, leaf, count))) = self.back.peek().copied() {
            if until > now {
                break;
            }
            self.back.pop();
            self.give_back(leaf, count, until);
        }
    }

    fn give_back(&mut self, leaf: u32, count: u32, until: Instant) {
        let row = &mut self.leaves[leaf as usize];
        row.busy -= count;
        row.until -= seconds(until) * i64::from(count);
        let free = row.free + count;
        self.idle += u64::from(count);
        self.set_free(leaf, free);
    }

    fn set_free(&mut self, leaf: u32, free: u32) {
        let row = self.leaves[leaf as usize];
        let peers = &mut self.by_room[row.free as usize];
        peers.swap_remove(row.at as usize);
        if let Some(moved) = peers.get(row.at as usize) {
            self.leaves[*moved as usize].at = row.at;
        }
        let peers = &mut self.by_room[free as usize];
        let at = u32::try_from(peers.len()).unwrap_or(u32::MAX);
        peers.push(leaf);
        let row = &mut self.leaves[leaf as usize];
        (row.free, row.at) = (free, at);
    }

    /// Takes free nodes; there are enough. The leaves with most room, then the best fit.
    fn take(&mut self, mut needed: u32, window: Window, liking: Option<u64>) -> Vec<(u32, u32)> {
        let mut taken = Vec::new();
        let mut room = self.by_room.len() - 1;
        while needed > 0 {
            while room > 0 && self.by_room[room].is_empty() {
                room -= 1;
            }
            let fit = (needed as usize..=room).find(|room| !self.by_room[*room].is_empty());
            let leaf = self.best(fit.unwrap_or(room), window, liking);
            let count = needed.min(self.leaves[leaf as usize].free);
            if count == 0 {
                break;
            }
            let row = &mut self.leaves[leaf as usize];
            row.busy += count;
            row.until += seconds(window.to()) * i64::from(count);
            let free = row.free - count;
            self.set_free(leaf, free);
            self.idle -= u64::from(count);
            needed -= count;
            taken.push((leaf, count));
        }
        taken
    }

    /// Of the leaves with so much room, the one whose tenants leave at about the window's end.
    fn best(&self, room: usize, window: Window, liking: Option<u64>) -> u32 {
        // Leaves with all their nodes free are equal: the one that came free last.
        if room + 1 == self.by_room.len()
            && let Some(leaf) = self.by_room[room].last()
        {
            return *leaf;
        }
        let (from, to) = (seconds(window.from()), seconds(window.to()));
        let mut best = (i64::MAX, u32::MAX);
        for leaf in &self.by_room[room] {
            let row = &self.leaves[*leaf as usize];
            let apart = match row.busy {
                0 => to - from,
                busy => (row.until / i64::from(busy) - to).abs(),
            };
            let liked = liking.map_or(0, |liking| mixed(liking ^ u64::from(*leaf)) % LIKING);
            best = best.min((apart.saturating_add_unsigned(liked), *leaf));
        }
        best.1
    }

    /// The gaps that a window fits, those bound again soonest first, with their nodes.
    fn fitting_gaps(&self, window: Window) -> Vec<(usize, u32)> {
        let mut fitting: Vec<_> = Vec::new();
        for (index, gap) in self.gaps.iter().enumerate() {
            let next = gap.busy.partition_point(|(from, _)| *from < window.to());
            let clear = next == 0 || gap.busy[next - 1].1 <= window.from();
            if clear && next < gap.busy.len() {
                fitting.push((&gap.busy[next..], gap.leaf, gap.piece, index));
            }
        }
        fitting.sort_unstable();
        let fitting = fitting.into_iter();
        fitting
            .map(|(_, _, piece, index)| (index, piece.count))
            .collect()
    }

    /// Takes the first of a gap's nodes; they stay a gap, busy in one more window.
    fn take_gap(&mut self, index: usize, count: u32, window: Window) -> (u32, Piece) {
        let gap = &mut self.gaps[index];
        let taken = Piece { count, ..gap.piece };
        let busy = gap
            .busy
            .iter()
            .copied()
            .chain([(window.from(), window.to())]);
        let busy = Arc::new(crate::place::join(busy));
        let leaf = gap.leaf;
        if count == gap.piece.count {
            gap.busy = busy;
        } else {
            gap.piece.first += count;
            gap.piece.count -= count;
            self.gaps.push(Cell {
                leaf,
                piece: taken,
                busy,
            });
        }
        (leaf, taken)
    }
}
