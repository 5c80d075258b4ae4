//! The project's own commands, the same on a laptop and on a CI machine: `cargo xtask COMMAND`.
//!
//! One command is one file with an `Args` and a `run`; to add a command, add the file, a line to
//! [`Command`] and a line to [`run`]. What several commands need (the repository's folders, running
//! a program, the tools that must be there) has a file of its own. Nothing here links the
//! libraries of the project: a core that does not compile must not take its own tools with it.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod api;
mod audit;
mod bench;
mod chromium;
mod ci;
mod debian;
mod firefox;
mod golden;
mod npm;
mod process;
mod redis;
mod repo;
mod sizes;
mod tools;
mod validate;
mod wasm;
mod webkit;
mod www;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Ci(ci::Args),
    Audit(audit::Args),
    Wasm(wasm::Args),
    Www(www::Args),
    Golden(golden::Args),
    Validate(validate::Args),
    Chromium(chromium::Args),
    Npm(npm::Args),
    Sizes(sizes::Args),
    Bench(bench::Args),
    Api(api::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// False if the command has itself said what is wrong.
fn run(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Ci(args) => return Ok(ci::run(&args)),
        Command::Audit(args) => audit::run(&args),
        Command::Wasm(args) => wasm::run(&args),
        Command::Www(args) => www::run(&args),
        Command::Golden(args) => golden::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Chromium(args) => chromium::run(&args),
        Command::Npm(args) => npm::run(&args),
        Command::Sizes(args) => sizes::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Api(args) => api::run(&args),
    }?;
    Ok(true)
}
