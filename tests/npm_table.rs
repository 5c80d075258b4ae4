//! The npm package's table of fields is the core's: npm/src/table.ts is made from it.
//!
//! JavaScript refuses a wrong policy without asking WebAssembly, by this table; so that the limits stand
//! once, in `bounds.rs`, the file is written by this test (`cargo xtask golden --bless`) and compared
//! with it on every other run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{env, fmt::Write as _, fs, path::PathBuf};

use redrive::{
    Action, RetryPolicy,
    bounds::{self, Bound, Unit},
    policy::{CapStage, DebitOn, ElapsedRule, HintMode, RoundingMode, WhenLonger, wire},
    task::Reason,
};

const BACKOFFS: [(&str, &[&Bound]); 8] = [
    ("constant", &[bounds::DELAY]),
    ("linear", &[bounds::INITIAL, bounds::INCREMENT]),
    ("exponential", &[bounds::INITIAL, bounds::MULTIPLIER]),
    ("polynomial", &[bounds::INITIAL, bounds::POWER, bounds::OFFSET]),
    ("fibonacci", &[bounds::INITIAL]),
    ("table", &[]),
    ("decorrelated", &[bounds::INITIAL, bounds::DECORRELATED_MULTIPLIER]),
    ("decorrelatedV2", &[bounds::INITIAL]),
];

const JITTERS: [(&str, &[&Bound]); 7] = [
    ("none", &[]),
    ("full", &[]),
    ("equal", &[]),
    ("proportional", &[bounds::JITTER_FACTOR]),
    ("symmetric", &[bounds::SYMMETRIC_FACTOR]),
    ("subtractive", &[bounds::SUBTRACTIVE_FACTOR]),
    ("uniform", &[]),
];

const BUDGETS: [(&str, &[&Bound]); 3] = [
    ("tokenBucket", &[bounds::CAPACITY, bounds::COST, bounds::REFUND]),
    ("ratio", &[bounds::RETRY_PERCENT, bounds::MIN_PER_SECOND, bounds::WINDOW]),
    ("concurrency", &[bounds::RETRY_PERCENT, bounds::MIN_RETRIES]),
];

const SINGLES: [(&str, &Bound); 14] = [
    ("MIN_DELAY", bounds::MIN_DELAY),
    ("MAX_DELAY", bounds::MAX_DELAY),
    ("FIRST_DELAY", bounds::FIRST_DELAY),
    ("MAX_ATTEMPTS", bounds::MAX_ATTEMPTS),
    ("MAX_ELAPSED", bounds::MAX_ELAPSED),
    ("ATTEMPT_TIMEOUT", bounds::ATTEMPT_TIMEOUT),
    ("RETRY_AFTER_MAX", bounds::RETRY_AFTER_MAX),
    ("DELAY", bounds::DELAY),
    ("REFUND", bounds::REFUND),
    ("COST", bounds::COST),
    ("THRESHOLD", bounds::THRESHOLD),
    ("ROUNDING_UNIT", bounds::ROUNDING_UNIT),
    ("RESAMPLE_LOW", bounds::RESAMPLE_LOW),
    ("RESAMPLE_HIGH", bounds::RESAMPLE_HIGH),
];

const ENDS: [&Bound; 3] = [bounds::END_FACTOR, bounds::END_ADD, bounds::END_ADD_PER_RETRY];

/// `[name, unit, min, max, default]`; units: 0 a number, 1 a duration, 2 a whole number.
fn row(bound: &Bound) -> String {
    let unit = match bound.unit {
        Unit::Duration => 1,
        Unit::Count => 2,
        _ => 0,
    };
    let default = bound.default.map_or("null".into(), number);
    let (min, max) = (number(bound.min), number(bound.max));
    format!("['{}', {unit}, {min}, {max}, {default}]", bound.name)
}

/// As JavaScript reads it back, digit for digit.
fn number(value: f64) -> String {
    if value >= 1e6 { format!("{value:e}") } else { value.to_string() }
}

