//! Legal entities, accounts, entries, and what they add up to.

use std::path::PathBuf;

use anyhow::Result;
use bareboat_client::Request;
use clap::Subcommand;
use serde_json::{Map, Value};

use crate::exit;
use crate::session::{Session, body, body_from, maybe, text};

/// Verbs of legal entities.
#[derive(Debug, Subcommand)]
pub enum Entity {
    /// List the operator's legal entities.
    List,
    /// Show a legal entity.
    Show {
        /// Its id, label or code.
        entity: String,
    },
    /// Register a legal entity.
    Register {
        /// Its code, unique in the book.
        code: String,
        /// Its registered name.
        #[arg(long)]
        name: String,
        /// Where it is registered, such as JP.
        #[arg(long)]
        country: String,
        /// The currency it keeps its accounts in.
        #[arg(long, value_name = "CURRENCY")]
        functional_currency: String,
        /// Its tax id.
        #[arg(long)]
        tax_id: Option<String>,
    },
}

/// Runs a verb of legal entities.
pub fn entity(verb: Entity, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/entities";
    match verb {
        Entity::List => session.list(
            Request::get(PATH),
            &[
                "label",
                "code",
                "name",
                "country",
                "functional_currency",
                "closed_through",
                "id",
            ],
        ),
        Entity::Show { entity } => session.item(Request::get(format!("{PATH}/{entity}"))),
        Entity::Register {
            code,
            name,
            country,
            functional_currency,
            tax_id,
        } => {
            let body = body(&[
                ("code", text(code)),
                ("name", text(name)),
                ("country", text(country)),
                ("functional_currency", text(functional_currency)),
                ("tax_id", maybe(&tax_id)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
    }
}

/// Verbs of accounts.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// List accounts with their balances.
    List {
        /// Only this entity's: its id, label or code.
        #[arg(long)]
        entity: Option<String>,
        /// Only those kept for this contract: its id or label.
        #[arg(long)]
        contract: Option<String>,
    },
    /// Show an account.
    Show {
        /// Its id or label.
        account: String,
    },
}

/// Runs a verb of accounts.
pub fn account(verb: Account, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/accounts";
    match verb {
        Account::List { entity, contract } => session.list(
            Request::get(PATH)
                .with_some("entity", entity)
                .with_some("contract", contract),
            &["label", "code", "name", "kind", "contract", "balance", "id"],
        ),
        Account::Show { account } => session.item(Request::get(format!("{PATH}/{account}"))),
    }
}

/// Verbs of entries.
#[derive(Debug, Subcommand)]
pub enum Entry {
    /// List entries, oldest first.
    List {
        /// Only this entity's: its id, label or code.
        #[arg(long)]
        entity: Option<String>,
        /// Only those with a side on this account: its id or label.
        #[arg(long)]
        account: Option<String>,
        /// Only those dated on this day or later.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// Only those dated before this day.
        #[arg(long, value_name = "DATE")]
        to: Option<String>,
    },
    /// Show an entry.
    Show {
        /// Its id or label.
        entry: String,
    },
    /// Post a balanced entry by hand. A side is CODE=AMOUNT, debits positive and credits negative:
    /// --side "cash=100.00 USD" --side "revenue=-100.00 USD". For accounts that are not open yet,
    /// send a file with --from.
    Post {
        /// Whose books it is in: an id, label or code.
        #[arg(long, required_unless_present = "from")]
        entity: Option<String>,
        /// The day it counts for.
        #[arg(long, required_unless_present = "from")]
        date: Option<String>,
        /// What it is, in words.
        #[arg(long, required_unless_present = "from")]
        description: Option<String>,
        /// A side of it; repeat it for each.
        #[arg(long, value_name = "CODE=AMOUNT", required_unless_present = "from")]
        side: Vec<String>,
        /// The contract that the accounts are kept for: an id, label or reference.
        #[arg(long)]
        contract: Option<String>,
        /// The whole entry from a file (.json, .toml, or - for JSON from stdin).
        #[arg(long, value_name = "FILE", conflicts_with_all = ["entity", "date", "description", "side", "contract"])]
        from: Option<PathBuf>,
    },
    /// Post the opposite of an entry.
    Reverse {
        /// Its id or label.
        entry: String,
        /// The day the reversal counts for.
        #[arg(long)]
        date: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

fn side(given: &str, contract: &Option<String>) -> Result<Value> {
    let parts = given.split_once('=');
    let (code, amount) = parts.ok_or_else(|| {
        let message = format!("{given:?} is no side of an entry");
        exit::usage(message, "write it as CODE=AMOUNT: \"cash=100.00 USD\"")
    })?;
    Ok(body(&[
        ("code", text(code)),
        ("amount", text(amount)),
        ("contract", maybe(contract)),
    ]))
}

/// Runs a verb of entries.
pub fn entry(verb: Entry, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/entries";
    match verb {
        Entry::List {
            entity,
            account,
            from,
            to,
        } => session.list(
            Request::get(PATH)
                .with_some("entity", entity)
                .with_some("account", account)
                .with_some("from", from)
                .with_some("to", to),
            &[
                "label",
                "date",
                "description",
                "source.kind",
                "reversed_by",
                "id",
            ],
        ),
        Entry::Show { entry } => session.item(Request::get(format!("{PATH}/{entry}"))),
        Entry::Post {
            from: Some(path), ..
        } => session.write(Request::post(PATH).json(&body_from(&path)?)?),
        Entry::Post {
            entity,
            date,
            description,
            side: sides,
            contract,
            from: None,
        } => {
            let sides: Vec<Value> = sides
                .iter()
                .map(|given| side(given, &contract))
                .collect::<Result<_>>()?;
            let body = body(&[
                ("entity", maybe(&entity)),
                ("date", maybe(&date)),
                ("description", maybe(&description)),
                ("postings", Some(sides.into())),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
        Entry::Reverse {
            entry,
            date,
            reason,
        } => {
            let body = body(&[("date", text(date)), ("reason", text(reason))]);
            session.write(Request::post(format!("{PATH}/{entry}/reverse")).json(&body)?)
        }
    }
}

/// Verbs of the ledger.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Show what every account of an entity comes to.
    TrialBalance {
        /// The entity: its id, label or code.
        entity: String,
        /// Only entries dated on or before this day count.
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
    },
    /// Close an entity's periods: nothing is posted on or before that day any more.
    Close {
        /// The entity: its id, label or code.
        entity: String,
        /// The last day to close.
        #[arg(long, value_name = "DATE")]
        through: String,
    },
}

/// Runs a verb of the ledger.
pub fn ledger(verb: Ledger, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/entities";
    match verb {
        Ledger::TrialBalance { entity, on } => {
            let path = format!("{PATH}/{entity}/trial-balance");
            session.item(Request::get(path).with_some("on", on))
        }
        Ledger::Close { entity, through } => {
            let body = Value::Object(Map::from_iter([("through".to_owned(), through.into())]));
            session.write(Request::post(format!("{PATH}/{entity}/close")).json(&body)?)
        }
    }
}
