//! `cargo xtask bench`: what redrive costs beside what people would use instead, in one run.
//!
//! Machines are noisy, and differ. So nothing here asserts a time: programs take turns, a figure is the
//! median of its rounds, and what counts is the ratio between programs that ran side by side.

use anyhow::Result;

mod js;
mod rust;
mod sim;

/// Measure redrive beside its peers in one run, and print the ratios
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Sim(sim::Args),
    Js(js::Args),
    Rust(rust::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Sim(args) => sim::run(args),
        What::Js(args) => js::run(args),
        What::Rust(args) => rust::run(args),
    }
}
