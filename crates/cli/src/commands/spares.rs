//! How many spares a fault model asks for, by formula, and what a replay of faults comes to.

use std::path::{Path, PathBuf};
use std::time::Instant as Stopwatch;

use anyhow::{Context as _, Result};
use bareboat_capacity::faults::{
    BadFaults, Desk, Fabric, Outage, Rate, Rates, Repair, Replay, Sizing, Unit, YEAR, bits,
    generate, happenings, merged, needed, replay, tiled,
};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::simulate::percentile;
use crate::args::Global;
use crate::{exit, show};

/// Sizes spares by formula and replays faults with them; no book is needed.
///
/// Node i hangs on leaf i div LEAF and stands in rack i div RACK; leaf j is in spine group j div
/// SPINE. Faults come from a trace (CSV with the columns node, from_seconds, to_seconds) or are
/// drawn at rates. A failed node is replaced by the nearest spare: in its leaf, then its spine
/// group, then its hall.
///
/// The formula takes faults to be independent; where those of a trace come in bursts, the replay
/// needs more. The larger of both is what is asked for.
#[derive(Debug, Args)]
pub struct Spares {
    /// How many nodes there are, spares among them.
    #[arg(long)]
    nodes: u32,
    /// Nodes of a leaf.
    #[arg(long, default_value_t = 32)]
    leaf: u32,
    /// Leaves of a spine group.
    #[arg(long, default_value_t = 16)]
    spine: u32,
    /// Nodes of a rack.
    #[arg(long, default_value_t = 8)]
    rack: u32,
    /// Spine groups of a hall; all are in one when left out.
    #[arg(long)]
    hall: Option<u32>,
    /// A trace of faults. Over more nodes than it is of, it is laid out copy after copy, each
    /// begun at another instant.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "repair", "outage", "years"])]
    trace: Option<PathBuf>,
    /// How many nodes the trace is of; up to the last that failed when left out.
    #[arg(long, requires = "trace")]
    traced: Option<u32>,
    /// Faults of a node in a year.
    #[arg(long, requires = "repair")]
    rate: Option<String>,
    /// Hours of a repair: one figure, or quantiles such as 0.5=20.4,0.9=309,1=3143.
    #[arg(long, requires = "rate")]
    repair: Option<String>,
    /// Faults of a whole rack, leaf or hall: UNIT:FAULTS-A-YEAR:REPAIR, such as leaf:0.02:1=8.
    #[arg(long, value_name = "OUTAGE", requires = "rate")]
    outage: Vec<String>,
    /// Years to draw faults for.
    #[arg(long, default_value_t = 10)]
    years: u32,
    /// What faults are drawn, and copies of a trace begun, from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Per cent of the time in which no lot may be short.
    #[arg(long, default_value = "99.5")]
    target: String,
}

/// What is replayed, and the spares that the formula gives for it.
struct Faults {
    sizing: Sizing,
    outages: Vec<Outage>,
    horizon: u64,
}

impl Spares {
    /// Runs it.
    pub fn run(self, global: &Global) -> Result<()> {
        let answer = self.answer()?;
        if global.json {
            return show::line(&answer.to_string());
        }
        show::item(&answer, false)
    }

    fn answer(&self) -> Result<Value> {
        let fabric = Fabric::new(self.nodes, self.leaf, self.spine, self.rack, self.hall);
        let fabric = fabric.map_err(bad)?;
        let per_cent = micro("the target", &self.target)?;
        let target_ppm = u32::try_from(per_cent / 100).unwrap_or(u32::MAX);
        let faults = match (&self.trace, &self.rate, &self.repair) {
            (Some(path), _, _) => self.traced(&fabric, path, target_ppm)?,
            (None, Some(rate), Some(repair)) => self.drawn(&fabric, (rate, repair), target_ppm)?,
            _ => return Err(refused("give --trace, or --rate and --repair")),
        };
        let (sizing, horizon) = (faults.sizing, faults.horizon);
        let steps = happenings(&faults.outages, horizon);
        let mut took = Vec::new();
        let mut desk = Desk::new(fabric, sizing.spares);
        for step in &steps {
            if step.fails {
                let begun = Stopwatch::now();
                desk.fail(step.node, step.at);
                took.push(begun.elapsed().as_secs_f64() * 1e6);
            } else {
                desk.repair(step.node, step.at);
            }
        }
        let with = desk.finish(horizon);
        let none = replay(&fabric, &steps, horizon, 0);
        let needed = needed(&fabric, &steps, horizon, target_ppm);
        let enough = replay(&fabric, &steps, horizon, needed);
        Ok(json!({
            "nodes": self.nodes,
            "target": self.target,
            "spares": sizing.spares.max(needed),
            "formula": {
                "spares": sizing.spares,
                "mean_down": sizing.mean_down,
                "short_share": sizing.short,
                "reached": sizing.reached,
            },
            "replay": {
                "days": horizon as f64 / 86_400.0,
                "outages": faults.outages.len(),
                "spares": needed,
                "replace_p50_us": percentile(&mut took, 0.5),
                "replace_p99_us": percentile(&mut took, 0.99),
            },
            "with_formula": told(&with, horizon),
            "with_replay": told(&enough, horizon),
            "without": told(&none, horizon),
        }))
    }

