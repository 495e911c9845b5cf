//! Nodes named ahead: the calendar keeps them, the fleet hands them over with the lot.

use super::*;
use bareboat_book::Rejection;
use bareboat_book::acts::{AllocateLot, Pin, ReplaceNode, pin};
use bareboat_contracts::Cause;
use bareboat_fleet::Phase;

const BEGINS: &str = "2026-02-28T15:00:00Z";

/// The world with its contract signed; nothing has nodes.
fn signed() -> World {
    let mut world = world();
    declare(&mut world);
    sign(&mut world).unwrap();
    world.book.at("2026-02-20T00:00:00Z");
    world
}

fn reservation(world: &World, lot: LotId) -> ReservationId {
    let row = world.book.state.contracts.lot(lot).unwrap();
    row.reservation.unwrap()
}

fn pins(world: &mut World, reservations: &[ReservationId]) -> Result<Vec<&'static str>, Rejection> {
    let reservations = reservations.to_vec();
    let act = Command::Act(Act::Pin(Pin { reservations }));
    let events = world.book.try_by(OFFICER, &act)?;
    Ok(events.iter().map(Event::kind).collect())
}

fn hand_over(world: &mut World, at: &str) -> Result<Vec<&'static str>, Rejection> {
    let (lot, at) = (world.lot, p(at));
    let act = Command::Act(Act::AllocateLot(AllocateLot { lot, at }));
    let events = world.book.try_by(OFFICER, &act)?;
    Ok(events.iter().map(Event::kind).collect())
}

fn nodes(world: &World) -> NodeSet {
    let row = world.book.state.capacity.allocations.values().last();
    (*row.unwrap().nodes).clone()
}

fn in_phase(world: &World, phase: Phase) -> u32 {
    let counts = world.book.state.fleet.all_counts().next().unwrap().2;
    counts.of(phase).0
}

const JUDGED: &str = "rulebook.determination_made";

#[test]
fn nodes_are_named_ahead_and_handed_over_on_their_day() {
    let mut world = signed();
    let id = reservation(&world, world.lot);
    let named = [JUDGED, "capacity.allocated", "capacity.handover_set"];
    assert_eq!(pins(&mut world, &[id]).unwrap(), named);
    assert_eq!(in_phase(&world, Phase::Allocated), 0, "not before its day");
    let pinned = nodes(&world);
    let again = pins(&mut world, &[id]).unwrap_err();
    assert_eq!(again.code(), "book.lot_allocated");
    let early = hand_over(&mut world, "2026-02-20T00:00:00Z").unwrap_err();
    assert_eq!(early.code(), "capacity.outside_window");
    world.book.at(BEGINS);
    let handed = [JUDGED, "capacity.handover_set", "fleet.nodes_advanced"];
    assert_eq!(hand_over(&mut world, BEGINS).unwrap(), handed);
    assert_eq!(in_phase(&world, Phase::Allocated), pinned.count().0);
    assert_eq!(nodes(&world), pinned, "the same nodes");
    let again = hand_over(&mut world, BEGINS).unwrap_err();
    assert_eq!(again.code(), "book.lot_allocated");
}

#[test]
fn one_that_cannot_have_nodes_does_not_keep_them_from_the_others() {
    let mut world = signed();
    let first = reservation(&world, world.lot);
    // Five nodes are left: the second lot of the other contract fits, its first does not.
    let contract = world.contract;
    let lots = redraft(&mut world, "OSA-2026-02", &[8, 24]);
    declare(&mut world);
    let act = acts::Sign {
        contract: world.contract,
        signed_on: p("2026-02-17"),
    };
    world.book.run(Command::Act(Act::Sign(act)));
    let (one, three) = (reservation(&world, lots[0]), reservation(&world, lots[1]));
    let suspend = bareboat_contracts::SuspendAccess {
        contract,
        at: world.book.now,
        reason: p("something looks odd"),
    };
    let suspend = bareboat_contracts::Command::SuspendAccess(suspend);
    world.book.run(Command::Contracts(suspend));
    let context = world.book.context(OFFICER);
    let why = pin::weigh(&world.book.state, &context, &[first, one, three]);
    let why: Vec<bool> = why.iter().map(Option::is_none).collect();
    assert_eq!(why, [false, true, true]);
    let alone = pins(&mut world, &[first]).unwrap_err();
    assert!(alone.to_string().contains("suspended"), "{alone}");
    let kinds = pins(&mut world, &[first, one, three]).unwrap();
    let named = kinds.iter().filter(|kind| **kind == "capacity.allocated");
    assert_eq!(named.count(), 2);
    assert_eq!(pins(&mut world, &[]).unwrap(), [""; 0]);
}

#[test]
fn a_node_named_ahead_that_fails_is_replaced_before_its_day() {
    let mut world = signed();
    let id = reservation(&world, world.lot);
    pins(&mut world, &[id]).unwrap();
    let pinned = nodes(&world);
    let number = pinned.numbers().next().unwrap();
    let node = NodeRef {
        site: pinned.site(),
        number,
    };
    let act = ReplaceNode {
        node,
        at: world.book.now,
        until: None,
        reason: p("it does not boot"),
    };
    world.book.run(Command::Act(Act::ReplaceNode(act)));
    let replaced = nodes(&world);
    assert!(!replaced.contains(number) && replaced.count() == pinned.count());
    assert_eq!(in_phase(&world, Phase::InRepair), 1);
    assert_eq!(in_phase(&world, Phase::Allocated), 0);
    world.book.at("2026-03-02T00:00:00Z");
    hand_over(&mut world, "2026-03-01T00:00:00Z").unwrap();
    assert_eq!(in_phase(&world, Phase::Allocated), 625);
}

#[test]
fn a_wind_down_gives_back_what_was_never_handed_over() {
    let mut world = signed();
    let id = reservation(&world, world.lot);
    pins(&mut world, &[id]).unwrap();
    approved(&mut world, Cause::Agreement, "2026-02-21", "2026-03-20");
    for (hour, step) in (1..).zip(bareboat_contracts::Step::ALL) {
        do_step(&mut world, step, &format!("2026-03-18T0{hour}:00:00Z"));
    }
    let row = world.book.state.capacity.reservations.get(&id).unwrap();
    assert_eq!(row.allocation, None);
    assert_eq!(in_phase(&world, Phase::Ready), 630);
}
