//! The repository's files, as the checks see them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// The folder that holds the workspace's `Cargo.toml`.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// One text file: its path from the root, with forward slashes, and its text.
pub struct File {
    /// `crates/base/src/lib.rs`.
    pub path: String,
    /// The text; bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl File {
    /// Whether the whole file is test code, benchmark or example, by where it lies.
    pub fn is_test(&self) -> bool {
        let folder = |name: &str| self.path.contains(name);
        folder("/tests/")
            || folder("/benches/")
            || folder("/examples/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
    }

    /// The crate folder's name: `base` for `crates/base/src/lib.rs`, `xtask` for xtask's own.
    pub fn crate_name(&self) -> Option<&str> {
        match self.path.strip_prefix("crates/") {
            Some(rest) => rest.split_once('/').map(|(name, _)| name),
            None => self.path.starts_with("xtask/").then_some("xtask"),
        }
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// Reads every text file that git tracks or would track. Without git (an unpacked archive) every
/// file but those of `target`, `.git` and other hidden folders.
pub fn files(root: &Path) -> Result<Vec<File>> {
    let mut paths = match git_paths(root) {
        Some(paths) => paths,
        None => {
            let mut paths = Vec::new();
            walk(root, root, &mut paths)?;
            paths
        }
    };
    paths.sort();
    paths.dedup();
    let mut files = Vec::new();
    for path in paths {
        let full = root.join(&path);
        if !full.is_file() {
            continue; // deleted but not yet committed, or a link to a folder
        }
        let bytes = std::fs::read(&full).with_context(|| format!("reading {path}"))?;
        if bytes.contains(&0) {
            continue; // not text
        }
        files.push(File {
            path,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        });
    }
    Ok(files)
}

fn git_paths(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
        ])
        .arg("--exclude-standard")
        .current_dir(root)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let names = String::from_utf8_lossy(&output.stdout);
    let paths: Vec<String> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

fn walk(root: &Path, folder: &Path, paths: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_symlink() || name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, paths)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            paths.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> File {
        File {
            path: path.to_owned(),
            text: String::new(),
        }
    }

    #[test]
    fn this_file_is_found_and_the_build_folder_is_not() {
        let files = files(&root()).unwrap();
        assert!(files.iter().any(|file| file.path == "xtask/src/repo.rs"));
        assert!(files.iter().all(|file| !file.path.starts_with("target/")));
    }

    #[test]
    fn walking_finds_what_git_finds_among_sources() {
        let mut walked = Vec::new();
        walk(&root(), &root().join("xtask"), &mut walked).unwrap();
        assert!(
            walked.contains(&"xtask/src/repo.rs".to_owned()),
            "{walked:?}"
        );
    }

    #[test]
    fn crates_and_tests_are_told_by_path() {
        assert_eq!(file("crates/base/src/lib.rs").crate_name(), Some("base"));
        assert_eq!(file("xtask/src/main.rs").crate_name(), Some("xtask"));
        assert_eq!(file("docs/a.md").crate_name(), None);
        assert!(file("crates/base/tests/a.rs").is_test());
        assert!(file("crates/base/src/tests.rs").is_test());
        assert!(!file("crates/base/src/contests.rs").is_test());
    }
}
