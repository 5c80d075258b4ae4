//! `redrive` alone does the main job: it shows the herd and leaves a report.

use crate::support::{Place, json, names};

#[test]
fn bare_redrive_compares_the_policies_and_leaves_a_report() {
    let place = Place::new();
    let out = place.ok(&[]);
    for policy in ["none", "proportional", "equal", "full", "decorrelated", "classic"] {
        assert!(out.lines().any(|line| line.starts_with(policy)), "no row for {policy}:\n{out}");
    }
    assert!(out.contains("jitter alone makes it"), "{out}");
    assert!(out.contains("redrive-out/report.html"), "{out}");
    let files = names(&place.path("redrive-out"));
    for file in ["report.html", "attempts.svg", "attempts.png", "summary.json", "timeline.csv"] {
        assert!(files.iter().any(|name| name == file), "{file} is missing: {files:?}");
    }
    assert_eq!(place.names(), ["redrive-out"], "nothing else is left");
}

#[test]
fn the_herd_is_what_the_specification_of_this_project_promises() {
    let outcome = json(&Place::new().ok(&["simulate", "herd", "--seed", "42", "--format", "json"]));
    let peak = |name: &str| {
        let policies = outcome["policies"].as_array().expect("a list");
        let policy = policies.iter().find(|policy| policy["name"] == name).expect("the policy");
        policy["peakAfterFaultPerSecond"].as_f64().expect("a number")
    };
    assert!(peak("none") >= 20.0 * peak("full"), "{} and {}", peak("none"), peak("full"));
    assert!(peak("proportional") >= 2.0 * peak("full"));
    assert_eq!(peak("classic"), 0.0);
}

#[test]
fn json_and_markdown_write_no_files_unless_asked() {
    let place = Place::new();
    place.ok(&["simulate", "--tasks", "100", "--format", "json"]);
    let table = place.ok(&["simulate", "--tasks", "100", "--format", "markdown"]);
    assert!(table.contains("| full |"), "{table}");
    assert!(table.contains("redrive simulate herd --tasks 100 --seed 42"), "{table}");
    assert_eq!(place.names(), Vec::<String>::new());
    place.ok(&["simulate", "--tasks", "100", "--format", "json", "--out", "a/b"]);
    assert!(place.path("a/b/summary.json").is_file());
}

#[test]
fn nothing_to_do_is_not_an_error() {
    let place = Place::new();
    let outcome = json(&place.ok(&["simulate", "--tasks", "0", "--format", "json"]));
    assert_eq!(outcome["policies"][0]["tasks"], 0);
    place.ok(&["simulate", "--tasks", "0"]);
    assert!(place.path("redrive-out/report.html").is_file());
}

#[test]
fn records_tell_what_happened_to_each_task() {
    let place = Place::new();
    place.ok(&["simulate", "--tasks", "50", "--policy", "classic", "--records", "--out", "o"]);
    let records = place.read("o/records.csv");
    assert_eq!(records.lines().count(), 51, "a header and a line a task");
    assert!(records.lines().skip(1).all(|line| line.ends_with(",3,exhausted")), "{records}");
}
