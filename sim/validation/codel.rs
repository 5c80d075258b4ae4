//! CoDel against a reference that was written from RFC 8289, section 5, line by line.

use std::collections::VecDeque;

use redrive::random::Stream;
use serde_json::json;

use crate::{
    check::Check,
    runner::{Failed, figures, run},
};

/// Waits tolerated, seconds: load, target, interval, and what others have found the mean time to be.
const CASES: &[(f64, f64, f64, f64)] =
    &[(110.0, 0.05, 0.5, 0.281), (150.0, 0.02, 0.1, 0.111), (130.0, 0.1, 1.0, 2.86)];
const MU: f64 = 100.0;
const SECONDS: f64 = 4_000.0;
const RUNS: u32 = 20;

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut checks = Vec::new();
    for (load, target, interval, known) in CASES {
        let results = run(
            &json!({
                "arrivals": {"kind": "poisson", "ratePerSecond": load, "for": format!("{SECONDS}s")},
                "server": {
                    "workers": 1,
                    "service": {"kind": "exponential", "mean": "10ms"},
                    "queue": {"discipline": "codel", "target": format!("{}ms", target * 1e3),
                              "interval": format!("{}ms", interval * 1e3)},
                },
                "report": {"bin": "10s"},
                "policies": [{"name": "once", "policy": {"version": 1, "maxAttempts": 1}}],
            }),
            RUNS,
        )?;
        let times = figures(&results[0], |s| s.time_to_success_seconds.mean);
        let drops = figures(&results[0], |s| s.dead_letter_share);
        let reference: Vec<(f64, f64)> =
            (0..RUNS).map(|seed| Codel::run(*load, *target, *interval, u64::from(seed))).collect();
        let n = f64::from(RUNS);
        let spread = |of: fn(&(f64, f64)) -> f64| {
            let mean = reference.iter().map(of).sum::<f64>() / n;
            let squares = reference.iter().map(|r| (of(r) - mean) * (of(r) - mean)).sum::<f64>();
            (mean, libm::sqrt(squares / (n - 1.0) / n))
        };
        let what = |figure: &str| {
            format!("load {load}, {:.0}/{:.0} ms: {figure}", target * 1e3, interval * 1e3)
        };
        let (mean, error) = spread(|r| r.0);
        checks.push(Check::mean("RFC8289", what("mean time"), mean, &times, 3.0 * error));
        checks.push(Check::near(
            "RFC8289",
            what("mean time, as found by others"),
            *known,
            &times,
            0.08,
        ));
        let (mean, error) = spread(|r| r.1);
        checks.push(Check::mean("RFC8289", what("share dropped"), mean, &drops, 3.0 * error));
    }
    Ok(checks)
}

/// The RFC's queue, in its names.
#[derive(Default)]
struct Codel {
    packets: VecDeque<f64>,
    target: f64,
    interval: f64,
    first_above_time: f64,
    drop_next: f64,
    count: u32,
    lastcount: u32,
    dropping: bool,
    drops: u64,
}

impl Codel {
    /// Mean time in the system of those served, and the share dropped, of an M/M/1 queue under it.
    fn run(load: f64, target: f64, interval: f64, seed: u64) -> (f64, f64) {
        let (arrivals, services) = (Stream::new(seed).substream(1), Stream::new(seed).substream(2));
        let draw =
            |stream: &Stream, i: u64, rate: f64| -libm::log(1.0 - stream.draws(i, 0).unit()) / rate;
        let mut queue = Self { target, interval, ..Self::default() };
        let (mut arrived, mut served, mut time_in_system) = (0_u64, 0_u64, 0.0);
        let mut next = draw(&arrivals, 0, load);
        let mut busy: Option<(f64, f64)> = None;
        loop {
            let done = busy.map_or(f64::INFINITY, |(_, until)| until);
            let now = next.min(done);
            if now > SECONDS {
                return (time_in_system / served as f64, queue.drops as f64 / arrived as f64);
            }
            let mut start = None;
            if done <= next {
                if let Some((came, _)) = busy.take() {
                    time_in_system += now - came;
                    served += 1;
                }
                start = queue.dequeue(now);
            } else {
                arrived += 1;
                next = now + draw(&arrivals, arrived, load);
                if busy.is_none() { start = Some(now) } else { queue.packets.push_back(now) }
            }
            if let Some(came) = start {
                busy = Some((came, now + draw(&services, served + queue.drops, MU)));
            }
        }
    }

    fn control_law(&self, t: f64) -> f64 {
        t + self.interval / libm::sqrt(f64::from(self.count))
    }

    /// The packet, and whether it is ok to drop.
    fn dodequeue(&mut self, now: f64) -> (Option<f64>, bool) {
        let Some(came) = self.packets.pop_front() else {
            self.first_above_time = 0.0;
            return (None, false);
        };
        // No more than MAXPACKET bytes are left: a packet is one request.
        if now - came < self.target || self.packets.is_empty() {
            self.first_above_time = 0.0;
            (Some(came), false)
        } else if self.first_above_time == 0.0 {
            self.first_above_time = now + self.interval;
            (Some(came), false)
        } else {
            (Some(came), now >= self.first_above_time)
        }
    }

    fn dequeue(&mut self, now: f64) -> Option<f64> {
        let (mut packet, mut ok_to_drop) = self.dodequeue(now);
        if self.dropping {
            if !ok_to_drop {
                self.dropping = false;
            }
            while now >= self.drop_next && self.dropping {
                self.drops += 1;
                self.count += 1;
                (packet, ok_to_drop) = self.dodequeue(now);
                if ok_to_drop {
                    self.drop_next = self.control_law(self.drop_next);
                } else {
                    self.dropping = false;
                }
            }
        } else if ok_to_drop {
            self.drops += 1;
            (packet, _) = self.dodequeue(now);
            self.dropping = true;
            let delta = self.count.saturating_sub(self.lastcount);
            self.count = 1;
            if delta > 1 && now - self.drop_next < 16.0 * self.interval {
                self.count = delta;
            }
            self.drop_next = self.control_law(now);
            self.lastcount = self.count;
        }
        packet
    }
}
