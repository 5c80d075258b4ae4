//! Whatever the scenario: every task is somewhere, and the same seed gives the same run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use proptest::prelude::*;
use redrive::wire::Value;
use redrive_sim::{Options, Scenario, merge, outcome::Summary, run_one};
use serde_json::{Value as Json, json};

fn server() -> impl Strategy<Value = Json> {
    (1..20_u32, 0..60_u32, 1..200_u32, 0..3_usize, any::<bool>(), 0..3_usize).prop_map(
        |(workers, limit, service, queue, swallow, law)| {
            let discipline = ["fifo", "lifo", "codel"][queue];
            let service = match law {
                0 => json!(service),
                1 => json!({"kind": "exponential", "mean": service}),
                _ => json!({"kind": "pareto", "min": service, "shape": 1.5}),
            };
            json!({"workers": workers, "service": service, "slowdownPerInFlight": 0.01,
                   "queue": {"limit": limit, "discipline": discipline},
                   "onFull": if swallow { "timeout" } else { "reject" }})
        },
    )
}

fn fault() -> impl Strategy<Value = Json> {
    (0..7_usize, 0..20_u32, 1..20_u32).prop_map(|(mode, from, length)| {
        let mut fault = match mode {
            0 => json!({"mode": "down"}),
            1 => json!({"mode": "hang"}),
            2 => json!({"mode": "errors", "rate": 0.5, "served": length % 2 == 0}),
            3 => json!({"mode": "slow", "factor": 5}),
            4 => json!({"mode": "brownout", "capacityFactor": 0.1}),
            5 => json!({"mode": "rateLimit", "perSecond": 5, "retryAfter": "3s"}),
            _ => json!({"mode": "bursts"}),
        };
        fault["from"] = json!(format!("{from}s"));
        fault["until"] = json!(format!("{}s", from + length));
        fault
    })
}

fn arrivals() -> impl Strategy<Value = Json> {
    prop_oneof![
        (0..300_u32, 0..3_u32).prop_map(|(tasks, spread)| {
            json!({"kind": "herd", "tasks": tasks, "spread": format!("{spread}s")})
        }),
        (1..40_u32)
            .prop_map(|rate| json!({"kind": "poisson", "ratePerSecond": rate, "for": "20s"})),
        (1..20_u32)
            .prop_map(|n| json!({"kind": "serial", "clients": n, "think": "1s", "for": "20s"})),
        (1..20_u32)
            .prop_map(|n| json!({"kind": "cron", "clients": n, "every": "5s", "for": "20s"})),
        Just(json!({"kind": "trace", "counts": [3, 0, 50], "bin": "5s", "scale": 2})),
    ]
}

fn scenario() -> impl Strategy<Value = Json> {
    let client =
        (1..5_000_u32, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let parts = (arrivals(), server(), prop::collection::vec(fault(), 0..4), client);
    let more = (prop::collection::vec(server(), 0..3), 0..3_u32, any::<bool>(), any::<bool>());
    (parts, more, any::<u32>()).prop_map(|((arrivals, server, faults, client), more, seed)| {
        let (timeout, cancel, accept, breaker, throttle, poison) = client;
        let (layers, loss, redrive, budget) = more;
        let policy = json!({"version": 1, "maxAttempts": 4, "jitter": "full",
            "backoff": {"kind": "exponential", "initial": "300ms", "multiplier": 2},
            "budget": if budget {
                json!({"kind": "concurrency", "percent": 20, "min": 3})
            } else { Json::Null }});
        let mut json = json!({
            "seed": seed, "horizon": "60s", "arrivals": arrivals, "server": server,
            "layers": layers.into_iter().enumerate().map(|(i, mut layer)| {
                layer["name"] = json!(format!("layer {i}"));
                layer
            }).collect::<Vec<_>>(),
            "faults": faults,
            "network": {"latency": {"kind": "exponential", "mean": "5ms"},
                        "loss": f64::from(loss) * 0.05},
            "client": {"timeout": timeout, "cancelOnTimeout": cancel, "count": 3,
                "lateResponses": if accept { "accept" } else { "ignore" },
                "permanentRate": if poison { 0.1 } else { 0.0 },
                "breaker": if breaker { json!({"openFor": "1s"}) } else { Json::Null },
                "throttle": if throttle { json!({"k": 1.5, "window": "9s"}) } else { Json::Null }},
            "policies": [{"name": "p", "policy": policy}],
        });
        if redrive {
            json["redrive"] = json!({"at": "30s", "spread": "5s"});
        }
        json
    })
}

/// The scenario without what takes more than tasks and a server.
fn plain(mut json: Json) -> Json {
    for part in ["layers", "network"] {
        json.as_object_mut().unwrap().remove(part);
    }
    json["client"] = json!({"permanentRate": json["client"]["permanentRate"]});
    json["server"]["onFull"] = json!("reject");
    json["faults"].as_array_mut().unwrap().retain(|fault| fault["mode"] != "hang");
    json
}

fn ended(summary: &Summary) -> f64 {
    let rest = [summary.succeeded, summary.discarded, summary.failed, summary.cancelled];
    let sum: f64 = rest.iter().map(redrive_sim::outcome::Figure::or_zero).sum();
    sum + summary.dead_letters() + summary.unfinished.or_zero()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn every_task_is_somewhere_and_every_run_repeats(json in scenario()) {
        let tree: Value = serde_json::from_value(json).unwrap();
        let scenario = Scenario::from_value(&tree).unwrap();
        let options = Options { records: true };
        let one = |replication| run_one(&scenario, 0, replication, options, &mut ()).unwrap();
        let first = one(0);
        let summary = &first.summary;
        prop_assert_eq!(summary.tasks.or_zero(), ended(summary));
        prop_assert_eq!(first.records.len() as f64, summary.tasks.or_zero());
        let succeeded = first.records.iter().filter(|record| record.end == "succeeded").count();
        prop_assert_eq!(succeeded as f64, summary.succeeded.or_zero());
        let series: u32 = first.series.first.iter().chain(&first.series.retries).sum();
        prop_assert_eq!(f64::from(series), summary.attempts.or_zero());
        prop_assert!(first == one(0));
        // Replications give the same result in whatever order they were run.
        let (third, second) = (one(2), one(1));
        prop_assert!(merge(vec![first, second, third]) == merge(vec![one(0), one(1), one(2)]));
    }
    /// Without records a task may take one byte, with them it does not.
    #[test]
    fn how_tasks_are_kept_cannot_be_seen(json in scenario(), limit in 1..200_u32) {
        let mut json = plain(json);
        json["policies"][0]["policy"]["maxAttempts"] = json!(limit);
        let tree: Value = serde_json::from_value(json).unwrap();
        let scenario = Scenario::from_value(&tree).unwrap();
        let run = |records| run_one(&scenario, 0, 0, Options { records }, &mut ()).unwrap();
        let (mut with, without) = (run(true), run(false));
        with.records = Vec::new();
        prop_assert!(with == without, "{:?} {:?}", with.summary, without.summary);
    }
}
