//! A load over the attempts gives the phase diagram; policies that cannot have what is varied are left
//! out, and the sweep says so.

use crate::support::{Place, names};

#[test]
fn load_over_attempts() {
    let place = Place::new();
    let args = [
        "sweep",
        "storm",
        "--policy",
        "none",
        "--vary",
        "arrivals.steps[0,2].perSecond=10,60",
        "--vary",
        "policy.maxAttempts=1,4",
        "--metric",
        "collapsed",
        "--out",
        "out",
    ];
    place.ok(&args);
    let files = names(&place.path("out"));
    assert!(files.contains(&"phase.svg".to_owned()), "{files:?}");
    let svg = place.read("out/phase.svg");
    // 100/s over 4 attempts is 25/s: of the four corners only (60/s, 4) stays down.
    assert!(svg.contains("“none” comes back in 75 % of the plane"), "{svg:.900}");
    assert!(svg.contains("λ* = μ/A tells 100 % of the cells"));
}

#[test]
fn other_axes_give_none() {
    let place = Place::new();
    let args =
        ["sweep", "herd", "--tasks", "50", "--policy", "full", "--vary", "policy.maxAttempts=3,4"];
    place.ok(&[&args[..], &["--vary", "server.queue.limit=10,20", "--out", "out"]].concat());
    assert!(!names(&place.path("out")).contains(&"phase.svg".to_owned()));
}

#[test]
fn a_policy_that_draws_its_own_jitter_is_left_out() {
    let place = Place::new();
    let args =
        ["sweep", "herd", "--tasks", "50", "--vary", "policy.jitter=none,full", "--out", "out"];
    let output = place.command(&args).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("left out") && said.contains("“decorrelated”"), "{said}");
    assert!(said.contains("which draws its own"), "{said}");
    assert!(!place.read("out/sweep.csv").contains("decorrelated"));
    let args = ["sweep", "herd", "--policy", "decorrelated", "--vary", "policy.jitter=full"];
    let error = place.refused(&args);
    assert!(error.contains("draws its own"), "{error}");
}

#[test]
fn lists_and_groups_are_set_as_json() {
    let place = Place::new();
    let args = ["simulate", "herd", "--tasks", "50", "--format", "json"];
    let told =
        place.ok(&[&args[..], &["--set", "policies=[\"full\"]", "--set", "faults=[]"]].concat());
    assert_eq!(told.matches("\"name\": \"full\"").count(), 1, "{told}");
    let error = place.refused(&[&args[..], &["--set", "policies=[full]"]].concat());
    assert!(error.contains("not JSON") && error.contains("[\"full\", \"none\"]"), "{error}");
    let error = place.refused(&[&args[..], &["--set", "policies=[]"]].concat());
    assert!(error.contains("name at least one preset"), "{error}");
}
