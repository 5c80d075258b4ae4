//! The npm package's types of scenarios (npm/src/scenario.ts) are what reading goes by: they are made
//! from the schema, which is made from the rows of the fields. Written by these tests
//! (`cargo xtask golden --bless`), compared on every other run.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{env, fmt::Write as _, fs, path::PathBuf};

use redrive::wire::Value;
use redrive_sim::scenario::schema;

const HEAD: &str = "\
// Made from the rows of fields in sim/src/scenario by `cargo xtask golden --bless`. Do not edit.
import type { Duration, PolicyOptions } from './types.js'

/** A law from which times are drawn; a bare duration is always the same. */
export type Distribution = Duration | DistributionLaw
";

const TAIL: &str = "
/** A policy to compare: a preset's name, or a name with a preset or a policy. */
export type ScenarioPolicy =
  | string
  | { name?: string; preset: string }
  | { name?: string; policy: string | PolicyOptions | { toJSON(): PolicyOptions } }

/** A scenario that comes with redrive: what happens, and what to look at. */
export interface BuiltinScenario extends Scenario {
  name: string
  title: string
  about: string
}
";

/// The types with a name of their own: the name, where in the schema they are, and what they are.
const NAMED: [(&str, &[&str], &str); 8] = [
    ("DistributionLaw", &["$defs", "distribution", "anyOf", "1"], "A law with its parameters."),
    ("Arrivals", &["properties", "arrivals"], "When tasks arrive."),
    ("Server", &["properties", "server"], "What tasks are sent to."),
    (
        "Layer",
        &["properties", "layers", "items"],
        "A service between the clients and the server, which calls the next one and retries.",
    ),
    ("Fault", &["properties", "faults", "items"], "What goes wrong, and when."),
    ("Client", &["properties", "client"], "How the clients behave, apart from the policy."),
    ("ClientClass", &["properties", "clients", "items"], "One class of clients."),
    (
        "Change",
        &["properties", "changes", "items"],
        "What operators do at one moment, to the server or to a layer.",
    ),
];

/// Files are not read in JavaScript: their numbers are given instead (`counts`, `values`).
const OF_FILES: [&str; 4] = ["file", "column", "timeColumn", "timeFormat"];

fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter().fold(value, |value, name| match value {
        Value::List(items) => &items[name.parse::<usize>().unwrap()],
        value => value.get(name).unwrap_or_else(|| panic!("{name} of {path:?}")),
    })
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    let Some(Value::List(items)) = value else { return Vec::new() };
    items.iter().filter_map(Value::as_text).collect()
}

/// What a schema allows, without what an editor shows of it.
fn bare(schema: &Value) -> Value {
    let Value::Map(entries) = schema else { return schema.clone() };
    Value::Map(entries.iter().filter(|(name, _)| name != "description").cloned().collect())
}

struct Types {
    named: Vec<(&'static str, Value)>,
}

impl Types {
    /// The type of what `schema` allows.
    fn of(&self, schema: &Value, depth: usize) -> String {
        let allowed = bare(schema);
        match self.named.iter().find(|(_, named)| *named == allowed) {
            Some((name, _)) => (*name).to_owned(),
            None => self.spelled(schema, depth),
        }
    }

    fn spelled(&self, schema: &Value, depth: usize) -> String {
        if let Some(name) = schema.get("$ref").and_then(Value::as_text) {
            return match name.trim_start_matches("#/$defs/") {
                "duration" => "Duration",
                "distribution" => "Distribution",
                "policy" => "PolicyOptions",
                "preset" => "string",
                other => panic!("{other} has no type"),
            }
            .to_owned();
        }
        if let Some(constant) = schema.get("const") {
            return literal(constant);
        }
        if let Some(Value::List(words)) = schema.get("enum") {
            return words.iter().map(literal).collect::<Vec<_>>().join(" | ");
        }
        match (schema.get("type").and_then(Value::as_text), schema.get("anyOf")) {
            (Some("object"), _) => self.object(schema, depth),
            (Some("array"), _) => {
                let item = self.of(schema.get("items").unwrap(), depth);
                let several = item.contains(" | ") && !item.starts_with('{');
                if several { format!("readonly ({item})[]") } else { format!("readonly {item}[]") }
            }
            (Some("integer" | "number"), _) => "number".to_owned(),
            (Some(name), _) => name.to_owned(),
            (None, Some(Value::List(alternatives))) => self.union(alternatives, depth),
            (None, _) => panic!("{schema} has no type"),
        }
    }

