//! What a run looks like: the series, the raster and the layers, ready to be drawn.
//!
//! A chart has some thousand columns and a run may have many more bins. Columns are put together
//! here by the bin that is highest among them, since a peak is what people look for; the totals are
//! as they are at the end of a column.

use redrive::{
    Time,
    wire::{ConfigError, Value},
};

use super::{
    Page, Slot,
    over_time::OverTime,
    shape::{Bytes, Floats, shapes},
};
use redrive_sim::{
    SimError,
    outcome::{LayerSummary, Mark, PolicyOutcome, Row, Series, TierSeries},
    run::{Options, estimate, run_one},
    scenario::{Fault as ScenarioFault, Mode, Scenario},
    text::{known, number, percent, seconds},
};

/// Columns of a chart at most.
const COLUMNS: usize = 1_500;

/// Tasks whose attempts are recorded, so that dead letters have a history.
const RECORDED: u32 = 10_000;

/// What a run on a page may need: a tab should neither hang nor die.
const MEGABYTES: u64 = 512;
const EVENTS: u64 = 60_000_000;

/// Columns of the small picture of a layer.
const SPARK: usize = 120;

/// Rows of the timeline, and how many of them at most show tasks that did not succeed.
const ROWS: usize = 48;
const FAILED_ROWS: usize = 24;

shapes! {
    /// A fault of the scenario.
    pub struct Fault {
        /// When it begins, seconds.
        pub from: f64,
        /// When it is over; open at the end without.
        pub until: Option<f64>,
        /// What it is.
        pub what: String,
    }

    /// What the server can do from some second on.
    pub struct Limit {
        /// From when on.
        pub from: f64,
        /// Requests a second; no limit without.
        pub rate: Option<f64>,
    }

    /// The attempts of one task.
    pub struct RasterRow {
        /// Its key.
        pub key: String,
        /// When each attempt ended, seconds.
        pub at: Floats,
        /// How: 0 failed, 1 refused, 2 timed out, 3 succeeded, 4 became a dead letter.
        pub kinds: Bytes,
    }

    /// What reached one of the services that call each other.
    pub struct Layer {
        /// Its name.
        pub name: String,
        /// Attempts that reached it.
        pub attempts: String,
        /// The same for each task.
        pub each: String,
        /// The same over the most of all layers.
        pub share: f64,
        /// The most of them in a second.
        pub peak: String,
        /// Attempts a second over time, in equal spans.
        pub rates: Floats,
        /// The most requests that waited for it.
        pub queue: String,
    }

    /// How long successes took.
    pub struct Histogram {
        /// The end of the last span.
        pub to_text: String,
        /// The share of all tasks in each span.
        pub shares: Floats,
        /// The share of tasks that never succeeded, if there are any.
        pub never: String,
    }

    /// What there is to draw of one policy's run.
    pub struct Picture {
        /// `A` or `B`.
        pub name: &'static str,
        /// When the last thing happened, seconds.
        pub end: f64,
        /// The highest rate of attempts after the fault.
        pub peak: Option<f64>,
        /// What the server can do, as it changes.
        pub limits: Vec<Limit>,
        /// What goes wrong.
        pub faults: Vec<Fault>,
        /// When each column begins, seconds. Rates are a second's.
        pub seconds: Floats,
        /// All attempts.
        pub attempts: Floats,
        /// First attempts.
        pub first: Floats,
        /// Attempts refused at once.
        pub rejected: Floats,
        /// Tasks that have arrived and not ended, at the end of the column.
        pub open: Floats,
        /// Tasks that have succeeded by then.
        pub succeeded: Floats,
        /// Tasks that are dead letters then; those sent back are not.
        pub dead: Floats,
        /// The tasks of the timeline, those that did not succeed first.
        pub raster: Vec<RasterRow>,
        /// The services, outermost first; none where there is one.
        pub layers: Vec<Layer>,
        /// Success, its time and the queue as they go.
        pub over_time: OverTime,
        /// Dead letters that were sent back to work.
        pub redriven: f64,
    }
}

/// One column after the other; rates are a second's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// When the column begins, seconds.
    pub seconds: Vec<f64>,
    /// All attempts.
    pub attempts: Vec<f64>,
    /// First attempts.
    pub first: Vec<f64>,
    /// Attempts refused at once.
    pub rejected: Vec<f64>,
    /// Tasks that have arrived and not ended, at the end of the column.
    pub open: Vec<f64>,
    /// Tasks that have succeeded by then.
    pub succeeded: Vec<f64>,
    /// Tasks that are dead letters then; those sent back are not.
    pub dead: Vec<f64>,
}

