//! `cargo xtask www`: the page as a folder of static files, and a server to look at it.
//!
//! The engine is built for the web into `www/src/wasm`, then Vite puts the page together in
//! `www/dist`. The folder works from any path of any static host; `--serve` is for looking at it here.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{
    process::{self, say},
    repo, tools, wasm, webkit,
};

/// Build the page into www/dist
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Serve it on this machine until Ctrl-C
    #[arg(long)]
    serve: bool,
    /// Try it in WebKitGTK, which is installed if there is none
    #[arg(long)]
    webkit: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let engine = build()?;
    say(&format!("{}  engine {}", repo::shown(&folder().join("dist")), engine.sizes()));
    if args.webkit {
        webkit::run()?;
    }
    if args.serve {
        let mut server = process::command("node");
        // It says the address; this returns when it is stopped.
        let status = server.arg("serve.mjs").current_dir(folder()).status();
        status.context("serving the page")?;
    }
    Ok(())
}

/// Where the page lives.
pub(crate) fn folder() -> PathBuf {
    repo::root().join("www")
}

/// Builds the engine, checks the types, and puts the page together.
pub(crate) fn build() -> Result<wasm::Built> {
    tools::node()?;
    tools::npm_packages(&folder())?;
    let out = folder().join("src/wasm");
    let engine =
        wasm::build(&wasm::Build { features: &["page"], target: wasm::Target::Web, out: &out })?;
    process::quiet(script("typescript/bin/tsc").arg("--noEmit")).context("checking the types")?;
    process::quiet(script("vite/bin/vite.js").arg("build")).context("building the page")?;
    Ok(engine)
}

/// A program of the page's own packages, run in its folder.
fn script(program: &str) -> std::process::Command {
    let mut node = process::command("node");
    node.arg(Path::new("node_modules").join(program)).current_dir(folder());
    node
}