    fn union(&self, alternatives: &[Value], depth: usize) -> String {
        let mut types: Vec<String> = Vec::new();
        for alternative in alternatives {
            let name = self.of(alternative, depth);
            if !types.contains(&name) {
                types.push(name);
            }
        }
        if types.iter().any(|name| name == "string") {
            types.retain(|name| !name.starts_with('\''));
        }
        types.join(" | ")
    }

    fn object(&self, schema: &Value, depth: usize) -> String {
        let Some(Value::Map(properties)) = schema.get("properties") else { panic!("no fields") };
        let required = required(schema);
        let indent = "  ".repeat(depth + 1);
        let mut text = "{\n".to_owned();
        for (name, property) in properties {
            // `rows` of a trace has words, that of `contention` a number.
            let of_file = name == "rows" && property.get("enum").is_some();
            if of_file || OF_FILES.contains(&&**name) {
                continue;
            }
            if let Some(what) = property.get("description").and_then(Value::as_text) {
                writeln!(text, "{indent}/** {what} */").unwrap();
            }
            let kind = match name.as_str() {
                "seed" => "number | bigint | string".to_owned(),
                "policies" => "readonly ScenarioPolicy[]".to_owned(),
                _ => self.of(property, depth + 1),
            };
            let mark = if required.contains(&&**name) { "" } else { "?" };
            writeln!(text, "{indent}{name}{mark}: {kind}").unwrap();
        }
        text + &"  ".repeat(depth) + "}"
    }
}

/// The fields that have to be there, as long as there are no files.
fn required(schema: &Value) -> Vec<&str> {
    let mut all = texts(schema.get("required"));
    let choices = schema.get("oneOf").or_else(|| schema.get("anyOf"));
    let Some(Value::List(choices)) = choices else { return all };
    let mut left = choices.iter().map(|choice| texts(choice.get("required")));
    let left: Vec<Vec<&str>> =
        left.by_ref().filter(|names| !names.iter().any(|name| OF_FILES.contains(name))).collect();
    if let [only] = &left[..] {
        all.extend(only);
    }
    all
}

fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

fn types() -> String {
    let schema = schema::scenario();
    let named = NAMED.map(|(name, path, _)| (name, bare(at(&schema, path))));
    let all = Types { named: named.into() };
    let mut text = HEAD.to_owned();
    for (name, path, about) in NAMED {
        declare(&mut text, name, about, &all.spelled(at(&schema, path), 0));
    }
    let about = "What is simulated: the same plain object that a scenario file of `redrive simulate` \
                 holds.\n * Files are not read here: where a scenario file names one, write its \
                 numbers (`counts`, `values`).";
    declare(&mut text, "Scenario", about, &all.spelled(&schema, 0));
    text + TAIL
}

fn declare(text: &mut String, name: &str, about: &str, kind: &str) {
    let comment = match about.contains('\n') {
        true => format!("/**\n * {about}\n */"),
        false => format!("/** {about} */"),
    };
    match kind.starts_with('{') && !kind.contains("\n} | {") {
        true => writeln!(text, "\n{comment}\nexport interface {name} {kind}").unwrap(),
        false => writeln!(text, "\n{comment}\nexport type {name} = {kind}").unwrap(),
    }
}

#[test]
fn the_npm_package_has_the_types_of_scenarios() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../npm/src/scenario.ts");
    let now = types();
    if env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, &now).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), now, "run `cargo xtask golden --bless`");
}
