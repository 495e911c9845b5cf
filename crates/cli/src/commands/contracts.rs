//! Contracts, lots and wind-downs.

mod wind_down;

pub use wind_down::{WindDown, wind_down};

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bareboat_client::Request;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::session::{Session, body, body_from, maybe, text};
use crate::{exit, show};

/// A document that shows something: exactly one of these.
#[derive(Clone, Debug, Args)]
#[group(multiple = false)]
pub struct Evidence {
    /// The document that shows it; the book keeps it.
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// A text that shows it; the book keeps it.
    #[arg(long, value_name = "TEXT")]
    evidence_text: Option<String>,
    /// The SHA-256 of a document that is kept elsewhere.
    #[arg(long, value_name = "DIGEST")]
    evidence_digest: Option<String>,
}

impl Evidence {
    /// As the API takes it, when there is one.
    pub fn value(&self) -> Result<Option<Value>> {
        if let Some(digest) = &self.evidence_digest {
            return Ok(Some(json!({ "digest": digest })));
        }
        if let Some(text) = &self.evidence_text {
            return Ok(Some(json!({ "text": text })));
        }
        let Some(path) = &self.evidence else {
            return Ok(None);
        };
        let read = std::fs::read(path);
        let bytes = read.with_context(|| format!("could not read {}", path.display()))?;
        let evidence = bareboat_api::evidence::Evidence::of(media_type_of(path), &bytes);
        Ok(Some(serde_json::to_value(evidence)?))
    }

    /// As the API takes it.
    pub fn needed(&self) -> Result<Value> {
        self.value()?.ok_or_else(|| {
            let message = "there is no evidence";
            exit::usage(
                message,
                "give --evidence FILE, --evidence-text TEXT or --evidence-digest DIGEST",
            )
        })
    }
}

fn media_type_of(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()) {
        Some("pdf") => "application/pdf",
        Some("json") => "application/json",
        Some("csv") => "text/csv",
        Some("txt" | "md" | "log") => "text/plain",
        _ => "application/octet-stream",
    }
}

/// Kinds of bulk files.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// A row for each lot.
    Csv,
    /// A contract on each line.
    Jsonl,
}

