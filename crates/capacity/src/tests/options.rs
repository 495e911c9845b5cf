//! Options in risk mode: small stories, and histories against a model that counts hour by hour.

use std::collections::BTreeMap;

use bareboat_base::{MicroPrice, NodeCount, NodeRef, PoolId, QuoteId};
use proptest::prelude::*;

use super::*;
use crate::{
    Allocate, ExerciseOption, Hold, LapseOption, MakeQuote, OptionMode, ReceiveSupply,
    ReservationStatus, ScheduleSupply, SetOptionMode, SetSpareFloor, TakeQuote,
};

const NODES: u32 = 8;
const HOURS: i64 = 45;

/// A pool of eight nodes from hour 0, with names or without.
fn pool_of_eight(named: bool) -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    let command = ScheduleSupply {
        pool,
        tranche: tranche(1),
        nodes: NodeCount(NODES),
        from: hour(0),
    };
    world.run(command).unwrap();
    if named {
        let runs = (0..NODES / 4).map(|leaf| placed(leaf, 0, 1 + leaf * 4, 4));
        let command = ReceiveSupply {
            pool,
            tranche: tranche(1),
            at: hour(0),
            nodes: runs.collect(),
        };
        world.run(command).unwrap();
    }
    (world, pool)
}

fn set_mode(world: &mut World, pool: PoolId, mode: OptionMode) -> Result<Vec<Event>, Rejection> {
    world.run(SetOptionMode { pool, mode })
}

fn with_option(pool: PoolId, (nodes, from, to, option): Lot) -> Reserve {
    let mut asked = ask(pool, nodes, from, to);
    asked.option = (option > to).then(|| window(to, option));
    asked
}

#[test]
fn a_spare_stays_to_the_end_of_an_option_like_the_other_nodes() {
    let (mut world, pool) = pool_of_eight(true);
    set_mode(&mut world, pool, OptionMode::Risk).unwrap();
    world.run(with_option(pool, (2, 0, 30, 40))).unwrap();
    let reservation = world.last_reservation();
    let named = world
        .run(Allocate {
            reservation,
            at: hour(0),
            exclude: None,
        })
        .unwrap();
    let [Event::Allocated(named)] = &named[..] else {
        unreachable!("{named:?}")
    };
    let failed = named.nodes.runs()[0].first;
    let replaced = world
        .run(crate::ReplaceNode {
            allocation: named.allocation,
            node: failed,
            at: hour(5),
            exclude: None,
        })
        .unwrap();
    let [Event::NodeReplaced(replaced)] = &replaced[..] else {
        unreachable!("{replaced:?}")
    };
    let ends = |world: &World, number: u32| {
        let site = site();
        let busy = world.state.busy(&NodeRef { site, number });
        busy.last().map(|busy| busy.window.to())
    };
    exercise(&mut world, reservation).unwrap();
    assert_eq!(ends(&world, replaced.spare), Some(hour(40)));
    assert_eq!(ends(&world, failed), Some(hour(5)));
    // Cut by risk mode and given back by strict mode.
    let mut other = world.clone();
    let lot = (1, 0, 30, 40);
    other.run(with_option(pool, lot)).unwrap();
    set_mode(&mut other, pool, OptionMode::Strict).unwrap();
    assert_eq!(ends(&other, replaced.spare), Some(hour(40)));
}

#[test]
fn a_quote_that_expired_blocks_no_option() {
    let (mut world, pool) = pool_of_eight(false);
    set_mode(&mut world, pool, OptionMode::Risk).unwrap();
    world.run(with_option(pool, (8, 0, 30, 40))).unwrap();
    let reservation = world.last_reservation();
    let price: MicroPrice = "3.09 USD".parse().unwrap();
    let quote = MakeQuote {
        contract: id::<ContractId>(20_000),
        price,
        expires_at: hour(5),
        holds: vec![Hold::from(ask(pool, 8, 30, 40))],
    };
    world.run(quote).unwrap();
    assert!(exercise(&mut world, reservation).is_err());
    world.now = 5;
    exercise(&mut world, reservation).unwrap();
}

