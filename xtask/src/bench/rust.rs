//! `cargo xtask bench rust`: the executors beside those of other crates, in one run.

use anyhow::{Context, Result};

use crate::{
    process::{self, cargo},
    repo,
};

/// Measure what a call that succeeds pays for its retries, beside other crates
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<()> {
    let manifest = repo::root().join("benches/executors/Cargo.toml");
    let mut program = cargo();
    program.args(["run", "--release", "--quiet", "--manifest-path"]).arg(manifest);
    program.arg("--target-dir").arg(repo::target().join("executors"));
    process::say(
        process::merged(&mut program).context("the benchmark of the executors")?.trim_end(),
    );
    Ok(())
}
