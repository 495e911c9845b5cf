//! Quotes: drafts offered at their price, with capacity held until the offer expires.

use anyhow::Result;
use bareboat_client::Request;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::session::Session;

/// Flags of `capacity quote`.
#[derive(Debug, Args)]
pub struct MakeQuote {
    /// The draft: its id or label.
    contract: String,
    /// The first instant at which the quote holds nothing.
    #[arg(long, value_name = "INSTANT")]
    until: String,
}

/// Offers a draft, and holds its capacity until an instant.
pub fn quote(ask: MakeQuote, session: &Session) -> Result<()> {
    let path = format!("/v1/contracts/{}/quotes", ask.contract);
    session.write(Request::post(path).json(&json!({ "expires_at": ask.until }))?)
}

/// Verbs of quotes. They are made by `capacity quote`, and taken by `contract sign`.
#[derive(Debug, Subcommand)]
pub enum Quote {
    /// List quotes.
    List {
        /// Only this contract's: its id or label.
        #[arg(long)]
        contract: Option<String>,
        /// Only those that stand so: open, taken, withdrawn or lapsed.
        #[arg(long)]
        status: Option<String>,
    },
    /// Show a quote with what it holds.
    Show {
        /// Its id or label.
        quote: String,
    },
    /// Give an open quote up: it holds nothing more.
    Withdraw {
        /// Its id or label.
        quote: String,
    },
}

/// Runs a verb of quotes.
pub fn quotes(verb: Quote, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/quotes";
    match verb {
        Quote::List { contract, status } => {
            let request = Request::get(PATH)
                .with_some("contract", contract)
                .with_some("status", status);
            let columns = [
                "label",
                "contract_reference",
                "status",
                "price_per_gpu_hour",
                "committed",
                "expires_at",
                "id",
            ];
            session.list(request, &columns)
        }
        Quote::Show { quote } => session.item(Request::get(format!("{PATH}/{quote}"))),
        Quote::Withdraw { quote } => {
            session.write(Request::post(format!("{PATH}/{quote}/withdraw")))
        }
    }
}