#[test]
fn a_quote_holds_what_can_be_placed_together_or_nothing() {
    let mut world = World::default();
    let pool = world.open_pool();
    let leaves = [4, 2, 2, 1, 1];
    let schedule = ScheduleSupply {
        pool,
        tranche: tranche(1),
        nodes: NodeCount(10),
        from: hour(0),
    };
    world.run(schedule).unwrap();
    let mut first = 1;
    let mut runs = Vec::new();
    for (leaf, count) in (0..).zip(leaves) {
        runs.push(placed(leaf, 0, first, count));
        first += count;
    }
    let receive = ReceiveSupply {
        pool,
        tranche: tranche(1),
        at: hour(0),
        nodes: runs,
    };
    world.run(receive).unwrap();
    let shaped = |nodes, from, to, most| Reserve {
        shape: Shape::leaves(Some(most)),
        ..ask(pool, nodes, from, to)
    };
    let price: MicroPrice = "3.09 USD".parse().unwrap();
    let mut quote = |contract, first, second| {
        world.run(MakeQuote {
            contract: id::<ContractId>(contract),
            price,
            expires_at: hour(1),
            holds: vec![Hold::from(first), Hold::from(second)],
        })
    };
    // Either would find its place on the one leaf of four, but not beside the other.
    let first = shaped(4, 10, 20, 1);
    let refused = quote(20_000, first, shaped(4, 5, 15, 1)).unwrap_err();
    assert!(
        matches!(refused, Rejection::TooManyLeaves { .. }),
        "{refused}"
    );
    quote(20_001, first, shaped(4, 5, 15, 2)).unwrap();
    assert_eq!(world.state.quotes.iter().count(), 1);
    let calendar = &world.state.pools.get(&pool).unwrap().calendar;
    let plan = calendar.plan.as_ref().unwrap();
    assert_eq!(plan.problems(&world.state, calendar), Vec::<String>::new());
}

fn exercise(world: &mut World, reservation: ReservationId) -> Result<Vec<Event>, Rejection> {
    world.run(ExerciseOption { reservation })
}

#[test]
fn risk_mode_sells_over_options_and_says_what_that_exposes() {
    let (mut world, pool) = pool_of_eight(false);
    world.run(with_option(pool, (6, 0, 10, 30))).unwrap();
    let first = world.last_reservation();
    // Strict: only two are left.
    world.run(ask(pool, 5, 15, 20)).unwrap_err();
    set_mode(&mut world, pool, OptionMode::Risk).unwrap();
    assert_eq!(world.state.max_free(pool, window(15, 20)), NodeCount(NODES));
    // An option is not held over an option.
    let refused = world.run(with_option(pool, (3, 10, 12, 20)));
    assert!(
        matches!(refused, Err(Rejection::ShortOfSupply { at, .. }) if at == hour(12)),
        "{refused:?}"
    );
    world.run(ask(pool, 5, 15, 20)).unwrap();
    let months = [window(0, 10), window(10, 20), window(20, 30)];
    let found = world.state.exposure(pool, &months);
    let shown: Vec<_> = found
        .iter()
        .map(|one| (one.held.0, one.uncovered.0, one.options.len()))
        .collect();
    assert_eq!(shown, [(0, 0, 0), (6, 3, 1), (6, 0, 0)]);
    assert_eq!(found[1].options[0].0, first);
    assert_eq!(
        exercise(&mut world, first),
        Err(Rejection::OptionNotCovered {
            reservation: first,
            at: hour(15),
            nodes: NodeCount(6),
            free: NodeCount(3),
        })
    );
    assert_eq!(
        set_mode(&mut world, pool, OptionMode::Strict),
        Err(Rejection::OptionsOversold {
            pool,
            reservation: first,
            at: hour(15),
        })
    );
    world.run(LapseOption { reservation: first }).unwrap();
    set_mode(&mut world, pool, OptionMode::Strict).unwrap();
}

