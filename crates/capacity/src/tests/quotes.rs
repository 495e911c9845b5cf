//! Quotes: small stories, and histories against a model that counts hour by hour.

use bareboat_base::{ContractId, MicroPrice, NodeCount, PoolId, QuoteId};
use proptest::prelude::*;

use super::*;
use crate::{
    Allocate, Hold, LapseOption, MakeQuote, MoveSupply, QuoteStatus, ScheduleSupply, SetSpareFloor,
    TakeQuote, WithdrawQuote,
};

fn price() -> MicroPrice {
    "3.09 USD".parse().unwrap()
}

fn contract(number: u128) -> ContractId {
    id(10_000 + number)
}

/// A quote of a contract until an hour: lots of so many nodes over windows.
fn quote(number: u128, until: i64, holds: Vec<Hold>) -> MakeQuote {
    MakeQuote {
        contract: contract(number),
        price: price(),
        expires_at: hour(until),
        holds,
    }
}

fn hold(pool: PoolId, nodes: u32, from: i64, to: i64) -> Hold {
    Hold::from(ask(pool, nodes, from, to))
}

fn newest(world: &World) -> QuoteId {
    *world.state.quotes.iter().next_back().unwrap().1
}

/// A pool of so many nodes from hour 0, none of them named.
fn owing(nodes: u32) -> (World, PoolId) {
    let mut world = World::default();
    let pool = world.open_pool();
    let command = ScheduleSupply {
        pool,
        tranche: tranche(1),
        nodes: NodeCount(nodes),
        from: hour(0),
    };
    world.run(command).unwrap();
    (world, pool)
}

