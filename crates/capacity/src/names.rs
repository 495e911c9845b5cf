//! Names for reservations that have none, on few leaves.
//!
//! In order of start, as many fit as are counted ([`crate::place`] says when that holds): what is
//! left to choose is which leaves. The packing takes the leaves with most room whole and, for the
//! last piece, the leaf that it fills best; of equals, the one whose tenants leave at about the
//! same time. That alone needs 5% more leaves than `⌈nodes / leaf⌉` on a full pool. So it is tried
//! in several variants for every stretch of lots, each looked at by how many leaves the lots after
//! it then need, and the best is gone on from. Nothing in it is chance: the same state gives the
//! same names.

mod packing;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use bareboat_base::{Instant, NodeCount, NodeSet, PoolId, ReservationId, Window};

use crate::State;
use crate::calendar::Calendar;
use crate::decide::plan_of;
use crate::place::{Demand, Suppose, demands, join, nodes_of};
use packing::{Cell, Move, Packing, Piece};

/// Lots whose leaves are settled together.
const STRETCH: usize = 20;
/// Lots after them that are looked at.
const AHEAD: usize = 250;
/// Variants that are tried of a stretch, the plain one first; fewer where there are many lots, so
/// that all together stay bounded.
const VARIANTS: usize = 64;
const TRIES: usize = 6_400;
/// Pieces of gaps above which only the plain one is: each lot looks at all of them.
const MANY_GAPS: usize = 256;

/// Nodes for a reservation, or for nodes of it that are out of supply for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The reservation.
    pub reservation: ReservationId,
    /// When it needs them.
    pub window: Window,
    /// Those that have names already.
    pub nodes: Option<NodeSet>,
    /// Those still to be received.
    pub to_come: NodeCount,
    /// On how many leaves; nodes to come are taken to hang on leaves like the pool's.
    pub leaves: u32,
}

/// What every reservation without names would get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// In order of their start.
    pub named: Vec<Named>,
    /// Those for which no place was found.
    pub left_out: Vec<ReservationId>,
}

impl State {
    /// Names for all reservations of a pool that have none and are not over at `now`; empty when
    /// the pool is unknown. Nothing is kept: they are named when they are allocated.
    pub fn names(&self, pool: PoolId, now: Instant) -> Names {
        let Some(row) = self.pools.get(&pool) else {
            return Names::default();
        };
        let mut demands = demands(self, &row.calendar, Some(now), Suppose::FIRM);
        // Of those that begin together, the largest find whole leaves first.
        demands.sort_by_key(|demand| (demand.window.from(), Reverse(demand.nodes), demand.who));
        let Some(start) = demands.first().map(|demand| demand.window.from()) else {
            return Names::default();
        };
        let plan = || plan_of(self, &row.calendar, Some(now));
        let beyond_leaves =
            |demand: &Demand| demand.kin().is_some() || !demand.shape.is_leaves_alone();
        if demands.iter().any(beyond_leaves) {
            return plan().names(self, row, now);
        }
        let fabric = Fabric::new(self, &row.calendar, start);
        let wanted: Vec<Wanted> = demands.iter().map(wanted).collect();
        let (moves, left_out) = settle(&fabric, &wanted);
        let mut names = resolve(&fabric, &wanted, &moves);
        let mut result = Names::default();
        for (index, demand) in demands.iter().enumerate() {
            let who = demand.who.reservation();
            let id = who.and_then(|who| self.reservations.at(who));
            let Some((&reservation, _)) = id else {
                continue;
            };
            if left_out.contains(&index) {
                result.left_out.push(reservation);
                continue;
            }
            let got = std::mem::take(&mut names[index]);
            result.named.push(Named {
                reservation,
                window: demand.window,
                nodes: NodeSet::from_numbers(row.site, got.numbers).ok(),
                to_come: NodeCount(got.to_come),
                leaves: u32::try_from(got.leaves.len()).unwrap_or(u32::MAX),
            });
        }
        // The packing looks for few leaves, the witness for a place for everyone.
        if !result.left_out.is_empty() {
            let witnessed = plan().names(self, row, now);
            if witnessed.left_out.len() < result.left_out.len() {
                return witnessed;
            }
        }
        result
    }
}

