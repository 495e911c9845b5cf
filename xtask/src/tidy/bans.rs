//! APIs that some crates may not use, each with the reason and what to use instead.
//!
//! Test code may use them, but for what [`Scope::Everywhere`] bans. One line may be excused by a
//! comment on it or just above it, with the reason: `tidy-allow`, the ban's name in parentheses,
//! a colon and why. An excuse that excuses nothing is a problem as well.

use std::collections::BTreeSet;

use super::{Problem, deps};
use crate::repo::File;
use crate::source::{Source, find_word};

/// Which code a ban is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// base, the domains and book, outside tests.
    Pure,
    /// The crates that compute money, outside tests.
    Money,
    /// Every crate but the programs (cli, xtask), outside tests.
    Libraries,
    /// Every crate, tests as well.
    Everywhere,
}

struct Ban {
    name: &'static str,
    tokens: &'static [&'static str],
    scope: Scope,
    why: &'static str,
    instead: &'static str,
}

const MONEY: &[&str] = &["base", "billing", "ledger", "contracts"];
const PROGRAMS: &[&str] = &["cli", "xtask"];
const MARK: &str = concat!("tidy", "-allow(");

const BANS: &[Ban] = &[
    Ban {
        name: "system-clock",
        tokens: &[
            "SystemTime",
            "Zoned::now",
            "Timestamp::now",
            "Local::now",
            "Utc::now",
        ],
        scope: Scope::Libraries,
        why: "recorded time has one source, and replay must not see the present",
        instead: "bareboat_base::Clock, or the instant in Context",
    },
    Ban {
        name: "monotonic-clock",
        tokens: &["Instant::now", "std::time::Instant"],
        scope: Scope::Pure,
        why: "a decision may not depend on when it is made",
        instead: "the instant in Context; measure at the edge",
    },
    Ban {
        name: "randomness",
        tokens: &[
            "now_v7",
            "new_v4",
            "getrandom",
            "OsRng",
            "RandomState",
            "rand::",
        ],
        scope: Scope::Pure,
        why: "the same command must give the same bytes",
        instead: "ctx.mint for ids; a salt or nonce travels in the command",
    },
    Ban {
        name: "environment",
        tokens: &["std::env", "env::var", "env::args", "process::Command"],
        scope: Scope::Pure,
        why: "a decision may not depend on where it is made",
        instead: "a field of the command, or a parameter of the caller",
    },
    Ban {
        name: "exit",
        tokens: &["process::exit", "process::abort"],
        scope: Scope::Libraries,
        why: "a library that exits drops what its caller still holds",
        instead: "an error that the program maps to an exit code",
    },
    Ban {
        name: "files",
        tokens: &[
            "std::fs",
            "fs::read",
            "fs::write",
            "File::open",
            "File::create",
            "std::net",
        ],
        scope: Scope::Pure,
        why: "pure crates do no I/O",
        instead: "bytes passed in by the edge (include_str! for data compiled in)",
    },
    Ban {
        name: "threads",
        tokens: &["std::thread", "thread::spawn", "Mutex", "RwLock", "mpsc"],
        scope: Scope::Pure,
        why: "the order of work would show",
        instead: "plain values; the journal's writer is the one thread",
    },
    Ban {
        name: "async",
        tokens: &["async fn", "async move", ".await"],
        scope: Scope::Pure,
        why: "pure crates wait for nothing",
        instead: "a plain function",
    },
    Ban {
        name: "hash-order",
        tokens: &["HashMap", "HashSet"],
        scope: Scope::Pure,
        why: "its order differs from run to run, and would show in events or pages",
        instead: "BTreeMap, BTreeSet or bareboat_base::Table",
    },
    Ban {
        name: "floats",
        tokens: &["f32", "f64"],
        scope: Scope::Money,
        why: "money is exact",
        instead: "Money, MicroPrice, Share, or i128 with the rounding named",
    },
    Ban {
        name: "unwrap",
        tokens: &[".unwrap()", ".unwrap_err()"],
        scope: Scope::Libraries,
        why: "it does not say why it cannot fail",
        instead: "?, or expect with the invariant that makes it certain",
    },
    Ban {
        name: "printing",
        tokens: &["clippy::print_stdout", "clippy::print_stderr"],
        scope: Scope::Libraries,
        why: "stdout is the program's data",
        instead: "a returned value, or tracing at the edge",
    },
    Ban {
        name: "skipped-tests",
        tokens: &["#[ignore", "#[should_panic", "should_panic("],
        scope: Scope::Everywhere,
        why: "a test that does not run proves nothing, one that should panic accepts any panic",
        instead: "a test that runs, or an assertion on the error",
    },
];