#[test]
fn concurrent_quotes_never_share_a_node() {
    let (mut world, pool) = owing(10);
    world.run(quote(1, 5, vec![hold(pool, 6, 10, 20)])).unwrap();
    let refused = world.run(quote(2, 5, vec![hold(pool, 5, 15, 30)]));
    let Err(Rejection::ShortOfSupply { at, free, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((at, free), (hour(15), NodeCount(4)));
    world.run(quote(2, 5, vec![hold(pool, 4, 15, 30)])).unwrap();
    world.run(ask(pool, 1, 15, 16)).unwrap_err();
    let steps = world.state.profile(pool, window(15, 16));
    assert_eq!(
        (steps[0].soft_held, steps[0].free),
        (NodeCount(10), NodeCount(0))
    );
}

#[test]
fn a_quote_holds_all_its_lots_or_none() {
    let (mut world, pool) = owing(10);
    // Each fits alone; together they do not.
    let lots = vec![hold(pool, 6, 0, 10), hold(pool, 5, 9, 20)];
    world.run(quote(1, 5, lots)).unwrap_err();
    let lots = vec![hold(pool, 6, 0, 10), hold(pool, 5, 10, 20)];
    world.run(quote(1, 5, lots)).unwrap();
    assert_eq!(
        world.run(quote(2, 5, Vec::new())),
        Err(Rejection::QuoteEmpty {
            contract: contract(2)
        })
    );
}

#[test]
fn an_expired_quote_holds_nothing_though_nobody_said_so() {
    let (mut world, pool) = owing(10);
    world
        .run(quote(1, 5, vec![hold(pool, 10, 10, 20)]))
        .unwrap();
    let id = newest(&world);
    world.now = 4;
    world.run(ask(pool, 1, 10, 11)).unwrap_err();
    assert_eq!(
        world.state.settled(hour(4)).max_free(pool, window(10, 20)),
        NodeCount(0)
    );
    // From the instant of expiry on it is free, for readers and for what is decided.
    let known = world.state.settled(hour(5)).into_owned();
    assert_eq!(known.max_free(pool, window(10, 20)), NodeCount(10));
    assert!(world.state.open_quote(contract(1), hour(5)).is_none());
    world.now = 5;
    let taken = world.run(TakeQuote { quote: id });
    let status = "lapsed";
    assert_eq!(taken, Err(Rejection::QuoteOver { quote: id, status }));
    let events = world.run(ask(pool, 10, 10, 20)).unwrap();
    let [Event::QuoteLapsed(lapsed), Event::Reserved(_)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(lapsed.quote, id);
    assert_eq!(
        world.state.quotes.get(&id).unwrap().status,
        QuoteStatus::Lapsed
    );
}

#[test]
fn a_taken_quote_becomes_its_reservations_and_no_more() {
    let (mut world, pool) = owing(10);
    let mut lot = hold(pool, 10, 10, 20);
    lot.option = Some(window(20, 25));
    world.run(quote(1, 5, vec![lot])).unwrap();
    let id = newest(&world);
    let refused = world.run(quote(1, 9, vec![lot]));
    let contract = contract(1);
    assert_eq!(
        refused,
        Err(Rejection::QuoteOpen {
            contract,
            quote: id
        })
    );
    // All of the pool is held, by itself: that does not stand in its way.
    let events = world.run(TakeQuote { quote: id }).unwrap();
    let [Event::QuoteTaken(_), Event::Reserved(reserved)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((reserved.window, reserved.option), (lot.window, lot.option));
    let steps = world.state.profile(pool, window(10, 25));
    let shown: Vec<_> = steps
        .iter()
        .map(|step| (step.firm.0, step.option.0, step.soft_held.0))
        .collect();
    assert_eq!(shown, [(10, 0, 0), (0, 10, 0)]);
    world.run(TakeQuote { quote: id }).unwrap_err();
    world.run(WithdrawQuote { quote: id }).unwrap_err();
    // Its expiry is past: what was reserved stays.
    world.now = 6;
    world.run(ask(pool, 1, 10, 11)).unwrap_err();
}

#[test]
fn a_quote_that_supply_no_longer_covers_is_not_taken() {
    let (mut world, pool) = owing(10);
    world
        .run(quote(1, 5, vec![hold(pool, 10, 10, 20)]))
        .unwrap();
    let id = newest(&world);
    world
        .run(MoveSupply {
            tranche: tranche(1),
            from: hour(15),
        })
        .unwrap();
    // A quote puts no reservation at risk, and is none.
    assert_eq!(world.state.at_risk(pool), []);
    let refused = world.run(TakeQuote { quote: id });
    assert!(
        matches!(refused, Err(Rejection::ShortOfSupply { at, .. }) if at == hour(10)),
        "{refused:?}"
    );
    world.run(WithdrawQuote { quote: id }).unwrap();
    world.run(ask(pool, 10, 15, 20)).unwrap();
}

#[test]
fn an_expiry_lies_ahead() {
    let (mut world, pool) = owing(10);
    world.now = 7;
    let past = world.run(quote(1, 7, vec![hold(pool, 1, 10, 20)]));
    let (expires_at, now) = (hour(7), hour(7));
    assert_eq!(past, Err(Rejection::QuoteExpiryPast { expires_at, now }));
    let quote: QuoteId = id(99);
    let refused = world.run(WithdrawQuote { quote });
    assert_eq!(refused, Err(Rejection::QuoteUnknown { quote }));
}

/// A quote is placed on nodes like a reservation: a lot that would take the last gap long enough
/// is refused, though the count is right.
#[test]
fn a_quote_keeps_its_place_among_pinned_nodes() {
    let mut world = World::default();
    let pool = world.open_pool();
    for (number, from) in [(1, 0), (2, 20)] {
        let command = ScheduleSupply {
            pool,
            tranche: tranche(number),
            nodes: NodeCount(1),
            from: hour(from),
        };
        world.run(command).unwrap();
    }
    let command = crate::ReceiveSupply {
        pool,
        tranche: tranche(1),
        at: hour(0),
        nodes: vec![placed(0, 0, 1, 1)],
    };
    world.run(command).unwrap();
    let why = bareboat_base::Code::new("maintenance").unwrap();
    world
        .run(crate::SetUnavailable {
            pool,
            nodes: set([1]),
            window: window(20, 30),
            why,
        })
        .unwrap();
    // By count one node is free throughout [10, 30), but never the same.
    let refused = world.run(quote(1, 5, vec![hold(pool, 1, 10, 30)]));
    assert!(
        matches!(refused, Err(Rejection::Fragmented { .. })),
        "{refused:?}"
    );
    world.run(quote(1, 5, vec![hold(pool, 1, 10, 20)])).unwrap();
    let quote = newest(&world);
    world.run(ask(pool, 1, 15, 18)).unwrap_err();
    world.run(ask(pool, 1, 20, 30)).unwrap();
    world.run(TakeQuote { quote }).unwrap();
    let reservation = world.last_reservation();
    world
        .run(Allocate {
            reservation,
            at: hour(10),
            exclude: None,
        })
        .unwrap();
}

/// One step of a history.
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Quote {
        valid: i64,
        lots: Vec<(u32, i64, i64, i64)>,
    },
    Withdraw(usize),
    Take(usize),
    Reserve((u32, i64, i64, i64)),
    Lapse(usize),
    Floor(u32),
}

fn lot() -> impl Strategy<Value = (u32, i64, i64, i64)> {
    (1_u32..6, 0..25_i64, 1..12_i64, 0..6_i64)
}

fn anything() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..5_i64).prop_map(Step::Wait),
        5 => (-1..8_i64, proptest::collection::vec(lot(), 1..4))
            .prop_map(|(valid, lots)| Step::Quote { valid, lots }),
        2 => (0_usize..20).prop_map(Step::Withdraw),
        4 => (0_usize..20).prop_map(Step::Take),
        4 => lot().prop_map(Step::Reserve),
        1 => (0_usize..20).prop_map(Step::Lapse),
        1 => (0_u32..3).prop_map(Step::Floor),
    ]
}

