//! `cargo xtask chromium`: prints the path of a Chromium for browser tests, installing one if there
//! is none: Debian's where we may, Playwright's elsewhere.

use std::{env, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::{debian, process};

/// The npm package that knows where to get a browser build, and where it put it.
const PLAYWRIGHT: &str = "playwright-core@1.65.1";

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// Print the path of a Chromium for browser tests; install one if there is none
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<()> {
    process::say(&chromium()?.display().to_string());
    Ok(())
}

/// A Chromium that can be started: `CHROMIUM`, else PATH, else Debian's, else Playwright's.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").map(PathBuf::from) {
        if named.is_file() {
            return Ok(named);
        }
        bail!("CHROMIUM = {} is not a file: unset it or correct it", named.display());
    }
    if let Some(found) = debian::on_path(&NAMES) {
        return Ok(found);
    }
    if debian::may_install() {
        debian::install(&["chromium", "fonts-dejavu-core"])?;
        return debian::on_path(&NAMES)
            .context("apt-get installed chromium, and yet it is not on PATH");
    }
    from_playwright()
}

fn from_playwright() -> Result<PathBuf> {
    let npm = |words: &[&str]| {
        let mut command = process::npm();
        command.args(["exec", "--yes", "--package", PLAYWRIGHT, "--"]).args(words);
        command
    };
    process::quiet(&mut npm(&["playwright-core", "install", "chromium"]))
        .context("no Chromium on PATH, and Playwright could not download one: install chromium")?;
    let script = "console.log(require('playwright-core').chromium.executablePath())";
    // `npm exec` puts the package's programs on PATH; its folder is two above them.
    let resolve = format!(
        "const p = process.env.PATH.split(require('path').delimiter)[0] + '/..'; \
         module.paths.unshift(p); {script}"
    );
    let path = process::capture(&mut npm(&["node", "-e", &resolve]))?;
    Ok(PathBuf::from(path.trim()))
}
