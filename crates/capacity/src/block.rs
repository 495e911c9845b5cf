//! Blocks: nodes of a live allocation that stand together in the fabric, taken for one purpose of
//! their client, all of them or none.
//!
//! A node is in one live block at most. A block lives until it is released or its allocation
//! ends. A spare that takes the place of one of its nodes takes it in the block too, and may
//! stand elsewhere: the block says what was replaced.

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_base::{
    AllocationId, BlockId, Context, ContractId, HallId, Instant, LotId, Name, NodeCount, NodeSet,
    PoolId, Recorded,
};
use serde::{Deserialize, Serialize};

use crate::decide::{Decision, live, the_pool};
use crate::place::overlap;
use crate::replace::swapped;
use crate::{AllocationReleased, Event, NodeReplaced, Rejection, Replaced, State};

/// Within what of the fabric the nodes of a block stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// One leaf switch.
    Leaf,
    /// One NVLink domain.
    NvlinkDomain,
    /// One spine group.
    SpineGroup,
}

impl Within {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Leaf, Self::NvlinkDomain, Self::SpineGroup];

    /// Its name in messages and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::NvlinkDomain => "nvlink-domain",
            Self::SpineGroup => "spine-group",
        }
    }
}

impl std::str::FromStr for Within {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.as_str() == text)
            .ok_or("one of leaf, nvlink-domain, spine-group")
    }
}

/// How a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockStatus {
    /// Its nodes are its own, as long as its allocation has them.
    Live,
    /// It was given up.
    Released {
        /// From when.
        at: Instant,
    },
    /// Its allocation was released.
    Ended {
        /// From when.
        at: Instant,
    },
}

/// Nodes of an allocation that stand together, for one purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The allocation.
    pub allocation: AllocationId,
    /// Its lot.
    pub lot: LotId,
    /// Its contract.
    pub contract: ContractId,
    /// Its pool.
    pub pool: PoolId,
    /// What for: the client's name of a cluster, a job or a project of its own.
    pub purpose: Name,
    /// Within what its nodes stand together.
    pub within: Within,
    /// The number of a node that it began with: where that stands is its place.
    pub first: u32,
    /// The nodes that it has now, or had at its end.
    pub nodes: Arc<NodeSet>,
    /// What was replaced in it, in the order in which it was recorded.
    pub replaced: Arc<Vec<Replaced>>,
    /// From when.
    pub from: Instant,
    /// How it stands.
    pub status: BlockStatus,
    /// The event that made it.
    pub recorded: Recorded,
}

/// Takes nodes of a live allocation together, all of them or none.
#[derive(Clone, Debug, PartialEq)]
pub struct AllocateBlock {
    /// The allocation.
    pub allocation: AllocationId,
    /// How many nodes.
    pub nodes: NodeCount,
    /// Within what they stand together.
    pub within: Within,
    /// What for.
    pub purpose: Name,
    /// Nodes not to take (those that are not fit for work).
    pub exclude: Option<NodeSet>,
    /// The NVLink domains of the allocation's nodes, which the calendar does not know; for blocks
    /// within one.
    pub domains: Vec<NodeSet>,
}

/// Gives a block up; its nodes stay the allocation's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReleaseBlock {
    /// The block.
    pub block: BlockId,
}

/// Nodes were taken together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BlockAllocated {
    pub block: BlockId,
    pub allocation: AllocationId,
    pub nodes: NodeSet,
    pub within: Within,
    pub purpose: Name,
    pub at: Instant,
}

/// A block was given up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BlockReleased {
    pub block: BlockId,
    pub at: Instant,
}

impl State {
    /// An allocation's blocks, oldest first.
    pub fn blocks_of(&self, allocation: AllocationId) -> &[BlockId] {
        self.blocks_of.get(&allocation).map_or(&[], Vec::as_slice)
    }

    /// From when a block no longer has its nodes: it was released, or its allocation ends.
    pub fn block_ends_at(&self, block: &Block) -> Instant {
        let allocation = self.allocations.get(&block.allocation);
        let end = allocation.map_or(block.from, crate::Allocation::ends_at);
        match block.status {
            BlockStatus::Live => end,
            BlockStatus::Released { at } | BlockStatus::Ended { at } => at.min(end),
        }
    }

