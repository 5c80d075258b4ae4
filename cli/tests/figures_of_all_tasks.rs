//! What is said is of all tasks: what was lost and why, that a fault does not end, and no herd where
//! nothing is retried.

use crate::support::{Place, json};

const ALL_DEAD: &str = r#"{"name": "alldead", "horizon": "60s",
    "arrivals": {"kind": "poisson", "ratePerSecond": 10, "for": "30s"}, "faults": [{"mode": "down"}],
    "server": {"capacityPerSecond": 10}, "policies": ["full", "none", "classic"]}"#;

const QUEUE: &str = r#"{"name": "mm1", "horizon": "2000s",
    "arrivals": {"kind": "poisson", "ratePerSecond": 8},
    "server": {"workers": 1, "service": {"kind": "exponential", "mean": "100ms"}},
    "report": {"objective": "2s"},
    "policies": [{"name": "one", "policy": {"maxAttempts": 1}}]}"#;

#[test]
fn a_fault_that_does_not_end_is_said_with_what_is_left() {
    let place = Place::with("s.json", ALL_DEAD);
    let out = place.ok(&["simulate", "s.json"]);
    let text = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("The fault (down) does not end"), "{text}");
    assert!(text.contains("under “full”") && text.contains("unfinished"), "{text}");
    assert!(!text.contains("recovering") && !text.contains("drained"), "{text}");
}

#[test]
fn without_retries_there_is_no_herd() {
    let place = Place::with("s.json", QUEUE);
    let out = place.ok(&["simulate", "s.json"]);
    let text = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Nothing is retried: the server gets"), "{text}");
    assert!(text.contains("within 2 s"), "{text}");
    let outcome = json(&place.ok(&["simulate", "s.json", "--format", "json"]));
    let one = &outcome["policies"][0];
    let within = one["withinObjective"].as_f64().expect("a share");
    // M/M/1 at 0.8: the time in the system is exponential with a mean of 500 ms.
    assert!((within - (1.0 - libm::exp(-4.0))).abs() < 0.02, "{within}");
    assert!(one["peakOverWindowToCapacity"].as_f64() < Some(3.0), "{one}");
}

#[test]
fn why_tasks_were_given_up_is_said() {
    let place = Place::new();
    let policies = ["--policy", "classic", "--policy", "grpc"];
    let shared = ["--set", "client.budgetScope=all"];
    let args = ["simulate", "herd", "--tasks", "500"].into_iter().chain(policies).chain(shared);
    let out = place.ok(&args.collect::<Vec<_>>());
    let text = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("it gives up after at most 6.6 s; the outage lasts 30 s"), "{text}");
    assert!(text.contains("the retry budget, one for all 500 tasks, was empty"), "{text}");
    assert!(text.contains("Try maxAttempts = "), "{text}");
}

#[test]
fn a_policy_without_an_end_runs_to_the_horizon() {
    let place = Place::new();
    let set = ["--set", "policy.maxAttempts=unlimited", "--set", "horizon=2m", "--policy", "full"];
    let out =
        place.ok(&[&["simulate", "herd", "--tasks", "100", "--format", "json"], &set[..]].concat());
    assert_eq!(json(&out)["policies"][0]["succeeded"], 100);
}

#[test]
fn advice_for_a_policy_is_tried_on_a_scenario() {
    let place = Place::with("p.json", "{}");
    let out = place.ok(&["check", "p.json", "--scenario", "herd"]);
    assert!(out.contains("gives up after at most 6.6 s; the outage lasts 30 s"), "{out}");
    assert!(out.contains("maxAttempts = ") && out.contains("more tasks succeed"), "{out}");
}

#[test]
fn a_comparison_fails_on_what_it_is_told_to() {
    let place = Place::new();
    for (file, policy) in [("a.json", "full"), ("b.json", "none")] {
        let args =
            ["simulate", "herd", "--tasks", "300", "--policy", "full", "--format", "json", "--set"];
        let jitter = format!("policy.jitter={policy}");
        place.write(file, &place.ok(&[&args[..], &[jitter.as_str()]].concat()));
    }
    let gate = |gate: &str| place.run(&["compare", "a.json", "b.json", "--fail-on", gate]).code;
    assert_eq!(gate("peakAttemptsPerSecond > +10 %"), Some(1));
    assert_eq!(gate("peakAttemptsPerSecond < -10 %"), Some(0));
    assert_eq!(gate("succeededShare < 0.5"), Some(0));
    assert_eq!(gate("succeededShare > 0.5"), Some(1));
    assert_eq!(gate("amplification > +100000"), Some(0));
    for bad in ["p99", "p98 > 1", "p99 > much", "p99 >"] {
        assert_eq!(gate(bad), Some(2), "{bad}");
    }
}

#[test]
fn a_sweep_of_several_runs_has_intervals() {
    let place = Place::new();
    let jitters = r#"policy.jitter=none,{"kind":"symmetric","factor":0.2}"#;
    place.ok(&[
        "sweep", "herd", "--tasks", "50", "--policy", "full", "--vary", jitters, "--runs", "3",
        "--out", "o",
    ]);
    let csv = place.read("o/sweep.csv");
    assert!(csv.lines().next().is_some_and(|head| head.contains("p99,p99Ci95,")), "{csv}");
    assert_eq!(csv.lines().count(), 3, "{csv}");
}
