//! How nodes lie, node by node, against every choice that there is.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_base::{FabricLevel, Spread};
use proptest::prelude::*;

use super::*;
use crate::{Allocate, Named, Part, ReceiveSupply, ScheduleSupply};

/// Where one node is.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    hall: u32,
    spine_group: u32,
    leaf: u32,
    domain: Option<u32>,
}

impl At {
    pub fn placed(self, number: u32) -> PlacedRun {
        PlacedRun {
            hall: id::<HallId>(u128::from(self.hall) + 2),
            leaf: self.leaf,
            spine_group: self.spine_group,
            nvlink_domain: self.domain,
            run: Run {
                first: number,
                count: 1,
            },
        }
    }
}

/// Four nodes on a leaf, of which the first two and the last two are domains of two; two leaves in
/// a spine group, two of those in a hall.
pub(super) fn fabric_of(nodes: u32) -> Vec<At> {
    let at = |node: u32| At {
        hall: node / 16,
        spine_group: node / 8,
        leaf: node / 4,
        domain: Some(node / 2),
    };
    (0..nodes).map(at).collect()
}

/// Whether nodes lie as asked, by looking at each; they are places of the fabric, in its order.
pub(super) fn lies(fabric: &[At], nodes: &[u32], shape: &Shape) -> bool {
    let by = |key: &dyn Fn(u32, At) -> u32| {
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        for node in nodes {
            *places
                .entry(key(*node, fabric[*node as usize]))
                .or_default() += 1;
        }
        places
    };
    // A node of no domain is its own.
    let domain = |node: u32, at: At| at.domain.unwrap_or(10_000 + node);
    let level = |level| match level {
        FabricLevel::NvlinkDomain => by(&domain),
        FabricLevel::Leaf => by(&|_, at| at.leaf),
        FabricLevel::SpineGroup => by(&|_, at| at.spine_group),
        FabricLevel::Hall => by(&|_, at| at.hall),
    };
    let few = |most: Option<u32>, of| most.is_none_or(|most| level(of).len() <= most as usize);
    let numbers: BTreeSet<u32> = nodes.iter().copied().collect();
    let span = numbers
        .last()
        .zip(numbers.first())
        .map_or(0, |(last, first)| last - first + 1);
    let whole = level(FabricLevel::NvlinkDomain)
        .into_values()
        .all(|count| count == 2);
    few(shape.max_leaves, FabricLevel::Leaf)
        && few(shape.max_nvlink_domains, FabricLevel::NvlinkDomain)
        && few(shape.max_spine_groups, FabricLevel::SpineGroup)
        && (!shape.contiguous || span as usize == numbers.len())
        && (!shape.whole_nvlink_domains || whole)
        && shape.spread.is_none_or(|Spread { over, most }| {
            level(over).into_values().all(|count| count <= most)
        })
}

fn one_limit() -> BoxedStrategy<Shape> {
    let level = prop_oneof![
        Just(FabricLevel::NvlinkDomain),
        Just(FabricLevel::Leaf),
        Just(FabricLevel::SpineGroup),
        Just(FabricLevel::Hall)
    ];
    prop_oneof![
        (1_u32..4).prop_map(|most| Shape::leaves(Some(most))),
        (1_u32..6).prop_map(|most| Shape {
            max_nvlink_domains: Some(most),
            ..Shape::ANY
        }),
        (1_u32..3).prop_map(|most| Shape {
            max_spine_groups: Some(most),
            ..Shape::ANY
        }),
        Just(Shape {
            contiguous: true,
            ..Shape::ANY
        }),
        Just(Shape {
            whole_nvlink_domains: true,
            ..Shape::ANY
        }),
        (level, 1_u32..5).prop_map(|(over, most)| {
            let spread = Some(Spread { over, most });
            Shape {
                spread,
                ..Shape::ANY
            }
        }),
    ]
    .boxed()
}

