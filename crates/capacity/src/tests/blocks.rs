//! Blocks: stories by hand, and random histories in which no node is in two.

use std::collections::BTreeMap;

use bareboat_base::{AllocationId, BlockId};
use proptest::prelude::*;

use super::*;
use crate::{
    Allocate, AllocateBlock, AllocationStatus, Block, BlockStatus, EndReservation, ReceiveSupply,
    ReleaseAllocation, ReleaseBlock, ReplaceNode, ScheduleSupply, Within,
};

/// Three leaves of four nodes, two of them in one spine group.
const LEAF: u32 = 4;

fn leaf_of(number: u32) -> u32 {
    (number - 1) / LEAF
}

fn spine_of(number: u32) -> u32 {
    leaf_of(number) / 2
}

/// Pairs of nodes share an NVLink domain; the last of a leaf with the first of the next do.
fn domain_of(number: u32) -> u32 {
    number / 2
}

fn key(within: Within, number: u32) -> u32 {
    match within {
        Within::Leaf => leaf_of(number),
        Within::NvlinkDomain => domain_of(number),
        Within::SpineGroup => spine_of(number),
    }
}

fn begin() -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    let nodes = NodeCount(3 * LEAF);
    let supply = ScheduleSupply {
        pool,
        tranche: tranche(1),
        nodes,
        from: hour(0),
    };
    world.run(supply).unwrap();
    let leaves = (0..3).map(|leaf| placed(leaf, leaf / 2, leaf * LEAF + 1, LEAF));
    let receive = ReceiveSupply {
        pool,
        tranche: tranche(1),
        at: hour(0),
        nodes: leaves.collect(),
    };
    world.run(receive).unwrap();
    (world, pool)
}

fn named(world: &mut World, pool: PoolId, nodes: u32, from: i64, to: i64) -> Option<AllocationId> {
    world.run(ask(pool, nodes, from, to)).ok()?;
    let allocate = Allocate {
        reservation: world.last_reservation(),
        at: hour(world.now),
        exclude: None,
    };
    world.run(allocate).ok()?;
    world
        .state
        .allocations
        .iter()
        .next_back()
        .map(|(_, id, _)| *id)
}

fn block(allocation: AllocationId, nodes: u32, within: Within, world: &World) -> AllocateBlock {
    let row = world.state.allocations.get(&allocation).unwrap();
    let mut domains: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for number in row.nodes.numbers() {
        domains.entry(domain_of(number)).or_default().push(number);
    }
    AllocateBlock {
        allocation,
        nodes: NodeCount(nodes),
        within,
        purpose: "training".parse().unwrap(),
        exclude: None,
        domains: domains.into_values().map(set).collect(),
    }
}

fn newest(world: &World) -> (BlockId, Block) {
    let (_, id, row) = world.state.blocks.iter().next_back().unwrap();
    (*id, row.clone())
}

fn lives(world: &World, block: &Block) -> bool {
    world.state.block_lives(block, hour(world.now))
}

