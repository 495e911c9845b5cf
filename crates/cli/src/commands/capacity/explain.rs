//! `bareboat capacity explain`: whether it could be sold, why not, and what could.

use anyhow::Result;
use bareboat_client::Request;
use clap::Args;
use serde_json::{Value, json};

use super::shape::{self, Shape};
use crate::session::{Session, body, maybe};
use crate::show;

/// What is asked about: a lot of a draft, or a pool with nodes or GPUs and days.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    bareboat capacity explain SYD:B300 --gpus 4096 --from 2027-03-01 --to 2030-03-01 \\\n      \
    --max-spine-groups 2 --option-until 2032-03-01\n  \
    bareboat capacity explain --lot L-0003 --json")]
pub struct Explain {
    /// The pool: its label, id, or SITE:MODEL.
    #[arg(required_unless_present = "lot")]
    pool: Option<String>,
    /// A lot of a draft, by label or id, in place of all else.
    #[arg(long, conflicts_with_all = ["pool", "nodes", "gpus", "from", "to", "option_until"])]
    lot: Option<String>,
    /// How many nodes.
    #[arg(long, conflicts_with = "gpus")]
    nodes: Option<u32>,
    /// How many GPUs, rounded up to whole nodes.
    #[arg(long)]
    gpus: Option<u32>,
    /// The first day, in the site's zone.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The first day after.
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// With an option from there to before this day.
    #[arg(long, value_name = "DATE")]
    option_until: Option<String>,
    #[command(flatten)]
    shape: Shape,
}

impl Explain {
    /// Asks, and shows the answer.
    pub fn run(self, session: &Session) -> Result<()> {
        let number = |number: Option<u32>| number.map(Value::from);
        let days = self.from.as_ref().zip(self.to.as_ref());
        let body = body(&[
            ("lot", maybe(&self.lot)),
            ("pool", maybe(&self.pool)),
            ("nodes", number(self.nodes)),
            ("gpus", number(self.gpus)),
            (
                "window",
                days.map(|(from, to)| json!({ "from": from, "to": to })),
            ),
            ("option_until", maybe(&self.option_until)),
            ("shape", self.shape.body()),
        ]);
        let request = Request::post("/v1/capacity/explain").json(&body)?;
        let answer: Value = session.client().read(request)?.read()?;
        if session.json() {
            return show::item(&answer, true);
        }
        told(&answer)
    }
}

fn told(answer: &Value) -> Result<()> {
    if answer["possible"] == Value::Bool(true) {
        show::line("possible: it would be held now")?;
        let moves = answer["moves"].as_array().filter(|moves| !moves.is_empty());
        let Some(moves) = moves else {
            return Ok(());
        };
        show::line("")?;
        show::line("moved to other nodes for it, none of which have names:")?;
        let columns = [
            "label",
            "window",
            "nodes",
            "moved",
            "leaves_before",
            "leaves_after",
        ];
        return show::rows(moves, &columns, false);
    }
    let bound = &answer["bound"];
    let of = |name: &str| bound[name].as_str().unwrap_or_default().to_owned();
    show::line(&format!("not possible: {}", of("detail")))?;
    let constraints = bound["constraints"].as_array();
    let constraints = constraints.into_iter().flatten().filter_map(Value::as_str);
    let constraints: Vec<&str> = constraints.collect();
    show::line(&format!("bound by: {}", constraints.join(", ")))?;
    let window = &bound["window"];
    let at = |name: &str| window[name].as_str().unwrap_or_default();
    show::line(&format!("from {} to {}", at("from"), at("to")))?;
    if bound["worst"].is_object() {
        show::line("")?;
        let columns = [
            "from",
            "to",
            "installed",
            "firm",
            "option",
            "spare",
            "unavailable",
            "free",
        ];
        show::rows(std::slice::from_ref(&bound["worst"]), &columns, false)?;
    }
    show::line("")?;
    show::line("nearest that would be held:")?;
    offers(&answer["alternatives"])
}

/// A table of alternatives.
pub(super) fn offers(alternatives: &Value) -> Result<()> {
    let none = Vec::new();
    let rows = alternatives.as_array().unwrap_or(&none);
    let rows: Vec<Value> = rows.iter().map(row).collect();
    let columns = [
        "change",
        "pool",
        "nodes",
        "gpus",
        "from",
        "to",
        "option_until",
        "shape",
    ];
    show::rows(&rows, &columns, false)
}

/// An alternative in one row, in days where it has them.
pub(super) fn row(alternative: &Value) -> Value {
    let offer = &alternative["offer"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pool = format!(
        "{}:{}",
        text(&offer["site_code"]),
        text(&offer["model_code"])
    );
    let days = if offer["days"].is_object() {
        &offer["days"]
    } else {
        &offer["window"]
    };
    let option = if offer["option_days"].is_object() {
        &offer["option_days"]
    } else {
        &offer["option"]
    };
    json!({
        "change": alternative["change"],
        "pool": pool,
        "nodes": offer["nodes"],
        "gpus": offer["gpus"],
        "from": days["from"],
        "to": days["to"],
        "option_until": option["to"],
        "shape": shape::words(&offer["shape"]),
    })
}
