//! A failed node and its spare: what was is kept, what comes is the spare's, and the nearest is
//! the nearest.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_base::{AllocationId, Code, NodeCount, NodeRef, PoolId, Refusal as _};
use proptest::prelude::*;

use super::*;
use crate::faults::Nearness;
use crate::{
    Allocate, BusyWith, ReceiveSupply, ReleaseAllocation, ReplaceNode, ScheduleSupply,
    SetSpareFloor, SetUnavailable,
};

const HOUR: i64 = 3_600_000_000;

/// Replaces a node in the hour-by-hour model too, and checks that the spare was nobody's.
pub(super) fn step(
    world: &mut World,
    out: &BTreeSet<(u32, i64)>,
    taken: &mut BTreeMap<(u32, i64), AllocationId>,
    (which, node, at): (usize, usize, i64),
) -> Result<(), TestCaseError> {
    let rows = world.state.allocations.iter();
    let rows: Vec<_> = rows.map(|(_, id, row)| (*id, row.clone())).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let (allocation, row) = &rows[which % rows.len()];
    let numbers: Vec<u32> = row.nodes.numbers().collect();
    let node = numbers[node % numbers.len()];
    let done = world.run(ReplaceNode {
        allocation: *allocation,
        node,
        at: hour(at),
        exclude: None,
    });
    let Ok(events) = done else {
        return Ok(());
    };
    let [Event::NodeReplaced(event)] = &events[..] else {
        return Err(TestCaseError::fail(format!("{events:?}")));
    };
    prop_assert!(row.window.contains(hour(at)));
    for hour in at..row.kept_until.micros() / HOUR {
        prop_assert_eq!(taken.remove(&(node, hour)), Some(*allocation));
        prop_assert!(
            !out.contains(&(event.spare, hour)),
            "the spare is out at {hour}"
        );
        let other = taken.insert((event.spare, hour), *allocation);
        prop_assert_eq!(other, None, "{} is used twice at {}", event.spare, hour);
    }
    Ok(())
}

/// So many nodes: `leaf` on a leaf, `spine` leaves in a group, `halls` groups in a hall.
fn pool_of(nodes: u32, leaf: u32, spine: u32, halls: u32) -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    let command = ScheduleSupply {
        pool,
        tranche: tranche(1),
        nodes: NodeCount(nodes),
        from: hour(0),
    };
    world.run(command).unwrap();
    let place = |number: u32| {
        let at = number / leaf;
        let mut run = placed(at, at / spine, number + 1, 1);
        run.hall = id(50 + u128::from(at / spine / halls));
        run
    };
    let command = ReceiveSupply {
        pool,
        tranche: tranche(1),
        at: hour(0),
        nodes: (0..nodes).map(place).collect(),
    };
    world.run(command).unwrap();
    (world, pool)
}

fn sold(world: &mut World, reserve: Reserve) -> (AllocationId, NodeSet) {
    let at = reserve.window.from();
    world.run(reserve).unwrap();
    let reservation = world.last_reservation();
    let allocate = Allocate {
        reservation,
        at,
        exclude: None,
    };
    match world.run(allocate).unwrap().remove(0) {
        Event::Allocated(event) => (event.allocation, event.nodes),
        other => unreachable!("{other:?}"),
    }
}

fn replace(allocation: AllocationId, node: u32, at: i64) -> ReplaceNode {
    ReplaceNode {
        allocation,
        node,
        at: hour(at),
        exclude: None,
    }
}

fn spare(events: Vec<Event>) -> (u32, Nearness) {
    match &events[..] {
        [Event::NodeReplaced(event)] => (event.spare, event.near),
        other => unreachable!("{other:?}"),
    }
}

fn busy(world: &World, number: u32) -> Vec<(i64, i64)> {
    let node = NodeRef {
        site: site(),
        number,
    };
    let busy = world.state.busy(&node).into_iter();
    let busy = busy.filter(|busy| matches!(busy.with, BusyWith::Allocation(_)));
    let hours = |at: Instant| at.micros() / HOUR;
    busy.map(|b| (hours(b.window.from()), hours(b.window.to())))
        .collect()
}