fn wanted(demand: &Demand) -> Wanted {
    Wanted {
        window: demand.window,
        nodes: demand.nodes,
        max_leaves: demand.shape.max_leaves,
    }
}

/// What a packing is asked for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    window: Window,
    nodes: u32,
    max_leaves: Option<u32>,
}

/// A pool's nodes as a packing sees them.
struct Fabric {
    /// Nodes of each leaf, in the order of the fabric.
    leaves: Vec<u32>,
    /// Nodes of one leaf with the same busy windows.
    cells: Vec<Cell>,
    /// Their numbers; none for nodes to come.
    numbers: Vec<Vec<u32>>,
}

impl Fabric {
    /// The pool's nodes from `start` on.
    fn new(state: &State, calendar: &Calendar, start: Instant) -> Self {
        let mut busy: BTreeMap<u32, Vec<(Instant, Instant)>> = BTreeMap::new();
        for pin in calendar.pins.iter().filter(|pin| pin.to > start) {
            let runs = nodes_of(state, pin).map_or(&[][..], NodeSet::runs);
            for number in runs.iter().flat_map(|run| run.first..run.end()) {
                busy.entry(number).or_default().push((pin.from, pin.to));
            }
        }
        let mut fabric = Self {
            leaves: Vec::new(),
            cells: Vec::new(),
            numbers: Vec::new(),
        };
        let same_leaf = |a: &crate::calendar::Slot, b: &crate::calendar::Slot| {
            (a.spine_group, a.hall, a.leaf) == (b.spine_group, b.hall, b.leaf)
        };
        for leaf in calendar.slots.chunk_by(same_leaf) {
            let mut same: BTreeMap<Vec<(Instant, Instant)>, Vec<u32>> = BTreeMap::new();
            for slot in leaf {
                let arrival = (slot.from > start).then_some((start, slot.from));
                for number in slot.run.first..slot.run.end() {
                    let pinned = busy.get(&number).into_iter().flatten().copied();
                    let windows = join(arrival.into_iter().chain(pinned));
                    same.entry(windows).or_default().push(number);
                }
            }
            fabric.add_leaf(same);
        }
        let size = fabric.leaves.iter().copied().max().unwrap_or(32);
        for (from, row) in calendar.owing.iter() {
            let mut owed = state.supplies.at(*row).map_or(0, |(_, row)| row.owed().0);
            while owed > 0 {
                let count = owed.min(size);
                owed -= count;
                let busy = (*from > start).then_some((start, *from));
                fabric.add_cell(count, busy.into_iter().collect(), Vec::new());
                fabric.leaves.push(count);
            }
        }
        fabric
    }

    fn add_leaf(&mut self, same: BTreeMap<Vec<(Instant, Instant)>, Vec<u32>>) {
        let mut nodes = 0;
        for (busy, numbers) in same {
            let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            nodes += count;
            self.add_cell(count, busy, numbers);
        }
        self.leaves.push(nodes);
    }

    /// Adds a cell to the leaf that comes next.
    fn add_cell(&mut self, count: u32, busy: Vec<(Instant, Instant)>, numbers: Vec<u32>) {
        let cell = u32::try_from(self.cells.len()).unwrap_or(u32::MAX);
        self.cells.push(Cell {
            leaf: u32::try_from(self.leaves.len()).unwrap_or(u32::MAX),
            piece: Piece {
                cell,
                first: 0,
                count,
            },
            busy: Arc::new(busy),
        });
        self.numbers.push(numbers);
    }
}

