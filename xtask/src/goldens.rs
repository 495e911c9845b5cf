//! The help of every command, compared with `docs/cli/*.txt`.
//!
//! Walks the command tree by what the help itself says under "Commands:", so it needs nothing of
//! the binary but `--help`. `UPDATE_GOLDENS=1 cargo xtask help-goldens` rewrites the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::bareboat::Bareboat;
use crate::repo;

const FOLDER: &str = "docs/cli";
/// Deeper than any sensible tree; a command that lists itself would otherwise never end.
const DEPTH: usize = 5;

/// Compares, or rewrites when `UPDATE_GOLDENS` is set.
pub fn run() -> Result<()> {
    let bareboat = Bareboat::build()?;
    let mut helps = BTreeMap::new();
    walk(
        &mut |path| help(&bareboat, path),
        &mut Vec::new(),
        &mut helps,
    )?;
    let folder = repo::root().join(FOLDER);
    if std::env::var_os("UPDATE_GOLDENS").is_some_and(|value| value == "1") {
        return rewrite(&folder, &helps);
    }
    let problems = compare(&helps, &read(&folder)?);
    for problem in &problems {
        println!("  {problem}");
    }
    if !problems.is_empty() {
        bail!("the help has changed; if that is meant: UPDATE_GOLDENS=1 cargo xtask help-goldens");
    }
    println!("help: {} commands as in {FOLDER}", helps.len());
    Ok(())
}

/// One command's help, as it is without a terminal and 100 columns wide.
fn help(bareboat: &Bareboat, path: &[String]) -> Result<String> {
    let mut command = bareboat.command();
    // The caller's environment would show: as [env: NAME=value], and as the width.
    command
        .env_clear()
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1");
    let output = command
        .args(path)
        .arg("--help")
        .output()
        .context("running bareboat --help")?;
    if !output.status.success() {
        bail!(
            "bareboat {} --help failed ({})",
            path.join(" "),
            output.status
        );
    }
    let text = String::from_utf8(output.stdout).context("the help is not UTF-8")?;
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    Ok(format!("{}\n", lines.join("\n").trim_end()))
}

/// Collects the help of a command and of all below it, by golden file name.
fn walk(
    help: &mut dyn FnMut(&[String]) -> Result<String>,
    path: &mut Vec<String>,
    helps: &mut BTreeMap<String, String>,
) -> Result<()> {
    let text = help(path)?;
    let children = subcommands(&text);
    helps.insert(file_name(path), text);
    if path.len() == DEPTH && !children.is_empty() {
        bail!("commands nest deeper than {DEPTH}: {}", path.join(" "));
    }
    for child in children {
        path.push(child);
        walk(help, path, helps)?;
        path.pop();
    }
    Ok(())
}

/// The names under "Commands:", but for `help`.
fn subcommands(help: &str) -> Vec<String> {
    let section = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    section
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter_map(|line| {
            // A name is indented by two; what is indented deeper continues a description.
            let name = line
                .strip_prefix("  ")
                .filter(|rest| !rest.starts_with(' '))?;
            name.split_whitespace()
                .next()
                .map(|name| name.trim_end_matches(',').to_owned())
        })
        .filter(|name| name != "help")
        .collect()
}

fn file_name(path: &[String]) -> String {
    let parts: Vec<&str> = std::iter::once("bareboat")
        .chain(path.iter().map(String::as_str))
        .collect();
    format!("{}.txt", parts.join("-"))
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "txt") {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                texts.insert(name, std::fs::read_to_string(path)?);
            }
        }
    }
    Ok(texts)
}

fn compare(now: &BTreeMap<String, String>, golden: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = now.keys().chain(golden.keys()).collect();
    let mut problems = Vec::new();
    for name in names {
        match (now.get(name), golden.get(name)) {
            (Some(now), Some(golden)) if now != golden => {
                problems.push(format!(
                    "{FOLDER}/{name} differs: {}",
                    difference(now, golden)
                ));
            }
            (Some(_), None) => problems.push(format!("{FOLDER}/{name} is missing")),
            (None, _) => problems.push(format!("{FOLDER}/{name}: there is no such command")),
            _ => {}
        }
    }
    problems
}

fn difference(now: &str, golden: &str) -> String {
    let mut now = now.lines();
    let mut golden = golden.lines();
    for number in 1.. {
        match (now.next(), golden.next()) {
            (None, None) => break,
            (now, golden) if now != golden => {
                let shown = |line: Option<&str>| line.map_or("(end)".into(), |l| format!("{l:?}"));
                return format!("line {number} is {}, was {}", shown(now), shown(golden));
            }
            _ => {}
        }
    }
    "only in the end of its last line".to_owned()
}

fn rewrite(folder: &Path, helps: &BTreeMap<String, String>) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for name in read(folder)?
        .keys()
        .filter(|name| !helps.contains_key(*name))
    {
        std::fs::remove_file(folder.join(name))?;
        println!("help: removed {FOLDER}/{name}");
    }
    for (name, text) in helps {
        std::fs::write(folder.join(name), text)?;
    }
    println!("help: wrote {} files in {FOLDER}", helps.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "\
Runs a book.

Usage: bareboat <COMMAND>

Commands:
  contract  Contracts: draft, sign,
            end
  init      Makes a book

  help      Print this message

Options:
  -h, --help  Print help
";

    fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn subcommands_are_read_from_the_help() {
        assert_eq!(subcommands(HELP), ["contract", "init"]);
        assert!(subcommands("Usage: bareboat init\n\nOptions:\n  -h  Help\n").is_empty());
    }

    #[test]
    fn the_whole_tree_is_walked() {
        let mut helps = BTreeMap::new();
        let mut answer = |path: &[String]| match path {
            [] => Ok(HELP.to_owned()),
            [one] if one == "contract" => Ok("Commands:\n  sign  Signs\n".to_owned()),
            _ => Ok("Usage\n".to_owned()),
        };
        walk(&mut answer, &mut Vec::new(), &mut helps).unwrap();
        let names: Vec<&String> = helps.keys().collect();
        let expected = [
            "bareboat-contract-sign.txt",
            "bareboat-contract.txt",
            "bareboat-init.txt",
            "bareboat.txt",
        ];
        assert_eq!(names, expected);
        let mut endless = |_: &[String]| Ok("Commands:\n  again  Again\n".to_owned());
        assert!(walk(&mut endless, &mut Vec::new(), &mut helps).is_err());
    }

    #[test]
    fn every_difference_is_named() {
        let now = map(&[("a.txt", "x\ny\n"), ("b.txt", "x\n"), ("d.txt", "x\n")]);
        let golden = map(&[("a.txt", "x\nz\n"), ("c.txt", "x\n"), ("d.txt", "x\n")]);
        let problems = compare(&now, &golden);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(
            problems[0].contains("line 2 is \"y\", was \"z\""),
            "{problems:?}"
        );
        assert!(problems[1].contains("missing") && problems[2].contains("no such command"));
        assert!(compare(&now, &now).is_empty());
    }
}
