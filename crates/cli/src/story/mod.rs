//! `bareboat story run`: a story of dated acts, told to a new book with a simulated clock. Every
//! act is one request of the API, made in this process with the key of whoever does it, so a
//! story can do nothing that the API cannot.

mod names;
mod script;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bareboat_api::header;
use bareboat_base::Instant;
use bareboat_book::State;
use bareboat_client::{Answer, Method, Request, Transport};
use bareboat_journal::verify::verify_book;
use bareboat_server::Route;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use self::names::Names;
use self::script::{Act, Script};
use crate::args::Global;
use crate::commands::init::{self, Init};
use crate::transport::InProcess;
use crate::{exit, open, show};

/// Verbs of stories.
#[derive(Debug, Subcommand)]
pub enum Story {
    /// Tell a story to a new book, verify the book, and print the story's page.
    Run(Run),
}

/// See [`Story::Run`].
#[derive(Debug, Args)]
pub struct Run {
    /// The folder with `story.toml`.
    folder: PathBuf,
    /// A folder for the book, its keys and the page; made anew.
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
}

/// Runs a verb of stories.
pub fn story(verb: Story, global: &Global) -> Result<()> {
    match verb {
        Story::Run(run) => run.run(global),
    }
}

impl Run {
    fn run(&self, global: &Global) -> Result<()> {
        let script = Script::read(&self.folder)?;
        show::note(&script.story.title);
        std::fs::create_dir_all(self.into.join("keys"))
            .with_context(|| format!("could not make the folder {}", self.into.display()))?;
        let book = self.into.join("story.book");
        let mut teller = Teller::begin(script, &book, &self.into.join("keys"))?;
        teller.tell_all()?;
        let (script, names) = (teller.script, teller.names);
        drop(teller.transport);
        let mut names = names;
        names.keep("book", verified(&book)?);
        let page = names.page(&script.text(&script.story.page)?)?;
        let file = self.into.join("page.md");
        std::fs::write(&file, &page)
            .with_context(|| format!("could not write {}", file.display()))?;
        show::note(&format!(
            "the book is {}; this page is {}",
            book.display(),
            file.display()
        ));
        show::note(&format!(
            "explore it: bareboat --book {} --key-file {} explain INV-0001",
            book.display(),
            self.into.join("keys/administrator.key").display()
        ));
        if global.json {
            let told = serde_json::json!({ "book": book, "page": page });
            return show::item(&told, true);
        }
        show::line(page.trim_end())
    }
}

/// Verifies the book; what is not sound ends the story.
fn verified(book: &Path) -> Result<Value> {
    let report = verify_book::<State>(book, None, &mut |_| {})
        .map_err(|error| open::store_failed(&error))?;
    if let Some(finding) = report.findings.first() {
        let message = format!("the book is damaged: {}", finding.what);
        return Err(exit::journal(
            "journal.damaged",
            message,
            "keep a copy of the book and report this",
        ));
    }
    Ok(serde_json::json!({
        "position": report.checkpoint.position.0,
        "root": report.checkpoint.root.to_string(),
        "sealed_values": report.sealed_values,
    }))
}

struct Teller {
    script: Script,
    transport: InProcess,
    routes: Vec<Route>,
    keys: BTreeMap<String, String>,
    key_folder: PathBuf,
    names: Names,
    last: Instant,
}

impl Teller {
    fn begin(script: Script, book: &Path, key_folder: &Path) -> Result<Self> {
        let story = &script.story;
        let key = init::make(
            book,
            &Init::for_story(&story.operator, &story.code, &story.administrator),
            &story.begins_at,
        )?;
        let last: Instant = story.begins_at.parse()?;
        let mut teller = Self {
            transport: InProcess::over(open::book(book, open::AUDIT_DAYS)?)?,
            routes: bareboat_server::routes::all(),
            keys: BTreeMap::new(),
            key_folder: key_folder.to_owned(),
            names: Names::default(),
            last,
            script,
        };
        teller.keep_key("administrator", &key)?;
        Ok(teller)
    }