/// One limit, or two that hold together.
pub(super) fn shape() -> BoxedStrategy<Shape> {
    let both = (one_limit(), one_limit()).prop_map(|(a, b)| Shape {
        max_leaves: a.max_leaves.or(b.max_leaves),
        max_nvlink_domains: a.max_nvlink_domains.or(b.max_nvlink_domains),
        max_spine_groups: a.max_spine_groups.or(b.max_spine_groups),
        contiguous: a.contiguous || b.contiguous,
        whole_nvlink_domains: a.whole_nvlink_domains || b.whole_nvlink_domains,
        spread: a.spread.or(b.spread),
    });
    prop_oneof![3 => one_limit(), 1 => both].boxed()
}

/// A pool with a fabric, all of it there from the beginning.
fn pool_with(world: &mut World, fabric: &[At], nodes_per_domain: u32) -> PoolId {
    let open = OpenPool {
        site: site(),
        model: id::<ModelId>(4),
        gpus_per_node: 8,
        nodes_per_domain,
    };
    world.run(open).unwrap();
    let pool = world.state.pool_of(site(), id(4)).unwrap();
    let nodes = NodeCount(u32::try_from(fabric.len()).unwrap());
    let schedule = ScheduleSupply {
        pool,
        tranche: tranche(1),
        nodes,
        from: hour(0),
    };
    world.run(schedule).unwrap();
    let nodes = (1..)
        .zip(fabric)
        .map(|(number, at)| at.placed(number))
        .collect();
    world
        .run(ReceiveSupply {
            pool,
            tranche: tranche(1),
            at: hour(0),
            nodes,
        })
        .unwrap();
    pool
}

