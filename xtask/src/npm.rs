//! `cargo xtask npm`: from the engine to a tarball that works where it is installed.
//!
//! cargo builds the numeric module and the simulator's, `npm/scripts/build.mjs` makes the former small and
//! bundles the package, and `npm/scripts/check.mjs` packs it, installs the tarball into projects of their own and runs the one
//! suite in every runtime.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::{
    chromium,
    process::{self, say},
    redis, repo, tools, wasm,
};

/// The golden files that every runtime's suite reads.
const GOLDEN: [&str; 7] = [
    "delays.json",
    "failures.json",
    "letters.json",
    "random.json",
    "refusals.json",
    "traces.json",
    "verdicts.json",
];

/// Build the npm package, install the tarball into test projects and run the suite in each runtime
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Every runtime and bundler, and not only Node.js and Chromium
    #[arg(long)]
    all: bool,
    /// Only the steps that have this text in their names
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Only the peers' own suites over the package, and the frameworks that it is used in
    #[arg(long)]
    peers: bool,
    /// Only the readers, with a million cases of what may come in (FUZZ_CASES for another number)
    #[arg(long)]
    fuzz: bool,
    /// Build the package and stop
    #[arg(long)]
    build: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    build()?;
    if !args.build {
        let part = [(args.peers, "peers: "), (args.fuzz, "fuzz: ")].into_iter().find(|(on, _)| *on);
        let only = part.map(|(_, name)| name).or(args.only.as_deref());
        let cases = args.fuzz.then_some("1000000");
        say(check(args.all || part.is_some(), only, cases)?.trim_end());
    }
    Ok(())
}

/// The folder of the package.
pub(crate) fn folder() -> PathBuf {
    repo::root().join("npm")
}

/// Builds npm/dist.
pub(crate) fn build() -> Result<()> {
    tools::wasm_target()?;
    tools::node()?;
    tools::npm_packages(&folder())?;
    // wasm2js knows only the first WebAssembly; what `as` means must not depend on it, so the compiler
    // spells it out there (npm's own lowering returns 0 where Rust saturates).
    let plain = "-bulk-memory,-nontrapping-fptoint,-sign-ext,-multivalue,-reference-types";
    let plain = format!(" -C target-feature={plain}");
    let mut modules = Vec::new();
    for package in ["core", "words"] {
        modules.push(compile(package, "wasm-small", "")?);
        modules.push(compile(package, "wasm-plain", &plain)?);
    }
    let sim = repo::target().join("wasm/npm");
    let built =
        wasm::build(&wasm::Build { features: &["sim"], target: wasm::Target::Web, out: &sim })?;
    wasm::check_decimals(&built.wasm)?;
    let mut node = process::command("node");
    node.arg(folder().join("scripts/build.mjs")).args(modules).arg(sim);
    process::quiet(&mut node).context("building npm/dist")
}

/// Compiles one of the two modules; each set of flags has a target folder of its own.
fn compile(package: &str, name: &str, flags: &str) -> Result<PathBuf> {
    let target = repo::target().join(name);
    let mut cargo = process::cargo();
    cargo.args(["build", "--locked", "--lib", "--package"]);
    cargo.arg(format!("redrive-wasm-{package}"));
    cargo.args(["--target", tools::WASM_TARGET, "--profile", "wasm-small", "--target-dir"]);
    // Low addresses are short numbers; the engine needs some hundred bytes of stack.
    let flags = format!("-C link-arg=-zstack-size=8192{flags}");
    process::quiet(cargo.arg(&target).env("RUSTFLAGS", flags))?;
    Ok(target.join(tools::WASM_TARGET).join(format!("wasm-small/redrive_wasm_{package}.wasm")))
}

/// Runs the suite wherever the package is to work; what it says.
pub(crate) fn check(all: bool, only: Option<&str>, cases: Option<&str>) -> Result<String> {
    write_golden()?;
    let mut node = process::command("node");
    node.arg(folder().join("scripts/check.mjs")).env("CHROMIUM", chromium::chromium()?);
    node.env("REDRIVE_CLI", native()?);
    if let Some(redis) = redis::server()? {
        node.env("REDIS_SERVER", redis);
    }
    if let (Some(cases), None) = (cases, std::env::var_os("FUZZ_CASES")) {
        node.env("FUZZ_CASES", cases);
    }
    if all {
        node.arg("--all");
    }
    if let Some(only) = only {
        node.arg(format!("--only={only}"));
    }
    process::merged(&mut node).context("the suite of the npm package")
}

/// Builds the native program, which the package is compared with: as the tests have built it, which
/// takes the whole workspace's features.
fn native() -> Result<PathBuf> {
    let mut cargo = process::cargo();
    process::quiet(cargo.args(["build", "--locked", "--workspace", "--bin", "redrive"]))?;
    Ok(repo::target().join("debug").join(format!("redrive{}", std::env::consts::EXE_SUFFIX)))
}

/// Puts the golden values where the suite finds them: in one file, which a browser can load too.
fn write_golden() -> Result<()> {
    let mut golden = Map::new();
    for name in GOLDEN {
        let path = repo::root().join("tests/golden").join(name);
        let text = fs::read_to_string(&path).with_context(|| repo::shown(&path))?;
        let values: Value = serde_json::from_str(&text).with_context(|| repo::shown(&path))?;
        golden.insert(name.to_owned(), values);
    }
    let path = folder().join("test/golden.json");
    fs::write(&path, Value::Object(golden).to_string()).with_context(|| repo::shown(&path))
}
