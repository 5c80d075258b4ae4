//! What a run looks like: the series, the raster and the dead letters, ready to be drawn.
//!
//! A chart has some thousand columns and a run may have many more bins. Columns are put together
//! here by the bin that is highest among them, since a peak is what people look for; the totals are
//! as they stand at the end of a column.

use std::collections::BTreeMap;

use redrive::{
    Time,
    wire::{ConfigError, Value},
};

use super::{Page, Slot};
use redrive_sim::{
    SimError,
    outcome::{LatencyCdf, Mark, PolicyOutcome, Series},
    run::{Options, run_one},
    scenario::Scenario,
    text::{known, number, seconds, times},
};

/// Columns of a chart at most.
const COLUMNS: usize = 1_500;

/// Tasks whose attempts are recorded, so that dead letters have a history.
const RECORDED: u32 = 10_000;

/// Dead letters that are listed.
const LISTED: usize = 200;

/// What a run on a page may need: a tab should neither hang nor die.
const MEGABYTES: u64 = 512;
const EVENTS: u64 = 60_000_000;

/// Rows of the timeline.
const ROWS: usize = 48;

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

/// One figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Its name in `redrive-simulate/1`.
    pub name: &'static str,
    /// What to call it.
    pub label: &'static str,
    /// The figure as a text.
    pub text: String,
    /// The figure itself.
    pub value: Option<f64>,
}

/// A dead letter of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// The task's key.
    pub key: u64,
    /// Why it is one.
    pub reason: &'static str,
    /// Attempts made.
    pub attempts: usize,
    /// When the last of them ended, as a text.
    pub died: String,
    /// The last error.
    pub error: &'static str,
    /// Every attempt: when it ended, as a text, and how.
    pub history: Vec<(String, &'static str)>,
}

/// The run of one policy of a page.
#[derive(Clone, Debug)]
pub struct Run {
    outcome: PolicyOutcome,
    faults: Vec<(f64, Option<f64>, String)>,
    /// When dead letters went back to work, all in that moment whatever their pace.
    redrive: Option<f64>,
}

impl Page {
    /// Runs one of the policies.
    ///
    /// # Errors
    /// When it is too big for a page, with the number to lower.
    pub fn run(&self, slot: Slot) -> Result<Run, SimError> {
        let mut scenario = self.checked(slot)?;
        scenario.report.raster_rows = scenario.report.raster_rows.max(RECORDED);
        scenario.limits.memory = scenario.limits.memory.min(MEGABYTES * 1_000_000);
        scenario.limits.events = scenario.limits.events.min(EVENTS);
        let outcome = run_one(&scenario, 0, 0, Options { records: true }, &mut ())?;
        let fault = |fault: &redrive_sim::scenario::Fault| {
            let until = fault.until.map(Time::as_secs_f64);
            (fault.from.as_secs_f64(), until, fault.name().to_owned())
        };
        let redrive = scenario.redrive.map(|redrive| redrive.at.as_secs_f64());
        Ok(Run { outcome, faults: scenario.faults.iter().map(fault).collect(), redrive })
    }

    fn checked(&self, slot: Slot) -> Result<Scenario, ConfigError> {
        Scenario::from_value(&self.scenario_of(slot))
    }

    /// What the run of a slot depends on: equal texts, equal runs.
    #[must_use]
    pub fn run_key(&self, slot: Slot) -> String {
        self.scenario_of(slot).to_string()
    }

    /// When a redrive would come after everything is over, and a pace that leaves room for the rest:
    /// what to set for a redrive all at once, and for a paced one.
    #[must_use]
    pub fn redrive_changes(&self, run: &Run, paced: bool) -> Vec<(&'static str, Value)> {
        let summary = &run.outcome.summary;
        let after = run.faults.iter().filter_map(|(_, until, _)| *until).fold(0.0, f64::max);
        let at = (libm::floor(after / 10.0) as u64 + 3) * 10;
        let capacity = summary.capacity_per_second.value().unwrap_or(100.0);
        let rate = libm::round(capacity * 0.2).max(1.0);
        vec![
            ("redrive.at", Value::Text(format!("{at}s"))),
            ("redrive.rate", if paced { Value::Unsigned(rate as u64) } else { "-".into() }),
        ]
    }
}

impl Run {
    /// The figures.
    #[must_use]
    pub fn outcome(&self) -> &PolicyOutcome {
        &self.outcome
    }

