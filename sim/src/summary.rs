//! From what was counted to what is published.

use std::collections::BTreeMap;

use redrive::{
    RetryPolicy, Task, Time,
    task::{Reason, State},
    time::{format_duration, nanos},
};

use crate::{
    model::meter::{Bins, DEAD, FAILED, FIRST, Meter, QUEUE, REJECTED, RETRIES, SUCCEEDED, TASKS},
    outcome::{Figure, LayerSummary, PolicyOutcome, Series, Summary, TaskRecord, WindowSummary},
    scenario::{Arrivals, Scenario},
};

/// Goodput is back when it reaches this share of the baseline.
const RECOVERED: f64 = 0.95;

/// What a run leaves besides its meter.
pub(crate) struct Remains<'a> {
    pub(crate) name: &'a str,
    pub(crate) policy: &'a RetryPolicy,
    pub(crate) events: u64,
    pub(crate) hash: u64,
    pub(crate) budget_denied: u64,
    /// Attempts that reached each layer.
    pub(crate) layers: Vec<u64>,
    /// Whether the run was stopped before its end.
    pub(crate) partial: bool,
    pub(crate) records: Vec<TaskRecord>,
}

/// The published result of a run.
pub(crate) fn outcome(scenario: &Scenario, meter: Meter, run: Remains<'_>) -> PolicyOutcome {
    PolicyOutcome {
        name: run.name.to_owned(),
        summary: summary(scenario, &meter, &run),
        partial: run.partial,
        series: series(scenario, &meter.rows),
        raster: meter.raster(),
        latency: meter.to_success.cdf(),
        records: run.records,
    }
}

/// What happened to each task.
pub(crate) fn records<'t>(tasks: impl Iterator<Item = &'t Task>) -> Vec<TaskRecord> {
    let record = |(key, task): (usize, &Task)| {
        let state = task.state();
        let end = match state {
            State::Succeeded => "succeeded",
            State::Cancelled => "cancelled",
            State::Discarded => "discarded",
            State::Failed => "failed",
            State::Dead(reason) => reason.as_str(),
            _ => "unfinished",
        };
        TaskRecord {
            key: key as u64,
            arrived: task.began(),
            ended: state.is_final().then(|| task.at()),
            attempts: task.attempts(),
            end,
        }
    };
    tasks.enumerate().filter(|(_, task)| task.attempts() > 0).map(record).collect()
}

fn summary(scenario: &Scenario, meter: &Meter, run: &Remains<'_>) -> Summary {
    let counts = &meter.totals.counts;
    let (tasks, attempts) = (counts[TASKS], meter.totals.attempts());
    let dead: u64 = meter.dead.iter().sum();
    let after = scenario.after_fault();
    let capacity = scenario.server.capacity_per_second();
    let rates = Rates::new(scenario, meter);
    let real = |count: u64| Some(count as f64);
    let per_task = |count: u64| Figure::ratio(real(count), real(tasks));
    let end = meter.last_end;
    let (attempts_per_task, squared) = meter.attempts_per_task();
    let squared = squared as f64 * attempts_per_task.count() as f64;
    let sum = attempts_per_task.sum() as f64;
    let most = run.policy.max_attempts().map(|most| f64::from(most.get()));
    Summary {
        tasks: tasks.into(),
        succeeded: counts[SUCCEEDED].into(),
        dead_lettered: dead_letters(meter),
        discarded: meter.discarded.into(),
        failed: meter.failed_tasks.into(),
        cancelled: meter.cancelled.into(),
        unfinished: tasks.saturating_sub(meter.ended_tasks()).into(),
        attempts: attempts.into(),
        amplification: per_task(attempts),
        rejected_attempts: counts[REJECTED].into(),
        timed_out_attempts: meter.timed_out.into(),
        wasted_server_seconds: (meter.wasted as f64 / 1e9).into(),
        bin: format_duration(scenario.report.bin),
        peak_attempts_per_second: rates.peak.into(),
        peak_after_fault_per_second: rates.peak_after.into(),
        capacity_per_second: capacity.into(),
        peak_to_capacity: Figure::ratio(Some(rates.peak_after), capacity),
        completion_seconds: (end as f64 / 1e9).into(),
        drain_seconds: (end.saturating_sub(after.as_nanos()) as f64 / 1e9).into(),
        goodput_per_first: per_task(counts[SUCCEEDED]),
        recover_seconds: recover_seconds(scenario, &meter.rows).into(),
        windows: windows(scenario, meter),
        time_to_success_seconds: meter.to_success.quantiles(),
        time_to_dead_letter_seconds: meter.to_dead_letter.quantiles(),
        time_to_end_seconds: meter.to_end().quantiles(),
        attempts_per_task: attempts_per_task.quantiles(),
        dead_letter_share: per_task(dead),
        retry_share: Figure::ratio(real(counts[RETRIES]), real(attempts)),
        peak_to_mean: rates.peak_to_mean.into(),
        max_queue: u64::from(meter.max_queue).into(),
        budget_denied: run.budget_denied.into(),
        breaker_denied: meter.breaker_denied.into(),
        throttle_denied: meter.throttle_denied.into(),
        lost_messages: meter.lost.into(),
        redriven: meter.redriven.into(),
        fairness: Figure::ratio(Some(sum * sum), Some(squared)),
        sustainable_per_second: Figure::ratio(capacity, most),
        collapsed: collapsed(&meter.rows),
        layers: layers(scenario, run, tasks),
        events: run.events.into(),
        wall_seconds: Figure::Absent,
        trace_hash: format!("{:016x}", run.hash),
    }
}

