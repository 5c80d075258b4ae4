//! `cargo xtask audit`: what comes into the project from others, looked at without a network.
//!
//! Everything is read from `cargo metadata` and the lock files: each package has a checksum and a
//! licence that may travel with ours, runs no script when it is installed unless it is named here, and is
//! there in one version unless it is named here. Our own licence texts are in every artefact.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    process::{self, cargo, say},
    repo, tools,
};

/// Check licences, checksums, duplicate versions and install scripts, without a network
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Licences that may travel with MIT or Apache-2.0.
const LICENCES: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Of tools alone: nothing of them is in what we ship.
const OF_TOOLS: [&str; 4] = ["CC-BY-4.0", "MPL-2.0", "Python-2.0", "LGPL-3.0-or-later"];

/// npm packages that run a script when they are installed, and why that is right.
const SCRIPTS: [&str; 5] = [
    // Fetch nothing: they put the binary of this machine, which is a package with a checksum, in place.
    "esbuild",
    "fsevents", // Tools of tests, in folders of their own.
    "workerd",
    "sharp",
    // Of jest: compiles what there is no binary for.
    "@parcel/watcher",
];

/// Crates that are there in two versions, each for somebody who has not moved on yet.
const TWICE: [&str; 6] = [
    // Of tests: proptest, jsonschema.
    "bit-set",
    "bit-vec",
    // tempfile and proptest; the bindings.
    "getrandom",
    // indexmap and what jsonschema brings.
    "hashbrown",
    // flate2 and png.
    "miniz_oxide",
    // Macros, of which nothing is left in what we ship.
    "syn",
];

pub(crate) fn run(_: &Args) -> Result<()> {
    say(&check()?);
    Ok(())
}

/// What was looked at.
///
/// # Errors
/// Everything that is wrong, one a line.
pub(crate) fn check() -> Result<String> {
    let mut faults = Vec::new();
    let crates = crates(&mut faults)?;
    checksums(&mut faults)?;
    let packages = packages(&mut faults)?;
    texts(&mut faults)?;
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(format!("{crates} crates and {packages} npm packages"))
}

fn crates(faults: &mut Vec<String>) -> Result<usize> {
    let mut metadata = cargo();
    metadata.args(["metadata", "--locked", "--offline", "--format-version", "1"]);
    // Crates for other systems are not on this machine; their checksums are in the lock file.
    metadata.args(["--filter-platform", &tools::host()?]);
    let metadata: Value = serde_json::from_str(&process::capture(&mut metadata)?)?;
    let all = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in all {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        versions.entry(name).or_default().push(package["version"].as_str().unwrap_or_default());
        if !allowed(licence, &[]) {
            faults.push(format!("{name}: its licence is \"{licence}\""));
        }
        match package["source"].as_str() {
            None => {}
            Some(source) if source.starts_with("registry+") => {}
            Some(source) => faults.push(format!("{name} comes from {source}, not from a registry")),
        }
    }
    for (name, versions) in versions {
        if versions.len() > 1 && !TWICE.contains(&name) {
            let remedy = "bring its users together, or name it in xtask/src/audit.rs";
            faults.push(format!("{name} is there as {}: {remedy}", versions.join(" and ")));
        }
    }
    Ok(all.len())
}

/// Whether an SPDX expression leaves us a licence that is allowed.
fn allowed(expression: &str, more: &[&str]) -> bool {
    let known = |licence: &str| LICENCES.contains(&licence) || more.contains(&licence);
    let choice =
        |text: &str| text.split(" OR ").any(|one| known(one.trim_matches(['(', ')', ' '])));
    // What a few old crates write for OR.
    let expression = expression.replace('/', " OR ");
    let expression = expression.trim();
    known(expression) || expression.split(" AND ").all(choice)
}

/// Every crate of every lock file that comes from elsewhere has a checksum.
fn checksums(faults: &mut Vec<String>) -> Result<()> {
    for lock in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let text = fs::read_to_string(repo::root().join(lock)).context(lock)?;
        for package in text.split("[[package]]").skip(1) {
            let name = package.lines().find(|line| line.starts_with("name = ")).unwrap_or_default();
            if package.contains("\nsource = ") && !package.contains("\nchecksum = ") {
                faults.push(format!("{lock}: {name} has no checksum"));
            }
        }
    }
    Ok(())
}

fn packages(faults: &mut Vec<String>) -> Result<usize> {
    let mut count = 0;
    for lock in locks()? {
        let shown = repo::shown(&lock);
        let text = fs::read_to_string(&lock).with_context(|| shown.clone())?;
        let tree: Value = serde_json::from_str(&text).with_context(|| shown.clone())?;
        let packages = tree["packages"].as_object().context("a lock file without packages")?;
        for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
            count += 1;
            let name = path.rsplit("node_modules/").next().unwrap_or(path);
            if !package["integrity"].as_str().unwrap_or_default().starts_with("sha512-") {
                faults.push(format!("{shown}: {name} has no checksum"));
            }
            if package["hasInstallScript"] == true && !SCRIPTS.contains(&name) {
                faults.push(format!("{shown}: {name} runs a script when it is installed"));
            }
            let tools = if package["dev"] == true || shown.contains("tools/") {
                &OF_TOOLS[..]
            } else {
                &[]
            };
            // A few say nothing in their lock entry; npm has their files checked all the same.
            let licence = package["license"].as_str().unwrap_or("MIT");
            if !allowed(licence, tools) {
                faults.push(format!("{shown}: the licence of {name} is \"{licence}\""));
            }
        }
    }
    Ok(count)
}

/// Every lock file of npm in the repository.
fn locks() -> Result<Vec<PathBuf>> {
    let files = repo::files(&["npm", "www"], &["json"])?;
    let lock = |path: &PathBuf| path.file_name().is_some_and(|name| name == "package-lock.json");
    Ok(files.into_iter().filter(lock).collect())
}

/// Our own licence texts are whole wherever something is shipped from.
fn texts(faults: &mut Vec<String>) -> Result<()> {
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let ours = fs::read(repo::root().join(name)).context(name)?;
        for folder in
            ["sim", "interop", "cli", "worker", "adapters/sqlite", "wasm/page", "www/public"]
        {
            let path = repo::root().join(folder).join(name);
            if fs::read(&path).ok().as_ref() != Some(&ours) {
                faults.push(format!("{folder}/{name} is not the text of the repository's {name}"));
            }
        }
    }
    Ok(())
}
