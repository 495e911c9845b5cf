//! File length: a warning above 600 lines, a failure above 1,000. Function length is clippy's
//! (`too_many_lines`, threshold in `clippy.toml`).

use super::Problem;
use crate::repo::File;

const WARN: usize = 600;
const FAIL: usize = 1_000;

/// Rust files that are too long to read in one sitting.
pub fn check(files: &[File]) -> Vec<Problem> {
    longer_than(files, FAIL).collect()
}

/// Rust files that are on their way there.
pub fn warnings(files: &[File]) -> Vec<Problem> {
    longer_than(files, WARN).collect()
}

fn longer_than(files: &[File], limit: usize) -> impl Iterator<Item = Problem> {
    files
        .iter()
        .filter(|file| file.is_rust())
        .filter_map(move |file| {
            let lines = file.text.lines().count();
            let what = format!("{lines} lines, more than {limit}; split it by noun into modules");
            (lines > limit).then(|| Problem::new(&file.path, what))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, lines: usize) -> File {
        File {
            path: path.to_owned(),
            text: "x\n".repeat(lines),
        }
    }

    #[test]
    fn long_files_warn_then_fail() {
        let files = [
            file("a.rs", 600),
            file("b.rs", 601),
            file("c.rs", 1_000),
            file("d.rs", 1_001),
            file("e.json", 5_000),
        ];
        let places = |problems: Vec<Problem>| -> Vec<String> {
            problems.into_iter().map(|problem| problem.place).collect()
        };
        assert_eq!(places(warnings(&files)), ["b.rs", "c.rs", "d.rs"]);
        assert_eq!(places(check(&files)), ["d.rs"]);
    }
}
