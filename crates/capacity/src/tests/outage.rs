//! Nodes that come back early, by hand.

use bareboat_base::{Code, Refusal as _};

use proptest::prelude::*;

use super::model::{Step, compare, step, supplied};
use super::*;
use crate::{
    EndUnavailability, ReceiveSupply, ScheduleSupply, SetUnavailable, UnavailabilityEnded,
};

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

/// A pool of four nodes from hour 0.
fn four() -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    let tranche = tranche(0);
    world
        .run(ScheduleSupply {
            pool,
            tranche,
            nodes: NodeCount(4),
            from: hour(0),
        })
        .unwrap();
    let nodes = vec![placed(0, 0, 1, 4)];
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

fn out(world: &mut World, pool: PoolId, number: u32, window: Window, why: &str) {
    let why = code(why);
    world
        .run(SetUnavailable {
            pool,
            nodes: set([number]),
            window,
            why,
        })
        .unwrap();
}

fn back(
    world: &mut World,
    pool: PoolId,
    number: u32,
    at: i64,
    why: &[&str],
) -> Result<Vec<Event>, Rejection> {
    let why = why.iter().map(|why| code(why)).collect();
    world.run(EndUnavailability {
        pool,
        nodes: set([number]),
        at: hour(at),
        why,
    })
}

fn free(world: &World, pool: PoolId, at: i64) -> u32 {
    world.state.max_free(pool, window(at, at + 1)).0
}

#[test]
fn a_mended_node_is_sold_again_and_what_is_planned_for_it_stays() {
    let (mut world, pool) = four();
    let open = Window::new(hour(5), Instant::LAST).unwrap();
    out(&mut world, pool, 2, open, "in-repair");
    // Planned while it is out: it adds nothing yet.
    out(&mut world, pool, 2, window(10, 12), "maintenance");
    assert_eq!(
        world.run(ask(pool, 4, 20, 30)).unwrap_err().code(),
        "capacity.short_of_supply"
    );
    let events = back(&mut world, pool, 2, 8, &["in-repair", "quarantined"]).unwrap();
    let ended = UnavailabilityEnded {
        pool,
        nodes: set([2]),
        at: hour(8),
        why: vec![code("in-repair"), code("quarantined")],
    };
    assert_eq!(events, [Event::from(ended)]);
    let free: Vec<u32> = [4, 5, 8, 10, 12].map(|at| free(&world, pool, at)).to_vec();
    assert_eq!(free, [4, 3, 4, 3, 4]);
    let rows: Vec<Instant> = world
        .state
        .unavailabilities
        .values()
        .map(|row| row.ends_at())
        .collect();
    assert_eq!(rows, [hour(8), hour(12)]);
    world.run(ask(pool, 4, 20, 30)).unwrap();
}

#[test]
fn only_nodes_that_are_out_come_back() {
    let (mut world, pool) = four();
    out(&mut world, pool, 2, window(5, 9), "maintenance");
    for (number, at, why) in [
        (1, 6, &[][..]),
        (2, 4, &[]),
        (2, 9, &[]),
        (2, 6, &["failed"]),
    ] {
        let refused = back(&mut world, pool, number, at, why).unwrap_err();
        assert_eq!(
            refused.code(),
            "capacity.not_unavailable",
            "{number} at {at}"
        );
    }
    // Back at the instant it went: it never was out.
    back(&mut world, pool, 2, 5, &[]).unwrap();
    assert_eq!(free(&world, pool, 5), 4);
    assert_eq!(
        back(&mut world, pool, 2, 6, &[]).unwrap_err().code(),
        "capacity.not_unavailable"
    );
}

fn out_and_back() -> impl Strategy<Value = Step> {
    let some = (1_u32..9, 1_u32..4, 0..25_i64, 1..15_i64);
    let out = some.prop_map(|(first, count, from, length)| Step::Unavailable {
        first,
        count,
        from,
        length,
    });
    let back = (1_u32..10, 1_u32..3, 0..35_i64, any::<bool>());
    let back = back.prop_map(|(first, count, at, failed)| Step::Back {
        first,
        count,
        at,
        failed,
    });
    prop_oneof![out, back]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    /// Windows of the same nodes overlap and end early in any order: counts and nodes are those
    /// of a model that only knows what was said.
    #[test]
    fn what_is_said_of_nodes_adds_up(steps in proptest::collection::vec(out_and_back(), 1..60)) {
        let (mut world, mut model) = supplied()?;
        for one in &steps {
            step(&mut world, &mut model, one)?;
        }
        compare(&world, &model)?;
    }
}
