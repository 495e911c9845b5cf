//! Faults: the replay against a naive one, hour by hour and node by node; the formula against
//! sums by hand and against the replay.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::faults::*;

const HOUR: u64 = 3600;

/// The nearest of some nodes by looking at all of them: how near, then the order of the fabric.
fn nearest(fabric: &Fabric, among: &[u32], to: u32) -> Option<(Nearness, u32)> {
    let near = |node: &u32| {
        let near = fabric.place(*node).nearness(&fabric.place(to))?;
        Some((near, *node))
    };
    among.iter().filter_map(near).min()
}

/// What a replay finds out.
#[derive(Debug, Default, PartialEq)]
struct Found {
    replaced: Vec<(u64, u32, u32, Nearness)>,
    by_nearness: BTreeMap<Nearness, u64>,
    none: u64,
    lost_hours: u64,
    short_hours: u64,
}

/// Hour by hour, node by node: no index, no events.
fn naive(fabric: &Fabric, outages: &[Outage], hours: u64, spares: u32) -> Found {
    let down = |node: u32, hour: u64| {
        let at = hour * HOUR;
        let mut of_node = outages.iter().filter(|one| one.node == node);
        of_node.any(|one| one.from <= at && at < one.to)
    };
    let mut spare: Vec<u32> = Desk::spread(fabric, spares);
    let mut serving: Vec<u32> = (0..fabric.nodes()).filter(|n| !spare.contains(n)).collect();
    let sold = serving.len();
    let mut missing: Vec<u32> = Vec::new();
    let mut was: Vec<bool> = vec![false; fabric.nodes() as usize];
    let mut found = Found::default();
    for hour in 0..hours {
        for node in 0..fabric.nodes() {
            if !was[node as usize] || down(node, hour) {
                continue;
            }
            was[node as usize] = false;
            let own = missing.contains(&node).then_some(node);
            let taken = own.or_else(|| nearest(fabric, &missing, node).map(|(_, node)| node));
            match taken {
                Some(place) => {
                    missing.retain(|other| *other != place);
                    serving.push(node);
                }
                None => spare.push(node),
            }
        }
        for node in 0..fabric.nodes() {
            if was[node as usize] || !down(node, hour) {
                continue;
            }
            was[node as usize] = true;
            if spare.contains(&node) {
                spare.retain(|other| *other != node);
                continue;
            }
            serving.retain(|other| *other != node);
            match nearest(fabric, &spare, node) {
                Some((near, with)) => {
                    spare.retain(|other| *other != with);
                    serving.push(with);
                    found.replaced.push((hour, node, with, near));
                    *found.by_nearness.entry(near).or_default() += 1;
                }
                None => {
                    found.none += 1;
                    missing.push(node);
                }
            }
        }
        let mut once: Vec<u32> = serving.iter().chain(&spare).copied().collect();
        once.sort_unstable();
        assert!(
            once.windows(2).all(|pair| pair[0] < pair[1]),
            "a node twice"
        );
        assert_eq!(serving.len() + missing.len(), sold);
        found.lost_hours += missing.len() as u64;
        found.short_hours += u64::from(!missing.is_empty());
    }
    found
}

fn fabrics() -> impl Strategy<Value = Fabric> {
    let hall = prop_oneof![Just(None), (1_u32..3).prop_map(Some)];
    (2_u32..40, 1_u32..6, 1_u32..4, 1_u32..4, hall).prop_map(|(nodes, leaf, spine, rack, hall)| {
        Fabric::new(nodes, leaf, spine, rack, hall).unwrap()
    })
}