#[test]
fn nodes_named_for_another_do_not_go_on_with_an_option() {
    let (mut world, pool) = pool_of_eight(true);
    set_mode(&mut world, pool, OptionMode::Risk).unwrap();
    let allocate = |world: &mut World, at| {
        let reservation = world.last_reservation();
        let command = Allocate {
            reservation,
            at: hour(at),
            exclude: None,
        };
        world.run(command).unwrap();
        reservation
    };
    world.run(with_option(pool, (4, 0, 10, 30))).unwrap();
    let first = allocate(&mut world, 0);
    world.run(ask(pool, 8, 10, 12)).unwrap();
    allocate(&mut world, 10);
    assert!(matches!(
        exercise(&mut world, first),
        Err(Rejection::OptionNotCovered { at, .. }) if at == hour(10)
    ));
    // By count the second option fits; its nodes are another's by then.
    let (mut world, pool) = pool_of_eight(true);
    set_mode(&mut world, pool, OptionMode::Risk).unwrap();
    world.run(with_option(pool, (4, 0, 10, 30))).unwrap();
    let first = allocate(&mut world, 0);
    world.run(ask(pool, 4, 0, 9)).unwrap();
    allocate(&mut world, 0);
    world.run(ask(pool, 4, 10, 20)).unwrap();
    let later = allocate(&mut world, 10);
    let nodes = |world: &World, id: ReservationId| {
        let row = world.state.reservations.get(&id).unwrap();
        let row = world.state.allocations.get(&row.allocation.unwrap());
        row.unwrap().nodes.clone()
    };
    assert_eq!(nodes(&world, first), nodes(&world, later));
    let (reservation, from) = (first, hour(10));
    let refused = Rejection::OptionNodesNamed { reservation, from };
    assert_eq!(exercise(&mut world, first), Err(refused));
}

type Lot = (u32, i64, i64, i64);

#[derive(Clone, Debug)]
enum Step {
    Mode(OptionMode),
    Reserve(Lot),
    Quote(Lot),
    Take(usize),
    Exercise(usize),
    Lapse(usize),
    Allocate(usize),
    Floor(u32),
}

fn lot() -> impl Strategy<Value = Lot> {
    (1_u32..6, 0..25_i64, 1..10_i64, 0..9_i64).prop_map(|(nodes, from, length, option)| {
        let to = from + length;
        (nodes, from, to, to + option)
    })
}

fn counted() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => prop_oneof![2 => Just(OptionMode::Risk), 1 => Just(OptionMode::Strict)]
            .prop_map(Step::Mode),
        8 => lot().prop_map(Step::Reserve),
        3 => lot().prop_map(Step::Quote),
        2 => (0_usize..20).prop_map(Step::Take),
        4 => (0_usize..20).prop_map(Step::Exercise),
        1 => (0_usize..20).prop_map(Step::Lapse),
        1 => (0_u32..2).prop_map(Step::Floor),
    ]
}

fn placed_steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => lot().prop_map(Step::Reserve),
        5 => (0_usize..20).prop_map(Step::Allocate),
        3 => (0_usize..20).prop_map(Step::Exercise),
        4 => lot().prop_map(Step::Quote),
        3 => (0_usize..20).prop_map(Step::Take),
    ]
}

/// Plain lists, counted afresh for every question.
#[derive(Default)]
struct Model {
    risk: bool,
    floor: i64,
    firm: Vec<(ReservationId, Lot)>,
    quotes: Vec<(QuoteId, Lot)>,
}

impl Model {
    fn option(&self, at: i64) -> i64 {
        let held = self.firm.iter().map(|(_, lot)| lot);
        let held = held.filter(|(_, _, to, option)| *to <= at && at < *option);
        held.map(|(nodes, ..)| i64::from(*nodes)).sum()
    }

    /// What is left where options hold nothing, or do.
    fn free(&self, at: i64, over_options: bool) -> i64 {
        let firm = self.firm.iter().map(|(_, lot)| lot);
        let firm = firm.filter(|(_, from, to, _)| *from <= at && at < *to);
        let soft = self.quotes.iter().map(|(_, lot)| lot);
        let soft = soft.filter(|(_, from, _, option)| *from <= at && at < *option);
        let held: i64 = firm.chain(soft).map(|(nodes, ..)| i64::from(*nodes)).sum();
        let option = if over_options { 0 } else { self.option(at) };
        i64::from(NODES) - self.floor - held - option
    }

    fn left(&self, (from, to): (i64, i64), nodes: u32, over_options: bool) -> bool {
        (from..to).all(|at| i64::from(nodes) <= self.free(at, over_options))
    }

    fn fits(&self, (nodes, from, to, option): Lot) -> bool {
        self.left((from, to), nodes, self.risk) && self.left((to, option), nodes, false)
    }

    fn exercisable(&self, (nodes, _, to, option): Lot) -> bool {
        option > to && (!self.risk || self.left((to, option), nodes, true))
    }

    fn oversold(&self, at: i64) -> i64 {
        (-self.free(at, false)).clamp(0, self.option(at))
    }
}

fn pick<T: Copy>(items: &[T], which: usize) -> Option<(usize, T)> {
    (!items.is_empty()).then(|| (which % items.len(), items[which % items.len()]))
}