    /// Whether a block has its nodes at an instant.
    pub fn block_lives(&self, block: &Block, at: Instant) -> bool {
        block.from <= at && at < self.block_ends_at(block)
    }

    /// The block that a node of an allocation is in at an instant.
    pub fn block_with(&self, allocation: AllocationId, node: u32, at: Instant) -> Option<BlockId> {
        let mut blocks = self.blocks_of(allocation).iter().rev();
        let has = |id: &&BlockId| {
            let block = self.blocks.get(id);
            block.is_some_and(|block| self.block_lives(block, at) && block.nodes.contains(node))
        };
        blocks.find(has).copied()
    }
}

/// A node with where it stands: spine group, hall, leaf.
type Placed = ((u32, HallId, u32), u32);

pub(crate) fn allocate(state: &State, ctx: &Context, c: &AllocateBlock) -> Decision {
    let row = live(state, c.allocation)?;
    let now = ctx.recorded_at;
    if row.awaited {
        return Err(Rejection::NotHandedOver {
            allocation: c.allocation,
        });
    }
    if !row.has_at(now) {
        return Err(Rejection::OutsideWindow {
            at: now,
            window: row.window,
        });
    }
    if c.nodes == NodeCount::ZERO || c.nodes > row.nodes.count() {
        return Err(Rejection::FigureOutOfRange {
            what: "the number of nodes",
            found: c.nodes.0,
            least: 1,
            most: row.nodes.count().0,
        });
    }
    let blocks = state.blocks_of(c.allocation).iter();
    let blocks = blocks.filter_map(|id| state.blocks.get(id));
    let taken: Vec<&NodeSet> = blocks
        .filter(|block| state.block_lives(block, now))
        .map(|block| &*block.nodes)
        .chain(c.exclude.as_ref())
        .collect();
    let slots = the_pool(state, row.pool)?.calendar.slots.iter();
    let placed = slots.flat_map(|slot| {
        let place = (slot.spine_group, slot.hall, slot.leaf);
        let runs = overlap(&row.nodes, slot.run);
        let numbers = runs.flat_map(|run| run.first..run.end());
        numbers.map(move |number| (place, number))
    });
    let free = placed.filter(|(_, number)| !taken.iter().any(|set| set.contains(*number)));
    let free: Vec<Placed> = free.collect();
    let all = free.len();
    let groups = grouped(&free, c);
    let asked = c.nodes.0 as usize;
    let fitting = groups.iter().filter(|group| group.len() >= asked);
    let Some(group) = fitting.min_by_key(|group| group.len()) else {
        let largest = groups.iter().map(Vec::len).max().unwrap_or(0);
        let count = |len: usize| NodeCount(u32::try_from(len).unwrap_or(u32::MAX));
        return Err(Rejection::BlockDoesNotFit {
            allocation: c.allocation,
            within: c.within.as_str(),
            asked: c.nodes,
            largest: count(largest),
            free: count(all),
        });
    };
    let numbers = picked(group, asked);
    let nodes = NodeSet::from_numbers(row.nodes.site(), numbers);
    let nodes = nodes.map_err(|bad| Rejection::BadNodes {
        problem: bad.to_string(),
    })?;
    Ok(vec![Event::from(BlockAllocated {
        block: ctx.mint(0),
        allocation: c.allocation,
        nodes,
        within: c.within,
        purpose: c.purpose.clone(),
        at: now,
    })])
}

/// Free nodes, which come in the order of the fabric, by what they have to stand together within.
fn grouped(free: &[Placed], c: &AllocateBlock) -> Vec<Vec<Placed>> {
    let together = match c.within {
        Within::Leaf => |a: &Placed, b: &Placed| a.0 == b.0,
        Within::SpineGroup => |a: &Placed, b: &Placed| a.0.0 == b.0.0,
        Within::NvlinkDomain => {
            let of = |nodes: &NodeSet| {
                let inside = free.iter().filter(|(_, number)| nodes.contains(*number));
                inside.copied().collect()
            };
            return c.domains.iter().map(of).collect();
        }
    };
    free.chunk_by(together).map(<[Placed]>::to_vec).collect()
}

