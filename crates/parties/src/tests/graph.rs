//! The cascade and control, against the published examples and naive oracles.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::ownership::undisclosed;

type Vector = (
    &'static [(&'static str, &'static str, &'static str)],
    &'static [&'static str],
);

/// OFAC FAQ 401's examples, with X listed: who owns whom to what percentage, and who is blocked.
/// The last is our own: a cycle whose least fixed point is empty, while the greatest would
/// wrongly hold A and B blocked.
const FAQ_401: &[Vector] = &[
    (&[("X", "A", "50"), ("A", "B", "50")], &["A", "B"]),
    (
        &[
            ("X", "A", "50"),
            ("X", "B", "50"),
            ("A", "C", "25"),
            ("B", "C", "25"),
        ],
        &["A", "B", "C"],
    ),
    (
        &[("X", "A", "50"), ("X", "B", "10"), ("A", "B", "40")],
        &["A", "B"],
    ),
    (
        &[
            ("X", "A", "50"),
            ("X", "B", "25"),
            ("A", "C", "25"),
            ("B", "C", "25"),
        ],
        &["A"],
    ),
    (
        &[
            ("X", "A", "25"),
            ("X", "B", "25"),
            ("A", "C", "50"),
            ("B", "C", "50"),
        ],
        &[],
    ),
    (&[("X", "A", "30"), ("B", "A", "20"), ("A", "B", "60")], &[]),
];

#[test]
fn faq_401() {
    for (owns, blocked) in FAQ_401 {
        let mut world = World::default();
        let ids: BTreeMap<&str, PartyId> = ["X", "A", "B", "C"]
            .into_iter()
            .map(|name| (name, world.company(name)))
            .collect();
        for (owner, owned, percent) in *owns {
            world.own(ids[owner], ids[owned], percent);
        }
        let listed = BTreeSet::from([ids["X"]]);
        let found = cascade(&world.state, &listed, Share::HALF, today());
        let expected: BTreeSet<PartyId> = blocked.iter().map(|name| ids[name]).collect();
        let held: BTreeSet<PartyId> = found.held.keys().copied().collect();
        assert_eq!((held, found.unknown.len()), (expected, 0), "{owns:?}");
        for holding in found.held.values() {
            assert_eq!(holding.path.last(), Some(&ids["X"]), "{owns:?}");
        }
    }
}

#[test]
fn whole_stakes_count_and_say_why() {
    let mut world = World::default();
    let (x, a, b) = (world.company("X"), world.company("A"), world.company("B"));
    world.own(x, a, "50");
    let direct = world.own(x, b, "10");
    let through = world.own(a, b, "40");
    let listed = BTreeSet::from([x]);
    let OwnedByListed::Yes(holding) = cascade_of(&world.state, b, &listed, Share::HALF, today())
    else {
        panic!("B is held")
    };
    assert_eq!(holding.share, exact("50"));
    let mut stakes: Vec<_> = holding
        .stakes
        .iter()
        .map(|s| (s.interest, s.counted))
        .collect();
    stakes.sort();
    let mut expected = vec![(direct, Counted::Listed), (through, Counted::Held)];
    expected.sort();
    assert_eq!(stakes, expected);
    assert_eq!(holding.path, [b, x]);
    // The party's own listing is not looked at, nor does a listing below it matter.
    let below = BTreeSet::from([b]);
    let of = |party| cascade_of(&world.state, party, &below, Share::HALF, today());
    assert_eq!((of(b), of(a)), (OwnedByListed::No, OwnedByListed::No));
}

#[test]
fn a_straddling_share_is_unknown_and_passes_it_on() {
    let mut world = World::default();
    let (x, a, b) = (world.company("X"), world.company("A"), world.company("B"));
    world
        .try_own(x, a, exact("10"), between("25", "50"))
        .unwrap();
    world.own(a, b, "100");
    let found = cascade(&world.state, &BTreeSet::from([x]), Share::HALF, today());
    assert!(found.held.is_empty());
    assert_eq!(found.unknown[&a].share, between("25", "50"));
    assert_eq!(found.unknown[&b].stakes[0].counted, Counted::Possibly);
    assert_eq!(found.unknown[&b].share, between("0", "100"));
    assert_eq!(found.unknown[&b].path, [b, a, x]);
    assert_eq!(undisclosed(&world.state, a, today()), Share::HALF);
    // Votes over the threshold without the capital: what owning means is open.
    let (y, c) = (world.company("Y"), world.company("C"));
    world.try_own(y, c, exact("60"), exact("40")).unwrap();
    let found = cascade_of(&world.state, c, &BTreeSet::from([y]), Share::HALF, today());
    assert!(matches!(found, OwnedByListed::Unknown(_)));
}

