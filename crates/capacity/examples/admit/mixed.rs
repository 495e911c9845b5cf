//! A harder mix than `leaves`: long lots and short ones, shapes, options, a third of the lots with
//! names from the moment they are sold. What the count alone accepts is what could be sold if any
//! node did for any lot; this says how much of it is sold, and to what the rest is lost.

use bareboat_base::{Refusal as _, Shape};
use bareboat_capacity::{Rejection, Reserve};

use crate::common::{Asked, DAY, Desk, Draw, LEAF, YEAR};

const NODES: u32 = 12_500;
const REQUESTS: usize = 1_500;

/// A request of the mix.
#[derive(Clone, Copy)]
struct Request {
    asked: Asked,
    /// Leaves that it may hang on.
    max_leaves: Option<u32>,
    /// Days of its option.
    option: i64,
    pinned: bool,
}

impl Request {
    fn draw(draw: &mut Draw) -> Self {
        let nodes = draw.log_uniform(8.0, 512.0);
        // Half of them weeks, a third months, the rest years.
        let days = match draw.count(0, 5) {
            0..=2 => draw.within(2, 60),
            3..=4 => draw.within(60, 365),
            _ => draw.within(365, 3 * YEAR),
        };
        let from = draw.within(1, 5 * YEAR - days);
        let least = nodes.div_ceil(LEAF);
        let shaped = draw.chance(30);
        let loose = draw.count(0, 1 + least / 4);
        let optional = draw.chance(20);
        let option = draw.within(days / 4 + 1, days / 2 + 1);
        Self {
            asked: Asked { from, days, nodes },
            max_leaves: shaped.then_some(least + loose),
            option: if optional { option } else { 0 },
            pinned: draw.count(0, 2) == 0,
        }
    }

    fn reserve(&self, desk: &Desk) -> Reserve {
        desk.reserve_shaped(self.asked, Shape::leaves(self.max_leaves), self.option)
    }

    /// Node-days sold firmly.
    fn node_days(&self) -> f64 {
        f64::from(self.asked.nodes) * self.asked.days as f64
    }

    fn held(&self) -> std::ops::Range<usize> {
        let end = self.asked.from + self.asked.days + self.option;
        self.asked.from as usize..end as usize
    }
}

/// Why what the count alone accepts was not sold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Lost {
    /// Too few nodes: what was sold in place of what the count alone would have sold has them.
    Count,
    /// It would have been sold without its shape.
    Shape,
    /// It would have been sold without its option.
    Option,
    /// Enough nodes, but not the same ones throughout: others have names, or shapes.
    Fragments,
    /// It was to have its names at once, and would have been sold without.
    Names,
}

const LOSSES: [(Lost, &str); 5] = [
    (Lost::Count, "count"),
    (Lost::Shape, "its shape"),
    (Lost::Option, "its option"),
    (Lost::Fragments, "fragments"),
    (Lost::Names, "names"),
];

/// What the lot would have to give up to be sold.
fn why(desk: &mut Desk, request: Request, refusal: &Rejection) -> Lost {
    if matches!(refusal, Rejection::ShortOfSupply { .. }) {
        return Lost::Count;
    }
    let before = desk.state.clone();
    let mut sold = |request: Request| {
        let reserve = request.reserve(desk);
        let sold = desk.sell(reserve, request.pinned).is_ok();
        desk.state = before.clone();
        sold
    };
    let tries = [
        (
            Lost::Names,
            Request {
                pinned: false,
                ..request
            },
        ),
        (
            Lost::Shape,
            Request {
                max_leaves: None,
                ..request
            },
        ),
        (
            Lost::Option,
            Request {
                option: 0,
                ..request
            },
        ),
    ];
    let mut helps = tries.into_iter().filter(|(_, without)| sold(*without));
    helps.next().map_or(Lost::Fragments, |(lost, _)| lost)
}

/// What counting alone accepts: per day, options held as firmly as windows.
fn count_only(requests: &[Request]) -> Vec<bool> {
    let mut held = vec![0; 10 * YEAR as usize];
    let one = |request: &Request| {
        let days = &mut held[request.held()];
        let nodes = request.asked.nodes;
        let fits = days.iter().all(|held| held + nodes <= NODES);
        if fits {
            days.iter_mut().for_each(|held| *held += nodes);
        }
        fits
    };
    requests.iter().map(one).collect()
}

/// Lots and node-days.
#[derive(Clone, Copy, Default)]
struct Sum(u32, f64);

impl Sum {
    fn add(&mut self, request: &Request) {
        self.0 += 1;
        self.1 += request.node_days();
    }
}

struct Outcome {
    bound: Sum,
    sold: Sum,
    /// Sold though the count alone had no room left for it.
    instead: Sum,
    lost: [Sum; LOSSES.len()],
    leaves: f64,
    /// For which the packing of names found no place, though the witness has one.
    left_out: usize,
    codes: std::collections::BTreeMap<&'static str, u32>,
}

