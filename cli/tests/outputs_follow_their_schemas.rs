//! Every machine-readable output is valid under its schema, and the schema can say no.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    dead_letters_are_looked_at::letters,
    support::{Place, json as parse},
};

fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.schema.json"));
    let text = fs::read_to_string(path).expect("the schema");
    jsonschema::validator_for(&parse(&text)).expect("a valid schema")
}

fn assert_valid(name: &str, value: &Value) {
    let validator = schema(name);
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
    assert!(!validator.is_valid(&json!({})), "{name} accepts anything");
}

#[test]
fn simulate() {
    let place = Place::new();
    for extra in [&[][..], &["--runs", "3"]] {
        let args = [&["simulate", "--tasks", "300", "--format", "json"], extra].concat();
        assert_valid("simulate", &parse(&place.ok(&args)));
    }
    place.ok(&["simulate", "--tasks", "300"]);
    let mut summary = parse(&place.read("redrive-out/summary.json"));
    assert_valid("simulate", &summary);
    summary["policies"][0]["attempts"] = json!("many");
    assert!(!schema("simulate").is_valid(&summary));
}

#[test]
fn every_built_in_scenario() {
    let place = Place::new();
    let list = parse(&place.ok(&["scenarios", "--format", "json"]));
    for scenario in list["scenarios"].as_array().expect("a list") {
        let name = scenario["name"].as_str().expect("a name");
        let outcome = parse(&place.ok(&["simulate", name, "--format", "json"]));
        assert_valid("simulate", &outcome);
        for policy in outcome["policies"].as_array().expect("a list") {
            let count = |field: &str| policy[field].as_u64().expect("a count");
            let dead = policy["deadLettered"].as_object().expect("reasons").values();
            let ended = ["succeeded", "discarded", "failed", "cancelled", "unfinished"].map(count);
            let all = dead.filter_map(Value::as_u64).sum::<u64>() + ended.iter().sum::<u64>();
            assert_eq!(count("tasks"), all, "{name}, {}", policy["name"]);
        }
    }
}

#[test]
fn presets_and_scenarios_that_are_printed_follow_the_schemas_that_editors_use() {
    let place = Place::new();
    for (command, single, file) in
        [("presets", "policy", "policy"), ("scenarios", "scenario", "scenario")]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../npm/schema").join(file);
        let text = fs::read_to_string(path.with_extension("json")).expect("the schema");
        let validator = jsonschema::validator_for(&parse(&text)).expect("a valid schema");
        let list = parse(&place.ok(&[command, "--format", "json"]));
        let entries = list[command].as_array().expect("a list");
        assert!(entries.len() > 9, "{command}");
        for entry in entries {
            let name = entry["name"].as_str().expect("a name");
            let json = parse(&place.ok(&[command, name, "--format", "json"]));
            assert_eq!(json, entry[single], "{name}");
            let toml = place.ok(&[command, name, "--format", "toml"]);
            let toml: Value = toml::from_str(&toml).expect("TOML");
            for value in [json, toml] {
                let errors: Vec<String> = validator
                    .iter_errors(&value)
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect();
                assert!(errors.is_empty(), "{name}: {errors:#?}");
            }
        }
        assert!(!validator.is_valid(&json!([])), "{command}: accepts anything");
    }
}

#[test]
fn schedule() {
    let place = Place::new();
    for extra in [&[][..], &["-p", "decorrelated"], &["-p", "temporal"], &["--samples", "100"]] {
        let args = [&["schedule", "--format", "json"], extra].concat();
        let mut schedule = parse(&place.ok(&args));
        assert_valid("schedule", &schedule);
        schedule["retries"][0]["delayNs"] = json!(-1);
        assert!(!is_schedule(&schedule));
    }
}

fn is_schedule(value: &Value) -> bool {
    schema("schedule").is_valid(value)
}

#[test]
fn sweep() {
    let place = Place::new();
    place.ok(&["sweep", "--tasks", "50", "--vary", "seed=1,2,3"]);
    let mut sweep = parse(&place.read("redrive-sweep/sweep.json"));
    assert_valid("sweep", &sweep);
    sweep["points"][1]["policies"][0]["tasks"] = json!([]);
    assert!(!schema("sweep").is_valid(&sweep));
}

#[test]
fn tune() {
    let args = ["tune", "--tasks", "100", "--trials", "8", "--runs", "2", "--format", "json"];
    assert_valid("tune", &parse(&Place::new().ok(&args)));
}

#[test]
fn dead_letters() {
    let place = Place::with("l.ndjson", &letters());
    let run = |args: &[&str]| parse(&place.ok(args));
    assert_valid("dead-letters", &run(&["dlq", "list", "l.ndjson", "--format", "json"]));
    assert_valid("dead-letter-stats", &run(&["dlq", "stats", "l.ndjson", "--format", "json"]));
    let report = ["dlq", "redrive", "l.ndjson", "--canary", "1", "--format", "json"];
    assert_valid("redrive-report", &run(&[&report[..], &["--dry-run"]].concat()));
    assert_valid("redriven", &run(&["dlq", "redrive", "l.ndjson", "--limit", "1"]));
    assert_valid("redrive-report", &run(&[&report[..], &["--to", "first.ndjson"]].concat()));
}
