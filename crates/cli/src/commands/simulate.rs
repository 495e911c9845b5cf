//! Requests decided one after another on an empty pool, by the engine the book uses, and timed.

mod desk;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::args::Global;
use crate::{exit, show};
use desk::Desk;

/// Decides a file of requests on an empty pool and measures it; no book is needed.
///
/// Node i hangs on leaf i div LEAF, leaf j in spine group j div SPINE. The file is CSV with the
/// columns id, start_minutes, duration_minutes, nodes and, optionally, max_leaves and pinned
/// (true or false). Requests are decided in order, all or nothing. One that is pinned or has a
/// shape gets its nodes when it is decided; all others get them in the end.
#[derive(Debug, Args)]
pub struct Simulate {
    /// How many nodes the pool has.
    #[arg(long)]
    pub nodes: u32,
    /// Nodes of a leaf.
    #[arg(long, default_value_t = 32)]
    pub leaf: u32,
    /// Leaves of a spine group.
    #[arg(long, default_value_t = 16)]
    pub spine: u32,
    /// The requests.
    #[arg(long, value_name = "FILE")]
    pub requests: PathBuf,
}

/// A row of the file.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub id: String,
    pub start_minutes: i64,
    pub duration_minutes: i64,
    pub nodes: u32,
    #[serde(default)]
    pub max_leaves: Option<u32>,
    #[serde(default)]
    pub pinned: Option<bool>,
}

impl Row {
    fn end_minutes(&self) -> i64 {
        self.start_minutes + self.duration_minutes
    }
}

/// What became of a request.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Outcome {
    pub id: String,
    pub accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// From 0, as the file's reader numbers them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<u32>>,
    pub leaves: usize,
    pub least_leaves: u32,
    pub decide_us: f64,
    pub place_us: f64,
}

impl Simulate {
    /// Runs it.
    pub fn run(self, global: &Global) -> Result<()> {
        let rows = self.rows()?;
        let mut desk = Desk::new(self.nodes, self.leaf, self.spine)?;
        let (outcomes, wall) = desk.decide_all(&rows)?;
        let totals = totals(&rows, &outcomes, wall);
        if global.json {
            let answer = json!({ "requests": outcomes, "totals": totals });
            return show::line(&answer.to_string());
        }
        show::item(&totals, false)
    }

    fn rows(&self) -> Result<Vec<Row>> {
        let path = &self.requests;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(path)
            .with_context(|| format!("the requests in {} cannot be read", path.display()))?;
        let mut rows = Vec::new();
        for row in reader.deserialize() {
            let row: Row = row.map_err(|error| refused(&format!("{}: {error}", path.display())))?;
            self.check(&row)?;
            rows.push(row);
        }
        Ok(rows)
    }

    fn check(&self, row: &Row) -> Result<()> {
        let most = i64::from(i32::MAX);
        let wrong = if !(0..most).contains(&row.start_minutes) {
            "start_minutes must not be negative"
        } else if !(1..most).contains(&row.duration_minutes) {
            "duration_minutes must be at least 1"
        } else if row.nodes == 0 {
            "nodes must be at least 1"
        } else if row.max_leaves == Some(0) {
            "max_leaves must be at least 1"
        } else {
            return Ok(());
        };
        Err(refused(&format!("request {:?}: {wrong}", row.id)))
    }
}

/// Input that is refused.
pub(crate) fn refused(message: &str) -> anyhow::Error {
    exit::Own {
        message: message.to_owned(),
        hint: "see `bareboat capacity simulate --help`".to_owned(),
        code: None,
        exit: exit::USAGE,
    }
    .into()
}

