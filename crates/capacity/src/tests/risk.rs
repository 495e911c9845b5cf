//! What a change of supply breaks, against a model that places hour by hour.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_base::Zone;
use proptest::prelude::*;

use super::model::{HOURS, Model, Step, anything, ending, promise, step};
use super::*;
use crate::{
    Change, EndReservation, Held, MoveSupply, Rescue, ReservationStatus, Risk, ScheduleSupply,
};

fn none(_: PoolId) -> Option<Zone> {
    None
}

fn context(world: &World) -> Context {
    Context {
        command_id: id::<CommandId>(5_000_000),
        actor: id::<PrincipalId>(3),
        recorded_at: hour(world.now),
        part: 0,
    }
}

/// Steps that name nothing and take no nodes out: placing in order of start is counting.
fn unnamed() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => promise(),
        2 => ending(),
        1 => (1_u32..6, 0..20_i64).prop_map(|(nodes, from)| Step::Schedule { nodes, from }),
        3 => (0_usize..30, 0..30_i64).prop_map(|(which, from)| Step::Move { which, from }),
        1 => (0_u32..3).prop_map(|nodes| Step::Floor { nodes }),
    ]
}

fn history(steps: &[Step]) -> Result<(World, Model), TestCaseError> {
    let (mut world, mut model) = (World::default(), Model::default());
    for number in 0..3 {
        let schedule = Step::Schedule {
            nodes: 4,
            from: number * 5,
        };
        step(&mut world, &mut model, &schedule)?;
    }
    for one in steps {
        step(&mut world, &mut model, one)?;
    }
    Ok((world, model))
}

/// Nodes missing by hour.
fn by_hour(risk: &Risk) -> BTreeMap<i64, i64> {
    let mut hours = BTreeMap::new();
    for short in &risk.short {
        let at = |instant: Instant| instant.micros() / 3_600_000_000;
        for hour in at(short.window.from())..at(short.window.to()) {
            let before = hours.insert(hour, i64::from(short.nodes.0));
            assert_eq!(before, None, "stretches lie apart");
        }
    }
    hours
}

/// Places the promises hour by hour in order of start, then of making; those left out.
fn left_out(world: &World, model: &Model) -> BTreeSet<ReservationId> {
    let mut free: Vec<i64> = (0..2 * HOURS)
        .map(|at| {
            let held = |p: &&model::Promise| p.firm.0 <= at && at < p.option;
            let held = model.promises.iter().filter(held).map(|p| p.nodes);
            model.free(at) + model.floor + held.sum::<i64>()
        })
        .collect();
    let mut order: Vec<_> = model.promises.iter().collect();
    order.sort_by_key(|promise| promise.firm.0);
    let mut left_out = BTreeSet::new();
    for promise in order {
        // What was ended is not served any more.
        let row = world.state.reservations.get(&promise.id).unwrap();
        if row.status != ReservationStatus::Held {
            continue;
        }
        let hours = &mut free[promise.firm.0 as usize..promise.option as usize];
        if hours.iter().all(|free| *free >= promise.nodes) {
            hours.iter_mut().for_each(|free| *free -= promise.nodes);
        } else {
            left_out.insert(promise.id);
        }
    }
    left_out
}

