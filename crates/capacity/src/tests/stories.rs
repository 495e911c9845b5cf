//! Small stories, each of one rule.

use bareboat_base::{AllocationId, Code, NodeCount, NodeRef, NodeSet, PoolId, Refusal, Window};

use super::*;
use crate::{
    Allocate, AllocationStatus, BusyWith, EndReservation, ExerciseOption, LapseOption, MoveSupply,
    ReceiveSupply, ReleaseAllocation, ScheduleSupply, SetSpareFloor, SetUnavailable,
};

/// A pool whose nodes arrive at hour 0: so many on each leaf, four leaves to a spine group.
fn stocked(leaves: &[u32]) -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    let nodes = leaves.iter().sum();
    schedule(&mut world, pool, 1, nodes, 0);
    let mut first = 1;
    let runs = (0..).zip(leaves).map(|(leaf, count)| {
        let run = placed(leaf, leaf / 4, first, *count);
        first += count;
        run
    });
    let command = ReceiveSupply {
        pool,
        tranche: tranche(1),
        at: hour(0),
        nodes: runs.collect(),
    };
    world.run(command).unwrap();
    (world, pool)
}

fn schedule(world: &mut World, pool: PoolId, number: u128, nodes: u32, from: i64) {
    let command = ScheduleSupply {
        pool,
        tranche: tranche(number),
        nodes: NodeCount(nodes),
        from: hour(from),
    };
    world.run(command).unwrap();
}

fn reserve(world: &mut World, command: Reserve) -> ReservationId {
    world.run(command).unwrap();
    world.last_reservation()
}

fn allocate(world: &mut World, reservation: ReservationId, at: i64) -> Result<NodeSet, Rejection> {
    let command = Allocate {
        reservation,
        at: hour(at),
        exclude: None,
    };
    match world.run(command)?.remove(0) {
        Event::Allocated(event) => Ok(event.nodes),
        other => unreachable!("{other:?}"),
    }
}

fn allocation(world: &World, reservation: ReservationId) -> AllocationId {
    world
        .state
        .reservations
        .get(&reservation)
        .unwrap()
        .allocation
        .unwrap()
}

fn out(world: &mut World, pool: PoolId, nodes: NodeSet, during: Window) {
    let command = SetUnavailable {
        pool,
        nodes,
        window: during,
        why: Code::new("failed").unwrap(),
    };
    world.run(command).unwrap();
}

