//! Sealed values.

use anyhow::Result;
use bareboat_client::Request;
use clap::Subcommand;

use crate::session::{Session, body, text};

/// Verbs of sealed values.
#[derive(Debug, Subcommand)]
pub enum Sealed {
    /// Open a sealed value; who, when and why is recorded for ever.
    Open {
        /// Its id, as the party or the hit shows it.
        sealed: String,
        /// What for.
        #[arg(long)]
        purpose: String,
    },
    /// List who opened which sealed value, when and why.
    Openings {
        /// Only this party's values: an id or label.
        #[arg(long)]
        party: Option<String>,
        /// Only this value: its id.
        #[arg(long)]
        sealed: Option<String>,
        /// Only those by this principal: an id or label.
        #[arg(long)]
        by: Option<String>,
    },
    /// Destroy the key of all that is sealed of a party; nothing brings it back.
    Shred {
        /// The party: its id or label.
        party: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

/// Runs a verb of sealed values.
pub fn sealed(verb: Sealed, session: &Session) -> Result<()> {
    match verb {
        Sealed::Open { sealed, purpose } => {
            let request = Request::post(format!("/v1/sealed/{sealed}/open"));
            session.write(request.json(&body(&[("purpose", text(purpose))]))?)
        }
        Sealed::Openings { party, sealed, by } => {
            let request = Request::get("/v1/sealed/openings")
                .with_some("party", party)
                .with_some("sealed", sealed)
                .with_some("by", by);
            let columns = [
                "number",
                "recorded.at",
                "recorded.by",
                "party_label",
                "field",
                "purpose",
                "sealed",
            ];
            session.list(request, &columns)
        }
        Sealed::Shred { party, reason } => {
            let request = Request::post(format!("/v1/parties/{party}/shred"));
            session.write(request.json(&body(&[("reason", text(reason))]))?)
        }
    }
}
