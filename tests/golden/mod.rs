//! Same seed, same bytes: the values in tests/golden/ hold natively.
//!
//! Each file is made anew from the present code and compared as text; Node and browsers read the same
//! files through WebAssembly. `cargo xtask golden --bless` is how a file is written.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{env, fs, path::PathBuf};

use redrive::{policy::kinds, wire::Value};

mod delays;
mod failures;
mod letters;
mod policies;
mod random;
mod refusals;
mod rehearsals;

/// Compares a golden file with what the present code gives, or writes it when asked to.
fn hold(name: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, now).unwrap();
    }
    let frozen = fs::read_to_string(&path).unwrap();
    for (number, (frozen, now)) in frozen.lines().zip(now.lines()).enumerate() {
        assert_eq!(frozen, now, "{name}:{}: the stream has changed", number + 1);
    }
    assert_eq!(frozen.lines().count(), now.lines().count(), "{name}: cases came or went");
}

/// A file with one case a line, so that a change shows as the lines that changed.
fn file(about: &str, lists: &[(&str, Vec<Value>)]) -> String {
    let mut text = format!("{{\n\"about\":{}", Value::from(about));
    for (name, cases) in lists {
        let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
        text += &format!(",\n\"{name}\":[\n{}\n]", lines.join(",\n"));
    }
    text + "\n}\n"
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn random_numbers_hold() {
    hold("random.json", &random::file());
}

#[test]
fn failures_hold() {
    hold("failures.json", &failures::file());
}

#[test]
fn letters_hold() {
    hold("letters.json", &letters::file());
}

#[test]
fn delays_hold() {
    hold("delays.json", &delays::file());
}

#[test]
fn refusals_hold() {
    hold("refusals.json", &refusals::file_text());
}

#[test]
fn verdicts_hold() {
    hold("verdicts.json", &rehearsals::file());
}

#[test]
fn there_are_more_than_a_thousand_delays() {
    let rows: usize = delays::cases().iter().map(|case| case.addresses.len()).sum();
    assert!(rows >= 1_000, "{rows}");
}

#[test]
fn every_kind_that_the_wire_format_knows_is_frozen() {
    let frozen = delays::file();
    let names = kinds::BACKOFFS.iter().chain(kinds::JITTERS).map(|kind| kind.name);
    for name in names.chain(["fit", "before", "after", "both", "clip", "floor", "nearest", "ceil"])
    {
        assert!(frozen.contains(&format!("\"{name}\"")), "{name} is in no golden delay");
    }
    let frozen = rehearsals::file();
    let names = kinds::BUDGETS.iter().map(|kind| kind.name);
    for name in names.chain(["atLeast", "replace", "clamp", "ignore", "truncate", "sleeps"]) {
        assert!(frozen.contains(&format!("\"{name}\"")), "{name} is in no golden verdict");
    }
}