    /// The faults: from, until (open at the end), what.
    #[must_use]
    pub fn faults(&self) -> &[(f64, Option<f64>, String)] {
        &self.faults
    }

    /// When the last thing happened, seconds.
    #[must_use]
    pub fn end(&self) -> f64 {
        let series = &self.outcome.series;
        last_busy(series) as f64 * series.bin.as_secs_f64()
    }

    /// The figures that matter most, as texts.
    #[must_use]
    pub fn tiles(&self) -> Vec<Tile> {
        let s = &self.outcome.summary;
        let time = |figure: &redrive_sim::outcome::Figure| {
            figure.value().map_or_else(|| "\u{2013}".to_owned(), seconds)
        };
        let times = |figure: &redrive_sim::outcome::Figure| {
            figure.value().map_or_else(|| "\u{2013}".to_owned(), times)
        };
        let tile = |name, label, text, value| Tile { name, label, text, value };
        let dead = s.dead_letters();
        vec![
            tile(
                "peakToCapacity",
                "Peak / capacity",
                times(&s.peak_to_capacity),
                s.peak_to_capacity.value(),
            ),
            tile(
                "amplification",
                "Amplification",
                times(&s.amplification),
                s.amplification.value(),
            ),
            tile("drainSeconds", "Drained after", time(&s.drain_seconds), s.drain_seconds.value()),
            tile(
                "p50",
                "Success, median",
                time(&s.time_to_success_seconds.p50),
                s.time_to_success_seconds.p50.value(),
            ),
            tile(
                "p99",
                "Success, p99",
                time(&s.time_to_success_seconds.p99),
                s.time_to_success_seconds.p99.value(),
            ),
            tile("deadLetters", "Dead letters", number(dead), Some(dead)),
            tile(
                "rejectedAttempts",
                "Refused attempts",
                known(s.rejected_attempts.value(), number),
                s.rejected_attempts.value(),
            ),
            tile(
                "unfinished",
                "Unfinished",
                known(s.unfinished.value(), number),
                s.unfinished.value(),
            ),
        ]
    }

    /// One sentence for who cannot see the picture.
    #[must_use]
    pub fn spoken(&self) -> String {
        let s = &self.outcome.summary;
        format!(
            "Policy {}: {} of {} tasks succeeded, {} dead letters, {} attempts per task, \
             peak after the outage {} attempts per second, last task done after {}.",
            self.outcome.name,
            known(s.succeeded.value(), number),
            known(s.tasks.value(), number),
            number(s.dead_letters()),
            known(s.amplification.value(), number),
            known(s.peak_after_fault_per_second.value(), number),
            s.completion_seconds.value().map_or_else(|| "\u{2013}".to_owned(), seconds),
        )
    }

    /// The series in columns.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let redriven = self.outcome.summary.redriven.or_zero();
        columns(&self.outcome.series, self.redrive.map(|at| (at, redriven)))
    }

    /// The timeline: rows of (seconds, kind) pairs, evenly taken from the recorded tasks; kinds are
    /// 0 failed, 1 rejected, 2 timed out, 3 succeeded, 4 dead.
    #[must_use]
    pub fn raster(&self) -> Vec<(u64, Vec<(f64, u8)>)> {
        let rows = &self.outcome.raster.rows;
        let step = rows.len().div_ceil(ROWS).max(1);
        rows.iter()
            .step_by(step)
            .map(|row| {
                let marks = row.marks.iter().map(|(at, mark)| (at.as_secs_f64(), *mark as u8));
                (row.key, marks.collect())
            })
            .collect()
    }

    /// The dead letters that are left at the end: how many of each reason, and the first of them
    /// with their history.
    #[must_use]
    pub fn letters(&self) -> (BTreeMap<&str, f64>, Vec<Letter>) {
        let reasons = self.outcome.summary.dead_lettered.iter();
        let counts = reasons.map(|(reason, count)| (reason.as_str(), count.or_zero())).collect();
        let ends: BTreeMap<u64, &'static str> =
            self.outcome.records.iter().map(|record| (record.key, record.end)).collect();
        let letter = |row: &redrive_sim::outcome::Row| {
            let (died, Mark::Dead) = row.marks.last()? else { return None };
            let reason = ends.get(&row.key).copied().unwrap_or("exhausted");
            let history: Vec<(String, &'static str)> = row
                .marks
                .iter()
                .zip(&row.why)
                .map(|((at, mark), why)| (seconds(at.as_secs_f64()), word(*mark, why)))
                .collect();
            Some(Letter {
                key: row.key,
                reason,
                attempts: row.marks.iter().filter(|(_, mark)| *mark != Mark::Dead).count(),
                died: seconds(died.as_secs_f64()),
                error: history.iter().rev().nth(1).map_or("failed", |(_, what)| what),
                history,
            })
        };
        (counts, self.outcome.raster.rows.iter().filter_map(letter).take(LISTED).collect())
    }
}

