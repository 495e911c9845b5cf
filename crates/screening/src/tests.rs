//! Tests of the domain, the readers and the engine.

mod domain;
mod matching;
mod reading;

use bareboat_base::Code;

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

/// A file of the lists that are shipped with the program.
fn shipped(file: &str) -> Vec<u8> {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read(format!("{root}/../../data/lists/{file}")).unwrap()
}
