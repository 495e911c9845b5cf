//! `cargo xtask demo`: the reference story, run by the binary into a fresh folder.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::bareboat::{Bareboat, STORY};
use crate::tools;

/// Builds, runs the story, and says how long each took and where everything lies.
pub fn run() -> Result<()> {
    println!("demo: building the binary (the first time takes some minutes)");
    let start = Instant::now();
    let bareboat = Bareboat::build()?;
    let built = start.elapsed();
    let folder = fresh_folder(&tools::target()?.join("demo"))?;
    println!("demo: running the story {STORY} into {}", folder.display());
    let start = Instant::now();
    bareboat
        .run_story(&folder)
        .context("the story did not run to its end")?;
    let told = start.elapsed();
    println!(
        "\ndemo: build {}, story {}",
        tools::readable(built),
        tools::readable(told)
    );
    println!(
        "demo: the book and all it printed lie in {}",
        folder.display()
    );
    Ok(())
}

/// The next folder that does not exist yet: `1`, `2`, … Its parent is made; it itself is not, so
/// that the story finds nothing.
fn fresh_folder(parent: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
    let mut newest = 0_u32;
    for entry in std::fs::read_dir(parent)? {
        let number = entry?.file_name().to_string_lossy().parse().unwrap_or(0);
        newest = newest.max(number);
    }
    Ok(parent.join((newest + 1).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_its_own_folder() {
        let parent = std::env::temp_dir().join(format!("xtask-demo-{}", std::process::id()));
        let first = fresh_folder(&parent).unwrap();
        assert_eq!(first, parent.join("1"));
        std::fs::create_dir(parent.join("9")).unwrap();
        std::fs::write(parent.join("notes"), "").unwrap();
        assert_eq!(fresh_folder(&parent).unwrap(), parent.join("10"));
        std::fs::remove_dir_all(parent).unwrap();
    }
}