#[test]
fn a_block_is_whole_or_not_at_all_and_takes_the_place_it_fills_best() {
    let (mut world, pool) = begin();
    let allocation = named(&mut world, pool, 10, 0, 100).unwrap();
    // Ten nodes: two leaves whole and half of the third.
    let row = world.state.allocations.get(&allocation).unwrap();
    let half = row.nodes.numbers().filter(|n| leaf_of(*n) == 2).count();
    assert_eq!(half, 2, "{:?}", row.nodes);
    let pair = block(allocation, 2, Within::Leaf, &world);
    world.run(pair.clone()).unwrap();
    let (_, first) = newest(&world);
    assert_eq!(*first.nodes, set([9, 10]), "the leaf that it fills");
    let refused = world.run(block(allocation, 5, Within::Leaf, &world));
    let Err(Rejection::BlockDoesNotFit { largest, free, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((largest, free), (NodeCount(4), NodeCount(8)));
    world
        .run(block(allocation, 5, Within::SpineGroup, &world))
        .unwrap();
    assert_eq!(*newest(&world).1.nodes, set(1..=5));
    let few = AllocateBlock {
        exclude: Some(set([6])),
        ..block(allocation, 3, Within::Leaf, &world)
    };
    assert!(world.run(few).is_err(), "what is excluded is not taken");
    world
        .run(block(allocation, 3, Within::Leaf, &world))
        .unwrap();
    assert_eq!(*newest(&world).1.nodes, set(6..=8));
    assert!(world.run(pair).is_err(), "all are taken");
    let (id, _) = newest(&world);
    world.run(ReleaseBlock { block: id }).unwrap();
    let again = world.run(ReleaseBlock { block: id });
    assert!(
        matches!(again, Err(Rejection::BlockOver { .. })),
        "{again:?}"
    );
    world
        .run(block(allocation, 2, Within::NvlinkDomain, &world))
        .unwrap();
    assert_eq!(*newest(&world).1.nodes, set([6, 7]));
}

#[test]
fn a_spare_takes_the_place_in_the_block_and_the_allocations_end_is_the_blocks() {
    let (mut world, pool) = begin();
    let allocation = named(&mut world, pool, 8, 0, 100).unwrap();
    world
        .run(block(allocation, 4, Within::Leaf, &world))
        .unwrap();
    world.now = 5;
    let replace = ReplaceNode {
        allocation,
        node: 2,
        at: hour(5),
        exclude: None,
    };
    world.run(replace).unwrap();
    let (_, row) = newest(&world);
    let replaced = row.replaced[0];
    assert_eq!(
        (row.replaced.len(), replaced.node, replaced.at),
        (1, 2, hour(5))
    );
    assert_eq!(leaf_of(row.first), 0);
    assert_eq!(*row.nodes, set([1, 3, 4, replaced.spare]));
    assert!(lives(&world, &row));
    let release = ReleaseAllocation {
        allocation,
        at: hour(9),
    };
    world.run(release).unwrap();
    let (id, row) = newest(&world);
    assert_eq!(row.status, BlockStatus::Ended { at: hour(9) });
    assert!(lives(&world, &row));
    world.now = 9;
    assert!(!lives(&world, &row));
    let late = world.run(ReleaseBlock { block: id });
    assert!(matches!(late, Err(Rejection::BlockOver { .. })), "{late:?}");
}

#[derive(Clone, Debug)]
enum Step {
    Name {
        nodes: u32,
        length: i64,
    },
    Block {
        which: usize,
        nodes: u32,
        within: usize,
        exclude: Option<u32>,
    },
    ReleaseBlock {
        which: usize,
    },
    Replace {
        which: usize,
        node: usize,
        ago: i64,
    },
    ReleaseAllocation {
        which: usize,
        later: i64,
    },
    End {
        which: usize,
        later: i64,
    },
    Wait {
        hours: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0_usize..20;
    prop_oneof![
        3 => (1_u32..8, 1..30_i64).prop_map(|(nodes, length)| Step::Name { nodes, length }),
        8 => (which.clone(), 1_u32..6, 0_usize..3, prop::option::weighted(0.3, 1_u32..12))
            .prop_map(|(which, nodes, within, exclude)| {
                Step::Block { which, nodes, within, exclude }
            }),
        2 => which.clone().prop_map(|which| Step::ReleaseBlock { which }),
        3 => (which.clone(), 0_usize..8, 0..3_i64)
            .prop_map(|(which, node, ago)| Step::Replace { which, node, ago }),
        1 => (which.clone(), 0..4_i64)
            .prop_map(|(which, later)| Step::ReleaseAllocation { which, later }),
        1 => (which, 0..4_i64).prop_map(|(which, later)| Step::End { which, later }),
        2 => (1..6_i64).prop_map(|hours| Step::Wait { hours }),
    ]
}

fn allocation_at(world: &World, which: usize) -> Option<AllocationId> {
    let ids: Vec<_> = world
        .state
        .allocations
        .iter()
        .map(|(_, id, _)| *id)
        .collect();
    ids.get(which % ids.len().max(1)).copied()
}

fn play(world: &mut World, pool: PoolId, step: &Step) {
    match *step {
        Step::Name { nodes, length } => {
            let now = world.now;
            named(world, pool, nodes, now, now + length);
        }
        Step::Block {
            which,
            nodes,
            within,
            exclude,
        } => {
            if let Some(allocation) = allocation_at(world, which) {
                let within = Within::ALL[within];
                let mut ask = block(allocation, nodes, within, world);
                ask.exclude = exclude.map(|number| set([number]));
                taken(world, &ask);
            }
        }
        Step::ReleaseBlock { which } => {
            let ids: Vec<_> = world.state.blocks.iter().map(|(_, id, _)| *id).collect();
            if let Some(block) = ids.get(which % ids.len().max(1)) {
                let _ = world.run(ReleaseBlock { block: *block });
            }
        }
        Step::Replace { which, node, ago } => {
            if let Some(allocation) = allocation_at(world, which) {
                let row = world.state.allocations.get(&allocation).unwrap();
                let numbers: Vec<u32> = row.nodes.numbers().collect();
                let replace = ReplaceNode {
                    allocation,
                    node: numbers[node % numbers.len()],
                    at: hour(world.now - ago),
                    exclude: None,
                };
                let _ = world.run(replace);
            }
        }
        Step::ReleaseAllocation { which, later } => {
            if let Some(allocation) = allocation_at(world, which) {
                let at = hour(world.now + later);
                let _ = world.run(ReleaseAllocation { allocation, at });
            }
        }
        Step::End { which, later } => {
            if let Some(allocation) = allocation_at(world, which) {
                let row = world.state.allocations.get(&allocation).unwrap();
                let (reservation, at) = (row.reservation, hour(world.now + later));
                let _ = world.run(EndReservation { reservation, at });
            }
        }
        Step::Wait { hours } => world.now += hours,
    }
}

/// Asks for a block; it is given just when some part of the fabric has as many nodes left.
fn taken(world: &mut World, ask: &AllocateBlock) {
    let now = hour(world.now);
    let row = world.state.allocations.get(&ask.allocation).unwrap();
    let live = row.status == AllocationStatus::Live && row.window.contains(now);
    let mut left: BTreeMap<u32, u32> = BTreeMap::new();
    for number in row.nodes.numbers() {
        let excluded = ask.exclude.as_ref().is_some_and(|set| set.contains(number));
        let inside = world
            .state
            .block_with(ask.allocation, number, now)
            .is_some();
        if !excluded && !inside {
            *left.entry(key(ask.within, number)).or_default() += 1;
        }
    }
    let largest = left.values().max().copied().unwrap_or(0);
    let asked = ask.nodes.0;
    match world.run(ask.clone()) {
        Ok(_) => {
            assert!(live && asked <= largest, "{asked} of {largest}");
            let (_, made) = newest(world);
            assert_eq!(made.nodes.count(), ask.nodes, "whole");
            let keys: std::collections::BTreeSet<u32> = made
                .nodes
                .numbers()
                .map(|number| key(ask.within, number))
                .collect();
            assert_eq!(keys.len(), 1, "together");
            let least = left.values().filter(|count| **count >= asked).min();
            let filled = keys.first().map(|key| left[key]);
            assert_eq!(filled.as_ref(), least, "where it fills best");
            assert!(
                !made
                    .nodes
                    .numbers()
                    .any(|n| { ask.exclude.as_ref().is_some_and(|set| set.contains(n)) })
            );
        }
        Err(Rejection::BlockDoesNotFit { largest: told, .. }) => {
            assert!(live && asked > largest, "{asked} of {largest}");
            assert_eq!(told.0, largest);
        }
        Err(Rejection::FigureOutOfRange { .. }) => assert!(asked > row_count(world, ask)),
        Err(_) => assert!(!live),
    }
}

fn row_count(world: &World, ask: &AllocateBlock) -> u32 {
    let row = world.state.allocations.get(&ask.allocation).unwrap();
    row.nodes.count().0
}

/// No node in two live blocks; every live block inside what its allocation has now, and whole.
fn check(world: &World, sizes: &mut BTreeMap<BlockId, u32>) {
    let mut whose: BTreeMap<u32, BlockId> = BTreeMap::new();
    for (_, id, row) in world.state.blocks.iter() {
        let size = *sizes.entry(*id).or_insert(row.nodes.count().0);
        assert_eq!(
            row.nodes.count().0,
            size,
            "a spare comes for every node that leaves"
        );
        if let Some(last) = row.replaced.last() {
            let (spare, node) = (last.spare, last.node);
            assert!(row.nodes.contains(spare) && !row.nodes.contains(node));
        }
        if !lives(world, row) {
            continue;
        }
        let allocation = world.state.allocations.get(&row.allocation).unwrap();
        assert!(allocation.has_at(hour(world.now)));
        assert!(
            allocation.nodes.contains_all(&row.nodes),
            "its allocation's own"
        );
        for number in row.nodes.numbers() {
            let other = whose.insert(number, *id);
            assert_eq!(other, None, "node {number} is in two blocks");
            let found = world
                .state
                .block_with(row.allocation, number, hour(world.now));
            assert_eq!(found, Some(*id));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_node_is_in_two_blocks(steps in prop::collection::vec(step(), 1..40)) {
        let (mut world, pool) = begin();
        let mut sizes = BTreeMap::new();
        for step in &steps {
            play(&mut world, pool, step);
            check(&world, &mut sizes);
        }
    }
}
