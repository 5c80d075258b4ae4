//! Families of queues and laws of which there is a formula, beside those of the other parts.

use redrive_sim::{Options, outcome::Figure, run_one, simulate_runs};
use serde_json::{Value, json};

use crate::{
    check::Check,
    runner::{Failed, figures, run, scenario},
};

fn exponential(mean: &str) -> Value {
    json!({"kind": "exponential", "mean": mean})
}

fn once() -> Value {
    json!([{"name": "once", "policy": {"version": 1, "maxAttempts": 1}}])
}

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut checks = Vec::new();
    finite_queue(&mut checks)?;
    regular_arrivals(&mut checks)?;
    impatience(&mut checks)?;
    closed_network(&mut checks)?;
    last_in_first_out(&mut checks)?;
    order_statistics(&mut checks)?;
    gilbert_elliott(&mut checks)?;
    coverage(&mut checks)?;
    Ok(checks)
}

/// Means in a birth-death process: births at `birth`, deaths `death(n)`, at most `most`. The
/// probabilities of the states.
fn states(birth: f64, death: impl Fn(f64) -> f64, most: usize) -> Vec<f64> {
    let mut p = vec![1.0];
    for n in 1..=most {
        p.push(p[n - 1] * birth / death(n as f64));
    }
    let sum: f64 = p.iter().sum();
    p.iter().map(|p| p / sum).collect()
}

/// M/M/c/K: three workers, five places.
fn finite_queue(checks: &mut Vec<Check>) -> Result<(), Failed> {
    for (load, workers, places) in [(40.0, 3_u32, 5_u32), (25.0, 3, 20), (120.0, 8, 4)] {
        let results = run(
            &json!({
                "arrivals": {"kind": "poisson", "ratePerSecond": load, "for": "10000s"},
                "server": {"workers": workers, "service": exponential("100ms"),
                           "queue": {"limit": places}},
                "report": {"bin": "10s"},
                "policies": once(),
            }),
            20,
        )?;
        let (c, k) = (f64::from(workers), (workers + places) as usize);
        let p = states(load, |n| 10.0 * n.min(c), k);
        let number: f64 = p.iter().zip(0_u32..).map(|(p, n)| p * f64::from(n)).sum();
        let blocked = p[k];
        let time = number / (load * (1.0 - blocked));
        let what = |figure: &str| format!("M/M/{workers}/{k}, load {load}: {figure}");
        let found = figures(&results[0], |s| s.dead_letter_share);
        checks.push(Check::mean("M/M/c/K", what("share refused"), blocked, &found, 1e-6));
        let found = figures(&results[0], |s| s.time_to_success_seconds.mean);
        checks.push(Check::mean("M/M/c/K", what("mean time"), time, &found, 0.0));
    }
    Ok(())
}

/// D/M/1: a clock sends, and sigma = exp(-(1 - sigma) mu / lambda).
fn regular_arrivals(checks: &mut Vec<Check>) -> Result<(), Failed> {
    for (every, load) in [("125ms", 8.0), ("200ms", 5.0)] {
        let results = run(
            &json!({
                "arrivals": {"kind": "cron", "clients": 1, "every": every, "for": "20000s"},
                "server": {"workers": 1, "service": exponential("100ms")},
                "report": {"bin": "10s"},
                "policies": once(),
            }),
            20,
        )?;
        let mut sigma = 0.5;
        for _ in 0..1_000 {
            sigma = libm::exp(-(1.0 - sigma) * 10.0 / load);
        }
        let time = 1.0 / (10.0 * (1.0 - sigma));
        let found = figures(&results[0], |s| s.time_to_success_seconds.mean);
        checks.push(Check::mean("D/M/1", format!("load {load}: mean time"), time, &found, 0.0));
    }
    Ok(())
}

/// M/M/1+M: everybody in the system may leave, at the worker too.
fn impatience(checks: &mut Vec<Check>) -> Result<(), Failed> {
    for (patience, leave) in [("100ms", 10.0), ("500ms", 2.0), ("5s", 0.2)] {
        let results = run(
            &json!({
                "arrivals": {"kind": "poisson", "ratePerSecond": 12, "for": "10000s"},
                "server": {"workers": 1, "service": exponential("100ms")},
                "client": {"patience": exponential(patience), "cancelOnTimeout": true},
                "report": {"bin": "10s"},
                "policies": once(),
            }),
            20,
        )?;
        let p = states(12.0, |n| 10.0 + leave * n, 400);
        let served = 10.0 * (1.0 - p[0]) / 12.0;
        let found = figures(&results[0], |s| s.goodput_per_first);
        let what = format!("M/M/1+M, patience {patience}: share served");
        checks.push(Check::mean("M/M/1+M", what, served, &found, 0.0));
    }
    Ok(())
}

/// Clients who think and one server, by mean value analysis.
fn closed_network(checks: &mut Vec<Check>) -> Result<(), Failed> {
    for clients in [3_u32, 10, 30] {
        let results = run(
            &json!({
                "arrivals": {"kind": "serial", "clients": clients, "think": exponential("1s"),
                             "for": "5000s"},
                "server": {"workers": 1, "service": exponential("100ms")},
                "report": {"bin": "10s"},
                "policies": once(),
            }),
            20,
        )?;
        let (mut queue, mut time, mut rate) = (0.0, 0.0, 0.0);
        for n in 1..=clients {
            time = 0.1 * (1.0 + queue);
            rate = f64::from(n) / (1.0 + time);
            queue = rate * time;
        }
        let found = figures(&results[0], |s| s.time_to_success_seconds.mean);
        let what = |figure: &str| format!("{clients} clients, think 1 s, service 0.1 s: {figure}");
        // The start is empty: a share of the run that no long one sees.
        checks.push(Check::near("MVA", what("mean time"), time, &found, 0.002));
        let found: Vec<f64> =
            figures(&results[0], |s| s.succeeded).iter().map(|n| n / 5_000.0).collect();
        checks.push(Check::near("MVA", what("tasks a second"), rate, &found, 0.002));
    }
    Ok(())
}

