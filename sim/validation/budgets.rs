//! C6, C7, C15: budgets and breakers when failures do not depend on the load, and the throttle, which
//! makes the load depend on what the backend accepts.

use serde_json::{Value, json};

use crate::{
    check::{Check, mean_and_error},
    runner::{Failed, figures, run},
};

/// Four attempts, retried at once, under a budget.
fn policy(name: &str, budget: &Value) -> Value {
    json!({"name": name, "policy": {"version": 1, "backoff": {"kind": "constant", "delay": "0s"},
           "jitter": "none", "maxAttempts": 4, "budget": budget}})
}

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut checks = Vec::new();
    fixed_points(&mut checks)?;
    brooker(&mut checks)?;
    clients(&mut checks)?;
    throttle(&mut checks)?;
    Ok(checks)
}

/// The load that each kind of budget settles at.
fn fixed_points(checks: &mut Vec<Check>) -> Result<(), Failed> {
    for p in [0.2, 0.5, 0.9] {
        let ratio = json!({"kind": "ratio", "percent": 10, "minPerSecond": 0, "window": "10s"});
        let success = json!({"kind": "tokenBucket", "capacity": 10, "cost": 1,
                             "refundOnSuccess": 0.1, "refundOnRetrySuccess": 0.1});
        let grpc = json!({"kind": "tokenBucket", "capacity": 10, "cost": 1, "refundOnSuccess": 0.1,
                          "refundOnRetrySuccess": 0.1, "debitOn": "failure", "threshold": 5});
        let aws = |cost: u32| json!({"kind": "tokenBucket", "capacity": 500, "cost": cost});
        let results = run(
            &json!({
                "arrivals": {"kind": "poisson", "ratePerSecond": 100, "for": "10000s"},
                "faults": [{"mode": "errors", "rate": p}],
                "report": {"bin": "10s", "windows": [{"name": "w", "from": "1000s", "to": "10000s"}]},
                "policies": [policy("ratio 10 %", &ratio), policy("per success 0.1", &success),
                             policy("gRPC 10, 0.1", &grpc), policy("AWS 500/5", &aws(5)),
                             policy("AWS 500/14", &aws(14))],
            }),
            4,
        )?;
        let unbounded = p + p * p;
        let aws = |cost: f64| 1.0 + f64::min(unbounded, (1.0 - p) / (cost * p));
        let expected = [1.1, 1.0 / (1.0 - 0.1 * (1.0 - p)), 1.0, aws(5.0), aws(14.0)];
        for (policy, expected) in results.iter().zip(expected) {
            let load = figures(policy, |summary| summary.windows[0].amplification);
            let what = format!("{}, errors {p}: attempts per task", policy[0].name);
            checks.push(Check::share("C15", what, expected, mean_and_error(&load).0, 0.01));
        }
    }
    Ok(())
}

/// Brooker's hundred clients with ten calls a second each, for a hundred seconds.
fn brooker(checks: &mut Vec<Check>) -> Result<(), Failed> {
    // A tenth of a token for each call, none lost, and five to begin with.
    let adaptive =
        json!({"kind": "ratio", "percent": 10, "minPerSecond": 0.005, "window": "1000s"});
    for (rate, success) in [(0.2, 0.8828), (0.3, 0.7745), (0.5, 0.5485)] {
        let results = run(
            &json!({
                "arrivals": {"kind": "poisson", "ratePerSecond": 1000, "for": "100s"},
                "faults": [{"mode": "errors", "rate": rate}],
                "client": {"count": 100, "budgetScope": "client"},
                "policies": [policy("adaptive", &adaptive)],
            }),
            10,
        )?;
        let load = figures(&results[0], |summary| summary.amplification);
        let goodput = figures(&results[0], |summary| summary.goodput_per_first);
        let (load, goodput) = (mean_and_error(&load).0, mean_and_error(&goodput).0);
        let what = format!("Brooker's adaptive budget, errors {rate}");
        checks.push(Check::share("C6", format!("{what}: load"), 1.104, load, 0.01));
        checks.push(Check::share("C6", format!("{what}: success"), success, goodput, 0.01));
    }
    for (rate, success, load) in [(0.05, 0.9983, 1.052), (0.2, 0.8004, 1.0003), (0.5, 0.5006, 1.0)]
    {
        let results = breaker(rate, 100, 1_000, 100, 10)?;
        let what = format!("Brooker's breaker 10 %, errors {rate}");
        checks.push(Check::share("C6", format!("{what}: success"), success, results.0, 0.01));
        checks.push(Check::share("C6", format!("{what}: load"), load, results.1, 0.01));
    }
    Ok(())
}

