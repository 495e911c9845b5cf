//! When reservations get their nodes.

use anyhow::Result;
use bareboat_client::{Method, Request};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::session::Session;
use crate::show;

/// Verbs of pools about when reservations get their nodes.
#[derive(Debug, Subcommand)]
pub enum Pins {
    /// Say how long before their beginning a pool's reservations get their nodes. A server gives
    /// them theirs by itself, in the name of who says so here.
    PinAhead {
        /// Its label, id, or SITE:MODEL.
        pool: String,
        /// So many days.
        #[arg(
            long,
            conflicts_with = "on_demand",
            required_unless_present = "on_demand"
        )]
        days: Option<u32>,
        /// Only when asked for.
        #[arg(long)]
        on_demand: bool,
    },
    /// Name the nodes of a pool's reservations that are due them, of each that can have them.
    PinDue {
        /// Its label, id, or SITE:MODEL.
        pool: String,
        /// Those that begin within so many days; within what the pool says when left out.
        #[arg(long, value_name = "DAYS")]
        within: Option<u32>,
    },
}

/// What is due.
#[derive(Debug, Args)]
pub struct Due {
    /// Only in this pool: its label, id, or SITE:MODEL.
    pool: Option<String>,
    /// What begins within so many days; within what each pool says when left out.
    #[arg(long, value_name = "DAYS")]
    within: Option<u32>,
}

const DUE: [&str; 7] = [
    "label",
    "contract_reference",
    "lot_label",
    "site_code",
    "model_code",
    "nodes",
    "window.from",
];

impl Due {
    /// Lists it.
    pub fn run(self, session: &Session) -> Result<()> {
        let request = Request::get("/v1/capacity/due")
            .with_some("pool", self.pool)
            .with_some("within", self.within);
        session.list(request, &DUE)
    }
}

/// Runs a verb.
pub fn run(verb: Pins, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/pools";
    match verb {
        Pins::PinAhead { pool, days, .. } => {
            let request = Request::new(Method::Put, format!("{PATH}/{pool}/pin-ahead"));
            session.write(request.json(&json!({ "days": days }))?)
        }
        Pins::PinDue { pool, within } => {
            let request = Request::post(format!("{PATH}/{pool}/pin-due"));
            let request = request.json(&json!({ "within_days": within }))?;
            let answer: Value = session.send(request)?.read()?;
            if session.json() {
                return show::item(&answer, true);
            }
            told(&answer)
        }
    }
}

fn told(answer: &Value) -> Result<()> {
    let none = Vec::new();
    let rows = |field: &str| answer[field].as_array().unwrap_or(&none).clone();
    show::rows(&rows("pinned"), &DUE, false)?;
    let refused = rows("refused");
    if !refused.is_empty() {
        show::line("")?;
        show::line("refused:")?;
        let columns = ["label", "contract_reference", "lot_label", "code", "detail"];
        show::rows(&refused, &columns, false)?;
    }
    if answer["left"].as_u64().is_some_and(|left| left > 0) {
        show::note(&format!("{} more are due: run it again", answer["left"]));
    }
    Ok(())
}