/// M/M/1 served last in, first out: the same mean, and the wait's second moment is that of first in,
/// first out over (1 - rho).
fn last_in_first_out(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let (lambda, mu) = (6.0, 10.0);
    for (discipline, factor) in [("fifo", 1.0), ("lifo", 1.0 / (1.0 - lambda / mu))] {
        let scenario = scenario(&json!({
            "arrivals": {"kind": "poisson", "ratePerSecond": lambda, "for": "5000s"},
            "server": {"workers": 1, "service": exponential("100ms"),
                       "queue": {"discipline": discipline}},
            "report": {"bin": "10s"},
            "policies": once(),
        }))?;
        let mut moments = [Vec::new(), Vec::new()];
        for replication in 0..20 {
            let options = Options { records: true };
            let found = run_one(&scenario, 0, replication, options, &mut ())?;
            let times = found.records.iter().filter_map(|record| {
                Some((record.ended?.as_nanos() - record.arrived.as_nanos()) as f64 / 1e9)
            });
            let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
            for time in times {
                (n, sum, squares) = (n + 1.0, sum + time, squares + time * time);
            }
            moments[0].push(sum / n);
            moments[1].push(squares / n);
        }
        let wait = lambda / mu / (mu - lambda);
        let second = 2.0 * (lambda / mu) / ((mu - lambda) * (mu - lambda)) * factor;
        let of_time = second + 2.0 * wait / mu + 2.0 / (mu * mu);
        let what = |moment: &str| format!("M/M/1 {discipline}, rho 0.6: {moment} of the time");
        checks.push(Check::mean("LIFO", what("mean"), wait + 1.0 / mu, &moments[0], 0.0));
        checks.push(Check::mean("LIFO", what("second moment"), of_time, &moments[1], 0.0));
    }
    Ok(())
}

/// The last of n that start together: n-th harmonic number of exponential times, n / (n + 1) of
/// uniform ones.
fn order_statistics(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let uniform = json!({"kind": "uniform", "low": "0s", "high": "1s"});
    for tasks in [10_u32, 100, 1_000] {
        let harmonic: f64 = (1..=tasks).map(|k| 1.0 / f64::from(k)).sum();
        let n = f64::from(tasks);
        for (law, service, expected) in [
            ("exponential", exponential("1s"), harmonic),
            ("uniform", uniform.clone(), n / (n + 1.0)),
        ] {
            let results = run(
                &json!({
                    "arrivals": {"kind": "herd", "tasks": tasks},
                    "server": {"service": service},
                    "policies": once(),
                }),
                2_000,
            )?;
            let found = figures(&results[0], |s| s.completion_seconds);
            let what = format!("the last of {tasks} {law} times");
            checks.push(Check::mean("order", what, expected, &found, 0.0));
        }
    }
    Ok(())
}

/// Errors in bursts: enter 0.01, leave 0.1, all fail in the bad state; one client after the other.
fn gilbert_elliott(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let dead = |attempts: u32| -> Result<Vec<f64>, Failed> {
        let policy = json!({"version": 1, "maxAttempts": attempts, "jitter": "none",
                            "backoff": {"kind": "constant", "delay": "0s"}});
        let results = run(
            &json!({
                "arrivals": {"kind": "serial", "clients": 1, "think": "0s", "for": "200s"},
                "server": {"service": "1ms"},
                "faults": [{"mode": "bursts", "enter": 0.01, "exit": 0.1, "goodRate": 0, "badRate": 1}],
                "report": {"bin": "1s"},
                "policies": [{"name": "p", "policy": policy}],
            }),
            40,
        )?;
        Ok(figures(&results[0], |s| s.dead_letter_share))
    };
    // With one attempt 1 / 11. A task of k attempts is lost when k in a row are; that it ends in the
    // bad state is then a chain over tasks: b = a (1 - b) + c b, with a = 0.01 x 0.9^(k-1), c = 0.9^k.
    for attempts in [1_u32, 2, 3] {
        let stay: f64 = (1..attempts).map(|_| 0.9).product();
        let (enter, again) = (0.01 * stay, 0.9 * stay);
        let expected = enter / (1.0 - again + enter);
        let what = format!("bursts, {attempts} attempts in a row: share lost");
        checks.push(Check::mean("G-E", what, expected, &dead(attempts)?, 0.0));
    }
    Ok(())
}

/// How often the 95 % interval of eight runs holds the truth.
fn coverage(checks: &mut Vec<Check>) -> Result<(), Failed> {
    const TRIALS: u32 = 600;
    let mut held = 0_u32;
    for seed in 0..TRIALS {
        let scenario = scenario(&json!({
            "seed": seed,
            "arrivals": {"kind": "herd", "tasks": 400},
            "faults": [{"mode": "errors", "rate": 0.5}],
            "policies": once(),
        }))?;
        let outcome = simulate_runs(&scenario, 8, Options::default(), &mut ())?;
        if let Figure::Spread(spread) = outcome.policies[0].summary.succeeded {
            held += u32::from((spread.mean - 200.0).abs() <= spread.ci95);
        }
    }
    let share = f64::from(held) / f64::from(TRIALS);
    let within = 3.0 * libm::sqrt(0.95 * 0.05 / f64::from(TRIALS));
    checks.push(Check::within(
        "ci95",
        "share of intervals that hold the truth",
        0.95,
        share,
        within,
    ));
    Ok(())
}