fn make_quote(world: &mut World, pool: PoolId, lot: Lot) -> Result<Vec<Event>, Rejection> {
    let number = world.commands;
    let price: MicroPrice = "3.09 USD".parse().unwrap();
    world.run(MakeQuote {
        contract: id::<ContractId>(20_000 + number),
        price,
        expires_at: hour(HOURS),
        holds: vec![Hold::from(with_option(pool, lot))],
    })
}

fn quote(world: &mut World, model: &mut Model, pool: PoolId, lot: Lot) -> TestCaseResult {
    let made = make_quote(world, pool, lot);
    prop_assert_eq!(made.is_ok(), model.fits(lot), "{:?}", made);
    if made.is_ok() {
        let quote = *world.state.quotes.iter().next_back().unwrap().1;
        model.quotes.push((quote, lot));
    }
    Ok(())
}

fn take(world: &mut World, model: &mut Model, which: usize) -> TestCaseResult {
    let Some((index, (quote, lot))) = pick(&model.quotes, which) else {
        return Ok(());
    };
    model.quotes.remove(index);
    let expected = model.fits(lot);
    let taken = world.run(TakeQuote { quote });
    prop_assert_eq!(taken.is_ok(), expected, "{:?}", taken);
    if expected {
        model.firm.push((world.last_reservation(), lot));
    } else {
        model.quotes.insert(index, (quote, lot));
    }
    Ok(())
}

type TestCaseResult = Result<(), TestCaseError>;

fn count_step(world: &mut World, model: &mut Model, pool: PoolId, step: &Step) -> TestCaseResult {
    match *step {
        Step::Mode(mode) => {
            let strict = mode == OptionMode::Strict;
            let expected = !strict
                || !model.risk
                || (0..HOURS).all(|at| model.option(at) == 0 || model.free(at, false) >= 0);
            let done = set_mode(world, pool, mode);
            prop_assert_eq!(done.is_ok(), expected, "{:?}", done);
            if expected {
                model.risk = !strict;
            }
        }
        Step::Reserve(lot) => {
            let done = world.run(with_option(pool, lot));
            prop_assert_eq!(done.is_ok(), model.fits(lot), "{:?}", done);
            if done.is_ok() {
                model.firm.push((world.last_reservation(), lot));
            }
        }
        Step::Quote(lot) => quote(world, model, pool, lot)?,
        Step::Take(which) => take(world, model, which)?,
        Step::Exercise(which) => {
            if let Some((index, (reservation, lot))) = pick(&model.firm, which) {
                let done = exercise(world, reservation);
                prop_assert_eq!(done.is_ok(), model.exercisable(lot), "{:?}", done);
                if done.is_ok() {
                    model.firm[index].1.2 = lot.3;
                }
            }
        }
        Step::Lapse(which) => {
            if let Some((index, (reservation, lot))) = pick(&model.firm, which) {
                let done = world.run(LapseOption { reservation });
                prop_assert_eq!(done.is_ok(), lot.3 > lot.2);
                model.firm[index].1.3 = lot.2;
            }
        }
        Step::Floor(nodes) => {
            // What is promised stays promised: the floor is only raised where it is free.
            if (0..HOURS).all(|at| model.free(at, false) + model.floor >= i64::from(nodes)) {
                let nodes = NodeCount(nodes);
                world.run(SetSpareFloor { pool, nodes }).unwrap();
                model.floor = i64::from(nodes.0);
            }
        }
        Step::Allocate(_) => {}
    }
    Ok(())
}

/// The exposure is what the model counts, hour by hour.
fn compare(world: &World, model: &Model, pool: PoolId) -> TestCaseResult {
    let months: Vec<_> = (0..5).map(|month| (month * 9, month * 9 + 9)).collect();
    let windows: Vec<_> = months.iter().map(|(from, to)| window(*from, *to)).collect();
    let found = world.state.exposure(pool, &windows);
    for ((from, to), one) in months.into_iter().zip(found) {
        let hours = from..to;
        let most = hours.clone().map(|at| model.oversold(at)).max().unwrap();
        prop_assert_eq!(i64::from(one.uncovered.0), most);
        let held = hours.clone().map(|at| model.option(at)).max().unwrap();
        prop_assert_eq!(i64::from(one.held.0), held);
        let at_stake = model.firm.iter().filter(|(_, (_, _, to, option))| {
            hours
                .clone()
                .any(|at| model.oversold(at) > 0 && *to <= at && at < *option)
        });
        let mut at_stake: Vec<_> = at_stake.map(|(id, lot)| (*id, lot.0)).collect();
        let mut named: Vec<_> = one.options.iter().map(|(id, _, n)| (*id, n.0)).collect();
        at_stake.sort_unstable();
        named.sort_unstable();
        prop_assert_eq!(named, at_stake);
    }
    for at in 0..HOURS {
        prop_assert!(model.free(at, true) >= 0, "hour {} is sold twice", at);
        prop_assert!(model.risk || model.free(at, false) >= 0, "hour {}", at);
    }
    Ok(())
}

