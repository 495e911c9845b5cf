//! Which reservations are due their nodes, and nodes that are still to be handed over.

use bareboat_base::{AllocationId, Refusal as _};

use super::*;
use crate::{Allocate, ReceiveSupply, ScheduleSupply, SetHandover, SetPinAhead};

fn six() -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    let (tranche, nodes) = (tranche(0), NodeCount(6));
    let from = hour(0);
    world
        .run(ScheduleSupply {
            pool,
            tranche,
            nodes,
            from,
        })
        .unwrap();
    let nodes = vec![placed(0, 0, 1, 6)];
    world
        .run(ReceiveSupply {
            pool,
            tranche,
            at: hour(0),
            nodes,
        })
        .unwrap();
    (world, pool)
}

fn held(world: &mut World, pool: PoolId, from: i64) -> ReservationId {
    world.run(ask(pool, 2, from, from + 100)).unwrap();
    world.last_reservation()
}

fn named(world: &mut World, reservation: ReservationId, at: i64) -> AllocationId {
    let at = hour(at);
    world
        .run(Allocate {
            reservation,
            at,
            exclude: None,
        })
        .unwrap();
    let row = world.state.reservations.get(&reservation).unwrap();
    row.allocation.unwrap()
}

#[test]
fn what_begins_soon_is_due_in_order_of_its_beginning() {
    let (mut world, pool) = six();
    let late = held(&mut world, pool, 72);
    let soon = held(&mut world, pool, 24);
    let begun = held(&mut world, pool, 2);
    world.now = 3;
    let ahead = |world: &mut World, days| world.run(SetPinAhead { pool, days });
    let due = |world: &World| {
        let by = world.state.pools.get(&pool).unwrap().pins_by(hour(3));
        by.map(|by| world.state.due(pool, by, hour(3)))
    };
    assert_eq!(due(&world), None, "only when asked for");
    let refused = ahead(&mut world, Some(4000)).unwrap_err();
    assert_eq!(refused.code(), "capacity.figure_out_of_range");
    ahead(&mut world, Some(1)).unwrap();
    assert_eq!(due(&world), Some(vec![begun, soon]));
    ahead(&mut world, Some(3)).unwrap();
    assert_eq!(due(&world), Some(vec![begun, soon, late]));
    // Named, given back in the middle, or over: not due.
    named(&mut world, soon, 24);
    let allocation = named(&mut world, begun, 3);
    world
        .run(crate::ReleaseAllocation {
            allocation,
            at: hour(5),
        })
        .unwrap();
    assert_eq!(due(&world), Some(vec![late]));
    assert_eq!(world.state.due(pool, hour(500), hour(172)), []);
    ahead(&mut world, None).unwrap();
    assert_eq!(due(&world), None);
}

#[test]
fn nodes_named_ahead_are_handed_over_once_and_within_their_window() {
    let (mut world, pool) = six();
    let reservation = held(&mut world, pool, 24);
    let allocation = named(&mut world, reservation, 24);
    let set = |world: &mut World, at: Option<i64>| {
        let at = at.map(hour);
        world.run(SetHandover { allocation, at })
    };
    let code = |refused: Result<_, Rejection>| refused.map(drop).unwrap_err().code();
    assert_eq!(code(set(&mut world, Some(24))), "capacity.handed_over");
    set(&mut world, None).unwrap();
    let awaited = |world: &World| world.state.allocations.get(&allocation).unwrap().awaited;
    assert!(awaited(&world));
    for outside in [23, 124] {
        let refused = set(&mut world, Some(outside));
        assert_eq!(code(refused), "capacity.outside_window");
    }
    set(&mut world, Some(30)).unwrap();
    assert!(!awaited(&world));
}
