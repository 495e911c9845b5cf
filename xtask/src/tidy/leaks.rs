//! Nothing in the repository may name one machine: no path of a build host, no package registry,
//! no key. The needles are written in pieces so that this file does not find itself.

use super::Problem;
use crate::repo::File;
use crate::source::line_of;

struct Needle {
    text: &'static str,
    /// It must begin a path: the character before it is no part of a longer one.
    path: bool,
    why: &'static str,
}

const MACHINE: &str = "a path of one machine; use a path from the repository or a temporary folder";
const REGISTRY: &str = "a package registry's host; the package manager's own settings name it";
const NOTES: &str = "notes that are not in the repository; say it here or leave it out";
const KEY: &str = "a private key";

const NEEDLES: &[Needle] = &[
    Needle {
        text: concat!("/wo", "rk/"),
        path: true,
        why: MACHINE,
    },
    Needle {
        text: concat!("/fa", "rm/"),
        path: true,
        why: MACHINE,
    },
    Needle {
        text: concat!("/ro", "ot/"),
        path: true,
        why: MACHINE,
    },
    Needle {
        text: concat!("/tmp/", "t-"),
        path: true,
        why: MACHINE,
    },
    Needle {
        text: concat!("/opt/", "wheels"),
        path: true,
        why: MACHINE,
    },
    Needle {
        text: concat!("shared/", "design"),
        path: false,
        why: NOTES,
    },
    Needle {
        text: concat!("shared/", "data"),
        path: false,
        why: NOTES,
    },
    Needle {
        text: concat!("crates", ".io"),
        path: false,
        why: REGISTRY,
    },
    Needle {
        text: concat!("static.rust-", "lang.org"),
        path: false,
        why: REGISTRY,
    },
    Needle {
        text: concat!("py", "pi.org"),
        path: false,
        why: REGISTRY,
    },
    Needle {
        text: concat!("python", "hosted.org"),
        path: false,
        why: REGISTRY,
    },
    Needle {
        text: concat!("registry.npm", "js.org"),
        path: false,
        why: REGISTRY,
    },
    Needle {
        text: concat!("deb.", "debian.org"),
        path: false,
        why: REGISTRY,
    },
    Needle {
        text: concat!("--index-", "url"),
        path: false,
        why: REGISTRY,
    },
    Needle {
        text: concat!("-----BEGIN PRIV", "ATE KEY"),
        path: false,
        why: KEY,
    },
    Needle {
        text: concat!("-----BEGIN OPENSSH PRIV", "ATE KEY"),
        path: false,
        why: KEY,
    },
];

/// The one source a locked package may come from; cargo writes it, nobody configures it.
const LOCK_SOURCE: &str = concat!(
    "registry+https://github.com/rust-lang/crates",
    ".io",
    "-index"
);

/// Finds what belongs to one machine.
pub fn check(files: &[File]) -> Vec<Problem> {
    files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Problem> {
    if file.path == "Cargo.lock" {
        return check_lock(file);
    }
    let mut problems = Vec::new();
    for needle in NEEDLES {
        for (at, _) in file.text.match_indices(needle.text) {
            if !needle.path || begins_path(&file.text, at) {
                let place = format!("{}:{}", file.path, line_of(&file.text, at));
                problems.push(Problem::new(
                    place,
                    format!("{:?} is {}", needle.text, needle.why),
                ));
            }
        }
    }
    problems
}

fn check_lock(file: &File) -> Vec<Problem> {
    file.text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let source = line.strip_prefix("source = \"")?.strip_suffix('"')?;
            let what = format!("{source:?} is not the public index; depend on a published package");
            let place = format!("{}:{}", file.path, index + 1);
            (source != LOCK_SOURCE).then(|| Problem::new(place, what))
        })
        .collect()
}

fn begins_path(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    !before.is_some_and(|before| before.is_alphanumeric() || "_.-~})]".contains(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_count(path: &str, text: &str, expected: usize) {
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let problems = check_file(&file);
        assert_eq!(problems.len(), expected, "{text:?}: {problems:?}");
    }

    #[test]
    fn machine_paths_are_found_and_other_paths_are_not() {
        for folder in [
            concat!("wo", "rk"),
            concat!("fa", "rm"),
            concat!("ro", "ot"),
        ] {
            check_count("a.md", &format!("see /{folder}/main"), 1);
            check_count(
                "a.md",
                &format!("see `/{folder}/main` and \"/{folder}/x\""),
                2,
            );
            check_count("a.md", &format!("file:///{folder}/main"), 1);
            check_count("a.md", &format!("journal/{folder}/main"), 0);
            check_count("a.md", &format!("{{site}}/{folder}/main"), 0);
        }
    }

    #[test]
    fn registries_are_found_but_in_the_lock_file() {
        let host = concat!("crates", ".io");
        check_count("README.md", &format!("on {host}"), 1);
        check_count("Cargo.lock", &format!("source = \"{LOCK_SOURCE}\""), 0);
        check_count(
            "Cargo.lock",
            "source = \"registry+https://mirror.example/index\"",
            1,
        );
        check_count("Cargo.lock", "source = \"git+https://example.org/x\"", 1);
    }

    #[test]
    fn the_place_is_the_line() {
        let text = format!("a\nb /{}/x\n", concat!("wo", "rk"));
        let file = File {
            path: "a.md".to_owned(),
            text,
        };
        assert_eq!(check_file(&file)[0].place, "a.md:2");
    }
}