#[test]
fn a_failed_node_is_replaced_from_its_leaf_then_its_group_then_its_hall() {
    // Leaves of 3, two a group, two groups a hall: hall one has nodes 1 to 12.
    let (mut world, pool) = pool_of(18, 3, 2, 2);
    let floor = SetSpareFloor {
        pool,
        nodes: NodeCount(6),
    };
    world.run(floor).unwrap();
    let lot = Reserve {
        option: Some(window(30, 40)),
        ..ask(pool, 2, 0, 30)
    };
    let (allocation, nodes) = sold(&mut world, lot);
    let first = nodes.numbers().next().unwrap();
    let steps = world.state.profile(pool, window(0, 40));
    let mut had = vec![first];
    let mut nears = Vec::new();
    for at in 1..=10 {
        let failed = *had.last().unwrap();
        let out = SetUnavailable {
            pool,
            nodes: set([failed]),
            window: window(at, 100),
            why: Code::new("failed").unwrap(),
        };
        world.run(out).unwrap();
        let command = replace(allocation, failed, at);
        let (next, near) = spare(world.run(command).unwrap());
        assert!(!had.contains(&next));
        had.push(next);
        nears.push(near);
    }
    use Nearness::{Hall, Leaf, SpineGroup};
    // Each is nearest to the node that failed last, not to the first.
    let expected = [
        Leaf, SpineGroup, Leaf, Leaf, Hall, Leaf, Leaf, SpineGroup, Leaf, Leaf,
    ];
    assert_eq!(nears, expected);
    // The hall has no other; the next hall's six are on another fabric.
    let command = replace(allocation, *had.last().unwrap(), 11);
    let refused = world.run(command.clone()).unwrap_err();
    assert_eq!(refused.code(), "capacity.no_spare");
    // What each had, it had; the counts are as they were but for what is out.
    for (number, (from, pair)) in (0..).zip(had.windows(2)).map(|(n, p)| (n, (n, p))) {
        assert_eq!(busy(&world, pair[0]), [(from, number + 1)]);
    }
    assert_eq!(busy(&world, *had.last().unwrap()), [(10, 40)]);
    let row = world.state.allocations.get(&allocation).unwrap();
    assert_eq!((row.nodes.count().0, row.replaced.len()), (2, 10));
    assert!(row.had(&set([had[3]]), window(3, 4)) && !row.had(&set([had[3]]), window(3, 5)));
    let after = world.state.profile(pool, window(0, 40));
    assert_eq!(
        (after[0].firm, after[0].installed),
        (steps[0].firm, steps[0].installed)
    );
    // A node that is not there, or no longer.
    for gone in [had[0], 18] {
        let command = replace(allocation, gone, 12);
        let refused = world.run(command).unwrap_err();
        assert_eq!(refused.code(), "capacity.node_not_allocated");
    }
    // The option lapses, then the lot ends: the last spare is free from then.
    let reservation = row_of(&world, allocation);
    world.run(crate::LapseOption { reservation }).unwrap();
    assert_eq!(busy(&world, *had.last().unwrap()), [(10, 30)]);
    let release = ReleaseAllocation {
        allocation,
        at: hour(20),
    };
    world.run(release).unwrap();
    assert_eq!(busy(&world, *had.last().unwrap()), [(10, 20)]);
    let refused = world.run(command).unwrap_err();
    assert_eq!(refused.code(), "capacity.released_already");
}

fn row_of(world: &World, allocation: AllocationId) -> ReservationId {
    world
        .state
        .allocations
        .get(&allocation)
        .unwrap()
        .reservation
}

#[test]
fn a_spare_that_is_not_ready_is_not_taken_nor_one_that_breaks_the_shape() {
    let (mut world, pool) = pool_of(9, 3, 3, 1);
    let lot = Reserve {
        shape: Shape::leaves(Some(1)),
        ..ask(pool, 2, 0, 30)
    };
    let (allocation, nodes) = sold(&mut world, lot);
    assert_eq!(nodes, set([1, 2]));
    let not_ready = ReplaceNode {
        exclude: Some(set([3])),
        ..replace(allocation, 1, 5)
    };
    // Node 3 is being validated; all others are at another leaf.
    let refused = world.run(not_ready).unwrap_err();
    assert_eq!(refused.code(), "capacity.no_spare");
    for outside in [-1, 30] {
        let command = replace(allocation, 1, outside);
        let refused = world.run(command).unwrap_err();
        assert_eq!(refused.code(), "capacity.outside_window");
    }
    let command = replace(allocation, 1, 5);
    assert_eq!(spare(world.run(command).unwrap()), (3, Nearness::Leaf));
}

