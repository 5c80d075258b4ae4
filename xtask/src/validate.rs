//! `cargo xtask validate`: the simulator against published claims, reference simulators and formulas.
//!
//! The checks are a program of the simulator (`sim/validation`), because nothing here links the
//! libraries of the project.

use anyhow::{Result, bail};

use crate::process::cargo;

/// Check the simulator against published claims, reference simulators and formulas
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this part: occ, bernoulli, budgets, collapse, clients, queues, retrial, peaks, codel, families,
    /// advice
    part: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut program = cargo();
    program.args(["run", "--release", "--locked", "--quiet", "--package", "redrive-sim"]);
    program.args(["--no-default-features", "--example", "validate", "--"]);
    // The table is the result: it goes where ours goes.
    if !program.args(&args.part).status()?.success() {
        bail!("the simulator does not meet every claim");
    }
    Ok(())
}
