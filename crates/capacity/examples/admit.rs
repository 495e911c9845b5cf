//! What a decision of the calendar costs, and how neatly lots are named.
//!
//!     cargo run --release -p bareboat-capacity --example admit -- speed [NODES LOTS]
//!     cargo run --release -p bareboat-capacity --example admit -- leaves [SEEDS]
//!     cargo run --release -p bareboat-capacity --example admit -- stream SEED > requests.csv
//!
//! `stream` writes one of the twenty streams of `leaves`, for `bareboat capacity simulate`.

#![allow(clippy::print_stdout)] // Its output is its product.

use std::fmt::Display;
use std::hint::black_box;
use std::time::{Duration, Instant as Stopwatch};

use bareboat_base::{
    CommandId, Context, Instant, NodeCount, PoolId, Position, Recorded, Run, Shape, TypedId, Window,
};
use bareboat_capacity::{
    Allocate, Command, Event, OpenPool, PlacedRun, ReceiveSupply, Rejection, Reserve,
    ScheduleSupply, State, apply, decide,
};

const DAY: i64 = 86_400_000_000;
const YEAR: i64 = 365;
const LEAF: u32 = 32;
const SPINE: u32 = 16;

fn id<I: TypedId>(number: u64) -> I {
    let text = format!("00000000-0000-8000-8000-{number:012x}");
    I::from_uuid(text.parse::<CommandId>().expect("an id").uuid())
}

fn day(days: i64) -> Instant {
    Instant::from_micros(days * DAY).expect("a day of the calendar")
}

/// SplitMix64: the same numbers everywhere.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// From `low` to `high`, both included.
    fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1).unsigned_abs()).cast_signed()
    }

    /// From `low` to `high`, each doubling as likely as the next.
    fn log_uniform(&mut self, low: f64, high: f64) -> u32 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        (low * (high / low).powf(unit)).round() as u32
    }
}

/// A request: days from the beginning.
#[derive(Clone, Copy)]
struct Asked {
    from: i64,
    days: i64,
    nodes: u32,
}

/// The stream of a seed: 8 to 512 nodes, 30 to 365 days, within five years.
fn stream(seed: u64) -> Vec<Asked> {
    let mut draw = Draw(seed);
    let one = |_| {
        let nodes = draw.log_uniform(8.0, 512.0);
        let days = draw.within(30, 365);
        let from = draw.within(0, 5 * YEAR - days);
        Asked { from, days, nodes }
    };
    (0..1000).map(one).collect()
}

struct Desk {
    state: State,
    pool: PoolId,
    commands: u64,
    position: u64,
}

impl Desk {
    fn new(nodes: u32) -> Self {
        let mut desk = Self {
            state: State::default(),
            pool: id(0),
            commands: 0,
            position: 0,
        };
        let open = OpenPool {
            site: id(1),
            model: id(2),
            gpus_per_node: 8,
            nodes_per_domain: 1,
        };
        desk.must(open);
        desk.pool = desk.state.pool_of(id(1), id(2)).expect("a pool");
        desk.must(ScheduleSupply {
            pool: desk.pool,
            tranche: id(3),
            nodes: NodeCount(nodes),
            from: day(0),
        });
        let placed = (0..nodes.div_ceil(LEAF)).map(|leaf| PlacedRun {
            hall: id(4),
            nvlink_domain: None,
            leaf,
            spine_group: leaf / SPINE,
            run: Run {
                first: leaf * LEAF + 1,
                count: LEAF.min(nodes - leaf * LEAF),
            },
        });
        desk.must(ReceiveSupply {
            pool: desk.pool,
            tranche: id(3),
            at: day(0),
            nodes: placed.collect(),
        });
        desk
    }

    fn context(&mut self) -> Context {
        self.commands += 1;
        Context {
            command_id: id(self.commands),
            actor: id(5),
            recorded_at: day(0),
            part: 0,
        }
    }