fn one(seed: u64) -> Outcome {
    let mut draw = Draw(seed);
    let requests: Vec<Request> = (0..REQUESTS).map(|_| Request::draw(&mut draw)).collect();
    let bound = count_only(&requests);
    let mut desk = Desk::new(NODES);
    let mut outcome = Outcome {
        bound: Sum::default(),
        sold: Sum::default(),
        instead: Sum::default(),
        lost: [Sum::default(); LOSSES.len()],
        leaves: 0.0,
        left_out: 0,
        codes: std::collections::BTreeMap::new(),
    };
    let mut sold = Vec::new();
    for (request, counted) in requests.iter().zip(&bound) {
        if *counted {
            outcome.bound.add(request);
        }
        let reserve = request.reserve(&desk);
        match desk.sell(reserve, request.pinned) {
            Ok(()) => {
                outcome.sold.add(request);
                sold.push(*request);
                if !counted {
                    outcome.instead.add(request);
                }
            }
            Err(refusal) => {
                *outcome.codes.entry(refusal.code()).or_default() += 1;
                if *counted {
                    let lost = why(&mut desk, *request, &refusal);
                    let at = LOSSES.iter().position(|(known, _)| *known == lost);
                    outcome.lost[at.unwrap_or(0)].add(request);
                }
            }
        }
    }
    check(&desk, &sold);
    let names = desk.state.names(desk.pool, crate::common::day(0));
    let named: u32 = names.named.iter().map(|named| named.leaves).sum();
    let rows = desk
        .state
        .reservations
        .iter()
        .filter(|(_, _, row)| row.allocation.is_none());
    let least: u32 = rows.map(|(_, _, row)| row.nodes.0.div_ceil(LEAF)).sum();
    outcome.leaves = f64::from(named) / f64::from(least.max(1));
    outcome.left_out = names.left_out.len();
    outcome
}

/// No lot short and no node twice, from the rows alone.
fn check(desk: &Desk, sold: &[Request]) {
    assert_eq!(desk.state.reservations.iter().count(), sold.len());
    let mut held: Vec<(u32, i64, i64)> = Vec::new();
    for (_, _, allocation) in desk.state.allocations.iter() {
        let window = (
            allocation.window.from().micros(),
            allocation.kept_until.micros(),
        );
        let of = desk
            .state
            .reservations
            .get(&allocation.reservation)
            .expect("its reservation");
        assert_eq!(allocation.nodes.count(), of.nodes, "none is short");
        held.extend(
            allocation
                .nodes
                .numbers()
                .map(|node| (node, window.0 / DAY, window.1 / DAY)),
        );
    }
    held.sort_unstable();
    let twice = held
        .windows(2)
        .any(|two| two[0].0 == two[1].0 && two[1].1 < two[0].2);
    assert!(!twice, "no node is sold twice");
    assert!(
        desk.state.risks(desk.pool).is_empty(),
        "every promise can be kept"
    );
}

fn print(name: &str, outcome: &Outcome) {
    let Outcome {
        bound,
        sold,
        instead,
        lost,
        ..
    } = outcome;
    let share = |part: Sum| 100.0 * part.1 / bound.1;
    print!(
        "| {name} | {} | {} | {:.1}% | {:.1}% |",
        bound.0,
        sold.0,
        100.0 * f64::from(sold.0) / f64::from(bound.0),
        share(*sold)
    );
    for part in lost {
        print!(" {} ({:.1}%) |", part.0, share(*part));
    }
    println!(
        " {} ({:.1}%) | {:.3} | {} |",
        instead.0,
        share(*instead),
        outcome.leaves,
        outcome.left_out
    );
}

/// The table over seeds.
pub fn run(seeds: u64) {
    print!("| seed | bound, lots | sold | of the lots | of the node-days |");
    for (_, name) in LOSSES {
        print!(" lost to {name} |");
    }
    println!(" sold instead | leaves | not named |");
    println!("|{}", "---|".repeat(8 + LOSSES.len()));
    let mut all: Option<Outcome> = None;
    for seed in 1..=seeds {
        let outcome = one(seed);
        print(&seed.to_string(), &outcome);
        match &mut all {
            None => all = Some(outcome),
            Some(all) => all.take(outcome),
        }
    }
    if let Some(mut all) = all {
        all.leaves /= seeds as f64;
        print("all", &all);
        println!("\nrefusals: {:?}", all.codes);
    }
}

impl Outcome {
    fn take(&mut self, other: Self) {
        let plus = |to: &mut Sum, sum: Sum| *to = Sum(to.0 + sum.0, to.1 + sum.1);
        plus(&mut self.bound, other.bound);
        plus(&mut self.sold, other.sold);
        plus(&mut self.instead, other.instead);
        for (to, sum) in self.lost.iter_mut().zip(other.lost) {
            plus(to, sum);
        }
        self.leaves += other.leaves;
        self.left_out += other.left_out;
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
    }
}
