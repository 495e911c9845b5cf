//! `bareboat`: the one binary. Nouns, then verbs; data on stdout, everything else on stderr.

use std::process::ExitCode;

fn main() -> ExitCode {
    bareboat_cli::main()
}