fn words(names: &[&str]) -> String {
    format!("[{}]", names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "))
}

fn kinds(table: &[(&str, &[&Bound])]) -> String {
    let mut text = String::from("[\n");
    for (kind, rows) in table {
        let rows: Vec<String> = rows.iter().map(|bound| row(bound)).collect();
        writeln!(text, "  ['{kind}', [{}]],", rows.join(", ")).unwrap();
    }
    text + "]"
}

fn table() -> String {
    let mut text = String::from(
        "// Made from the core's own table (src/bounds.rs) by `cargo xtask golden --bless`. Do not edit.\n\n\
         /** Name, unit (0 a number, 1 a duration in nanoseconds, 2 a whole number), least, most, default. */\n\
         export type Row = readonly [string, 0 | 1 | 2, number, number, number | null]\n\
         export type Kinds = ReadonlyArray<readonly [string, readonly Row[]]>\n\n",
    );
    for (name, bound) in SINGLES {
        writeln!(text, "export const {name}: Row = {}", row(bound)).unwrap();
    }
    let ends: Vec<String> = ENDS.iter().map(|bound| row(bound)).collect();
    writeln!(text, "export const ENDS: readonly Row[] = [{}]", ends.join(", ")).unwrap();
    for (name, table) in [("BACKOFFS", &BACKOFFS[..]), ("JITTERS", &JITTERS), ("BUDGETS", &BUDGETS)]
    {
        writeln!(text, "export const {name}: Kinds = {}", kinds(table)).unwrap();
    }
    let elapsed =
        [ElapsedRule::StopIfWouldExceed, ElapsedRule::StopIfReached, ElapsedRule::Truncate];
    let actions =
        [Action::Retry, Action::RetryFree, Action::DeadLetter, Action::Discard, Action::Fail];
    let modes = [HintMode::AtLeast, HintMode::Replace, HintMode::Clamp, HintMode::Ignore];
    let stages = [CapStage::Fit, CapStage::Before, CapStage::After, CapStage::Both, CapStage::Clip];
    let rounding = [RoundingMode::Floor, RoundingMode::Nearest, RoundingMode::Ceil];
    for (name, list) in [
        ("ELAPSED_RULES", words(&elapsed.map(ElapsedRule::as_str))),
        ("ACTIONS", words(&actions.map(Action::as_str))),
        ("MODES", words(&modes.map(HintMode::as_str))),
        ("WHEN_LONGER", words(&[WhenLonger::Cap, WhenLonger::GiveUp].map(WhenLonger::as_str))),
        ("CAP_STAGES", words(&stages.map(CapStage::as_str))),
        ("MEASURES", words(&["wall", "sleeps"])),
        ("ROUNDING_MODES", words(&rounding.map(RoundingMode::as_str))),
        ("DEBITS", words(&[DebitOn::Retry.as_str(), DebitOn::Failure.as_str()])),
        ("REASONS", words(&Reason::ALL.map(Reason::as_str))),
    ] {
        writeln!(text, "export const {name} = {list} as const").unwrap();
    }
    let recommended = RetryPolicy::recommended().to_value();
    writeln!(text, "export const RECOMMENDED = {recommended} as const").unwrap();
    text
}

#[test]
fn the_table_in_the_npm_package_is_the_cores() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("npm/src/table.ts");
    if env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, table()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert!(written == table(), "npm/src/table.ts is old: run `cargo xtask golden --bless`");
}

#[test]
fn every_kind_and_field_of_the_wire_format_is_in_it() {
    for (ours, wire) in [(&BACKOFFS[..], wire::BACKOFF_KINDS), (&JITTERS, wire::JITTER_KINDS)] {
        assert_eq!(ours.len(), wire.len());
        for ((kind, rows), (wire_kind, fields)) in ours.iter().zip(wire) {
            assert_eq!(kind, wire_kind);
            let names: Vec<&str> = rows.iter().map(|bound| bound.name).collect();
            // A table's delays and a uniform range's ends are lists and groups, read by hand.
            if !["table", "uniform"].contains(kind) {
                assert_eq!(names, **fields, "{kind}");
            }
        }
    }
    let names: Vec<&str> = wire::BUDGET_KINDS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(names, BUDGETS.map(|(kind, _)| kind));
}