pub(crate) fn percentile(of: &mut [f64], share: f64) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    let at = (of.len() as f64 * share).ceil() as usize;
    of.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn totals(rows: &[Row], outcomes: &[Outcome], wall: Duration) -> Value {
    let sold = || {
        rows.iter()
            .zip(outcomes)
            .filter(|(_, outcome)| outcome.accepted)
    };
    let minutes: i64 = sold()
        .map(|(row, _)| i64::from(row.nodes) * row.duration_minutes)
        .sum();
    let has = |outcome: &Outcome| outcome.nodes.as_ref().map_or(0, Vec::len);
    let short = sold().filter(|(row, outcome)| has(outcome) != row.nodes as usize);
    let mut decide: Vec<f64> = outcomes.iter().map(|outcome| outcome.decide_us).collect();
    let mut place: Vec<f64> = sold().map(|(_, outcome)| outcome.place_us).collect();
    let leaves: usize = sold().map(|(_, outcome)| outcome.leaves).sum();
    let least: u64 = sold()
        .map(|(_, outcome)| u64::from(outcome.least_leaves))
        .sum();
    json!({
        "accepted": sold().count(),
        "node_days": minutes as f64 / 1440.0,
        "leaves": leaves,
        "least_leaves": least,
        "short_fills": short.count(),
        "double_bookings": double_bookings(rows, outcomes),
        "wall_us": wall.as_secs_f64() * 1e6,
        "decide_p50_us": percentile(&mut decide, 0.5),
        "decide_p99_us": percentile(&mut decide, 0.99),
        "place_p50_us": percentile(&mut place, 0.5),
        "place_p99_us": percentile(&mut place, 0.99),
    })
}

/// How often a node is with two requests at once, counted from what they were given.
fn double_bookings(rows: &[Row], outcomes: &[Outcome]) -> usize {
    let mut held: Vec<(u32, i64, i64)> = Vec::new();
    for (row, outcome) in rows.iter().zip(outcomes) {
        let nodes = outcome.nodes.iter().flatten();
        held.extend(nodes.map(|node| (*node, row.start_minutes, row.end_minutes())));
    }
    held.sort_unstable();
    let twice = held.chunk_by(|a, b| a.0 == b.0).flat_map(|of_node| {
        let mut until = i64::MIN;
        of_node.iter().filter(move |(_, from, to)| {
            let twice = *from < until;
            until = until.max(*to);
            twice
        })
    });
    twice.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(start: i64, duration: i64, nodes: u32) -> Row {
        Row {
            id: format!("{start}+{duration}x{nodes}"),
            start_minutes: start,
            duration_minutes: duration,
            nodes,
            max_leaves: None,
            pinned: None,
        }
    }

    #[test]
    fn a_node_given_twice_is_counted() {
        let given = |nodes: &[u32]| Outcome {
            nodes: Some(nodes.to_vec()),
            ..Outcome::default()
        };
        let rows = [row(0, 10, 2), row(10, 5, 1), row(5, 20, 2)];
        let apart = [given(&[0, 1]), given(&[0]), given(&[2, 3])];
        assert_eq!(double_bookings(&rows, &apart), 0);
        let twice = [given(&[0, 1]), given(&[0]), given(&[1, 0])];
        assert_eq!(double_bookings(&rows, &twice), 3);
    }

    #[test]
    fn requests_are_all_or_nothing_and_get_what_they_asked_for() {
        let mut rows = vec![
            row(0, 100, 40),
            row(50, 100, 40),
            row(100, 50, 24),
            row(60, 10, 1),
        ];
        rows[0].pinned = Some(true);
        rows[2].max_leaves = Some(1);
        let mut desk = Desk::new(64, 32, 16).unwrap();
        let (outcomes, wall) = desk.decide_all(&rows).unwrap();
        let accepted: Vec<bool> = outcomes.iter().map(|outcome| outcome.accepted).collect();
        assert_eq!(accepted, [true, false, true, true]);
        assert_eq!(
            outcomes[1].reason.as_deref(),
            Some("capacity.short_of_supply")
        );
        assert_eq!((outcomes[0].leaves, outcomes[2].leaves), (2, 1));
        let totals = totals(&rows, &outcomes, wall);
        assert_eq!(totals["short_fills"], 0);
        assert_eq!(totals["double_bookings"], 0);
        let minutes = f64::from(40 * 100 + 24 * 50 + 10);
        assert!((totals["node_days"].as_f64().unwrap() - minutes / 1440.0).abs() < 1e-9);
    }
}
