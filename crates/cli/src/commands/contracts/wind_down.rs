//! Wind-downs and their steps.

use std::path::PathBuf;

use anyhow::Result;
use bareboat_client::Request;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Evidence, saved};
use crate::session::{Session, body, maybe, text};

/// Verbs of wind-downs.
#[derive(Debug, Subcommand)]
pub enum WindDown {
    /// List wind-downs.
    List {
        /// Only this contract's: its id or label.
        #[arg(long)]
        contract: Option<String>,
        /// Only those that stand so: planned, withdrawn, approved or completed.
        #[arg(long)]
        status: Option<String>,
    },
    /// Show a wind-down with its steps.
    Show {
        /// Its id or label.
        wind_down: String,
    },
    /// Ask for a contract's staged ending.
    Plan {
        /// The contract: its id, label or reference.
        contract: String,
        /// regulatory-change, breach, agreement or term-end.
        #[arg(long)]
        cause: String,
        /// Why, in words. Both sides see it.
        #[arg(long)]
        reason: String,
        /// What it changes. Only the operator's own people see it.
        #[arg(long)]
        impact: String,
        /// The determination that makes it necessary: its id or label.
        #[arg(long)]
        determination: Option<String>,
        /// The day notice is given.
        #[arg(long, value_name = "DATE")]
        notice_on: String,
        /// The first day the contract no longer runs.
        #[arg(long, value_name = "DATE")]
        ends_on: String,
    },
    /// Approve a plan, as another person than who asked for it.
    Approve {
        /// Its id or label.
        wind_down: String,
    },
    /// Give a plan up before it is approved.
    Withdraw {
        /// Its id or label.
        wind_down: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Do the next step of an approved wind-down.
    Step(Box<Step>),
    /// Get the document that shows a step.
    Evidence {
        /// Its id or label.
        wind_down: String,
        /// notice, suspend, drain, sanitise or return.
        step: String,
        /// Into this file instead of stdout.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Settle a contract whose wind-down is complete: final invoice, refund, end.
    Settle {
        /// Its id or label.
        wind_down: String,
        /// The day that the documents and their entries bear; today when left out.
        #[arg(long, value_name = "DATE")]
        issued_on: Option<String>,
    },
}

/// Flags of `wind-down step`.
#[derive(Debug, Args)]
pub struct Step {
    /// The wind-down: its id or label.
    wind_down: String,
    /// notice, suspend, drain, sanitise or return, in this order.
    step: String,
    /// When it was done.
    #[arg(long, value_name = "INSTANT")]
    at: String,
    /// What shows it.
    #[command(flatten)]
    evidence: Evidence,
    /// Anything to add.
    #[arg(long)]
    note: Option<String>,
    /// For sanitise: clear or purge (NIST SP 800-88).
    #[arg(long, requires = "performed_by")]
    method: Option<String>,
    /// For sanitise: who did it.
    #[arg(long, requires = "method")]
    performed_by: Option<String>,
}

const WIND_DOWNS: &str = "/v1/wind-downs";

/// Runs a verb of wind-downs.
pub fn wind_down(verb: WindDown, session: &Session) -> Result<()> {
    let at = |wind_down: &str, verb: &str| format!("{WIND_DOWNS}/{wind_down}/{verb}");
    match verb {
        WindDown::List { contract, status } => session.list(
            Request::get(WIND_DOWNS)
                .with_some("contract", contract)
                .with_some("status", status),
            &[
                "label",
                "contract",
                "cause",
                "status",
                "next_step",
                "ends_on",
                "id",
            ],
        ),
        WindDown::Show { wind_down } => {
            session.item(Request::get(format!("{WIND_DOWNS}/{wind_down}")))
        }
        WindDown::Plan {
            contract,
            cause,
            reason,
            impact,
            determination,
            notice_on,
            ends_on,
        } => {
            let body = body(&[
                ("contract", text(contract)),
                ("cause", text(cause)),
                ("reason", text(reason)),
                ("impact", text(impact)),
                ("determination", maybe(&determination)),
                ("notice_on", text(notice_on)),
                ("ends_on", text(ends_on)),
            ]);
            session.write(Request::post(WIND_DOWNS).json(&body)?)
        }
        WindDown::Approve { wind_down } => session.write(Request::post(at(&wind_down, "approve"))),
        WindDown::Withdraw { wind_down, reason } => {
            let request = Request::post(at(&wind_down, "withdraw"));
            session.write(request.json(&json!({ "reason": reason }))?)
        }
        WindDown::Step(given) => {
            let request = Request::post(at(&given.wind_down, "steps"));
            session.write(request.json(&step(&given)?)?)
        }
        WindDown::Evidence {
            wind_down,
            step,
            out,
        } => {
            let request = Request::get(at(&wind_down, &format!("steps/{step}/evidence")));
            saved(&session.client().read(request)?.body, out.as_deref())
        }
        WindDown::Settle {
            wind_down,
            issued_on,
        } => {
            let request = Request::post(at(&wind_down, "settle"));
            session.write(request.json(&body(&[("issued_on", maybe(&issued_on))]))?)
        }
    }
}

fn step(given: &Step) -> Result<Value> {
    let erasure = given.method.as_ref().map(|method| {
        body(&[
            ("method", text(method)),
            ("performed_by", maybe(&given.performed_by)),
        ])
    });
    Ok(body(&[
        ("step", text(&given.step)),
        ("at", text(&given.at)),
        ("evidence", Some(given.evidence.needed()?)),
        ("note", maybe(&given.note)),
        ("erasure", erasure),
    ]))
}
