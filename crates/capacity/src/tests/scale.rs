//! Ten thousand lots in one pool.

use bareboat_base::{NodeCount, Recorded};

use super::*;
use crate::{Allocate, Allocated, Change, ReceiveSupply, ScheduleSupply};

const LEAVES: u32 = 800;

/// 12,800 nodes, 16 on a leaf, 20 leaves in a spine group.
fn large() -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    let schedule = ScheduleSupply {
        pool,
        tranche: tranche(1),
        nodes: NodeCount(LEAVES * 16),
        from: hour(0),
    };
    world.run(schedule).unwrap();
    let runs = (0..LEAVES).map(|leaf| placed(leaf, leaf / 20, leaf * 16 + 1, 16));
    let receive = ReceiveSupply {
        pool,
        tranche: tranche(1),
        at: hour(0),
        nodes: runs.collect(),
    };
    world.run(receive).unwrap();
    (world, pool)
}

#[test]
fn ten_thousand_lots() {
    let (mut world, pool) = large();
    let mut seed = 1_u64;
    let mut draw = |most: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    let mut held = vec![0_i64; 12_000];
    let mut sold = 0;
    while sold < 10_000 {
        let nodes = draw(60) as u32 + 1;
        let from = draw(11_000) as i64;
        let to = from + draw(900) as i64 + 1;
        let fork = world.state.clone();
        let hours = &mut held[from as usize..to as usize];
        let fits = hours
            .iter()
            .all(|held| held + i64::from(nodes) <= i64::from(LEAVES * 16));
        let answer = world.run(ask(pool, nodes, from, to));
        assert_eq!(answer.is_ok(), fits);
        if fits {
            hours.iter_mut().for_each(|held| *held += i64::from(nodes));
            sold += 1;
            assert_eq!(fork.reservations.len() + 1, world.state.reservations.len());
        }
    }
    for (at, held) in held.iter().enumerate().step_by(97) {
        let at = at as i64;
        let free = i64::from(world.state.max_free(pool, window(at, at + 1)).0);
        assert_eq!(free, i64::from(LEAVES * 16) - held);
    }
}

#[test]
fn an_allocation_of_640_nodes_is_a_few_bytes_and_replays_to_the_same_state() {
    let (mut world, pool) = large();
    world.run(ask(pool, 640, 0, 100)).unwrap();
    let before = world.state.clone();
    let command = Allocate {
        reservation: world.last_reservation(),
        at: hour(0),
        exclude: None,
    };
    let events = world.run(command).unwrap();
    let bytes = events[0].encode();
    assert!(bytes.len() < 400, "{}", bytes.len());
    let outer = bareboat_base::event::Outer::read(&bytes).unwrap();
    let read = Event::decode(&outer).unwrap().unwrap();
    let mut replayed = before;
    let recorded: Recorded = world.state.allocations.values().next().unwrap().recorded;
    apply(&mut replayed, &recorded, &read);
    assert!(replayed == world.state);
    let Event::Allocated(Allocated { nodes, .. }) = read else {
        unreachable!()
    };
    assert_eq!((nodes.runs().len(), nodes.count()), (1, NodeCount(640)));
}

/// A search goes from step to step of the profile, not from day to day: it decides a handful of
/// reservations, however many lots and years there are.
#[test]
fn alternatives_among_ten_thousand_lots_take_a_handful_of_decisions() {
    let (mut world, pool) = large();
    let mut seed = 7_u64;
    let mut draw = |most: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    let mut sold = 0;
    while sold < 10_000 {
        let from = draw(80_000) as i64;
        let lot = ask(
            pool,
            draw(60) as u32 + 1,
            from,
            from + draw(9_000) as i64 + 1,
        );
        sold += u32::from(world.run(lot).is_ok());
    }
    let mut refused = 0;
    for _ in 0..100 {
        let from = draw(80_000) as i64;
        let asked = ask(pool, 9_000 + draw(3_000) as u32, from, from + 8_760);
        let (found, decided) = world.state.alternatives_counted(&asked, hour(0), &|_| None);
        assert!(decided <= 5, "{decided} decisions");
        let later = found.iter().find(|one| one.change == Change::Later);
        if !found.is_empty() {
            refused += 1;
            let begins = later.unwrap().reserve.window.from();
            assert!(begins > asked.window.from());
        }
    }
    assert!(refused > 50, "{refused} refused");
}
