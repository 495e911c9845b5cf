//! Compiles the pages of `docs/errors` in, for `bareboat errors`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let crate_folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let folder = crate_folder.join("../../docs/errors").canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut pages: Vec<(String, String)> = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let code = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("");
        if path.extension().is_some_and(|end| end == "md") && code != "README" {
            pages.push((code.to_owned(), fs::read_to_string(&path)?));
        }
    }
    pages.sort();
    let mut source = String::from("/// Every page: its code and its text.\n");
    source.push_str("pub static PAGES: &[(&str, &str)] = &[\n");
    for (code, text) in pages {
        source.push_str(&format!("    ({code:?}, {text:?}),\n"));
    }
    source.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(Path::new(&out).join("pages.rs"), source)
}
