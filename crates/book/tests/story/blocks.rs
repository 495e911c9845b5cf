//! A client takes its nodes together: what is fit for work and stands together, nothing else.

use bareboat_base::*;
use bareboat_book::acts::{Act, AllocateBlock, ReplaceNode};
use bareboat_book::explain::{Subject, explain};
use bareboat_book::{Command, Event, Rejection};
use bareboat_capacity::{self as capacity, Within};

use crate::common::*;

fn running() -> World {
    let mut world = world();
    declare(&mut world);
    sign(&mut world).unwrap();
    allocate(&mut world);
    world
}

fn block(world: &mut World, nodes: u32, within: Within) -> Result<NodeSet, Rejection> {
    let state = &world.book.state;
    let (_, id, _) = state.capacity.allocations.iter().next().unwrap();
    let act = AllocateBlock {
        allocation: *id,
        nodes: NodeCount(nodes),
        within,
        purpose: p("llm-7"),
    };
    let events = world
        .book
        .try_by(OFFICER, &Command::Act(Act::AllocateBlock(act)))?;
    let [Event::Capacity(capacity::Event::BlockAllocated(made))] = &events[..] else {
        panic!("{events:?}");
    };
    Ok(made.nodes.clone())
}

#[test]
fn a_block_is_of_one_domain_and_of_nodes_that_are_fit_for_work() {
    let mut world = running();
    world.book.at("2026-04-01T00:00:00Z");
    let site = *world.book.state.fleet.sites.iter().next().unwrap().1;
    let set = |first, count| NodeSet::from_runs(site, vec![Run { first, count }]).unwrap();
    // Nine nodes to a domain: the first has one that is out of supply, the second a failed one.
    let (_, pool, _) = world.book.state.capacity.pools.iter().next().unwrap();
    let out = capacity::SetUnavailable {
        pool: *pool,
        nodes: set(2, 1),
        window: Window::new(p("2026-03-31T00:00:00Z"), p("2026-04-02T00:00:00Z")).unwrap(),
        why: p("firmware"),
    };
    let out = capacity::Command::SetUnavailable(out);
    world.book.run(Command::Capacity(out));
    let failed = bareboat_fleet::AdvanceNodes {
        nodes: set(12, 1),
        to: bareboat_fleet::Phase::Quarantined,
        at: world.book.now,
        reason: Some(p("it does not answer")),
    };
    let failed = bareboat_fleet::Command::AdvanceNodes(failed);
    world.book.run(Command::Fleet(failed));
    let made = block(&mut world, 9, Within::NvlinkDomain).unwrap();
    assert_eq!(made, set(19, 9), "the first domain that is whole");
    let refused = block(&mut world, 10, Within::NvlinkDomain).unwrap_err();
    assert_eq!(refused.code(), "capacity.block_does_not_fit");
    assert!(refused.to_string().contains("could be has 9"), "{refused}");
    // The last domain of the lot's 625 nodes is the fullest fit for a few.
    let made = block(&mut world, 4, Within::NvlinkDomain).unwrap();
    assert_eq!(made, set(622, 4));
    let made = block(&mut world, 8, Within::NvlinkDomain).unwrap();
    let one = NodeSet::from_runs(
        site,
        vec![Run { first: 1, count: 1 }, Run { first: 3, count: 7 }],
    );
    assert_eq!(made, one.unwrap(), "all but the one that is out of supply");
}

#[test]
fn a_spare_takes_the_place_in_the_block_and_why_is_told() {
    let mut world = running();
    world.book.at("2026-04-01T00:00:00Z");
    let made = block(&mut world, 3, Within::NvlinkDomain).unwrap();
    let number = made.numbers().next().unwrap();
    let act = ReplaceNode {
        node: NodeRef {
            site: made.site(),
            number,
        },
        at: world.book.now,
        until: Some(p("2026-04-20T00:00:00Z")),
        reason: p("GPU 3 fell off the bus"),
    };
    let act = Command::Act(Act::ReplaceNode(act));
    world.book.try_by(OFFICER, &act).unwrap();
    let state = &world.book.state;
    let (_, id, row) = state.capacity.blocks.iter().next().unwrap();
    let (replaced, now) = (row.replaced[0], world.book.now);
    assert_eq!((replaced.node, row.nodes.count()), (number, made.count()));
    assert!(row.nodes.contains(replaced.spare) && !row.nodes.contains(number));
    let found = state
        .capacity
        .block_with(row.allocation, replaced.spare, now);
    assert_eq!(found, Some(*id));
    let told = explain(state, Subject::Block(*id)).unwrap();
    let says = format!("{number} by {}", replaced.spare);
    let replaced = told.facts.iter().find(|fact| fact.name == "replaced");
    assert!(replaced.unwrap().value.starts_with(&says));
    assert_eq!(told.because[0].label, "A-0001");
}
