//! `docs/ARCHITECTURE.md` is true: the files that it names exist, the table "To add X, touch Y" has a row
//! for each addition with no more hand-written places than were agreed on, and every Cargo feature of the
//! workspace is in its table.

use std::fs;

use anyhow::{Context, Result};

use crate::repo;

const PAGE: &str = "docs/ARCHITECTURE.md";

/// Each addition, and in how many hand-written places it may be made. A test and a line in the changelog
/// come on top.
const ADDITIONS: [(&str, usize); 9] = [
    ("a kind of backoff", 3),
    ("a kind of jitter", 3),
    ("a limit of a parameter", 1),
    ("a code of a failure", 1),
    ("a figure of a result", 3),
    ("a field of a scenario", 3),
    ("a system of interop", 2),
    ("a built-in scenario", 1),
    ("a step of CI", 1),
];

/// Each thing that the page says and that is not so.
pub(super) fn faults() -> Result<Vec<String>> {
    let page = fs::read_to_string(repo::root().join(PAGE)).context(PAGE)?;
    let mut faults = missing_files(&page);
    for (addition, most) in ADDITIONS {
        faults.extend(wrong_row(&page, addition, most));
    }
    for manifest in repo::files(&["."], &["toml"])? {
        if manifest.file_name().is_some_and(|name| name == "Cargo.toml") {
            let text = fs::read_to_string(&manifest)?;
            for feature in features(&text) {
                if !page.contains(&format!("`{feature}`")) {
                    let manifest = repo::shown(&manifest);
                    faults
                        .push(format!("{PAGE}: does not say what {feature} of {manifest} is for"));
                }
            }
        }
    }
    Ok(faults)
}

/// The words in backticks of a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// A word that is a path in this repository. Commands, globs and code are not.
fn is_path(word: &str) -> bool {
    const ROOMS: [&str; 14] = [
        "src/",
        "sim/",
        "interop/",
        "cli/",
        "wasm/",
        "npm/",
        "www/",
        "xtask/",
        "tests/",
        "docs/",
        "examples/",
        "benches/",
        "fuzz/",
        "adapters/",
    ];
    let plain = !word.contains([' ', '*', '(', '{', '<', '\'']);
    plain && ROOMS.iter().any(|room| word.starts_with(room))
}

fn missing_files(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in page.lines().enumerate() {
        for path in quoted(line).filter(|word| is_path(word)) {
            if !repo::root().join(path).exists() {
                faults.push(format!("{PAGE}:{}: {path} does not exist", number + 1));
            }
        }
    }
    faults
}

/// What is wrong with the row of an addition: its second column names the hand-written places.
fn wrong_row(page: &str, addition: &str, most: usize) -> Option<String> {
    let row = page.lines().find(|line| {
        line.strip_prefix("| ").is_some_and(|rest| rest.starts_with(&format!("{addition} |")))
    });
    let Some(row) = row else {
        return Some(format!("{PAGE}: has no row for {addition}"));
    };
    let by_hand = row.split(" | ").nth(1).unwrap_or_default();
    let places = quoted(by_hand).filter(|word| is_path(word)).count();
    match places {
        0 => Some(format!("{PAGE}: names no file for {addition}")),
        n if n > most => {
            Some(format!("{PAGE}: {addition} takes {n} hand-written places, {most} were agreed on"))
        }
        _ => None,
    }
}

/// The features that a manifest declares.
fn features(manifest: &str) -> Vec<&str> {
    let lines = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    let own = lines.take_while(|line| !line.starts_with('['));
    let names =
        own.filter(|line| !line.starts_with(['#', ' '])).filter_map(|l| l.split_once(" = "));
    names.map(|(name, _)| name).filter(|name| *name != "default").collect()
}

#[cfg(test)]
mod tests {
    use super::{features, is_path, wrong_row};

    #[test]
    fn a_row_is_held_to_the_number_of_its_places() {
        let page = "| a step | its row in `src/a.rs`, `src/b.rs` | `docs/c.md` |";
        assert_eq!(wrong_row(page, "a step", 2), None);
        assert!(wrong_row(page, "a step", 1).is_some_and(|why| why.contains("takes 2")));
        assert!(wrong_row(page, "a kind", 1).is_some_and(|why| why.contains("has no row")));
    }

    #[test]
    fn paths_are_told_from_code_and_commands() {
        assert!(is_path("src/policy/kinds.rs") && is_path("sim/src/model/"));
        assert!(!is_path("redrive/sim") && !is_path("tests/dead_letter_*.rs"));
    }

    #[test]
    fn features_are_those_of_their_table() {
        let manifest =
            "[features]\ndefault = []\n# Adds.\nprose = []\n[dependencies]\nserde = \"1\"\n";
        assert_eq!(features(manifest), ["prose"]);
    }
}