    fn traced(&self, fabric: &Fabric, path: &Path, target_ppm: u32) -> Result<Faults> {
        let trace = read(path)?;
        let horizon = trace.iter().map(|one| one.to).max().unwrap_or(0);
        let trace = merged(trace, horizon);
        let last = trace.last().map(|one| one.node);
        let Some(last) = last else {
            return Err(refused(&format!("{}: no node failed", path.display())));
        };
        let traced = self.traced.unwrap_or(last.saturating_add(1));
        if traced <= last || traced > 1_000_000 {
            let most = "--traced is at most 1000000, and more than the last node of the trace";
            return Err(refused(most));
        }
        let sizing = Sizing::by_trace(fabric, (&trace, traced, horizon), target_ppm);
        let random = &mut bits(self.seed);
        Ok(Faults {
            sizing: sizing.map_err(bad)?,
            outages: tiled(&trace, traced, self.nodes, horizon, random).map_err(bad)?,
            horizon,
        })
    }

    fn drawn(&self, fabric: &Fabric, of_node: (&str, &str), target_ppm: u32) -> Result<Faults> {
        if !(1..=1_000).contains(&self.years) {
            return Err(refused("--years is from 1 to 1000"));
        }
        let mut rates: Rates = vec![rate(Unit::Node, of_node.0, of_node.1)?];
        for outage in &self.outage {
            let mut parts = outage.splitn(3, ':');
            let unit = match parts.next() {
                Some("rack") => Unit::Rack,
                Some("leaf") => Unit::Leaf,
                Some("hall") => Unit::Hall,
                _ => return Err(refused("an outage is of a rack, a leaf or a hall")),
            };
            let (Some(often), Some(repair)) = (parts.next(), parts.next()) else {
                return Err(refused("an outage is UNIT:FAULTS-A-YEAR:REPAIR"));
            };
            rates.push(rate(unit, often, repair)?);
        }
        let horizon = u64::from(self.years) * YEAR;
        let random = &mut bits(self.seed);
        Ok(Faults {
            sizing: Sizing::by_rates(fabric, &rates, target_ppm).map_err(bad)?,
            outages: generate(fabric, &rates, horizon, random).map_err(bad)?,
            horizon,
        })
    }
}

fn told(replay: &Replay, horizon: u64) -> Value {
    let of_faults = |count: u64| count as f64 / replay.faults.max(1) as f64;
    let sold_hours = u128::from(replay.sold) * u128::from(horizon) / 3600;
    let lost_hours = replay.lost_seconds as f64 / 3600.0;
    json!({
        "sold": replay.sold,
        "faults": replay.faults,
        "in_leaf_share": of_faults(replay.in_leaf),
        "in_spine_group_share": of_faults(replay.in_spine_group),
        "in_hall_share": of_faults(replay.in_hall),
        "none_share": of_faults(replay.none),
        "lost_node_hours": lost_hours,
        "lost_share": lost_hours / sold_hours.max(1) as f64,
        "short_share": replay.short_seconds as f64 / horizon.max(1) as f64,
        "most_missing": replay.most_missing,
    })
}

/// A row of a trace.
#[derive(Deserialize)]
struct Row {
    node: u32,
    from_seconds: u64,
    to_seconds: u64,
}

fn read(path: &Path) -> Result<Vec<Outage>> {
    let shown = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .with_context(|| format!("the trace in {shown} cannot be read"))?;
    let mut outages = Vec::new();
    for row in reader.deserialize() {
        let row: Row = row.map_err(|error| refused(&format!("{shown}: {error}")))?;
        if row.node >= 1_000_000 || row.to_seconds > 100 * YEAR || row.from_seconds > row.to_seconds
        {
            let problem = "nodes are below 1000000, ends not before starts and within 100 years";
            return Err(refused(&format!("{shown}: node {}: {problem}", row.node)));
        }
        outages.push(Outage {
            node: row.node,
            from: row.from_seconds,
            to: row.to_seconds,
        });
    }
    Ok(outages)
}