/// What happened, as somebody who reads a log would say it.
fn word(mark: Mark, why: &str) -> &'static str {
    match (mark, why) {
        (Mark::Succeeded, _) => "succeeded",
        (Mark::Dead, _) => "dead-lettered",
        (_, "connection") => "connection refused",
        (_, "error") => "500 error of the server",
        (_, "overloaded") => "503 no room in the queue",
        (_, "throttle") => "429 too many requests",
        (_, "timeout") => "no answer in time",
        (_, "poison") => "400 poison: can never succeed",
        (_, "downstream") => "502 the next layer failed",
        (_, "breaker") => "the breaker was open",
        (_, "clientThrottle") => "held back by the client's throttle",
        (_, "conflict") => "409 somebody else wrote first",
        (Mark::TimedOut, _) => "timed out",
        (Mark::Rejected, _) => "rejected",
        (Mark::Failed, _) => "failed",
    }
}

/// The bin after the last in which anything happened.
fn last_busy(series: &Series) -> usize {
    let busy = |counts: &[u32]| counts.iter().rposition(|count| *count > 0).map_or(0, |at| at + 1);
    [&series.first, &series.retries, &series.succeeded, &series.dead]
        .into_iter()
        .map(|counts| busy(counts))
        .max()
        .unwrap_or_default()
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

/// How long successes took: the share of them in each of `bins` equal spans up to `to` seconds.
#[must_use]
pub fn histogram(latency: &LatencyCdf, to: f64, bins: usize) -> Vec<f64> {
    let share = |seconds: f64| {
        let points = &latency.points;
        let after = points.partition_point(|(at, _)| *at <= seconds);
        let Some(&(x1, y1)) = points.get(after) else {
            return points.last().map_or(0.0, |(_, share)| *share);
        };
        let (x0, y0) =
            after.checked_sub(1).and_then(|i| points.get(i)).copied().unwrap_or((0.0, 0.0));
        if x1 > x0 { y0 + (y1 - y0) * (seconds - x0) / (x1 - x0) } else { y1 }
    };
    let edge = |bin: usize| if bin == 0 { 0.0 } else { share(to * bin as f64 / bins as f64) };
    (0..bins).map(|bin| (edge(bin + 1) - edge(bin)).max(0.0)).collect()
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
                let (reasons, letters) = run.letters();
                let listed = letters.len() as f64;
                assert_eq!(reasons.values().sum::<f64>(), summary.dead_letters());
                assert!(
                    listed <= summary.dead_letters()
                        && (listed > 0.0) == (summary.dead_letters() > 0.0)
                );
                let shares = histogram(&run.outcome().latency, histogram_end(&[&run]), 20);
                assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{}", story.name);
            }
        }
    }

    #[test]
    fn every_built_in_scenario_opens_and_runs() {
        for builtin in redrive_sim::scenario::builtins() {
            let page = Page::read(&format!("s={}", builtin.name)).unwrap();
            assert!(page.notices().is_empty(), "{}: {:?}", builtin.name, page.notices());
            let run = page.run(Slot::A).unwrap();
            assert!(run.end() > 0.0 && !run.raster().is_empty(), "{}", builtin.name);
            let last = run.columns().open.last().copied();
            assert_eq!(last, run.outcome().summary.unfinished.value(), "{}", builtin.name);
        }
    }

    #[test]
    fn every_kind_of_failure_has_words_of_its_own() {
        let kinds: Vec<_> = redrive_sim::outcome::failure_kinds().collect();
        let words: std::collections::BTreeSet<_> =
            kinds.iter().map(|kind| word(Mark::Failed, kind)).collect();
        assert_eq!(words.len(), kinds.len());
        assert!(!words.contains(word(Mark::Failed, "unheard of")));
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
        let (_, letters) = poison.letters();
        // Who is still dead after the redrive can never succeed, or found the queue full again.
        let met = |letter: &Letter| letter.history.iter().any(|(_, what)| what.contains("poison"));
        assert!(letters.iter().any(met));
        assert!(letters.iter().all(|letter| letter.error != "failed"), "{letters:?}");
    }
}