const HOURS: i64 = 45;

type Lot = (u32, i64, i64, i64);

/// Plain lists, counted afresh for every question.
#[derive(Default)]
struct Model {
    firm: Vec<Lot>,
    /// Its id, its expiry, whether it is over, its lots.
    quotes: Vec<(QuoteId, i64, bool, Vec<Lot>)>,
    floor: i64,
}

impl Model {
    const NODES: i64 = 12;

    fn open(&self, index: usize, now: i64) -> bool {
        let (_, expires, over, _) = &self.quotes[index];
        !over && now < *expires
    }

    fn held(lots: &[Lot], at: i64) -> i64 {
        let held = lots
            .iter()
            .filter(|(_, from, length, option)| *from <= at && at < from + length + option);
        held.map(|(nodes, ..)| i64::from(*nodes)).sum()
    }

    fn soft(&self, at: i64, now: i64) -> i64 {
        let open = (0..self.quotes.len()).filter(|index| self.open(*index, now));
        open.map(|index| Self::held(&self.quotes[index].3, at))
            .sum()
    }

    fn free(&self, at: i64, now: i64) -> i64 {
        Self::NODES - self.floor - Self::held(&self.firm, at) - self.soft(at, now)
    }

    /// Whether all of the lots fit beside all that is held at `now`.
    fn fits(&self, lots: &[Lot], now: i64) -> bool {
        (0..HOURS).all(|at| {
            let asked = Self::held(lots, at);
            asked == 0 || asked <= self.free(at, now)
        })
    }
}

fn holds(pool: PoolId, lots: &[Lot]) -> Vec<Hold> {
    let each = lots.iter().map(|&(nodes, from, length, option)| {
        let mut hold = hold(pool, nodes, from, from + length);
        let to = from + length;
        hold.option = (option > 0).then(|| window(to, to + option));
        hold
    });
    each.collect()
}

