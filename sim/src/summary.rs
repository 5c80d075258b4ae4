//! From what was counted to what is published: what the rows of the table of figures ask for.

use std::collections::BTreeMap;

use redrive::{
    RetryPolicy, Task, Time,
    task::{Reason, State},
    time::{format_duration, nanos},
};

use crate::{
    histogram::Histogram,
    model::{
        floor::CrowdCounts,
        gauge::TierBin,
        meter::{
            Bins, DEAD, FAILED, FIRST, Meter, QUEUE, REJECTED, RETRIES, SUCCEEDED, TASKS, Totals,
        },
        rich::TierCounts,
    },
    outcome::{
        ClassSummary, Figure, LayerSummary, PolicyOutcome, Series, Summary, TaskRecord, TierSeries,
        WindowSummary,
    },
    scenario::{Arrivals, Class, Scenario, Server, Window},
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
    /// What each layer counted, and the server; nothing where attempts are all that reaches it.
    pub(crate) tiers: Vec<TierCounts>,
    /// What was counted of each class of clients.
    pub(crate) crowds: Vec<CrowdCounts>,
    /// Whether the run was stopped before its end.
    pub(crate) partial: bool,
    pub(crate) records: Vec<TaskRecord>,
}

/// The published result of a run.
pub(crate) fn outcome(scenario: &Scenario, meter: Meter, run: Remains<'_>) -> PolicyOutcome {
    PolicyOutcome {
        name: run.name.to_owned(),
        summary: Summary::of(&Counted::new(scenario, &meter, &run)),
        partial: run.partial,
        series: series(scenario, &meter.rows, &run.tiers),
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

/// What a run has counted: what the [table of figures](crate::outcome) is worked out of.
pub(crate) struct Counted<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) meter: &'a Meter,
    pub(crate) run: &'a Remains<'a>,
    pub(crate) rates: Rates,
    pub(crate) attempts_per_task: Histogram,
    attempts_squared: u128,
}

impl<'a> Counted<'a> {
    fn new(scenario: &'a Scenario, meter: &'a Meter, run: &'a Remains<'a>) -> Self {
        // Below layers the server gets other requests than the clients' attempts.
        let rates = match run.tiers.last().filter(|_| !scenario.layers.is_empty()) {
            Some(server) => Rates::of_tier(scenario, server),
            None => Rates::of_attempts(scenario, meter),
        };
        let (attempts_per_task, attempts_squared) = meter.attempts_per_task();
        Self { scenario, meter, run, rates, attempts_per_task, attempts_squared }
    }

    fn count(&self, column: usize) -> u64 {
        self.meter.totals.counts[column]
    }

    pub(crate) fn tasks(&self) -> u64 {
        self.count(TASKS)
    }

    pub(crate) fn succeeded(&self) -> u64 {
        self.count(SUCCEEDED)
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.count(REJECTED)
    }

    pub(crate) fn attempts(&self) -> u64 {
        self.meter.totals.attempts()
    }

    pub(crate) fn dead(&self) -> u64 {
        self.meter.dead.iter().sum()
    }

    pub(crate) fn unfinished(&self) -> u64 {
        self.tasks().saturating_sub(self.meter.ended_tasks())
    }

    pub(crate) fn per_task(&self, count: u64) -> Figure {
        Figure::ratio(Some(count as f64), Some(self.tasks() as f64))
    }

    pub(crate) fn within_objective(&self) -> Figure {
        match self.scenario.report.objective {
            Some(_) => self.per_task(self.meter.totals.within),
            None => Figure::Absent,
        }
    }

    pub(crate) fn retry_share(&self) -> Figure {
        Figure::ratio(Some(self.count(RETRIES) as f64), Some(self.attempts() as f64))
    }

    pub(crate) fn dead_lettered(&self) -> BTreeMap<String, Figure> {
        // One by one: collecting sorts first, which is code of its own.
        let mut named = BTreeMap::new();
        for (reason, count) in Reason::ALL.iter().zip(&self.meter.dead) {
            named.insert(reason.as_str().to_owned(), Figure::Count(*count));
        }
        named
    }

    pub(crate) fn bin(&self) -> String {
        format_duration(self.scenario.report.bin)
    }

    pub(crate) fn capacity(&self) -> Option<f64> {
        self.scenario.server.capacity_per_second()
    }