/// Gives up and books what is planned, by deciding it.
fn carry_out(world: &mut World, rescues: &[Rescue]) -> Result<(), TestCaseError> {
    for rescue in rescues {
        let row = world.state.reservations.get(&rescue.risk.reservation);
        let row = row.unwrap().clone();
        let unplaced = &rescue.risk.unplaced;
        let moves = unplaced
            .iter()
            .any(|demand| crate::risk::unnamed(&row, demand));
        if moves && !rescue.planned.is_empty() {
            let end = EndReservation {
                reservation: rescue.risk.reservation,
                at: row.unnamed_from,
            };
            world.run(end).unwrap();
        }
        for index in &rescue.planned {
            let reserve = rescue.alternatives[*index].reserve;
            let booked = world.run(reserve);
            prop_assert!(booked.is_ok(), "{:?} {:?}", reserve, booked);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn a_slip_puts_at_risk_what_a_plain_placing_leaves_out(
        steps in proptest::collection::vec(unnamed(), 1..40),
    ) {
        let (world, model) = history(&steps)?;
        let risks = world.state.risks(model.pool.unwrap());
        let found: BTreeSet<_> = risks.iter().map(|risk| risk.reservation).collect();
        prop_assert_eq!(&found, &left_out(&world, &model));
        // What is left beside those that are kept, hour by hour.
        let lost: Vec<_> = model.promises.iter().filter(|p| found.contains(&p.id)).collect();
        for risk in &risks {
            let of = lost.iter().find(|p| p.id == risk.reservation).unwrap();
            let mut missing = BTreeMap::new();
            for at in of.firm.0..of.option {
                let given = lost.iter().filter(|p| p.firm.0 <= at && at < p.option);
                let free = model.free(at) + model.floor + given.map(|p| p.nodes).sum::<i64>();
                let short = of.nodes - free.max(0);
                if short > 0 {
                    missing.insert(at, short);
                }
            }
            prop_assert_eq!(by_hour(risk), missing);
            for short in &risk.short {
                let firm = short.window.to() <= hour(of.firm.1);
                prop_assert_eq!(short.held == Held::Firm, firm);
            }
        }
    }

    /// Whatever is named, ended, out of supply or slipped: the reservations are those of
    /// `at_risk`, and the plan can be carried out whole and leaves nothing new at risk.
    #[test]
    fn a_plan_can_be_carried_out(
        steps in proptest::collection::vec(anything(), 1..40),
        elsewhere in (0_u32..8, 0..20_i64),
    ) {
        let (mut world, model) = history(&steps)?;
        let pool = model.pool.unwrap();
        let open = OpenPool { site: id(9), model: id(4), gpus_per_node: 8, nodes_per_domain: 1 };
        world.run(open).unwrap();
        let other = world.state.pool_of(id(9), id(4)).unwrap();
        if elsewhere.0 > 0 {
            let supply = ScheduleSupply {
                pool: other,
                tranche: tranche(900),
                nodes: NodeCount(elsewhere.0),
                from: hour(elsewhere.1),
            };
            world.run(supply).unwrap();
        }
        let before = world.state.clone();
        let rescues = world.state.rescues(&context(&world), pool, &none);
        prop_assert!(world.state == before);
        let found: Vec<_> = rescues.iter().map(|one| one.risk.reservation).collect();
        prop_assert_eq!(&found, &world.state.at_risk(pool));
        let mut after = world.clone();
        carry_out(&mut after, &rescues)?;
        let unplanned: BTreeSet<_> = rescues
            .iter()
            .filter(|one| one.planned.is_empty())
            .map(|one| one.risk.reservation)
            .collect();
        // Replacements elsewhere leave the failed nodes where they are.
        let failed = |one: &&Rescue| one.risk.unplaced.iter().any(|demand| demand.replaces);
        let failed = rescues.iter().filter(failed).map(|one| one.risk.reservation);
        let failed: BTreeSet<_> = failed.collect();
        let mut left: BTreeSet<_> = after.state.at_risk(pool).into_iter().collect();
        left.retain(|id| !failed.contains(id));
        prop_assert!(left.is_subset(&unplanned), "{left:?} {unplanned:?}");
        prop_assert_eq!(after.state.at_risk(other), vec![]);
    }
}

/// Ten nodes now, ten from hour 100; lots of 8 from 0, of 9 and 3 from 100.
fn two_tranches() -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    for (number, from) in [(1, 0), (2, 100)] {
        let schedule = ScheduleSupply {
            pool,
            tranche: tranche(number),
            nodes: NodeCount(10),
            from: hour(from),
        };
        world.run(schedule).unwrap();
    }
    world.run(ask(pool, 8, 0, 400)).unwrap();
    let mut nine = ask(pool, 9, 100, 200);
    nine.option = Some(window(200, 300));
    world.run(nine).unwrap();
    world.run(ask(pool, 3, 100, 200)).unwrap();
    (world, pool)
}

#[test]
fn a_slipped_tranche_names_each_lot_its_days_and_what_it_could_have() {
    let (mut world, pool) = two_tranches();
    assert_eq!(world.state.risks(pool), []);
    let slip = MoveSupply {
        tranche: tranche(2),
        from: hour(250),
    };
    world.run(slip).unwrap();
    let rescues = world.state.rescues(&context(&world), pool, &none);
    let short: Vec<Vec<_>> = rescues
        .iter()
        .map(|one| {
            let short = one.risk.short.iter();
            short.map(|s| (s.nodes.0, s.window, s.held)).collect()
        })
        .collect();
    // Two of the first ten are free. The option misses seven of its nine until they come.
    let nine = vec![
        (7, window(100, 200), Held::Firm),
        (7, window(200, 250), Held::Option),
    ];
    assert_eq!(short, [nine, vec![(1, window(100, 200), Held::Firm)]]);
    let planned: Vec<_> = rescues
        .iter()
        .map(|one| {
            let planned = &one.alternatives[one.planned[0]];
            (planned.change, planned.reserve.window)
        })
        .collect();
    let expected = [
        (Change::Later, window(250, 350)),
        (Change::Later, window(250, 350)),
    ];
    assert_eq!(planned, expected);
    let fewer = rescues[1].alternatives.iter();
    let fewer = fewer.filter(|one| one.change == Change::Fewer);
    let fewer: Vec<_> = fewer.map(|one| one.reserve.nodes.0).collect();
    assert_eq!(fewer, [2]);
}