/// The run of one policy of a page.
#[derive(Clone, Debug)]
pub struct Run {
    pub(super) slot: Slot,
    pub(super) outcome: PolicyOutcome,
    pub(super) scenario: Scenario,
    pub(super) faults: Vec<Fault>,
}

impl Page {
    /// Runs one of the policies.
    ///
    /// # Errors
    /// When it is too big for a page, with the number to lower.
    pub fn run(&self, slot: Slot) -> Result<Run, SimError> {
        let scenario = self.bounded(slot)?;
        let need = estimate(&scenario);
        if need.bytes > scenario.limits.memory {
            // A page cannot raise the limit, so its text says what to lower.
            let (tasks, needed) = (number(libm::round(need.tasks)), need.bytes / 1_000_000);
            let message = format!(
                "{tasks} tasks need about {needed} MB, and a page has {MEGABYTES}: lower the tasks, their \
                 rate or the horizon. The command line has room for more"
            );
            return Err(SimError::Limit { message });
        }
        let outcome = run_one(&scenario, 0, 0, Options { records: true }, &mut ())?;
        Ok(Run::of(slot, outcome, scenario))
    }

    /// The scenario of a slot within what a page may need.
    pub(super) fn bounded(&self, slot: Slot) -> Result<Scenario, ConfigError> {
        let mut scenario = Scenario::from_value(&self.scenario_of(slot))?;
        scenario.report.raster_rows = scenario.report.raster_rows.max(RECORDED);
        scenario.limits.memory = scenario.limits.memory.min(MEGABYTES * 1_000_000);
        scenario.limits.events = scenario.limits.events.min(EVENTS);
        Ok(scenario)
    }

    /// What the run of a slot depends on: equal texts, equal runs.
    #[must_use]
    pub fn run_key(&self, slot: Slot) -> String {
        format!("{}{}", slot.letter(), self.scenario_of(slot))
    }

    /// When a redrive would come after everything is over, and a pace that leaves room for the rest:
    /// what to set for a redrive all at once, and for a paced one.
    #[must_use]
    pub fn redrive_changes(&self, runs: &[&Run], paced: bool) -> Vec<(&'static str, Value)> {
        // When nearly all of those that die are dead: what is sent back sooner is not there yet.
        let died = runs.iter().flat_map(|run| run.last_death()).fold(0.0, f64::max);
        let faults = runs.iter().flat_map(|run| &run.faults);
        let after = faults.filter_map(|fault| fault.until).fold(died, f64::max);
        let at = (libm::floor(after / 10.0) as u64 + 1) * 10;
        let capacity = runs.first().and_then(|run| run.outcome.summary.capacity_per_second.value());
        let rate = libm::round(capacity.unwrap_or(100.0) * 0.2).max(1.0);
        vec![
            ("redrive.at", Value::Text(format!("{at}s"))),
            ("redrive.rate", if paced { Value::Unsigned(rate as u64) } else { "-".into() }),
        ]
    }
}

impl Run {
    /// A run that is over.
    pub(super) fn of(slot: Slot, outcome: PolicyOutcome, scenario: Scenario) -> Self {
        let fault = |fault: &ScenarioFault| Fault {
            from: fault.from.as_secs_f64(),
            until: fault.until.map(Time::as_secs_f64),
            what: fault.name().to_owned(),
        };
        let faults = scenario.faults.iter().map(fault).collect();
        Self { slot, outcome, scenario, faults }
    }

    /// Bins until the last thing that happened.
    pub(super) fn bins(&self) -> usize {
        last_busy(&self.outcome.series)
    }

    /// The figures.
    #[must_use]
    pub fn outcome(&self) -> &PolicyOutcome {
        &self.outcome
    }

    /// When the last thing happened, seconds.
    #[must_use]
    pub fn end(&self) -> f64 {
        let series = &self.outcome.series;
        last_busy(series) as f64 * series.bin.as_secs_f64()
    }

    fn last_death(&self) -> Option<f64> {
        let series = &self.outcome.series;
        let last = series.dead.iter().rposition(|count| *count > 0)?;
        // With a redrive in place the first wave is what counts.
        let before =
            self.scenario.redrive.map_or(f64::INFINITY, |redrive| redrive.at.as_secs_f64());
        Some(((last + 1) as f64 * series.bin.as_secs_f64()).min(before))
    }