    pub(crate) fn drain_seconds(&self) -> f64 {
        let after = self.scenario.after_fault().as_nanos();
        self.meter.last_end.saturating_sub(after) as f64 / 1e9
    }

    pub(crate) fn recover_seconds(&self) -> Option<f64> {
        recover_seconds(self.scenario, &self.meter.rows)
    }

    pub(crate) fn fairness(&self) -> Figure {
        let squared = self.attempts_squared as f64 * self.attempts_per_task.count() as f64;
        let sum = self.attempts_per_task.sum() as f64;
        Figure::ratio(Some(sum * sum), Some(squared))
    }

    pub(crate) fn sustainable(&self) -> Figure {
        let most = self.run.policy.max_attempts().map(|most| f64::from(most.get()));
        Figure::ratio(self.capacity(), most)
    }

    pub(crate) fn collapsed(&self) -> Figure {
        collapsed(&self.meter.rows)
    }

    pub(crate) fn windows(&self) -> Vec<WindowSummary> {
        let window = |window: &Window| {
            let (from, to) = (window.from.as_nanos(), window.to.as_nanos());
            WindowSummary::of(&CountedWindow {
                name: &window.name,
                has_objective: self.scenario.report.objective.is_some(),
                from: from as f64 / 1e9,
                to: to as f64 / 1e9,
                before: self.meter.at_edge(from),
                after: self.meter.at_edge(to),
            })
        };
        self.scenario.report.windows.iter().map(window).collect()
    }

    pub(crate) fn classes(&self) -> Vec<ClassSummary> {
        let class = |(class, counts): (&Class, &CrowdCounts)| {
            ClassSummary::of(&CountedClass { name: &class.name, counts })
        };
        self.scenario.clients.iter().zip(&self.run.crowds).map(class).collect()
    }

    pub(crate) fn layers(&self) -> Vec<LayerSummary> {
        if self.scenario.layers.is_empty() {
            return Vec::new();
        }
        let layer = |((name, server), tier): ((&str, &Server), &TierCounts)| {
            LayerSummary::of(&CountedLayer {
                name,
                tier,
                rates: Rates::of_tier(self.scenario, tier),
                capacity: server.capacity_per_second(),
                tasks: self.tasks(),
            })
        };
        let names = self.scenario.tier_names();
        names.zip(self.scenario.servers()).zip(&self.run.tiers).map(layer).collect()
    }
}

/// What was counted from the start of a window to its end.
pub(crate) struct CountedWindow<'a> {
    pub(crate) name: &'a str,
    pub(crate) from: f64,
    pub(crate) to: f64,
    has_objective: bool,
    before: Totals,
    after: Totals,
}

impl CountedWindow<'_> {
    fn count(&self, column: usize) -> u64 {
        self.after.counts[column] - self.before.counts[column]
    }

    pub(crate) fn tasks(&self) -> u64 {
        self.count(TASKS)
    }

    pub(crate) fn succeeded(&self) -> u64 {
        self.count(SUCCEEDED)
    }

    pub(crate) fn within_objective(&self) -> Figure {
        if !self.has_objective {
            return Figure::Absent;
        }
        self.per_task(self.after.within - self.before.within)
    }

    pub(crate) fn attempts(&self) -> u64 {
        self.after.attempts() - self.before.attempts()
    }

    pub(crate) fn per_task(&self, count: u64) -> Figure {
        Figure::ratio(Some(count as f64), Some(self.tasks() as f64))
    }
}

/// What was counted of one class of clients.
pub(crate) struct CountedClass<'a> {
    pub(crate) name: &'a str,
    pub(crate) counts: &'a CrowdCounts,
}

/// What was counted at one layer.
pub(crate) struct CountedLayer<'a> {
    pub(crate) name: &'a str,
    pub(crate) tier: &'a TierCounts,
    pub(crate) rates: Rates,
    pub(crate) capacity: Option<f64>,
    pub(crate) tasks: u64,
}

/// Rates of attempts by bin.
pub(crate) struct Rates {
    pub(crate) peak: f64,
    pub(crate) peak_after: f64,
    pub(crate) peak_to_mean: Option<f64>,
    pub(crate) over_window: f64,
}

