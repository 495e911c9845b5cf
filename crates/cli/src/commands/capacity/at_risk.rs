//! `bareboat capacity at-risk`: what cannot be kept, and what could be had instead.

use anyhow::{Context as _, Result};
use bareboat_client::Request;
use clap::Args;
use serde_json::{Value, json};

use super::explain::row;
use crate::exit;
use crate::session::{Session, body, maybe};
use crate::show;

/// Which pool, and what is supposed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    bareboat capacity at-risk\n  \
    bareboat capacity at-risk SYD:B300 --slip TR-0004=2027-06-15\n  \
    bareboat capacity at-risk --delay SYD/H2=45\n  \
    bareboat capacity at-risk --delay SYD=45 --out 'OSA:B200=1-16,2027-01-01T00:00:00Z,2027-02-01T00:00:00Z'")]
pub struct AtRisk {
    /// Only in this pool: its label, id, or SITE:MODEL; all pools when left out.
    pool: Option<String>,
    /// Suppose that a tranche comes on another date.
    #[arg(long, value_name = "TRANCHE=DATE")]
    slip: Vec<String>,
    /// Suppose that all that a site, or a hall of it, is still owed comes so many days later.
    #[arg(long, value_name = "SITE[/HALL]=DAYS")]
    delay: Vec<String>,
    /// Suppose that nodes are out of supply: a pool, their numbers, a beginning and an end.
    #[arg(long, value_name = "POOL=NODES,FROM,TO")]
    out: Vec<String>,
}

fn pair(text: &str) -> Result<(&str, &str)> {
    let pair = text.split_once('=');
    pair.with_context(|| format!("{text:?}: write NAME=VALUE"))
}

fn slip(text: &str) -> Result<Value> {
    let (tranche, due_on) = pair(text)?;
    Ok(json!({ "tranche": tranche, "due_on": due_on }))
}

fn delay(text: &str) -> Result<Value> {
    let (site, days) = pair(text)?;
    let days: u32 = days
        .parse()
        .with_context(|| format!("{text:?}: the days are a number"))?;
    Ok(match site.split_once('/') {
        Some((site, hall)) => json!({ "site": site, "hall": hall, "days": days }),
        None => json!({ "site": site, "days": days }),
    })
}

fn out(text: &str) -> Result<Value> {
    let (pool, rest) = pair(text)?;
    // Numbers may have commas of their own: the last two parts are the instants.
    let mut parts = rest.rsplitn(3, ',');
    let (to, from, nodes) = (parts.next(), parts.next(), parts.next());
    let parts = to.zip(from).zip(nodes);
    let ((to, from), nodes) =
        parts.with_context(|| format!("{text:?}: write POOL=NODES,FROM,TO"))?;
    Ok(json!({ "pool": pool, "nodes": nodes, "window": { "from": from, "to": to } }))
}

impl AtRisk {
    /// Asks, and shows the answer.
    pub fn run(self, session: &Session) -> Result<()> {
        let all = |texts: &[String], read: fn(&str) -> Result<Value>| -> Result<Option<Value>> {
            let values: Result<Vec<Value>> = texts.iter().map(|text| read(text)).collect();
            let hint = "see `bareboat capacity at-risk --help`";
            let values = values.map_err(|error| exit::usage(format!("{error:#}"), hint))?;
            Ok(Some(Value::from(values)))
        };
        let body = body(&[
            ("pool", maybe(&self.pool)),
            ("slips", all(&self.slip, slip)?),
            ("delays", all(&self.delay, delay)?),
            ("outages", all(&self.out, out)?),
        ]);
        let request = Request::post("/v1/capacity/at-risk").json(&body)?;
        let answer: Value = session.client().read(request)?.read()?;
        if session.json() {
            return show::item(&answer, true);
        }
        told(&answer["at_risk"])
    }
}

