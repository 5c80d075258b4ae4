//! The steps that need Node.js or WebAssembly.

use anyhow::{Result, ensure};

use super::Note;
use crate::{process, repo, tools, wasm};

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
