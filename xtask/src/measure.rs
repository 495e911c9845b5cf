//! Measurements that need more than one program: `cargo xtask growth` and `cargo xtask slurm`.
//! They print, and assert nothing; `docs/benchmarks.md` has what they printed.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{repo, setup, tools};

const DRAW: &str = "tools/capacity/growth.py";
const COMPARE: &str = "tools/capacity/slurm.py";
const CHART: &str = "docs/growth.svg";

/// An example of the calendar, built for speed.
fn example(name: &str) -> Command {
    let mut command = tools::cargo();
    command
        .args(["run", "--locked", "--release", "--quiet"])
        .args(["--package", "bareboat-capacity", "--example", name, "--"]);
    command
}

/// How each figure of the calendar grows with nodes and lots: tables, and the chart in docs.
pub fn growth() -> Result<()> {
    setup::python()?;
    let file = tools::target()?.join("growth.json");
    tools::run(example("growth").arg(&file))?;
    let mut draw = Command::new("python3");
    draw.current_dir(repo::root()).arg(DRAW);
    tools::run(draw.arg(&file).arg(CHART))
}

/// The same requests to Slurm and to a server of ours.
pub fn slurm() -> Result<()> {
    setup::python()?;
    setup::slurm()?;
    tools::run(tools::cargo().args([
        "build",
        "--locked",
        "--release",
        "--package",
        "bareboat-cli",
        "--bin",
        "bareboat",
    ]))?;
    let target = tools::target()?;
    let requests = target.join("requests.csv");
    let mut stream = example("admit");
    let written = std::fs::File::create(&requests)?;
    stream.args(["stream", "1"]).stdout(Stdio::from(written));
    println!("$ {} > {}", tools::shown(&stream), requests.display());
    if !stream.status().context("starting cargo")?.success() {
        bail!("the requests were not written; the message is above");
    }
    let mut compare = Command::new("python3");
    compare.current_dir(repo::root()).arg(COMPARE);
    compare
        .arg("--bareboat")
        .arg(target.join("release/bareboat"));
    tools::run(compare.arg("--requests").arg(requests))
}