/// No node is busy with two things at once, and every promise still finds its nodes.
fn kept(world: &World, pool: PoolId) -> TestCaseResult {
    prop_assert_eq!(world.state.at_risk(pool), []);
    for number in 1..=NODES {
        let site = site();
        let busy = world.state.busy(&NodeRef { site, number });
        for pair in busy.windows(2) {
            prop_assert!(
                pair[0].window.to() <= pair[1].window.from(),
                "node {}",
                number
            );
        }
    }
    Ok(())
}

/// Reservations that wait for nodes, by where they begin and since when they count.
fn waiting(world: &World) -> BTreeMap<(Instant, Position, usize), ReservationId> {
    let rows = world.state.reservations.iter().enumerate();
    let rows = rows.filter(|(_, (_, _, row))| {
        let unnamed = row.allocation.is_none() && row.unnamed_from < row.window.to();
        unnamed && row.status == ReservationStatus::Held
    });
    rows.map(|(index, (_, id, row))| ((row.unnamed_from, row.since, index), *id))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// In either mode exactly what the model counts is sold, quoted and exercised; nothing firm
    /// is ever sold twice; and what is exposed is what could not be honoured.
    #[test]
    fn options_are_sold_over_only_in_risk_mode_and_exposed_exactly(
        steps in proptest::collection::vec(counted(), 1..40),
    ) {
        let (mut world, pool) = pool_of_eight(false);
        let mut model = Model::default();
        for one in &steps {
            count_step(&mut world, &mut model, pool, one)?;
            compare(&world, &model, pool)?;
        }
        let bytes = postcard::to_stdvec(&world.state).unwrap();
        let read: State = postcard::from_bytes(&bytes).unwrap();
        prop_assert!(read == world.state);
    }

    /// Where nothing is freed early: whatever is quoted, taken, named and exercised, firm promises
    /// keep their nodes in either mode.
    #[test]
    fn firm_promises_keep_their_nodes_in_either_mode(
        mode in prop_oneof![Just(OptionMode::Risk), Just(OptionMode::Strict)],
        steps in proptest::collection::vec(placed_steps(), 1..40),
    ) {
        let (mut world, pool) = pool_of_eight(true);
        set_mode(&mut world, pool, mode).unwrap();
        for one in &steps {
            let rows: Vec<_> = world.state.reservations.iter().map(|(_, id, _)| *id).collect();
            match *one {
                Step::Reserve(lot) => drop(world.run(with_option(pool, lot))),
                Step::Quote(lot) => drop(make_quote(&mut world, pool, lot)),
                Step::Take(which) => {
                    let quotes = world.state.quotes.iter().map(|(_, id, _)| *id);
                    let quotes: Vec<_> = quotes.collect();
                    let Some((_, quote)) = pick(&quotes, which) else { continue };
                    drop(world.run(TakeQuote { quote }));
                }
                Step::Allocate(which) | Step::Exercise(which) => {
                    let Some((_, reservation)) = pick(&rows, which) else { continue };
                    let at = world.state.reservations.get(&reservation).unwrap().unnamed_from;
                    drop(match one {
                        Step::Exercise(_) => exercise(&mut world, reservation),
                        _ => world.run(Allocate { reservation, at, exclude: None }),
                    });
                }
                Step::Mode(_) | Step::Lapse(_) | Step::Floor(_) => {}
            }
            kept(&world, pool)?;
        }
        while let Some(((at, ..), reservation)) = waiting(&world).pop_first() {
            let named = world.run(Allocate { reservation, at, exclude: None });
            prop_assert!(named.is_ok(), "{:?}", named);
            kept(&world, pool)?;
        }
    }
}
