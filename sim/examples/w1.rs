//! Times workload W1: N tasks fail together for 30 s and then compete for 1,000 requests a second.
//!
//! `cargo run --release -p redrive-sim --example w1 -- [TASKS] [REPEATS]` prints one JSON line with
//! the best and the median time, and the most memory held. Histograms and series are collected, as in every run.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::time::Instant;

use redrive_sim::{Options, Scenario, SimError, run_one, scenario};

fn main() -> Result<(), SimError> {
    let mut arguments = std::env::args().skip(1).filter_map(|word| word.parse::<u64>().ok());
    let tasks = arguments.next().unwrap_or(100_000);
    let repeats = arguments.next().unwrap_or(5).max(1);
    let mut tree = scenario::Builtin::find("herd")?.value();
    for (path, text) in [
        ("arrivals.tasks", tasks.to_string().as_str()),
        ("server.workers", "1"),
        ("server.service.value", "1ms"),
        ("server.queue.limit", "1999"),
        ("horizon", "null"),
        ("report.rasterRows", "0"),
    ] {
        Scenario::set(&mut tree, path, text)?;
    }
    let scenario = Scenario::from_value(&tree)?;
    let full = scenario.policies.iter().position(|named| named.name == "full").unwrap_or(0);
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..repeats {
        let began = Instant::now();
        last = Some(run_one(&scenario, full, 0, Options::default(), &mut ())?);
        seconds.push(began.elapsed().as_secs_f64());
    }
    seconds.sort_unstable_by(f64::total_cmp);
    let Some(outcome) = last else { return Ok(()) };
    let summary = &outcome.summary;
    let events = summary.attempts.or_zero() + summary.succeeded.or_zero();
    let median = seconds[seconds.len() / 2];
    println!(
        "{{\"tasks\":{tasks},\"events\":{events},\"attempts\":{},\"succeeded\":{},\"dead\":{},\
         \"bestSeconds\":{:.5},\"medianSeconds\":{median:.5},\"eventsPerSecond\":{:.0},\
         \"peakBytes\":{},\"traceHash\":\"{}\"}}",
        summary.attempts.or_zero(),
        summary.succeeded.or_zero(),
        summary.dead_letters(),
        seconds[0],
        events / median,
        peak_bytes().map_or_else(|| "null".to_owned(), |bytes| bytes.to_string()),
        summary.trace_hash,
    );
    Ok(())
}

/// The most memory that this process has held, where the system tells.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1_024)
}
