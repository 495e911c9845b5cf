//! Why something is as it is.

use anyhow::Result;
use bareboat_client::Request;
use clap::Args;
use serde_json::Value;

use crate::session::Session;
use crate::show;

/// Explain any record: what it says, and what it follows from.
#[derive(Debug, Args)]
pub struct Explain {
    /// Its id or label: INV-0003, IL-0007, A-0001, D-0004, C-0002, N-OSA-000317.
    record: String,
}

/// Asks and shows.
pub fn explain(ask: Explain, session: &Session) -> Result<()> {
    let told: Value = session
        .client()
        .get(Request::get(format!("/v1/explain/{}", ask.record)))?;
    if session.json() {
        return show::item(&told, true);
    }
    tell(&told, 0)
}

fn tell(told: &Value, depth: usize) -> Result<()> {
    let pad = "  ".repeat(depth);
    let of = |field: &str| told[field].as_str().unwrap_or_default();
    let mut head = format!(
        "{pad}{} {}: {}",
        of("kind").replace('_', " "),
        of("label"),
        of("title")
    );
    if let Some(position) = told["recorded"]["position"].as_u64() {
        let at = told["recorded"]["at"].as_str().unwrap_or_default();
        head.push_str(&format!(" (event {position}, {at})"));
    }
    show::line(&head)?;
    for fact in told["facts"].as_array().into_iter().flatten() {
        let (name, value) = (fact["name"].as_str(), fact["value"].as_str());
        show::line(&format!(
            "{pad}  {}: {}",
            name.unwrap_or_default(),
            value.unwrap_or_default()
        ))?;
    }
    for below in told["because"].as_array().into_iter().flatten() {
        tell(below, depth + 1)?;
    }
    Ok(())
}
