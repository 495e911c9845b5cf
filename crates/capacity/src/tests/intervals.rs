//! What reservations hold over time is what the calendar counts.

use super::*;
use crate::{EndReservation, ExerciseOption, ScheduleSupply, Stretch, stretches};

fn told(found: &[Stretch]) -> Vec<(i64, i64, u32, u32)> {
    let hours = |at: Instant| at.micros() / 3_600_000_000;
    let rows = found.iter().map(|one| {
        let (from, to) = (one.window.from(), one.window.to());
        (hours(from), hours(to), one.firm.0, one.option.0)
    });
    rows.collect()
}

#[test]
fn what_is_held_is_told_by_stretch_with_the_next_change() {
    let mut world = World::default();
    let pool = world.open_pool();
    let supply = ScheduleSupply {
        pool,
        tranche: tranche(1),
        nodes: NodeCount(20),
        from: hour(0),
    };
    world.run(supply).unwrap();
    let option = Some(window(40, 50));
    let first = Reserve {
        option,
        ..ask(pool, 4, 10, 40)
    };
    world.run(first).unwrap();
    let first = world.last_reservation();
    world.run(ask(pool, 3, 20, 30)).unwrap();
    world.run(ask(pool, 5, 60, 70)).unwrap();
    let ended = world.last_reservation();
    let of = |world: &World| stretches(world.state.reservations.values());
    let expected = [
        (10, 20, 4, 0),
        (20, 30, 7, 0),
        (30, 40, 4, 0),
        (40, 50, 0, 4),
        (60, 70, 5, 0),
    ];
    assert_eq!(told(&of(&world)), expected);
    let next = |world: &World, at| {
        let (now, next) = Stretch::now_and_next(&of(world), hour(at));
        let firm = |one: Option<Stretch>| one.map_or(0, |one| one.firm.0);
        (firm(now), next.map(|(at, then)| (at, firm(then))))
    };
    assert_eq!(next(&world, 0), (0, Some((hour(10), 4))));
    assert_eq!(next(&world, 20), (7, Some((hour(30), 4))));
    assert_eq!(next(&world, 35), (4, Some((hour(40), 0))));
    assert_eq!(next(&world, 55), (0, Some((hour(60), 5))));
    assert_eq!(next(&world, 70), (0, None));
    world.run(ExerciseOption { reservation: first }).unwrap();
    let end = EndReservation {
        reservation: ended,
        at: hour(65),
    };
    world.run(end).unwrap();
    let found = of(&world);
    let expected = [
        (10, 20, 4, 0),
        (20, 30, 7, 0),
        (30, 50, 4, 0),
        (60, 65, 5, 0),
    ];
    assert_eq!(told(&found), expected);
    // The calendar counts the same, and changes where these do.
    let mut at = hour(0);
    while let Some(change) = world.state.next_change(pool, at) {
        let (now, next) = Stretch::now_and_next(&found, at);
        let step = world.state.profile(pool, Window::new(at, change).unwrap());
        let firm = now.map_or(NodeCount::ZERO, |now| now.firm);
        assert_eq!((step.len(), step[0].firm), (1, firm));
        assert_eq!(next.map(|(at, _)| at), Some(change));
        at = change;
    }
    assert_eq!(at, hour(65));
}
