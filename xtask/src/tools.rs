//! The tools beyond cargo that a fresh machine lacks, each installed when it is first needed and
//! never twice.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{process, repo};

/// The only target beside the native one.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Sees to it that rustc can compile for WebAssembly.
///
/// Looks before it asks rustup, so that it also works with a Rust that did not come by rustup.
pub(crate) fn wasm_target() -> Result<()> {
    let mut rustc = process::command("rustc");
    let library =
        process::capture(rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]))?;
    if Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    process::quiet(process::command("rustup").args(["target", "add", WASM_TARGET]))
        .with_context(|| format!("installing the standard library for {WASM_TARGET}"))
}

/// What rustc calls this machine.
pub(crate) fn host() -> Result<String> {
    let version = process::capture(process::command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what this machine is")?.to_owned())
}

/// Installs the npm packages that a folder's lock file names, and nothing else.
///
/// A copy of the lock file beside the packages tells that they are already the right ones.
pub(crate) fn npm_packages(folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let wanted = fs::read(&lock)
        .with_context(|| format!("{}: run `npm install` there once", repo::shown(&lock)))?;
    let installed = folder.join("node_modules").join(".installed-from");
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    process::quiet(process::npm().arg("ci").current_dir(folder))
        .with_context(|| format!("installing the npm packages of {}", repo::shown(folder)))?;
    fs::write(&installed, wanted).with_context(|| format!("writing {}", repo::shown(&installed)))
}

/// Sees to it that Node.js is there and new enough for its own test runner and for our packages.
pub(crate) fn node() -> Result<()> {
    const OLDEST: u32 = 20;
    let version = process::capture(process::command("node").arg("--version"))
        .context("Node.js 20 or newer is needed: see nodejs.org")?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok());
    match major {
        Some(OLDEST..) => Ok(()),
        _ => bail!("Node.js {OLDEST} or newer is needed, this is {}", version.trim()),
    }
}
