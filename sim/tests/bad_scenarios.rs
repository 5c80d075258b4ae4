//! A scenario that cannot be meant is refused with the path of the field and the remedy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use redrive::wire::{ConfigError, Value};
use redrive_sim::{Loader, Scenario, SimError, simulate};
use serde_json::{Value as Json, json};

fn read(json: Json) -> Result<Scenario, ConfigError> {
    let tree: Value = serde_json::from_value(json).unwrap();
    Scenario::from_value(&tree)
}

fn with(field: &str, value: Json) -> Json {
    let mut json = json!({"arrivals": {"kind": "herd", "tasks": 10}, "policies": ["full"]});
    json[field] = value;
    json
}

#[test]
fn each_mistake_is_named_by_its_path() {
    let endless = json!({"version": 1, "maxAttempts": null, "maxElapsed": "1h"});
    for (json, says) in [
        (with("arivals", json!({})), "did you mean \"arrivals\"?"),
        (with("arrivals", json!({"kind": "hurd"})), "arrivals.kind = \"hurd\""),
        (with("arrivals", json!({})), "arrivals.kind is missing"),
        (with("arrivals", json!({"kind": "herd", "task": 1})), "did you mean \"tasks\"?"),
        (with("arrivals", json!({"kind": "herd", "tasks": -1})), "arrivals.tasks = -1 is below 0"),
        (with("arrivals", json!({"kind": "poisson"})), "never end, and horizon is not given"),
        (with("arrivals", json!({"kind": "rate", "steps": []})), "arrivals.steps is empty"),
        (
            with(
                "arrivals",
                json!({"kind": "rate", "for": "9s", "steps": [
                {"at": "5s", "perSecond": 1}, {"at": "1s", "perSecond": 1}]}),
            ),
            "arrivals.steps[1].at is not after",
        ),
        (with("arrivals", json!({"kind": "trace", "counts": [1]})), "arrivals.bin is missing"),
        (
            with("arrivals", json!({"kind": "trace", "file": "x.csv", "bin": "1s"})),
            "cannot be read here",
        ),
        (with("server", json!({"workers": 0})), "server.workers = 0 is below 1"),
        (with("server", json!({"queue": {"limit": 5}})), "server.workers is missing"),
        (with("server", json!({"service": "-1s"})), "server.service = \"-1s\""),
        (
            with("server", json!({"capacityPerSecond": 5, "service": "1s"})),
            "server.capacityPerSecond is given as well as service",
        ),
        (with("server", json!({"workers": 1, "onFull": "timeout"})), "client.timeout is missing"),
        (with("faults", json!([{"mode": "hang"}])), "client.timeout is missing"),
        (
            with("faults", json!([{"mode": "errors", "rate": 1.5}])),
            "faults[0].rate = 1.5 is above 1",
        ),
        (
            with("faults", json!([{"mode": "down", "from": "2s", "until": "1s"}])),
            "faults[0].until is not after from",
        ),
        (
            with("faults", json!([{"mode": "down", "layer": "x"}])),
            "faults[0].layer = \"x\" is not a layer",
        ),
        (with("client", json!({"breaker": {}})), "client.breaker.openFor is missing"),
        (with("client", json!({"throttle": {"k": 0.9}})), "client.throttle.k = 0.9 is below 1"),
        (with("client", json!({"throttle": {"k": "2"}})), "client.throttle.k"),
        (
            with("client", json!({"throttle": {"window": "1us"}})),
            "client.throttle.window = 1us is below 1ms",
        ),
        (with("client", json!({"throttle": 2})), "client.throttle"),
        (with("client", json!({"throttle": {"windw": "1m"}})), "did you mean \"window\"?"),
        (with("client", json!({"count": 1, "hosts": 5})), "client.hosts is above client.count"),
        (with("contention", json!({"rows": 0})), "contention.rows = 0 is below 1"),
        (
            with("redrive", json!({"rate": 5, "spread": "1s"})),
            "redrive.spread is given as well as rate",
        ),
        (with("report", json!({"bin": "1ns"})), "report.bin = 1ns is below"),
        (with("policies", json!([])), "policies is empty"),
        (with("policies", json!(["fulll"])), "did you mean \"full\"?"),
        (with("policies", json!(["full", "full"])), "is given twice"),
        (with("policies", json!([{"name": "x"}])), "policies[0] needs exactly one of"),
        (
            with("policies", json!([{"name": "x", "policy": {"version": 1, "maxAttempts": 0}}])),
            "policies[0].policy.maxAttempts = 0 is below 1",
        ),
    ] {
        let shown = json.to_string();
        let error = read(json).expect_err(&shown).to_string();
        assert!(error.contains(says), "{shown}\n  says {error:?}\n  not {says:?}");
    }
    // A deadline ends what has no limit of attempts, so this one is fine.
    let mut ends = with("faults", json!([{"mode": "down"}]));
    ends["policies"] = json!([{"name": "x", "policy": endless}]);
    assert!(read(ends).is_ok());
}

