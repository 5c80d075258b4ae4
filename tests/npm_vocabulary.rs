//! The npm package's vocabulary of failures is the core's: npm/src/vocabulary.ts is made from it.
//!
//! The table is text, one word after another: it is downloaded by everyone who classifies failures, and
//! JavaScript searches it as it is, so that the first failure does not build a map of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{env, fmt::Write as _, fs, path::PathBuf};

use redrive::failure::{GRPC, Kind, PREFIXES, ROWS, families, matches};

/// Each kind and its codes; gRPC's come with their numbers from [`GRPC`].
fn codes() -> String {
    let of_kind = |kind: Kind| {
        let rows = ROWS.iter().filter(|row| row.kind == kind).flat_map(|row| row.codes);
        let codes: Vec<&str> = rows.copied().collect();
        [&[kind.as_str()][..], &codes].concat().join(" ")
    };
    let kinds: Vec<String> = Kind::ALL.iter().map(|kind| of_kind(*kind)).collect();
    format!(" | {} ", kinds.join(" | "))
}

/// Each family as the pattern that it is short for: statuses `first-last`, a kind, `!` and a kind for all
/// but that, `*` for all.
fn short(name: &str) -> String {
    let statuses: Vec<u16> =
        (100..600).filter(|status| matches(name, &[&format!("http{status}")])).collect();
    let kinds: Vec<&str> =
        Kind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| matches(name, &[kind])).collect();
    match (&kinds[..], &statuses[..]) {
        ([], [first, .., last]) => format!("{first}-{last}"),
        ([], [only]) => format!("{only}-{only}"),
        ([kind], _) => (*kind).to_owned(),
        (kinds, _) if kinds.len() == Kind::ALL.len() => "*".to_owned(),
        (kinds, _) => {
            let other = Kind::ALL.iter().find(|kind| !kinds.contains(&kind.as_str()));
            format!("!{}", other.unwrap())
        }
    }
}

fn table() -> String {
    let mut text = String::from(
        "// Made from the core's own table (src/failure/table.rs) by `cargo xtask golden --bless`. Do not edit.\n\n",
    );
    let kinds = Kind::ALL.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(" | ");
    let families: Vec<String> = families()
        .filter(|(name, _)| *name != "*")
        .map(|(name, _)| format!("{name} {}", short(name)))
        .collect();
    let prefixes: Vec<String> =
        PREFIXES.iter().map(|(prefix, kind)| format!("{prefix} {kind}")).collect();
    writeln!(text, "/** What kind of failure it was. */\nexport type FailureKind = {kinds}")
        .unwrap();
    writeln!(
        text,
        "/** Each kind and its codes, a space before and after each: searched as it is. */\nexport const CODES = '{}'",
        codes()
    )
    .unwrap();
    writeln!(text, "/** The gRPC codes, by number. */\nexport const GRPC = '{}'", GRPC.join(" "))
        .unwrap();
    writeln!(
        text,
        "/** Beginnings of codes, and their kind. */\nexport const PREFIXES = '{}'",
        prefixes.join("|")
    )
    .unwrap();
    writeln!(
        text,
        "/** Families and what they match: statuses, a kind, all but a kind, all. */\nexport const FAMILIES = '|{}|'",
        families.join("|")
    )
    .unwrap();
    text
}

#[test]
fn the_vocabulary_in_the_npm_package_is_the_cores() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("npm/src/vocabulary.ts");
    // Not in the packed crate.
    if !path.parent().unwrap().exists() {
        return;
    }
    if env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, table()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == table(), "npm/src/vocabulary.ts is old: run `cargo xtask golden --bless`");
}

#[test]
fn no_code_holds_what_parts_codes() {
    let codes = ROWS.iter().flat_map(|row| row.codes).chain(&GRPC);
    assert!(codes.into_iter().all(|code| !code.contains([' ', '|', '\''])));
}