fn rate(unit: Unit, often: &str, repair: &str) -> Result<Rate> {
    let faults_micro_per_year = micro("faults a year", often)?;
    if faults_micro_per_year > 1_000_000_000 {
        return Err(refused("faults a year are at most 1000"));
    }
    Ok(Rate {
        unit,
        faults_micro_per_year,
        repair: times(repair)?,
    })
}

/// One figure, or quantiles.
fn times(text: &str) -> Result<Repair> {
    let seconds = |hours: &str| Ok(micro("hours of a repair", hours)?.saturating_mul(36) / 10_000);
    if !text.contains('=') {
        let one = |seconds: u64| Repair::list(vec![seconds]).map_err(bad);
        return seconds(text).and_then(one);
    }
    let points = text.split(',').map(|point| {
        let (share, hours) = point.split_once('=').unwrap_or((point, ""));
        let share = micro("the share of repairs", share)?;
        Ok((u32::try_from(share).unwrap_or(u32::MAX), seconds(hours)?))
    });
    let points = points.collect::<Result<Vec<_>>>()?;
    Repair::quantiles(points).map_err(bad)
}

/// A decimal figure in millionths, exactly.
fn micro(what: &str, text: &str) -> Result<u64> {
    let text = text.trim();
    let wrong = || {
        let problem = "is a figure such as 1.53, with at most six decimals";
        refused(&format!("{what} {problem}, not {text:?}"))
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let long = whole.is_empty() || whole.len() > 9 || decimals.len() > 6;
    if long || !digits(whole) || !digits(decimals) {
        return Err(wrong());
    }
    format!("{whole}{decimals:0<6}")
        .parse()
        .map_err(|_| wrong())
}

fn bad(problem: BadFaults) -> anyhow::Error {
    refused(&problem.0)
}

fn refused(message: &str) -> anyhow::Error {
    exit::Own {
        message: message.to_owned(),
        hint: "see `bareboat capacity spares --help`".to_owned(),
        code: None,
        exit: exit::USAGE,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(nodes: u32) -> Spares {
        Spares {
            nodes,
            leaf: 32,
            spine: 16,
            rack: 8,
            hall: None,
            trace: None,
            traced: None,
            rate: None,
            repair: None,
            outage: Vec::new(),
            years: 2,
            seed: 1,
            target: "99.5".to_owned(),
        }
    }

    #[test]
    fn the_trace_that_comes_along_is_replayed() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let mut ask = ask(400);
        ask.trace = Some(Path::new(root).join("data/faults/infinitehbd.csv"));
        ask.traced = Some(400);
        let answer = ask.answer().unwrap();
        // 584 faults: 14 of no length, and two pairs of one node that overlap or touch.
        assert_eq!(answer["replay"]["outages"], 568);
        assert_eq!(answer["without"]["none_share"], 1.0);
        let lost = |of: &str| answer[of]["lost_node_hours"].as_f64().unwrap();
        assert!(lost("with_formula") * 5.0 < lost("without"));
        // Faults of the trace come in bursts: what the formula gives is not enough for it.
        let (formula, replay) = (&answer["formula"]["spares"], &answer["replay"]["spares"]);
        assert_eq!((formula, replay), (&json!(18), &json!(32)));
        assert_eq!(answer["spares"], 32);
        assert!(lost("with_replay") * 100.0 < lost("without"));
        ask.traced = Some(300);
        ask.answer().unwrap_err();
    }

    #[test]
    fn rates_are_read_exactly_and_outages_of_a_leaf_ask_for_more() {
        let mut ask = ask(400);
        ask.answer().unwrap_err();
        ask.rate = Some("1.53".to_owned());
        ask.repair = Some("0.5=20.4,0.9=309,1=3143".to_owned());
        let spares = |ask: &Spares| ask.answer().unwrap()["formula"]["spares"].as_u64();
        let alone = spares(&ask);
        ask.outage = vec!["leaf:1:24".to_owned()];
        assert!(spares(&ask) > alone);
        ask.outage = vec!["row:1:24".to_owned()];
        ask.answer().unwrap_err();
        assert_eq!(micro("it", "1.53").unwrap(), 1_530_000);
        for bad in ["", ".5", "-1", "1e3", "1.2345678", "99999999999"] {
            micro("it", bad).unwrap_err();
        }
    }
}
