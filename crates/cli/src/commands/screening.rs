//! Restricted-party lists, screenings, hits.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bareboat_client::Request;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::session::{Session, body, text};
use crate::show;

/// Verbs of lists.
#[derive(Debug, Subcommand)]
pub enum List {
    /// List restricted-party lists.
    List,
    /// List a list's snapshots.
    Snapshots {
        /// The list's code, such as SDN.
        list: String,
    },
    /// Import a list as published.
    Import(Import),
    /// Write a snapshot's entries to stdout as JSON Lines.
    Entries {
        /// The snapshot: its id or label.
        snapshot: String,
    },
}

/// Flags of an import.
#[derive(Debug, Args)]
pub struct Import {
    /// The list's code, such as SDN.
    list: String,
    /// ofac-sdn, csl, un-xml or jsonl.
    #[arg(long)]
    format: String,
    /// A file as published; repeat it where the format has several.
    #[arg(long = "file", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Who publishes it.
    #[arg(long)]
    publisher: String,
    /// The publisher's date.
    #[arg(long, value_name = "DATE")]
    published_on: String,
    /// Where it was taken from.
    #[arg(long)]
    source: String,
    /// You looked, and the loss of more than a fifth of the entries is right.
    #[arg(long)]
    confirmed: bool,
}

fn file(path: &Path) -> Result<Value> {
    let bytes = std::fs::read(path);
    let bytes = bytes.with_context(|| format!("could not read {}", path.display()))?;
    let text = String::from_utf8(bytes);
    let text = text.with_context(|| format!("{} is not UTF-8", path.display()))?;
    let name = path.file_name().map(|name| name.to_string_lossy());
    Ok(json!({ "name": name, "text": text }))
}

/// Runs a verb of lists.
pub fn list(verb: List, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/lists";
    match verb {
        List::List => {
            let columns = [
                "code",
                "newest.label",
                "newest.publisher",
                "newest.published_on",
                "newest.entry_count",
                "snapshots",
            ];
            session.list(Request::get(PATH), &columns)
        }
        List::Snapshots { list } => {
            let columns = [
                "label",
                "published_on",
                "entry_count",
                "change.added",
                "change.removed",
                "change.changed",
                "malformed",
                "recorded.at",
            ];
            session.list(Request::get(format!("{PATH}/{list}/snapshots")), &columns)
        }
        List::Import(import) => {
            let files: Vec<Value> = import
                .files
                .iter()
                .map(|one| file(one))
                .collect::<Result<_>>()?;
            let body = body(&[
                ("format", text(import.format)),
                ("publisher", text(import.publisher)),
                ("published_on", text(import.published_on)),
                ("source", text(import.source)),
                ("confirmed", Some(Value::from(import.confirmed))),
                ("files", Some(Value::from(files))),
            ]);
            let path = format!("{PATH}/{}/snapshots", import.list);
            session.write(Request::post(path).json(&body)?)
        }
        List::Entries { snapshot } => {
            let request = Request::get(format!("/v1/snapshots/{snapshot}/entries"));
            let answer = session.client().read(request)?;
            show::line(String::from_utf8_lossy(&answer.body).trim_end())
        }
    }
}

/// Verbs of screenings.
#[derive(Debug, Subcommand)]
pub enum Screening {
    /// Screen a party, or all whose screening is not current, against the newest lists.
    Run {
        /// The party: its id or label.
        #[arg(long, required_unless_present = "all", conflicts_with = "all")]
        party: Option<String>,
        /// Every party whose screening is not current.
        #[arg(long)]
        all: bool,
    },
    /// List screenings.
    List {
        /// Only this party's: an id or label.
        #[arg(long)]
        party: Option<String>,
    },
}

/// Runs a verb of screenings.
pub fn screening(verb: Screening, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/screenings";
    match verb {
        Screening::Run { party, all } => {
            let body = match party {
                Some(party) => json!({ "party": party }),
                None => json!({ "all": all }),
            };
            session.write(Request::post(PATH).json(&body)?)
        }
        Screening::List { party } => {
            let request = Request::get(PATH).with_some("party", party);
            let columns = [
                "label",
                "party_label",
                "party_version",
                "engine_version",
                "recorded.at",
                "id",
            ];
            session.list(request, &columns)
        }
    }
}

/// Verbs of hits.
#[derive(Debug, Subcommand)]
pub enum Hit {
    /// List hits.
    List {
        /// Only this party's: an id or label.
        #[arg(long)]
        party: Option<String>,
        /// Only those of this list: its code.
        #[arg(long)]
        list: Option<String>,
        /// Only open, needs_information, proposed_true, true, proposed_false, false, superseded;
        /// or undecided.
        #[arg(long)]
        status: Option<String>,
    },
    /// Show a hit.
    Show {
        /// Its id or label.
        hit: String,
    },
    /// Decide on a hit; true needs a second person.
    Dispose {
        /// Its id or label.
        hit: String,
        /// true, false or needs-information.
        #[arg(long)]
        verdict: String,
        /// Why; of a sealed party, words that do not tell who it is.
        #[arg(long)]
        grounds: String,
    },
    /// Confirm another's decision on a hit.
    Confirm {
        /// Its id or label.
        hit: String,
        /// Why; of a sealed party, words that do not tell who it is.
        #[arg(long)]
        grounds: String,
    },
}

/// Runs a verb of hits.
pub fn hit(verb: Hit, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/hits";
    match verb {
        Hit::List {
            party,
            list,
            status,
        } => {
            let request = Request::get(PATH)
                .with_some("party", party)
                .with_some("list", list)
                .with_some("status", status);
            let columns = [
                "label",
                "party_label",
                "list",
                "entry.value",
                "score_permille",
                "status",
                "id",
            ];
            session.list(request, &columns)
        }
        Hit::Show { hit } => session.item(Request::get(format!("{PATH}/{hit}"))),
        Hit::Dispose {
            hit,
            verdict,
            grounds,
        } => {
            let body = body(&[("verdict", text(verdict)), ("grounds", text(grounds))]);
            session.write(Request::post(format!("{PATH}/{hit}/dispose")).json(&body)?)
        }
        Hit::Confirm { hit, grounds } => {
            let request = Request::post(format!("{PATH}/{hit}/confirm"));
            session.write(request.json(&body(&[("grounds", text(grounds))]))?)
        }
    }
}

/// Verbs of questions about names.
#[derive(Debug, Subcommand)]
pub enum Screen {
    /// Ask whether a name is on a list; nothing is recorded.
    Name {
        /// The name.
        name: String,
        /// company, person, arrangement, state-body or unknown.
        #[arg(long)]
        kind: Option<String>,
        /// A country it is tied to, such as CN; repeat it for more.
        #[arg(long = "country", value_name = "COUNTRY")]
        countries: Vec<String>,
    },
}

/// Runs a verb of questions about names.
pub fn screen(verb: Screen, session: &Session) -> Result<()> {
    match verb {
        Screen::Name {
            name,
            kind,
            countries,
        } => {
            let body = body(&[
                ("name", text(name)),
                ("kind", kind.map(Value::from)),
                (
                    "countries",
                    (!countries.is_empty()).then(|| Value::from(countries)),
                ),
            ]);
            session.ask(Request::post("/v1/screen").json(&body)?)
        }
    }
}