/// Success and load under a breaker that stops retries above 10 % of failures.
fn breaker(
    rate: f64,
    clients: u32,
    per_second: u32,
    seconds: u32,
    runs: u32,
) -> Result<(f64, f64), Failed> {
    let results = run(
        &json!({
            "arrivals": {"kind": "poisson", "ratePerSecond": per_second, "for": format!("{seconds}s")},
            "faults": [{"mode": "errors", "rate": rate}],
            "client": {"count": clients, "breaker": {"threshold": 0.1, "minCalls": 1, "stops": "retries"}},
            "policies": [policy("breaker", &Value::Null)],
        }),
        runs,
    )?;
    let goodput = figures(&results[0], |summary| summary.goodput_per_first);
    let load = figures(&results[0], |summary| summary.amplification);
    Ok((mean_and_error(&goodput).0, mean_and_error(&load).0))
}

/// The more clients share the same traffic, the less each of them knows.
fn clients(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let adaptive =
        json!({"kind": "ratio", "percent": 10, "minPerSecond": 0.0025, "window": "2000s"});
    for (count, success, load) in
        [(10, 0.99986, 1.1004), (100, 0.99863, 1.1043), (1_000, 0.98591, 1.1418)]
    {
        let results = breaker(0.05, count, 100, 1_000, 4)?;
        let what = format!("breaker 10 %, errors 0.05, {count} clients: success");
        checks.push(Check::share("C7", what, success, results.0, 0.003));
        let results = run(
            &json!({
                "arrivals": {"kind": "poisson", "ratePerSecond": 100, "for": "1000s"},
                "faults": [{"mode": "errors", "rate": 0.5}],
                "client": {"count": count, "budgetScope": "client"},
                "policies": [policy("adaptive", &adaptive)],
            }),
            4,
        )?;
        let mean = mean_and_error(&figures(&results[0], |summary| summary.amplification)).0;
        let what = format!("adaptive budget, errors 0.5, {count} clients: load");
        checks.push(Check::share("C7", what, load, mean, 0.003));
    }
    Ok(())
}

/// What a backend accepts a second of what the throttle lets through.
const ACCEPTED: f64 = 100.0;

/// Requests a second that reach a backend through the throttle of Google's SRE book.
fn throttled(
    arrivals: &Value,
    policy: &Value,
    backend: &Value,
    k: f64,
    runs: u32,
) -> Result<f64, Failed> {
    let mut scenario = json!({
        "arrivals": arrivals,
        "horizon": "3600s",
        "client": {"budgetScope": "client", "throttle": {"k": k, "window": "2m"}},
        "report": {"bin": "10s", "windows": [{"name": "w", "from": "600s", "to": "3600s"}]},
        "policies": [policy],
    });
    for (part, value) in backend.as_object().into_iter().flatten() {
        scenario[part] = value.clone();
    }
    let load = figures(&run(&scenario, runs)?[0], |summary| summary.windows[0].attempts);
    Ok(mean_and_error(&load).0 / 3_000.0)
}

/// The throttle: a backend that accepts C a second gets K C of whatever more is wanted.
///
/// What it takes: that more than K C is wanted; that to refuse costs the backend nothing, or what it
/// accepts sinks with the load; and that a client counts many requests in its window. For then, of D
/// that are wanted and C that are accepted, D p are refused at the client with p = (D - K C) / D, and
/// D - D p = K C are left. Below K C nothing is refused: the load is what is wanted.
fn throttle(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let limit = json!({"faults": [{"mode": "rateLimit", "perSecond": ACCEPTED}]});
    let queue = json!({"server": {"workers": 1, "capacityPerSecond": ACCEPTED,
                                  "queue": {"limit": 100}}});
    let once = json!({"name": "once", "policy": {"version": 1, "maxAttempts": 1}});
    let retries = policy("retries", &Value::Null);
    let poisson = |rate: u32| json!({"kind": "poisson", "ratePerSecond": rate});
    // Ten clients, each with a throttle of its own; answers come at once, so that each wants 40/s.
    // (Tasks of one Poisson stream that belong to clients in turn would not do: who comes just after
    // another finds the token gone, and some would win for good what others lose.)
    let ten = json!({"kind": "serial", "clients": 10,
                     "think": {"kind": "exponential", "mean": "25ms"}});
    let mut check = |what: String, expected: f64, load: f64| {
        checks.push(Check::share("C15", format!("SRE throttle {what}"), expected, load, 0.01));
    };
    for k in [1.1, 1.5, 2.0, 3.0] {
        let expected = k * ACCEPTED;
        let load = throttled(&poisson(400), &once, &limit, k, 2)?;
        check(format!("K {k}, 400/s wanted, rate limit 100/s: load"), expected, load);
        let load = throttled(&poisson(400), &once, &queue, k, 2)?;
        check(format!("K {k}, 400/s wanted, full queue 100/s: load"), expected, load);
        let load = throttled(&ten, &once, &limit, k, 2)?;
        check(format!("K {k}, 10 clients x 40/s, limit 100/s: load"), expected, load);
    }
    let load = throttled(&poisson(200), &retries, &queue, 2.0, 2)?;
    check("K 2, 200/s and retries, queue 100/s: load".into(), 200.0, load);
    let load = throttled(&poisson(150), &once, &limit, 2.0, 2)?;
    check("K 2, 150/s wanted, rate limit 100/s: load".into(), 150.0, load);
    Ok(())
}
