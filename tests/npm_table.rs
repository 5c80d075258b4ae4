//! The npm package's tables and types are the core's: made from it, and compared with it.
//!
//! JavaScript refuses a wrong policy without asking WebAssembly, and hands it numbers by their places. So
//! that names, limits and places are declared once, these files are written by this test (`cargo xtask
//! golden --bless`) and compared with it on every other run: `npm/src/table.ts`, `npm/src/kinds.ts`, and
//! the part of `npm/src/policy.ts` between its marks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{env, fmt::Write as _, fs, path::PathBuf};

use redrive::{
    Jitter, RetryPolicy,
    bounds::{self, Bound, Unit},
    policy::{
        Argument, KindRow, Parameter, Shape,
        kinds::{BACKOFFS, BUDGETS, JITTERS},
        places, wire,
    },
    wire::Value,
};

const MADE: &str = "// Made from the core's own tables (src/bounds.rs, src/policy) by `cargo xtask golden --bless`. Do not edit.\n\n";

const SINGLES: [(&str, &Bound); 16] = [
    ("MIN_DELAY", bounds::MIN_DELAY),
    ("MAX_DELAY", bounds::MAX_DELAY),
    ("FIRST_DELAY", bounds::FIRST_DELAY),
    ("MAX_ATTEMPTS", bounds::MAX_ATTEMPTS),
    ("MAX_ELAPSED", bounds::MAX_ELAPSED),
    ("ATTEMPT_TIMEOUT", bounds::ATTEMPT_TIMEOUT),
    ("RESET_AFTER", bounds::RESET_AFTER),
    ("RETRY_AFTER_MAX", bounds::RETRY_AFTER_MAX),
    ("DELAY", bounds::DELAY),
    ("REFUND", bounds::REFUND),
    ("COST", bounds::COST),
    ("THRESHOLD", bounds::THRESHOLD),
    ("ROUNDING_UNIT", bounds::ROUNDING_UNIT),
    ("RESAMPLE_LOW", bounds::RESAMPLE_LOW),
    ("RESAMPLE_HIGH", bounds::RESAMPLE_HIGH),
    ("JITTER_STEPS", bounds::JITTER_STEPS),
];

const ENDS: [&Bound; 3] = [bounds::END_FACTOR, bounds::END_ADD, bounds::END_ADD_PER_RETRY];

/// `[name, unit, min, max, default]`.
fn row(name: &str, bound: &Bound, shape: Shape) -> String {
    let unit = match (shape, bound.unit) {
        (Shape::Durations, _) => 3,
        (Shape::End, _) => 4,
        (Shape::Special, _) => 5,
        (Shape::Scalar, Unit::Duration) => 1,
        (Shape::Scalar, Unit::Count) => 2,
        (Shape::Scalar, _) => 0,
    };
    let default = bound.default.filter(|_| shape == Shape::Scalar).map_or("null".into(), number);
    let (min, max) = (number(bound.min), number(bound.max));
    format!("['{name}', {unit}, {min}, {max}, {default}]")
}

fn single(bound: &Bound) -> String {
    row(bound.name, bound, Shape::Scalar)
}

/// As JavaScript reads it back, digit for digit.
fn number(value: f64) -> String {
    if value >= 1e6 { format!("{value:e}") } else { value.to_string() }
}

fn words(names: &[&str], between: &str) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(between)
}

fn kinds(table: &[KindRow]) -> String {
    let mut text = String::from("[\n");
    for kind in table {
        let rows: Vec<String> =
            kind.parameters.iter().map(|p| row(p.name, p.bound, p.shape)).collect();
        let random = if kind.draws_jitter { ", 1" } else { "" };
        writeln!(text, "  ['{}', [{}]{random}],", kind.name, rows.join(", ")).unwrap();
    }
    text + "]"
}

/// `MAX_DELAY` as `MaxDelay`.
fn pascal(name: &str) -> String {
    let part = |part: &str| part[..1].to_owned() + &part[1..].to_lowercase();
    name.split('_').map(part).collect()
}

