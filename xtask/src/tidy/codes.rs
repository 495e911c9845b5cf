//! Every error code has a page in `docs/errors/`, and every page a code.
//!
//! A code is one that `rejections!` declares, a literal in the value of a constant whose name
//! holds `CODES`, or a literal in a function named `code`.

use std::collections::BTreeMap;

use super::Problem;
use crate::repo::File;
use crate::source::{Source, find_word, line_of, matching_brace};

const FOLDER: &str = "docs/errors/";

/// Finds codes without a page, pages without a code, and pages that say too little.
pub fn check(files: &[File]) -> Vec<Problem> {
    let codes = codes(files);
    let pages: BTreeMap<&str, &str> = files
        .iter()
        .filter_map(|file| {
            let name = file.path.strip_prefix(FOLDER)?.strip_suffix(".md")?;
            (name != "README").then_some((name, file.text.as_str()))
        })
        .collect();
    let mut problems = Vec::new();
    for (code, place) in &codes {
        if !pages.contains_key(code.as_str()) {
            let what = format!("error code {code} has no page; write {FOLDER}{code}.md");
            problems.push(Problem::new(place, what));
        }
    }
    for (name, text) in pages {
        let place = format!("{FOLDER}{name}.md");
        if !codes.contains_key(name) {
            problems.push(Problem::new(
                place,
                "no code has this name; delete or rename the page",
            ));
        } else if let Some(what) = shape(name, text) {
            problems.push(Problem::new(place, what));
        }
    }
    problems
}

/// What is wrong with a page's shape: the title is the code, and there is more than a title.
fn shape(code: &str, text: &str) -> Option<String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if lines.next() != Some(format!("# {code}").as_str()) {
        return Some(format!("the first line must be \"# {code}\""));
    }
    let rest: usize = lines.map(|line| line.split_whitespace().count()).sum();
    (rest < 12).then(|| "say what the code means and what to do about it".to_owned())
}

/// Every code with the place that declares it.
fn codes(files: &[File]) -> BTreeMap<String, String> {
    let mut codes = BTreeMap::new();
    let sources = files
        .iter()
        .filter(|file| file.is_rust() && file.path.starts_with("crates/") && !file.is_test());
    for file in sources {
        let source = Source::new(&file.text).without_tests();
        let found = rejections(&source)
            .into_iter()
            .chain(constants(&source))
            .chain(functions(&source));
        for (at, code) in found {
            let place = format!("{}:{}", file.path, line_of(&file.text, at));
            codes.entry(code).or_insert(place);
        }
    }
    codes
}

/// `rejections! { pub enum X in "domain" { Variant … => Class "code" …; } }`.
fn rejections(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in source.code.match_indices("rejections!") {
        let Some(open) = source.code[at..].find('{').map(|open| at + open) else {
            continue;
        };
        let end = matching_brace(&source.code, open);
        let header = open + source.code[open + 1..end].find('{').unwrap_or(0) + 1;
        let Some((_, domain)) = literals(source, open, header).into_iter().next_back() else {
            continue;
        };
        for (arrow, _) in source.code[header..end].match_indices("=>") {
            let arrow = header + arrow;
            if let Some((at, code)) = literals(source, arrow, end).into_iter().next() {
                found.push((at, format!("{domain}.{code}")));
            }
        }
    }
    found
}

/// The literals of `const …CODES…: … = …;` that look like codes.
fn constants(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in source.code.match_indices("const ") {
        let statement = &source.code[at..];
        let end = at
            + statement
                .find("];")
                .or(statement.find(';'))
                .unwrap_or(statement.len());
        let name_end = at + statement.find(':').unwrap_or(0);
        if at < name_end && name_end < end && source.code[at..name_end].contains("CODES") {
            let literals = literals(source, name_end, end);
            found.extend(
                literals
                    .into_iter()
                    .filter(|(_, text)| is_code(text, false)),
            );
        }
    }
    found
}

/// The dotted literals in the body of a function named `code`.
fn functions(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = find_word(&source.code[from..], "fn code(").map(|at| from + at) {
        let rest = &source.code[at..];
        let open = rest.find('{').map_or(source.code.len(), |open| at + open);
        let semicolon = rest.find(';').map_or(source.code.len(), |end| at + end);
        from = at + 1;
        if open < semicolon {
            let end = matching_brace(&source.code, open);
            let literals = literals(source, open, end);
            found.extend(literals.into_iter().filter(|(_, text)| is_code(text, true)));
        }
    }
    found
}

/// The string literals between two positions, each with where it begins.
fn literals(source: &Source, from: usize, to: usize) -> Vec<(usize, String)> {
    let quotes: Vec<usize> = source.code[from..to]
        .match_indices('"')
        .map(|(at, _)| at)
        .collect();
    quotes
        .chunks_exact(2)
        .map(|pair| {
            let (start, end) = (from + pair[0] + 1, from + pair[1]);
            (start, source.with_strings[start..end].to_owned())
        })
        .collect()
}

fn is_code(text: &str, dotted: bool) -> bool {
    let part = |part: &str| {
        part.starts_with(|letter: char| letter.is_ascii_lowercase())
            && part
                .bytes()
                .all(|byte| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.split('.').all(part) && (!dotted || text.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
        //! bareboat_base::rejections! { pub enum X in "doc" { A => Conflict "no" "m" hint "h"; } }
        base::rejections! {
            /// Why "this" refuses.
            pub enum Rejection in "fleet" {
                /// Taken.
                SiteCodeTaken { code: String } => Conflict "site_code_taken"
                    "site {code} => is used" hint "choose; another";
                Empty => Invalid "empty" "no nodes" hint "name one";
            }
        }
        pub const CODES: &[(&str, u16)] = &[("api.not_found", 404), ("Not Found", 1)];
        pub const OTHER: &str = "api.other";
        fn code(&self) -> &'static str { match self { A => "server.stopped", B => "plain" } }
        #[cfg(test)]
        mod tests { pub const CODES: &[&str] = &["test.only"]; }
    "#;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn codes_are_found_where_they_are_declared() {
        let declared = codes(&[file("crates/fleet/src/lib.rs", SOURCE)]);
        let expected = [
            "api.not_found",
            "fleet.empty",
            "fleet.site_code_taken",
            "server.stopped",
        ];
        assert_eq!(declared.into_keys().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn missing_orphaned_and_empty_pages_are_named() {
        let page = |code: &str| {
            file(
                &format!("docs/errors/{code}.md"),
                &format!(
                    "# {code}\n\nWhat it means in a line.\n\nWhat to do about it, in another line.\n"
                ),
            )
        };
        let good = [
            page("api.not_found"),
            page("fleet.empty"),
            page("server.stopped"),
        ];
        let mut files = vec![file("crates/fleet/src/lib.rs", SOURCE)];
        files.extend(good);
        files.push(file("docs/errors/README.md", "# Errors\n"));
        assert_eq!(check(&files).len(), 1);
        assert!(check(&files)[0].what.contains("fleet.site_code_taken.md"));
        files.push(file(
            "docs/errors/fleet.site_code_taken.md",
            "# fleet.site_code_taken\n",
        ));
        assert!(check(&files)[0].what.contains("what to do"));
        files.pop();
        files.push(file(
            "docs/errors/fleet.site_code_taken.md",
            "# Site code taken\n",
        ));
        assert!(check(&files)[0].what.contains("first line"));
        files.pop();
        files.push(page("fleet.site_code_taken"));
        assert_eq!(check(&files), []);
        files.push(page("fleet.gone"));
        assert_eq!(check(&files)[0].place, "docs/errors/fleet.gone.md");
    }
}
