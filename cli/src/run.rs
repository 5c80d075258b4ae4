//! What happens, from the words typed to the result.

use std::ffi::OsString;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{
    args::{Arguments, Verb},
    catalogue, check, compare, dlq,
    error::CliError,
    interop, interrupt, output, schedule, simulate, sweep, tune,
};

/// Does what `args` ask for.
///
/// # Errors
/// Bad usage or input, a failed check, an interruption.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> Result<(), CliError> {
    let Some(arguments) = Arguments::read(args)? else { return Ok(()) };
    interrupt::listen();
    match arguments.verb {
        None => simulate::run(&Arguments::main_job()?),
        Some(Verb::Simulate(typed)) => simulate::run(&typed),
        Some(Verb::Sweep(typed)) => sweep::run(&typed),
        Some(Verb::Tune(typed)) => tune::run(&typed),
        Some(Verb::Compare(typed)) => compare::run(&typed),
        Some(Verb::Schedule(typed)) => schedule::run(&typed),
        Some(Verb::Check(typed)) => check::run(&typed),
        Some(Verb::Presets(typed)) => catalogue::presets(&typed),
        Some(Verb::Scenarios(typed)) => catalogue::scenarios(&typed),
        Some(Verb::Import(typed)) => interop::import(&typed),
        Some(Verb::Export(typed)) => interop::export(&typed),
        Some(Verb::Dlq(typed)) => dlq::run(&typed),
        Some(Verb::Completions { shell }) => completions(shell),
    }
}

fn completions(shell: Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "redrive", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
