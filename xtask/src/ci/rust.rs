//! The steps that are cargo's own.

use anyhow::Result;

use super::Note;
use crate::{
    process::{self, cargo},
    repo, tools,
};

/// What compiles alone, as one line of cargo each. The first proves that the core needs no
/// standard library, the others that nothing leans on a feature of its neighbour.
const FEATURE_SETS: [&[&str]; 9] = [
    &["--package", "redrive", "--no-default-features", "--all-targets"],
    &["--package", "redrive", "--no-default-features", "--target", tools::WASM_TARGET],
    &["--package", "redrive", "--no-default-features", "--features", "blocking", "--lib"],
    &["--package", "redrive", "--no-default-features", "--features", "tokio", "--lib"],
    &["--package", "redrive-sim", "--no-default-features", "--lib"],
    &["--package", "redrive-page", "--lib"],
    &["--package", "redrive-wasm", "--no-default-features", "--target", tools::WASM_TARGET],
    &["--package", "redrive-wasm", "--features", "sim", "--target", tools::WASM_TARGET],
    &["--package", "redrive-wasm", "--features", "page", "--target", tools::WASM_TARGET],
];

/// What is published, and has to compile with the oldest compiler that it promises.
const PROMISED: [&str; 4] = ["redrive", "redrive-sim", "redrive-interop", "redrive-cli"];
/// That compiler: `rust-version` of the workspace.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// The published crates compile with the oldest compiler. Skipped, and it says so, where rustup cannot
/// bring it.
pub(super) fn oldest() -> Result<Note> {
    let mut install = process::command("rustup");
    install.args(["toolchain", "install", OLDEST, "--profile", "minimal", "--no-self-update"]);
    if let Err(error) = process::quiet(&mut install) {
        let why = error.to_string();
        let why = why.lines().next().unwrap_or_default().to_owned();
        return Ok(format!("SKIPPED, Rust {OLDEST} cannot be installed: {why}"));
    }
    let mut check = process::command("rustup");
    check.args(["run", OLDEST, "cargo", "check", "--locked"]);
    PROMISED.iter().for_each(|name| {
        check.args(["--package", name]);
    });
    // Another compiler's results would replace ours; and what the outer cargo set is not for this one.
    check.env("CARGO_TARGET_DIR", repo::target().join("oldest"));
    ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"].iter().for_each(|name| {
        check.env_remove(name);
    });
    process::quiet(&mut check)?;
    Ok(format!("Rust {OLDEST}"))
}

pub(super) fn format() -> Result<Note> {
    process::quiet(cargo().args(["fmt", "--all", "--check"]))?;
    Ok(Note::new())
}

pub(super) fn clippy() -> Result<Note> {
    let run = |words: &[&str]| {
        let mut clippy = cargo();
        clippy.args(["clippy", "--locked", "--all-targets"]).args(words);
        process::quiet(clippy.args(["--", "-D", "warnings"]))
    };
    run(&["--workspace"])?;
    tools::wasm_target()?;
    run(&["--package", "redrive-wasm", "--all-features", "--target", tools::WASM_TARGET])?;
    Ok(Note::new())
}

pub(super) fn features() -> Result<Note> {
    tools::wasm_target()?;
    for set in FEATURE_SETS {
        process::quiet(cargo().args(["check", "--locked"]).args(set))?;
    }
    Ok(format!("{} sets", FEATURE_SETS.len()))
}

/// All tests but those in the documentation; with nextest, which runs them side by side, if it is
/// there.
pub(super) fn test() -> Result<Note> {
    let everything = ["--workspace", "--locked", "--no-fail-fast"];
    if process::is_there("cargo-nextest") {
        let mut nextest = cargo();
        nextest.args(["nextest", "run", "--status-level", "fail"]).args(everything);
        let words = process::merged(&mut nextest)?;
        let summary = words
            .lines()
            .find_map(|line| line.split_once("] ").filter(|_| line.contains("Summary")));
        return Ok(summary.map_or_else(Note::new, |(_, counts)| counts.trim().to_owned()));
    }
    let words = process::merged(cargo().args(["test", "--tests", "--quiet"]).args(everything))?;
    Ok(format!("{} tests passed", passed(&words)))
}

pub(super) fn doctest() -> Result<Note> {
    let mut doctests = cargo();
    doctests.args(["test", "--doc", "--locked", "--quiet"]);
    // The whole workspace: for a part of it cargo would compile what the tests use with other features.
    let words = process::merged(doctests.arg("--workspace"))?;
    Ok(format!("{} examples passed", passed(&words)))
}

pub(super) fn document() -> Result<Note> {
    let run = |words: &[&str]| {
        let mut doc = cargo();
        doc.args(["doc", "--no-deps", "--locked"]).args(words);
        process::quiet(doc.env("RUSTDOCFLAGS", "-D warnings"))
    };
    run(&["--workspace"])?;
    tools::wasm_target()?;
    run(&["--package", "redrive-wasm", "--all-features", "--target", tools::WASM_TARGET])?;
    Ok(Note::new())
}

/// The sum of what libtest's closing lines say.
fn passed(words: &str) -> u32 {
    let count = |line: &str| {
        let (_, rest) = line.split_once("test result: ok. ")?;
        rest.split_whitespace().next()?.parse::<u32>().ok()
    };
    words.lines().filter_map(count).sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_counts_of_all_test_binaries_are_added_up() {
        let words =
            "test result: ok. 12 passed; 0 failed\nnoise\ntest result: ok. 3 passed; 0 failed";
        assert_eq!(super::passed(words), 15);
    }
}
