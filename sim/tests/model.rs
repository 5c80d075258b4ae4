//! Each piece of the model does what the reference says, in cases that can be worked out by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use redrive::wire::Value;
use redrive_sim::{
    Scenario,
    outcome::{Figure, PolicyOutcome, Summary},
    simulate,
};
use serde_json::{Value as Json, json};

/// Attempts a fixed delay apart, without jitter.
fn constant(delay: &str, attempts: u32) -> Json {
    json!({"name": "p", "policy": {"version": 1, "backoff": {"kind": "constant", "delay": delay},
           "jitter": "none", "maxAttempts": attempts}})
}

fn run(json: Json) -> PolicyOutcome {
    let tree: Value = serde_json::from_value(json).unwrap();
    let scenario = Scenario::from_value(&tree).unwrap();
    simulate(&scenario, &mut ()).unwrap().policies.remove(0)
}

fn summary(json: Json) -> Summary {
    run(json).summary
}

fn near(figure: Figure, expected: f64, within: f64) {
    let value = figure.or_zero();
    assert!((value - expected).abs() <= within, "{value} is not {expected}");
}

#[test]
fn a_serial_client_starts_its_next_task_when_the_last_has_ended() {
    let found = summary(json!({
        "arrivals": {"kind": "serial", "clients": 10, "think": "100ms", "for": "10s"},
        "server": {"service": "100ms"},
        "policies": [constant("0s", 1)],
    }));
    // A task every 200 ms for each client, the first after 100 ms.
    assert_eq!(found.tasks, Figure::Count(500));
    assert_eq!(found.succeeded, Figure::Count(500));
}

#[test]
fn cron_clients_start_at_every_period() {
    let found = run(json!({
        "arrivals": {"kind": "cron", "clients": 5, "every": "1s", "for": "3s"},
        "report": {"bin": "1s"},
        "policies": [constant("0s", 1)],
    }));
    assert_eq!(found.series.first, [5, 5, 5]);
}

#[test]
fn a_hanging_server_is_noticed_by_the_timeout_alone() {
    let found = summary(json!({
        "arrivals": {"kind": "herd", "tasks": 1},
        "faults": [{"mode": "hang", "until": "1s"}],
        "client": {"timeout": "500ms"},
        "policies": [constant("200ms", 5)],
    }));
    // 0 s and 0.7 s hang for half a second each; 1.4 s is after the fault.
    assert_eq!((found.attempts, found.timed_out_attempts), (Figure::Count(3), Figure::Count(2)));
    near(found.completion_seconds, 1.4, 1e-9);
}

#[test]
fn slow_multiplies_the_service_time_and_a_brownout_takes_workers_then_speed() {
    let one = |workers: u32, tasks: u32, fault: Json| {
        let found = summary(json!({
            "arrivals": {"kind": "herd", "tasks": tasks},
            "server": {"workers": workers, "service": "1s"},
            "faults": [fault],
            "policies": [constant("0s", 1)],
        }));
        found.completion_seconds.or_zero()
    };
    assert_eq!(one(1, 2, json!({"mode": "slow", "factor": 3})), 6.0);
    assert_eq!(one(4, 8, json!({"mode": "brownout", "capacityFactor": 0.5})), 4.0);
    assert_eq!(one(1, 1, json!({"mode": "brownout", "capacityFactor": 0.25})), 4.0);
    // Two and a half workers are three, each so much slower.
    assert_eq!(one(5, 3, json!({"mode": "brownout", "capacityFactor": 0.5})), 1.2);
}

#[test]
fn a_rate_limiter_refuses_what_is_above_it_and_says_when_to_come_back() {
    let found = summary(json!({
        "arrivals": {"kind": "herd", "tasks": 30},
        "faults": [{"mode": "rateLimit", "perSecond": 5, "burst": 10, "retryAfter": "2s"}],
        "policies": [{"name": "p", "policy": {"version": 1, "maxAttempts": 9, "jitter": "none",
            "backoff": {"kind": "constant", "delay": "1ms"},
            "retryAfter": {"mode": "replace", "jitter": "none"}}}],
    }));
    assert_eq!(found.rejected_attempts, Figure::Count(20 + 10));
    near(found.completion_seconds, 4.0, 1e-9);
}

#[test]
fn lost_messages_are_noticed_by_the_timeout_alone() {
    let found = summary(json!({
        "arrivals": {"kind": "herd", "tasks": 100},
        "network": {"loss": 1},
        "client": {"timeout": "1s"},
        "policies": [constant("0s", 3)],
    }));
    assert_eq!(found.lost_messages, Figure::Count(300));
    assert_eq!(found.timed_out_attempts, Figure::Count(300));
    assert_eq!(found.dead_lettered["exhausted"], Figure::Count(100));
}

