//! What is offered in place of a refusal, against a search hour by hour.

use std::collections::BTreeMap;

use bareboat_base::{Date, Refusal as _, Zone};
use proptest::prelude::*;

use super::model::{HOURS, Model, Step, anything, step};
use super::*;
use crate::{Alternative, Change, Constraint, ReceiveSupply, ScheduleSupply, SetSpareFloor};

/// A second pool at the site, of nodes with half as many GPUs, all still to come.
fn second_pool(world: &mut World, nodes: u32, from: i64) -> PoolId {
    let open = OpenPool {
        site: site(),
        model: id(7),
        gpus_per_node: 4,
        nodes_per_domain: 1,
    };
    world.run(open).unwrap();
    let pool = world.state.pool_of(site(), id(7)).unwrap();
    supply(world, pool, 900, nodes, from);
    pool
}

fn supply(world: &mut World, pool: PoolId, number: u128, nodes: u32, from: i64) {
    let schedule = ScheduleSupply {
        pool,
        tranche: tranche(number),
        nodes: NodeCount(nodes),
        from: hour(from),
    };
    world.run(schedule).unwrap();
}

fn decides(world: &World, reserve: &Reserve) -> Result<Vec<Event>, Rejection> {
    world.clone().run(*reserve)
}

fn none(_: PoolId) -> Option<Zone> {
    None
}

fn offered(world: &World, reserve: &Reserve) -> BTreeMap<Change, Reserve> {
    let found = world.state.alternatives(reserve, hour(world.now), &none);
    let pairs = found.into_iter().map(|one| (one.change, one.reserve));
    pairs.collect()
}

/// The same lot from another hour on.
fn from_hour(reserve: &Reserve, from: i64) -> Reserve {
    let moved = |at: Instant| {
        let by = hour(from).micros() - reserve.window.from().micros();
        Instant::from_micros(at.micros() + by).unwrap()
    };
    let moved = |w: Window| Window::new(moved(w.from()), moved(w.to())).unwrap();
    Reserve {
        window: moved(reserve.window),
        option: reserve.option.map(moved),
        ..*reserve
    }
}

/// The first hour from which a search hour by hour would hold the lot, and whether counting alone
/// told that of every hour before.
fn earliest(world: &World, reserve: &Reserve, from: i64) -> (Option<i64>, bool) {
    let mut counted = true;
    for at in from..=2 * HOURS {
        match decides(world, &from_hour(reserve, at)) {
            Ok(_) => return (Some(at), counted),
            Err(Rejection::ShortOfSupply { .. }) => {}
            Err(_) => counted = false,
        }
    }
    (None, counted)
}

/// Whether the hour is one at which the pool's counts change.
fn is_step(world: &World, pool: PoolId, at: i64) -> bool {
    let steps = world.state.profile(pool, window(-1, 3 * HOURS));
    steps.iter().any(|step| step.window.from() == hour(at))
}

