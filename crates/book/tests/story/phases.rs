//! What the fleet says of a node, the calendar follows, in the same act.

use super::*;
use bareboat_book::Rejection;
use bareboat_book::acts::ReplaceNode;
use bareboat_capacity::BusyWith;
use bareboat_fleet::{AdvanceNodes, Command as C, Phase, RecordSanitisation, SanitisationMethod};

fn running() -> World {
    let mut world = world();
    declare(&mut world);
    sign(&mut world).unwrap();
    allocate(&mut world);
    world.book.at("2026-04-01T00:00:00Z");
    world
}

fn site(world: &World) -> SiteId {
    *world.book.state.fleet.sites.iter().next().unwrap().1
}

fn pool(world: &World) -> PoolId {
    *world.book.state.capacity.pools.iter().next().unwrap().1
}

fn set(world: &World, numbers: &[u32]) -> NodeSet {
    NodeSet::from_numbers(site(world), numbers.iter().copied()).unwrap()
}

fn advance(world: &mut World, numbers: &[u32], to: Phase) -> Result<Vec<&'static str>, Rejection> {
    world.book.now = world.book.now.next().unwrap();
    let command = AdvanceNodes {
        nodes: set(world, numbers),
        to,
        at: world.book.now,
        reason: to.needs_reason().then(|| p("it does not answer")),
    };
    let events = world
        .book
        .try_by(OFFICER, &Command::Fleet(C::AdvanceNodes(command)))?;
    Ok(events.iter().map(Event::kind).collect())
}

/// Nodes out of supply at an instant.
fn out(world: &World, at: &str) -> u32 {
    let from: Instant = p(at);
    let window = Window::new(from, from.next().unwrap()).unwrap();
    world.book.state.capacity.profile(pool(world), window)[0]
        .unavailable
        .0
}

const MOVED: &str = "fleet.nodes_advanced";
const OUT: &str = "capacity.unavailable_set";
const BACK: &str = "capacity.unavailability_ended";
const LATER: &str = "2029-01-01T00:00:00Z";

#[test]
fn a_node_that_cannot_serve_is_out_of_supply_until_it_is_ready_again() {
    let mut world = running();
    let node = [630];
    assert_eq!(
        advance(&mut world, &node, Phase::Quarantined).unwrap(),
        [MOVED, OUT]
    );
    assert_eq!(out(&world, LATER), 1);
    // The latest word counts, and is not counted twice.
    assert_eq!(
        advance(&mut world, &node, Phase::InRepair).unwrap(),
        [MOVED, BACK, OUT]
    );
    assert_eq!(out(&world, LATER), 1);
    assert_eq!(
        advance(&mut world, &node, Phase::Validating).unwrap(),
        [MOVED]
    );
    assert_eq!(out(&world, LATER), 1, "not ready yet");
    assert_eq!(
        advance(&mut world, &node, Phase::Ready).unwrap(),
        [MOVED, BACK]
    );
    assert_eq!(out(&world, LATER), 0);
    // Nothing to end: nothing is said.
    assert_eq!(
        advance(&mut world, &node, Phase::Validating).unwrap(),
        [MOVED]
    );
    assert_eq!(advance(&mut world, &node, Phase::Ready).unwrap(), [MOVED]);
    let why: Vec<String> = world
        .book
        .state
        .capacity
        .unavailabilities
        .values()
        .map(|row| row.why.to_string())
        .collect();
    assert_eq!(why, ["quarantined", "in-repair"]);
}

#[test]
fn a_retired_node_is_gone_for_ever_and_what_is_planned_for_others_stays() {
    let mut world = running();
    let planned = bareboat_capacity::SetUnavailable {
        pool: pool(&world),
        nodes: set(&world, &[629, 630]),
        window: Window::new(p("2026-03-01T00:00:00Z"), p("2026-06-01T00:00:00Z")).unwrap(),
        why: p("chiller"),
    };
    world.book.run(Command::Capacity(
        bareboat_capacity::Command::SetUnavailable(planned),
    ));
    advance(&mut world, &[629, 630], Phase::InRepair).unwrap();
    advance(&mut world, &[629], Phase::Retired).unwrap();
    advance(&mut world, &[630], Phase::Validating).unwrap();
    advance(&mut world, &[630], Phase::Ready).unwrap();
    assert_eq!(
        out(&world, "2026-05-01T00:00:00Z"),
        2,
        "the chiller is still to be mended"
    );
    assert_eq!(out(&world, "9999-01-01T00:00:00Z"), 1);
}

#[test]
fn a_node_that_fails_under_a_lot_is_at_risk_until_a_spare_has_its_place() {
    let mut world = running();
    let held = world
        .book
        .state
        .capacity
        .allocations
        .values()
        .next()
        .unwrap();
    let failed: Vec<u32> = held.nodes.numbers().take(1).collect();
    // All spares are gone: nothing stands in for what fails now.
    let spares: Vec<u32> = {
        let held = held.nodes.clone();
        (1..=630).filter(|number| !held.contains(*number)).collect()
    };
    advance(&mut world, &spares[1..], Phase::Quarantined).unwrap();
    assert_eq!(world.book.state.capacity.at_risk(pool(&world)), []);
    advance(&mut world, &spares[..1], Phase::Quarantined).unwrap();
    assert_eq!(
        advance(&mut world, &failed, Phase::InRepair).unwrap(),
        [MOVED, OUT]
    );
    let reservation = *world
        .book
        .state
        .capacity
        .reservations
        .iter()
        .next()
        .unwrap()
        .1;
    assert_eq!(
        world.book.state.capacity.at_risk(pool(&world)),
        [reservation]
    );
    advance(&mut world, &spares[..1], Phase::Validating).unwrap();
    advance(&mut world, &spares[..1], Phase::Ready).unwrap();
    assert_eq!(world.book.state.capacity.at_risk(pool(&world)), []);
    replaced_and_mended(&mut world, failed[0]);
}

/// The failure that was reported is replaced, without a day on which the node comes back.
fn replaced_and_mended(world: &mut World, failed: u32) {
    world.book.now = world.book.now.next().unwrap();
    let node = NodeRef {
        site: site(world),
        number: failed,
    };
    let act = ReplaceNode {
        node,
        at: world.book.now,
        until: None,
        reason: p("GPU 3 fell off the bus"),
    };
    let events = world
        .book
        .try_by(OFFICER, &Command::Act(Act::ReplaceNode(act)))
        .unwrap();
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    let replaced = [
        "rulebook.determination_made",
        BACK,
        OUT,
        "capacity.node_replaced",
        MOVED,
    ];
    assert_eq!(kinds, replaced);
    let busy = world.book.state.capacity.busy(&node);
    assert!(
        matches!(busy.last().unwrap().with, BusyWith::Unavailable(_)),
        "{busy:?}"
    );
    assert_eq!(busy.last().unwrap().window.to(), Instant::LAST);
    // Erased, tested, ready: in supply again.
    advance(world, &[failed], Phase::Sanitising).unwrap();
    let erased = RecordSanitisation {
        nodes: set(world, &[failed]),
        method: SanitisationMethod::Purge,
        performed_at: world.book.now,
        evidence: Digest::of(&[b"seen"]),
        performed_by: p("hands"),
    };
    world
        .book
        .run(Command::Fleet(C::RecordSanitisation(erased)));
    assert_eq!(
        advance(world, &[failed], Phase::Ready).unwrap(),
        [MOVED, BACK]
    );
    let busy = world.book.state.capacity.busy(&node);
    assert!(
        busy.iter().all(|busy| busy.window.to() <= world.book.now),
        "{busy:?}"
    );
}
