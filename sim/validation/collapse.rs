//! C9 to C12: load that feeds itself.

use redrive_sim::outcome::{PolicyOutcome, Summary};
use serde_json::{Value, json};

use crate::{
    check::Check,
    runner::{Failed, run, share},
};

/// Attempts one after the other, with a backoff.
fn policy(name: &str, attempts: u32, delay: &str, jitter: &str) -> Value {
    json!({"name": name, "policy": {"version": 1, "jitter": jitter, "maxAttempts": attempts,
           "backoff": {"kind": "exponential", "initial": delay, "multiplier": 2}, "maxDelay": "60s"}})
}

/// Goodput per task in the first window.
fn goodput(summary: &Summary) -> f64 {
    summary.windows[0].goodput_per_first.or_zero()
}

fn stuck(outcomes: &[PolicyOutcome]) -> f64 {
    share(outcomes, |summary| goodput(summary) < 0.5)
}

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut checks = Vec::new();
    concurrency(&mut checks)?;
    heavy_tail(&mut checks)?;
    threshold(&mut checks)?;
    curve(&mut checks)?;
    elsewhere(&mut checks)?;
    remedies(&mut checks)?;
    Ok(checks)
}

/// Brooker's collapse: service slows down with what is in flight.
fn concurrency(checks: &mut Vec<Check>) -> Result<(), Failed> {
    for ramp in [false, true] {
        let mut steps =
            vec![json!({"at": "0s", "perSecond": 40}), json!({"at": "20s", "perSecond": 80})];
        if !ramp {
            steps.push(json!({"at": "25s", "perSecond": 40}));
        }
        let results = run(
            &json!({
                "arrivals": {"kind": "rate", "steps": steps},
                "horizon": "80s",
                "server": {"service": "1s", "slowdownPerInFlight": 0.01},
                "network": {"latency": {"kind": "exponential", "mean": "100ms"}},
                "client": {"timeout": "3s"},
                "report": {"windows": [{"name": "late", "from": "60s", "to": "78s"}]},
                "policies": [policy("at once", 3, "0s", "none"), policy("full jitter", 3, "20s", "full")],
            }),
            50,
        )?;
        let collapsed = |i: usize| share(&results[i], |summary| goodput(summary) < 0.05);
        if ramp {
            let what = "load doubled for good: collapsed, retries at once";
            checks.push(Check::within("C9", what, 1.0, collapsed(0), 0.0));
            let what = "load doubled for good: collapsed, full jitter";
            checks.push(Check::within("C9", what, 1.0, collapsed(1), 0.0));
        } else {
            let what = "load doubled for 5 s: collapsed, retries at once";
            checks.push(Check::within("C9", what, 0.625, collapsed(0), 0.225));
            let what = "load doubled for 5 s: collapsed, full jitter";
            checks.push(Check::within("C9", what, 0.0, collapsed(1), 0.0));
        }
    }
    Ok(())
}

/// One job in a thousand takes a hundred times as long; those who replace it make it worse.
fn heavy_tail(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let service = json!({"kind": "mixture", "parts": [
        {"kind": "exponential", "mean": "100ms", "weight": 999},
        {"kind": "exponential", "mean": "10s", "weight": 1}]});
    let rate = 0.8 / 0.1099;
    let scenario = |timeout: Value| {
        json!({
            "arrivals": {"kind": "poisson", "ratePerSecond": rate},
            "horizon": "20000s",
            "server": {"workers": 1, "service": service},
            "client": {"timeout": timeout},
            "report": {"bin": "10s", "windows": [{"name": "late", "from": "18000s", "to": "20000s"}]},
            "policies": [policy("replace", 3, "0s", "none")],
        })
    };
    let patient = run(&scenario(Value::Null), 20)?;
    let waits: Vec<f64> = patient[0]
        .iter()
        .map(|outcome| outcome.summary.time_to_success_seconds.mean.or_zero())
        .collect();
    // Pollaczek and Khinchine.
    let (second_moment, mean) = (2.0 * (0.999 * 0.01 + 0.001 * 100.0), 0.1099);
    let expected = rate * second_moment / (2.0 * 0.2) + mean;
    checks.push(Check::mean("C10", "M/G/1 with a heavy tail: mean time", expected, &waits, 0.0));
    let diverges = |outcomes: &[PolicyOutcome]| {
        share(outcomes, |summary| summary.max_queue.or_zero() > 20_000.0)
    };
    let what = "jobs later than 15 s replaced: the queue diverges";
    checks.push(Check::within(
        "C10",
        what,
        1.0,
        diverges(&run(&scenario(json!("15s")), 20)?[0]),
        0.0,
    ));
    checks.push(Check::within(
        "C10",
        "not replaced: the queue diverges",
        0.0,
        diverges(&patient[0]),
        0.0,
    ));
    Ok(())
}