/// The places of what a reservation has, or would get.
fn places(world: &World, pool: PoolId, reservation: ReservationId) -> Vec<u32> {
    let row = world.state.reservations.get(&reservation).unwrap();
    let named = world.state.names(pool, hour(0)).named;
    let of = |named: &Named| named.reservation == reservation;
    let nodes = match row.allocation {
        Some(allocation) => (*world.state.allocations.get(&allocation).unwrap().nodes).clone(),
        None => named.into_iter().find(of).unwrap().nodes.unwrap(),
    };
    nodes
        .runs()
        .iter()
        .flat_map(|run| run.first - 1..run.end() - 1)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// With one limit the answer is exact; with more, what is held lies as asked.
    #[test]
    fn a_shape_is_held_where_some_choice_has_it(
        shape in shape(),
        bound in proptest::collection::btree_set(0_u32..18, 0..14),
        nodes in 1_u32..9,
        apart in any::<bool>(),
    ) {
        // Domains that hang on two leaves each, besides the neat ones; some nodes are of none.
        let mut fabric = fabric_of(18);
        if apart {
            for (node, at) in (0_u32..).zip(&mut fabric) {
                at.domain = Some(node.div_ceil(2)).filter(|_| !matches!(node, 0 | 17));
            }
        }
        let neat = !shape.whole_nvlink_domains || !apart;
        let mut world = World::default();
        let pool = pool_with(&mut world, &fabric, 2);
        if !bound.is_empty() {
            let out = crate::SetUnavailable {
                pool,
                nodes: set(bound.iter().map(|node| node + 1)),
                window: window(0, 50),
                why: bareboat_base::Code::new("repair").unwrap(),
            };
            world.run(out).unwrap();
        }
        let free: Vec<u32> = (0..18).filter(|node| !bound.contains(node)).collect();
        let possible = (0_u32..1 << free.len()).any(|choice| {
            let chosen = free.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1);
            let chosen: Vec<u32> = chosen.map(|(_, node)| *node).collect();
            chosen.len() == nodes as usize && lies(&fabric, &chosen, &shape)
        });
        let asked = Reserve { shape, ..ask(pool, nodes, 10, 20) };
        let held = world.run(asked);
        let alone = [
            shape.max_leaves.is_some(),
            shape.max_nvlink_domains.is_some(),
            shape.max_spine_groups.is_some(),
            shape.contiguous,
            shape.whole_nvlink_domains,
            shape.spread.is_some(),
        ];
        let alone = alone.into_iter().filter(|asked| *asked).count() == 1;
        if alone {
            prop_assert_eq!(held.is_ok(), possible, "{:?}", held);
        }
        if held.is_ok() {
            prop_assert!(possible);
            let id = world.last_reservation();
            let chosen = places(&world, pool, id);
            prop_assert!(lies(&fabric, &chosen, &shape), "{:?}", chosen);
            prop_assert!(chosen.iter().all(|node| free.contains(node)));
            // Named, they still do.
            world.run(Allocate { reservation: id, at: hour(10), exclude: None }).unwrap();
            let chosen = places(&world, pool, id);
            prop_assert!(lies(&fabric, &chosen, &shape), "{:?}", chosen);
        } else if neat {
            // What is offered instead of the shape is held, and lies as it says.
            let instead = world.state.alternatives(&asked, hour(0), &|_| None);
            for one in instead {
                let mut world = world.clone();
                world.run(one.reserve).unwrap();
                let id = world.last_reservation();
                prop_assert!(lies(&fabric, &places(&world, pool, id), &one.reserve.shape));
            }
        }
    }

    /// The deliveries of a lot lie in its shape all together, named or not.
    #[test]
    fn the_shape_of_a_lot_binds_all_its_deliveries(
        shape in shape(),
        others in proptest::collection::vec((1_u32..6, 0_i64..30, 1_i64..30), 0..5),
        deliveries in proptest::collection::vec(1_u32..5, 2..4),
        name in proptest::collection::vec(any::<bool>(), 4),
    ) {
        let fabric = fabric_of(24);
        let mut world = World::default();
        let pool = pool_with(&mut world, &fabric, 2);
        for (nodes, from, hours) in others {
            let _ = world.run(ask(pool, nodes, from, from + hours));
        }
        let mut to_come: u32 = deliveries.iter().sum();
        let mut held = Vec::new();
        for (index, nodes) in deliveries.iter().enumerate() {
            let from = 5 + 5 * i64::try_from(index).unwrap();
            let part = Part { of: id::<LotId>(900), to_come: NodeCount(to_come) };
            to_come -= nodes;
            let asked = Reserve { shape, part: Some(part), ..ask(pool, *nodes, from, 40) };
            if world.run(asked).is_err() {
                break;
            }
            let id = world.last_reservation();
            held.push(id);
            if name[index] {
                let at = hour(from);
                let named = world.run(Allocate { reservation: id, at, exclude: None });
                prop_assert!(named.is_ok());
            }
            let together: Vec<u32> = held.iter().flat_map(|id| places(&world, pool, *id)).collect();
            let distinct: BTreeSet<u32> = together.iter().copied().collect();
            prop_assert_eq!(distinct.len(), together.len());
            prop_assert!(lies(&fabric, &together, &shape), "{:?} for {}", together, shape);
        }
    }
}

#[test]
fn a_lot_in_deliveries_keeps_room_for_those_to_come() {
    // One spine group has 6 of 8 free, the other all: a first delivery of 2 fits the fuller one
    // best, but the 8 of the whole lot fit the other alone.
    let fabric = fabric_of(16);
    let mut world = World::default();
    let pool = pool_with(&mut world, &fabric, 1);
    world.run(ask(pool, 2, 0, 100)).unwrap();
    let reservation = world.last_reservation();
    world
        .run(Allocate {
            reservation,
            at: hour(0),
            exclude: None,
        })
        .unwrap();
    let shape = Shape {
        max_spine_groups: Some(1),
        ..Shape::ANY
    };
    for (nodes, to_come, from) in [(2, 8, 10), (3, 6, 20), (3, 3, 30)] {
        let part = Part {
            of: id::<LotId>(900),
            to_come: NodeCount(to_come),
        };
        let asked = Reserve {
            shape,
            part: Some(part),
            ..ask(pool, nodes, from, 90)
        };
        world.run(asked).unwrap();
    }
}

