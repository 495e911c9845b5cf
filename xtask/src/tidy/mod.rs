//! What no compiler checks: the direction of dependency, lengths, banned APIs, pages for error
//! codes, links in the documentation, and nothing in the files that belongs to one machine.
//!
//! `cargo xtask tidy` prints every problem; `cargo test -p xtask` runs the same checks, one test
//! each.

mod bans;
mod codes;
mod deps;
mod leaks;
mod lengths;
mod links;

use anyhow::{Result, bail};

use crate::repo;

/// One thing that is wrong, and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// `path:line`, a path, or a crate.
    pub place: String,
    /// What is wrong and what to do instead.
    pub what: String,
}

impl Problem {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Problem {
            place: place.into(),
            what: what.into(),
        }
    }
}

/// A named check over the repository.
struct Check {
    name: &'static str,
    run: fn(&[repo::File]) -> Result<Vec<Problem>>,
}

const CHECKS: &[Check] = &[
    Check {
        name: "dependencies",
        run: |_| deps::check_workspace(&repo::root()),
    },
    Check {
        name: "lengths",
        run: |files| Ok(lengths::check(files)),
    },
    Check {
        name: "banned APIs",
        run: |files| Ok(bans::check(files)),
    },
    Check {
        name: "error pages",
        run: |files| Ok(codes::check(files)),
    },
    Check {
        name: "links",
        run: |files| Ok(links::check(files)),
    },
    Check {
        name: "leaks",
        run: |files| Ok(leaks::check(files)),
    },
];

/// Runs every check and prints what it finds; an error when anything is wrong.
pub fn run() -> Result<()> {
    let files = repo::files(&repo::root())?;
    for warning in lengths::warnings(&files) {
        println!("  warning: {}: {}", warning.place, warning.what);
    }
    let mut total = 0;
    for check in CHECKS {
        let mut problems = (check.run)(&files)?;
        problems.sort();
        println!("  {:<14} {}", check.name, summary(problems.len()));
        for problem in &problems {
            println!("    {}: {}", problem.place, problem.what);
        }
        total += problems.len();
    }
    if total > 0 {
        bail!("tidy: {total} problems, named above; each line says what to do instead");
    }
    Ok(())
}

fn summary(problems: usize) -> String {
    match problems {
        0 => "ok".to_owned(),
        1 => "1 problem".to_owned(),
        many => format!("{many} problems"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_is_clean(name: &str) {
        let files = repo::files(&repo::root()).unwrap();
        let check = CHECKS.iter().find(|check| check.name == name).unwrap();
        let problems = (check.run)(&files).unwrap();
        let lines: Vec<String> = problems
            .iter()
            .map(|problem| format!("{}: {}", problem.place, problem.what))
            .collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }

    #[test]
    fn dependencies_point_one_way() {
        check_is_clean("dependencies");
    }

    #[test]
    fn files_are_short() {
        check_is_clean("lengths");
    }

    #[test]
    fn no_banned_api_is_used() {
        check_is_clean("banned APIs");
    }

    #[test]
    fn every_error_code_has_a_page() {
        check_is_clean("error pages");
    }

    #[test]
    fn every_link_resolves() {
        check_is_clean("links");
    }

    #[test]
    fn nothing_names_a_machine() {
        check_is_clean("leaks");
    }
}
