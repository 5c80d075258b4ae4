//! The JSON Schema of scenarios (npm/schema/scenario.json) and the reader are of one mind: the same
//! fields, and what one field alone tells to be wrong is refused by both.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::collections::BTreeSet;

use redrive::wire::{ConfigError, Value};
use redrive_sim::{
    Loader, Scenario,
    scenario::{builtins, schema},
};
use serde_json::{Value as Json, json};

fn schema() -> Json {
    serde_json::to_value(schema::scenario()).unwrap()
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

fn read(json: &Json) -> Result<Scenario, ConfigError> {
    let tree: Value = serde_json::from_value(json.clone()).unwrap();
    Scenario::read(&tree, &mut Files)
}

/// Files that a scenario may name.
struct Files;

impl Loader for Files {
    fn text(&mut self, _: &str) -> Result<String, String> {
        Ok("value\n1\n2\n".to_owned())
    }

    fn tree(&mut self, _: &str) -> Result<Value, String> {
        Ok(Value::map([("maxAttempts", 4_u32.into())]))
    }
}

fn with(field: &str, value: Json) -> Json {
    let mut json = json!({"arrivals": {"kind": "herd", "tasks": 10}, "policies": ["full"]});
    json[field] = value;
    json
}

fn served_by(service: Json) -> Json {
    with("server", json!({ "service": service }))
}

/// `schema` without references: the definition that it names.
fn resolved<'s>(schema: &'s Json, whole: &'s Json) -> &'s Json {
    match schema["$ref"].as_str() {
        Some(name) => whole.pointer(name.trim_start_matches('#')).expect(name),
        None => schema,
    }
}

/// The groups that `schema` allows: itself, or its alternatives and their alternatives.
fn groups<'s>(schema: &'s Json, whole: &'s Json) -> Vec<&'s Json> {
    let schema = resolved(schema, whole);
    match schema["anyOf"].as_array() {
        _ if schema["type"] == "object" => vec![schema],
        Some(all) => all.iter().flat_map(|one| groups(one, whole)).collect(),
        None => Vec::new(),
    }
}

#[test]
fn the_built_in_scenarios_are_valid() {
    let validator = validator();
    for builtin in builtins() {
        let json = serde_json::to_value(builtin.value()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", builtin.name);
    }
}

#[test]
fn what_the_reader_reads_is_valid() {
    let validator = validator();
    let inline = json!({"$schema": "policy.json", "version": 1, "maxAttempts": "unlimited",
                        "maxElapsed": "1m"});
    for json in [
        with("$schema", json!("./node_modules/redrive/schema/scenario.json")),
        with("seed", json!("a text")),
        with("seed", json!(u64::MAX)),
        with("horizon", Json::Null),
        with("horizon", json!(1500.5)),
        with("horizon", json!("1m 30s")),
        with("arrivals", json!({"kind": "herd", "at": null, "spread": null})),
        with("arrivals", json!({"kind": "poisson", "for": "2s"})),
        with(
            "arrivals",
            json!({"kind": "serial", "think": {"kind": "uniform", "high": 5},
                                "for": "1s"}),
        ),
        with("arrivals", json!({"kind": "cron", "every": "1s", "for": "4s"})),
        with(
            "arrivals",
            json!({"kind": "rate", "ramp": true, "for": "2s",
                                "steps": [{"perSecond": 1}, {"at": "1s", "perSecond": 2.5}]}),
        ),
        with("arrivals", json!({"kind": "trace", "counts": [1, 2.5], "bin": "1s"})),
        with("arrivals", json!({"kind": "trace", "file": "x.csv", "bin": "1s"})),
        with("server", json!({"workers": null, "capacityPerSecond": 5, "onFull": "reject"})),
        with("server", json!({"service": "1s", "capacityPerSecond": null})),
        with(
            "server",
            json!({"workers": 1, "queue": {"limit": null, "discipline": "codel",
                                                      "target": null, "interval": "1s"}}),
        ),
        served_by(json!({"kind": "lognormal", "mean": "1s"})),
        served_by(json!({"kind": "empirical", "file": "x.csv", "column": "value"})),
        served_by(json!({"kind": "mixture", "parts": [5, {"kind": "fixed", "value": 1,
                                                          "weight": 2}]})),
        with("layers", json!([{"policy": "same"}, {"policy": "full"}, {"policy": inline}])),
        with(
            "faults",
            json!([{"mode": "rateLimit", "burst": null, "retryAfter": null,
                               "until": null}]),
        ),
        with("client", json!({"breaker": null, "throttle": null})),
        with("client", json!({"throttle": {"k": 1.5, "window": null}})),
        with("client", json!({"breaker": {"stops": "retries", "window": null, "openFor": null}})),
        with("redrive", json!({"at": "1s", "rate": null})),
        with("report", json!({"after": null, "windows": [{"name": "w", "to": 5}]})),
        with("policies", json!([{"preset": "full"}, {"file": "x.toml"}, {"policy": inline}])),
    ] {
        assert_eq!(read(&json).map(|_| ()), Ok(()), "{json}");
        let errors: Vec<String> = validator.iter_errors(&json).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{json}: {errors:#?}");
    }
}

#[test]
fn what_one_field_tells_to_be_wrong_is_refused_by_both() {
    let validator = validator();
    for json in [
        json!([]),
        json!({"arrivals": {"kind": "herd"}}),
        with("$schema", json!(7)),
        with("arivals", json!({})),
        with("seed", json!(-1)),
        with("seed", json!(0.5)),
        with("horizon", json!("soon")),
        with("horizon", json!(0)),
        with("horizon", json!(-1)),
        with("arrivals", json!({})),
        with("arrivals", json!({"kind": "hurd"})),
        with("arrivals", json!({"kind": "herd", "task": 1})),
        with("arrivals", json!({"kind": "herd", "tasks": -1})),
        with("arrivals", json!({"kind": "herd", "tasks": 1e10})),
        with("arrivals", json!({"kind": "herd", "ratePerSecond": 1})),
        with("arrivals", json!({"kind": "rate", "for": "1s"})),
        with("arrivals", json!({"kind": "rate", "steps": [], "for": "1s"})),
        with("arrivals", json!({"kind": "rate", "steps": [{"at": "1s"}], "for": "1s"})),
        with("arrivals", json!({"kind": "cron", "for": "1s"})),
        with("arrivals", json!({"kind": "trace", "counts": [1]})),
        with("arrivals", json!({"kind": "trace", "bin": "1s"})),
        with("arrivals", json!({"kind": "trace", "counts": ["1"], "bin": "1s"})),
        with("server", json!({"workers": 0})),
        with("server", json!({"name": "s"})),
        with("server", json!({"capacityPerSecond": 0})),
        with("server", json!({"onFull": "drop"})),
        with("server", json!({"workers": 1, "queue": {"discipline": "random"}})),
        with("server", json!({"workers": 1, "queue": {"target": "5ms"}})),
        served_by(json!("-1s")),
        served_by(json!(null)),
        served_by(json!({"mean": "1s"})),
        served_by(json!({"kind": "exponential"})),
        served_by(json!({"kind": "exponential", "mean": "1s", "sigma": 2})),
        served_by(json!({"kind": "lognormal", "sigma": 1})),
        served_by(json!({"kind": "lognormal", "mean": "1s", "median": "1s"})),
        served_by(json!({"kind": "pareto", "min": "1s", "shape": 0})),
        served_by(json!({"kind": "empirical"})),
        served_by(json!({"kind": "empirical", "values": []})),
        served_by(json!({"kind": "mixture", "parts": []})),
        with("layers", json!([{"policy": "fulll"}])),
        with("layers", json!({"name": "one"})),
        with("faults", json!([{"until": "1s"}])),
        with("faults", json!([{"mode": "sleepy"}])),
        with("faults", json!([{"mode": "errors", "rate": 1.5}])),
        with("faults", json!([{"mode": "down", "rate": 1}])),
        with("network", json!({"loss": 2})),
        with("client", json!({"timeout": 0})),
        with("client", json!({"lateResponses": "maybe"})),
        with("client", json!({"budgetScope": "task"})),
        with("client", json!({"count": 1.5})),
        with("client", json!({"breaker": {"stops": "none"}})),
        with("client", json!({"throttle": {"k": 0.5}})),
        with("contention", json!({"rows": 0})),
        with("redrive", json!({"rate": 0})),
        with("report", json!({"bin": 0.0001})),
        with("report", json!({"windows": [{"name": "w"}]})),
        with("report", json!({"windows": [{"to": "1s"}]})),
        with("limits", json!({"events": 0})),
        with("policies", json!([])),
        with("policies", json!("full")),
        with("policies", json!(["fulll"])),
        with("policies", json!([{"name": "x"}])),
        with("policies", json!([{"preset": "full", "policy": "full"}])),
        with("policies", json!([{"policy": {"version": 2}}])),
        with("policies", json!([{"policy": {"maxAttempts": 0}}])),
        with("policies", json!([{"policy": {"backoff": "exponental"}}])),
    ] {
        assert!(read(&json).is_err(), "the reader reads {json}");
        assert!(!validator.is_valid(&json), "the schema allows {json}");
    }
}

/// What the reader says are the fields where `json` has one that is none.
fn fields_of_reader(json: &Json) -> BTreeSet<String> {
    let error = read(json).expect_err("no such field").to_string();
    let (_, fields) = error.split_once("The fields here are: ").expect(&error);
    fields.split(", ").map(str::to_owned).collect()
}

/// The fields that the schema has in a group, or in that of its groups whose `tag` is `kind`.
fn fields_of_schema(group: &Json, tag: &str, kind: &str) -> BTreeSet<String> {
    let whole = schema();
    let groups = groups(group, &whole);
    let is_meant = |group: &&&Json| groups.len() == 1 || group["properties"][tag]["const"] == kind;
    let group = groups.iter().find(is_meant).expect(kind);
    group["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_schema_has_the_fields_of_the_reader_and_no_others() {
    let whole = schema();
    let part = |pointer: &str| whole.pointer(pointer).expect(pointer);
    let same = |json: Json, group: &Json, tag: &str, kind: &str| {
        assert_eq!(fields_of_reader(&json), fields_of_schema(group, tag, kind), "{json}");
    };
    same(with("zzz", json!(1)), &whole, "", "");
    for name in ["server", "network", "client", "contention", "redrive", "report", "limits"] {
        let group = part(&format!("/properties/{name}"));
        same(with(name, json!({"zzz": 1})), group, "", "");
    }
    same(with("layers", json!([{"zzz": 1}])), part("/properties/layers/items"), "", "");
    let queue = part("/properties/server/properties/queue");
    same(with("server", json!({"queue": {"zzz": 1}})), queue, "", "");
    let breaker = part("/properties/client/properties/breaker");
    same(with("client", json!({"breaker": {"zzz": 1}})), breaker, "", "");
    let throttle = part("/properties/client/properties/throttle");
    same(with("client", json!({"throttle": {"zzz": 1}})), throttle, "", "");
    let window = part("/properties/report/properties/windows/items");
    same(with("report", json!({"windows": [{"zzz": 1}]})), window, "", "");
    let named = part("/properties/policies/items/anyOf/1");
    same(with("policies", json!([{"zzz": 1}])), named, "", "");
    let policy = part("/$defs/policy");
    same(with("policies", json!([{"policy": {"zzz": 1}}])), policy, "", "");

    let arrivals = part("/properties/arrivals");
    for group in groups(arrivals, &whole) {
        let kind = group["properties"]["kind"]["const"].as_str().unwrap();
        same(with("arrivals", json!({"kind": kind, "zzz": 1})), arrivals, "kind", kind);
        if kind == "rate" {
            let step = &group["properties"]["steps"]["items"];
            let json = json!({"kind": kind, "steps": [{"zzz": 1}]});
            same(with("arrivals", json), step, "", "");
        }
    }
    let faults = part("/properties/faults/items");
    for group in groups(faults, &whole) {
        let mode = group["properties"]["mode"]["const"].as_str().unwrap();
        same(with("faults", json!([{"mode": mode, "zzz": 1}])), faults, "mode", mode);
    }
}

#[test]
fn each_law_has_the_fields_of_the_reader_and_no_others() {
    let whole = schema();
    let all = fields_of_reader(&served_by(json!({"zzz": 1})));
    let mut seen = BTreeSet::new();
    for group in groups(&whole["$defs"]["distribution"], &whole) {
        let properties = group["properties"].as_object().unwrap();
        let kind = properties["kind"]["const"].as_str().unwrap();
        for name in &all {
            // With all that the kind needs, so that nothing but the field can be wrong.
            let mut law = json!({"kind": kind, "value": 1, "mean": 1, "min": 1, "sd": 1, "high": 1,
                                 "low": 1, "values": [1], "parts": [1]});
            law.as_object_mut().unwrap().retain(|field, _| properties.contains_key(field));
            if name != "kind" {
                law[name] = json!("has no effect");
            }
            let error = read(&served_by(law)).err().map(|error| error.to_string());
            let refused = error.is_some_and(|e| e.contains("has no effect for"));
            assert_eq!(properties.contains_key(name), !refused, "{kind}.{name}");
        }
        seen.extend(properties.keys().cloned());
    }
    assert_eq!(seen, all);
}

#[test]
fn the_words_of_the_schema_are_those_of_the_reader() {
    let whole = schema();
    for (path, json) in [
        ("/properties/server/properties/onFull", with("server", json!({"onFull": "zzz"}))),
        (
            "/properties/server/properties/queue/properties/discipline",
            with("server", json!({"queue": {"discipline": "zzz"}})),
        ),
        (
            "/properties/client/properties/budgetScope",
            with("client", json!({"budgetScope": "zzz"})),
        ),
        (
            "/properties/client/properties/lateResponses",
            with("client", json!({"lateResponses": "zzz"})),
        ),
        ("/$defs/preset", with("policies", json!(["zzz"]))),
    ] {
        let error = read(&json).unwrap_err().to_string();
        let (_, words) = error.split_once("There are: ").expect(&error);
        let of_schema: Vec<&str> = whole.pointer(path).expect(path)["enum"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Json::as_str)
            .collect();
        assert_eq!(words.split(", ").collect::<Vec<_>>(), of_schema, "{path}");
    }
}

/// Every property, with its path, at any depth.
fn properties(schema: &Json, path: &str, found: &mut Vec<(String, Json)>) {
    match schema {
        Json::Object(entries) => {
            for (name, value) in entries {
                let path = format!("{path}/{name}");
                // Within a condition, a property only says which case is meant.
                if name == "if" {
                    continue;
                }
                if let (true, Some(own)) = (name == "properties", value.as_object()) {
                    found.extend(own.iter().map(|(n, v)| (format!("{path}/{n}"), v.clone())));
                }
                properties(value, &path, found);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| properties(item, path, found)),
        _ => {}
    }
}

#[test]
fn every_field_says_what_it_means() {
    let whole = schema();
    let mut found = Vec::new();
    properties(&whole, "", &mut found);
    assert!(found.len() > 150, "{}", found.len());
    for (path, schema) in found {
        let own = schema["description"].as_str();
        let text = own.or(resolved(&schema, &whole)["description"].as_str()).unwrap_or_default();
        let is_kind_of_policy = path.ends_with("/kind") && schema["const"].is_string();
        assert!(text.len() > 7 || is_kind_of_policy, "{path} has no description: {schema}");
    }
}

#[test]
fn the_policies_of_the_schema_are_those_of_the_schema_of_policies() {
    let policy = serde_json::to_value(redrive::policy::schema::policy()).unwrap();
    let whole = schema();
    for name in ["type", "additionalProperties", "properties"] {
        assert_eq!(whole["$defs"]["policy"][name], policy[name]);
    }
    for (name, definition) in policy["$defs"].as_object().unwrap() {
        assert_eq!(&whole["$defs"][name], definition, "{name}");
    }
}

#[test]
fn the_pointer_to_a_schema_is_read_past_and_never_written() {
    let plain = with("seed", json!(7));
    let mut pointed = plain.clone();
    pointed["$schema"] = json!("./node_modules/redrive/schema/scenario.json");
    let (plain, pointed) = (read(&plain).unwrap(), read(&pointed).unwrap());
    assert_eq!(plain, pointed);
    assert_eq!(pointed.to_value().get("$schema"), None);
    let error = read(&with("$schema", json!(7))).unwrap_err().to_string();
    assert_eq!(error, "$schema is a number; write a string");
    // Only the whole document has one.
    assert!(read(&with("client", json!({"$schema": "x"}))).unwrap_err().is_unknown_field());
}
