//! A node in the client's hands fails: a spare takes its place, what it served stays on record.

use bareboat_base::*;
use bareboat_book::acts::{Act, ReplaceNode};
use bareboat_book::explain::{Subject, explain};
use bareboat_book::{Command, Event, Rejection};
use bareboat_fleet::Phase;

use crate::common::*;

fn running() -> World {
    let mut world = world();
    declare(&mut world);
    sign(&mut world).unwrap();
    allocate(&mut world);
    world
}

fn replace(world: &mut World, number: u32, until: &str) -> Result<Vec<Event>, Rejection> {
    let site = world.book.state.fleet.sites.iter().next().unwrap();
    let act = ReplaceNode {
        node: NodeRef {
            site: *site.1,
            number,
        },
        at: world.book.now,
        until: Some(p(until)),
        reason: p("GPU 3 fell off the bus"),
    };
    world
        .book
        .try_by(OFFICER, &Command::Act(Act::ReplaceNode(act)))
}

fn ready(world: &World) -> u32 {
    let state = &world.book.state;
    let (site, model) = (
        state.fleet.sites.iter().next(),
        state.fleet.models.iter().next(),
    );
    let (site, model) = (site.unwrap().1, model.unwrap().1);
    state.fleet.counts(*site, *model).of(Phase::Ready).0
}

#[test]
fn a_failed_node_is_replaced_in_one_act_or_not_at_all() {
    let mut world = running();
    world.book.at("2026-04-01T00:00:00Z");
    let (_, id, row) = world.book.state.capacity.allocations.iter().next().unwrap();
    let (id, site, nodes) = (*id, row.nodes.site(), (*row.nodes).clone());
    let failed = nodes.numbers().next().unwrap();
    let node = |number| NodeRef { site, number };
    // As many spares as there are, then none: nothing is half done.
    let spares = ready(&world);
    assert!(spares > 0, "the world has spares");
    let events = replace(&mut world, failed, "2026-04-20T00:00:00Z").unwrap();
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    assert_eq!(
        kinds,
        [
            "rulebook.determination_made",
            "capacity.unavailable_set",
            "capacity.node_replaced",
            "fleet.nodes_advanced",
            "fleet.nodes_advanced",
        ]
    );
    let row = world
        .book
        .state
        .capacity
        .allocations
        .get(&id)
        .unwrap()
        .clone();
    let spare = row.replaced[0].spare;
    let phase = |world: &World, number| world.book.state.fleet.node(&node(number)).unwrap().phase;
    assert_eq!(phase(&world, failed), Phase::InRepair);
    assert_eq!(phase(&world, spare), Phase::Allocated);
    assert!(row.nodes.contains(spare) && !row.nodes.contains(failed));
    assert_eq!(row.nodes.count(), nodes.count());
    let told = explain(&world.book.state, Subject::Allocation(id)).unwrap();
    let told = format!("{told:?}");
    assert!(
        told.contains("replaced") && told.contains("determination"),
        "{told}"
    );
    // What the failed node served before is its lot's; after it, the spare's.
    let set = |number| NodeSet::from_numbers(site, [number]).unwrap();
    let window = |from: &str, to: &str| Window::new(p(from), p(to)).unwrap();
    let before = window("2026-03-10T00:00:00Z", "2026-04-01T00:00:00Z");
    let after = window("2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z");
    assert!(row.had(&set(failed), before) && !row.had(&set(failed), after));
    assert!(!row.had(&set(spare), before) && row.had(&set(spare), after));
    // The failed node is nobody's now.
    let refused = replace(&mut world, failed, "2026-04-20T00:00:00Z").unwrap_err();
    assert_eq!(refused.code(), "book.node_not_held");
    let refused = replace(&mut world, spare, "2026-04-01T00:00:00Z").unwrap_err();
    assert_eq!(refused.code(), "book.time");
    until_none_is_left(&mut world, id, spare, spares);
}

/// Each spare fails in its turn; after the last, nothing is half done.
fn until_none_is_left(world: &mut World, id: AllocationId, spare: u32, spares: u32) {
    let mut next = spare;
    for _ in 1..spares {
        replace(world, next, "2026-04-20T00:00:00Z").unwrap();
        let row = world.book.state.capacity.allocations.get(&id).unwrap();
        next = row.replaced.last().unwrap().spare;
    }
    assert_eq!(ready(world), 0);
    let state = world.book.state.clone();
    let refused = replace(world, next, "2026-04-20T00:00:00Z").unwrap_err();
    assert_eq!(refused.code(), "capacity.no_spare");
    assert!(state == world.book.state, "a refusal changes nothing");
}