#[test]
fn a_rack_is_sold_whole_or_not_at_all() {
    // Racks of 18 nodes of 4 GPUs, two on a leaf of 36.
    let fabric: Vec<At> = (0..72)
        .map(|node| At {
            hall: 0,
            spine_group: 0,
            leaf: node / 36,
            domain: Some(node / 18),
        })
        .collect();
    let mut world = World::default();
    let pool = pool_with(&mut world, &fabric, 18);
    let whole = Shape {
        whole_nvlink_domains: true,
        ..Shape::ANY
    };
    let racks = |nodes| Reserve {
        shape: whole,
        ..ask(pool, nodes, 0, 10)
    };
    let refused = world.run(racks(20)).unwrap_err();
    assert!(matches!(refused, Rejection::ShapeUnmet { .. }), "{refused}");
    let found = world.state.alternatives(&racks(20), hour(0), &|_| None);
    let fewer = found.iter().find(|one| one.change == crate::Change::Fewer);
    assert_eq!(fewer.map(|one| one.reserve.nodes), Some(NodeCount(18)));
    world.run(racks(36)).unwrap();
    // A single node breaks a rack: two of the four are left, one after it.
    world.run(ask(pool, 1, 0, 10)).unwrap();
    world.run(racks(18)).unwrap();
    assert!(world.run(racks(18)).is_err());
    world.run(ask(pool, 17, 0, 10)).unwrap();
}

#[test]
fn nodes_to_come_make_whole_racks_too() {
    let mut world = World::default();
    let open = OpenPool {
        site: site(),
        model: id::<ModelId>(4),
        gpus_per_node: 4,
        nodes_per_domain: 18,
    };
    world.run(open).unwrap();
    let pool = world.state.pool_of(site(), id(4)).unwrap();
    let schedule = ScheduleSupply {
        pool,
        tranche: tranche(1),
        nodes: NodeCount(40),
        from: hour(5),
    };
    world.run(schedule).unwrap();
    let whole = Shape {
        whole_nvlink_domains: true,
        ..Shape::ANY
    };
    world
        .run(Reserve {
            shape: whole,
            ..ask(pool, 36, 5, 10)
        })
        .unwrap();
    // The last four of forty are no rack.
    let rest = Reserve {
        shape: whole,
        ..ask(pool, 4, 5, 10)
    };
    assert!(world.run(rest).is_err());
    world.run(ask(pool, 4, 5, 10)).unwrap();
}

