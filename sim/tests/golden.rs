//! Same scenario, same trace: every built-in scenario gives the frozen trace hashes natively.
//!
//! Node reads the same file through WebAssembly. `cargo xtask golden --bless` is how it is written.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{env, fs, path::PathBuf};

use redrive_sim::{Scenario, scenario::builtins, simulate};

/// The scenario's own seed, and one that needs all 64 bits.
const SEEDS: [Option<&str>; 2] = [None, Some("18446744073709551615")];

/// One line for each scenario, seed and policy, in the form of tests/golden/traces.json.
fn traces() -> String {
    let mut lines = Vec::new();
    for builtin in builtins() {
        for seed in SEEDS {
            let mut tree = builtin.value();
            if let Some(seed) = seed {
                Scenario::set(&mut tree, "seed", seed).unwrap();
            }
            let outcome = simulate(&Scenario::from_value(&tree).unwrap(), &mut ()).unwrap();
            for policy in &outcome.policies {
                let (seed, hash) = (outcome.seed, &policy.summary.trace_hash);
                lines.push(format!(r#"["{}","{seed}","{}","{hash}"]"#, builtin.name, policy.name));
            }
        }
    }
    let about = "traces: scenario, seed, policy, and the hash over all events in order.";
    format!("{{\n\"about\":\"{about}\",\n\"traces\":[\n{}\n]\n}}\n", lines.join(",\n"))
}

#[test]
fn every_built_in_scenario_gives_the_frozen_trace() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/traces.json");
    let now = traces();
    if env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let frozen = fs::read_to_string(&path).unwrap();
    for (frozen, now) in frozen.lines().zip(now.lines()) {
        assert_eq!(frozen, now, "the stream has changed");
    }
    assert_eq!(frozen.lines().count(), now.lines().count(), "scenarios came or went");
}
