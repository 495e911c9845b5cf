//! Every link in a Markdown file that points into the repository resolves: the file exists, and
//! the heading it names is there. Links to other hosts are left alone; tests need no network.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use crate::repo::File;

/// Finds links that lead nowhere.
pub fn check(files: &[File]) -> Vec<Problem> {
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    for file in files {
        let mut path = file.path.as_str();
        paths.insert(path);
        while let Some((folder, _)) = path.rsplit_once('/') {
            paths.insert(folder);
            path = folder;
        }
    }
    let pages = || files.iter().filter(|file| file.path.ends_with(".md"));
    let anchors: BTreeMap<&str, BTreeSet<String>> = pages()
        .map(|file| (file.path.as_str(), anchors(&file.text)))
        .collect();
    let mut problems = Vec::new();
    for file in pages() {
        for (line, target) in targets(&file.text) {
            if let Err(what) = resolve(&file.path, &target, &paths, &anchors) {
                problems.push(Problem::new(format!("{}:{line}", file.path), what));
            }
        }
    }
    problems
}

fn resolve(
    from: &str,
    target: &str,
    paths: &BTreeSet<&str>,
    anchors: &BTreeMap<&str, BTreeSet<String>>,
) -> Result<(), String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() {
        Some(from.to_owned())
    } else {
        join(from, path)
    };
    let file = file.ok_or_else(|| format!("link {target:?} leaves the repository"))?;
    if !file.is_empty() && !paths.contains(file.as_str()) {
        return Err(format!(
            "link {target:?} leads to {file}, which does not exist"
        ));
    }
    match anchors.get(file.as_str()) {
        Some(known) if !anchor.is_empty() && !known.contains(anchor) => Err(format!(
            "link {target:?} names a heading that {file} does not have"
        )),
        _ => Ok(()),
    }
}

/// A relative path seen from a file, from the root; `None` when it climbs out.
fn join(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = match path.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => from
            .rsplit_once('/')
            .map_or(Vec::new(), |(folder, _)| folder.split('/').collect()),
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The lines of the text outside code fences, with inline code blanked.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        if fence {
            fenced = !fenced;
        } else if !fenced {
            let pieces = line.split('`').enumerate();
            let kept: Vec<&str> = pieces
                .map(|(at, piece)| if at % 2 == 0 { piece } else { "" })
                .collect();
            lines.push((index + 1, kept.join("`")));
        }
    }
    lines
}

/// The target of each inline and reference link, with its line.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let mut rest = line.as_str();
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let end = rest.find(')').unwrap_or(rest.len());
            let target = rest[..end].split_whitespace().next().unwrap_or("");
            found.push((number, target.trim_matches(['<', '>']).to_owned()));
        }
        let reference = line
            .strip_prefix('[')
            .and_then(|line| line.split_once("]: "));
        if let Some((_, target)) = reference {
            let target = target.split_whitespace().next().unwrap_or("");
            found.push((number, target.trim_matches(['<', '>']).to_owned()));
        }
    }
    found
}

/// The anchors of the page's headings, as the common renderers make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let title = line.trim_start_matches('#');
        if fenced || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let slug: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        let again = (1..)
            .map(|count| format!("{slug}-{count}"))
            .find(|slug| !known.contains(slug));
        match again {
            Some(again) if known.contains(&slug) => known.insert(again),
            _ => known.insert(slug),
        };
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_page(text: &str, expected: &[&str]) {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files = [
            file("docs/guide.md", text),
            file("docs/errors/a.md", "# a\n## What to do\n## What to do\n"),
            file("README.md", "# Bareboat: the book\n"),
        ];
        let found: Vec<String> = check(&files)
            .into_iter()
            .map(|problem| format!("{problem:?}"))
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found} does not say {expected}");
        }
    }

    #[test]
    fn good_links_pass() {
        check_page(
            "[a](errors/a.md) [b](../README.md#bareboat-the-book) [c](errors/)",
            &[],
        );
        check_page(
            "[a](errors/a.md#what-to-do-1 \"title\")\n\n[r]: <../README.md>",
            &[],
        );
        check_page(
            "# Here\n[a](#here) [b](https://example.org/x) [c](/README.md)",
            &[],
        );
        check_page("`[a](nowhere.md)`\n```\n[b](nowhere.md)\n```", &[]);
    }

    #[test]
    fn bad_links_fail() {
        check_page("x\n[a](nowhere.md)", &["guide.md:2"]);
        check_page("[a](errors/a.md#nothing)", &["heading"]);
        check_page("[a](#nothing)", &["heading"]);
        check_page("[a](../../outside.md)", &["leaves the repository"]);
        check_page("[r]: nowhere.md", &["does not exist"]);
    }
}