/// The terms of `new RetryPolicy()`, so that `retry` without a policy needs no reader.
fn default_row() -> Vec<f64> {
    let policy = RetryPolicy::default();
    let mut row = vec![0.0; places::TERMS_LENGTH];
    for place in [
        places::MAX_DELAY,
        places::FIRST_DELAY,
        places::MAX_ELAPSED,
        places::RESET_AFTER,
        places::ROUNDING_UNIT,
        places::RESAMPLE_LOW,
        places::RESAMPLE_HIGH,
    ] {
        row[place] = f64::NAN;
    }
    row[places::MAX_ATTEMPTS] = f64::from(policy.max_attempts().unwrap().get());
    row[places::HINT_MAX] = policy.retry_after().max.as_nanos() as f64;
    let mut spread = |at: usize, jitter: &Jitter| {
        row[at] = JITTERS.iter().position(|kind| kind.name == jitter.kind()).unwrap() as f64;
        for (i, (_, argument)) in jitter.arguments().iter().enumerate() {
            let Argument::Number(factor) = argument else { panic!("the default has a factor") };
            row[at + 1 + i] = *factor;
        }
    };
    spread(places::HINT_JITTER, &policy.retry_after().jitter);
    spread(places::JITTER, policy.jitter());
    let backoff = policy.backoff();
    row[places::BACKOFF] =
        BACKOFFS.iter().position(|kind| kind.name == backoff.kind()).unwrap() as f64;
    for (_, argument) in backoff.arguments() {
        match argument {
            Argument::Duration(initial) => row[places::SCALE] = initial.as_nanos() as f64,
            Argument::Number(multiplier) => row[places::FACTOR] = multiplier,
            other => panic!("the default has no {other:?}"),
        }
    }
    row
}

fn table() -> String {
    let mut text = MADE.to_owned()
        + "/** Name, unit (0 a number, 1 a duration in nanoseconds, 2 a whole number, 3 a list of durations, 4 an end of a range, 5 read by hand), minimum, maximum, default. */\n\
           export type Row = readonly [string, 0 | 1 | 2 | 3 | 4 | 5, number, number, number | null]\n\
           /** Name, parameters, whether it draws its own jitter. */\n\
           export type Kinds = ReadonlyArray<readonly [string, readonly Row[], 1?]>\n\n";
    for (name, bound) in SINGLES {
        writeln!(text, "export const {name}: Row = {}", single(bound)).unwrap();
    }
    let ends: Vec<String> = ENDS.iter().map(|bound| single(bound)).collect();
    writeln!(text, "export const ENDS: readonly Row[] = [{}]", ends.join(", ")).unwrap();
    for (name, table) in [("BACKOFFS", BACKOFFS), ("JITTERS", JITTERS), ("BUDGETS", BUDGETS)] {
        writeln!(text, "export const {name}: Kinds = {}", kinds(table)).unwrap();
    }
    for (name, names) in wire::WORDS {
        writeln!(text, "export const {name} = [{}] as const", words(names, ", ")).unwrap();
    }
    writeln!(text, "/** Where each number is in the buffer that WebAssembly reads. */").unwrap();
    writeln!(text, "export const enum Place {{").unwrap();
    for (name, place) in places::ALL {
        writeln!(text, "  {} = {place},", pascal(name)).unwrap();
    }
    writeln!(text, "  End = {},\n}}", places::LENGTH).unwrap();
    let numbers: Vec<String> = default_row().iter().map(|n| number(*n)).collect();
    writeln!(text, "export const DEFAULT_ROW = [{}]", numbers.join(", ")).unwrap();
    for (name, policy) in
        [("RECOMMENDED", RetryPolicy::recommended()), ("PATIENT", RetryPolicy::patient())]
    {
        writeln!(text, "export const {name} = {} as const", without_defaults(&policy)).unwrap();
    }
    text
}

/// A policy as somebody writes it: what it shares with the default one is left out.
fn without_defaults(policy: &RetryPolicy) -> Value {
    let Value::Map(mut fields) = policy.to_value() else { panic!("a policy is a group") };
    let default = RetryPolicy::default().to_value();
    fields.retain(|(name, value)| name == "version" || default.get(name) != Some(value));
    let written = Value::Map(fields);
    assert_eq!(RetryPolicy::from_value(&written).unwrap(), *policy);
    written
}

/// The type of a parameter's value in TypeScript.
fn type_of(parameter: &Parameter) -> String {
    let list = |name: &str| {
        let (_, words) = wire::WORDS.iter().find(|(list, _)| *list == name).unwrap();
        self::words(words, " | ")
    };
    match (parameter.shape, parameter.name) {
        (Shape::Scalar, _) if parameter.bound.unit == Unit::Duration => "Duration".into(),
        (Shape::Scalar, _) => "number".into(),
        (Shape::Durations, _) => "readonly Duration[]".into(),
        (Shape::End, _) => "JitterEnd".into(),
        (Shape::Special, "costByClass") => "Readonly<Record<string, number>>".into(),
        (Shape::Special, "refundOnRetrySuccess") => "'cost' | number".into(),
        (Shape::Special, "debitOn") => list("DEBITS"),
        (Shape::Special, "onEmpty") => list("ON_EMPTY"),
        (Shape::Special, "threshold") => "number | null".into(),
        (Shape::Special, other) => panic!("which type has {other}?"),
    }
}

fn comment(doc: &str) -> String {
    format!("/** {} */", doc.trim())
}