/// Makes a write whose answer lists what is at risk, and shows both.
pub fn write(session: &Session, request: Request) -> Result<()> {
    let mut answer: Value = session.send(request)?.read()?;
    if session.json() {
        return show::item(&answer, true);
    }
    let at_risk = answer["at_risk"].take();
    show::item(&answer, false)?;
    if at_risk.as_array().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    show::line("")?;
    show::line("at risk:")?;
    told(&at_risk)
}

fn told(at_risk: &Value) -> Result<()> {
    let none = Vec::new();
    let rescues = at_risk.as_array().unwrap_or(&none);
    if rescues.is_empty() {
        show::note("nothing is at risk");
        return Ok(());
    }
    let missing: Vec<Value> = rescues.iter().flat_map(missing).collect();
    let columns = [
        "reservation",
        "contract",
        "lot",
        "pool",
        "nodes",
        "held",
        "short",
        "from",
        "to",
        "already",
    ];
    show::rows(&missing, &columns, false)?;
    show::line("")?;
    show::line("instead, `*` as planned; all that is planned can be held together:")?;
    let instead: Vec<Value> = rescues.iter().flat_map(instead).collect();
    let columns = [
        "reservation",
        "plan",
        "change",
        "pool",
        "nodes",
        "gpus",
        "from",
        "to",
    ];
    show::rows(&instead, &columns, false)
}

/// A row for each stretch in which a reservation misses nodes.
fn missing(rescue: &Value) -> Vec<Value> {
    let risk = &rescue["at_risk"];
    let row = |held: Value, short: Value, from: &Value, to: &Value| {
        json!({
            "reservation": risk["label"],
            "contract": risk["contract_reference"],
            "lot": risk["lot_label"],
            "pool": risk["pool_label"],
            "nodes": risk["nodes"],
            "held": held,
            "short": short,
            "from": from,
            "to": to,
            "already": rescue["already"],
        })
    };
    let none = Vec::new();
    let short = risk["short"].as_array().unwrap_or(&none);
    if short.is_empty() {
        // Enough at every instant, but not the same ones.
        let window = &risk["window"];
        let fragmented = Value::from("fragmented");
        return vec![row(Value::Null, fragmented, &window["from"], &window["to"])];
    }
    let rows = short.iter().map(|one| {
        row(
            one["held"].clone(),
            one["nodes"].clone(),
            &one["from"],
            &one["to"],
        )
    });
    rows.collect()
}

/// A row for each alternative of a reservation.
fn instead(rescue: &Value) -> Vec<Value> {
    let none = Vec::new();
    let planned = rescue["planned"].as_array().unwrap_or(&none);
    let alternatives = rescue["alternatives"].as_array().unwrap_or(&none);
    let rows = (0_u64..).zip(alternatives).map(|(index, alternative)| {
        let mut row = row(alternative);
        row["reservation"] = rescue["at_risk"]["label"].clone();
        let taken = planned.iter().any(|one| one.as_u64() == Some(index));
        row["plan"] = Value::from(if taken { "*" } else { "" });
        row
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suppositions_are_read() {
        let late = json!({ "tranche": "TR-0002", "due_on": "2027-06-15" });
        assert_eq!(slip("TR-0002=2027-06-15").unwrap(), late);
        let days = json!({ "site": "SYD", "days": 45 });
        assert_eq!(delay("SYD=45").unwrap(), days);
        let days = json!({ "site": "SYD", "hall": "H2", "days": 45 });
        assert_eq!(delay("SYD/H2=45").unwrap(), days);
        let (from, to) = ("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z");
        let gone = json!({
            "pool": "OSA:B200", "nodes": "1-3,7", "window": { "from": from, "to": to },
        });
        assert_eq!(out(&format!("OSA:B200=1-3,7,{from},{to}")).unwrap(), gone);
        for bad in [
            "TR-0002",
            "OSA:B200=1-3",
            "OSA:B200=1-3,2027-01-01T00:00:00Z",
        ] {
            assert!(out(bad).is_err(), "{bad}");
        }
        assert!(delay("SYD=soon").is_err());
    }
}
