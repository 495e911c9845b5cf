//! The figures of `docs/benchmarks.md`. Prints what it measures and never judges it.
//!
//! `cargo run --release -p bareboat-sim --example bench -- WHAT [--dir DIRECTORY] [--runs N]`
//!
//! `WHAT` is one of `prepare`, `replay`, `cold`, `fork`, `impact`, `commit`, `stall`. The first
//! four after `prepare` read the big book that it writes; `commit` and `stall` make their own.

#![allow(clippy::print_stdout)] // Its output is its product.

mod big;
mod commit;
mod fork;
mod gauge;
mod replay;
mod stall;

use std::path::PathBuf;

use anyhow::{Context as _, bail};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the command line asks for.
pub(crate) struct Asked {
    /// Where books are written. Use a real disk.
    pub dir: PathBuf,
    /// How often each figure is taken.
    pub runs: usize,
}

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let what = words
        .next()
        .context("say what to measure; see the source")?;
    let mut asked = Asked {
        dir: PathBuf::from("target/bench"),
        runs: 5,
    };
    let mut rest = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--dir" => asked.dir = words.next().context("--dir DIRECTORY")?.into(),
            "--runs" => asked.runs = words.next().context("--runs N")?.parse()?,
            _ => rest.push(word),
        }
    }
    std::fs::create_dir_all(&asked.dir)?;
    gauge::machine();
    match what.as_str() {
        "prepare" => big::prepare(&asked),
        "replay" => replay::run(&asked),
        "cold" => big::cold(&asked),
        "open" => big::open_once(&asked),
        "fork" => fork::run(&asked),
        "impact" => fork::impact(&asked),
        "commit" => commit::run(&asked),
        "stall" => stall::run(&asked),
        other => bail!("{other:?} is nothing that is measured here"),
    }
}
