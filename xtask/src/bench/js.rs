//! `cargo xtask bench js`: what a `retry` costs beside its peers, in one run on Node 24.

use anyhow::{Context, Result};

use crate::{npm, process, process::say};

/// Measure the npm package beside its peers and print the ratios
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<()> {
    npm::build()?;
    let mut node = process::command("node");
    node.arg(npm::folder().join("scripts/bench.mjs"));
    say(process::merged(&mut node).context("the benchmark of the npm package")?.trim_end());
    Ok(())
}
