//! Nodes out of supply, and back.

use anyhow::Result;
use bareboat_client::Request;
use clap::Subcommand;
use serde_json::json;

use crate::session::{Session, body, maybe, text};

/// Verbs of pools about nodes out of supply.
#[derive(Debug, Subcommand)]
pub enum Upkeep {
    /// Take nodes out of supply over a window, and see which reservations that puts at risk.
    Maintain {
        /// Its label, id, or SITE:MODEL.
        pool: String,
        /// Their numbers at the site, such as "1-313, 320".
        #[arg(long)]
        nodes: String,
        /// The first instant.
        #[arg(long, value_name = "INSTANT")]
        from: String,
        /// The instant to end before.
        #[arg(long, value_name = "INSTANT")]
        to: String,
        /// Why, in a word.
        #[arg(long, default_value = "maintenance")]
        why: String,
    },
    /// Bring nodes back into supply before their window ends.
    EndMaintenance {
        /// Its label, id, or SITE:MODEL.
        pool: String,
        /// Their numbers at the site, such as "1-313, 320".
        #[arg(long)]
        nodes: String,
        /// From when they are back; now when left out.
        #[arg(long, value_name = "INSTANT")]
        at: Option<String>,
        /// Only windows with this reason.
        #[arg(long)]
        why: Option<String>,
    },
    /// List windows in which nodes are out of supply.
    Maintenance {
        /// Only of this pool.
        #[arg(long)]
        pool: Option<String>,
        /// Only what ends after this instant.
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
    },
}

/// Runs a verb.
pub fn run(verb: Upkeep, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/pools";
    match verb {
        Upkeep::Maintain {
            pool,
            nodes,
            from,
            to,
            why,
        } => {
            let body = body(&[
                ("nodes", text(nodes)),
                ("window", Some(json!({ "from": from, "to": to }))),
                ("why", text(why)),
            ]);
            session.write(Request::post(format!("{PATH}/{pool}/maintenance")).json(&body)?)
        }
        Upkeep::EndMaintenance {
            pool,
            nodes,
            at,
            why,
        } => {
            let body = body(&[
                ("nodes", text(nodes)),
                ("at", maybe(&at)),
                ("why", maybe(&why)),
            ]);
            session.write(Request::post(format!("{PATH}/{pool}/maintenance/end")).json(&body)?)
        }
        Upkeep::Maintenance { pool, from } => {
            let request = Request::get("/v1/maintenance")
                .with_some("pool", pool)
                .with_some("from", from);
            let columns = [
                "number",
                "site_code",
                "model_code",
                "nodes",
                "window.from",
                "window.to",
                "why",
            ];
            session.list(request, &columns)
        }
    }
}