/// A spike of ten seconds over a steady load.
#[derive(Clone, Copy)]
struct Spike {
    capacity: f64,
    workers: u32,
    /// The service time in its law, of a mean in milliseconds.
    service: fn(f64) -> Value,
    attempts: u32,
    timeout: &'static str,
    queue: u32,
    spike: f64,
    /// The first delay, and the jitter.
    delay: (&'static str, &'static str),
}

impl Default for Spike {
    fn default() -> Self {
        Self {
            capacity: 100.0,
            workers: 1,
            service: |mean| json!({"kind": "exponential", "mean": mean}),
            attempts: 4,
            timeout: "1s",
            queue: 999,
            spike: 400.0,
            delay: ("0s", "none"),
        }
    }
}

impl Spike {
    fn run(&self, load: f64, runs: u32) -> Result<Vec<Vec<PolicyOutcome>>, Failed> {
        let mean = 1000.0 * f64::from(self.workers) / self.capacity;
        run(
            &json!({
                "arrivals": {"kind": "rate", "steps": [{"at": "0s", "perSecond": load},
                    {"at": "20s", "perSecond": self.spike}, {"at": "30s", "perSecond": load}]},
                "horizon": "1500s",
                "server": {"workers": self.workers, "service": (self.service)(mean),
                    "queue": {"limit": self.queue}},
                "client": {"timeout": self.timeout},
                "report": {"bin": "1s", "windows": [{"name": "late", "from": "1200s", "to": "1500s"}]},
                "policies": [policy("spike", self.attempts, self.delay.0, self.delay.1)],
            }),
            runs,
        )
    }
}

/// How the share of runs that stay stuck rises around lambda* = 25.
fn curve(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let loads = [23.0, 24.0, 24.5, 25.0, 25.5, 26.0, 27.0];
    let mut shares = Vec::new();
    for load in loads {
        shares.push(stuck(&Spike::default().run(load, 20)?[0]));
    }
    // Neighbours of twenty runs each may differ by chance where neither is sure.
    let rises = shares.windows(2).all(|pair| pair[1] >= pair[0] - 0.15);
    checks.push(Check::holds_that(
        "C11",
        "mu 100, A 4: stuck ever more often from 23 to 27",
        rises,
    ));
    let turn = shares.iter().zip(loads).find(|(share, _)| **share >= 0.5).map(|(_, load)| load);
    let what = "mu 100, A 4: the load at which half of the runs stay stuck";
    checks.push(Check::share("C11", what, 25.0, turn.unwrap_or(f64::INFINITY), 0.04));
    Ok(())
}

