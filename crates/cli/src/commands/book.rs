//! The book, its events, its audit store.

use std::time::Duration;

use anyhow::Result;
use bareboat_api::Page;
use bareboat_client::Request;
use clap::Subcommand;
use serde_json::Value;

use crate::session::Session;
use crate::show;

/// Verbs of the book.
#[derive(Debug, Subcommand)]
pub enum Book {
    /// Show what book this is and where it stands.
    Show,
}

/// Runs a verb of the book.
pub fn book(verb: Book, session: &Session) -> Result<()> {
    match verb {
        Book::Show => session.item(Request::get("/v1/book")),
    }
}

/// Verbs of events.
#[derive(Debug, Subcommand)]
pub enum Events {
    /// List events, oldest first.
    List {
        /// The first position.
        #[arg(long)]
        from: Option<u64>,
        /// Only event types that begin so, such as fleet.
        #[arg(long = "type")]
        kind: Option<String>,
    },
    /// Show events as they are recorded, until interrupted.
    Follow {
        /// The first position; the next to come when left out.
        #[arg(long)]
        from: Option<u64>,
    },
}

const COLUMNS: &[&str] = &["position", "recorded_at", "event.type", "actor"];

/// Runs a verb of events.
pub fn events(verb: Events, session: &Session) -> Result<()> {
    match verb {
        Events::List { from, kind } => {
            let request = Request::get("/v1/events")
                .with_some("from", from)
                .with_some("type", kind);
            session.list(request, COLUMNS)
        }
        Events::Follow { from } => follow(from, session),
    }
}

/// Asks again each half second: it works over both transports, and misses nothing.
fn follow(from: Option<u64>, session: &Session) -> Result<()> {
    let client = session.client();
    let mut next = match from {
        Some(from) => from,
        None => {
            let book: Value = client.get(Request::get("/v1/book"))?;
            book["position"].as_u64().unwrap_or(0) + 1
        }
    };
    loop {
        let request = Request::get("/v1/events")
            .with("from", next)
            .with("limit", 1_000);
        let page: Page<Value> = client.get(request)?;
        for event in &page.items {
            next = event["position"].as_u64().unwrap_or(next) + 1;
            if session.json() {
                show::line(&event.to_string())?;
            } else {
                let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
                let (at, kind) = (text(&event["recorded_at"]), text(&event["event"]["type"]));
                show::line(&format!("{}  {at}  {kind}", event["position"]))?;
            }
        }
        if page.items.is_empty() {
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// Verbs of the audit store.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List requests and what came of them, oldest first.
    List {
        /// Only this principal's: an id or label.
        #[arg(long)]
        principal: Option<String>,
        /// Only this operation, such as listOrganisations.
        #[arg(long)]
        operation: Option<String>,
        /// Only allowed, denied or failed.
        #[arg(long)]
        outcome: Option<String>,
        /// Only paths that begin so.
        #[arg(long)]
        path: Option<String>,
        /// From this instant on.
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
        /// Before this instant.
        #[arg(long, value_name = "INSTANT")]
        to: Option<String>,
    },
}

/// Runs a verb of the audit store.
pub fn audit(verb: Audit, session: &Session) -> Result<()> {
    let Audit::List {
        principal,
        operation,
        outcome,
        path,
        from,
        to,
    } = verb;
    let request = Request::get("/v1/audit")
        .with_some("principal", principal)
        .with_some("operation", operation)
        .with_some("outcome", outcome)
        .with_some("path", path)
        .with_some("from", from)
        .with_some("to", to);
    let columns = [
        "number",
        "at",
        "principal",
        "operation",
        "path",
        "outcome",
        "status",
        "code",
    ];
    session.list(request, &columns)
}