fn union(name: &str, doc: &str, table: &[KindRow], shared: &str, bare: bool) -> String {
    let mut text = format!("\n{}\nexport type {name} =\n", comment(doc));
    let bare_kinds: Vec<&str> =
        table.iter().filter(|kind| bare && kind.is_bare()).map(|kind| kind.name).collect();
    if !bare_kinds.is_empty() {
        writeln!(text, "  | {}", words(&bare_kinds, " | ")).unwrap();
    }
    for kind in table {
        writeln!(text, "  {}\n  | {{\n      kind: '{}'", comment(kind.doc), kind.name).unwrap();
        for parameter in kind.parameters {
            let mark = if parameter.is_required() { "" } else { "?" };
            let (doc, field) = (comment(parameter.doc), parameter.name);
            writeln!(text, "      {doc}\n      {field}{mark}: {}", type_of(parameter)).unwrap();
        }
        text += shared;
        text += "    }\n";
    }
    text
}

fn types() -> String {
    let mut text = MADE.to_owned()
        + "/** A duration: milliseconds, or a text like `\"250ms\"`, `\"2s\"`, `\"1m30s\"`, `\"1.5h\"`. */\n\
           export type Duration = number | string\n\n\
           /** Why a task is a dead letter. */\n";
    let list = |name: &str| {
        let (_, list) = wire::WORDS.iter().find(|(list, _)| *list == name).unwrap();
        words(list, " | ")
    };
    writeln!(text, "export type Reason = {}", list("REASONS")).unwrap();
    for (name, doc, words) in [
        ("Action", "What happens to a class of failures.", "ACTIONS"),
        ("ElapsedRule", "What `maxElapsed` ends.", "ELAPSED_RULES"),
        ("RetryAfterMode", "How a server's Retry-After is used.", "MODES"),
        ("WhenLonger", "What becomes of a Retry-After that is longer than `max`.", "WHEN_LONGER"),
        ("CapStage", "Where the cap and the jitter meet.", "CAP_STAGES"),
        ("ElapsedMeasure", "What `maxElapsed` counts.", "MEASURES"),
        ("RoundingMode", "Which way delays are rounded.", "ROUNDING_MODES"),
    ] {
        writeln!(text, "\n{}\nexport type {name} = {}", comment(doc), list(words)).unwrap();
    }
    let first =
        format!("      {}\n      firstDelay?: Duration | null\n", comment(bounds::FIRST_DELAY.doc));
    text += "\n/** One end of a uniform jitter: `factor * delay + add + addPerRetry * retry`. */\n\
             export interface JitterEnd {\n";
    for bound in ENDS {
        let kind = if bound.unit == Unit::Duration { "Duration" } else { "number" };
        writeln!(text, "  {}\n  {}?: {kind}", comment(bound.doc), bound.name).unwrap();
    }
    text += "}\n";
    text += &union(
        "Backoff",
        "How the delay grows; n is the number of retries already made.",
        BACKOFFS,
        &first,
        false,
    );
    text += &union("Jitter", "How a delay d is spread.", JITTERS, "", true);
    text +=
        &union("BudgetRule", "An allowance of retries that many tasks share.", BUDGETS, "", false);
    text
}

/// One static method of `RetryPolicy` for each kind of backoff.
fn factories() -> String {
    let mut text = String::new();
    for kind in BACKOFFS {
        let (name, mark) = (kind.name, if kind.is_bare() { "?" } else { "" });
        writeln!(text, "  {}", comment(kind.doc)).unwrap();
        writeln!(text, "  static {name}(options{mark}: Shortcut<'{name}'>): RetryPolicy {{")
            .unwrap();
        writeln!(text, "    return of('{name}', options)\n  }}").unwrap();
    }
    text
}

fn between(text: &str, name: &str, part: &str) -> String {
    let (open, close) = (format!("  // <{name}>\n"), format!("  // </{name}>"));
    let (before, rest) = text.split_once(&open).unwrap();
    let (_, after) = rest.split_once(&close).unwrap();
    format!("{before}{open}{part}{close}{after}")
}

fn holds(file: &str, wanted: impl FnOnce(&str) -> String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("npm/src").join(file);
    // Not in the packed crate.
    if !path.parent().unwrap().exists() {
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let wanted = wanted(&written);
    if env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(written == wanted, "npm/src/{file} is old: run `cargo xtask golden --bless`");
}

#[test]
fn the_table_in_the_npm_package_is_the_cores() {
    holds("table.ts", |_| table());
}

#[test]
fn the_types_in_the_npm_package_are_the_cores() {
    holds("kinds.ts", |_| types());
}

#[test]
fn each_kind_of_backoff_has_its_factory_in_the_npm_package() {
    holds("policy.ts", |text| between(text, "kinds", &factories()));
}
