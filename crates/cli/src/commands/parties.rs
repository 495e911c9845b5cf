//! Parties and interests.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bareboat_client::Request;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::session::{Session, body, body_from, maybe, text};
use crate::{exit, show};

/// Verbs of parties.
#[derive(Debug, Subcommand)]
pub enum Party {
    /// List parties.
    List {
        /// Only company, person, arrangement, state-body or unknown.
        #[arg(long)]
        kind: Option<String>,
        /// Only sealed ones (true), or only open ones (false).
        #[arg(long)]
        sealed: Option<bool>,
        /// Only those of this domicile, such as JP.
        #[arg(long)]
        domicile: Option<String>,
        /// Only those with headquarters there.
        #[arg(long)]
        headquarters: Option<String>,
    },
    /// Show a party.
    Show {
        /// Its id or label.
        party: String,
    },
    /// Register a party, in the open or sealed.
    Register(Box<Register>),
    /// Replace what is known of a party, whole.
    Amend(Box<Amend>),
    /// Show who owns a party, what it owns and who stands at the top.
    Ownership {
        /// Its id or label.
        party: String,
        /// On which day; left out, today.
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
    },
    /// Show whether a party's screening is current, and which lists it is on.
    Screening {
        /// Its id or label.
        party: String,
    },
    /// Register many parties, all or none.
    Import {
        /// A .csv or .jsonl file.
        file: PathBuf,
    },
    /// Write parties to stdout as CSV; what is sealed stays out.
    Export {
        /// As JSON Lines.
        #[arg(long)]
        jsonl: bool,
    },
}

