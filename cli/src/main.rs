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
mod files;
mod input;
mod interop;
mod interrupt;
mod locate;
mod options;
mod output;
mod paint;
mod progress;
mod read;
mod run;
mod runner;
mod schedule;
mod script;
mod simulate;
mod sweep;
mod table;
mod tree;
mod tune;

use std::process::ExitCode;

// What figures, times and results are called is the same on the page.
use redrive_sim::{text, words};

fn main() -> ExitCode {
    match run::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
