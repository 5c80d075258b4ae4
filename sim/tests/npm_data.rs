//! What is made from Rust's tables is what they hold: in the npm package the built-in scenarios
//! (npm/src/scenarios.ts), the types of figures (npm/src/figures.ts) and the schemas of policies and
//! scenarios (npm/schema), and the schemas of results (cli/schemas).
//!
//! `redrive/sim` has the scenarios outside of the WebAssembly module, so that they can be listed before
//! it is compiled. The files are written by these tests (`cargo xtask golden --bless`) and compared with
//! what they hold on every other run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{env, fmt::Write as _, fs, path::PathBuf};

use redrive::{policy::schema, wire::Value};
use redrive_sim::{
    outcome::{
        row::{Property, Shape},
        schema::{definitions, figures, outcome, quantiles},
    },
    scenario::{self, builtins},
};

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

/// The types of figures, one interface a group.
fn figure_types() -> String {
    let mut text = String::from(
        "// Made from sim/src/outcome/figures.rs by `cargo xtask golden --bless`. Do not edit.\n\
         import type { Figure } from './figure.js'\n\
         import type { Reason } from './types.js'\n",
    );
    interface(&mut text, "Quantiles", "A distribution of one quantity.", &quantiles());
    for row in figures() {
        if let Shape::List(name, rows, _) = row.shape {
            interface(&mut text, name, row.about(), &rows());
        }
    }
    interface(&mut text, "Figures", "The figures of one policy.", &figures());
    text
}

fn interface(text: &mut String, name: &str, about: &str, rows: &[Property]) {
    writeln!(text, "\n/** {about} */\nexport interface {name} {{").unwrap();
    for row in rows {
        let (kind, mark) = match row.shape {
            Shape::Figure => ("Figure".to_owned(), ""),
            Shape::Quantiles => ("Quantiles".to_owned(), ""),
            Shape::Reasons => ("Record<Reason, Figure>".to_owned(), ""),
            Shape::Text | Shape::Hash => ("string".to_owned(), ""),
            Shape::Number => ("number".to_owned(), ""),
            Shape::List(name, _, optional) => {
                (format!("{name}[]"), if optional { "?" } else { "" })
            }
        };
        writeln!(text, "  /** {} */\n  {}{mark}: {kind}", row.about(), row.name).unwrap();
    }
    text.push_str("}\n");
}

/// Compares a file with what it should hold, or writes it. `file` counts from this crate's folder.
fn same(file: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    if env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, now).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(written, now, "run `cargo xtask golden --bless`");
}

#[test]
fn the_npm_package_has_the_built_in_scenarios() {
    same("../npm/src/scenarios.ts", &scenarios());
}

#[test]
fn the_npm_package_has_the_schema_of_policies() {
    let json = serde_json::to_string_pretty(&schema::policy()).unwrap();
    same("../npm/schema/policy.json", &format!("{json}\n"));
}

#[test]
fn the_npm_package_has_the_schema_of_scenarios() {
    let json = serde_json::to_string_pretty(&scenario::schema::scenario()).unwrap();
    same("../npm/schema/scenario.json", &format!("{json}\n"));
}

#[test]
fn the_npm_package_has_the_types_of_figures() {
    same("../npm/src/figures.ts", &figure_types());
}

#[test]
fn results_have_the_schema_of_their_figures() {
    let json = serde_json::to_string_pretty(&outcome()).unwrap();
    same("../cli/schemas/simulate.schema.json", &format!("{json}\n"));
}

/// The rest of that schema is written by hand.
#[test]
fn sweeps_have_the_schema_of_their_figures() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../cli/schemas/sweep.schema.json");
    let Value::Map(mut schema) = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    else {
        panic!("not a schema");
    };
    for (name, value) in &mut schema {
        if name == "$defs" {
            *value = Value::Map(definitions());
        }
    }
    let json = serde_json::to_string_pretty(&Value::Map(schema)).unwrap();
    same("../cli/schemas/sweep.schema.json", &format!("{json}\n"));
}
