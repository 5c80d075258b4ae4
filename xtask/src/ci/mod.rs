//! `cargo xtask ci`: everything that must hold before a change is good, from a fresh machine.
//!
//! Lists of steps; one that fails prints what it saw and how to run it alone, and the others go on, so
//! that one run tells all. The order is cheap first, and each step reuses what the steps before it
//! compiled: all checks and tests share one profile, and only the program and the module that are
//! shipped are built as they are shipped.
//!
//! What compiles, and what waits for browsers, servers and tools of one thread, go on side by side.
//! Within each of these two lists steps keep their order, so that no two of them write into one
//! folder; where both compile, cargo keeps them apart. The page's tests have the machine to
//! themselves: they print how fast it answers.

use std::{thread, time::Instant};

use anyhow::Result;
use clap::builder::PossibleValuesParser;

use crate::{audit, process::say};

mod dependencies;
mod lint;
mod main_job;
mod package;
mod places;
mod rust;
mod web;
mod words;

/// What a step found when all is well, in a few words; may be empty.
type Note = String;

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<Note>,
}

/// Cheap, or needed by all others.
const FIRST: &[Step] = &[
    Step { name: "tools", about: "wasm target, Node.js, npm packages", run: web::tools },
    Step { name: "fmt", about: "the code is formatted", run: rust::format },
    Step { name: "lint", about: "the house rules that no compiler knows", run: lint::lint },
    Step {
        name: "api",
        about: "the public surface is the one that was agreed on",
        run: crate::api::check,
    },
    Step { name: "deps", about: "each crate depends on what it may", run: dependencies::check },
    Step { name: "audit", about: "licences, checksums, scripts of others", run: audit::check },
];

/// Cargo's own.
const NATIVE: &[Step] = &[
    Step { name: "clippy", about: "no warning, native and WebAssembly", run: rust::clippy },
    Step { name: "features", about: "every feature set compiles", run: rust::features },
    Step { name: "test", about: "all Rust tests", run: rust::test },
    Step { name: "doctest", about: "the examples in the documentation run", run: rust::doctest },
    Step { name: "doc", about: "the documentation builds", run: rust::document },
    Step { name: "main", about: "the main job runs and gives the traces", run: main_job::check },
    Step { name: "msrv", about: "the oldest Rust that is promised", run: rust::oldest },
    Step { name: "package", about: "the crates can be published", run: package::check },
];

/// WebAssembly and what runs it. The package is late, because it is compared with the native program,
/// for which it would have to wait while the tests are compiled.
const SCRIPT: &[Step] = &[
    Step { name: "wasm", about: "the module builds and imports only its glue", run: web::wasm },
    Step { name: "node", about: "Node tests through the module", run: web::node },
    Step { name: "page", about: "the page builds", run: web::page },
    Step { name: "npm", about: "the tarball works in every runtime", run: web::npm },
];

/// Alone on the machine.
const LAST: &[Step] =
    &[Step { name: "www", about: "the page in Chromium and Firefox", run: web::www }];

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
        all().for_each(|step| say(&format!("{:<10}{}", step.name, step.about)));
        return true;
    }
    let chosen = |step: &Step| args.steps.is_empty() || args.steps.iter().any(|n| n == step.name);
    let passed_of = |steps: &[Step]| steps.iter().filter(|s| chosen(s) && perform(s)).count();
    let mut passed = passed_of(FIRST);
    passed += thread::scope(|scope| {
        let script = scope.spawn(|| passed_of(SCRIPT));
        // Of a list that panicked nothing passed.
        passed_of(NATIVE) + script.join().unwrap_or(0)
    });
    passed += passed_of(LAST);
    let failed = all().filter(|step| chosen(step)).count() - passed;
    say(&format!("\n{passed} passed, {failed} failed"));
    failed == 0
}

fn all() -> impl Iterator<Item = &'static Step> {
    [FIRST, NATIVE, SCRIPT, LAST].into_iter().flatten()
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(all().map(|step| step.name))
}

/// Runs one step and prints what became of it, as one piece: another may end at the same time.
#[expect(clippy::disallowed_methods, reason = "the time that a step takes is only printed")]
fn perform(step: &Step) -> bool {
    let Step { name, about, run } = step;
    let start = Instant::now();
    let result = run();
    let seconds = start.elapsed().as_secs_f64();
    let words = match &result {
        Ok(note) => {
            let gap = if note.is_empty() { "" } else { ": " };
            format!("          ok in {seconds:.1} s{gap}{note}")
        }
        Err(error) => format!(
            "\n{error:#}\n\n          FAILED after {seconds:.1} s\n          \
             again: cargo xtask ci {name}"
        ),
    };
    say(&format!("{name:<10}{about}\n{words}"));
    result.is_ok()
}
