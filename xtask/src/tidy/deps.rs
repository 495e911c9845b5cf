//! The direction of dependency, from `cargo metadata`: which workspace crate may depend on which,
//! and what the pure crates may not reach, directly or through anything they use.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Problem;

const PREFIX: &str = "bareboat-";

/// The domains. A fact of another domain travels in the command; `book` puts it there.
pub const DOMAINS: &[&str] = &[
    "fleet",
    "capacity",
    "parties",
    "screening",
    "rulebook",
    "contracts",
    "billing",
    "ledger",
    "access",
];

/// Functions over values: no I/O, no clock, no randomness, no threads.
pub fn is_pure(name: &str) -> bool {
    name == "base" || name == "book" || DOMAINS.contains(&name)
}

/// What a workspace crate may depend on. `domains` stands for all of [`DOMAINS`], `*` for all.
/// A crate that is not here may depend on nothing: add it with a reason.
const EDGES: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("domains", &["base"]),
    ("book", &["base", "domains"]),
    // Generic over the fold it stores: a journal knows bytes, not contracts.
    ("journal", &["base"]),
    // Wire types, mapped by hand from the domains' own.
    ("api", &["base", "domains", "book"]),
    ("server", &["base", "domains", "book", "journal", "api"]),
    // Speaks the wire, so that it can be used without the rest.
    ("client", &["base", "api"]),
    ("sim", &["base", "domains", "book", "journal"]),
    // The one binary, so the one crate that may see everything.
    ("cli", &["*"]),
    ("xtask", &[]),
];

/// What tests may use besides: generated histories. (A cycle through dev-dependencies is allowed
/// by cargo; the library itself stays below.)
const DEV_EDGES: &[(&str, &[&str])] = &[
    ("book", &["sim"]),
    ("journal", &["sim", "book"]),
    ("server", &["sim", "client"]),
    ("client", &["server", "sim", "journal", "book"]),
    ("api", &["sim"]),
];

/// External crates that a pure crate may not reach, and why.
const BANNED: &[(&str, &str)] = &[
    (
        "anyhow",
        "domains refuse with typed reasons; declare a thiserror enum",
    ),
    ("async-std", ASYNC),
    ("axum", IO),
    ("chrono", "one time library: jiff, through bareboat-base"),
    ("fastrand", RANDOM),
    ("fs4", IO),
    ("futures", ASYNC),
    ("futures-util", ASYNC),
    ("getrandom", RANDOM),
    ("hyper", IO),
    ("libsqlite3-sys", IO),
    ("mio", IO),
    ("parking_lot", "pure code has nobody to lock out"),
    ("postgres", IO),
    ("rand", RANDOM),
    (
        "rayon",
        "the order of work would show; decide and apply are sequential",
    ),
    ("reqwest", IO),
    ("rusqlite", IO),
    (
        "rust_decimal",
        "money is integer minor units: bareboat_base::Money",
    ),
    ("socket2", IO),
    ("tempfile", IO),
    ("tokio", ASYNC),
    ("tokio-postgres", IO),
    (
        "tracing",
        "log where you handle: a decision returns its reasons, the edge logs them",
    ),
    ("ureq", IO),
];
const IO: &str = "pure crates do no I/O; pass the value in the command";
const RANDOM: &str = "pure crates draw nothing; randomness travels in the command";
const ASYNC: &str = "pure crates wait for nothing; keep async at the edge";

/// External edges that are not followed, and why what lies behind is not reached.
const NOT_FOLLOWED: &[(&str, &str, &str)] = &[
    // uuid's v7 feature, which the edge enables, links getrandom for `Uuid::now_v7`. Cargo unifies
    // features, so it is there for the pure crates as well; that they do not call it is checked
    // by name (bans.rs: now_v7, new_v4).
    (
        "uuid",
        "getrandom",
        "only behind Uuid::now_v7 and new_v4, which are banned by name",
    ),
    // sha2's traits link rand_core, which holds traits; the edge's cipher turns its source on.
    (
        "rand_core",
        "getrandom",
        "only behind OsRng, which is banned by name",
    ),
    (
        "uuid",
        "rand",
        "only behind Uuid::now_v7 and new_v4, which are banned by name",
    ),
];

/// Crates that may use `anyhow` outside tests: programs, where an error is told to a person.
const ANYHOW: &[&str] = &["cli", "xtask"];

/// Runs `cargo metadata` and checks the workspace in `root`.
pub fn check_workspace(root: &Path) -> Result<Vec<Problem>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", &crate::tools::host()?])
        .current_dir(root)
        .output()
        .context("running cargo metadata")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("cargo metadata failed (a stale Cargo.lock is refreshed by any cargo build): {said}");
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let graph = Graph::read(&metadata).context("cargo metadata has another shape than expected")?;
    let mut problems = graph.check();
    problems.extend(unlinted(root, &graph)?);
    Ok(problems)
}

