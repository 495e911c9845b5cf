//! Names that no one has yet: never one node for two, and none left out that can be kept.

use std::collections::BTreeMap;

use bareboat_base::{Code, NodeCount};
use proptest::prelude::*;

use super::*;
use crate::{Allocate, ReceiveSupply, ScheduleSupply, SetUnavailable};

/// A pool of so many nodes there from the beginning, four on a leaf, and some more to come.
fn pool_of(world: &mut World, nodes: u32, to_come: u32) -> PoolId {
    let open = OpenPool {
        site: site(),
        model: id::<ModelId>(4),
        gpus_per_node: 8,
        nodes_per_domain: 2,
    };
    world.run(open).unwrap();
    let pool = world.state.pool_of(site(), id(4)).unwrap();
    for (number, count, from) in [(1, nodes, 0), (2, to_come, 20)] {
        if count > 0 {
            let schedule = ScheduleSupply {
                pool,
                tranche: tranche(number),
                nodes: NodeCount(count),
                from: hour(from),
            };
            world.run(schedule).unwrap();
        }
    }
    let fabric = shapes::fabric_of(nodes);
    let leaves = (1..).zip(fabric).map(|(number, node)| node.placed(number));
    let receive = ReceiveSupply {
        pool,
        tranche: tranche(1),
        at: hour(0),
        nodes: leaves.collect(),
    };
    world.run(receive).unwrap();
    pool
}

#[derive(Clone, Debug)]
enum Step {
    Reserve(u32, i64, i64, Shape),
    Allocate(usize),
    Repair(u32, i64, i64),
}

fn step(only_promises: bool) -> BoxedStrategy<Step> {
    let shape = if only_promises {
        Just(Shape::ANY).boxed()
    } else {
        prop_oneof![3 => Just(Shape::ANY), 2 => shapes::shape()].boxed()
    };
    let reserve = (1_u32..12, 0_i64..60, 1_i64..30, shape)
        .prop_map(|(nodes, from, hours, shape)| Step::Reserve(nodes, from, hours, shape));
    if only_promises {
        return reserve.boxed();
    }
    prop_oneof![
        6 => reserve,
        2 => (0_usize..20).prop_map(Step::Allocate),
        1 => (1_u32..30, 0_i64..60, 1_i64..20).prop_map(|(n, from, h)| Step::Repair(n, from, h)),
    ]
    .boxed()
}

fn take(world: &mut World, pool: PoolId, step: &Step) {
    // Refusals are as good: what matters is what the answers leave to be named.
    let _ = match *step {
        Step::Reserve(nodes, from, hours, shape) => world.run(Reserve {
            shape,
            ..ask(pool, nodes, from, from + hours)
        }),
        Step::Allocate(which) => {
            let ids: Vec<ReservationId> = world.state.reservations.iter().map(|r| *r.1).collect();
            let Some(reservation) = ids.get(which % ids.len().max(1)) else {
                return;
            };
            let at = world
                .state
                .reservations
                .get(reservation)
                .unwrap()
                .window
                .from();
            world.run(Allocate {
                reservation: *reservation,
                at,
                exclude: None,
            })
        }
        Step::Repair(number, from, hours) => world.run(SetUnavailable {
            pool,
            nodes: set([number]),
            window: window(from, from + hours),
            why: Code::new("repair").unwrap(),
        }),
    };
}

/// Every (node, hour) of what is bound and what is named, each once.
fn check(world: &World, pool: PoolId, nodes: u32) -> usize {
    let names = world.state.names(pool, hour(0));
    let mut held: BTreeMap<(u32, i64), &str> = BTreeMap::new();
    for number in 1..=nodes {
        let node = bareboat_base::NodeRef {
            site: site(),
            number,
        };
        for busy in world.state.busy(&node) {
            for at in hours(busy.window) {
                held.insert((number, at), "bound");
            }
        }
    }
    for named in &names.named {
        let row = world.state.reservations.get(&named.reservation).unwrap();
        let numbers = named.nodes.iter().flat_map(NodeSet::runs);
        let numbers: Vec<u32> = numbers.flat_map(|run| run.first..run.end()).collect();
        let got = numbers.len() as u32 + named.to_come.0;
        if row.allocation.is_none() {
            assert_eq!(got, row.nodes.0, "a short fill of {named:?}");
        }
        if row.allocation.is_none() && named.to_come.0 == 0 {
            let fabric = shapes::fabric_of(nodes);
            let lie: Vec<u32> = numbers.iter().map(|number| number - 1).collect();
            assert!(shapes::lies(&fabric, &lie, &row.shape), "{named:?}");
        }
        for number in numbers {
            for at in hours(named.window) {
                let before = held.insert((number, at), "named");
                assert_eq!(before, None, "node {number} twice at hour {at}");
            }
        }
    }
    names.left_out.len()
}

fn hours(window: Window) -> std::ops::Range<i64> {
    let hour = |instant: Instant| instant.micros() / 3_600_000_000;
    hour(window.from())..hour(window.to())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn where_counting_decides_all_are_named(
        nodes in 4_u32..30,
        to_come in 0_u32..10,
        steps in proptest::collection::vec(step(true), 1..60),
    ) {
        let mut world = World::default();
        let pool = pool_of(&mut world, nodes, to_come);
        for step in &steps {
            take(&mut world, pool, step);
        }
        prop_assert_eq!(check(&world, pool, nodes), 0);
    }

    #[test]
    fn with_pins_repairs_and_shapes_what_is_not_at_risk_is_named_and_no_node_twice(
        nodes in 4_u32..30,
        to_come in 0_u32..10,
        steps in proptest::collection::vec(step(false), 1..60),
    ) {
        let mut world = World::default();
        let pool = pool_of(&mut world, nodes, to_come);
        for step in &steps {
            take(&mut world, pool, step);
            let left_out = check(&world, pool, nodes);
            if world.state.risks(pool).is_empty() {
                prop_assert_eq!(left_out, 0);
            }
        }
    }
}

#[test]
fn the_same_state_gives_the_same_names_and_whole_leaves_stay_whole() {
    let mut world = World::default();
    let pool = pool_of(&mut world, 16, 0);
    for (nodes, from, to) in [(8, 0, 10), (3, 0, 10), (1, 0, 10), (4, 5, 20)] {
        world.run(ask(pool, nodes, from, to)).unwrap();
    }
    let names = world.state.names(pool, hour(0));
    assert_eq!(names, world.state.clone().names(pool, hour(0)));
    let leaves: Vec<u32> = names.named.iter().map(|named| named.leaves).collect();
    assert_eq!(leaves, [2, 1, 1, 1]);
}
