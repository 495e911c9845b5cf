//! `bareboat`: the one binary. Nouns, then verbs; data on stdout, everything else on stderr.

use std::process::ExitCode;

/// The book is many small values behind shared pointers, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bareboat_cli::main()
}