#[test]
fn abandoned_work_burns_the_server_unless_it_is_cancelled() {
    let wasted = |cancel: bool| {
        let found = summary(json!({
            "arrivals": {"kind": "herd", "tasks": 2},
            "server": {"workers": 1, "service": "10s"},
            "client": {"timeout": "1s", "cancelOnTimeout": cancel},
            "policies": [constant("0s", 1)],
        }));
        found.wasted_server_seconds.or_zero()
    };
    assert_eq!(wasted(false), 20.0);
    // One second of the first; the second never got a worker.
    assert_eq!(wasted(true), 1.0);
}

#[test]
fn a_late_answer_counts_only_where_the_client_looks_at_it() {
    let late = |rule: &str| {
        summary(json!({
            "arrivals": {"kind": "herd", "tasks": 1},
            "server": {"service": "1500ms"},
            "client": {"timeout": "1s", "lateResponses": rule},
            "policies": [constant("10s", 2)],
        }))
    };
    let accepted = late("accept");
    assert_eq!(accepted.succeeded, Figure::Count(1));
    near(accepted.completion_seconds, 1.5, 1e-9);
    let ignored = late("ignore");
    assert_eq!(ignored.succeeded, Figure::Count(0));
    near(ignored.completion_seconds, 12.0, 1e-9);
}

#[test]
fn dead_letters_are_sent_back_at_the_rate_that_is_asked_for() {
    let found = summary(json!({
        "arrivals": {"kind": "herd", "tasks": 10},
        "faults": [{"mode": "down", "until": "10s"}],
        "redrive": {"at": "20s", "rate": 1},
        "policies": [constant("0s", 1)],
    }));
    assert_eq!((found.tasks, found.redriven), (Figure::Count(10), Figure::Count(10)));
    assert_eq!(found.succeeded, Figure::Count(10));
    assert_eq!(found.dead_letters(), 0.0);
    near(found.completion_seconds, 29.0, 1e-9);
}

#[test]
fn a_rule_for_poison_makes_it_a_dead_letter_at_the_first_attempt() {
    let mut policy = constant("1s", 5);
    policy["policy"]["classify"] = json!([{"match": "poison", "action": "deadLetter"}]);
    let found = summary(json!({
        "arrivals": {"kind": "herd", "tasks": 1000},
        "client": {"permanentRate": 1},
        "policies": [policy],
    }));
    assert_eq!(found.dead_lettered["permanent"], Figure::Count(1000));
    assert_eq!(found.attempts, Figure::Count(1000));
}

#[test]
fn an_open_breaker_spares_the_server() {
    let found = summary(json!({
        "arrivals": {"kind": "herd", "tasks": 100, "spread": "100s"},
        "faults": [{"mode": "down"}],
        "client": {"count": 1, "breaker": {"threshold": 0.5, "minCalls": 10, "openFor": "1h"}},
        "policies": [constant("0s", 1)],
    }));
    assert_eq!((found.attempts, found.breaker_denied), (Figure::Count(10), Figure::Count(90)));
}

#[test]
fn a_throttle_keeps_from_the_backend_what_it_would_refuse() {
    let throttled = |scope: &str, backend: Json, timeout: Json| {
        let mut json = json!({
            "arrivals": {"kind": "herd", "tasks": 1000, "spread": "100s"},
            "client": {"count": 10, "hosts": 2, "budgetScope": scope, "throttle": {},
                       "timeout": timeout},
            "policies": [constant("0s", 1)],
        });
        for (part, value) in backend.as_object().unwrap() {
            json[part] = value.clone();
        }
        let found = summary(json);
        assert_eq!(found.attempts.or_zero() + found.throttle_denied.or_zero(), 1000.0);
        assert_eq!(found.breaker_denied, Figure::Count(0));
        found.throttle_denied.or_zero()
    };
    // What fails was accepted all the same.
    let errors = json!({"faults": [{"mode": "errors", "rate": 1}]});
    assert_eq!(throttled("client", errors, Json::Null), 0.0);
    // Of a throttle's n-th request without an accept one in n passes: 1 + 1/2 + ... of a share.
    let passes = |n: u32| (1..=n).map(|n| 1.0 / f64::from(n)).sum::<f64>();
    for (backend, timeout) in [
        (json!({"faults": [{"mode": "down"}]}), Json::Null),
        (json!({"faults": [{"mode": "hang"}]}), json!("1ms")),
        (json!({"server": {"workers": 1, "service": "1h", "queue": {"limit": 0}}}), Json::Null),
    ] {
        for (scope, shares) in [("client", 10), ("host", 2), ("all", 1)] {
            let denied = throttled(scope, backend.clone(), timeout.clone());
            let expected = 1000.0 - f64::from(shares) * passes(1000 / shares);
            assert!((denied - expected).abs() < 25.0, "{scope}: {denied}, not {expected}");
        }
    }
}

