//! C5, C14, Gilbert-Elliott: failures that do not depend on the load.

use serde_json::json;

use crate::{
    check::Check,
    runner::{Failed, figures, run},
};

/// Retries at once, so many attempts.
fn at_once(attempts: u32) -> serde_json::Value {
    json!({"version": 1, "backoff": {"kind": "constant", "delay": "0s"}, "jitter": "none",
           "maxAttempts": attempts})
}

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut checks = Vec::new();
    for (rate, attempts) in [(0.5, 4_u32), (0.75, 4), (0.2, 3)] {
        let results = run(
            &json!({
                "arrivals": {"kind": "herd", "tasks": 100_000, "spread": "1s"},
                "faults": [{"mode": "errors", "rate": rate}],
                "policies": [{"name": "p", "policy": at_once(attempts)}],
            }),
            10,
        )?;
        let mut power = 1.0;
        for _ in 0..attempts {
            power *= rate;
        }
        let amplification = figures(&results[0], |summary| summary.amplification);
        let goodput = figures(&results[0], |summary| summary.goodput_per_first);
        let expected = (1.0 - power) / (1.0 - rate);
        let what = format!("errors {rate}, {attempts} attempts");
        let load = format!("{what}: amplification");
        checks.push(Check::mean("C5", load, expected, &amplification, 0.0));
        checks.push(Check::mean("C5", format!("{what}: success"), 1.0 - power, &goodput, 0.0));
    }
    layers(&mut checks)?;
    gilbert_elliott(&mut checks)?;
    Ok(checks)
}

/// Attempts at the bottom of a stack in which every layer retries.
fn layers(checks: &mut Vec<Check>) -> Result<(), Failed> {
    for (depth, attempts, rate) in [(5_u32, 3_u32, 1.0), (3, 4, 1.0), (3, 3, 0.5), (3, 3, 0.9)] {
        let layers: Vec<_> = (1..depth)
            .map(|i| json!({"name": format!("layer {i}"), "policy": at_once(attempts)}))
            .collect();
        let tasks = if rate < 1.0 { 20_000 } else { 100 };
        let results = run(
            &json!({
                "arrivals": {"kind": "herd", "tasks": tasks},
                "layers": layers,
                "faults": [{"mode": "errors", "rate": rate}],
                "policies": [{"name": "p", "policy": at_once(attempts)}],
            }),
            10,
        )?;
        // Each layer makes (1 - q^A) / (1 - q) attempts when the one below fails with q.
        let (mut expected, mut failure) = (1.0, rate);
        for _ in 0..depth {
            let mut power = 1.0;
            for _ in 0..attempts {
                power *= failure;
            }
            let each =
                if failure < 1.0 { (1.0 - power) / (1.0 - failure) } else { f64::from(attempts) };
            expected *= each;
            failure = power;
        }
        let bottom: Vec<f64> = results[0]
            .iter()
            .filter_map(|outcome| outcome.summary.layers.last())
            .map(|layer| layer.amplification.or_zero())
            .collect();
        let what = format!("{depth} layers of {attempts} attempts, errors {rate}: at the bottom");
        checks.push(Check::mean("C14", what, expected, &bottom, 1e-9));
    }
    Ok(())
}

/// Errors in bursts: their share, and how likely the next attempts fail too.
fn gilbert_elliott(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let results = run(
        &json!({
            "arrivals": {"kind": "poisson", "ratePerSecond": 1000, "for": "1000s"},
            "faults": [{"mode": "bursts", "enter": 0.01, "exit": 0.1, "goodRate": 0, "badRate": 1}],
            "report": {"bin": "1s"},
            "policies": [{"name": "1", "policy": at_once(1)}, {"name": "2", "policy": at_once(2)},
                         {"name": "3", "policy": at_once(3)}, {"name": "4", "policy": at_once(4)}],
        }),
        8,
    )?;
    // An attempt that is retried at once is the chain's next step.
    let lost = figures(&results[0], |summary| summary.dead_letter_share);
    checks.push(Check::mean("GE", "errors in bursts: share", 1.0 / 11.0, &lost, 0.0));
    for (attempts, policy) in results.iter().enumerate().skip(1) {
        // Each task sees k consecutive steps; the first is bad with 1/11 only for k = 1, because
        // the steps between tasks are taken by retries: compare by the chain's own law.
        let (bad, stay) = (1.0 / 11.0, 0.9);
        let dead = figures(policy, |summary| summary.dead_letter_share);
        let mut first = bad;
        // The start of a task is bad with b: a bad start is followed by retries until good or dead.
        for _ in 0..200 {
            let mut end_bad = 1.0;
            for _ in 0..attempts {
                end_bad *= stay;
            }
            // After a task the chain is bad only if all its attempts were; then one step on.
            let last_bad = first * end_bad;
            first = last_bad * stay + (1.0 - last_bad) * 0.01;
        }
        let mut expected = first;
        for _ in 0..attempts {
            expected *= stay;
        }
        let what = format!("errors in bursts: {} attempts at once all fail", attempts + 1);
        checks.push(Check::mean("GE", what, expected, &dead, 0.0));
    }
    Ok(())
}