impl Rates {
    /// The attempts of clients.
    fn of_attempts(scenario: &Scenario, meter: &Meter) -> Self {
        let attempts = |row: &Bins| u64::from(row[FIRST]) + u64::from(row[RETRIES]);
        Self::new(scenario, &meter.rows, attempts, meter.before_after)
    }

    /// The requests that reach a tier.
    fn of_tier(scenario: &Scenario, tier: &TierCounts) -> Self {
        let requests = |row: &TierBin| u64::from(row.requests);
        Self::new(scenario, &tier.gauge.bins, requests, tier.gauge.before_after)
    }

    fn new<R>(scenario: &Scenario, rows: &[R], count: impl Fn(&R) -> u64, before: u32) -> Self {
        let bin = nanos(scenario.report.bin);
        let per_second = |count: u64| count as f64 / (bin as f64 / 1e9);
        let first = rows.iter().position(|row| count(row) > 0).unwrap_or(rows.len());
        let last = rows.iter().rposition(|row| count(row) > 0).unwrap_or(0);
        let peak = rows.iter().skip(first + 1).map(&count).max().unwrap_or(0);
        let after = (scenario.after_fault().as_nanos() / bin) as usize;
        let mut peak_after = 0;
        for (i, row) in rows.iter().enumerate().skip(after) {
            // Of the bin in which the fault ends, only what came after that.
            let before = if i == after { u64::from(before) } else { 0 };
            peak_after = peak_after.max(count(row) - before);
        }
        let span = rows.get(first..=last).unwrap_or_default();
        let (sum, top) =
            span.iter().map(&count).fold((0, 0), |(sum, top), n| (sum + n, n.max(top)));
        let peak_to_mean = (sum > 0).then(|| top as f64 * span.len() as f64 / sum as f64);
        // Without a fault, the first attempts of a herd are not what a policy does.
        let (from, before) = match scenario.fault_ends() {
            true => (after, u64::from(before)),
            false => (first + 1, 0),
        };
        let mut counts: Vec<u64> = rows.iter().skip(from).map(&count).collect();
        // Of the bin in which the fault ends, only what came after that.
        if let Some(first) = counts.first_mut() {
            *first -= before;
        }
        let over_window = over_window(scenario, &counts);
        Self {
            peak: per_second(peak),
            peak_after: per_second(peak_after),
            peak_to_mean,
            over_window,
        }
    }
}

/// The most a second in a window that moves by whole bins.
fn over_window(scenario: &Scenario, counts: &[u64]) -> f64 {
    let (bin, window) = (nanos(scenario.report.bin), nanos(scenario.report.window));
    let width = (window / bin.max(1)).max(1) as usize;
    let (mut sum, mut most) = (0_u64, 0_u64);
    for (i, count) in counts.iter().enumerate() {
        sum += count;
        if i >= width {
            sum -= counts[i - width];
        }
        most = most.max(sum);
    }
    most as f64 / (width as f64 * bin as f64 / 1e9)
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

fn series(scenario: &Scenario, rows: &[Bins], tiers: &[TierCounts]) -> Series {
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
        recovers: scenario.fault_ends(),
        first: column(FIRST),
        retries: column(RETRIES),
        rejected: column(REJECTED),
        succeeded: column(SUCCEEDED),
        failed: column(FAILED),
        dead: column(DEAD),
        queue: column(QUEUE),
        tiers: tier_series(scenario, tiers),
    }
}

fn tier_series(scenario: &Scenario, tiers: &[TierCounts]) -> Vec<TierSeries> {
    if scenario.layers.is_empty() {
        return Vec::new();
    }
    let series = |((name, server), tier): ((&str, &Server), &TierCounts)| {
        let column = |count: fn(&TierBin) -> u32| tier.gauge.bins.iter().map(count).collect();
        let capacity = server.capacity_per_second();
        TierSeries {
            name: name.to_owned(),
            capacity_per_bin: capacity.map(|rate| rate * scenario.report.bin.as_secs_f64()),
            requests: column(|bin| bin.requests),
            refused: column(|bin| bin.refused),
            succeeded: column(|bin| bin.succeeded),
            queue: column(|bin| bin.queue),
        }
    };
    scenario.tier_names().zip(scenario.servers()).zip(tiers).map(series).collect()
}