/// So many nodes of a group, on few leaves: the fullest leaves whole, the rest from the leaf
/// that it fills best.
fn picked(group: &[Placed], asked: usize) -> Vec<u32> {
    let mut leaves: BTreeMap<(u32, HallId, u32), Vec<u32>> = BTreeMap::new();
    for (place, number) in group {
        leaves.entry(*place).or_default().push(*number);
    }
    let mut leaves: Vec<Vec<u32>> = leaves.into_values().collect();
    leaves.sort_by_key(|numbers| std::cmp::Reverse(numbers.len()));
    let (mut numbers, mut left) = (Vec::with_capacity(asked), asked);
    let mut leaves = leaves.into_iter().peekable();
    while let Some(leaf) = leaves.next_if(|leaf| leaf.len() <= left) {
        left -= leaf.len();
        numbers.extend(leaf);
    }
    let best = leaves.take_while(|leaf| leaf.len() >= left).last();
    numbers.extend(best.into_iter().flatten().take(left));
    numbers
}

pub(crate) fn release(state: &State, ctx: &Context, c: &ReleaseBlock) -> Decision {
    let (block, now) = (c.block, ctx.recorded_at);
    let row = state.blocks.get(&block);
    let row = row.ok_or(Rejection::BlockUnknown { block })?;
    let at = state.block_ends_at(row);
    if at <= now {
        return Err(Rejection::BlockOver { block, at });
    }
    Ok(vec![Event::from(BlockReleased { block, at: now })])
}

/// Folds a block in.
pub(crate) fn allocated(state: &mut State, recorded: Recorded, e: &BlockAllocated) -> Option<()> {
    let row = state.allocations.get(&e.allocation)?;
    let block = Block {
        allocation: e.allocation,
        lot: row.lot,
        contract: row.contract,
        pool: row.pool,
        purpose: e.purpose.clone(),
        within: e.within,
        first: e.nodes.numbers().next()?,
        nodes: Arc::new(e.nodes.clone()),
        replaced: Arc::default(),
        from: e.at,
        status: BlockStatus::Live,
        recorded,
    };
    state.blocks.insert(e.block, block);
    match state.blocks_of.get_mut(&e.allocation) {
        Some(blocks) => blocks.push(e.block),
        None => {
            state.blocks_of.insert(e.allocation, vec![e.block]);
        }
    }
    Some(())
}

/// Folds the giving up of a block in.
pub(crate) fn released(state: &mut State, e: &BlockReleased) -> Option<()> {
    state.blocks.get_mut(&e.block)?.status = BlockStatus::Released { at: e.at };
    Some(())
}

/// The live blocks of an allocation, as far as events say.
fn unended(state: &State, allocation: AllocationId) -> Vec<BlockId> {
    let blocks = state.blocks_of(allocation).iter().copied();
    let live = |id: &BlockId| {
        let row = state.blocks.get(id);
        row.is_some_and(|row| row.status == BlockStatus::Live)
    };
    blocks.filter(live).collect()
}

/// Blocks end with their allocation.
pub(crate) fn allocation_released(state: &mut State, e: &AllocationReleased) -> Option<()> {
    for id in unended(state, e.allocation) {
        state.blocks.get_mut(&id)?.status = BlockStatus::Ended { at: e.at };
    }
    Some(())
}

/// A spare takes a node's place in its block too.
pub(crate) fn node_replaced(state: &mut State, recorded: Recorded, e: &NodeReplaced) -> Option<()> {
    for id in unended(state, e.allocation) {
        let block = state.blocks.get_mut(&id)?;
        if !block.nodes.contains(e.node) {
            continue;
        }
        block.nodes = Arc::new(swapped(&block.nodes, e.node, e.spare)?);
        Arc::make_mut(&mut block.replaced).push(Replaced {
            node: e.node,
            spare: e.spare,
            near: e.near,
            at: e.at,
            recorded,
        });
    }
    Some(())
}
