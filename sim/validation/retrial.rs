//! C16: the retrial queue of the textbooks, in which a customer that finds the server busy waits in an orbit and
//! tries again after an exponential time.
//!
//! No retry policy waits exponentially, but the network may: a refusal travels back and the next attempt
//! travels there, and two independent legs of the law Gamma(1/2) add up to an exponential one. So the
//! policy retries at once, the legs are the orbit, and everything else is the engine's own server. The
//! first attempt's leg only displaces the Poisson arrivals, which leaves them Poisson.

use serde_json::{Value, json};

use crate::{
    check::Check,
    runner::{Failed, figures, run},
};

/// Values of the leg's law, at equal probabilities.
const QUANTILES: u32 = 4_000;

/// Gamma(1/2) with the mean 1 / (2 theta): the square of a normal variable over 2 theta. Each value is
/// the quantile in the middle of its share, in nanoseconds.
fn leg(theta: f64) -> Value {
    let quantile = |i: u32| {
        let z = normal_quantile(0.5 + (f64::from(i) + 0.5) / f64::from(2 * QUANTILES));
        format!("{}ns", libm::round(z * z / (2.0 * theta) * 1e9))
    };
    json!({"kind": "empirical", "values": (0..QUANTILES).map(quantile).collect::<Vec<_>>()})
}

/// Where the normal law reaches `share`, by bisection of its distribution function.
fn normal_quantile(share: f64) -> f64 {
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if 0.5 * libm::erfc(-middle / core::f64::consts::SQRT_2) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut checks = Vec::new();
    let (load, mu) = (7.0, 10.0);
    let rho: f64 = load / mu;
    for (fixed, theta) in [(false, 1.0), (false, 5.0), (false, 50.0), (true, 5.0)] {
        let service =
            if fixed { json!("100ms") } else { json!({"kind": "exponential", "mean": "100ms"}) };
        let results = run(
            &json!({
                "arrivals": {"kind": "poisson", "ratePerSecond": load, "for": "20000s"},
                "server": {"workers": 1, "service": service, "queue": {"limit": 0}},
                "network": {"latency": leg(theta)},
                "report": {"bin": "10s"},
                "policies": [{"name": "again", "policy": {"version": 1, "jitter": "none",
                    "maxAttempts": 1_000_000, "backoff": {"kind": "constant", "delay": "0s"}}}],
            }),
            20,
        )?;
        // M/G/1 retrial; with exponential service E[S^2] = 2 / mu^2.
        let second = if fixed { 1.0 } else { 2.0 } / (mu * mu);
        let orbit = load * load * second / (2.0 * (1.0 - rho)) + load * rho / ((1.0 - rho) * theta);
        let attempts = 1.0 + theta * orbit / load;
        let name = if fixed { "M/D/1" } else { "M/M/1" };
        let measured = figures(&results[0], |summary| summary.amplification);
        let what = format!("{name} retrial, theta {theta}: attempts a task");
        checks.push(Check::near("C16", what, attempts, &measured, 0.003));
        // Little: who is in orbit is on the way between a refusal and the next try.
        let times = figures(&results[0], |summary| summary.time_to_success_seconds.mean);
        let orbits: Vec<f64> =
            times.iter().map(|time| load * (time - 1.0 / mu - 1.0 / theta)).collect();
        let what = format!("{name} retrial, theta {theta}: tasks in orbit");
        checks.push(Check::near("C16", what, orbit, &orbits, 0.003));
    }
    Ok(checks)
}
