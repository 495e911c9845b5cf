//! `bareboat init`: a new book with its operator, its first administrator and that one's key.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use bareboat_api::KeyText;
use bareboat_base::id::derive_id;
use bareboat_base::{Clock as _, Code, CommandId, Digest, Instant, Name, Position, PrincipalId};
use bareboat_book::command::{Begin, Create};
use bareboat_book::{Command, Rejection};
use bareboat_journal::sqlite::SqliteReader;
use bareboat_journal::store::Reader as _;
use bareboat_journal::{Options, SqliteOptions, SqliteStore, StoreError, Submission, SubmitError};
use bareboat_server::{App, SystemClock, command_id, random};
use clap::Args;
use serde_json::json;

use crate::args::Global;
use crate::open::{self, AUDIT_DAYS, store_failed};
use crate::{exit, show};

/// Makes a new book. Prints the first administrator's key, once.
#[derive(Debug, Args)]
pub struct Init {
    /// The file to make; --book names it as well.
    path: Option<PathBuf>,
    /// The operator's name.
    #[arg(long, default_value = "Operator")]
    operator: String,
    /// The operator's code.
    #[arg(long, default_value = "OPERATOR")]
    code: String,
    /// The first administrator's name.
    #[arg(long, default_value = "Administrator")]
    administrator: String,
    /// When the key expires; a year from now when left out.
    #[arg(long, value_name = "INSTANT")]
    expires_at: Option<Instant>,
    /// The book takes the instants that it records from outside: for stories and tests.
    #[arg(long)]
    simulated_clock: bool,
    /// Write the key to this file too, readable by its owner only.
    #[arg(long, value_name = "FILE")]
    write_key: Option<PathBuf>,
}

impl Init {
    /// What a story's book begins with.
    pub fn for_story(operator: &str, code: &str, administrator: &str) -> Self {
        Self {
            path: None,
            operator: operator.to_owned(),
            code: code.to_owned(),
            administrator: administrator.to_owned(),
            expires_at: None,
            simulated_clock: true,
            write_key: None,
        }
    }
}

/// Makes a book that begins at an instant; answers with the administrator's key.
pub fn make(path: &Path, init: &Init, begins_at: &str) -> Result<String> {
    Ok(begin(path, init, Some(begins_at))?.key.reveal())
}

const YEAR_MICROS: i64 = 365 * 86_400_000_000;

impl Init {
    /// Runs it.
    pub fn run(self, global: &Global) -> Result<()> {
        let path = match (&self.path, &global.book) {
            (Some(path), _) | (None, Some(path)) => path.clone(),
            (None, None) => {
                let hint = "name it: bareboat init BOOK";
                return Err(exit::usage("which file shall hold the book?", hint));
            }
        };
        // Before the book is made: its key is shown this once.
        if let Some(file) = &self.write_key
            && (file.exists() || file.parent().is_some_and(|folder| !is_folder(folder)))
        {
            let problem = format!("the key cannot be written to {}", file.display());
            let hint = "name a file that is not there yet, in a folder that is; nothing was made";
            return Err(exit::usage(&problem, hint));
        }
        let began = begin(&path, &self, global.recorded_at.as_deref())?;
        if let Some(file) = &self.write_key
            && let Err(error) = write_key(file, &began.key.reveal())
        {
            show::note(&format!("{error:#}; it is shown here alone"));
        }
        if global.json {
            let answer = json!({
                "book": path,
                "operator": self.operator,
                "principal": began.administrator.to_string(),
                "key": began.key.reveal(),
                "expires_at": began.expires_at.to_string(),
                "simulated_clock": self.simulated_clock,
            });
            return show::item(&answer, true);
        }
        show::note(&format!("made the book {}", path.display()));
        show::note(
            "the administrator's key, shown this once; keep it, and set BAREBOAT_KEY to it:",
        );
        show::line(&began.key.reveal())
    }
}