/// What is known of a party.
#[derive(Debug, Args)]
pub struct Facts {
    /// company, person, arrangement, state-body or unknown.
    #[arg(long, default_value = "company")]
    kind: String,
    /// Another name; repeat it for more.
    #[arg(long = "alias", value_name = "NAME")]
    aliases: Vec<String>,
    /// Where it is incorporated, such as JP.
    #[arg(long)]
    domicile: Option<String>,
    /// Where its headquarters are.
    #[arg(long)]
    headquarters: Option<String>,
    /// Its address.
    #[arg(long)]
    address: Option<String>,
    /// How a register knows it, such as LEI:5493001KJTIIGC8Y1R12; repeat it for more.
    #[arg(long = "identifier", value_name = "SCHEME:VALUE")]
    identifiers: Vec<String>,
    /// Where these facts come from; of a sealed party, words that do not tell who it is.
    #[arg(long, required_unless_present = "from")]
    source: Option<String>,
    /// The SHA-256 digest of the document they come from.
    #[arg(long, value_name = "DIGEST")]
    source_digest: Option<String>,
    /// Who declared that nobody stands above it, and where.
    #[arg(long, value_name = "SOURCE")]
    no_parent: Option<String>,
    /// Who declared, and where, that listed parties do not hold half of it or more in aggregate:
    /// for owners that are not on record.
    #[arg(long, value_name = "SOURCE")]
    not_held_by_listed: Option<String>,
    /// Read the whole body from a .json or .toml file (`-`: JSON from stdin): a name on the
    /// command line stays in the shell's history.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

/// Flags of a registration.
#[derive(Debug, Args)]
pub struct Register {
    /// Its name.
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    name: Option<String>,
    /// Seal its name, other names, address and identifiers.
    #[arg(long)]
    sealed: bool,
    #[command(flatten)]
    facts: Facts,
}

/// Flags of an amendment.
#[derive(Debug, Args)]
pub struct Amend {
    /// Its id or label.
    party: String,
    /// The version that you saw.
    #[arg(long, required_unless_present = "from")]
    expected_version: Option<u32>,
    /// Its name; left out, names, address and identifiers stay as they are.
    #[arg(long)]
    name: Option<String>,
    /// Keep them sealed (true), or write them in the open (false); left out, as the party is now.
    /// What was in the open cannot be sealed any more: register a new party.
    #[arg(long, requires = "name")]
    sealed: Option<bool>,
    #[command(flatten)]
    facts: Facts,
}

fn texts(values: &[String]) -> Option<Value> {
    (!values.is_empty()).then(|| Value::from(values))
}

fn identifiers(values: &[String]) -> Result<Option<Value>> {
    let one = |value: &String| {
        let (scheme, value) = value.split_once(':').ok_or_else(|| {
            exit::usage(
                "--identifier takes SCHEME:VALUE",
                "such as --identifier LEI:5493001KJTIIGC8Y1R12",
            )
        })?;
        Ok(json!({ "scheme": scheme, "value": value }))
    };
    let all: Vec<Value> = values.iter().map(one).collect::<Result<_>>()?;
    Ok((!all.is_empty()).then(|| Value::from(all)))
}

impl Facts {
    fn body(&self, more: &[(&str, Option<Value>)]) -> Result<Value> {
        if let Some(from) = &self.from {
            return body_from(from);
        }
        let mut fields = vec![
            ("kind", text(&self.kind)),
            ("aliases", texts(&self.aliases)),
            ("domicile", maybe(&self.domicile)),
            ("headquarters", maybe(&self.headquarters)),
            ("address", maybe(&self.address)),
            ("identifiers", identifiers(&self.identifiers)?),
            ("source", maybe(&self.source)),
            ("source_digest", maybe(&self.source_digest)),
            ("no_parent", maybe(&self.no_parent)),
            ("not_held_by_listed", maybe(&self.not_held_by_listed)),
        ];
        fields.extend_from_slice(more);
        Ok(body(&fields))
    }
}

/// Runs a verb of parties.
pub fn party(verb: Party, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/parties";
    match verb {
        Party::List {
            kind,
            sealed,
            domicile,
            headquarters,
        } => {
            let request = Request::get(PATH)
                .with_some("kind", kind)
                .with_some("sealed", sealed)
                .with_some("domicile", domicile)
                .with_some("headquarters", headquarters);
            let columns = [
                "label",
                "name.value",
                "kind",
                "sealed",
                "domicile",
                "headquarters",
                "id",
            ];
            session.list(request, &columns)
        }
        Party::Show { party } => session.item(Request::get(format!("{PATH}/{party}"))),
        Party::Register(register) => {
            let more = [
                ("name", maybe(&register.name)),
                ("sealed", Some(Value::from(register.sealed))),
            ];
            session.write(Request::post(PATH).json(&register.facts.body(&more)?)?)
        }
        Party::Amend(amend) => {
            let more = [
                ("expected_version", amend.expected_version.map(Value::from)),
                ("name", maybe(&amend.name)),
                ("sealed", amend.sealed.map(Value::from)),
            ];
            let path = format!("{PATH}/{}/amend", amend.party);
            session.write(Request::post(path).json(&amend.facts.body(&more)?)?)
        }
        Party::Ownership { party, on } => {
            let request = Request::get(format!("{PATH}/{party}/ownership"));
            session.item(request.with_some("on", on))
        }
        Party::Screening { party } => {
            session.item(Request::get(format!("{PATH}/{party}/screening")))
        }
        Party::Import { file } => session.write(import(PATH, &file)?),
        Party::Export { jsonl } => export(PATH, jsonl, session),
    }
}

fn import(path: &str, file: &Path) -> Result<Request> {
    let media_type = match file.extension().and_then(|end| end.to_str()) {
        Some("csv") => "text/csv",
        Some("jsonl" | "ndjson") => "application/jsonl",
        _ => {
            let what = format!("{} is neither .csv nor .jsonl", file.display());
            return Err(exit::usage(what, "name the file by what it holds"));
        }
    };
    let bytes = std::fs::read(file);
    let bytes = bytes.with_context(|| format!("could not read {}", file.display()))?;
    Ok(Request::post(format!("{path}/import")).bytes(media_type, bytes))
}

fn export(path: &str, jsonl: bool, session: &Session) -> Result<()> {
    let kind = if jsonl { "jsonl" } else { "csv" };
    let request = Request::get(format!("{path}/export.{kind}"));
    let answer = session.client().read(request)?;
    show::line(String::from_utf8_lossy(&answer.body).trim_end())
}

/// Verbs of interests.
#[derive(Debug, Subcommand)]
pub enum Interest {
    /// List interests, ended ones too.
    List {
        /// Only those that this party holds: an id or label.
        #[arg(long)]
        owner: Option<String>,
        /// Only those in this party: an id or label.
        #[arg(long)]
        owned: Option<String>,
        /// Only those held on this day.
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
    },
    /// Show an interest.
    Show {
        /// Its id or label.
        interest: String,
    },
    /// Record an interest of one party in another.
    Record {
        /// Who holds it: an id or label.
        owner: String,
        /// In whom: an id or label.
        owned: String,
        /// The share of votes in per cent: 25, or 25..50 when it is not known exactly.
        #[arg(long, value_name = "SHARE")]
        voting: String,
        /// The share of capital and profit; left out, as the votes.
        #[arg(long, value_name = "SHARE")]
        economic: Option<String>,
        /// The first day on which it is held.
        #[arg(long, value_name = "DATE")]
        from: String,
        /// The first day on which it no longer is.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Where this comes from.
        #[arg(long)]
        source: String,
        /// The SHA-256 digest of the document it comes from.
        #[arg(long, value_name = "DIGEST")]
        source_digest: Option<String>,
    },
    /// Record from which day an interest is no longer held.
    End {
        /// Its id or label.
        interest: String,
        /// The first day on which it is no longer held.
        #[arg(long, value_name = "DATE")]
        on: String,
    },
    /// Record many interests, all or none.
    Import {
        /// A .csv or .jsonl file.
        file: PathBuf,
    },
    /// Write interests to stdout as CSV.
    Export {
        /// As JSON Lines.
        #[arg(long)]
        jsonl: bool,
    },
}

fn range(share: &str) -> Value {
    let (min, max) = share.split_once("..").unwrap_or((share, share));
    json!({ "min": min, "max": max })
}

/// Runs a verb of interests.
pub fn interest(verb: Interest, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/interests";
    match verb {
        Interest::List { owner, owned, on } => {
            let request = Request::get(PATH)
                .with_some("owner", owner)
                .with_some("owned", owned)
                .with_some("on", on);
            let columns = [
                "label",
                "owner_label",
                "owned_label",
                "voting.min",
                "voting.max",
                "economic.min",
                "economic.max",
                "from",
                "until",
            ];
            session.list(request, &columns)
        }
        Interest::Show { interest } => session.item(Request::get(format!("{PATH}/{interest}"))),
        Interest::Record {
            owner,
            owned,
            voting,
            economic,
            from,
            until,
            source,
            source_digest,
        } => {
            let body = body(&[
                ("owner", text(owner)),
                ("owned", text(owned)),
                ("voting", Some(range(&voting))),
                ("economic", economic.as_deref().map(range)),
                ("from", text(from)),
                ("until", maybe(&until)),
                ("source", text(source)),
                ("source_digest", maybe(&source_digest)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
        Interest::End { interest, on } => {
            let request = Request::post(format!("{PATH}/{interest}/end"));
            session.write(request.json(&body(&[("on", text(on))]))?)
        }
        Interest::Import { file } => session.write(import(PATH, &file)?),
        Interest::Export { jsonl } => export(PATH, jsonl, session),
    }
}