#[test]
fn contention_takes_the_servers_place() {
    let mut json = with("contention", json!({}));
    json["server"] = json!({"workers": 1});
    let error = read(json).unwrap_err().to_string();
    assert!(error.starts_with("server has no effect with contention"), "{error}");

    let mut json = with("contention", json!({}));
    json["client"] = json!({"throttle": {}});
    let error = read(json).unwrap_err().to_string();
    assert!(error.starts_with("client.throttle has no effect with contention"), "{error}");
}

#[test]
fn what_does_not_fit_the_limits_is_refused_with_the_number_to_lower() {
    let mut json = with("limits", json!({"memoryMb": 10}));
    json["arrivals"]["tasks"] = json!(10_000_000);
    let error = simulate(&read(json).unwrap(), &mut ()).unwrap_err();
    assert!(error.is_limit());
    let text = error.to_string();
    assert!(
        text.contains("10000000 tasks need about") && text.contains("lower the tasks"),
        "{text}"
    );

    let mut json = with("limits", json!({"events": 1000}));
    json["arrivals"]["tasks"] = json!(300_000);
    let error = simulate(&read(json).unwrap(), &mut ()).unwrap_err();
    assert!(matches!(&error, SimError::Limit { message } if message.contains("limits.events")));

    let json = json!({"arrivals": {"kind": "poisson", "ratePerSecond": 1e9}, "horizon": "1h",
                      "policies": ["full"]});
    let error = read(json).unwrap_err().to_string();
    assert!(error.contains("lower the rate, the clients or the horizon"), "{error}");
}

#[test]
fn no_tasks_and_the_largest_numbers_work() {
    let mut none = with("seed", json!(u64::MAX));
    none["arrivals"]["tasks"] = json!(0);
    let outcome = simulate(&read(none).unwrap(), &mut ()).unwrap();
    assert_eq!(outcome.policies[0].summary.attempts.or_zero(), 0.0);

    let far = json!({"version": 1, "maxAttempts": u32::MAX, "jitter": "none",
                     "backoff": {"kind": "constant", "delay": 18_446_744_073_709_u64}});
    let mut json = with("faults", json!([{"mode": "down"}]));
    json["horizon"] = json!("1h");
    json["policies"] = json!([{"name": "far", "policy": far}]);
    let summary = simulate(&read(json).unwrap(), &mut ()).unwrap().policies.remove(0).summary;
    assert_eq!(summary.unfinished.or_zero(), 10.0);
}

/// Files of a test.
struct Text(&'static str);

impl Loader for Text {
    fn text(&mut self, _: &str) -> Result<String, String> {
        Ok(self.0.to_owned())
    }

    fn tree(&mut self, _: &str) -> Result<Value, String> {
        Err("holds no policy".to_owned())
    }
}

#[test]
fn a_trace_and_measured_times_come_from_files_and_a_bad_row_is_named() {
    let json = json!({
        "arrivals": {"kind": "trace", "file": "counts.csv", "column": "value", "bin": "5m",
                     "scale": 0.5},
        "server": {"workers": 2, "service": {"kind": "empirical", "file": "counts.csv"}},
        "policies": ["full"],
    });
    let tree: Value = serde_json::from_value(json).unwrap();
    let mut good = Text("timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,57.0\n");
    let scenario = Scenario::read(&tree, &mut good).unwrap();
    let summary = simulate(&scenario, &mut ()).unwrap().policies.remove(0).summary;
    // Half of 151, rounded at the end and not at every row.
    assert_eq!(summary.tasks.or_zero(), 76.0);
    for (text, says) in [
        (
            "timestamp,value\n2014-04-10,94.0\n2014-04-11,oops\n",
            "row 3 of counts.csv holds a value in column 2",
        ),
        ("timestamp,value\n2014-04-11,94.0\n2014-04-10,1\n", "row 3 of counts.csv lies before"),
        ("timestamp,value\n2014-04-10,-4\n", "row 2 of counts.csv holds a number which is"),
        ("timestamp,count\n2014-04-10,4\n", "is not a column of counts.csv"),
    ] {
        let error = Scenario::read(&tree, &mut Text(text)).unwrap_err().to_string();
        assert!(error.contains(says), "{error:?} does not say {says:?}");
    }
}
