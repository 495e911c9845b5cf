//! What we may depend on, by `deny.toml`: licences, banned crates, where crates come from. It is
//! checked here over `cargo metadata`, so that it is checked everywhere, and by `cargo-deny` as
//! well where that is installed. Advisories are left out: they need the network at the time of the
//! run, and change without the repository changing.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{repo, tools};

/// How the public index is named, whatever mirror of it is used.
const INDEX: &str = "registry+https://github.com/rust-lang/";

/// What `deny.toml` says, as far as it is checked here.
struct Rules {
    targets: Vec<String>,
    licences: Vec<String>,
    banned: BTreeMap<String, String>,
}

impl Rules {
    fn read(text: &str) -> Result<Self> {
        let told: Value = toml::from_str(text)?;
        let words = |list: &Value| -> Result<Vec<String>> {
            let list = list.as_array().context("expected a list")?;
            let words = list.iter().filter_map(|word| word.as_str());
            Ok(words.map(ToOwned::to_owned).collect())
        };
        let banned = told["bans"]["deny"].as_array().context("bans.deny")?;
        let banned = banned.iter().map(|one| {
            let field = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            (field("crate"), field("reason"))
        });
        Ok(Self {
            targets: words(&told["graph"]["targets"]).context("graph.targets")?,
            licences: words(&told["licenses"]["allow"]).context("licenses.allow")?,
            banned: banned.collect(),
        })
    }

    /// What is wrong with a package of `cargo metadata`; our own have no source.
    fn check(&self, package: &Value) -> Option<String> {
        let name = package["name"].as_str().unwrap_or_default();
        let source = package["source"].as_str()?;
        if let Some(reason) = self.banned.get(name) {
            return Some(format!("{name} is banned: {reason}"));
        }
        if !source.starts_with(INDEX) {
            return Some(format!(
                "{name} comes from {source}, not from the public index"
            ));
        }
        match package["license"].as_str() {
            None => Some(format!("{name} names no licence")),
            Some(licence) if !fits(licence, &self.licences) => {
                Some(format!("{name} is under {licence}, which is not allowed"))
            }
            Some(_) => None,
        }
    }
}

/// Whether an SPDX expression can be met with licences that are allowed; one that does not read
/// is not. `A/B` is how `A OR B` was once written.
fn fits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let fits = any(&mut rest, allowed);
    fits == Some(true) && rest.is_empty()
}

fn any(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut fits = all(rest, allowed)?;
    while let ["OR", after @ ..] = rest {
        *rest = after;
        fits |= all(rest, allowed)?;
    }
    Some(fits)
}

fn all(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut fits = one(rest, allowed)?;
    while let ["AND", after @ ..] = rest {
        *rest = after;
        fits &= one(rest, allowed)?;
    }
    Some(fits)
}

fn one(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    match *rest {
        ["(", after @ ..] => {
            *rest = after;
            let fits = any(rest, allowed)?;
            let after = rest.strip_prefix(&[")"])?;
            *rest = after;
            Some(fits)
        }
        [licence, "WITH", exception, after @ ..] => {
            *rest = after;
            Some(allowed.contains(&format!("{licence} WITH {exception}")))
        }
        [licence, after @ ..] => {
            *rest = after;
            Some(allowed.iter().any(|one| one == licence))
        }
        [] => None,
    }
}

/// Checks every dependency for every target that we build for.
pub fn run() -> Result<()> {
    let path = repo::root().join("deny.toml");
    let text = std::fs::read_to_string(path).context("reading deny.toml")?;
    let rules = Rules::read(&text).context("deny.toml has another shape than expected")?;
    let mut wrong = Vec::new();
    for target in &rules.targets {
        let output = tools::cargo()
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--filter-platform", target])
            .output()
            .context("running cargo metadata")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("cargo metadata failed: {said}");
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let packages = metadata["packages"].as_array().context("no packages")?;
        wrong.extend(packages.iter().filter_map(|package| rules.check(package)));
        println!("deny: {} packages for {target}", packages.len());
    }
    wrong.sort();
    wrong.dedup();
    if !wrong.is_empty() {
        bail!("{}", wrong.join("; "));
    }
    if tools::output("cargo-deny", &["--version"]).is_some() {
        let checks = ["deny", "check", "licenses", "bans", "sources"];
        return tools::run(tools::cargo().args(checks));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn expressions_are_met_by_what_is_allowed() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(ToOwned::to_owned);
        for (expression, expected) in [
            ("MIT", true),
            ("MIT OR GPL-3.0", true),
            ("GPL-3.0/MIT", true),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR GPL-3.0) AND ISC", true),
            ("(MIT OR GPL-3.0) AND GPL-2.0", false),
            ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
            ("Apache-2.0", false),
            ("(MIT", false),
            ("MIT ISC", false),
            ("MIT OR", false),
            ("", false),
        ] {
            assert_eq!(fits(expression, &allowed), expected, "{expression}");
        }
    }

    #[test]
    fn each_way_to_be_wrong_is_told() {
        let rules = r#"
            [graph]
            targets = ["a"]
            [licenses]
            allow = ["MIT"]
            [bans]
            deny = [{ crate = "chrono", reason = "one time library" }]
        "#;
        let rules = Rules::read(rules).unwrap();
        let check = |name: &str, source: Value, licence: Value| {
            rules.check(&json!({ "name": name, "source": source, "license": licence }))
        };
        let (index, mit) = (json!(INDEX), json!("MIT"));
        assert_eq!(check("ours", Value::Null, Value::Null), None);
        assert_eq!(check("a", index.clone(), mit.clone()), None);
        let banned = check("chrono", index.clone(), mit.clone()).unwrap();
        assert!(banned.contains("one time library"), "{banned}");
        assert!(check("a", json!("git+https://a"), mit).is_some());
        assert!(check("a", index.clone(), json!("GPL-3.0")).is_some());
        assert!(check("a", index, Value::Null).is_some());
    }
}
