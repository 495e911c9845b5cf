//! Set-up on a bare machine with Rust: asks nothing, says what it does, and does only what is
//! missing. Python tools go into a folder of their own under `target/tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{repo, tools};

/// A Python tool in a folder of its own.
struct PythonTool {
    /// The package that is meant, and the folder's name.
    name: &'static str,
    /// All packages, pinned, from the repository's root.
    requirements: &'static str,
    /// The program in the folder's `bin`, and what it is asked to see whether it starts.
    program: &'static str,
    check: &'static [&'static str],
    /// The step that needs it.
    step: &'static str,
}

const SCHEMATHESIS: PythonTool = PythonTool {
    name: "schemathesis",
    requirements: "xtask/schemathesis-requirements.txt",
    program: "schemathesis",
    check: &["--version"],
    step: "schemathesis",
};

const ORTOOLS: PythonTool = PythonTool {
    name: "ortools",
    requirements: "xtask/ortools-requirements.txt",
    program: "python",
    check: &["-c", "import ortools.sat.python.cp_model"],
    step: "exact",
};

/// Everything every task needs.
pub fn everything() -> Result<()> {
    rust_components()?;
    c_compiler()?;
    for (name, tool) in [("schemathesis", schemathesis()?), ("ortools", ortools()?)] {
        println!("setup: {name} is in {}", tool.display());
    }
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
    SCHEMATHESIS.installed()
}

/// A Python that has the pinned OR-tools, installed if it is not there; answers where it is.
pub fn ortools() -> Result<PathBuf> {
    ORTOOLS.installed()
}

impl PythonTool {
    fn installed(&self) -> Result<PathBuf> {
        let Self {
            name, requirements, ..
        } = self;
        let pinned = std::fs::read_to_string(repo::root().join(requirements))?;
        let folder = tools::target()?.join("tools").join(name);
        let tool = folder.join("bin").join(self.program);
        let stamp = folder.join("installed.txt");
        if std::fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == pinned) && self.works(&tool) {
            return Ok(tool);
        }
        python()?;
        println!(
            "setup: installing {} into {}",
            self.version(&pinned)?,
            folder.display()
        );
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        tools::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            .context("python3 could not make a virtual environment")?;
        let pip = folder.join("bin").join("python");
        let install = ["-m", "pip", "install", "--quiet"];
        tools::run(
            Command::new(pip)
                .args(install)
                .args(["--disable-pip-version-check", "--no-input"])
                .args(["--requirement", requirements])
                .current_dir(repo::root()),
        )
        .with_context(|| {
            format!(
                "pip could not install {name}; it needs a package index (pip's own settings name \
                 it), or leave the step out with `cargo xtask test --skip {}`",
                self.step
            )
        })?;
        if !self.works(&tool) {
            bail!(
                "{name} is installed in {} but does not start",
                folder.display()
            );
        }
        std::fs::write(stamp, pinned)?;
        Ok(tool)
    }

    fn works(&self, tool: &Path) -> bool {
        tools::output(&tool.to_string_lossy(), self.check).is_some()
    }

    /// `schemathesis==4.x.y` of the pinned packages.
    fn version<'a>(&self, pinned: &'a str) -> Result<&'a str> {
        let begins = format!("{}==", self.name);
        let line = pinned.lines().find(|line| line.starts_with(&begins));
        line.with_context(|| format!("{} does not pin {}", self.requirements, self.name))
    }
}

/// Python with what makes an environment of its own.
pub fn python() -> Result<()> {
    if tools::output("python3", &["-c", "import venv, ensurepip"]).is_none() {
        install("python3 with venv", &["python3", "python3-venv"])?;
    }
    Ok(())
}

/// Slurm's controller and client, and what authenticates them.
pub fn slurm() -> Result<()> {
    if tools::output("scontrol", &["--version"]).is_none() {
        install("Slurm", &["slurmctld", "slurm-client", "munge"])?;
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
        for (tool, begins) in [
            (&SCHEMATHESIS, "schemathesis==4."),
            (&ORTOOLS, "ortools==9."),
        ] {
            let pinned = std::fs::read_to_string(repo::root().join(tool.requirements)).unwrap();
            assert!(tool.version(&pinned).unwrap().starts_with(begins));
            for line in pinned.lines().filter(|line| !line.starts_with('#')) {
                assert_eq!(
                    line.split("==").count(),
                    2,
                    "{line} is not pinned to one version"
                );
            }
        }
        assert!(SCHEMATHESIS.version("hypothesis==1").is_err());
    }
}
