//! Which hall a tranche goes to, and halls that are late.

use anyhow::Result;
use bareboat_client::{Method, Request};
use clap::Args;
use serde_json::Value;

use crate::commands::capacity::at_risk;
use crate::session::{Session, body, maybe, text};

/// How late a hall is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    bareboat hall delay HALL-0002 --days 45 --reason 'the transformer is late'\n  \
    bareboat hall delay HALL-0002 --until 2027-03-01 --reason 'no power before' --dry-run")]
pub struct Delay {
    /// Its label or id.
    hall: String,
    /// Each tranche comes so many days later.
    #[arg(long, conflicts_with = "until", required_unless_present = "until")]
    days: Option<u32>,
    /// No tranche comes before this date.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Why.
    #[arg(long)]
    reason: String,
}

impl Delay {
    /// Moves the dates, and shows what is at risk.
    pub fn run(self, session: &Session) -> Result<()> {
        let body = body(&[
            ("days", self.days.map(Value::from)),
            ("until", maybe(&self.until)),
            ("reason", text(self.reason)),
        ]);
        let request = Request::post(format!("/v1/halls/{}/delay", self.hall));
        at_risk::write(session, request.json(&body)?)
    }
}

/// Says which hall a tranche goes to.
pub fn assign(session: &Session, tranche: &str, hall: &Option<String>) -> Result<()> {
    let request = Request::new(Method::Put, format!("/v1/tranches/{tranche}/hall"));
    session.write(request.json(&body(&[("hall", maybe(hall))]))?)
}
