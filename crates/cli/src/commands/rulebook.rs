//! Rulebooks, determinations and authorisations.

use anyhow::Result;
use bareboat_client::Request;
use clap::Subcommand;

use crate::session::{Session, body, body_from, maybe, text};
use crate::show;

/// Verbs of rulebooks.
#[derive(Debug, Subcommand)]
pub enum Rulebook {
    /// List adopted versions.
    List {
        /// Only this regime's.
        #[arg(long)]
        regime: Option<String>,
    },
    /// Show a version with its rules.
    Show {
        /// Its id or label.
        rulebook: String,
    },
    /// Adopt a rulebook that is shipped (us-ear, us-ofac, us-dod-1260h, jp-fefa, us-bills), or
    /// texts of your own.
    Adopt {
        /// The regime of a shipped one.
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        shipped: Option<String>,
        /// A file of a rulebook; repeat it for each.
        #[arg(long, value_name = "FILE")]
        file: Vec<std::path::PathBuf>,
        /// The operator's counsel who signs this version.
        #[arg(long)]
        signed_by: Option<String>,
    },
}

/// Runs a verb of rulebooks.
pub fn rulebook(verb: Rulebook, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/rulebooks";
    match verb {
        Rulebook::List { regime } => session.list(
            Request::get(PATH).with_some("regime", regime),
            &["label", "regime", "version", "effective", "signed_by", "id"],
        ),
        Rulebook::Show { rulebook } => session.item(Request::get(format!("{PATH}/{rulebook}"))),
        Rulebook::Adopt {
            shipped,
            file,
            signed_by,
        } => {
            let files = file.iter().map(|path| {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                Ok(serde_json::json!({ "name": name, "text": std::fs::read_to_string(path)? }))
            });
            let files: Vec<serde_json::Value> = files.collect::<Result<_>>()?;
            let body = body(&[
                ("shipped", maybe(&shipped)),
                ("files", (!files.is_empty()).then(|| files.into())),
                ("signed_by", maybe(&signed_by)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
    }
}

/// Verbs of determinations.
#[derive(Debug, Subcommand)]
pub enum Determination {
    /// List determinations.
    List {
        /// Only this contract's: an id or label.
        #[arg(long)]
        contract: Option<String>,
        /// permit, refer, needs-authorisation or prohibit.
        #[arg(long)]
        outcome: Option<String>,
    },
    /// Show a determination.
    Show {
        /// Its id or label.
        determination: String,
    },
    /// Print a determination's proof, from facts to outcome.
    Proof {
        /// Its id or label.
        determination: String,
    },
    /// Judge a contract, and record the judgement.
    Make {
        /// The contract: an id or label.
        contract: String,
        /// quote, sign, allocate, grant-access, add-sub-tenant, move or rescreen.
        #[arg(long)]
        activity: String,
        /// Whose law; today's when left out.
        #[arg(long, value_name = "DATE")]
        legal_date: Option<String>,
    },
    /// Decide on a referral, as the first officer.
    Resolve {
        /// Its id or label.
        determination: String,
        /// Go on; without it, do not.
        #[arg(long)]
        proceed: bool,
        /// On what grounds.
        #[arg(long)]
        grounds: String,
    },
    /// Confirm the decision on a referral, as a second officer.
    Confirm {
        /// Its id or label.
        determination: String,
    },
}

/// Runs a verb of determinations.
pub fn determination(verb: Determination, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/determinations";
    match verb {
        Determination::List { contract, outcome } => session.list(
            Request::get(PATH)
                .with_some("contract", contract)
                .with_some("outcome", outcome),
            &[
                "label",
                "activity",
                "outcome",
                "legal_date",
                "model",
                "contract",
                "id",
            ],
        ),
        Determination::Show { determination } => {
            session.item(Request::get(format!("{PATH}/{determination}")))
        }
        Determination::Proof { determination } => {
            let answer = session
                .client()
                .read(Request::get(format!("{PATH}/{determination}/proof")))?;
            show::line(String::from_utf8_lossy(&answer.body).trim_end())
        }
        Determination::Make {
            contract,
            activity,
            legal_date,
        } => {
            let body = body(&[
                ("contract", text(contract)),
                ("activity", text(activity)),
                ("legal_date", maybe(&legal_date)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
        Determination::Resolve {
            determination,
            proceed,
            grounds,
        } => {
            let body = body(&[
                ("proceed", Some(proceed.into())),
                ("grounds", text(grounds)),
            ]);
            session.write(Request::post(format!("{PATH}/{determination}/resolve")).json(&body)?)
        }
        Determination::Confirm { determination } => {
            session.write(Request::post(format!("{PATH}/{determination}/confirm")))
        }
    }
}

/// Verbs of authorisations.
#[derive(Debug, Subcommand)]
pub enum Authorisation {
    /// List licences, exceptions and clearances.
    List,
    /// Show one.
    Show {
        /// Its id or label.
        authorisation: String,
    },
    /// Record one; its terms come from a JSON or TOML file.
    Record {
        /// The file; - is stdin.
        #[arg(long, value_name = "FILE")]
        from: std::path::PathBuf,
    },
    /// Record that one is revoked.
    Revoke {
        /// Its id or label.
        authorisation: String,
        /// The first day on which it no longer holds.
        #[arg(long, value_name = "DATE")]
        on: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

/// Runs a verb of authorisations.
pub fn authorisation(verb: Authorisation, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/authorisations";
    match verb {
        Authorisation::List => session.list(
            Request::get(PATH),
            &[
                "label",
                "terms.reference",
                "terms.kind",
                "terms.valid_from",
                "terms.valid_to",
                "drawn",
                "revoked_on",
                "id",
            ],
        ),
        Authorisation::Show { authorisation } => {
            session.item(Request::get(format!("{PATH}/{authorisation}")))
        }
        Authorisation::Record { from } => {
            session.write(Request::post(PATH).json(&body_from(&from)?)?)
        }
        Authorisation::Revoke {
            authorisation,
            on,
            reason,
        } => {
            let body = body(&[("on", text(on)), ("reason", text(reason))]);
            session.write(Request::post(format!("{PATH}/{authorisation}/revoke")).json(&body)?)
        }
    }
}