#[test]
fn what_was_recorded_before_there_were_shapes_is_read_as_a_number_of_leaves() {
    let mut world = World::default();
    let pool = pool_with(&mut world, &fabric_of(8), 1);
    let asked = Reserve {
        shape: Shape::leaves(Some(2)),
        ..ask(pool, 3, 0, 10)
    };
    let now = world.run(asked).unwrap().remove(0);
    let mut stored: serde_json::Value = serde_json::from_slice(&now.encode()).unwrap();
    let data = stored["data"].as_object_mut().unwrap();
    data.remove("shape");
    data.remove("part");
    data.insert("max_leaves".to_owned(), 2.into());
    let data = stored["data"].to_string();
    let older = format!(r#"{{"type":"capacity.reserved","version":1,"data":{data}}}"#);
    let outer = bareboat_base::event::Outer::read(older.as_bytes()).unwrap();
    assert_eq!(Event::decode(&outer).unwrap().unwrap(), now);
}

#[test]
fn another_is_moved_aside_for_one_more_and_it_is_shown_before() {
    // Four leaves of four: a small lot came first, three lots have three of a leaf each, and one
    // more asks for as much.
    let fabric = fabric_of(16);
    let mut world = World::default();
    let pool = pool_with(&mut world, &fabric, 1);
    let on_leaves = |most, nodes| Reserve {
        shape: Shape::leaves(Some(most)),
        ..ask(pool, nodes, 10, 20)
    };
    world.run(ask(pool, 2, 10, 20)).unwrap();
    let small = world.last_reservation();
    for _ in 0..3 {
        world.run(on_leaves(1, 3)).unwrap();
    }
    let asked = on_leaves(1, 3);
    // Two of a leaf are taken: the small lot goes to what is left of the others.
    let moves = world.state.moves(&asked, hour(0));
    let shown: Vec<_> = moves
        .iter()
        .map(|one| (one.holder, one.nodes.0, one.leaves_before, one.leaves_after))
        .collect();
    assert_eq!(shown, [(crate::Holder::Reservation(small), 2, 1, 2)]);
    world.run(asked).unwrap();
    let calendar = &world.state.pools.get(&pool).unwrap().calendar;
    assert_eq!(
        calendar
            .plan
            .as_ref()
            .unwrap()
            .problems(&world.state, calendar),
        Vec::<String>::new()
    );
    assert_eq!(world.state.moves(&on_leaves(1, 1), hour(0)), []);
}

/// A lot of at most one leaf in two deliveries, of which the first is named while its leaf is out.
#[test]
fn naming_one_delivery_never_strands_the_others() {
    for free_elsewhere in [4, 8] {
        let fabric: Vec<At> = (0..16)
            .map(|node| At {
                hall: 0,
                spine_group: 0,
                leaf: node / 8,
                domain: None,
            })
            .collect();
        let mut world = World::default();
        let pool = pool_with(&mut world, &fabric, 1);
        if free_elsewhere == 4 {
            let out = crate::SetUnavailable {
                pool,
                nodes: set(13..=16),
                window: window(0, 90),
                why: bareboat_base::Code::new("repair").unwrap(),
            };
            world.run(out).unwrap();
        }
        let part = |to_come| Part {
            of: id::<LotId>(900),
            to_come: NodeCount(to_come),
        };
        let asked = |to_come, from| Reserve {
            shape: Shape::leaves(Some(1)),
            part: Some(part(to_come)),
            ..ask(pool, 4, from, 50)
        };
        world.run(asked(8, 10)).unwrap();
        let first = world.last_reservation();
        world.run(asked(4, 20)).unwrap();
        let second = world.last_reservation();
        // The leaf of both is not ready: the other has room for one of them, or for both.
        let of_both = places(&world, pool, second)[0] / 8;
        let named = world.run(Allocate {
            reservation: first,
            at: hour(10),
            exclude: Some(set(of_both * 8 + 1..=of_both * 8 + 8)),
        });
        assert_eq!(named.is_ok(), free_elsewhere == 8, "{named:?}");
        if named.is_ok() {
            let at = hour(20);
            world
                .run(Allocate {
                    reservation: second,
                    at,
                    exclude: None,
                })
                .unwrap();
            let together = [first, second].map(|id| places(&world, pool, id)).concat();
            assert!(together.iter().all(|node| node / 8 == together[0] / 8));
        }
    }
}

#[test]
fn what_has_its_place_is_named_there_though_it_would_not_be_found_again() {
    // Three spine groups of four leaves of four; a lot of eight on two leaves in one group. When
    // it is asked for, only the second group has whole leaves.
    let fabric: Vec<At> = (0..48)
        .map(|node| At {
            hall: 0,
            spine_group: node / 16,
            leaf: node / 4,
            domain: None,
        })
        .collect();
    let mut world = World::default();
    let pool = pool_with(&mut world, &fabric, 1);
    let out = |world: &mut World, nodes: Vec<u32>, to| {
        let out = crate::SetUnavailable {
            pool,
            nodes: set(nodes),
            window: window(0, to),
            why: bareboat_base::Code::new("repair").unwrap(),
        };
        world.run(out).unwrap();
    };
    // One of each leaf of the first and the third group, two leaves of the second.
    out(
        &mut world,
        (1..=16).step_by(4).chain((33..=48).step_by(4)).collect(),
        90,
    );
    out(&mut world, (17..=24).collect(), 90);
    let shape = Shape {
        max_spine_groups: Some(1),
        ..Shape::leaves(Some(2))
    };
    world
        .run(Reserve {
            shape,
            ..ask(pool, 8, 10, 20)
        })
        .unwrap();
    let reservation = world.last_reservation();
    world
        .run(Allocate {
            reservation,
            at: hour(10),
            exclude: None,
        })
        .unwrap();
    let named = places(&world, pool, reservation);
    assert!(lies(&fabric, &named, &shape) && named[0] == 24, "{named:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// What a quote holds can be signed for as long as it is open, whatever becomes of others.
    #[test]
    fn an_open_quote_can_be_taken(
        steps in proptest::collection::vec(
            (0_u32..4, 1_u32..9, 0_i64..30, 1_i64..30, shape(), 0_usize..20), 1..40,
        ),
    ) {
        let fabric = fabric_of(24);
        let mut world = World::default();
        let pool = pool_with(&mut world, &fabric, 2);
        for (contract, (kind, nodes, from, hours, shape, which)) in (0_u128..).zip(steps) {
            let asked = Reserve { shape, ..ask(pool, nodes, from, from + hours) };
            match kind {
                0 | 1 => {
                    let _ = world.run(asked);
                }
                2 => {
                    let _ = world.run(crate::MakeQuote {
                        contract: id::<ContractId>(5_000 + contract),
                        price: "3.09 USD".parse().unwrap(),
                        expires_at: hour(1_000),
                        holds: vec![crate::Hold::from(asked)],
                    });
                }
                _ => {
                    let all: Vec<_> = world.state.reservations.iter().map(|row| *row.1).collect();
                    if let Some(reservation) = all.get(which) {
                        let end = crate::EndReservation { reservation: *reservation, at: hour(from) };
                        let _ = world.run(end);
                    }
                }
            }
        }
        let open: Vec<_> = world.state.quotes.iter().map(|row| *row.1).collect();
        for quote in open {
            let taken = world.run(crate::TakeQuote { quote });
            prop_assert!(taken.is_ok(), "{:?}", taken);
        }
    }
}

#[test]
fn nodes_to_come_are_no_hall_of_their_own() {
    let mut world = World::default();
    let pool = pool_with(&mut world, &fabric_of(4), 1);
    let schedule = ScheduleSupply {
        pool,
        tranche: tranche(2),
        nodes: NodeCount(4),
        from: hour(5),
    };
    world.run(schedule).unwrap();
    let spread = |most| Reserve {
        shape: Shape {
            spread: Some(Spread {
                over: FabricLevel::Hall,
                most,
            }),
            ..Shape::ANY
        },
        ..ask(pool, 4, 10, 20)
    };
    // They may come into the one hall that there is.
    assert!(world.run(spread(2)).is_err());
    world.run(spread(4)).unwrap();
}

#[test]
fn a_quote_is_not_refused_for_what_was_missing_before_it() {
    let fabric = fabric_of(8);
    let mut world = World::default();
    let pool = pool_with(&mut world, &fabric, 1);
    world.run(ask(pool, 4, 10, 20)).unwrap();
    let reservation = world.last_reservation();
    let at = hour(10);
    world
        .run(Allocate {
            reservation,
            at,
            exclude: None,
        })
        .unwrap();
    world.run(ask(pool, 4, 10, 20)).unwrap();
    let reservation = world.last_reservation();
    world
        .run(Allocate {
            reservation,
            at,
            exclude: None,
        })
        .unwrap();
    // One of its nodes is out, and there is none in its place.
    let out = crate::SetUnavailable {
        pool,
        nodes: set([1]),
        window: window(12, 15),
        why: bareboat_base::Code::new("repair").unwrap(),
    };
    world.run(out).unwrap();
    let asked = Reserve {
        shape: Shape::leaves(Some(2)),
        ..ask(pool, 8, 30, 40)
    };
    world
        .run(crate::MakeQuote {
            contract: id::<ContractId>(7_000),
            price: "3.09 USD".parse().unwrap(),
            expires_at: hour(5),
            holds: vec![crate::Hold::from(asked)],
        })
        .unwrap();
}