fn dead_letters(meter: &Meter) -> BTreeMap<String, Figure> {
    // One by one: collecting sorts first, which is code of its own.
    let mut named = BTreeMap::new();
    for (reason, count) in Reason::ALL.iter().zip(&meter.dead) {
        named.insert(reason.as_str().to_owned(), Figure::Count(*count));
    }
    named
}

fn layers(scenario: &Scenario, run: &Remains<'_>, tasks: u64) -> Vec<LayerSummary> {
    if scenario.layers.is_empty() {
        return Vec::new();
    }
    let names = scenario.layers.iter().map(|layer| layer.name.as_str()).chain(["server"]);
    let layer = |(name, attempts): (&str, &u64)| LayerSummary {
        name: name.to_owned(),
        attempts: (*attempts).into(),
        amplification: Figure::ratio(Some(*attempts as f64), Some(tasks as f64)),
    };
    names.zip(&run.layers).map(layer).collect()
}

/// Rates of attempts by bin.
struct Rates {
    peak: f64,
    peak_after: f64,
    peak_to_mean: Option<f64>,
}

impl Rates {
    fn new(scenario: &Scenario, meter: &Meter) -> Self {
        let bin = nanos(scenario.report.bin);
        let per_second = |count: u64| count as f64 / (bin as f64 / 1e9);
        let attempts = |row: &Bins| u64::from(row[FIRST]) + u64::from(row[RETRIES]);
        let rows = &meter.rows;
        let first = rows.iter().position(|row| attempts(row) > 0).unwrap_or(rows.len());
        let last = rows.iter().rposition(|row| attempts(row) > 0).unwrap_or(0);
        let peak = rows.iter().skip(first + 1).map(attempts).max().unwrap_or(0);
        let after = (scenario.after_fault().as_nanos() / bin) as usize;
        let mut peak_after = 0;
        for (i, row) in rows.iter().enumerate().skip(after) {
            // Of the bin in which the fault ends, only what came after that.
            let before = if i == after { u64::from(meter.before_after) } else { 0 };
            peak_after = peak_after.max(attempts(row) - before);
        }
        let span = rows.get(first..=last).unwrap_or_default();
        let (sum, top) =
            span.iter().map(attempts).fold((0, 0), |(sum, top), n| (sum + n, n.max(top)));
        let peak_to_mean = (sum > 0).then(|| top as f64 * span.len() as f64 / sum as f64);
        Self { peak: per_second(peak), peak_after: per_second(peak_after), peak_to_mean }
    }
}

