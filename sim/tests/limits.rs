//! What a scenario may ask for is bounded before it runs, and what it costs does not grow faster than it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redrive::wire::Value;
use redrive_sim::{Scenario, run::estimate, simulate};
use serde_json::{Value as Json, json};

fn read(json: Json) -> Result<Scenario, String> {
    let tree: Value = serde_json::from_value(json).unwrap();
    Scenario::from_value(&tree).map_err(|error| error.to_string())
}

/// Ten tasks, and so many short faults one after the other.
fn with_faults(count: u32) -> Json {
    let fault = |i: u32| json!({"mode": "down", "from": f64::from(i), "until": f64::from(i) + 0.5});
    json!({
        "arrivals": {"kind": "herd", "tasks": 10},
        "faults": (0..count).map(fault).collect::<Vec<_>>(),
        "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
    })
}

#[test]
fn a_list_that_is_too_long_is_refused_by_name() {
    let error = read(with_faults(10_001)).unwrap_err();
    assert!(error.starts_with("faults has 10001 entries, more than 10000"), "{error}");
    let layers: Vec<Json> = (0..65).map(|i| json!({"name": format!("l{i}")})).collect();
    let error = read(json!({"layers": layers, "policies": ["full"]})).unwrap_err();
    assert!(error.starts_with("layers has 65 entries, more than 64"), "{error}");
}

#[test]
fn a_fault_costs_two_events() {
    for count in [1_000, 2_000, 10_000] {
        let scenario = read(with_faults(count)).unwrap();
        let found = simulate(&scenario, &mut ()).unwrap().policies.remove(0).summary;
        // Ten attempts, and the moment after the last fault.
        assert_eq!(found.events.or_zero(), 2.0 * f64::from(count) + 11.0);
    }
}

fn bins(policies: u32, bin: &str) -> Json {
    let policy = |i: u32| json!({"name": format!("p{i}"), "preset": "full"});
    json!({
        "horizon": "2s",
        "arrivals": {"kind": "herd", "tasks": 10, "spread": "2s"},
        "report": {"bin": bin},
        "policies": (0..policies).map(policy).collect::<Vec<_>>(),
    })
}

#[test]
fn the_estimate_of_memory_counts_the_bins_of_every_policy() {
    let bytes = |policies| estimate(&read(bins(policies, "1us")).unwrap()).bytes;
    let each = (bytes(11) - bytes(1)) / 10;
    // Two million bins of seven series of four bytes.
    assert!(each >= 2_000_000 * 28, "{each}");
    let error = simulate(&read(bins(100, "1us")).unwrap(), &mut ()).unwrap_err().to_string();
    assert!(error.starts_with("the bins of 100 policies need about"), "{error}");
    assert!(error.contains("raise report.bin"), "{error}");
    assert!(bytes(1) < read(bins(1, "1us")).unwrap().limits.memory, "one policy may run");
}

#[test]
fn the_estimate_of_memory_counts_layers_and_clients() {
    let bytes = |more: Json| {
        let mut json = bins(1, "1us");
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        estimate(&read(json).unwrap()).bytes
    };
    let plain = bytes(json!({}));
    assert!(bytes(json!({"layers": [{"name": "a"}]})) > plain + 2 * 2_000_000 * 16);
    let throttled = json!({"client": {"count": 1_000_000, "throttle": {}}});
    assert!(bytes(throttled) > plain + 100_000_000);
}
