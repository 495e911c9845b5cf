//! Set-up on a bare machine with Rust: asks nothing, says what it does, and does only what is
//! missing. Python tools go into a folder of their own under `target/tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{repo, tools};

/// The pinned Python packages, from the repository's root.
const REQUIREMENTS: &str = "xtask/schemathesis-requirements.txt";

/// Everything every task needs.
pub fn everything() -> Result<()> {
    rust_components()?;
    c_compiler()?;
    let tool = schemathesis()?;
    println!("setup: schemathesis is {}", tool.display());
    Ok(())
}

/// rustfmt and clippy, which a minimal toolchain leaves out.
pub fn rust_components() -> Result<()> {
    for (component, arguments) in [
        ("rustfmt", ["fmt", "--version"]),
        ("clippy", ["clippy", "-V"]),
    ] {
        if tools::output("cargo", &arguments).is_none() {
            println!("setup: adding the toolchain component {component}");
            tools::run(Command::new("rustup").args(["component", "add", component]))
                .with_context(|| format!("install {component} for this toolchain by hand"))?;
        }
    }
    Ok(())
}

/// A C compiler: the embedded store is C.
pub fn c_compiler() -> Result<()> {
    let named = std::env::var("CC").ok();
    let compiler = named.as_deref().unwrap_or("cc");
    if tools::output(compiler, &["--version"]).is_none() {
        install("a C compiler", &["gcc", "libc6-dev"])?;
    }
    Ok(())
}

/// The pinned schemathesis, installed if it is not there; answers where it is.
pub fn schemathesis() -> Result<PathBuf> {
    let pinned = std::fs::read_to_string(repo::root().join(REQUIREMENTS))?;
    let folder = tools::target()?.join("tools").join("schemathesis");
    let tool = folder.join("bin").join("schemathesis");
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == pinned) && works(&tool) {
        return Ok(tool);
    }
    python()?;
    println!(
        "setup: installing {} into {}",
        version(&pinned)?,
        folder.display()
    );
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    tools::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
        .context("python3 could not make a virtual environment")?;
    let pip = folder.join("bin").join("python");
    tools::run(
        Command::new(pip)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--no-input", "--requirement", REQUIREMENTS])
            .current_dir(repo::root()),
    )
    .context(
        "pip could not install schemathesis; it needs a package index (pip's own settings name \
         it), or leave the step out with `cargo xtask test --skip schemathesis`",
    )?;
    if !works(&tool) {
        bail!(
            "schemathesis is installed in {} but does not start",
            folder.display()
        );
    }
    std::fs::write(stamp, pinned)?;
    Ok(tool)
}

fn works(tool: &Path) -> bool {
    tools::output(&tool.to_string_lossy(), &["--version"]).is_some()
}

/// `schemathesis==4.x.y` of the pinned packages.
fn version(pinned: &str) -> Result<&str> {
    let line = pinned
        .lines()
        .find(|line| line.starts_with("schemathesis=="));
    line.with_context(|| format!("{REQUIREMENTS} does not pin schemathesis"))
}

fn python() -> Result<()> {
    if tools::output("python3", &["-c", "import venv, ensurepip"]).is_none() {
        install("python3 with venv", &["python3", "python3-venv"])?;
    }
    Ok(())
}

/// Installs system packages where that can be done without asking.
fn install(what: &str, packages: &[&str]) -> Result<()> {
    let by_hand = format!(
        "install {what} by hand (on Debian: apt-get install {})",
        packages.join(" ")
    );
    if tools::output("apt-get", &["--version"]).is_none() {
        bail!("{what} is missing and this machine has no apt-get; {by_hand}");
    }
    let root = tools::output("id", &["-u"]).is_some_and(|id| id == "0");
    if !root && tools::output("sudo", &["-n", "true"]).is_none() {
        bail!("{what} is missing and installing it needs root; {by_hand}");
    }
    println!(
        "setup: {what} is missing; installing {}",
        packages.join(", ")
    );
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if root { "env" } else { "sudo" });
        if !root {
            command.args(["-n", "env"]);
        }
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"])
            .args(arguments);
        tools::run(&mut command)
    };
    apt(&["update"]).context(by_hand.clone())?;
    apt(&["install", "--yes", "--no-install-recommends"]
        .iter()
        .chain(packages)
        .copied()
        .collect::<Vec<_>>())
    .context(by_hand)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_python_package_is_pinned() {
        let pinned = std::fs::read_to_string(repo::root().join(REQUIREMENTS)).unwrap();
        assert!(version(&pinned).unwrap().starts_with("schemathesis==4."));
        for line in pinned.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(
                line.split("==").count(),
                2,
                "{line} is not pinned to one version"
            );
        }
        assert!(version("hypothesis==1").is_err());
    }
}
