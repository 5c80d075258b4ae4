//! The same seed gives the same result, on however many threads.

use serde_json::Value;

use crate::support::{Place, json};

fn without_clock(text: &str) -> Value {
    let mut outcome = json(text);
    for policy in outcome["policies"].as_array_mut().expect("a list") {
        policy.as_object_mut().expect("an object").remove("wallSeconds");
    }
    outcome
}

#[test]
fn twice_the_same() {
    let place = Place::new();
    let args = ["simulate", "herd", "--seed", "7", "--format", "json"];
    assert_eq!(without_clock(&place.ok(&args)), without_clock(&place.ok(&args)));
}

#[test]
fn another_seed_another_run() {
    let place = Place::new();
    let run = |seed| json(&place.ok(&["simulate", "--seed", seed, "--format", "json"]));
    let hash = |outcome: &Value| outcome["policies"][3]["traceHash"].clone();
    let (one, other) = (run("7"), run("order-17"));
    assert_eq!(one["policies"][3]["name"], "full");
    assert_ne!(hash(&one), hash(&other));
}

#[test]
fn threads_change_nothing() {
    let place = Place::new();
    let run = |threads| {
        let args = ["simulate", "--tasks", "2000", "--runs", "9", "--format", "json", "--threads"];
        without_clock(&place.ok(&[&args[..], &[threads]].concat()))
    };
    let one = run("1");
    assert_eq!(one["runs"], 9);
    assert!(one["policies"][3]["attempts"]["ci95"].as_f64().is_some_and(|ci95| ci95 > 0.0));
    assert_eq!(one, run("2"));
    assert_eq!(one, run("8"));
}

#[test]
fn pictures_and_timeline_are_the_same_bytes() {
    let place = Place::new();
    for folder in ["a", "b"] {
        place.ok(&["simulate", "--tasks", "300", "--out", folder]);
    }
    for file in ["attempts.svg", "tasks.svg", "timeline.csv", "report.html"] {
        assert_eq!(place.read(&format!("a/{file}")), place.read(&format!("b/{file}")), "{file}");
    }
    let png = |folder: &str| std::fs::read(place.path(folder).join("attempts.png")).expect("a PNG");
    assert!(png("a") == png("b"));
}