    fn run(&mut self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let context = self.context();
        let events = decide(&self.state, &context, command)?;
        for event in &events {
            self.position += 1;
            let recorded = Recorded {
                position: Position(self.position),
                at: context.recorded_at,
                by: context.actor,
            };
            apply(&mut self.state, &recorded, event);
        }
        Ok(events)
    }

    fn must(&mut self, command: impl Into<Command>) {
        let done = self.run(&command.into());
        done.expect("what lays out the pool is accepted");
    }

    fn reserve(&self, asked: Asked) -> Reserve {
        let window = Window::new(day(asked.from), day(asked.from + asked.days));
        Reserve {
            lot: id(6),
            contract: id(7),
            pool: self.pool,
            nodes: NodeCount(asked.nodes),
            window: window.expect("a window"),
            shape: Shape::ANY,
            part: None,
            option: None,
        }
    }

    /// Reserves, and names nodes as well when it is to be pinned.
    fn sell(&mut self, asked: Asked, pinned: bool) -> bool {
        let reserve = self.reserve(asked);
        let at = reserve.window.from();
        let before = pinned.then(|| self.state.clone());
        let Ok(events) = self.run(&reserve.into()) else {
            return false;
        };
        let (Some(before), Some(Event::Reserved(reserved))) = (before, events.first()) else {
            return true;
        };
        let allocate = Allocate {
            reservation: reserved.reservation,
            at,
            exclude: None,
        };
        let named = self.run(&allocate.into()).is_ok();
        if !named {
            self.state = before;
        }
        named
    }
}

/// Sorted durations of one kind of decision.
#[derive(Default)]
struct Taken(Vec<Duration>);

impl Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut taken = self.0.clone();
        taken.sort_unstable();
        let at = |share: usize| {
            let index = (taken.len() * share / 100).min(taken.len().saturating_sub(1));
            taken
                .get(index)
                .map_or(0.0, |taken| taken.as_secs_f64() * 1e6)
        };
        write!(f, "{:.1} / {:.1} ({})", at(50), at(99), taken.len())
    }
}

fn timed<T>(step: impl FnOnce() -> T) -> (Duration, T) {
    let watch = Stopwatch::now();
    let done = black_box(step());
    (watch.elapsed(), done)
}

/// Lots of three years over ten, so large that together they fill half of the pool.
fn long_lots(draw: &mut Draw, nodes: u32, lots: u32) -> Asked {
    let mean = f64::from(nodes) * 10.0 * 0.45 / (f64::from(lots.max(1)) * 3.0);
    // The mean of log-uniform numbers from m/4 to 3m is about 1.1 m.
    let asked = draw.log_uniform((mean / 4.0).max(1.0), (mean * 2.7).max(2.0));
    Asked {
        from: draw.within(0, 7 * YEAR),
        days: 3 * YEAR,
        nodes: asked.max(1),
    }
}

fn speed(nodes: u32, lots: u32) {
    for pinned in [false, true] {
        let mut desk = Desk::new(nodes);
        let mut draw = Draw(u64::from(nodes) + u64::from(lots));
        let (mut sold, mut tries) = (0, 0);
        while sold < lots && tries < lots * 3 {
            tries += 1;
            let asked = long_lots(&mut draw, nodes, lots);
            sold += u32::from(desk.sell(asked, pinned && tries % 3 == 0));
        }
        let (mut admit, mut refuse) = (Taken::default(), Taken::default());
        let (mut place, mut unplaced) = (Taken::default(), Taken::default());
        for turn in 0..3_000 {
            let mut asked = long_lots(&mut draw, nodes, lots.max(100));
            if turn % 2 == 0 {
                asked.nodes = asked.nodes.saturating_mul(40).min(nodes);
            }
            let fork = desk.state.clone();
            let reserve = desk.reserve(asked).into();
            let (took, done) = timed(|| desk.run(&reserve).is_ok());
            if done { &mut admit } else { &mut refuse }.0.push(took);
            desk.state = fork;
            if pinned && turn < 300 {
                let fork = desk.state.clone();
                let (took, done) = timed(|| desk.sell(asked, true));
                if done { &mut place } else { &mut unplaced }.0.push(took);
                desk.state = fork;
            }
        }
        let (fork, _) = timed(|| desk.state.clone());
        let what = if pinned {
            "a third pinned"
        } else {
            "nothing pinned"
        };
        println!("{nodes} nodes, {sold} lots, {what}: µs p50 / p99 (of so many)");
        println!("  admit {admit}\n  refuse {refuse}");
        if pinned {
            println!("  admit with names {place}\n  refuse with names {unplaced}");
        } else {
            let (took, names) = timed(|| desk.state.names(desk.pool, day(0)));
            let each = took.as_secs_f64() * 1e6 / f64::from(sold.max(1));
            println!(
                "  name all: {each:.1} a lot, {} left out",
                names.left_out.len()
            );
        }
        println!("  fork {:.1} µs", fork.as_secs_f64() * 1e6);
    }
}

