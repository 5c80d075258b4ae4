//! What the npm package has as data is what Rust has: the built-in scenarios (npm/src/scenarios.ts) and
//! the schemas of policies and scenarios (npm/schema).
//!
//! `redrive/sim` has the scenarios outside of the WebAssembly module, so that they can be listed before
//! it is compiled. The files are written by these tests (`cargo xtask golden --bless`) and compared with
//! what they hold on every other run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{env, fmt::Write as _, fs, path::PathBuf};

use redrive::policy::schema;
use redrive_sim::scenario::{self, builtins};

fn scenarios() -> String {
    let mut text = String::from(
        "// Made from sim/src/scenario/scenes by `cargo xtask golden --bless`. Do not edit.\n\
         import type { BuiltinScenario } from './scenario.js'\n\n\
         export const SCENARIOS: readonly BuiltinScenario[] = [\n",
    );
    for builtin in builtins() {
        let json = serde_json::to_string(&builtin.value()).unwrap();
        writeln!(text, "  {json},").unwrap();
    }
    text + "]\n"
}

/// Compares `npm/{file}` with what it should hold, or writes it.
fn same(file: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../npm").join(file);
    if env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, now).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(written, now, "run `cargo xtask golden --bless`");
}

#[test]
fn the_npm_package_has_the_built_in_scenarios() {
    same("src/scenarios.ts", &scenarios());
}

#[test]
fn the_npm_package_has_the_schema_of_policies() {
    let json = serde_json::to_string_pretty(&schema::policy()).unwrap();
    same("schema/policy.json", &format!("{json}\n"));
}

#[test]
fn the_npm_package_has_the_schema_of_scenarios() {
    let json = serde_json::to_string_pretty(&scenario::schema::scenario()).unwrap();
    same("schema/scenario.json", &format!("{json}\n"));
}