#[test]
fn capital_that_is_not_on_record_may_be_a_listed_partys() {
    let mut world = World::default();
    let declared = |world: &mut World, name: &str| {
        let mut facts = facts(name);
        facts.not_held_by_listed = Some(source());
        world.party(facts)
    };
    let (x, clean) = (declared(&mut world, "X"), declared(&mut world, "Clean"));
    let held = |world: &World, party, doubted: &[PartyId]| {
        let doubted = doubted.iter().copied().collect();
        may_be_held(&world.state, party, &doubted, Share::HALF, today())
    };
    // 30% a listed party's, 30% a clean one's: whose the other 40% are is not known.
    let a = world.company("A");
    world.own(x, a, "30");
    world.own(clean, a, "30");
    assert!(held(&world, a, &[x]) && !held(&world, a, &[]));
    // That nobody controls it does not say that two listed parties do not own it.
    let b = world.top("B");
    assert!(held(&world, b, &[]));
    // The same one tier up, where the declaration does answer, and while no owner is listed.
    let (above, below) = (world.company("Above"), world.company("Below"));
    world.own(above, below, "50");
    world.own(clean, below, "50");
    assert!(held(&world, below, &[]));
    let (above, below) = (declared(&mut world, "Wide"), world.company("Under"));
    world.own(above, below, "50");
    world.own(clean, below, "50");
    assert!(!held(&world, below, &[]));
    world.own(x, above, "1");
    assert!(!held(&world, below, &[]) && held(&world, below, &[x]));
    // A clean owner's band counts at its lower end.
    let c = world.company("C");
    world
        .try_own(clean, c, between("50", "75"), between("50", "75"))
        .unwrap();
    assert!(held(&world, c, &[]));
}

#[test]
fn only_interests_of_the_day_count() {
    let mut world = World::default();
    let (x, a) = (world.company("X"), world.company("A"));
    let interest = world.own(x, a, "60");
    let end = EndInterest {
        interest,
        on: date("2026-06-01"),
    };
    world.run(Command::EndInterest(end)).unwrap();
    let listed = BTreeSet::from([x]);
    let on = |day| {
        cascade(&world.state, &listed, Share::HALF, date(day))
            .held
            .contains_key(&a)
    };
    assert_eq!(
        ["2019-12-31", "2020-01-01", "2026-05-31", "2026-06-01"].map(on),
        [false, true, true, false]
    );
    assert_eq!(owners(&world.state, a, date("2026-05-31")).count(), 1);
    assert_eq!(owned(&world.state, x, date("2026-06-01")).count(), 0);
}

#[test]
fn control_is_followed_to_the_top() {
    let mut world = World::default();
    let (top, mid, low) = (world.top("top"), world.company("mid"), world.company("low"));
    world.own(top, mid, "50.0000000001");
    world.own(mid, low, "80");
    let parent = |world: &World, party| ultimate_parent(&world.state, party, today());
    let path = vec![low, mid, top];
    assert_eq!(
        parent(&world, low),
        UltimateParent::Party { party: top, path }
    );
    assert_eq!(parent(&world, top), UltimateParent::Itself);
    // Exactly half is not control, and nobody says that there is no other.
    let half = world.company("half");
    world.own(top, half, "50");
    let missing = Missing::NoDeclaration;
    assert_eq!(
        parent(&world, half),
        UltimateParent::Unknown { at: half, missing }
    );
}

#[test]
fn votes_of_what_one_controls_count_together() {
    let mut world = World::default();
    let (top, a, b) = (world.top("top"), world.company("a"), world.company("b"));
    let low = world.company("low");
    world.own(top, a, "60");
    world.own(top, b, "60");
    world.own(a, low, "30");
    world.own(b, low, "30");
    let UltimateParent::Party { party, path } = ultimate_parent(&world.state, low, today()) else {
        panic!("low has a parent")
    };
    assert_eq!((party, path.len(), path[0], path[2]), (top, 3, low, top));
}

#[test]
fn what_is_not_known_stays_unknown() {
    let mut world = World::default();
    let (owner, party) = (world.top("owner"), world.top("party"));
    world
        .try_own(owner, party, between("40", "60"), exact("50"))
        .unwrap();
    let missing = Missing::WhetherControls {
        owner,
        votes: between("40", "60"),
    };
    let found = ultimate_parent(&world.state, party, today());
    assert_eq!(found, UltimateParent::Unknown { at: party, missing });
    let (a, b) = (world.company("a"), world.company("b"));
    world.own(a, b, "60");
    world.own(b, a, "60");
    let missing = Missing::Circular;
    let found = ultimate_parent(&world.state, a, today());
    assert_eq!(found, UltimateParent::Unknown { at: a, missing });
    // A person stands at the top without any declaration.
    let mut person = facts("person");
    person.kind = PartyKind::Person;
    let (person, child) = (world.party(person), world.company("child"));
    world.own(person, child, "51");
    let path = vec![child, person];
    let found = ultimate_parent(&world.state, child, today());
    assert_eq!(
        found,
        UltimateParent::Party {
            party: person,
            path
        }
    );
}

/// An edge of a random graph: owner, owned, least and further share in percent.
type Edge = (u8, u8, u8, u8);