fn is_folder(path: &Path) -> bool {
    path.as_os_str().is_empty() || path.is_dir()
}

struct Began {
    key: KeyText,
    administrator: PrincipalId,
    expires_at: Instant,
}

/// What the book begins with, checked.
struct Plan {
    operator: Name,
    code: Code,
    administrator: Name,
    recorded_at: Option<Instant>,
    expires_at: Instant,
    simulated_clock: bool,
}

impl Plan {
    fn of(init: &Init, recorded_at: Option<&str>, now: Instant) -> Result<Self> {
        let recorded_at: Option<Instant> = match recorded_at {
            None => None,
            Some(text) => Some(field("recorded-at", text)?),
        };
        let present = recorded_at.unwrap_or(now);
        Ok(Self {
            operator: field("operator", &init.operator)?,
            code: field("code", &init.code)?,
            administrator: field("administrator", &init.administrator)?,
            recorded_at,
            expires_at: match init.expires_at {
                Some(instant) => instant,
                None => Instant::from_micros(present.micros().saturating_add(YEAR_MICROS))?,
            },
            simulated_clock: init.simulated_clock,
        })
    }
}

fn begin(path: &Path, init: &Init, recorded_at: Option<&str>) -> Result<Began> {
    let now = SystemClock.now();
    let plan = Plan::of(init, recorded_at, now)?;
    let expires_at = plan.expires_at;
    let store = create(path, &SqliteOptions::new(now)).map_err(|error| store_failed(&error))?;
    let options = Options {
        simulated_clock: init.simulated_clock,
        ..Options::default()
    };
    let app = open::start(path, store, options, AUDIT_DAYS)?;
    let begin = command_id(now);
    let key = KeyText::new(derive_id(begin, 0), random());
    // The administrator is who begins its own book: there is nobody before it.
    let administrator: PrincipalId = derive_id(begin, 0);
    let recorded = record(&app, plan, administrator, begin, key.digest());
    app.engine.shutdown();
    app.audit.close();
    if let Err(error) = recorded {
        bail!(exit::Own {
            message: format!("the book was not begun: {error}"),
            hint: format!("{}; then try again", error.hint()),
            code: Some(error.code().to_owned()),
            exit: exit::USAGE,
        });
    }
    Ok(Began {
        key,
        administrator,
        expires_at,
    })
}

/// A new book; or the empty one that an earlier try left when it was stopped.
fn create(path: &Path, options: &SqliteOptions) -> Result<SqliteStore, StoreError> {
    let tail = SqliteReader::open(path).and_then(|reader| reader.tail());
    if tail.is_ok_and(|tail| tail == Position(0)) {
        SqliteStore::open(path, options)
    } else {
        SqliteStore::create(path, options)
    }
}

fn record(
    app: &App,
    plan: Plan,
    actor: PrincipalId,
    command_id: CommandId,
    hash: Digest,
) -> Result<(), SubmitError<Rejection>> {
    let command = Command::Begin(Begin {
        create: Create {
            operator: plan.operator.clone(),
            simulated_clock: plan.simulated_clock,
        },
        bootstrap: bareboat_access::Bootstrap {
            code: plan.code,
            name: plan.operator,
            administrator: plan.administrator,
            hash,
            expires_at: plan.expires_at,
        },
    });
    let submission = Submission {
        command_id,
        actor,
        idempotency: None,
        recorded_at: plan.recorded_at,
        command,
        documents: Vec::new(),
        sealed: Vec::new(),
        precondition: None,
        answer: Box::new(|_, _| Vec::new()),
    };
    app.engine.submit(submission).wait().map(|_| ())
}

fn field<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|error: T::Err| exit::usage(format!("{name}: {error}"), "correct it"))
}

/// Writes a key where only its owner may read it; never over something.
pub fn write_key(path: &Path, key: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options
        .open(path)
        .and_then(|mut file| writeln!(file, "{key}"));
    written.with_context(|| format!("could not write the key to {}", path.display()))
}
