//! Usage and invoices.

use std::path::PathBuf;

use anyhow::Result;
use bareboat_client::Request;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::commands::contracts::Evidence;
use crate::session::{Session, body, body_from, maybe, text};

/// Verbs of usage.
#[derive(Debug, Subcommand)]
pub enum Usage {
    /// List usage intervals.
    List {
        /// Only this contract's: its id or label.
        #[arg(long)]
        contract: Option<String>,
        /// Only this lot's: its id or label.
        #[arg(long)]
        lot: Option<String>,
        /// Only in this state: available, degraded, down or maintenance.
        #[arg(long)]
        state: Option<String>,
    },
    /// Show a usage interval.
    Show {
        /// Its id or label.
        usage: String,
    },
    /// Record how nodes of a lot were used: one interval by flags, or several from a file.
    Record(Box<RecordUsage>),
}

/// Flags of `usage record`.
#[derive(Debug, Args)]
pub struct RecordUsage {
    /// The lot: its id or label.
    #[arg(required_unless_present = "file")]
    lot: Option<String>,
    /// The allocation that bound the nodes to it; the lot's live one when left out.
    #[arg(long)]
    allocation: Option<String>,
    /// The nodes, such as OSA:1-625 or N-OSA-000317; all of the allocation's when left out.
    #[arg(long)]
    nodes: Option<String>,
    /// The first instant.
    #[arg(long, value_name = "INSTANT", required_unless_present = "file")]
    from: Option<String>,
    /// The first instant after it.
    #[arg(long, value_name = "INSTANT", required_unless_present = "file")]
    to: Option<String>,
    /// available, degraded, down or maintenance.
    #[arg(long, default_value = "available")]
    state: String,
    /// Where the record comes from.
    #[arg(long, required_unless_present = "file")]
    source: Option<String>,
    /// What it was made from.
    #[command(flatten)]
    evidence: Evidence,
    /// The whole record from a file (.json, .toml, or - for JSON from stdin).
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Runs a verb of usage.
pub fn usage(verb: Usage, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/usage";
    match verb {
        Usage::List {
            contract,
            lot,
            state,
        } => session.list(
            Request::get(PATH)
                .with_some("contract", contract)
                .with_some("lot", lot)
                .with_some("state", state),
            &[
                "label",
                "lot",
                "site_code",
                "nodes",
                "state",
                "window.from",
                "window.to",
                "id",
            ],
        ),
        Usage::Show { usage } => session.item(Request::get(format!("{PATH}/{usage}"))),
        Usage::Record(given) => {
            let body = match &given.file {
                Some(path) => body_from(path)?,
                None => one_interval(&given)?,
            };
            session.write(Request::post(PATH).json(&body)?)
        }
    }
}

fn one_interval(given: &RecordUsage) -> Result<Value> {
    let interval = body(&[
        ("nodes", maybe(&given.nodes)),
        (
            "window",
            Some(json!({ "from": given.from, "to": given.to })),
        ),
        ("state", text(&given.state)),
    ]);
    Ok(body(&[
        ("lot", maybe(&given.lot)),
        ("allocation", maybe(&given.allocation)),
        ("intervals", Some(json!([interval]))),
        ("source", maybe(&given.source)),
        ("evidence", Some(given.evidence.needed()?)),
    ]))
}

/// Verbs of invoices.
#[derive(Debug, Subcommand)]
pub enum Invoice {
    /// List invoices.
    List {
        /// Only this contract's: its id or label.
        #[arg(long)]
        contract: Option<String>,
        /// Only of this kind: prepayment, period, final, correction or credit-note.
        #[arg(long)]
        kind: Option<String>,
    },
    /// Show an invoice with its lines and, to those who may read them, its ledger entries.
    Show {
        /// Its id or label.
        invoice: String,
    },
    /// Show what the invoice of a period would be; nothing is written.
    Preview(Period),
    /// Issue the invoice of a period.
    Issue {
        /// Which.
        #[command(flatten)]
        period: Period,
        /// The day it bears.
        #[arg(long, value_name = "DATE")]
        issued_on: String,
    },
}

/// A contract and a period.
#[derive(Debug, Args)]
pub struct Period {
    /// The contract: its id, label or reference.
    contract: String,
    /// The first day, in the contract's billing zone.
    #[arg(long, value_name = "DATE")]
    from: String,
    /// The first day after it.
    #[arg(long, value_name = "DATE")]
    to: String,
}

/// Runs a verb of invoices.
pub fn invoice(verb: Invoice, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/invoices";
    match verb {
        Invoice::List { contract, kind } => session.list(
            Request::get(PATH)
                .with_some("contract", contract)
                .with_some("kind", kind),
            &[
                "label",
                "kind",
                "period.from",
                "period.to",
                "total",
                "issued_on",
                "contract",
                "id",
            ],
        ),
        Invoice::Show { invoice } => session.item(Request::get(format!("{PATH}/{invoice}"))),
        Invoice::Preview(period) => {
            let body = json!({
                "contract": period.contract,
                "period": { "from": period.from, "to": period.to },
            });
            session.ask(Request::post(format!("{PATH}/preview")).json(&body)?)
        }
        Invoice::Issue { period, issued_on } => {
            let body = json!({
                "contract": period.contract,
                "period": { "from": period.from, "to": period.to },
                "issued_on": issued_on,
            });
            session.write(Request::post(PATH).json(&body)?)
        }
    }
}