#[test]
fn a_refusal_says_what_bound_and_when() {
    let (mut world, pool) = stocked(&[10]);
    schedule(&mut world, pool, 2, 5, 20);
    world
        .run(SetSpareFloor {
            pool,
            nodes: NodeCount(1),
        })
        .unwrap();
    reserve(&mut world, ask(pool, 6, 5, 15));
    let refused = world.run(ask(pool, 5, 0, 30)).unwrap_err();
    let expected = Rejection::ShortOfSupply {
        pool,
        at: hour(5),
        asked: NodeCount(5),
        free: NodeCount(3),
        shortfall: NodeCount(2),
        fits: NodeCount(3),
    };
    assert_eq!(refused, expected);
    assert_eq!(refused.code(), "capacity.short_of_supply");
    assert_eq!(world.state.max_free(pool, window(0, 30)), NodeCount(3));
    world.run(ask(pool, 3, 0, 30)).unwrap();
    world.run(ask(pool, 1, 5, 15)).unwrap_err();
    world.run(ask(pool, 11, 20, 30)).unwrap();
    let steps = world.state.profile(pool, window(0, 25));
    let shown: Vec<_> = steps
        .iter()
        .map(|s| (s.window, s.installed.0, s.firm.0, s.free.0))
        .collect();
    let expected = [
        (window(0, 5), 10, 3, 6),
        (window(5, 15), 10, 9, 0),
        (window(15, 20), 10, 3, 6),
        (window(20, 25), 15, 14, 0),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn options_are_held_like_firm_windows_until_they_lapse() {
    let (mut world, pool) = stocked(&[4]);
    let option = Some(window(10, 20));
    let with_option = Reserve {
        option,
        ..ask(pool, 4, 0, 10)
    };
    let reservation = reserve(&mut world, with_option);
    let apart = Reserve {
        option: Some(window(11, 20)),
        ..with_option
    };
    assert_eq!(
        world.run(apart).unwrap_err().code(),
        "capacity.option_not_adjacent"
    );
    world.run(ask(pool, 1, 15, 18)).unwrap_err();
    let nodes = allocate(&mut world, reservation, 0).unwrap();
    assert_eq!(nodes, set(1..=4));
    let node = NodeRef {
        site: site(),
        number: 3,
    };
    let allocation = allocation(&world, reservation);
    let busy = world.state.busy(&node);
    assert_eq!(
        (busy[0].window, busy[0].with),
        (window(0, 20), BusyWith::Allocation(allocation))
    );

    let mut lapsed = world.clone();
    lapsed.run(LapseOption { reservation }).unwrap();
    assert_eq!(lapsed.state.busy(&node)[0].window, window(0, 10));
    lapsed.run(ask(pool, 4, 10, 20)).unwrap();
    assert_eq!(
        lapsed
            .run(ExerciseOption { reservation })
            .unwrap_err()
            .code(),
        "capacity.no_option"
    );

    world.run(ExerciseOption { reservation }).unwrap();
    assert_eq!(
        world.state.allocations.get(&allocation).unwrap().window,
        window(0, 20)
    );
    assert_eq!(
        world.state.profile(pool, window(10, 20))[0].firm,
        NodeCount(4)
    );
    world.run(ask(pool, 4, 10, 20)).unwrap_err();
}

#[test]
fn few_leaves_and_one_spine_group() {
    let (mut world, pool) = stocked(&[4, 8, 6, 4, 5, 8, 8, 8]);
    let first = reserve(&mut world, ask(pool, 6, 0, 10));
    assert_eq!(
        allocate(&mut world, first, 0).unwrap(),
        set(13..=18),
        "the leaf that is filled"
    );
    let second = reserve(&mut world, ask(pool, 9, 0, 10));
    let nodes = allocate(&mut world, second, 0).unwrap();
    assert_eq!(
        nodes,
        set([1].into_iter().chain(5..=12)),
        "the fuller group, two leaves"
    );
    let narrow = |nodes| Reserve {
        shape: Shape::leaves(Some(2)),
        ..ask(pool, nodes, 0, 10)
    };
    let three_for_two = |refused: Rejection| {
        let Rejection::TooManyLeaves {
            needed, max_leaves, ..
        } = refused
        else {
            unreachable!("{refused}")
        };
        assert_eq!((needed, max_leaves), (3, 2));
    };
    three_for_two(world.run(narrow(20)).unwrap_err());
    let promised = reserve(&mut world, narrow(16));
    let third = reserve(&mut world, ask(pool, 16, 0, 10));
    allocate(&mut world, third, 0).unwrap();
    // The third took what was not promised.
    allocate(&mut world, promised, 0).unwrap();
}

#[test]
fn only_ready_and_received_nodes_are_named() {
    let (mut world, pool) = stocked(&[4]);
    schedule(&mut world, pool, 2, 4, 0);
    let large = reserve(&mut world, ask(pool, 6, 0, 10));
    assert_eq!(
        allocate(&mut world, large, 0).unwrap_err().code(),
        "capacity.too_few_named"
    );
    world
        .run(EndReservation {
            reservation: large,
            at: hour(0),
        })
        .unwrap();
    let small = reserve(&mut world, ask(pool, 3, 0, 10));
    let mut command = Allocate {
        reservation: small,
        at: hour(0),
        exclude: Some(set([1, 3])),
    };
    assert_eq!(
        world.run(command.clone()).unwrap_err().code(),
        "capacity.too_few_ready"
    );
    command.exclude = Some(set([2]));
    world.run(command).unwrap();
    let nodes = &world
        .state
        .allocations
        .get(&allocation(&world, small))
        .unwrap()
        .nodes;
    assert_eq!(**nodes, set([1, 3, 4]));
}

#[test]
fn a_gap_that_is_too_short_is_fragmented_not_infeasible() {
    // Two nodes, one busy [10, 20), the other [20, 30): one node over [10, 30) counts, fits nowhere.
    let (mut world, pool) = stocked(&[2]);
    out(&mut world, pool, set([1]), window(10, 20));
    out(&mut world, pool, set([2]), window(20, 30));
    assert_eq!(world.state.max_free(pool, window(10, 30)), NodeCount(1));
    match world.run(ask(pool, 1, 10, 30)).unwrap_err() {
        Rejection::Fragmented { asked, fits, .. } => {
            assert_eq!((asked, fits), (NodeCount(1), NodeCount(0)));
        }
        other => unreachable!("{other}"),
    }
    world.run(ask(pool, 1, 10, 20)).unwrap();
    world.run(ask(pool, 1, 20, 30)).unwrap();
}

#[test]
fn naming_in_advance_leaves_room_for_the_others() {
    // The neat choice for the second is leaf 0; then the third would find node 3 for [0, 20) only.
    let (mut world, pool) = stocked(&[2, 1]);
    let late = reserve(&mut world, ask(pool, 1, 20, 30));
    let pair = reserve(&mut world, ask(pool, 2, 0, 20));
    let long = reserve(&mut world, ask(pool, 1, 0, 30));
    assert_eq!(allocate(&mut world, late, 20).unwrap(), set([3]));
    assert_eq!(allocate(&mut world, pair, 0).unwrap(), set([1, 3]));
    assert_eq!(allocate(&mut world, long, 0).unwrap(), set([2]));
}

#[test]
fn what_a_slip_breaks_is_named() {
    let mut world = World::default();
    let pool = world.open_pool();
    schedule(&mut world, pool, 1, 10, 0);
    schedule(&mut world, pool, 2, 10, 10);
    let first = reserve(&mut world, ask(pool, 10, 0, 30));
    let second = reserve(&mut world, ask(pool, 6, 10, 30));
    let third = reserve(&mut world, ask(pool, 4, 12, 30));
    assert!(world.state.at_risk(pool).is_empty());
    let slip = |from| MoveSupply {
        tranche: tranche(2),
        from: hour(from),
    };
    world.run(slip(11)).unwrap();
    assert_eq!(world.state.at_risk(pool), [second]);
    world.run(slip(20)).unwrap();
    assert_eq!(world.state.at_risk(pool), [second, third]);
    assert_eq!(
        world.state.profile(pool, window(12, 13))[0].short,
        NodeCount(10)
    );
    world.run(slip(10)).unwrap();
    world
        .run(MoveSupply {
            tranche: tranche(1),
            from: hour(40),
        })
        .unwrap();
    assert_eq!(world.state.at_risk(pool), [first]);
}

#[test]
fn spares_stand_in_until_they_run_out() {
    let (mut world, pool) = stocked(&[10]);
    world
        .run(SetSpareFloor {
            pool,
            nodes: NodeCount(1),
        })
        .unwrap();
    let reservation = reserve(&mut world, ask(pool, 9, 0, 30));
    allocate(&mut world, reservation, 0).unwrap();
    out(&mut world, pool, set([2]), window(5, 8));
    assert!(world.state.at_risk(pool).is_empty());
    out(&mut world, pool, set([2, 3]), window(7, 9));
    assert_eq!(world.state.at_risk(pool), [reservation]);
    let unavailable: Vec<_> = world
        .state
        .profile(pool, window(4, 10))
        .iter()
        .map(|s| s.unavailable.0)
        .collect();
    assert_eq!(unavailable, [0, 1, 2, 0], "what overlaps counts once");
    let beyond = SetUnavailable {
        pool,
        nodes: set([10, 11]),
        window: window(0, 1),
        why: Code::new("failed").unwrap(),
    };
    assert_eq!(
        world.run(beyond).unwrap_err().code(),
        "capacity.node_not_in_pool"
    );
}

#[test]
fn release_and_end_free_nodes_and_counts() {
    let (mut world, pool) = stocked(&[4]);
    let first = reserve(&mut world, ask(pool, 4, 0, 30));
    allocate(&mut world, first, 2).unwrap();
    let allocated = allocation(&world, first);
    let again = Allocate {
        reservation: first,
        at: hour(2),
        exclude: None,
    };
    assert_eq!(
        world.run(again).unwrap_err().code(),
        "capacity.allocated_already"
    );
    world
        .run(ReleaseAllocation {
            allocation: allocated,
            at: hour(12),
        })
        .unwrap();
    let row = world.state.allocations.get(&allocated).unwrap();
    assert_eq!(
        (row.status, row.window),
        (AllocationStatus::Released { at: hour(12) }, window(2, 12))
    );
    let second = ReleaseAllocation {
        allocation: allocated,
        at: hour(13),
    };
    assert_eq!(
        world.run(second).unwrap_err().code(),
        "capacity.released_already"
    );
    world.run(ask(pool, 1, 12, 20)).unwrap_err();
    let early = EndReservation {
        reservation: first,
        at: hour(11),
    };
    assert_eq!(
        world.run(early).unwrap_err().code(),
        "capacity.ends_before_release"
    );
    world
        .run(EndReservation {
            at: hour(14),
            ..early
        })
        .unwrap();
    assert_eq!(
        world.state.reservations.get(&first).unwrap().held(),
        Some(window(0, 14))
    );
    let next = reserve(&mut world, ask(pool, 4, 14, 30));
    allocate(&mut world, next, 14).unwrap();
    let end = EndReservation {
        reservation: next,
        at: hour(20),
    };
    assert_eq!(
        world.run(end).unwrap().len(),
        2,
        "the allocation ends with it"
    );
    assert_eq!(world.state.max_free(pool, window(20, 40)), NodeCount(4));
    assert_eq!(
        world.run(end).unwrap_err().code(),
        "capacity.reservation_over"
    );
}

#[test]
fn supply_is_received_once_and_in_its_pool() {
    let (mut world, pool) = stocked(&[4]);
    schedule(&mut world, pool, 2, 3, 5);
    let receive = |first, count, number| ReceiveSupply {
        pool,
        tranche: tranche(number),
        at: hour(6),
        nodes: vec![placed(9, 9, first, count)],
    };
    let code = |refused: Result<Vec<Event>, Rejection>| refused.unwrap_err().code();
    assert_eq!(
        code(world.run(receive(5, 4, 2))),
        "capacity.more_than_scheduled"
    );
    assert_eq!(code(world.run(receive(4, 2, 2))), "capacity.node_in_pool");
    assert_eq!(code(world.run(receive(0, 2, 2))), "capacity.bad_nodes");
    assert_eq!(code(world.run(receive(5, 1, 7))), "capacity.supply_unknown");
    assert_eq!(
        code(world.run(receive(5, 1, 1))),
        "capacity.more_than_scheduled"
    );
    let mut twice = receive(5, 1, 2);
    twice.nodes.push(twice.nodes[0]);
    assert_eq!(code(world.run(twice)), "capacity.node_in_pool");
    world.run(receive(5, 2, 2)).unwrap();
    let installed: Vec<_> = world
        .state
        .profile(pool, window(4, 8))
        .iter()
        .map(|s| s.installed.0)
        .collect();
    assert_eq!(installed, [4, 5, 7]);
    assert_eq!(world.state.nodes_of_pool(pool), Some(set(1..=6)));
    let moved = MoveSupply {
        tranche: tranche(1),
        from: hour(9),
    };
    assert_eq!(code(world.run(moved)), "capacity.nothing_owed");
}

#[test]
fn naming_one_lot_loses_no_other_that_placing_anew_would_lose() {
    let (mut world, pool) = stocked(&[3, 1]);
    schedule(&mut world, pool, 2, 2, 1);
    reserve(&mut world, ask(pool, 4, 7, 9));
    for (nodes, from, to) in [(2, 9, 11), (2, 9, 14)] {
        let named = reserve(&mut world, ask(pool, nodes, from, to));
        allocate(&mut world, named, from).unwrap();
    }
    // Only the nodes to come are free so long; then the first lot needs all that have names.
    reserve(&mut world, ask(pool, 2, 8, 13));
    let early = reserve(&mut world, ask(pool, 2, 6, 8));
    let refused = allocate(&mut world, early, 6).unwrap_err();
    assert_eq!(refused.code(), "capacity.fragmented");
    assert_eq!(world.state.risks(pool), []);
}
