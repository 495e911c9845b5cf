//! The project's own tasks, run as `cargo xtask <task>`. Start at [`tasks`].

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bareboat;
mod demo;
mod deny;
mod exact;
mod goldens;
mod measure;
mod repo;
mod schemathesis;
mod setup;
mod source;
mod tasks;
mod tidy;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
The project's own tasks.

Usage: cargo xtask <task> [options]

Tasks:
  test            set up, then run every step below in order
                    --only a,b   run only these steps
                    --skip a,b   leave these steps out
  demo            build the binary and run the reference story with it
  tidy            check what no compiler checks (dependencies, lengths, banned APIs, pages, links)
  schemathesis    drive a running server with requests made from its own OpenAPI document
  exact           have an exact solver judge the calendar's verdicts on small cases
                    SEED CASES   these (1 1000)
  help-goldens    compare the help of every command with docs/cli (UPDATE_GOLDENS=1 rewrites)
  deny            check licences, bans and sources of dependencies by deny.toml
  growth          measure how the calendar's figures grow, and draw docs/growth.svg
  slurm           ask Slurm and our server for the same capacity, side by side
  setup           install what the tasks need and stop

Steps of test: fmt, clippy, tidy, test, deny, build, help-goldens, demo, exact,
schemathesis
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] | ["help" | "--help" | "-h", ..] => {
            print!("{USAGE}");
            Ok(())
        }
        ["test", options @ ..] => tasks::test(options),
        ["exact", seed, cases] => exact::judge(seed, cases),
        ["growth"] => measure::growth(),
        ["slurm"] => measure::slurm(),
        ["setup"] => setup::everything(),
        [task] if tasks::named(task).is_some() => tasks::one(task),
        other => Err(anyhow::anyhow!(
            "unknown task {:?}\n\n{USAGE}",
            other.join(" ")
        )),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