fn outages() -> impl Strategy<Value = Vec<Outage>> {
    let one = (0_u32..40, 0_u64..60, 1_u64..30).prop_map(|(node, from, hours)| Outage {
        node,
        from: from * HOUR,
        to: (from + hours) * HOUR,
    });
    prop::collection::vec(one, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// No spare is used twice, the nearest is the nearest, lost hours are equal.
    #[test]
    fn the_replay_is_what_looking_at_every_hour_and_node_gives(
        fabric in fabrics(), drawn in outages(), spares in 0_u32..12,
    ) {
        let hours = 80;
        let drawn = drawn.into_iter().filter(|one| one.node < fabric.nodes()).collect();
        let apart = merged(drawn, hours * HOUR);
        let found = naive(&fabric, &apart, hours, spares);
        let steps = happenings(&apart, hours * HOUR);
        let mut desk = Desk::new(fabric, spares);
        let mut replaced = Vec::new();
        for step in &steps {
            if !step.fails {
                desk.repair(step.node, step.at);
            } else if let Some((spare, near)) = desk.fail(step.node, step.at) {
                replaced.push((step.at / HOUR, step.node, spare, near));
            }
        }
        let done = desk.finish(hours * HOUR);
        prop_assert_eq!(replaced, found.replaced);
        let of = |near| found.by_nearness.get(&near).copied().unwrap_or(0);
        prop_assert_eq!(done.in_leaf, of(Nearness::Leaf));
        prop_assert_eq!(done.in_spine_group, of(Nearness::SpineGroup));
        prop_assert_eq!(done.in_hall, of(Nearness::Hall));
        prop_assert_eq!(done.none, found.none);
        prop_assert_eq!(done.lost_seconds, u128::from(found.lost_hours * HOUR));
        prop_assert_eq!(done.short_seconds, found.short_hours * HOUR);
        prop_assert_eq!(done, replay(&fabric, &steps, hours * HOUR, spares));
    }

    /// Halving finds spares that are enough, and one less is not.
    #[test]
    fn what_a_replay_needs_is_enough_and_no_more(fabric in fabrics(), drawn in outages()) {
        let horizon = 80 * HOUR;
        let drawn = drawn.into_iter().filter(|one| one.node < fabric.nodes()).collect();
        let steps = happenings(&merged(drawn, horizon), horizon);
        let short = |spares| replay(&fabric, &steps, horizon, spares).short_seconds;
        let spares = needed(&fabric, &steps, horizon, 900_000);
        prop_assert!(short(spares) * 10 <= horizon);
        prop_assert!(spares == 0 || short(spares - 1) * 10 > horizon);
    }
}

fn rate(unit: Unit, faults_micro_per_year: u64, hours: u64) -> Rate {
    Rate {
        unit,
        faults_micro_per_year,
        repair: Repair::list(vec![hours * HOUR]).unwrap(),
    }
}

/// How often more than so many of `n` are down, each for a share of the time.
fn tail(n: u32, share: f64, most: u32) -> f64 {
    let mut term = (1.0 - share).powi(n as i32);
    let mut within = 0.0;
    for k in 0..=most {
        within += term;
        term *= f64::from(n - k) / f64::from(k + 1) * share / (1.0 - share);
    }
    1.0 - within
}

#[test]
fn spares_by_formula_are_the_fewest_that_keep_the_target() {
    let fabric = Fabric::new(400, 32, 16, 8, None).unwrap();
    let sizing = Sizing::by_rates(&fabric, &vec![rate(Unit::Node, 1_530_000, 129)], 995_000);
    let sizing = sizing.unwrap();
    let share = 1.53 * 129.0 / 8766.0;
    assert!((sizing.mean_down - 400.0 * share).abs() < 1e-9);
    assert!((sizing.short - tail(400, share, sizing.spares)).abs() < 1e-12);
    assert!(sizing.short <= 0.005 && tail(400, share, sizing.spares - 1) > 0.005);
    assert!(sizing.reached);
}

#[test]
fn leaves_and_halls_that_fail_as_one_need_spares_as_one() {
    let fabric = Fabric::new(12_500, 32, 16, 8, None).unwrap();
    let nodes = rate(Unit::Node, 1_530_000, 129);
    let size = |rates: Vec<Rate>| Sizing::by_rates(&fabric, &rates, 995_000).unwrap();
    let alone = size(vec![nodes.clone()]);
    // 391 leaves, each down for a thousandth of the time: seldom more than two at once.
    let leaf = size(vec![nodes.clone(), rate(Unit::Leaf, 1_000_000, 9)]);
    assert!(leaf.spares > alone.spares + 32 && leaf.spares < alone.spares + 96);
    let rack = size(vec![nodes.clone(), rate(Unit::Rack, 1_000_000, 9)]);
    assert!(rack.spares > alone.spares && rack.spares < leaf.spares);
    // A hall that is down for a hundredth of the time takes its spares with it.
    let hall = size(vec![nodes.clone(), rate(Unit::Hall, 1_000_000, 88)]);
    assert!(!hall.reached);
    // One that is down more seldom than the target allows does not matter.
    assert!(size(vec![nodes, rate(Unit::Hall, 1_000_000, 9)]).reached);
}

#[test]
fn drawn_faults_agree_with_the_formula() {
    let fabric = Fabric::new(2_000, 32, 16, 8, None).unwrap();
    let rates = vec![
        rate(Unit::Node, 1_530_000, 129),
        rate(Unit::Leaf, 100_000, 12),
    ];
    let horizon = 20 * YEAR;
    let drawn = generate(&fabric, &rates, horizon, &mut bits(7)).unwrap();
    assert_eq!(
        drawn,
        generate(&fabric, &rates, horizon, &mut bits(7)).unwrap()
    );
    let sizing = Sizing::by_rates(&fabric, &rates, 995_000).unwrap();
    let down: u128 = drawn.iter().map(|one| u128::from(one.to - one.from)).sum();
    let mean = down as f64 / horizon as f64;
    assert!((mean / sizing.mean_down - 1.0).abs() < 0.05);
    let steps = happenings(&drawn, horizon);
    let needed = needed(&fabric, &steps, horizon, 995_000);
    assert!(needed.abs_diff(sizing.spares) <= 8, "{needed} {sizing:?}");
    let none = replay(&fabric, &steps, horizon, 0);
    let kept = replay(&fabric, &steps, horizon, sizing.spares);
    assert!(kept.lost_seconds * 100 < none.lost_seconds);
}

#[test]
fn repairs_are_read_exactly_and_refused_when_they_cannot_be() {
    let repair = Repair::quantiles(vec![(500_000, 20 * HOUR), (1_000_000, 100 * HOUR)]).unwrap();
    let (sum, of) = repair.mean();
    assert_eq!(sum, of * u128::from(35 * HOUR));
    for bad in [
        vec![],
        vec![(500_000, 20)],
        vec![(500_000, 20), (400_000, 30), (1_000_000, 40)],
        vec![(500_000, 20), (1_000_000, 10)],
        vec![(1_000_000, u64::MAX)],
    ] {
        Repair::quantiles(bad).unwrap_err();
    }
    Repair::list(vec![]).unwrap_err();
    Fabric::new(0, 32, 16, 8, None).unwrap_err();
    Fabric::new(10, 32, 16, 8, Some(0)).unwrap_err();
    let fabric = Fabric::new(10, 32, 16, 8, None).unwrap();
    Sizing::by_rates(&fabric, &vec![], 1_000_000).unwrap_err();
    let ended = generate(
        &fabric,
        &vec![rate(Unit::Node, 1_000_000, 1)],
        YEAR,
        &mut std::iter::empty(),
    );
    ended.unwrap_err();
}

#[test]
fn a_trace_laid_out_over_more_nodes_is_down_as_much() {
    let trace = merged(
        vec![
            Outage {
                node: 0,
                from: 0,
                to: 50,
            },
            Outage {
                node: 2,
                from: 90,
                to: 100,
            },
        ],
        100,
    );
    let wide = tiled(&trace, 3, 9, 100, &mut bits(1)).unwrap();
    let of = |node: u32| wide.iter().filter(move |one| one.node % 3 == node);
    let down = |node| of(node).map(|one| one.to - one.from).sum::<u64>();
    assert_eq!((down(0), down(1), down(2)), (150, 0, 30));
    assert_eq!(wide.iter().filter(|one| one.node < 3).count(), 2);
}
