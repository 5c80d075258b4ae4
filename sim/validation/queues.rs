//! Queueing theory: the server without any retry, and time to drain.

use serde_json::{Value, json};

use crate::{
    check::Check,
    runner::{Failed, figures, run},
};

/// Poisson arrivals, exponential or fixed service, one attempt each, for `seconds`.
fn scenario(load: f64, workers: u32, service: &Value, limit: Option<u32>, seconds: u32) -> Value {
    json!({
        "arrivals": {"kind": "poisson", "ratePerSecond": load, "for": format!("{seconds}s")},
        "server": {"workers": workers, "service": service, "queue": {"limit": limit}},
        "report": {"bin": "10s"},
        "policies": [{"name": "once", "policy": {"version": 1, "maxAttempts": 1}}],
    })
}

fn exponential(mean: &str) -> Value {
    json!({"kind": "exponential", "mean": mean})
}

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut checks = Vec::new();
    let times = run(&scenario(8.0, 1, &exponential("100ms"), None, 50_000), 20)?;
    let of = |i: usize| {
        figures(&times[0], |s| [s.time_to_success_seconds.mean, s.time_to_success_seconds.p99][i])
    };
    checks.push(Check::mean("M/M/1", "load 8, mu 10: mean time", 0.5, &of(0), 0.0));
    let p99 = libm::log(100.0) / 2.0;
    checks.push(Check::mean("M/M/1", "load 8, mu 10: p99 time", p99, &of(1), 0.003));
    let fixed = run(&scenario(8.0, 1, &json!("100ms"), None, 50_000), 20)?;
    let mean = figures(&fixed[0], |s| s.time_to_success_seconds.mean);
    checks.push(Check::mean("M/D/1", "load 8, mu 10: mean time", 0.3, &mean, 0.0));
    let ten = run(&scenario(80.0, 10, &exponential("100ms"), None, 10_000), 20)?;
    let mean = figures(&ten[0], |s| s.time_to_success_seconds.mean);
    checks.push(Check::mean("M/M/10", "load 80, mu 10: mean time", 0.120_459, &mean, 0.0));
    // Blocking: Erlang B, and a queue with an end.
    for (name, load, workers, limit, expected) in [
        ("M/M/10/10", 80.0, 10, 0, 0.121_66),
        ("M/M/1/20", 12.0, 1, 19, 0.170_37),
        ("M/M/1/10", 9.0, 1, 9, 0.050_81),
    ] {
        let results =
            run(&scenario(load, workers, &exponential("100ms"), Some(limit), 10_000), 20)?;
        let blocked = figures(&results[0], |s| s.dead_letter_share);
        checks.push(Check::mean(name, "share refused", expected, &blocked, 5e-6));
    }
    drain(&mut checks)?;
    Ok(checks)
}

/// The backlog of an outage drains in load x outage / (capacity - load).
fn drain(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let results = run(
        &json!({
            "arrivals": {"kind": "poisson", "ratePerSecond": 800, "for": "300s"},
            "server": {"workers": 1, "service": "1ms"},
            // A server so slow that it is down, and takes what comes.
            "faults": [{"from": "0s", "until": "30s", "mode": "brownout", "capacityFactor": 0.001}],
            "report": {"bin": "1s"},
            "policies": [{"name": "once", "policy": {"version": 1, "maxAttempts": 1}}],
        }),
        10,
    )?;
    let drained: Vec<f64> = results[0]
        .iter()
        .map(|outcome| {
            let queue = &outcome.series.queue;
            let empty = queue.iter().skip(31).position(|waiting| *waiting < 50);
            empty.map_or(f64::NAN, |bins| bins as f64 + 1.0)
        })
        .collect();
    checks.push(Check::mean("drain", "800/s on 1,000/s after 30 s: seconds", 120.0, &drained, 1.5));
    Ok(())
}