    /// All that there is to draw.
    #[must_use]
    pub fn picture(&self) -> Picture {
        let columns = self.columns();
        Picture {
            name: self.slot.name(),
            end: self.end(),
            peak: self.outcome.summary.peak_after_fault_per_second.value(),
            limits: self.limits(),
            faults: self.faults.clone(),
            seconds: Floats(columns.seconds),
            attempts: Floats(columns.attempts),
            first: Floats(columns.first),
            rejected: Floats(columns.rejected),
            open: Floats(columns.open),
            succeeded: Floats(columns.succeeded),
            dead: Floats(columns.dead),
            raster: self.raster(),
            layers: self.layers(),
            over_time: self.over_time(),
            redriven: self.outcome.summary.redriven.or_zero(),
        }
    }

    /// The series in columns.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let redriven = self.outcome.summary.redriven.or_zero();
        let redrive = self.scenario.redrive.map(|redrive| (redrive.at.as_secs_f64(), redriven));
        columns(&self.outcome.series, redrive)
    }

    /// What the server can do, step by step: its capacity, less what the faults take of it.
    fn limits(&self) -> Vec<Limit> {
        let capacity = self.outcome.summary.capacity_per_second.value();
        let faults = &self.scenario.faults;
        let edges = faults.iter().flat_map(|fault| [Some(fault.from), fault.until]).flatten();
        let mut edges: Vec<Time> = edges.chain([Time::ZERO]).collect();
        edges.sort_unstable();
        edges.dedup();
        let rate = |at: Time| {
            let active = faults.iter().filter(|fault| {
                fault.layer.is_none()
                    && fault.from <= at
                    && fault.until.is_none_or(|until| at < until)
            });
            active.fold(capacity, |left, fault| match &fault.mode {
                Mode::Slow { factor } => left.map(|rate| rate / factor),
                Mode::Brownout { capacity_factor } => left.map(|rate| rate * capacity_factor),
                Mode::RateLimit { per_second, .. } => {
                    Some(left.map_or(*per_second, |rate| rate.min(*per_second)))
                }
                // What answers with errors is shaded, and its capacity is what it was.
                Mode::Down { .. } | Mode::Hang | Mode::Errors { .. } | Mode::Bursts { .. } => left,
            })
        };
        let mut limits: Vec<Limit> = Vec::new();
        for edge in edges {
            let limit = Limit { from: edge.as_secs_f64(), rate: rate(edge) };
            if limits.last().is_none_or(|last| last.rate != limit.rate) {
                limits.push(limit);
            }
        }
        limits
    }

    /// The timeline: tasks that did not succeed first, then those with more attempts than one, each
    /// evenly taken from the recorded ones.
    #[must_use]
    pub fn raster(&self) -> Vec<RasterRow> {
        let rows = &self.outcome.raster.rows;
        let is_lost =
            |row: &&Row| row.marks.last().is_some_and(|(_, mark)| *mark != Mark::Succeeded);
        let (lost, rest): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(is_lost);
        let (often, once): (Vec<&Row>, Vec<&Row>) =
            rest.into_iter().partition(|row| row.marks.len() > 1);
        let room = ROWS - lost.len().min(FAILED_ROWS);
        let few = if often.len() >= room { often } else { often.into_iter().chain(once).collect() };
        let lost_rows = ROWS - few.len().min(room);
        let chosen = evenly(&lost, lost_rows).chain(evenly(&few, room));
        chosen.map(raster_row).collect()
    }

    fn layers(&self) -> Vec<Layer> {
        let (layers, series) = (&self.outcome.summary.layers, &self.outcome.series);
        let most = layers.iter().map(|layer| layer.attempts.or_zero()).fold(1.0, f64::max);
        let bin = series.bin.as_secs_f64();
        let group = last_busy(series).div_ceil(SPARK).max(1);
        let layer = |(layer, tier): (&LayerSummary, &TierSeries)| {
            let busy = tier.requests.get(..last_busy(series)).unwrap_or(&tier.requests);
            let highest = |bins: &[u32]| f64::from(bins.iter().copied().max().unwrap_or(0)) / bin;
            Layer {
                name: super::told(&layer.name),
                attempts: known(layer.attempts.value(), number),
                each: known(layer.amplification.value(), number),
                share: layer.attempts.or_zero() / most,
                peak: number(highest(busy)),
                rates: Floats(busy.chunks(group).map(highest).collect()),
                queue: number(f64::from(tier.queue.iter().copied().max().unwrap_or(0))),
            }
        };
        layers.iter().zip(&series.tiers).map(layer).collect()
    }
}

