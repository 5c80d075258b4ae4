//! `cargo xtask ci`: everything that must hold before a change is good, from a fresh machine.
//!
//! A list of steps, run in order; a step that fails prints what it saw and how to run it alone, and
//! the others go on, so that one run tells all. The order is cheap first, and each step reuses what
//! the steps before it compiled: all checks and tests share one profile, and only the program and the
//! module that are shipped are built as they are shipped.

use std::time::Instant;

use anyhow::Result;
use clap::builder::PossibleValuesParser;

use crate::process::say;

mod dependencies;
mod lint;
mod main_job;
mod package;
mod rust;
mod web;

/// What a step found when all is well, in a few words; may be empty.
type Note = String;

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<Note>,
}

const STEPS: &[Step] = &[
    Step { name: "tools", about: "wasm target, Node.js, npm packages", run: web::tools },
    Step { name: "fmt", about: "the code is formatted", run: rust::format },
    Step { name: "lint", about: "the house rules that no compiler knows", run: lint::lint },
    Step { name: "deps", about: "each crate depends on what it may", run: dependencies::check },
    Step { name: "clippy", about: "no warning, native and WebAssembly", run: rust::clippy },
    Step { name: "features", about: "every feature set compiles", run: rust::features },
    Step { name: "test", about: "all Rust tests", run: rust::test },
    Step { name: "doctest", about: "the examples in the documentation run", run: rust::doctest },
    Step { name: "doc", about: "the documentation builds", run: rust::document },
    Step { name: "wasm", about: "the module builds and imports only its glue", run: web::wasm },
    Step { name: "node", about: "Node tests through the module", run: web::node },
    Step { name: "npm", about: "the tarball works in every runtime", run: web::npm },
    Step { name: "main", about: "the main job runs and gives the traces", run: main_job::check },
    Step { name: "www", about: "the page in a real browser", run: web::page },
    Step { name: "package", about: "the crates can be published", run: package::check },
];

/// Check everything, as CI does; or only the named steps
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Steps to run, all of them by default
    #[arg(value_name = "STEP", value_parser = names())]
    steps: Vec<String>,
    /// Print the steps and stop
    #[arg(long)]
    list: bool,
}

/// Runs the steps; whether all of them passed. The last line counts them.
pub(crate) fn run(args: &Args) -> bool {
    if args.list {
        STEPS.iter().for_each(|step| say(&format!("{:<10}{}", step.name, step.about)));
        return true;
    }
    let chosen = |step: &&Step| args.steps.is_empty() || args.steps.iter().any(|n| n == step.name);
    let results: Vec<bool> = STEPS.iter().filter(chosen).map(perform).collect();
    let passed = results.iter().filter(|&&passed| passed).count();
    let failed = results.len() - passed;
    say(&format!("\n{passed} passed, {failed} failed"));
    failed == 0
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(STEPS.iter().map(|step| step.name))
}

#[expect(clippy::disallowed_methods, reason = "the time that a step takes is only printed")]
fn perform(step: &Step) -> bool {
    say(&format!("{:<10}{}", step.name, step.about));
    let start = Instant::now();
    let result = (step.run)();
    let seconds = start.elapsed().as_secs_f64();
    match result {
        Ok(note) => {
            let gap = if note.is_empty() { "" } else { ": " };
            say(&format!("          ok in {seconds:.1} s{gap}{note}"));
            true
        }
        Err(error) => {
            say(&format!("\n{error:#}\n"));
            say(&format!("          FAILED after {seconds:.1} s"));
            say(&format!("          again: cargo xtask ci {}", step.name));
            false
        }
    }
}
