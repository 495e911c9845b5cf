//! What-if.

use anyhow::Result;
use bareboat_client::Request;
use clap::Args;
use serde_json::{Value, json};

use crate::session::{Session, body, body_from, maybe};
use crate::{exit, show};

/// Judge every live contract with and without suppositions. Nothing is written.
#[derive(Debug, Args)]
pub struct Impact {
    /// Suppose that a party is confirmed on a list: PARTY=LIST, such as P-0003=EL.
    #[arg(long, value_name = "PARTY=LIST")]
    listed: Vec<String>,
    /// Suppose that a shipped rulebook is adopted.
    #[arg(long, value_name = "REGIME")]
    rulebook: Vec<String>,
    /// Suppose that an authorisation is revoked from today's law on: AU=DATE.
    #[arg(long, value_name = "AU=DATE")]
    revoked: Vec<String>,
    /// More hypotheses from a JSON or TOML file (the body of the API's whatIf).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["listed", "rulebook", "revoked"])]
    from: Option<std::path::PathBuf>,
    /// Whose law; today's when left out.
    #[arg(long, value_name = "DATE")]
    legal_date: Option<String>,
}

/// Asks and shows.
pub fn impact(ask: Impact, session: &Session) -> Result<()> {
    let body = match &ask.from {
        Some(file) => body_from(file)?,
        None => {
            let mut hypotheses = Vec::new();
            for one in &ask.listed {
                let (party, list) = pair(one, "PARTY=LIST")?;
                hypotheses.push(json!({ "listed": { "party": party, "list": list } }));
            }
            for regime in &ask.rulebook {
                hypotheses.push(json!({ "rulebook": { "shipped": regime } }));
            }
            for one in &ask.revoked {
                let (authorisation, on) = pair(one, "AU=DATE")?;
                hypotheses.push(json!({ "revoked": { "authorisation": authorisation, "on": on } }));
            }
            body(&[
                ("hypotheses", Some(Value::from(hypotheses))),
                ("legal_date", maybe(&ask.legal_date)),
            ])
        }
    };
    let answer: Value = session
        .client()
        .read(Request::post("/v1/impact").json(&body)?)?
        .read()?;
    if session.json() {
        return show::item(&answer, true);
    }
    let flips = answer["flips"].as_array().cloned().unwrap_or_default();
    show::note(&format!(
        "law of {}: {} live contracts judged, {} change",
        answer["legal_date"].as_str().unwrap_or_default(),
        answer["judged"],
        flips.len()
    ));
    let columns = [
        "label",
        "reference",
        "before",
        "after",
        "gpus",
        "ends_on",
        "revenue_lost",
        "refund",
    ];
    show::rows(&flips, &columns, false)?;
    for flip in &flips {
        for reason in flip["reasons"].as_array().into_iter().flatten() {
            let of = |field: &str| reason[field].as_str().unwrap_or_default().to_owned();
            show::line(&format!(
                "{}: {} by {} [{}]: {}",
                flip["label"].as_str().unwrap_or_default(),
                of("outcome"),
                of("rule"),
                of("citation"),
                of("because")
            ))?;
        }
    }
    Ok(())
}

fn pair<'a>(text: &'a str, shape: &str) -> Result<(&'a str, &'a str)> {
    let parts = text.split_once('=');
    parts.ok_or_else(|| exit::usage(format!("{text:?} is not {shape}"), "write both sides"))
}