fn evenly<'r>(rows: &'r [&'r Row], count: usize) -> impl Iterator<Item = &'r Row> {
    let step = rows.len().div_ceil(count.max(1)).max(1);
    rows.iter().step_by(step).take(count).copied()
}

fn raster_row(row: &Row) -> RasterRow {
    RasterRow {
        key: row.key.to_string(),
        at: Floats(row.marks.iter().map(|(at, _)| at.as_secs_f64()).collect()),
        kinds: Bytes(row.marks.iter().map(|(_, mark)| *mark as u8).collect()),
    }
}

/// The bin after the last in which anything happened.
pub(super) fn last_busy(series: &Series) -> usize {
    let busy = |counts: &[u32]| counts.iter().rposition(|count| *count > 0).map_or(0, |at| at + 1);
    [&series.first, &series.retries, &series.succeeded, &series.dead]
        .into_iter()
        .map(|counts| busy(counts))
        .max()
        .unwrap_or_default()
}

/// The attempts per second of a run in at most `most` columns, as if it went on for `bins` bins.
pub(super) fn columns_of(run: &Run, bins: usize, most: usize) -> (Vec<f64>, Vec<f64>) {
    let series = &run.outcome.series;
    let (bin, group) = (series.bin.as_secs_f64(), bins.div_ceil(most).max(1));
    let at = |counts: &[u32], index: usize| counts.get(index).copied().unwrap_or_default();
    let total = |i: usize| u64::from(at(&series.first, i)) + u64::from(at(&series.retries, i));
    let highest = |start: usize| (start..start + group).map(total).max().unwrap_or(0);
    let starts = (0..=bins).step_by(group);
    starts.map(|start| (start as f64 * bin, highest(start) as f64 / bin)).unzip()
}

fn columns(series: &Series, redrive: Option<(f64, f64)>) -> Columns {
    let bins = last_busy(series).min(series.first.len());
    let group = bins.div_ceil(COLUMNS).max(1);
    let bin = series.bin.as_secs_f64();
    let mut out = Columns::default();
    let (mut arrived, mut succeeded, mut dead) = (0_u64, 0_u64, 0_u64);
    let at = |counts: &[u32], index: usize| counts.get(index).copied().unwrap_or_default();
    // One more, empty: the last step goes down to nothing.
    for start in (0..=bins).step_by(group) {
        let span = start..(start + group).min(bins);
        let total =
            |i: &usize| u64::from(at(&series.first, *i)) + u64::from(at(&series.retries, *i));
        let highest = span.clone().max_by_key(total).unwrap_or(start);
        for index in span {
            arrived += u64::from(at(&series.first, index));
            succeeded += u64::from(at(&series.succeeded, index));
            dead += u64::from(at(&series.dead, index));
        }
        out.seconds.push(start as f64 * bin);
        out.attempts.push(total(&highest) as f64 / bin);
        out.first.push(f64::from(at(&series.first, highest)) / bin);
        out.rejected.push(f64::from(at(&series.rejected, highest)) / bin);
        let ends = (start + group).min(bins) as f64 * bin;
        let back = redrive.filter(|(at, _)| *at < ends).map_or(0.0, |(_, count)| count);
        let dead = dead as f64 - back;
        out.open.push((arrived as f64 - succeeded as f64 - dead).max(0.0));
        out.succeeded.push(succeeded as f64);
        out.dead.push(dead);
    }
    out
}

/// How long successes took: the share of all tasks in each of `bins` equal spans up to `to` seconds.
#[must_use]
pub fn histogram(run: &Run, to: f64, bins: usize) -> Histogram {
    let summary = &run.outcome.summary;
    let succeeded = summary.succeeded.or_zero() / summary.tasks.or_zero().max(1.0);
    let points = &run.outcome.latency.points;
    let share = |seconds: f64| {
        let after = points.partition_point(|(at, _)| *at <= seconds);
        let Some(&(x1, y1)) = points.get(after) else {
            return points.last().map_or(0.0, |(_, share)| *share);
        };
        let (x0, y0) =
            after.checked_sub(1).and_then(|i| points.get(i)).copied().unwrap_or((0.0, 0.0));
        if x1 > x0 { y0 + (y1 - y0) * (seconds - x0) / (x1 - x0) } else { y1 }
    };
    let edge = |bin: usize| if bin == 0 { 0.0 } else { share(to * bin as f64 / bins as f64) };
    let shares = (0..bins).map(|bin| (edge(bin + 1) - edge(bin)).max(0.0) * succeeded);
    let never = 1.0 - succeeded;
    Histogram {
        to_text: seconds(to),
        shares: Floats(shares.collect()),
        never: if never > 0.0 { percent(never) } else { String::new() },
    }
}

/// Seconds that hold nearly all successes of all runs.
#[must_use]
pub fn histogram_end(runs: &[&Run]) -> f64 {
    let last = |run: &&Run| run.outcome.latency.points.last().map_or(0.0, |(at, _)| *at);
    runs.iter().map(last).fold(0.0, f64::max).max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_runs_and_its_totals_add_up() {
        for story in super::super::stories() {
            let page = Page::read(story.query).unwrap();
            for slot in [Slot::A, Slot::B] {
                if page.chosen(slot).is_none() {
                    continue;
                }
                let run = page.run(slot).unwrap();
                let columns = run.columns();
                let summary = &run.outcome().summary;
                let last = |counts: &[f64]| counts.last().copied().unwrap();
                assert_eq!(last(&columns.succeeded), summary.succeeded.or_zero(), "{}", story.name);
                assert_eq!(last(&columns.dead), summary.dead_letters(), "{}", story.name);
                assert_eq!(last(&columns.open), summary.unfinished.or_zero(), "{}", story.name);
                assert!(columns.seconds.len() <= COLUMNS + 1);
                let letters = run.letters();
                assert_eq!(letters.count, summary.dead_letters());
                let grouped: f64 = letters.groups.iter().map(|group| group.count).sum();
                assert_eq!(grouped, letters.grouped);
                assert!(grouped <= letters.count && (grouped > 0.0) == (letters.count > 0.0));
                let shares = histogram(&run, histogram_end(&[&run]), 20).shares.0;
                let succeeded = summary.succeeded.or_zero() / summary.tasks.or_zero();
                let sum = shares.iter().sum::<f64>();
                assert!((sum - succeeded).abs() < 1e-6, "{} {sum}", story.name);
            }
        }
    }

    #[test]
    fn every_built_in_scenario_opens_and_runs() {
        for builtin in redrive_sim::scenario::builtins() {
            let mut page = Page::read("").unwrap();
            page.set("s", builtin.name.into()).unwrap();
            let again = Page::read(&page.query()).unwrap();
            assert!(again.notices().is_empty(), "{}: {:?}", builtin.name, again.notices());
            assert_eq!(again.query(), page.query());
            let run = page.run(Slot::A).unwrap();
            assert!(run.end() > 0.0 && !run.raster().is_empty(), "{}", builtin.name);
            let last = run.columns().open.last().copied();
            assert_eq!(last, run.outcome().summary.unfinished.value(), "{}", builtin.name);
        }
    }

    #[test]
    fn the_stories_show_what_they_say() {
        let run = |name: &str, slot| {
            let story = super::super::stories().iter().find(|story| story.name == name).unwrap();
            Page::read(story.query).unwrap().run(slot).unwrap().outcome
        };
        let peak = |outcome: &PolicyOutcome| outcome.summary.peak_after_fault_per_second.or_zero();
        let done = |outcome: &PolicyOutcome| outcome.summary.completion_seconds.or_zero();
        assert!(peak(&run("ten-percent", Slot::A)) > 1.2 * peak(&run("ten-percent", Slot::B)));
        assert!(peak(&run("full-jitter", Slot::A)) > 5.0 * peak(&run("full-jitter", Slot::B)));
        assert!(done(&run("full-jitter", Slot::A)) > 1.5 * done(&run("full-jitter", Slot::B)));
        assert!(peak(&run("cap", Slot::A)) > 2.0 * peak(&run("cap", Slot::B)));
        let (endless, budget) = (run("storm", Slot::A), run("storm", Slot::B));
        assert!(
            endless.summary.goodput_per_first.or_zero()
                < 0.6 * budget.summary.goodput_per_first.or_zero()
        );
        assert!(endless.summary.recover_seconds.value().is_none());
        assert!(budget.summary.recover_seconds.value().is_some());
        let story = super::super::stories().iter().find(|story| story.name == "poison").unwrap();
        let poison = Page::read(story.query).unwrap().run(Slot::A).unwrap();
        assert!(poison.outcome.summary.redriven.or_zero() > 9_000.0);
        let groups = poison.letters().groups;
        // Who is still dead after the redrive can never succeed, or found the queue full again.
        assert!(groups.iter().any(|group| group.error.contains("poison")));
        assert!(groups.iter().all(|group| group.error != "failed"), "{groups:?}");
    }
}
