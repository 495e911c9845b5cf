//! How each figure of the calendar grows with nodes and lots.
//!
//!     cargo run --release -p bareboat-capacity --example growth -- [FILE.json [NODES LOTS]]
//!
//! Prints the tables of `docs/benchmarks.md`; `tools/capacity/growth.py` draws the file. Lots of
//! three years within ten that fill about half of the pool. Every allocation is counted, which
//! costs some nanoseconds each; `--example admit -- speed` counts none.

#![allow(clippy::print_stdout)] // Its output is its product.

mod common;

use std::time::Duration;

use bareboat_base::{AllocationId, Code, NodeSet, Shape, Zone};
use bareboat_capacity::{ReplaceNode, Reserve, SetUnavailable};
use common::{Asked, Desk, Draw, LEAF, Taken, day, days, id, long_lots, micros, timed};
use serde_json::{Value, json};

/// Counts what is allocated and not freed.
#[global_allocator]
static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

/// What is measured of one kind stops after so long.
const ENOUGH: Duration = Duration::from_secs(8);

fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// A pool with lots, sold one after the other; what that took; what it occupies.
struct Sold {
    desk: Desk,
    lots: u32,
    requests: u32,
    took: Duration,
    memory: f64,
}

fn sell(nodes: u32, lots: u32, pinned: bool) -> Sold {
    let before = MEMORY.allocated();
    let mut desk = Desk::new(nodes);
    let mut draw = Draw(u64::from(nodes) + u64::from(lots));
    let (mut sold, mut requests, mut took) = (0, 0, Duration::ZERO);
    while sold < lots && requests < lots * 3 {
        requests += 1;
        let reserve = desk.reserve(long_lots(&mut draw, nodes, lots));
        let (each, done) = timed(|| desk.sell(reserve, pinned && requests % 3 == 0).is_ok());
        took += each;
        sold += u32::from(done);
    }
    Sold {
        desk,
        lots: sold,
        requests,
        took,
        memory: mebibytes(MEMORY.allocated() - before),
    }
}

/// Runs on a copy each time, until it was enough.
fn repeat(times: u32, mut one: impl FnMut(u32) -> Duration) {
    let mut spent = Duration::ZERO;
    for turn in 0..times {
        spent += one(turn);
        if spent > ENOUGH {
            break;
        }
    }
}

/// Admitted and refused, with names at once or without.
fn decisions(desk: &mut Desk, nodes: u32, lots: u32, named: bool) -> (Taken, Taken) {
    let mut draw = Draw(7);
    let (mut admit, mut refuse) = (Taken::default(), Taken::default());
    repeat(if named { 600 } else { 6_000 }, |turn| {
        let mut asked = long_lots(&mut draw, nodes, lots.max(100));
        if turn % 2 == 0 {
            asked.nodes = draw.count(nodes / 2, nodes + nodes / 10);
        }
        let fork = desk.state.clone();
        let reserve = desk.reserve(asked);
        let (took, done) = timed(|| desk.sell(reserve, named).is_ok());
        desk.state = fork;
        if done { &mut admit } else { &mut refuse }.0.push(took);
        took
    });
    (admit, refuse)
}

/// A lot too large for what is left, half of them with a shape or an option.
fn too_large(desk: &Desk, draw: &mut Draw, nodes: u32) -> Reserve {
    let asked = Asked {
        nodes: draw.count(nodes / 2, nodes),
        ..long_lots(draw, nodes, 100)
    };
    let max_leaves = draw.chance(50).then(|| asked.nodes.div_ceil(LEAF) + 1);
    let option = if draw.chance(50) { 365 } else { 0 };
    desk.reserve_shaped(asked, Shape::leaves(max_leaves), option)
}

/// Why a lot is refused, and what could be sold instead.
fn alternatives(desk: &Desk, nodes: u32) -> Taken {
    let utc: Zone = "Etc/UTC".parse().expect("a zone");
    let mut draw = Draw(11);
    let mut taken = Taken::default();
    repeat(300, |_| {
        let reserve = too_large(desk, &mut draw, nodes);
        let (took, refused) = timed(|| {
            let bound = desk.state.explain(&reserve, day(0));
            let zones = |_| Some(utc.clone());
            desk.state.alternatives(&reserve, day(0), &zones);
            matches!(bound, Ok(Some(_)))
        });
        if refused {
            taken.0.push(took);
        }
        took
    });
    taken
}

/// A node of an allocation fails, and the nearest spare takes its place.
fn replacements(desk: &mut Desk) -> Taken {
    let live: Vec<AllocationId> = desk
        .state
        .allocations
        .iter()
        .map(|(_, id, _)| *id)
        .collect();
    let mut draw = Draw(13);
    let mut taken = Taken::default();
    let times = if live.is_empty() { 0 } else { 600 };
    repeat(times, |_| {
        let allocation = live[draw.next() as usize % live.len()];
        let row = desk.state.allocations.get(&allocation).expect("a live one");
        let node = row.nodes.numbers().next().expect("a node");
        let at = row.window.from();
        let fork = desk.state.clone();
        let failed = at.micros() / common::DAY;
        desk.must(SetUnavailable {
            pool: desk.pool,
            nodes: NodeSet::from_numbers(id(1), [node]).expect("a node"),
            window: days(failed, failed + 13),
            why: Code::new("failed").expect("a word"),
        });
        let replace = ReplaceNode {
            allocation,
            node,
            at,
            exclude: None,
        };
        let (took, _) = timed(|| desk.decided(&replace.into()).is_ok());
        desk.state = fork;
        taken.0.push(took);
        took
    });
    taken
}

