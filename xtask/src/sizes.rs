//! `cargo xtask sizes`: what the npm package weighs where it is used, against its budgets.

use anyhow::{Context, Result};

use crate::{npm, process, process::say};

/// Print what the npm package weighs in a bundle, and hold it against its budgets
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install the peers and print what they weigh, measured the same way
    #[arg(long)]
    peers: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    npm::build()?;
    say(measure(args.peers)?.trim_end());
    Ok(())
}

/// Measures what is in npm/dist.
pub(crate) fn measure(peers: bool) -> Result<String> {
    let mut node = process::command("node");
    node.arg(npm::folder().join("scripts/sizes.mjs"));
    if peers {
        node.arg("--peers");
    }
    process::merged(&mut node).context("the sizes of the npm package")
}
