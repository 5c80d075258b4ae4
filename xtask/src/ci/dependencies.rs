//! Who may depend on what: arrows only downwards, and the lists are short on purpose.
//!
//! A new name here is a decision: it makes every user's build longer and every audit wider.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::Note;
use crate::{
    process::{self, cargo},
    tools,
};

struct Allowance {
    package: &'static str,
    /// Which build of it, in cargo's words.
    build: &'static [&'static str],
    allowed: &'static [&'static [&'static str]],
}

/// libm for every transcendental, a value-stable generator, the wire format.
const CORE: &[&str] = &["redrive", "libm", "rand_core", "rand_xoshiro", "serde", "serde_core"];

/// The executors: entropy for seeds, futures without boxes, tokio's timer.
const EXECUTORS: &[&str] = &["cfg-if", "getrandom", "libc", "pin-project-lite", "tokio"];

/// The simulator as a binding builds it: latency histograms.
const SIM: &[&str] = &["redrive-sim", "hdrhistogram", "byteorder", "num-traits"];

/// wasm-bindgen, its serde bridge, entropy, and what these three depend on.
const BINDINGS: &[&str] = &[
    "redrive-wasm",
    "redrive-interop",
    "redrive-page",
    "wasm-bindgen",
    "wasm-bindgen-shared",
    "js-sys",
    "serde-wasm-bindgen",
    "getrandom",
    "cfg-if",
    "once_cell",
    "unicode-ident",
    // js-sys brings its promises along; nothing of them is left in the module.
    "futures-core",
    "futures-task",
    "futures-util",
    "pin-project-lite",
    "slab",
];

/// The search of `tune`, which the page has.
const SEARCH: &[&str] = &["tpe", "rand", "chacha20"];

/// Files of other systems: the parser of YAML.
const INTEROP: &[&str] =
    &["redrive-interop", "yaml-rust2", "arraydeque", "hashlink", "hashbrown", "foldhash"];

const ALLOWANCES: [Allowance; 5] = [
    Allowance { package: "redrive", build: &["--features", "small"], allowed: &[CORE] },
    Allowance { package: "redrive", build: &["--all-features"], allowed: &[CORE, EXECUTORS] },
    Allowance { package: "redrive-interop", build: &[], allowed: &[CORE, INTEROP] },
    Allowance { package: "redrive-sim", build: &["--no-default-features"], allowed: &[CORE, SIM] },
    Allowance {
        package: "redrive-wasm",
        build: &["--all-features", "--target", tools::WASM_TARGET],
        allowed: &[CORE, SIM, INTEROP, BINDINGS, SEARCH],
    },
];

pub(super) fn check() -> Result<Note> {
    let mut faults = Vec::new();
    for allowance in &ALLOWANCES {
        let found = dependencies(allowance)?;
        let allowed: BTreeSet<&str> =
            allowance.allowed.iter().copied().flatten().copied().collect();
        let strangers: Vec<&str> =
            found.iter().map(String::as_str).filter(|name| !allowed.contains(name)).collect();
        if !strangers.is_empty() {
            let remedy = "do without, or allow it in xtask/src/ci/dependencies.rs and say why";
            faults.push(format!(
                "{} depends on {}: {remedy}",
                allowance.package,
                strangers.join(", ")
            ));
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(format!("{} crates", ALLOWANCES.len()))
}

/// What ends up in the build: neither build scripts, nor macros, nor what tests need.
fn dependencies(allowance: &Allowance) -> Result<BTreeSet<String>> {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    tree.args(["--format", "{p}", "--package", allowance.package]).args(allowance.build);
    let listing = process::capture(&mut tree)?;
    let name = |line: &str| line.split_whitespace().next().map(str::to_owned);
    Ok(listing.lines().filter_map(name).collect())
}