/// Verbs of contracts.
#[derive(Debug, Subcommand)]
pub enum Contract {
    /// List contracts.
    List {
        /// Only those that stand so: draft, withdrawn, signed, extended, terminating or ended.
        #[arg(long)]
        status: Option<String>,
        /// Only this partner's: its organisation's id or label.
        #[arg(long)]
        organisation: Option<String>,
        /// Only this client's: the party's id or label.
        #[arg(long)]
        client: Option<String>,
        /// Only the one with this reference.
        #[arg(long)]
        reference: Option<String>,
    },
    /// Show a contract with its lots.
    Show {
        /// Its id or label.
        contract: String,
    },
    /// Show what a contract's lots hold: now, in use, the next change, all dated intervals.
    Capacity {
        /// Its id or label.
        contract: String,
    },
    /// Write a contract down, not yet binding.
    Draft {
        /// The contract from a file (.json, .toml, or - for JSON from stdin).
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Give a draft up.
    Withdraw {
        /// Its id or label.
        contract: String,
    },
    /// Make a draft binding: determination, reservations, prepayment.
    Sign {
        /// Its id or label.
        contract: String,
        /// The day of signing.
        #[arg(long, value_name = "DATE")]
        on: String,
    },
    /// Exercise a contract's extension.
    Extend {
        /// Its id or label.
        contract: String,
        /// The day notice of it is given.
        #[arg(long, value_name = "DATE")]
        on: String,
    },
    /// Stop access pending a decision; nothing is destroyed.
    Suspend(Access),
    /// Give access back.
    Resume(Access),
    /// Show what a client uses GPUs for, as last declared.
    Use {
        /// Its id or label.
        contract: String,
    },
    /// Record what a client uses GPUs for, and what diligence knows of it.
    DeclareUse(Box<DeclareUse>),
    /// Draft contracts from a file (.csv or .jsonl): all of them, or none.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Write contracts as an import takes them.
    Export {
        /// As what.
        #[arg(long, value_enum, default_value = "csv")]
        format: Format,
        /// Into this file instead of stdout.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Flags of stopping access and giving it back.
#[derive(Debug, Args)]
pub struct Access {
    /// The contract: its id or label.
    contract: String,
    /// When.
    #[arg(long, value_name = "INSTANT")]
    at: String,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// Flags of `contract declare-use`. What is left out is unknown, and unknown never permits.
#[derive(Debug, Args)]
pub struct DeclareUse {
    /// The contract: its id or label.
    contract: String,
    /// training, inference …
    #[arg(long)]
    purpose: Option<String>,
    /// Whether it is for weapons of mass destruction.
    #[arg(long)]
    wmd: Option<bool>,
    /// Whether it is for military intelligence.
    #[arg(long)]
    military_intelligence: Option<bool>,
    /// Whether models are trained for a party headquartered in D:5 or Macau.
    #[arg(long)]
    training_for_d5_party: Option<bool>,
    /// Whether it will be diverted from what is declared.
    #[arg(long)]
    diversion: Option<bool>,
    /// in-country-transfer, reexport, export-from-us, remote-access, us-person-support or none.
    #[arg(long)]
    ear_activity: Option<String>,
    /// The day it was declared.
    #[arg(long, value_name = "DATE")]
    on: String,
    /// Where it is written.
    #[arg(long)]
    source: String,
    /// The document.
    #[command(flatten)]
    document: Evidence,
}

const CONTRACTS: &str = "/v1/contracts";

/// Runs a verb of contracts.
pub fn contract(verb: Contract, session: &Session) -> Result<()> {
    let post = |contract: &str, verb: &str, body: &Value| {
        let request = Request::post(format!("{CONTRACTS}/{contract}/{verb}"));
        session.write(request.json(body)?)
    };
    match verb {
        Contract::List {
            status,
            organisation,
            client,
            reference,
        } => session.list(
            Request::get(CONTRACTS)
                .with_some("status", status)
                .with_some("organisation", organisation)
                .with_some("client", client)
                .with_some("reference", reference),
            &[
                "label",
                "reference",
                "status",
                "term.from",
                "ends_on",
                "committed",
                "id",
            ],
        ),
        Contract::Capacity { contract } => super::capacity::contract(&contract, session),
        Contract::Show { contract } => {
            session.item(Request::get(format!("{CONTRACTS}/{contract}")))
        }
        Contract::Draft { from } => {
            session.write(Request::post(CONTRACTS).json(&body_from(&from)?)?)
        }
        Contract::Withdraw { contract } => {
            session.write(Request::post(format!("{CONTRACTS}/{contract}/withdraw")))
        }
        Contract::Sign { contract, on } => post(&contract, "sign", &json!({ "signed_on": on })),
        Contract::Extend { contract, on } => post(&contract, "extend", &json!({ "on": on })),
        Contract::Suspend(access) => {
            let body = json!({ "at": access.at, "reason": access.reason });
            post(&access.contract, "suspend", &body)
        }
        Contract::Resume(access) => {
            let body = json!({ "at": access.at, "reason": access.reason });
            post(&access.contract, "resume", &body)
        }
        Contract::Use { contract } => {
            session.item(Request::get(format!("{CONTRACTS}/{contract}/use")))
        }
        Contract::DeclareUse(given) => post(&given.contract, "use", &declaration(&given)?),
        Contract::Import { file } => import(&file, session),
        Contract::Export { format, out } => export(format, out.as_deref(), session),
    }
}

fn declaration(given: &DeclareUse) -> Result<Value> {
    let flag = |value: Option<bool>| value.map(Value::from);
    Ok(body(&[
        ("purpose", maybe(&given.purpose)),
        ("wmd", flag(given.wmd)),
        ("military_intelligence", flag(given.military_intelligence)),
        ("training_for_d5_party", flag(given.training_for_d5_party)),
        ("diversion", flag(given.diversion)),
        ("ear_activity", maybe(&given.ear_activity)),
        ("declared_on", text(&given.on)),
        ("source", text(&given.source)),
        ("document", given.document.value()?),
    ]))
}

fn import(file: &Path, session: &Session) -> Result<()> {
    let shown = file.display();
    let media_type = match file.extension().and_then(|end| end.to_str()) {
        Some("csv") => "text/csv",
        Some("jsonl") => "application/jsonl",
        _ => {
            let message = format!("{shown} is neither .csv nor .jsonl");
            return Err(exit::usage(message, "name the file by what it holds"));
        }
    };
    let bytes = std::fs::read(file).with_context(|| format!("could not read {shown}"))?;
    session.write(Request::post(format!("{CONTRACTS}/import")).bytes(media_type, bytes))
}

fn export(format: Format, out: Option<&Path>, session: &Session) -> Result<()> {
    let end = match format {
        Format::Csv => "csv",
        Format::Jsonl => "jsonl",
    };
    let request = Request::get(format!("{CONTRACTS}/export.{end}"));
    saved(&session.client().read(request)?.body, out)
}

/// Bytes of a download: into a file, or to stdout.
fn saved(bytes: &[u8], out: Option<&Path>) -> Result<()> {
    use std::io::Write as _;
    match out {
        None => match std::io::stdout().lock().write_all(bytes) {
            // Whoever read has read enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        },
        Some(path) => {
            let shown = path.display();
            std::fs::write(path, bytes).with_context(|| format!("could not write {shown}"))?;
            show::note(&format!("{shown}: {} bytes", bytes.len()));
            Ok(())
        }
    }
}

/// Verbs of lots.
#[derive(Debug, Subcommand)]
pub enum Lot {
    /// List lots with their nodes.
    List {
        /// Only this contract's: its id or label.
        #[arg(long)]
        contract: Option<String>,
        /// Only at this site: its id, label or code.
        #[arg(long)]
        site: Option<String>,
        /// Only of this model: its id, label or code.
        #[arg(long)]
        model: Option<String>,
    },
    /// Show a lot with its nodes.
    Show {
        /// Its id or label.
        lot: String,
    },
    /// Name the nodes of a lot: determination, allocation.
    Allocate {
        /// Its id or label.
        lot: String,
        /// When they are handed over.
        #[arg(long, value_name = "INSTANT")]
        at: String,
    },
    /// Name a lot's nodes ahead; `allocate` hands them over.
    Pin {
        /// Its label or id.
        lot: String,
    },
}

/// Runs a verb of lots.
pub fn lot(verb: Lot, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/lots";
    match verb {
        Lot::List {
            contract,
            site,
            model,
        } => session.list(
            Request::get(PATH)
                .with_some("contract", contract)
                .with_some("site", site)
                .with_some("model", model),
            &[
                "label",
                "contract",
                "gpus",
                "nodes",
                "window.from",
                "window.to",
                "allocation.nodes",
                "id",
            ],
        ),
        Lot::Show { lot } => session.item(Request::get(format!("{PATH}/{lot}"))),
        Lot::Allocate { lot, at } => {
            let request = Request::post(format!("{PATH}/{lot}/allocate"));
            session.write(request.json(&json!({ "at": at }))?)
        }
        Lot::Pin { lot } => session.write(Request::post(format!("{PATH}/{lot}/pin"))),
    }
}