fn check(world: &World, reserve: &Reserve, from: i64) -> Result<(), TestCaseError> {
    let answer = decides(world, reserve);
    let found = world.state.alternatives(reserve, hour(0), &none);
    let refusal = world.state.explain(reserve, hour(0)).unwrap();
    prop_assert_eq!(answer.is_err(), refusal.is_some());
    let Err(rejection) = answer else {
        prop_assert_eq!(found, vec![]);
        return Ok(());
    };
    prop_assert_eq!(&refusal.unwrap().rejection, &rejection);
    for one in &found {
        prop_assert!(decides(world, &one.reserve).is_ok(), "{:?}", one);
    }
    let by_count = matches!(rejection, Rejection::ShortOfSupply { .. });
    let of = |change| found.iter().find(|one: &&Alternative| one.change == change);
    let with = |max_leaves, option| Reserve {
        shape: Shape::leaves(max_leaves),
        option,
        ..*reserve
    };
    if reserve.option.is_some() {
        let held = decides(world, &with(reserve.shape.max_leaves, None)).is_ok();
        prop_assert_eq!(of(Change::WithoutOption).is_some(), held);
    }
    if let Some(most) = reserve.shape.max_leaves.filter(|_| !by_count) {
        let held = decides(world, &with(None, reserve.option)).is_ok();
        let looser = of(Change::LooserShape);
        prop_assert_eq!(looser.is_some(), held);
        if let Some(Some(needed)) = looser.map(|one| one.reserve.shape.max_leaves) {
            prop_assert!(needed > most);
            let tighter = with(Some(needed - 1), reserve.option);
            prop_assert!(decides(world, &tighter).is_err());
        }
    }
    let fewer = of(Change::Fewer).map_or(0, |one| one.reserve.nodes.0);
    let more = Reserve {
        nodes: NodeCount(fewer + 1),
        ..*reserve
    };
    prop_assert!(decides(world, &more).is_err(), "{} would fit", fewer + 1);
    let later = of(Change::Later).map(|one| one.reserve.window.from());
    let (first, counted) = earliest(world, reserve, from);
    if counted {
        prop_assert_eq!(later, first.map(hour));
    } else if let Some(first) = first.filter(|at| is_step(world, reserve.pool, *at)) {
        // Where placing binds, starts are looked for where the counts change.
        prop_assert!(later.is_some_and(|later| later <= hour(first)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn alternatives_are_held_and_none_is_nearer(
        steps in proptest::collection::vec(anything(), 1..30),
        second in (1_u32..12, 0..30_i64),
        asked in (1_u32..14, 0..25_i64, 1..12_i64, 0..6_i64, proptest::option::of(1_u32..4)),
    ) {
        let (mut world, mut model) = (World::default(), Model::default());
        for number in 0..3 {
            step(&mut world, &mut model, &Step::Schedule { nodes: 4, from: number * 5 })?;
        }
        step(&mut world, &mut model, &Step::Receive { which: 0, at: 0, count: 4 })?;
        for one in &steps {
            step(&mut world, &mut model, one)?;
        }
        let other = second_pool(&mut world, second.0, second.1);
        let (nodes, from, length, option, max_leaves) = asked;
        let mut reserve = ask(model.pool.unwrap(), nodes, from, from + length);
        reserve.option = (option > 2).then(|| window(from + length, from + length + option));
        reserve.shape = Shape::leaves(max_leaves);
        check(&world, &reserve, from)?;
        // The same GPUs of the other pool: twice the nodes, from its first day on.
        if decides(&world, &reserve).is_err() {
            let found = offered(&world, &reserve);
            let there = found.get(&Change::OtherPool).map(|one| (one.nodes.0, one.window.from()));
            let held = (nodes * 2 <= second.0).then(|| (nodes * 2, hour(from.max(second.1))));
            prop_assert_eq!(there, held);
            prop_assert!(found.get(&Change::OtherPool).is_none_or(|one| one.pool == other));
        }
    }
}

#[test]
fn a_refusal_says_which_constraint_bound_and_when() {
    let mut world = World::default();
    let pool = world.open_pool();
    supply(&mut world, pool, 1, 10, 0);
    supply(&mut world, pool, 2, 6, 50);
    let floor = SetSpareFloor {
        pool,
        nodes: NodeCount(2),
    };
    world.run(floor).unwrap();
    let mut sold = ask(pool, 4, 10, 20);
    sold.option = Some(window(20, 30));
    world.run(sold).unwrap();
    let why = |nodes, from, to| {
        let refusal = world.state.explain(&ask(pool, nodes, from, to), hour(0));
        let refusal = refusal.unwrap().unwrap();
        (refusal.constraints, refusal.window)
    };
    use Constraint as C;
    // Four are free: any of these alone would leave the fifth.
    let firm = vec![C::NotDelivered, C::SpareFloor, C::Firm];
    assert_eq!(why(5, 0, 20), (firm, window(10, 20)));
    let option = vec![C::NotDelivered, C::SpareFloor, C::OptionHeld];
    assert_eq!(why(5, 20, 40), (option, window(20, 30)));
    let delivery = vec![C::NotDelivered];
    assert_eq!(why(12, 40, 60), (delivery, window(40, 50)));
    assert_eq!(why(17, 60, 70), (vec![C::PoolSize], window(60, 70)));
    // Neither spares nor delivery alone give as many as this: both have a part.
    let both = vec![C::NotDelivered, C::SpareFloor];
    assert_eq!(why(16, 40, 60), (both, window(40, 60)));
    assert_eq!(world.state.explain(&ask(pool, 4, 0, 20), hour(0)), Ok(None));
    let unknown = world.state.explain(&ask(id(77), 4, 0, 20), hour(0));
    assert_eq!(unknown.unwrap_err().code(), "capacity.pool_unknown");
}

/// Eight nodes on four leaves of two.
fn four_leaves() -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    supply(&mut world, pool, 1, 8, 0);
    let receive = ReceiveSupply {
        pool,
        tranche: tranche(1),
        at: hour(0),
        nodes: (0..4)
            .map(|leaf| placed(leaf, 0, leaf * 2 + 1, 2))
            .collect(),
    };
    world.run(receive).unwrap();
    (world, pool)
}

#[test]
fn a_shape_that_no_leaves_have_is_refused_and_the_least_that_they_have_is_offered() {
    let (world, pool) = four_leaves();
    let shaped = |nodes, most| Reserve {
        shape: Shape::leaves(Some(most)),
        ..ask(pool, nodes, 0, 10)
    };
    let refused = decides(&world, &shaped(5, 2)).unwrap_err();
    assert_eq!(refused.code(), "capacity.too_many_leaves");
    let why = world.state.explain(&shaped(5, 2), hour(0)).unwrap();
    assert_eq!(why.unwrap().constraints, [Constraint::Leaves]);
    let found = offered(&world, &shaped(5, 2));
    assert_eq!(found[&Change::LooserShape].shape.max_leaves, Some(3));
    assert_eq!(found[&Change::Fewer].nodes, NodeCount(4));
    assert!(decides(&world, &shaped(4, 2)).is_ok());
}

#[test]
fn nodes_to_come_are_taken_to_hang_on_leaves_like_the_pools() {
    let (mut world, pool) = four_leaves();
    supply(&mut world, pool, 2, 3, 5);
    world.run(ask(pool, 8, 0, 20)).unwrap();
    let shaped = |nodes, from| Reserve {
        shape: Shape::leaves(Some(1)),
        ..ask(pool, nodes, from, 10)
    };
    assert!(decides(&world, &shaped(2, 4)).is_err());
    assert!(decides(&world, &shaped(2, 5)).is_ok());
    // Three come, but two are on a leaf.
    let refused = decides(&world, &shaped(3, 5)).unwrap_err();
    assert_eq!(refused.code(), "capacity.too_many_leaves");
    assert_eq!(
        offered(&world, &shaped(2, 4))[&Change::Later].window,
        window(5, 11)
    );
}

#[test]
fn a_lot_of_whole_days_keeps_its_days_and_its_dates_elsewhere() {
    let zones: BTreeMap<SiteId, Zone> = [(1, "Asia/Tokyo"), (9, "Australia/Sydney")]
        .map(|(site, zone)| (id(site), zone.parse().unwrap()))
        .into();
    let mut world = World::default();
    let pool = world.open_pool();
    let open = OpenPool {
        site: id(9),
        model: id(4),
        gpus_per_node: 8,
        nodes_per_domain: 1,
    };
    world.run(open).unwrap();
    let sydney = world.state.pool_of(id(9), id(4)).unwrap();
    let date = |text: &str| text.parse::<Date>().unwrap();
    let at = |site: u128, text: &str| date(text).start_in(&zones[&id(site)]).unwrap();
    for (number, pool, from) in [
        (1, pool, at(1, "2026-03-20")),
        (2, sydney, at(9, "2026-01-01")),
    ] {
        let schedule = ScheduleSupply {
            pool,
            tranche: tranche(number),
            nodes: NodeCount(4),
            // After midnight: the first whole day is the next.
            from: Instant::from_micros(from.micros() + 1).unwrap(),
        };
        world.run(schedule).unwrap();
    }
    let days = |site, from, to| Window::new(at(site, from), at(site, to)).unwrap();
    let mut reserve = ask(pool, 4, 0, 1);
    reserve.window = days(1, "2026-03-01", "2026-05-01");
    let zone_of = |pool: PoolId| Some(zones[&world.state.pools.get(&pool)?.site].clone());
    let found = world.state.alternatives(&reserve, hour(0), &zone_of);
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.change, one.reserve.window))
        .collect();
    // Sydney's summer time ends on 5 April: its window is an hour longer.
    let expected = [
        (Change::Later, days(1, "2026-03-21", "2026-05-21")),
        (Change::OtherPool, days(9, "2026-03-01", "2026-05-01")),
    ];
    assert_eq!(found, expected);
}