fn build(size: u8, edges: &[Edge], order: &[usize]) -> (World, Vec<PartyId>, Vec<Edge>) {
    let mut world = World::default();
    let ids: Vec<PartyId> = (0..size).map(|n| world.company(&format!("c{n}"))).collect();
    let mut kept = Vec::new();
    for at in order {
        let (owner, owned, least, more) = edges[*at];
        let (owner, owned) = (owner % size, owned % size);
        let units = |percent: u8| share(u64::from(percent) * 10_000_000_000);
        let most = least.saturating_add(more).min(100);
        let range = ShareRange::new(units(least), units(most)).unwrap();
        let (from, to) = (ids[usize::from(owner)], ids[usize::from(owned)]);
        if world.try_own(from, to, range, range).is_ok() {
            kept.push((owner, owned, least, most));
        }
    }
    (world, ids, kept)
}

/// The least fixed point, the slow way: pass over all parties until nothing changes.
fn naive(size: u8, edges: &[Edge], listed: &BTreeSet<u8>, most: bool) -> BTreeSet<u8> {
    let mut held = listed.clone();
    loop {
        let before = held.len();
        for party in 0..size {
            let stakes = edges.iter().filter(|e| e.1 == party && held.contains(&e.0));
            let sum: u32 = stakes
                .map(|e| u32::from(if most { e.3 } else { e.2 }))
                .sum();
            if sum >= 50 {
                held.insert(party);
            }
        }
        if held.len() == before {
            return held.difference(listed).copied().collect();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_cascade_is_the_least_fixed_point(
        size in 2_u8..12,
        edges in proptest::collection::vec((0_u8..12, 0_u8..12, 0_u8..=70, 0_u8..40), 0..40),
        listed in proptest::collection::btree_set(0_u8..12, 0..4),
    ) {
        let order: Vec<usize> = (0..edges.len()).collect();
        let (world, ids, kept) = build(size, &edges, &order);
        let listed: BTreeSet<u8> = listed.into_iter().filter(|n| *n < size).collect();
        let listed_ids: BTreeSet<PartyId> = listed.iter().map(|n| ids[usize::from(*n)]).collect();
        let found = cascade(&world.state, &listed_ids, Share::HALF, today());
        let certain = naive(size, &kept, &listed, false);
        let possible = naive(size, &kept, &listed, true);
        for number in (0..size).filter(|n| !listed.contains(n)) {
            let party = ids[usize::from(number)];
            let one = cascade_of(&world.state, party, &listed_ids, Share::HALF, today());
            if certain.contains(&number) {
                prop_assert_eq!(one, OwnedByListed::Yes(found.held[&party].clone()));
            } else if possible.contains(&number) {
                prop_assert_eq!(one, OwnedByListed::Unknown(found.unknown[&party].clone()));
            } else {
                prop_assert_eq!(one, OwnedByListed::No);
            }
        }
        prop_assert_eq!(found.held.len(), certain.len());
        prop_assert_eq!(found.unknown.len() + certain.len(), possible.len());
        for (party, holding) in found.held.iter().chain(&found.unknown) {
            prop_assert_eq!(holding.path.first(), Some(party));
            prop_assert!(listed_ids.contains(holding.path.last().unwrap()));
        }
    }

    #[test]
    fn order_does_not_matter_and_more_holds_more(
        edges in proptest::collection::vec((0_u8..8, 0_u8..8, 0_u8..=20, 0_u8..10), 0..20),
        seed in any::<u64>(),
        listed in 0_usize..8,
    ) {
        let order: Vec<usize> = (0..edges.len()).collect();
        let mut shuffled = order.clone();
        shuffled.sort_by_key(|n| (*n as u64 + 1).wrapping_mul(seed | 1));
        let (one, ids, kept) = build(8, &edges, &order);
        let (two, others, kept_too) = build(8, &edges, &shuffled);
        // Which interests fit under the whole may depend on the order; compare when all did.
        prop_assume!(kept.len() == kept_too.len());
        let solve = |world: &World, ids: &[PartyId], listed: &[usize]| {
            let listed = listed.iter().map(|n| ids[*n]).collect();
            let found = cascade(&world.state, &listed, share(Share::UNITS / 5), today());
            let held: BTreeSet<PartyId> = found.held.keys().copied().collect();
            let paths: Vec<Vec<PartyId>> = found.held.into_values().map(|h| h.path).collect();
            (held, paths)
        };
        // The ids follow from the commands' numbers, the same for both.
        prop_assert_eq!(&ids, &others);
        let few = solve(&one, &ids, &[listed]);
        prop_assert_eq!(&few, &solve(&two, &ids, &[listed]));
        let other = (listed + 1) % 8;
        let more = solve(&one, &ids, &[listed, other]);
        let lost: Vec<_> = few.0.difference(&more.0).collect();
        prop_assert!(lost.is_empty() || lost == [&ids[other]]);
    }
}