/// Files whose whole purpose needs what is banned: path, ban, and why it cannot show.
const EXCUSED: &[(&str, &str, &str)] = &[
    (
        "crates/base/src/table.rs",
        "hash-order",
        "the index from key to handle is only looked up; rows are read in handle order",
    ),
    (
        "crates/screening/src/engine/index.rs",
        "hash-order",
        "maps are looked up, and what is read out is ranked by weight and row before it is used",
    ),
    (
        "crates/screening/src/engine/words.rs",
        "hash-order",
        "the tables of words are only looked up",
    ),
    (
        "crates/base/src/table.rs",
        "randomness",
        "the index's hasher is seeded against chosen keys; its order is never read",
    ),
];

/// Finds banned APIs, and excuses that are malformed or excuse nothing.
pub fn check(files: &[File]) -> Vec<Problem> {
    let tests = test_files(files);
    let in_tests = |file: &File| {
        file.is_test()
            || tests
                .iter()
                .any(|path| file.path.starts_with(path.as_str()))
    };
    files
        .iter()
        .filter(|file| file.is_rust())
        .flat_map(|file| check_file(file, in_tests(file)))
        .collect()
}

/// The paths of the modules that are declared under `#[cfg(test)]`.
fn test_files(files: &[File]) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let stem = file.path.strip_suffix(".rs").unwrap_or(&file.path);
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let folder = if matches!(name, "lib" | "main" | "mod") {
            folder
        } else {
            stem
        };
        for module in Source::new(&file.text).test_modules() {
            paths.insert(format!("{folder}/{module}.rs"));
            paths.insert(format!("{folder}/{module}/"));
        }
    }
    paths
}

fn check_file(file: &File, in_tests: bool) -> Vec<Problem> {
    let Some(name) = file.crate_name() else {
        return Vec::new();
    };
    let all = Source::new(&file.text).code;
    let tested = if in_tests {
        String::new()
    } else {
        Source::new(&file.text).without_tests().code
    };
    let mut problems = Vec::new();
    let mut excuses = excuses(file, &all, &mut problems);
    let excused = |ban: &Ban| {
        EXCUSED
            .iter()
            .any(|row| row.0 == file.path && row.1 == ban.name)
    };
    let bans = BANS
        .iter()
        .filter(|ban| applies(ban.scope, name) && !excused(ban));
    for ban in bans {
        let code = if ban.scope == Scope::Everywhere {
            &all
        } else {
            &tested
        };
        for (index, line) in code.lines().enumerate() {
            let Some(token) = ban
                .tokens
                .iter()
                .find(|token| find_word(line, token).is_some())
            else {
                continue;
            };
            let number = index + 1;
            let excuse = excuses
                .iter_mut()
                .find(|excuse| excuse.ban == ban.name && excuse.covers(number));
            if let Some(excuse) = excuse {
                excuse.used = true;
                continue;
            }
            let what = format!("{token} ({}): {}; use {}", ban.name, ban.why, ban.instead);
            problems.push(Problem::new(format!("{}:{number}", file.path), what));
        }
    }
    for excuse in excuses.iter().filter(|excuse| !excuse.used) {
        let what = format!("nothing here needs {MARK}{}); remove it", excuse.ban);
        problems.push(Problem::new(format!("{}:{}", file.path, excuse.line), what));
    }
    problems
}

fn applies(scope: Scope, name: &str) -> bool {
    match scope {
        Scope::Pure => deps::is_pure(name),
        Scope::Money => MONEY.contains(&name),
        Scope::Libraries => !PROGRAMS.contains(&name),
        Scope::Everywhere => true,
    }
}

struct Excuse {
    ban: String,
    line: usize,
    /// The first line at or below the comment that holds code.
    covered: usize,
    used: bool,
}

impl Excuse {
    fn covers(&self, line: usize) -> bool {
        line == self.line || line == self.covered
    }
}

