//! What a decision of the calendar costs, and how neatly lots are named.
//!
//!     cargo run --release -p bareboat-capacity --example admit -- speed [NODES LOTS]
//!     cargo run --release -p bareboat-capacity --example admit -- leaves [SEEDS]
//!     cargo run --release -p bareboat-capacity --example admit -- mixed [SEEDS]
//!     cargo run --release -p bareboat-capacity --example admit -- stream SEED > requests.csv
//!
//! `stream` writes one of the twenty streams of `leaves`, for `bareboat capacity simulate`.

#![allow(clippy::print_stdout)] // Its output is its product.

#[path = "../common/mod.rs"]
mod common;
mod mixed;

use common::{Asked, Desk, Draw, LEAF, Taken, YEAR, day, long_lots, stream, timed};

fn speed(nodes: u32, lots: u32) {
    for pinned in [false, true] {
        let mut desk = Desk::new(nodes);
        let mut draw = Draw(u64::from(nodes) + u64::from(lots));
        let (mut sold, mut tries) = (0, 0);
        while sold < lots && tries < lots * 3 {
            tries += 1;
            let asked = long_lots(&mut draw, nodes, lots);
            let reserve = desk.reserve(asked);
            sold += u32::from(desk.sell(reserve, pinned && tries % 3 == 0).is_ok());
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
                let reserve = desk.reserve(asked);
                let (took, done) = timed(|| desk.sell(reserve, true).is_ok());
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
        let sell = |one: &Asked| {
            let reserve = desk.reserve(*one);
            desk.sell(reserve, false).is_ok()
        };
        let sold: Vec<bool> = requests.iter().map(sell).collect();
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
        Some("mixed") => mixed::run(number(1, 8)),
        Some("leaves") => leaves(number(1, 20)),
        Some("stream") => {
            println!("id,start_minutes,duration_minutes,nodes");
            for (index, asked) in stream(number(1, 1)).iter().enumerate() {
                let (start, duration) = (asked.from * 1440, asked.days * 1440);
                println!("r{index},{start},{duration},{}", asked.nodes);
            }
        }
        _ => println!("speed [NODES LOTS] | leaves [SEEDS] | mixed [SEEDS] | stream SEED"),
    }
}