/// A copy for a what-if, and the first lot sold in it.
fn fork(desk: &mut Desk) -> Taken {
    let mut taken = Taken::default();
    for _ in 0..200 {
        let kept = desk.state.clone();
        let asked = Asked {
            from: 400,
            days: 365,
            nodes: 1,
        };
        let reserve = desk.reserve(asked).into();
        let (took, _) = timed(|| {
            let copy = desk.state.clone();
            let sold = desk.run(&reserve).is_ok();
            (copy, sold)
        });
        taken.0.push(took);
        desk.state = kept;
    }
    taken
}

fn pair(taken: &Taken) -> Value {
    if taken.0.is_empty() {
        return Value::Null;
    }
    json!([taken.percentile(50), taken.percentile(99)])
}

fn measure(nodes: u32, lots: u32) -> Value {
    let mut sold = sell(nodes, lots, false);
    let (admit, refuse) = decisions(&mut sold.desk, nodes, lots, false);
    let (naming, names) = timed(|| sold.desk.state.names(sold.desk.pool, day(0)));
    let each = |took: Duration, of: u32| micros(took) / f64::from(of.max(1));
    let alternatives_counted = alternatives(&sold.desk, nodes);
    let plain = (sold.lots, sold.memory);
    let wall = each(sold.took + naming, sold.requests);
    let name = each(naming, sold.lots);
    let left_out = names.left_out.len();
    drop((names, sold));
    let mut pinned = sell(nodes, lots, true);
    let (admit_named, refuse_named) = decisions(&mut pinned.desk, nodes, lots, true);
    let (admit_placed, refuse_placed) = decisions(&mut pinned.desk, nodes, lots, false);
    json!({
        "nodes": nodes, "wanted_lots": lots, "lots": plain.0, "lots_pinned": pinned.lots,
        "left_out": left_out,
        "admit": pair(&admit), "refuse": pair(&refuse),
        "admit_placed": pair(&admit_placed), "refuse_placed": pair(&refuse_placed),
        "admit_named": pair(&admit_named), "refuse_named": pair(&refuse_named),
        "name": name, "wall": wall,
        "alternatives": pair(&alternatives_counted),
        "alternatives_placed": pair(&alternatives(&pinned.desk, nodes)),
        "replace": pair(&replacements(&mut pinned.desk)),
        "fork": pair(&fork(&mut pinned.desk)),
        "memory": plain.1, "memory_pinned": pinned.memory,
    })
}

/// 6.8, 24, 106; 4,100 as 4.1 ms.
fn number(micros: f64) -> String {
    match micros {
        below if below < 10.0 => format!("{below:.1}"),
        below if below < 10_000.0 => format!("{below:.0}"),
        other => format!("{:.0} ms", other / 1e3),
    }
}

fn cell(of: &Value) -> String {
    match (of.as_array(), of.as_f64()) {
        (Some(pair), _) => {
            let part = |at: usize| number(pair[at].as_f64().unwrap_or(0.0));
            format!("{} / {}", part(0), part(1))
        }
        (None, Some(plain)) => number(plain),
        (None, None) => String::new(),
    }
}

type Columns<'a> = &'a [(&'a str, &'a str)];

fn table(rows: &[Value], columns: Columns<'_>) {
    let heads: Vec<&str> = columns.iter().map(|(head, _)| *head).collect();
    println!("| nodes | lots | {} |", heads.join(" | "));
    println!("|{}", "---|".repeat(columns.len() + 2));
    for row in rows {
        let cells: Vec<String> = columns.iter().map(|(_, key)| cell(&row[*key])).collect();
        println!(
            "| {} | {} | {} |",
            row["nodes"],
            row["lots"],
            cells.join(" | ")
        );
    }
    println!();
}

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let only: Vec<u32> = words
        .iter()
        .skip(1)
        .map(|word| word.parse().expect("a number"))
        .collect();
    let mut rows = Vec::new();
    for nodes in [1_250, 12_500, 125_000] {
        for lots in [0, 1_000, 10_000] {
            if only.is_empty() || only == [nodes, lots] {
                rows.push(measure(nodes, lots));
            }
        }
    }
    println!("Microseconds, p50 / p99. Nothing pinned ahead:\n");
    table(
        &rows,
        &[
            ("admit", "admit"),
            ("refuse", "refuse"),
            ("name one afterwards", "name"),
            ("all of it by request", "wall"),
            ("refused, with alternatives", "alternatives"),
            ("memory, MiB", "memory"),
        ],
    );
    println!("A third pinned ahead:\n");
    table(
        &rows,
        &[
            ("admit", "admit_placed"),
            ("refuse", "refuse_placed"),
            ("admit with names", "admit_named"),
            ("refused, with alternatives", "alternatives_placed"),
            ("decide a replacement", "replace"),
            ("fork and first write", "fork"),
            ("memory, MiB", "memory_pinned"),
        ],
    );
    match words.first() {
        Some(file) => std::fs::write(file, format!("{:#}\n", Value::Array(rows))),
        None => Ok(()),
    }
}
