//! A small stand-in for the simulator: a herd of tasks against a server that was down for 30 s, in
//! steps of 100 ms. It gives the charts something of the right shape to draw in their tests.

use std::collections::BTreeMap;

use redrive::{Duration, Time};
use redrive_sim::outcome::{
    Figure, LatencyCdf, Mark, Outcome, PolicyOutcome, Quantiles, Raster, Row, SCHEMA, Series,
    Summary,
};

const TASKS: usize = 10_000;
const BINS: usize = 6_000;
const OUTAGE: usize = 300;
const CAPACITY: u32 = 50;
const QUEUE: u32 = 50;
const ATTEMPTS: u32 = 10;

/// Jitter: the lowest and highest share of the delay.
const POLICIES: [(&str, f64, f64); 5] = [
    ("none", 1.0, 1.0),
    ("proportional", 1.0, 1.1),
    ("equal", 0.5, 1.0),
    ("full", 0.0, 1.0),
    ("<classic & co>", 1.0, 1.1),
];

/// An outcome with five policies.
pub(super) fn herd() -> Outcome {
    let policies = POLICIES
        .iter()
        .map(|(name, low, high)| {
            let attempts = if name.contains("classic") { 3 } else { ATTEMPTS };
            policy(name, *low, *high, attempts)
        })
        .collect();
    Outcome { schema: SCHEMA.to_owned(), scenario: "herd".to_owned(), seed: 42, runs: 1, policies }
}

fn policy(name: &str, low: f64, high: f64, limit: u32) -> PolicyOutcome {
    let mut due: Vec<Vec<(u32, u32)>> = vec![Vec::new(); BINS + 1];
    due[0] = (0..TASKS as u32).map(|task| (task, 1)).collect();
    let none = || vec![0_u32; BINS];
    let mut series = Series {
        bin: Duration::from_millis(100),
        capacity_per_bin: Some(f64::from(CAPACITY)),
        faults: vec![(Time::ZERO, Time::from_nanos(30_000_000_000), "down".to_owned())],
        first: none(),
        retries: none(),
        rejected: none(),
        succeeded: none(),
        failed: none(),
        dead: none(),
        queue: none(),
    };
    let mut rows: Vec<Row> = (0..60).map(|row| Row { key: row * 160, ..Row::default() }).collect();
    let mut random = 1_u64;
    let mut ends = Vec::new();
    let mut waiting = 0;
    for bin in 0..BINS {
        let now = Time::from_nanos(bin as u64 * 100_000_000);
        waiting -= waiting.min(CAPACITY);
        for (task, attempt) in std::mem::take(&mut due[bin]) {
            let counts = if attempt == 1 { &mut series.first } else { &mut series.retries };
            counts[bin] += 1;
            let mark = if bin >= OUTAGE && waiting < QUEUE {
                waiting += 1;
                series.succeeded[bin] += 1;
                ends.push(bin as f64 / 10.0);
                Mark::Succeeded
            } else if attempt == limit {
                series.dead[bin] += 1;
                Mark::Dead
            } else {
                series.rejected[bin] += u32::from(bin >= OUTAGE);
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let unit = (random >> 11) as f64 / (1_u64 << 53) as f64;
                let whole = f64::from(1_u32 << (attempt - 1).min(6)).min(60.0);
                let wait = whole * (low + (high - low) * unit) * 10.0;
                due[(bin + 1 + wait as usize).min(BINS)].push((task, attempt + 1));
                Mark::Failed
            };
            if task % 160 == 0
                && let Some(row) = rows.get_mut(task as usize / 160)
            {
                row.marks.push((now, mark));
            }
        }
        series.queue[bin] = waiting;
    }
    let summary = summary(&series, &ends);
    let count = ends.len().max(1) as f64;
    let points = ends.iter().enumerate().map(|(i, end)| (*end, (i + 1) as f64 / count)).collect();
    PolicyOutcome {
        name: name.to_owned(),
        summary,
        series,
        raster: Raster { rows },
        latency: LatencyCdf { points },
        records: Vec::new(),
        partial: false,
    }
}

fn summary(series: &Series, ends: &[f64]) -> Summary {
    let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
    let attempts = sum(&series.first) + sum(&series.retries);
    let peak = |from: usize| {
        let after = series.first.iter().zip(&series.retries).skip(from);
        Figure::Real(after.map(|(first, retry)| first + retry).max().map_or(0.0, f64::from) * 10.0)
    };
    let dead = sum(&series.dead);
    let last = ends.last().copied();
    let absent = Figure::Absent;
    Summary {
        tasks: (TASKS as u64).into(),
        succeeded: (ends.len() as u64).into(),
        dead_lettered: BTreeMap::from([("exhausted".to_owned(), Figure::Count(dead))]),
        discarded: Figure::Count(0),
        failed: Figure::Count(0),
        cancelled: Figure::Count(0),
        unfinished: Figure::Count(TASKS as u64 - ends.len() as u64 - dead),
        attempts: attempts.into(),
        amplification: (attempts as f64 / TASKS as f64).into(),
        rejected_attempts: sum(&series.rejected).into(),
        timed_out_attempts: Figure::Count(0),
        wasted_server_seconds: Figure::Real(0.0),
        bin: "100ms".to_owned(),
        peak_attempts_per_second: peak(1),
        peak_after_fault_per_second: peak(OUTAGE),
        capacity_per_second: Figure::Real(f64::from(CAPACITY) * 10.0),
        peak_to_capacity: Figure::ratio(peak(OUTAGE).value(), Some(f64::from(CAPACITY) * 10.0)),
        completion_seconds: last.into(),
        drain_seconds: last.map(|last| last - 30.0).into(),
        goodput_per_first: (ends.len() as f64 / TASKS as f64).into(),
        recover_seconds: absent,
        windows: Vec::new(),
        time_to_success_seconds: Quantiles {
            p50: ends.get(ends.len() / 2).copied().into(),
            p99: ends.get(ends.len() * 99 / 100).copied().into(),
            ..Quantiles::ABSENT
        },
        time_to_dead_letter_seconds: Quantiles::ABSENT,
        time_to_end_seconds: Quantiles::ABSENT,
        attempts_per_task: Quantiles::ABSENT,
        dead_letter_share: (dead as f64 / TASKS as f64).into(),
        retry_share: (sum(&series.retries) as f64 / attempts as f64).into(),
        peak_to_mean: absent,
        max_queue: series.queue.iter().max().map(|depth| f64::from(*depth)).into(),
        budget_denied: Figure::Count(0),
        breaker_denied: Figure::Count(0),
        throttle_denied: Figure::Count(0),
        lost_messages: Figure::Count(0),
        redriven: Figure::Count(0),
        fairness: absent,
        sustainable_per_second: absent,
        collapsed: Figure::Count(0),
        layers: Vec::new(),
        events: Figure::Count(attempts),
        wall_seconds: absent,
        trace_hash: "0000000000000000".to_owned(),
    }
}
