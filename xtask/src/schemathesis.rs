//! `cargo xtask schemathesis`: a fresh book, a server on a free loopback port, and schemathesis
//! against the server's own OpenAPI document. Version, seed, number of examples and checks are
//! pinned in `xtask/schemathesis.toml` and `xtask/schemathesis-requirements.txt`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::bareboat::Bareboat;
use crate::{repo, setup, tools};

const CONFIG: &str = "xtask/schemathesis.toml";

/// Sets up, serves, drives, and stops the server whatever happens.
pub fn run() -> Result<()> {
    let tool = setup::schemathesis()?;
    let bareboat = Bareboat::build()?;
    let folder = tools::target()?.join("schemathesis");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let book = folder.join("book");
    let key = bareboat.init(&book)?;
    let mut server = bareboat.serve(&book, &folder.join("server.log"))?;
    let driven = tools::run(&mut command(&tool, &server.openapi(), &key, &folder));
    server.check_running()?;
    driven.with_context(|| {
        format!(
            "schemathesis found something: each finding above has a curl line to repeat it \
             (with a key of your own); the server's log is {}",
            folder.join("server.log").display()
        )
    })
}

fn command(tool: &Path, openapi: &str, key: &str, folder: &Path) -> Command {
    let mut command = Command::new(tool);
    command
        // It keeps its caches where it runs.
        .current_dir(folder)
        .arg("--config-file")
        .arg(repo::root().join(CONFIG))
        .args(["run", openapi])
        .args(["--header", &format!("Authorization: Bearer {key}")])
        .args(["--report", "junit", "--report-junit-path"])
        .arg(folder.join("report.xml"))
        .args(["--generation-database", "none"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_examples_and_checks_are_pinned() {
        let config = std::fs::read_to_string(repo::root().join(CONFIG)).unwrap();
        for pinned in [
            "seed = ",
            "max-examples = ",
            "[checks]",
            "expected-statuses = ",
        ] {
            assert!(config.contains(pinned), "{CONFIG} does not say {pinned}");
        }
    }

    #[test]
    fn the_key_is_sent_and_not_shown() {
        let folder = Path::new("x");
        let command = command(
            Path::new("schemathesis"),
            "http://a/openapi.json",
            "k1",
            folder,
        );
        assert!(
            command
                .get_args()
                .any(|argument| argument == "Authorization: Bearer k1")
        );
        assert!(!tools::shown(&command).contains("k1"));
    }
}