fn excuses(file: &File, code: &str, problems: &mut Vec<Problem>) -> Vec<Excuse> {
    let code: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let Some((before, after)) = line.split_once(MARK) else {
            continue;
        };
        if !before.contains("//") {
            continue;
        }
        let (ban, reason) = after.split_once("):").unwrap_or((after, ""));
        let known = BANS.iter().any(|known| known.name == ban);
        if !known || reason.trim().len() < 10 {
            let what = format!("write {MARK}name): and the reason, with the name of a ban");
            problems.push(Problem::new(format!("{}:{}", file.path, index + 1), what));
            continue;
        }
        let holds_code = |at: &usize| code.get(*at).is_some_and(|line| !line.trim().is_empty());
        let covered = (index..code.len()).find(holds_code).unwrap_or(index) + 1;
        found.push(Excuse {
            ban: ban.to_owned(),
            line: index + 1,
            covered,
            used: false,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_text(path: &str, text: &str, expected: &[&str]) {
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let found: Vec<String> = check(&[file])
            .into_iter()
            .map(|problem| format!("{} {}", problem.place, problem.what))
            .collect();
        assert_eq!(found.len(), expected.len(), "{text:?}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found} does not say {expected}");
        }
    }

    #[test]
    fn each_ban_fails_on_a_sample_where_it_applies() {
        for ban in BANS {
            let path = match ban.scope {
                Scope::Pure | Scope::Money => "crates/base/src/a.rs",
                Scope::Libraries => "crates/server/src/a.rs",
                Scope::Everywhere => "crates/cli/tests/a.rs",
            };
            for token in ban.tokens {
                check_text(path, &format!("\nlet x = {token} ;\n"), &[ban.name]);
            }
        }
    }

    #[test]
    fn every_excused_file_exists_and_names_a_ban() {
        for (path, ban, why) in EXCUSED {
            assert!(crate::repo::root().join(path).is_file(), "{path} is gone");
            assert!(
                BANS.iter().any(|known| known.name == *ban) && why.len() > 20,
                "{path}"
            );
        }
    }

    #[test]
    fn bans_keep_to_their_scope() {
        let clock = "fn f() { SystemTime::now(); }";
        check_text("crates/server/src/a.rs", clock, &["a.rs:1 SystemTime"]);
        check_text("crates/cli/src/a.rs", clock, &[]);
        check_text("crates/server/tests/a.rs", clock, &[]);
        check_text(
            "crates/server/src/a.rs",
            "// SystemTime\nlet a = \"SystemTime\";",
            &[],
        );
        check_text(
            "crates/server/src/a.rs",
            "#[cfg(test)]\nmod tests { SystemTime }",
            &[],
        );
        check_text("crates/fleet/src/a.rs", "let x: f64;", &[]);
        check_text("crates/billing/src/a.rs", "let x: f64;", &["floats"]);
        check_text("docs/a.rs", clock, &[]);
    }

    #[test]
    fn modules_declared_for_tests_are_tests() {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files = [
            file(
                "crates/fleet/src/lib.rs",
                "#[cfg(test)]\nmod oracle;\nmod node;",
            ),
            file("crates/fleet/src/oracle.rs", "x.unwrap()"),
            file("crates/fleet/src/node.rs", "x.unwrap()"),
        ];
        let places: Vec<String> = check(&files)
            .into_iter()
            .map(|problem| problem.place)
            .collect();
        assert_eq!(places, ["crates/fleet/src/node.rs:1"]);
    }

    #[test]
    fn excuses_need_a_reason_and_a_use() {
        let path = "crates/fleet/src/a.rs";
        let excuse = format!("// {MARK}hash-order): only looked up, never iterated");
        check_text(path, &format!("{excuse}\nlet x = HashMap::new();"), &[]);
        check_text(path, &format!("let x = HashMap::new(); {excuse}"), &[]);
        check_text(
            path,
            &format!("{excuse}\n// more\nlet x = HashMap::new();"),
            &[],
        );
        check_text(path, &format!("{excuse}\nlet x = 1;"), &["remove it"]);
        let other = format!("{excuse}\nlet x = 1;\nlet y = HashMap::new();");
        check_text(path, &other, &["a.rs:3", "remove it"]);
        let bare = format!("// {MARK}hash-order)\nlet x = HashMap::new();");
        check_text(path, &bare, &["the reason", "hash-order"]);
        check_text(
            path,
            &format!("// {MARK}nonsense): for a good reason\n"),
            &["the reason"],
        );
    }
}