/// The same law at points of our own: other workers, services, timeouts, attempts, backoffs.
fn elsewhere(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let lognormal = |mean: f64| json!({"kind": "lognormal", "mean": mean, "sigma": 1.0});
    let base = Spike::default();
    let cases = [
        ("5 workers, A 3", Spike { workers: 5, attempts: 3, ..base }),
        ("fixed service, A 5", Spike { service: |mean| json!(mean), attempts: 5, ..base }),
        ("lognormal service, A 4", Spike { service: lognormal, ..base }),
        (
            "mu 40, timeout 2 s, A 6",
            Spike { capacity: 40.0, timeout: "2s", attempts: 6, spike: 200.0, ..base },
        ),
        ("full jitter from 1 s, A 4", Spike { delay: ("1s", "full"), ..base }),
        (
            "20 workers, mu 200, A 2",
            Spike { capacity: 200.0, workers: 20, attempts: 2, spike: 800.0, ..base },
        ),
    ];
    for (name, case) in cases {
        let limit = case.capacity / f64::from(case.attempts);
        for (share, expected) in [(0.9, 0.0), (1.1, 1.0)] {
            let stuck = stuck(&case.run(share * limit, 20)?[0]);
            let what = format!("{name}, load {share} x mu/A: stuck after a spike");
            checks.push(Check::within("C11", what, expected, stuck, 0.0));
        }
    }
    Ok(())
}

/// lambda* = mu / A.
fn threshold(checks: &mut Vec<Check>) -> Result<(), Failed> {
    // capacity, attempts, timeout, queue, spike, for, and loads with what becomes of them.
    type Case = (f64, u32, &'static str, u32, f64, &'static [(f64, f64)]);
    let cases: [Case; 2] = [
        (100.0, 4, "1s", 999, 400.0, &[(15.0, 0.0), (24.0, 0.0), (26.0, 1.0), (40.0, 1.0)]),
        (20.0, 3, "750ms", 255, 40.0, &[(5.0, 0.0), (6.0, 0.0), (8.0, 1.0)]),
    ];
    for (capacity, attempts, timeout, queue, spike, loads) in cases {
        for (load, expected) in loads {
            let case = Spike { capacity, attempts, timeout, queue, spike, ..Spike::default() };
            let results = case.run(*load, 40)?;
            let what = format!("mu {capacity}, A {attempts}, load {load}: stuck after a spike");
            checks.push(Check::within("C11", what, *expected, stuck(&results[0]), 0.0));
        }
    }
    Ok(())
}

/// What helps against it, and what does not.
fn remedies(checks: &mut Vec<Check>) -> Result<(), Failed> {
    for load in [5, 7, 8] {
        let scenario = |patch: Value| {
            let mut scenario = json!({
                "arrivals": {"kind": "rate", "steps": [{"at": "0s", "perSecond": load},
                    {"at": "100s", "perSecond": 30}, {"at": "105s", "perSecond": load}]},
                "horizon": "1200s",
                "server": {"workers": 1, "service": {"kind": "exponential", "mean": "100ms"},
                    "queue": {"limit": 100}},
                "client": {"timeout": "4s"},
                "report": {"bin": "1s", "windows": [{"name": "late", "from": "900s", "to": "1200s"}]},
                "policies": [policy("at once", 4, "0s", "none")],
            });
            for (pointer, value) in patch.as_object().into_iter().flatten() {
                if let Some(place) = scenario.pointer_mut(pointer) {
                    *place = value.clone();
                }
            }
            scenario
        };
        let ratio = json!({"kind": "ratio", "percent": 10, "minPerSecond": 0, "window": "10s"});
        let mut budget = policy("budget", 4, "0s", "none");
        budget["policy"]["budget"] = ratio;
        let cases = [
            ("retries at once", json!({}), 1.0),
            ("full jitter", json!({"/policies/0": policy("jitter", 4, "1s", "full")}), 1.0),
            ("budget 10 %", json!({"/policies/0": budget}), 0.0),
            ("no retry", json!({"/policies/0": policy("once", 1, "0s", "none")}), 0.0),
            (
                "cancel on timeout",
                json!({"/client": {"timeout": "4s", "cancelOnTimeout": true}}),
                0.0,
            ),
            ("LIFO", json!({"/server/queue": {"limit": 100, "discipline": "lifo"}}), 0.0),
            ("queue of 30", json!({"/server/queue/limit": 30}), 0.0),
        ];
        for (name, patch, expected) in cases {
            let results = run(&scenario(patch), 100)?;
            let what = format!("M/M/1, mu 10, load {load}, {name}: stuck after a spike");
            checks.push(Check::within("C12", what, expected, stuck(&results[0]), 0.0));
        }
    }
    Ok(())
}