/// Workspace crates whose manifest does not take the workspace's lints.
fn unlinted(root: &Path, graph: &Graph) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for name in graph.members.keys() {
        let folder = if name == "xtask" {
            name.clone()
        } else {
            format!("crates/{name}")
        };
        let path = format!("{folder}/Cargo.toml");
        let text = std::fs::read_to_string(root.join(&path))
            .with_context(|| format!("reading {path}; crate {name} must lie in {folder}"))?;
        if !text.replace(' ', "").contains("[lints]\nworkspace=true") {
            problems.push(Problem::new(path, "add [lints] workspace = true"));
        }
    }
    Ok(problems)
}

/// What of `cargo metadata` the checks need.
#[derive(Default)]
struct Graph {
    /// Workspace crates by short name (`base`), with the short names of workspace crates each
    /// depends on: (name, only for tests).
    members: BTreeMap<String, BTreeSet<(String, bool)>>,
    /// What each workspace crate depends on directly outside tests and build scripts.
    direct: BTreeMap<String, BTreeSet<String>>,
    /// The package id of each workspace crate.
    ids: BTreeMap<String, String>,
    /// Name of each package id.
    names: BTreeMap<String, String>,
    /// What each package links, by id: normal dependencies only, procedural macros left out
    /// (they run in the compiler).
    links: BTreeMap<String, Vec<String>>,
}

impl Graph {
    fn read(metadata: &Value) -> Option<Self> {
        let mut graph = Graph::default();
        let members: BTreeSet<&str> = metadata["workspace_members"]
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let mut macros = BTreeSet::new();
        for package in metadata["packages"].as_array()? {
            let (id, name) = (package["id"].as_str()?, package["name"].as_str()?);
            graph.names.insert(id.to_owned(), name.to_owned());
            if is_macro(package) {
                macros.insert(id);
            }
            if members.contains(id) {
                graph.read_member(id, package)?;
            }
        }
        for node in metadata["resolve"]["nodes"].as_array()? {
            let mut links = Vec::new();
            for dep in node["deps"].as_array()? {
                let target = dep["pkg"].as_str()?;
                let normal = dep["dep_kinds"]
                    .as_array()?
                    .iter()
                    .any(|kind| kind["kind"].is_null());
                if normal && !macros.contains(target) {
                    links.push(target.to_owned());
                }
            }
            graph.links.insert(node["id"].as_str()?.to_owned(), links);
        }
        Some(graph)
    }

    fn read_member(&mut self, id: &str, package: &Value) -> Option<()> {
        let name = short(package["name"].as_str()?).to_owned();
        let (mut inside, mut direct) = (BTreeSet::new(), BTreeSet::new());
        for dependency in package["dependencies"].as_array()? {
            let target = dependency["name"].as_str()?;
            let dev = dependency["kind"] == "dev";
            if target.starts_with(PREFIX) && target != package["name"] {
                inside.insert((short(target).to_owned(), dev));
            }
            if dependency["kind"].is_null() {
                direct.insert(target.to_owned());
            }
        }
        self.ids.insert(name.clone(), id.to_owned());
        self.direct.insert(name.clone(), direct);
        self.members.insert(name, inside);
        Some(())
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = self.check_edges();
        for name in self.members.keys() {
            if is_pure(name) {
                problems.extend(self.check_reach(name));
            } else if self.direct[name].contains("anyhow") && !ANYHOW.contains(&name.as_str()) {
                let what = "depends on anyhow, which is for programs and tests; \
                            declare a thiserror enum";
                problems.push(Problem::new(name, what));
            }
        }
        problems
    }

    fn check_edges(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, targets) in &self.members {
            for (target, dev) in targets {
                let allowed = allows(EDGES, name, target);
                if allowed || (*dev && allows(DEV_EDGES, name, target)) {
                    continue;
                }
                let kind = if *dev { "its tests depend" } else { "depends" };
                let what = format!(
                    "{kind} on {target}, against the direction base <- domains <- book <- journal, \
                     api, server <- cli; pass the value in a command, or justify the edge in \
                     xtask/src/tidy/deps.rs"
                );
                problems.push(Problem::new(name, what));
            }
        }
        problems
    }

    /// Every banned crate a pure crate links, with the shortest way to it.
    fn check_reach(&self, name: &str) -> Vec<Problem> {
        let Some(start) = self.ids.get(name) else {
            return Vec::new();
        };
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = VecDeque::from([start.as_str()]);
        let mut problems = Vec::new();
        while let Some(id) = queue.pop_front() {
            for target in self.links.get(id).into_iter().flatten() {
                let (from, to) = (self.name(id), self.name(target));
                let skip = NOT_FOLLOWED
                    .iter()
                    .any(|edge| edge.0 == from && edge.1 == to);
                if skip || target == start || came_from.contains_key(target.as_str()) {
                    continue;
                }
                came_from.insert(target, id);
                if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == to) {
                    let way = self.way(&came_from, target);
                    problems.push(Problem::new(name, format!("reaches {to} ({way}): {why}")));
                } else {
                    queue.push_back(target);
                }
            }
        }
        problems
    }

    fn way(&self, came_from: &BTreeMap<&str, &str>, end: &str) -> String {
        let mut names = vec![self.name(end)];
        let mut at = end;
        while let Some(before) = came_from.get(at) {
            names.push(self.name(before));
            at = before;
        }
        names.reverse();
        names.join(" -> ")
    }

    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).map_or(id, String::as_str)
    }
}