#[test]
fn a_spare_that_another_promise_needs_is_passed_over() {
    let (mut world, pool) = pool_of(4, 4, 1, 1);
    let (allocation, nodes) = sold(&mut world, ask(pool, 1, 0, 20));
    assert_eq!(nodes, set([1]));
    // Node 3 is under maintenance late; a lot of one node waits, which fits node 2 only, or 4.
    let out = |nodes, from, to| SetUnavailable {
        pool,
        nodes,
        window: window(from, to),
        why: Code::new("maintenance").unwrap(),
    };
    world.run(out(set([3]), 50, 60)).unwrap();
    world.run(out(set([4]), 30, 40)).unwrap();
    world.run(out(set([1]), 10, 70)).unwrap();
    world.run(ask(pool, 1, 15, 55)).unwrap();
    assert_eq!(world.state.at_risk(pool), []);
    let command = replace(allocation, 1, 10);
    // Node 2 is nearer by number, but only it can serve the lot that waits.
    assert_eq!(spare(world.run(command).unwrap()), (3, Nearness::Leaf));
    assert_eq!(world.state.at_risk(pool), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Against a look at every node and every hour: the nearest that is free to the end, or none.
    #[test]
    fn the_nearest_is_what_looking_at_every_node_finds(
        (nodes, leaf, spine, halls) in (4_u32..30, 1_u32..5, 1_u32..4, 1_u32..3),
        lots in prop::collection::vec((1_u32..6, 5_i64..40), 1..5),
        faults in prop::collection::vec((0_usize..5, 0_usize..6, 1_i64..9), 1..25),
    ) {
        let (mut world, pool) = pool_of(nodes, leaf, spine, halls);
        let mut named = Vec::new();
        for (count, to) in lots {
            let reserve = ask(pool, count, 0, to);
            if world.run(reserve).is_ok() {
                let reservation = world.last_reservation();
                let allocate = Allocate { reservation, at: hour(0), exclude: None };
                world.run(allocate).unwrap();
                named.push(world.state.reservations.get(&reservation).unwrap().allocation.unwrap());
            }
        }
        if named.is_empty() {
            return Ok(());
        }
        let mut at = 0;
        for (which, node, repair) in faults {
            at += 1;
            let allocation = named[which % named.len()];
            let row = world.state.allocations.get(&allocation).unwrap().clone();
            if !row.window.contains(hour(at)) {
                continue;
            }
            let failed = row.nodes.numbers().nth(node % row.nodes.count().0 as usize).unwrap();
            let why = Code::new("failed").unwrap();
            let during = window(at, at + repair);
            world.run(SetUnavailable { pool, nodes: set([failed]), window: during, why }).unwrap();
            let kept = Window::new(hour(at), row.kept_until).unwrap();
            let place = |number: u32| {
                let at = (number - 1) / leaf;
                (at, at / spine, at / spine / halls)
            };
            let free = (1..=nodes).filter(|number| {
                let node = NodeRef { site: site(), number: *number };
                world.state.busy(&node).iter().all(|busy| !busy.window.overlaps(kept))
            });
            let (home, mut best) = (place(failed), None::<(Nearness, u32)>);
            for number in free {
                let other = place(number);
                let near = if other.0 == home.0 {
                    Nearness::Leaf
                } else if other.1 == home.1 {
                    Nearness::SpineGroup
                } else if other.2 == home.2 {
                    Nearness::Hall
                } else {
                    continue;
                };
                best = best.into_iter().chain([(near, number)]).min();
            }
            let command = replace(allocation, failed, at);
            match world.run(command) {
                Ok(events) => {
                    let (spare, near) = spare(events);
                    prop_assert_eq!(Some((near, spare)), best);
                }
                Err(refused) => {
                    prop_assert_eq!(refused.code(), "capacity.no_spare");
                    prop_assert_eq!(best, None);
                }
            }
        }
    }
}
