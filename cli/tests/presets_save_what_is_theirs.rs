//! Neither `patient` nor `recommended` kills what the other saves in the scenarios that are its own.
//!
//! A task in a queue may wait, so patient's own are all scenarios: it gives up what no retry mends, and
//! nothing else. A call that somebody waits for may not; recommended's own are those whose trouble is as short
//! as its eight seconds of retries, or whose tasks nothing mends.

use serde_json::Value;

use crate::support::{Place, json};

const ALL: [&str; 9] =
    ["herd", "storm", "budget", "layers", "rate-limit", "brownout", "cron", "poison", "redrive"];
const RECOMMENDED: [&str; 3] = ["budget", "poison", "redrive"];

fn outcomes(scenario: &str) -> [Value; 2] {
    let presets = ["--policy", "recommended", "--policy", "patient"];
    let format = ["simulate", scenario, "--format", "json"];
    let outcome = json(&Place::new().ok(&[&format[..], &presets].concat()));
    [outcome["policies"][0].clone(), outcome["policies"][1].clone()]
}

fn dead(outcome: &Value, but: &str) -> u64 {
    let reasons = outcome["deadLettered"].as_object().expect("reasons").iter();
    let counted = reasons.filter(|(reason, _)| *reason != but);
    counted.map(|(_, count)| count.as_u64().expect("a count")).sum()
}

#[test]
fn each_in_its_own() {
    for scenario in ALL {
        let [recommended, patient] = outcomes(scenario);
        assert_eq!(dead(&patient, "permanent"), 0, "patient kills in {scenario}: {patient}");
        let permanent = |outcome: &Value| outcome["deadLettered"]["permanent"].as_u64();
        assert!(permanent(&patient) <= permanent(&recommended), "{scenario}");
        if RECOMMENDED.contains(&scenario) {
            let succeeded = |outcome: &Value| outcome["succeeded"].as_u64();
            assert!(
                succeeded(&recommended) >= succeeded(&patient),
                "recommended saves less in {scenario}: {recommended}"
            );
        }
    }
}