#[test]
fn what_the_throttle_refuses_fails_at_once_as_a_kind_of_its_own() {
    let policy = json!({"name": "p", "policy": {"version": 1, "maxAttempts": 5, "jitter": "none",
        "backoff": {"kind": "constant", "delay": "1s"},
        "classify": [{"match": "clientThrottle", "action": "deadLetter"},
                     {"match": "ETHROTTLE", "action": "retry"}]}});
    let found = summary(json!({
        "arrivals": {"kind": "herd", "tasks": 1000, "spread": "100s"},
        "faults": [{"mode": "down"}],
        "client": {"throttle": {"k": 1.1, "window": "1h"}},
        "policies": [policy],
    }));
    let given_up = found.dead_lettered["permanent"];
    assert_eq!(given_up, found.throttle_denied, "nothing else is permanent");
    assert!(given_up.or_zero() > 900.0, "{given_up:?}");
}

#[test]
fn codel_keeps_the_wait_short_under_overload() {
    let overload = |queue: Json| {
        summary(json!({
            "arrivals": {"kind": "poisson", "ratePerSecond": 150, "for": "60s"},
            "server": {"workers": 1, "service": "10ms", "queue": queue},
            "policies": [constant("0s", 1)],
        }))
    };
    let fifo = overload(json!({"discipline": "fifo"}));
    let codel = overload(json!({"discipline": "codel"}));
    assert_eq!(fifo.rejected_attempts, Figure::Count(0));
    assert!(codel.rejected_attempts.or_zero() > 1_000.0);
    let p90 = |found: &Summary| found.time_to_success_seconds.p90.or_zero();
    assert!(p90(&codel) < 0.5 * p90(&fifo), "{} {}", p90(&codel), p90(&fifo));
}

#[test]
fn a_full_queue_that_swallows_is_noticed_by_the_timeout_alone() {
    let found = summary(json!({
        "arrivals": {"kind": "herd", "tasks": 5},
        "server": {"workers": 1, "service": "100ms", "queue": {"limit": 1}, "onFull": "timeout"},
        "client": {"timeout": "1s"},
        "policies": [constant("0s", 1)],
    }));
    assert_eq!((found.succeeded, found.timed_out_attempts), (Figure::Count(2), Figure::Count(3)));
    assert_eq!(found.rejected_attempts, Figure::Count(0));
}

#[test]
fn lifo_serves_the_newest_first() {
    let found = run(json!({
        "arrivals": {"kind": "herd", "tasks": 3},
        "server": {"workers": 1, "service": "1s", "queue": {"discipline": "lifo"}},
        "report": {"rasterRows": 3},
        "policies": [constant("0s", 1)],
    }));
    let ends: Vec<u64> =
        found.raster.rows.iter().map(|row| row.marks[0].0.as_nanos() / 1_000_000_000).collect();
    assert_eq!(ends, [1, 3, 2]);
}

#[test]
fn what_has_not_ended_at_the_horizon_is_unfinished_and_windows_count_their_own() {
    let found = summary(json!({
        "arrivals": {"kind": "rate", "for": "10s", "steps": [{"at": "0s", "perSecond": 100}]},
        "horizon": "10s",
        "server": {"service": "1s"},
        "report": {"windows": [{"name": "first", "from": "0s", "to": "5s"},
                               {"name": "second", "from": "5s", "to": "10s"}]},
        "policies": [constant("0s", 1)],
    }));
    let (first, second) = (&found.windows[0], &found.windows[1]);
    assert_eq!(first.tasks.or_zero() + second.tasks.or_zero(), found.tasks.or_zero());
    assert_eq!(first.succeeded.or_zero() + second.succeeded.or_zero(), found.succeeded.or_zero());
    // The last second's tasks are still at the server.
    near(found.unfinished, 100.0, 35.0);
    let ended = found.succeeded.or_zero() + found.unfinished.or_zero();
    assert_eq!(found.tasks.or_zero(), ended);
}

#[test]
fn a_service_recovers_when_goodput_is_back_and_stays() {
    let found = summary(json!({
        "arrivals": {"kind": "poisson", "ratePerSecond": 200, "for": "100s"},
        "faults": [{"mode": "down", "from": "30s", "until": "50s"}],
        "report": {"bin": "1s"},
        "policies": [constant("0s", 1)],
    }));
    near(found.recover_seconds, 0.0, 1.0);
    assert_eq!(found.collapsed, Figure::Count(0));
    near(found.drain_seconds, 50.0, 0.2);
}
