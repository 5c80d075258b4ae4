//! `redrive tune`: a policy within limits, and how sure it is of it.

use crate::support::{Place, json, names};

const TUNE: [&str; 12] = [
    "tune",
    "herd",
    "--tasks",
    "300",
    "--trials",
    "24",
    "--runs",
    "4",
    "--subject-to",
    "deadLetterShare <= 0.01",
    "--subject-to",
    "peakToCapacity <= 3",
];

#[test]
fn the_answer_works_as_a_policy_and_keeps_the_limits() {
    let place = Place::new();
    let text = place.ok(&[&TUNE[..], &["--out", "t"]].concat());
    assert!(text.contains("the constraints held in"), "{text}");
    let files = names(&place.path("t"));
    assert_eq!(files, ["pareto.png", "pareto.svg", "policy.json", "tune.json"]);
    let args =
        ["simulate", "herd", "--tasks", "300", "--policy", "t/policy.json", "--format", "json"];
    let outcome = json(&place.ok(&args));
    let share = outcome["policies"][0]["deadLetterShare"].as_f64();
    assert!(share.is_some_and(|share| share <= 0.02), "{share:?}");
}

#[test]
fn threads_change_nothing() {
    let place = Place::new();
    let run =
        |threads| place.ok(&[&TUNE[..], &["--format", "json", "--threads", threads]].concat());
    let one = run("1");
    assert_eq!(one, run("2"));
    let answer = json(&one);
    assert_eq!(answer["schema"], "redrive-tune/1");
    assert_eq!(answer["goal"], "minimize p99");
}

#[test]
fn goals_and_limits_are_checked_first() {
    let place = Place::new();
    for (extra, why) in [
        (&["--minimize", "p9"][..], "did you mean \"p90\"?"),
        (&["--subject-to", "p99 < 3"], "--subject-to"),
        (&["--subject-to", "p99 <= x"], "not a finite number"),
        (&["--minimize", "p99", "--maximize", "fairness"], "cannot be used with"),
    ] {
        let error = place.refused(&[&["tune", "herd"], extra].concat());
        assert!(error.contains(why), "{extra:?}: {error}");
    }
}
