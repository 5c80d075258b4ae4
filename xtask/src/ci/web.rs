//! The steps that need Node.js or WebAssembly.

use anyhow::{Result, ensure};

use super::Note;
use crate::{chromium, firefox, npm, process, repo, sizes, tools, wasm, www};

/// Folders with a lock file of npm's.
pub(super) fn npm_folders() -> Result<Vec<std::path::PathBuf>> {
    let files = repo::files(&["."], &["json"])?;
    Ok(files
        .into_iter()
        .filter(|file| file.ends_with("package-lock.json"))
        .filter_map(|file| file.parent().map(std::path::Path::to_path_buf))
        .collect())
}

pub(super) fn tools() -> Result<Note> {
    tools::wasm_target()?;
    tools::node()?;
    for folder in npm_folders()? {
        tools::npm_packages(&folder)?;
    }
    Ok(Note::new())
}

pub(super) fn wasm() -> Result<Note> {
    Ok(wasm::build_for_tests()?.sizes())
}

/// Runs the tests in tests/wasm/ with Node's own runner.
pub(super) fn node() -> Result<Note> {
    tools::node()?;
    wasm::build_for_tests()?;
    let tests: Vec<_> = repo::files(&["tests/wasm"], &["mjs"])?
        .into_iter()
        .filter(|file| file.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    ensure!(!tests.is_empty(), "no test in tests/wasm: is this the whole repository?");
    let words = process::merged(process::command("node").arg("--test").args(tests))?;
    let passed = words.lines().find_map(|line| line.split_once(" pass "));
    Ok(passed.map_or_else(Note::new, |(_, count)| format!("{count} tests passed")))
}

/// Builds the page, beside other steps; what its tests find built they do not build again.
pub(super) fn page() -> Result<Note> {
    Ok(www::build()?.sizes())
}

/// Runs the page's tests in Chromium and Firefox; the screenshot for the README is made on the way.
pub(super) fn www() -> Result<Note> {
    www::build()?;
    let mut node = process::command("node");
    node.args(["--test", "--test-concurrency=1", "tests/"]).current_dir(www::folder());
    node.env("CHROMIUM", chromium::chromium()?);
    node.env("FIREFOX", firefox::firefox()?);
    // Its charts are looked at, too.
    process::quiet(process::cargo().args(["build", "--locked", "--package", "redrive-cli"]))?;
    node.env("REDRIVE", repo::target().join("debug/redrive"));
    let words = process::merged(&mut node)?;
    let passed = words.lines().find_map(|line| line.split_once(" pass "));
    let budgets = words.lines().filter_map(|line| line.split_once("budget: "));
    let budgets: Vec<&str> = budgets.map(|(_, budget)| budget.trim()).collect();
    let count = passed.map_or("no", |(_, count)| count);
    Ok(format!("{count} tests passed; {}", budgets.join("; ")))
}

/// Builds the npm package, holds its size, and runs its suite wherever the tarball is to work.
pub(super) fn npm() -> Result<Note> {
    npm::build()?;
    sizes::measure(false)?;
    let words = npm::check(true, None, None)?;
    Ok(words.lines().last().unwrap_or_default().to_owned())
}