fn step(
    world: &mut World,
    model: &mut Model,
    pool: PoolId,
    step: &Step,
) -> Result<(), TestCaseError> {
    let now = world.now;
    match step {
        Step::Wait(hours) => world.now += hours,
        Step::Floor(nodes) => {
            let nodes = NodeCount(*nodes);
            world.run(SetSpareFloor { pool, nodes }).unwrap();
            model.floor = i64::from(nodes.0);
        }
        Step::Quote { valid, lots } => {
            let number = model.quotes.len() as u128;
            let expected = *valid > 0 && model.fits(lots, now);
            let made = world.run(quote(number, now + valid, holds(pool, lots)));
            prop_assert_eq!(made.is_ok(), expected, "{:?}", made);
            if expected {
                let made = (newest(world), now + valid, false, lots.clone());
                model.quotes.push(made);
            }
        }
        Step::Withdraw(which) | Step::Take(which) if !model.quotes.is_empty() => {
            let index = which % model.quotes.len();
            let id = model.quotes[index].0;
            let open = model.open(index, now);
            let take = matches!(step, Step::Take(_));
            let done = if take {
                world.run(TakeQuote { quote: id })
            } else {
                world.run(WithdrawQuote { quote: id })
            };
            let lots = model.quotes[index].3.clone();
            model.quotes[index].2 = true;
            // Its own hold does not count against it; only a floor raised since can.
            let expected = open && (!take || model.fits(&lots, now));
            prop_assert_eq!(done.is_ok(), expected, "{:?}", done);
            model.quotes[index].2 = done.is_ok() || !open;
            if take && done.is_ok() {
                model.firm.extend(lots);
            }
        }
        Step::Reserve(lot) => {
            let expected = model.fits(&[*lot], now);
            let asked = holds(pool, &[*lot])[0];
            let asked = Reserve {
                option: asked.option,
                ..ask(pool, lot.0, lot.1, lot.1 + lot.2)
            };
            let done = world.run(asked);
            prop_assert_eq!(done.is_ok(), expected, "{:?}", done);
            if expected {
                model.firm.push(*lot);
            }
        }
        Step::Lapse(which) if !model.firm.is_empty() => {
            let index = which % model.firm.len();
            let row = world.state.reservations.iter().nth(index);
            let reservation = *row.unwrap().1;
            let lapsed = world.run(LapseOption { reservation });
            prop_assert_eq!(lapsed.is_ok(), model.firm[index].3 > 0);
            model.firm[index].3 = 0;
        }
        Step::Withdraw(_) | Step::Take(_) | Step::Lapse(_) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever is quoted, taken, withdrawn, sold and left to expire, in any order: exactly what
    /// fits is promised, what expired never blocks, and at no hour is more held than there is.
    #[test]
    fn quotes_and_reservations_together_never_hold_more_than_there_is(
        steps in proptest::collection::vec(anything(), 1..40),
    ) {
        let (mut world, pool) = owing(Model::NODES as u32);
        let mut model = Model::default();
        for one in &steps {
            step(&mut world, &mut model, pool, one)?;
            let known = world.state.settled(hour(world.now));
            let profile = known.profile(pool, window(0, HOURS));
            for at in 0..HOURS {
                let found = profile.iter().find(|step| step.window.contains(hour(at))).unwrap();
                prop_assert_eq!(i64::from(found.soft_held.0), model.soft(at, world.now));
                let free = i64::from(found.free.0) - i64::from(found.short.0);
                prop_assert_eq!(free, model.free(at, world.now));
                let promised = Model::held(&model.firm, at) + model.soft(at, world.now);
                prop_assert!(promised <= Model::NODES, "{} at hour {}", promised, at);
            }
        }
        let bytes = postcard::to_stdvec(&world.state).unwrap();
        let read: State = postcard::from_bytes(&bytes).unwrap();
        prop_assert!(read == world.state);
    }
}
