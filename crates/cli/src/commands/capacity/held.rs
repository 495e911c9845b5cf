//! What pools, contracts and accounts have: now, in use, and when that changes next.

use anyhow::Result;
use bareboat_client::Request;
use clap::Args;
use serde_json::{Value, json};

use crate::session::Session;
use crate::show;

/// Columns of pools.
const POOLS: [&str; 14] = [
    "site_code",
    "model_code",
    "installed",
    "sellable",
    "firm",
    "option",
    "soft_held",
    "unavailable",
    "free",
    "delivered",
    "healthy",
    "in_use",
    "next_change_at",
    "free_then",
];

/// Columns of what some contracts have.
const OWN: [&str; 9] = [
    "site_code",
    "model_code",
    "delivered",
    "healthy",
    "reserved",
    "soft_held",
    "in_use",
    "next_change_at",
    "next_change_to",
];

/// Shows counts by site and model; of pools their calendars' too, where the caller may know them.
pub fn show(request: Request, session: &Session) -> Result<()> {
    session.list_by(request, |rows| {
        if rows.iter().all(|row| row["pool"].is_null()) {
            return &OWN[..];
        }
        for row in rows {
            let pool = row["pool"].take();
            for (name, count) in pool["now"].as_object().into_iter().flatten() {
                row[name] = count.clone();
            }
            row["next_change_at"] = pool["next_change_at"].clone();
            row["free_then"] = pool["next"]["free"].clone();
        }
        &POOLS[..]
    })
}

/// Flags of `capacity groups`.
#[derive(Debug, Args)]
pub struct Groups {
    /// Only this contract's.
    #[arg(long)]
    contract: Option<String>,
    /// Only this lot's.
    #[arg(long)]
    lot: Option<String>,
    /// Only this account's: its organisation's id or label.
    #[arg(long)]
    organisation: Option<String>,
    /// Only this project's.
    #[arg(long)]
    project: Option<String>,
}

impl Groups {
    /// Runs the verb.
    pub fn run(self, session: &Session) -> Result<()> {
        let request = Request::get("/v1/capacity/groups")
            .with_some("contract", self.contract)
            .with_some("lot", self.lot)
            .with_some("organisation", self.organisation)
            .with_some("project", self.project);
        let mut columns = vec!["contract_reference"];
        columns.extend(GROUP);
        session.list(request, &columns)
    }
}

const GROUP: [&str; 9] = [
    "lot_label",
    "site_code",
    "model_code",
    "current",
    "delivered",
    "healthy",
    "used",
    "next_change_at",
    "next_change_to",
];

/// Shows what a contract's lots hold, and their intervals.
pub fn contract(contract: &str, session: &Session) -> Result<()> {
    let request = Request::get(format!("/v1/contracts/{contract}/capacity"));
    let answer: Value = session.client().get(request)?;
    if session.json() {
        return show::item(&answer, true);
    }
    let none = Vec::new();
    let groups = answer["groups"].as_array().unwrap_or(&none);
    show::rows(groups, &GROUP, false)?;
    let intervals = groups.iter().flat_map(|group| {
        let all = group["intervals"].as_array().unwrap_or(&none).iter();
        all.map(|interval| {
            json!({
                "lot": group["lot_label"],
                "from": interval["from"],
                "to": interval["to"],
                "nodes": interval["nodes"],
                "option": interval["option"],
            })
        })
    });
    let intervals: Vec<Value> = intervals.collect();
    if intervals.is_empty() {
        return Ok(());
    }
    show::line("")?;
    show::rows(&intervals, &["lot", "from", "to", "nodes", "option"], false)
}

/// Flags of `capacity accounts`.
#[derive(Debug, Args)]
pub struct Accounts {
    /// Only this account's: its organisation's id or label.
    #[arg(long)]
    organisation: Option<String>,
    /// Only this project's.
    #[arg(long)]
    project: Option<String>,
}

impl Accounts {
    /// Runs the verb.
    pub fn run(self, session: &Session) -> Result<()> {
        let request = Request::get("/v1/capacity/accounts")
            .with_some("organisation", self.organisation)
            .with_some("project", self.project);
        let columns = [
            "organisation_label",
            "project_label",
            "project_code",
            "site_code",
            "model_code",
            "delivered",
            "healthy",
            "reserved",
            "in_use",
        ];
        session.list(request, &columns)
    }
}

/// Shows how nodes stand together.
pub fn health(by: String, session: &Session) -> Result<()> {
    let columns: &[&str] = match by.as_str() {
        "block" => &["key", "purpose", "contract_reference"],
        "reservation" => &["key", "contract_reference"],
        _ => &["key"],
    };
    let counts = ["state", "count", "healthy", "unhealthy", "unknown"];
    let columns: Vec<&str> = columns.iter().copied().chain(counts).collect();
    session.list(Request::get("/v1/capacity/health").with("by", by), &columns)
}

/// Shows what appeared and left; as JSON, with what to ask after next on every answer.
pub fn changes(after: Option<String>, session: &Session) -> Result<()> {
    let mut after = after;
    loop {
        let request = Request::get("/v1/capacity/changes").with_some("after", after.take());
        let answer: Value = session.client().get(request)?;
        if session.json() {
            show::json_lines(std::slice::from_ref(&answer))?;
        } else {
            let none = Vec::new();
            let columns = [
                "recorded_at",
                "at",
                "change",
                "reason",
                "site_code",
                "nodes",
                "replaces",
                "replaced_by",
                "contract_reference",
                "allocation_label",
            ];
            show::rows(
                answer["changes"].as_array().unwrap_or(&none),
                &columns,
                false,
            )?;
        }
        let next = answer["next"].as_str().map(ToOwned::to_owned);
        if answer["more"] != true {
            show::note(&format!("next: --after {}", next.unwrap_or_default()));
            return Ok(());
        }
        after = next;
    }
}
