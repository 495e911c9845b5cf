//! `cargo xtask exact`: small cases of the calendar, its verdict over each judged by an exact
//! solver. `cargo xtask exact SEED CASES` judges others, or more.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{repo, setup, tools};

const JUDGE: &str = "tools/capacity/exact.py";

/// The cases that every run of the tests judges: a few seconds.
pub fn run() -> Result<()> {
    judge("1", "1000")
}

/// Writes the cases of a seed and has them judged.
pub fn judge(seed: &str, cases: &str) -> Result<()> {
    let python = setup::ortools()?;
    let folder = tools::target()?.join("exact");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("cases.jsonl");
    let written = std::fs::File::create(&file)?;
    let mut generate = tools::cargo();
    generate
        .args([
            "run",
            "--locked",
            "--quiet",
            "--package",
            "bareboat-capacity",
        ])
        .args(["--example", "exact", "--", seed, cases]);
    println!("$ {} > {}", tools::shown(&generate), file.display());
    let status = generate.stdout(Stdio::from(written)).status();
    if !status.context("starting cargo")?.success() {
        bail!("the cases were not written; the message is above");
    }
    let mut judge = Command::new(python);
    tools::run(judge.arg(repo::root().join(JUDGE)).arg(&file))
        .context("each verdict that is wrong is printed above, as far as there are few")
}