fn windows(scenario: &Scenario, meter: &Meter) -> Vec<WindowSummary> {
    let summary = |window: &crate::scenario::Window| {
        let (from, to) = (window.from.as_nanos(), window.to.as_nanos());
        let (before, after) = (meter.at_edge(from), meter.at_edge(to));
        let count = |column: usize| after.counts[column] - before.counts[column];
        let attempts = after.attempts() - before.attempts();
        let per_task = |n: u64| Figure::ratio(Some(n as f64), Some(count(TASKS) as f64));
        WindowSummary {
            name: window.name.clone(),
            from: from as f64 / 1e9,
            to: to as f64 / 1e9,
            tasks: count(TASKS).into(),
            succeeded: count(SUCCEEDED).into(),
            attempts: attempts.into(),
            goodput_per_first: per_task(count(SUCCEEDED)),
            amplification: per_task(attempts),
        }
    };
    scenario.report.windows.iter().map(summary).collect()
}

/// When the disturbance began: the first fault, or the first change of the arrival rate.
fn disturbance(scenario: &Scenario) -> Time {
    let fault = scenario.faults.iter().map(|fault| fault.from).min();
    let step = match &scenario.arrivals {
        Arrivals::Rate { steps, .. } => steps.get(1).map(|step| step.0),
        _ => None,
    };
    fault.into_iter().chain(step).min().unwrap_or(Time::ZERO)
}

/// From the end of the fault to the first moment from which goodput, over `report.recoverFor`, is
/// 95 % of what it was per second before the disturbance.
fn recover_seconds(scenario: &Scenario, rows: &[Bins]) -> Option<f64> {
    let bin = nanos(scenario.report.bin);
    let before = (disturbance(scenario).as_nanos() / bin) as usize;
    let start = rows.iter().position(|row| row[TASKS] > 0)?;
    let successes = |from: usize, to: usize| -> u64 {
        let rows = rows.get(from..to.min(rows.len())).unwrap_or_default();
        rows.iter().map(|row| u64::from(row[SUCCEEDED])).sum()
    };
    if before <= start {
        return None;
    }
    let baseline = successes(start, before) as f64 / (before - start) as f64;
    let hold = (nanos(scenario.report.recover_for) / bin).max(1) as usize;
    let after = scenario.after_fault().as_nanos().div_ceil(bin) as usize;
    if baseline == 0.0 || after + hold > rows.len() {
        return None;
    }
    let mut sum = successes(after, after + hold);
    for from in after..=rows.len() - hold {
        if sum as f64 >= RECOVERED * baseline * hold as f64 {
            let recovered = (from as u64).saturating_mul(bin);
            let end = scenario.after_fault().as_nanos();
            return Some(recovered.saturating_sub(end) as f64 / 1e9);
        }
        sum -= u64::from(rows[from][SUCCEEDED]);
        sum += rows.get(from + hold).map_or(0, |row| u64::from(row[SUCCEEDED]));
    }
    None
}

/// Whether fewer than half of the tasks of the last tenth of the arrivals were matched by successes
/// in that tenth and as long again. When all arrive in less than a hundred bins, all of them count.
fn collapsed(rows: &[Bins]) -> Figure {
    let first = rows.iter().position(|row| row[TASKS] > 0);
    let last = rows.iter().rposition(|row| row[TASKS] > 0);
    let (Some(first), Some(last)) = (first, last) else { return Figure::Absent };
    let tenth = (last + 1 - first) / 10;
    let span = if tenth < 10 {
        &rows[first..]
    } else {
        &rows[last + 1 - tenth..(last + 1 + tenth).min(rows.len())]
    };
    let sum = |column: usize| -> u64 { span.iter().map(|row| u64::from(row[column])).sum() };
    Figure::Count(u64::from(sum(SUCCEEDED) * 2 < sum(TASKS)))
}

fn series(scenario: &Scenario, rows: &[Bins]) -> Series {
    let end = Time::from_nanos(nanos(scenario.report.bin).saturating_mul(rows.len() as u64));
    let column = |column: usize| rows.iter().map(|row| row[column]).collect();
    let capacity = scenario.server.capacity_per_second();
    Series {
        bin: scenario.report.bin,
        capacity_per_bin: capacity.map(|rate| rate * scenario.report.bin.as_secs_f64()),
        faults: scenario
            .faults
            .iter()
            .map(|fault| (fault.from, fault.until.unwrap_or(end), fault.name().to_owned()))
            .collect(),
        first: column(FIRST),
        retries: column(RETRIES),
        rejected: column(REJECTED),
        succeeded: column(SUCCEEDED),
        failed: column(FAILED),
        dead: column(DEAD),
        queue: column(QUEUE),
    }
}
