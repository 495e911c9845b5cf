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
    seed(&bareboat, &book, &key)?;
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

/// What the book holds before it is driven, so that ids in paths lead somewhere: the README's
/// first steps, with every role for the one key.
const SEEDS: &[&str] = &[
    "grant create PR-0001 --role planner",
    "grant create PR-0001 --role compliance",
    "grant create PR-0001 --role site_operator",
    "grant create PR-0001 --role finance",
    "grant create PR-0001 --role auditor",
    "model register B200 --vendor NVIDIA --gpus-per-node 8 --memory-gb 192 --tdp-watts 1000 \
     --tpp 36000 --performance-density-centi 2200 --dram-gbps 8000 --eccn 3A090.a \
     --nvlink-domain-gpus 8",
    "site register FRA --name Frankfurt --country DE --zone Europe/Berlin --power-kw 2000 \
     --pue-milli 1200",
    "hall add H1 --site FRA",
    "order place PO-1 --supplier Vendor --model B200 --site FRA --price 8000000.00_EUR \
     --placed-on 2026-01-05 --tranche 16:2026-02-01",
    "rulebook adopt us-ear",
    "list import EL --format jsonl --publisher BIS --published-on 2026-02-20 --source EL \
     --file data/lists/bis_entity_list.jsonl",
    "list import MEU --format jsonl --publisher BIS --published-on 2026-02-20 --source MEU \
     --file data/lists/bis_meu.jsonl",
    "list import DPL --format jsonl --publisher BIS --published-on 2026-02-20 --source DPL \
     --file data/lists/bis_dpl.jsonl",
    "list import UVL --format csl --publisher BIS --published-on 2026-02-20 --source UVL \
     --file data/lists/csl_sample.csv",
    "list import SDN --format ofac-sdn --publisher OFAC --published-on 2026-02-20 --source SDN \
     --file data/lists/ofac_sdn.csv",
    "party register Partner --domicile DE --headquarters DE --no-parent extract \
     --not-held-by-listed extract --source extract",
    "party register Client --sealed --domicile CH --headquarters CH --no-parent statement \
     --not-held-by-listed statement --source statement",
    "screening run --all",
    "entity register HQ --name Company --country DE --functional-currency EUR",
    "organisation create PARTNER --name Partner --kind partner --party P-0001",
    "project create TRAINING --organisation ORG-0002",
    "contract draft --from examples/first-contract.toml",
    "contract declare-use C-0001 --purpose training --wmd false --military-intelligence false \
     --training-for-d5-party false --diversion false --ear-activity in-country-transfer \
     --on 2026-02-24 --source statement",
    "contract sign C-0001 --on 2026-02-25",
];

fn seed(bareboat: &Bareboat, book: &Path, key: &str) -> Result<()> {
    for line in SEEDS {
        let mut command = bareboat.command();
        command.env("BAREBOAT_KEY", key).arg("--book").arg(book);
        // An amount is one argument with a space in it.
        command.args(
            line.split_ascii_whitespace()
                .map(|word| word.replace("_EUR", " EUR")),
        );
        let output = command.output().context("starting bareboat")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            anyhow::bail!("the seed {line:?} failed: {said}");
        }
    }
    println!("seeded the book with {} commands", SEEDS.len());
    Ok(())
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