    fn keep_key(&mut self, name: &str, key: &str) -> Result<()> {
        init::write_key(&self.key_folder.join(format!("{name}.key")), key)?;
        self.keys.insert(name.to_owned(), key.to_owned());
        Ok(())
    }

    fn tell_all(&mut self) -> Result<()> {
        let bar = bar(self.script.acts());
        let chapters = std::mem::take(&mut self.script.chapters);
        for (file, chapter) in &chapters {
            if std::io::stderr().is_terminal() {
                bar.set_message(chapter.title.clone());
            } else {
                show::note(&format!("{} ({} acts)", chapter.title, chapter.acts.len()));
            }
            for (number, act) in chapter.acts.iter().enumerate() {
                self.tell(act).with_context(|| {
                    format!(
                        "{}: act {} ({}, {})",
                        file.display(),
                        number + 1,
                        act.operation,
                        act.at
                    )
                })?;
                bar.inc(1);
            }
        }
        self.script.chapters = chapters;
        bar.finish_and_clear();
        Ok(())
    }

    fn tell(&mut self, act: &Act) -> Result<()> {
        let request = self.request(act)?;
        let Some(key) = self.keys.get(&act.by) else {
            let what = format!("no act issued a key called {:?}", act.by);
            return Err(exit::usage(
                what,
                "issue the key in an earlier act with that name",
            ));
        };
        let answer = self.transport.send(&request, Some(key))?;
        if let Some(code) = &act.refused {
            return expect_refusal(&answer, code);
        }
        if answer.status >= 400 {
            let problem: bareboat_api::Problem = answer.read()?;
            anyhow::bail!(
                "refused with {}: {} (hint: {})",
                problem.code,
                problem.detail,
                problem.hint
            );
        }
        let Some(name) = &act.name else {
            return Ok(());
        };
        let value = answer
            .read::<Value>()
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&answer.body).into_owned()));
        if let Some(secret) = value.get("secret").and_then(Value::as_str) {
            self.keep_key(name, secret)?;
        }
        self.names.keep(name, value);
        Ok(())
    }

    fn request(&mut self, act: &Act) -> Result<Request> {
        let Some(route) = self
            .routes
            .iter()
            .find(|route| route.operation == act.operation)
        else {
            let what = format!("there is no operation {:?}", act.operation);
            return Err(exit::usage(
                what,
                "see docs/openapi.json for the operations",
            ));
        };
        let mut path = route.path.to_owned();
        for argument in route.arguments() {
            let Some(value) = act.path.get(argument) else {
                let what = format!("{} needs path.{argument}", act.operation);
                return Err(exit::usage(what, "give it"));
            };
            let value = self.names.fill(value, &self.script)?;
            path = path.replace(&format!("{{{argument}}}"), &plain(&value));
        }
        let method = match route.method.as_str() {
            "GET" => Method::Get,
            "PUT" => Method::Put,
            _ => Method::Post,
        };
        let mut request = Request::new(method, path);
        for (name, value) in &act.query {
            request = request.with(name, plain(&self.names.fill(value, &self.script)?));
        }
        if route.writes() {
            let at: Instant = act.at.parse()?;
            let next = self
                .last
                .next()
                .context("the story is at the end of time")?;
            self.last = at.max(next);
            request = request.header(header::RECORDED_AT, self.last);
        }
        if let Some(with) = &act.with {
            request = request.json(&self.names.fill(with, &self.script)?)?;
        }
        if let Some(file) = &act.body_file {
            let media_type = match file.extension().and_then(|end| end.to_str()) {
                Some("csv") => "text/csv",
                _ => "application/jsonl",
            };
            request = request.bytes(media_type, self.script.bytes(file)?);
        }
        Ok(request)
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn expect_refusal(answer: &Answer, code: &str) -> Result<()> {
    if answer.status < 400 {
        anyhow::bail!("it was accepted, but the story says that {code} refuses it");
    }
    let problem: bareboat_api::Problem = answer.read()?;
    if problem.code != code {
        anyhow::bail!(
            "refused with {} ({}), but the story says {code}",
            problem.code,
            problem.detail
        );
    }
    Ok(())
}

/// A bar on a terminal, nothing elsewhere.
fn bar(acts: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(acts).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}
