//! `bareboat journal`: what whoever owns the file may do with it, without a key.

use std::path::PathBuf;

use anyhow::Result;
use bareboat_book::State;
use bareboat_journal::Head;
use bareboat_journal::sqlite::Progress as Copied;
use bareboat_journal::verify::{Progress, Report, verify_book};
use bareboat_journal::{FileKeys, Paths, StoreError, backup, restore};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::Global;
use crate::open::store_failed;
use crate::{exit, show};

/// Verbs of the journal.
#[derive(Debug, Subcommand)]
pub enum Journal {
    /// Recompute everything that the book claims of itself; it may be in use.
    Verify {
        /// The book file; --book names it as well.
        path: Option<PathBuf>,
        /// Open every sealed value too, with the keys beside the book.
        #[arg(long)]
        with_keys: bool,
    },
    /// Copy the book as it is now to a new file; it may be in use. Keys are not copied: without
    /// them nobody reads what is sealed, and keys destroyed later stay destroyed.
    Backup {
        /// The new file.
        target: PathBuf,
    },
    /// Make a book from a backup. The folder of keys beside the book, if it is still there, is
    /// used as it is.
    Restore {
        /// The backup.
        backup: PathBuf,
    },
}

impl Journal {
    /// Runs it.
    pub fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::Verify { path, with_keys } => verify(named(path, global)?, with_keys, global),
            Self::Backup { target } => {
                let book = named(None, global)?;
                copied(global, |progress| backup(&book, &target, progress))
            }
            Self::Restore { backup } => {
                let book = named(None, global)?;
                copied(global, |progress| restore(&backup, &book, progress))
            }
        }
    }
}

fn named(path: Option<PathBuf>, global: &Global) -> Result<PathBuf> {
    path.or_else(|| global.book.clone())
        .ok_or_else(|| exit::usage("which book?", "name it, or give --book"))
}

/// A bar on a terminal, nothing elsewhere.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}

fn copied(
    global: &Global,
    copy: impl FnOnce(&mut dyn FnMut(Copied)) -> Result<Head, StoreError>,
) -> Result<()> {
    let bar = bar();
    let head = copy(&mut |progress: Copied| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    let head = head.map_err(|error| store_failed(&error))?;
    let answer = json!({ "position": head.position.0, "root": head.root.to_string() });
    show::item(&answer, global.json)
}

fn verify(path: PathBuf, with_keys: bool, global: &Global) -> Result<()> {
    let keys = if with_keys {
        let keys = FileKeys::open(&Paths::of(&path).keys);
        Some(keys.map_err(|e| exit::journal(e.code(), e.to_string(), e.hint()))?)
    } else {
        None
    };
    let bar = bar();
    let mut progress = |progress: Progress| {
        bar.set_message(progress.stage);
        if let Some(total) = progress.total {
            bar.set_length(total);
        }
        bar.set_position(progress.done);
    };
    let keys = keys.as_ref().map(|keys| keys as _);
    let report = verify_book::<State>(&path, keys, &mut progress);
    bar.finish_and_clear();
    let report = report.map_err(|error| store_failed(&error))?;
    tell(&report, global.json)?;
    if report.sound() {
        return Ok(());
    }
    let found = report.findings.len();
    Err(exit::Own {
        message: format!("the book is damaged in {found} places"),
        hint: "keep the files as they are, and restore the newest backup that verifies".to_owned(),
        code: Some("journal.damaged".to_owned()),
        exit: exit::INTEGRITY,
    }
    .into())
}

fn tell(report: &Report, json: bool) -> Result<()> {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "table": finding.table,
                "position": finding.position.map(|position| position.0),
                "what": finding.what,
            })
        })
        .collect();
    let answer = json!({
        "sound": report.sound(),
        "position": report.checkpoint.position.0,
        "root": report.checkpoint.root.to_string(),
        "head_position": report.head.map(|head| head.position.0),
        "snapshots": report.snapshots.len(),
        "documents": report.documents,
        "sealed_values": report.sealed_values,
        "sealed_opened": report.sealed_opened,
        "sealed_shredded": report.sealed_shredded,
        "findings": findings,
    });
    show::item(&answer, json)
}