/// What counting alone accepts, day by day.
fn count_only(requests: &[Asked], nodes: u32) -> Vec<bool> {
    let mut held = vec![0; (5 * YEAR) as usize];
    let one = |asked: &Asked| {
        let days = &mut held[asked.from as usize..(asked.from + asked.days) as usize];
        let fits = days.iter().all(|held| held + asked.nodes <= nodes);
        if fits {
            days.iter_mut().for_each(|held| *held += asked.nodes);
        }
        fits
    };
    requests.iter().map(one).collect()
}

fn leaves(seeds: u64) {
    const NODES: u32 = 12_500;
    let (mut sum, mut worst, mut accepted) = (0.0, 0.0_f64, 0);
    for seed in 1..=seeds {
        let requests = stream(seed);
        let mut desk = Desk::new(NODES);
        let sold: Vec<bool> = requests.iter().map(|one| desk.sell(*one, false)).collect();
        let same = sold == count_only(&requests, NODES);
        let names = desk.state.names(desk.pool, day(0));
        let used: u32 = names.named.iter().map(|named| named.leaves).sum();
        let both = requests.iter().zip(&sold).filter(|(_, sold)| **sold);
        let least: u32 = both.map(|(asked, _)| asked.nodes.div_ceil(LEAF)).sum();
        let ratio = f64::from(used) / f64::from(least);
        let count = sold.iter().filter(|sold| **sold).count();
        println!(
            "seed {seed}: {count} accepted, {} as counting does; leaves {used} of {least}, \
             {ratio:.4}; {} left out",
            if same { "the same" } else { "NOT the same" },
            names.left_out.len()
        );
        sum += ratio;
        worst = worst.max(ratio);
        accepted += count;
    }
    let seeds = seeds.max(1) as f64;
    println!(
        "average {:.4}, worst {worst:.4}, {:.0} accepted",
        sum / seeds,
        accepted as f64 / seeds
    );
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise: u64| -> u64 {
        let word = words.get(at).map(|word| word.parse().expect("a number"));
        word.unwrap_or(otherwise)
    };
    match words.first().map(String::as_str) {
        Some("speed") if words.len() > 1 => {
            let small = |at| u32::try_from(number(at, 0)).expect("a smaller number");
            speed(small(1), small(2));
        }
        Some("speed") => {
            for (nodes, lots) in [
                (1_250, 0),
                (1_250, 1_000),
                (12_500, 0),
                (12_500, 1_000),
                (125_000, 0),
                (125_000, 10_000),
            ] {
                speed(nodes, lots);
            }
        }
        Some("leaves") => leaves(number(1, 20)),
        Some("stream") => {
            println!("id,start_minutes,duration_minutes,nodes");
            for (index, asked) in stream(number(1, 1)).iter().enumerate() {
                let (start, duration) = (asked.from * 1440, asked.days * 1440);
                println!("r{index},{start},{duration},{}", asked.nodes);
            }
        }
        _ => println!("speed [NODES LOTS] | leaves [SEEDS] | stream SEED"),
    }
}