fn is_macro(package: &Value) -> bool {
    let kinds = |target: &Value| {
        target["kind"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind == "proc-macro"))
    };
    package["targets"]
        .as_array()
        .is_some_and(|targets| targets.iter().any(kinds))
}

fn short(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

fn allows(table: &[(&str, &[&str])], name: &str, target: &str) -> bool {
    let is = |entry: &str, name: &str| {
        entry == name || entry == "*" || (entry == "domains" && DOMAINS.contains(&name))
    };
    table
        .iter()
        .filter(|(from, _)| is(from, name))
        .any(|(_, targets)| targets.iter().any(|entry| is(entry, target)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace from lines of `from -> to` (normal), `from ~> to` (tests), `from => to` (build).
    fn graph(lines: &[&str]) -> Graph {
        let mut names = BTreeSet::new();
        let mut edges = Vec::new();
        for line in lines {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let kind = match parts[1] {
                "~>" => json!("dev"),
                "=>" => json!("build"),
                _ => Value::Null,
            };
            names.extend([parts[0], parts[2]]);
            edges.push((parts[0], kind, parts[2]));
        }
        let from = |name: &str| -> Vec<_> {
            edges
                .iter()
                .filter(|edge| edge.0 == name)
                .cloned()
                .collect()
        };
        let packages: Vec<Value> = names
            .iter()
            .map(|name| {
                let dependencies: Vec<Value> = from(name)
                    .iter()
                    .map(|edge| json!({ "name": edge.2, "kind": edge.1 }))
                    .collect();
                let kind = if name.ends_with("-derive") {
                    "proc-macro"
                } else {
                    "lib"
                };
                json!({ "id": name, "name": name, "dependencies": dependencies,
                        "targets": [{ "kind": [kind] }] })
            })
            .collect();
        let nodes: Vec<Value> = names
            .iter()
            .map(|name| {
                let deps: Vec<Value> = from(name)
                    .iter()
                    .map(|edge| json!({ "pkg": edge.2, "dep_kinds": [{ "kind": edge.1 }] }))
                    .collect();
                json!({ "id": name, "deps": deps })
            })
            .collect();
        let members: Vec<_> = names
            .iter()
            .filter(|name| name.starts_with(PREFIX) || **name == "xtask")
            .collect();
        let metadata = json!({ "packages": packages, "workspace_members": members,
                               "resolve": { "nodes": nodes } });
        Graph::read(&metadata).unwrap()
    }

    #[track_caller]
    fn check(lines: &[&str], expected: &[&str]) {
        let found: Vec<String> = graph(lines)
            .check()
            .into_iter()
            .map(|problem| format!("{} {}", problem.place, problem.what))
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                found.starts_with(expected),
                "{found} does not begin with {expected}"
            );
        }
    }

    #[test]
    fn the_direction_is_kept() {
        check(
            &[
                "bareboat-fleet -> bareboat-base",
                "bareboat-book -> bareboat-fleet",
            ],
            &[],
        );
        check(
            &[
                "bareboat-cli -> bareboat-server",
                "bareboat-journal ~> bareboat-book",
            ],
            &[],
        );
        check(
            &["bareboat-base -> bareboat-fleet"],
            &["base depends on fleet"],
        );
        check(
            &["bareboat-fleet -> bareboat-capacity"],
            &["fleet depends on capacity"],
        );
        check(
            &["bareboat-fleet ~> bareboat-capacity"],
            &["fleet its tests depend on capacity"],
        );
        check(
            &["bareboat-journal -> bareboat-book"],
            &["journal depends on book"],
        );
        check(
            &["bareboat-client -> bareboat-server"],
            &["client depends on server"],
        );
        check(&["bareboat-new -> bareboat-base"], &["new depends on base"]);
    }

    #[test]
    fn pure_crates_reach_nothing_impure() {
        check(
            &["bareboat-fleet -> left", "left -> right", "right -> tokio"],
            &["fleet reaches tokio (bareboat-fleet -> left -> right -> tokio)"],
        );
        check(&["bareboat-book -> anyhow"], &["book reaches anyhow"]);
        check(&["bareboat-server -> tokio"], &[]);
    }

    #[test]
    fn tests_build_scripts_and_macros_are_not_linked() {
        check(
            &[
                "bareboat-fleet ~> tempfile",
                "left ~> tokio",
                "bareboat-fleet -> left",
            ],
            &[],
        );
        check(&["bareboat-fleet => rand"], &[]);
        check(
            &["bareboat-fleet -> serde-derive", "serde-derive -> rand"],
            &[],
        );
        check(&["bareboat-base -> uuid", "uuid -> getrandom"], &[]);
    }

    #[test]
    fn anyhow_is_for_programs() {
        check(
            &["bareboat-server -> anyhow"],
            &["server depends on anyhow"],
        );
        check(
            &[
                "bareboat-cli -> anyhow",
                "bareboat-server ~> anyhow",
                "xtask -> anyhow",
            ],
            &[],
        );
    }
}
