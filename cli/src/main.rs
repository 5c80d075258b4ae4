//! The command line of redrive: rehearse a retry policy before your users do.

mod args;
mod catalogue;
mod chart;
mod check;
mod clock;
mod compare;
mod dlq;
mod error;
mod export;
mod input;
mod interop;
mod interrupt;
mod locate;
mod options;
mod output;
mod progress;
mod run;
mod runner;
mod schedule;
mod simulate;
mod sweep;
mod table;
mod text;
mod tree;
mod tune;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    match run::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
