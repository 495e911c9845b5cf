//! The steps of `cargo xtask test`, in order, each with a heading, a time, and what to do when it
//! fails. The first failure stops the run.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::{bareboat, demo, deny, exact, goldens, schemathesis, setup, tidy, tools};

/// One step.
pub struct Step {
    name: &'static str,
    about: &'static str,
    remedy: &'static str,
    run: fn() -> Result<()>,
}

/// How often the crash tests kill the server, when the caller does not say.
const CRASH_KILLS: (&str, &str) = ("BAREBOAT_CRASH_KILLS", "200");

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "every file is formatted",
        remedy: "run cargo fmt --all",
        run: || tools::run(tools::cargo().args(["fmt", "--all", "--", "--check"])),
    },
    Step {
        name: "clippy",
        about: "no lint warns",
        remedy: "follow the lint's help, or allow it where it is wrong, with a reason",
        run: clippy,
    },
    Step {
        name: "tidy",
        about: "what no compiler checks",
        remedy: "each line above says what to do instead",
        run: tidy::run,
    },
    Step {
        name: "test",
        about: "every test of the workspace, the crash tests with all their kills",
        remedy: "repeat one with cargo test -p <crate> <test>",
        run: tests,
    },
    Step {
        name: "deny",
        about: "licences, bans and sources of dependencies",
        remedy: "use another crate, or add the licence to deny.toml with a reason",
        run: deny::run,
    },
    Step {
        name: "build",
        about: "the binary, which the steps below use",
        remedy: "see the compiler's message",
        run: || bareboat::Bareboat::build().map(|_| ()),
    },
    Step {
        name: "help-goldens",
        about: "the help of every command is the one in docs/cli",
        remedy: "if the change is meant: UPDATE_GOLDENS=1 cargo xtask help-goldens",
        run: goldens::run,
    },
    Step {
        name: "demo",
        about: "the reference story, end to end",
        remedy: "repeat it with cargo xtask demo",
        run: demo::run,
    },
    Step {
        name: "exact",
        about: "an exact solver agrees with the calendar on small cases",
        remedy: "repeat it with cargo xtask exact; a case printed as wrong says all there is to it",
        run: exact::run,
    },
    Step {
        name: "schemathesis",
        about: "requests made from the server's own OpenAPI document find nothing",
        remedy: "repeat it with cargo xtask schemathesis",
        run: schemathesis::run,
    },
];

/// The step of that name.
pub fn named(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.name == name)
}

/// Runs one step alone.
pub fn one(name: &str) -> Result<()> {
    let step = named(name).with_context(|| format!("there is no step {name}"))?;
    (step.run)().map_err(|error| failure(step, &error))
}

/// What failed, why, what to do about it, and how to go on.
fn failure(step: &Step, error: &anyhow::Error) -> anyhow::Error {
    let Step { name, remedy, .. } = step;
    anyhow!("{name}: {error:#}\n  what to do: {remedy}\n  then: cargo xtask test --only {name}")
}

/// Runs the chosen steps in order and sums up the time.
pub fn test(options: &[&str]) -> Result<()> {
    let chosen = choose(options)?;
    println!("test: {} steps: {}", chosen.len(), names(&chosen));
    setup::rust_components()?;
    setup::c_compiler()?;
    let start = Instant::now();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut outcome = Ok(());
    for (index, step) in chosen.iter().enumerate() {
        println!(
            "\n==> [{}/{}] {}: {}",
            index + 1,
            chosen.len(),
            step.name,
            step.about
        );
        let began = Instant::now();
        let result = (step.run)();
        times.push((step.name, began.elapsed()));
        if let Err(error) = result {
            outcome = Err(failure(step, &error));
            break;
        }
    }
    println!("\n==> time");
    for (name, time) in &times {
        println!("  {name:<14} {:>12}", tools::readable(*time));
    }
    println!("  {:<14} {:>12}", "total", tools::readable(start.elapsed()));
    if outcome.is_ok() {
        println!("\nall {} steps passed", chosen.len());
    }
    outcome
}

/// The steps that `--only` and `--skip` leave.
fn choose(options: &[&str]) -> Result<Vec<&'static Step>> {
    let mut only: Option<Vec<&str>> = None;
    let mut skip: Vec<&str> = Vec::new();
    let mut rest = options.iter();
    while let Some(option) = rest.next() {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (*option, rest.next().copied()),
        };
        let value = value.with_context(|| format!("{name} needs the names of steps"))?;
        let listed: Vec<&str> = value.split(',').map(str::trim).collect();
        if let Some(unknown) = listed.iter().find(|name| named(name).is_none()) {
            let all = names(&STEPS.iter().collect::<Vec<_>>());
            bail!("there is no step {unknown:?}; the steps are {all}");
        }
        match name {
            "--only" => only.get_or_insert_default().extend(listed),
            "--skip" => skip.extend(listed),
            _ => bail!("unknown option {name}; test takes --only and --skip"),
        }
    }
    let kept = |step: &&Step| {
        only.as_ref().is_none_or(|only| only.contains(&step.name)) && !skip.contains(&step.name)
    };
    let chosen: Vec<&Step> = STEPS.iter().filter(kept).collect();
    if chosen.is_empty() {
        bail!("no step is left to run");
    }
    Ok(chosen)
}

fn names(steps: &[&Step]) -> String {
    steps
        .iter()
        .map(|step| step.name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn clippy() -> Result<()> {
    let lints = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    tools::run(tools::cargo().args(lints))
}

fn tests() -> Result<()> {
    let (name, kills) = CRASH_KILLS;
    let kills = std::env::var(name).unwrap_or_else(|_| kills.to_owned());
    println!("{name}={kills}");
    tools::run(
        tools::cargo()
            .args(["test", "--locked", "--workspace"])
            .env(name, kills),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_choice(options: &[&str], expected: Result<&str, &str>) {
        match (choose(options), expected) {
            (Ok(steps), Ok(expected)) => assert_eq!(names(&steps), expected),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (Ok(steps), Err(_)) => assert_eq!(names(&steps), "an error"),
            (Err(error), Ok(_)) => assert_eq!(error.to_string(), "no error"),
        }
    }

    #[test]
    fn steps_are_chosen_in_their_own_order() {
        let all = "fmt, clippy, tidy, test, deny, build, help-goldens, demo, exact, schemathesis";
        check_choice(&[], Ok(all));
        check_choice(&["--only", "tidy,fmt"], Ok("fmt, tidy"));
        check_choice(&["--only=demo"], Ok("demo"));
        let skip = ["--skip", "test,schemathesis,demo", "--skip", "help-goldens"];
        check_choice(&skip, Ok("fmt, clippy, tidy, deny, build, exact"));
        check_choice(
            &["--only", "nonsense"],
            Err("there is no step \"nonsense\""),
        );
        check_choice(&["--only"], Err("needs the names"));
        check_choice(&["--fast", "fmt"], Err("unknown option"));
        check_choice(&["--only", "fmt", "--skip", "fmt"], Err("no step is left"));
    }

    #[test]
    fn the_usage_names_every_step() {
        for step in STEPS {
            assert!(
                crate::USAGE.contains(step.name),
                "{} is not in the usage",
                step.name
            );
        }
    }
}