/// Settles all that is wanted, a stretch at a time: the moves, and what found no place.
fn settle(fabric: &Fabric, wanted: &[Wanted]) -> (Vec<Move>, BTreeSet<usize>) {
    let mut packing = Packing::new(&fabric.leaves, &fabric.cells);
    let mut moves = Vec::new();
    let mut left_out = BTreeSet::new();
    let size = fabric.leaves.iter().copied().max().unwrap_or(1).max(1);
    let stretches = wanted.len().div_ceil(STRETCH);
    let most = (TRIES / stretches.max(1)).clamp(8, VARIANTS);
    let mut at = 0;
    while at < wanted.len() {
        let end = (at + STRETCH).min(wanted.len());
        let far = (end + AHEAD).min(wanted.len());
        let used = packing.leaves_used();
        let try_one = |variant: usize| {
            let mut packing = packing.clone();
            let mut missed = 0_u32;
            for (index, wanted) in (at..far).zip(&wanted[at..far]) {
                let variant = if index < end { variant } else { 0 };
                missed += u32::from(!packing.place(wanted, index, variant, &mut |_| ()));
            }
            (missed, packing.leaves_used() - used, variant)
        };
        let plain = try_one(0);
        let least = wanted[at..far]
            .iter()
            .map(|one| u64::from(one.nodes.div_ceil(size)));
        let perfect = plain.0 == 0 && plain.1 == least.sum::<u64>();
        let others = if perfect || packing.gaps() > MANY_GAPS {
            1..1
        } else {
            1..most
        };
        let (_, _, best) = others
            .map(try_one)
            .min()
            .map_or(plain, |best| best.min(plain));
        for (index, wanted) in (at..end).zip(&wanted[at..end]) {
            if !packing.place(wanted, index, best, &mut |done| moves.push(done)) {
                left_out.insert(index);
            }
        }
        at = end;
    }
    (moves, left_out)
}

/// What one demand got.
#[derive(Clone, Debug, Default)]
struct Got {
    numbers: Vec<u32>,
    to_come: u32,
    leaves: BTreeSet<u32>,
}

/// Nodes that come back: when, to which leaf, their numbers, how many have none.
type Back = Reverse<(Instant, u32, Vec<u32>, u32)>;

/// Numbers for the moves: of a leaf, the lowest that are free.
fn resolve(fabric: &Fabric, wanted: &[Wanted], moves: &[Move]) -> Vec<Got> {
    let mut got: Vec<Got> = vec![Got::default(); wanted.len()];
    // Of each leaf, the free nodes with names and how many without.
    let mut free: Vec<(BTreeSet<u32>, u32)> = vec![Default::default(); fabric.leaves.len()];
    let mut back: BinaryHeap<Back> = BinaryHeap::new();
    let of_piece = |piece: Piece| {
        let numbers = &fabric.numbers[piece.cell as usize];
        let range = piece.first as usize..(piece.first + piece.count) as usize;
        match numbers.get(range) {
            Some(numbers) => (numbers.to_vec(), 0),
            None => (Vec::new(), piece.count),
        }
    };
    for done in moves {
        match *done {
            Move::Settle { leaf, piece, from } => {
                let (numbers, to_come) = of_piece(piece);
                back.push(Reverse((from, leaf, numbers, to_come)));
            }
            Move::TakeGap { index, leaf, piece } => {
                let (numbers, to_come) = of_piece(piece);
                got[index].numbers.extend(numbers);
                got[index].to_come += to_come;
                got[index].leaves.insert(leaf);
            }
            Move::Take { index, leaf, count } => {
                let window = wanted[index].window;
                while back
                    .peek()
                    .is_some_and(|Reverse((at, ..))| *at <= window.from())
                {
                    let Some(Reverse((_, leaf, numbers, to_come))) = back.pop() else {
                        break;
                    };
                    let (named, unnamed) = &mut free[leaf as usize];
                    named.extend(numbers);
                    *unnamed += to_come;
                }
                let (named, unnamed) = &mut free[leaf as usize];
                let named = std::iter::from_fn(|| named.pop_first());
                let numbers: Vec<u32> = named.take(count as usize).collect();
                let to_come = count - u32::try_from(numbers.len()).unwrap_or(count);
                *unnamed = unnamed.saturating_sub(to_come);
                got[index].numbers.extend(&numbers);
                got[index].to_come += to_come;
                got[index].leaves.insert(leaf);
                back.push(Reverse((window.to(), leaf, numbers, to_come)));
            }
        }
    }
    got
}
