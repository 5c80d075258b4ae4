//! What is counted while the simulation runs.
//!
//! Hot counters live in the row of the current bin, four bytes each in one cache line; totals are
//! sums over rows and are made when a bin is full. Time only moves forward, so the next moment at
//! which anything has to be done (end of a bin, edge of a window) is one number to compare with.

use redrive::{Time, task::Reason, time::nanos};

use crate::{
    error::SimError,
    histogram::Histogram,
    outcome::{Mark, Raster, Row},
    scenario::Scenario,
};

/// The columns of a row.
pub(crate) const FIRST: usize = 0;
pub(crate) const RETRIES: usize = 1;
pub(crate) const REJECTED: usize = 2;
pub(crate) const SUCCEEDED: usize = 3;
pub(crate) const FAILED: usize = 4;
pub(crate) const DEAD: usize = 5;
pub(crate) const QUEUE: usize = 6;
pub(crate) const TASKS: usize = 7;

/// Fewer attempts than this are counted each for itself.
const FEW: usize = 64;

/// One bin.
pub(crate) type Bins = [u32; 8];

/// Totals up to a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) counts: [u64; 8],
    /// Tasks that succeeded within the objective.
    pub(crate) within: u64,
}

impl Totals {
    fn add(&mut self, row: &Bins) {
        for (total, count) in self.counts.iter_mut().zip(row) {
            *total += u64::from(*count);
        }
    }

    pub(crate) fn attempts(&self) -> u64 {
        self.counts[FIRST] + self.counts[RETRIES]
    }
}

/// The counters of one run.
pub(crate) struct Meter {
    row: Bins,
    queue_now: u32,
    pub(crate) rows: Vec<Bins>,
    pub(crate) totals: Totals,
    bin: u64,
    bin_end: u64,
    /// When `turn` has something to do.
    edge: u64,
    /// Edges of windows still to come, falling, and what was counted at those that have passed.
    edges: Vec<u64>,
    pub(crate) passed: Vec<(u64, Totals)>,
    /// Attempts in the bin of the end of the fault before that end.
    pub(crate) before_after: u32,
    pub(crate) to_success: Histogram,
    pub(crate) to_dead_letter: Histogram,
    /// To ends of other kinds.
    to_other_end: Histogram,
    /// How many tasks took so many attempts: nearly all take few, and then one addition counts them.
    few_attempts: [u64; FEW],
    many_attempts: Histogram,
    many_squared: u128,
    pub(crate) dead: [u64; Reason::ALL.len()],
    pub(crate) discarded: u64,
    pub(crate) failed_tasks: u64,
    pub(crate) cancelled: u64,
    pub(crate) last_end: u64,
    /// How soon a task should succeed, and how many did.
    objective: u64,
    within: u64,
    pub(crate) timed_out: u64,
    pub(crate) wasted: u128,
    pub(crate) lost: u64,
    pub(crate) breaker_denied: u64,
    pub(crate) throttle_denied: u64,
    pub(crate) redriven: u64,
    pub(crate) max_queue: u32,
    /// A task is in the raster when the low half of `id * raster_step` is below `raster_step`.
    raster_step: u64,
    marks: Vec<(u32, u64, Mark, &'static str)>,
}

impl Meter {
    pub(crate) fn new(scenario: &Scenario, expected_tasks: f64) -> Self {
        let bin = nanos(scenario.report.bin);
        // Falling, each once. They are few: a sort would be more to download than they are worth.
        let mut edges: Vec<u64> = Vec::new();
        for window in &scenario.report.windows {
            for edge in [window.from.as_nanos(), window.to.as_nanos()] {
                let place = edges.partition_point(|other| *other > edge);
                if edges.get(place) != Some(&edge) {
                    edges.insert(place, edge);
                }
            }
        }
        let share = f64::from(scenario.report.raster_rows) / expected_tasks.max(1.0);
        let raster_step = (share.min(1.0) * 4_294_967_296.0) as u64;
        Self {
            row: [0; 8],
            queue_now: 0,
            rows: Vec::new(),
            totals: Totals::default(),
            bin,
            bin_end: bin,
            edge: edges.last().copied().unwrap_or(u64::MAX).min(bin),
            edges,
            passed: Vec::new(),
            before_after: 0,
            to_success: Histogram::of_times(),
            to_dead_letter: Histogram::of_times(),
            to_other_end: Histogram::of_times(),
            few_attempts: [0; FEW],
            many_attempts: Histogram::of_counts(),
            many_squared: 0,
            dead: [0; Reason::ALL.len()],
            discarded: 0,
            failed_tasks: 0,
            cancelled: 0,
            last_end: 0,
            objective: scenario.report.objective.map_or(u64::MAX, nanos),
            within: 0,
            timed_out: 0,
            wasted: 0,
            lost: 0,
            breaker_denied: 0,
            throttle_denied: 0,
            redriven: 0,
            max_queue: 0,
            raster_step,
            marks: Vec::new(),
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Bins>() + self.marks.capacity() * 40
    }

    /// Time is `now`: bins and windows that have ended are closed.
    #[inline]
    pub(crate) fn turn(&mut self, now: u64) -> Result<(), SimError> {
        if now >= self.edge { self.close(now) } else { Ok(()) }
    }

    #[cold]
    #[inline(never)]
    fn close(&mut self, now: u64) -> Result<(), SimError> {
        while now >= self.edge {
            // An edge of a window on the edge of a bin: the bin first, so that it counts.
            if self.bin_end <= self.edge {
                self.push_row(now)?;
            } else if let Some(edge) = self.edges.pop() {
                let mut totals = self.totals;
                totals.add(&self.row);
                totals.within = self.within;
                self.passed.push((edge, totals));
            }
            self.edge = self.edges.last().copied().unwrap_or(u64::MAX).min(self.bin_end);
        }
        Ok(())
    }

    fn push_row(&mut self, now: u64) -> Result<(), SimError> {
        if self.rows.len() as u64 >= crate::scenario::MAX_BINS {
            return Err(SimError::too_many_bins(Time::from_nanos(now)));
        }
        self.max_queue = self.max_queue.max(self.row[QUEUE]);
        self.totals.add(&self.row);
        self.rows.push(self.row);
        self.row = [0; 8];
        self.row[QUEUE] = self.queue_now;
        self.bin_end = self.bin_end.saturating_add(self.bin);
        Ok(())
    }

    /// The run is over: what is open is closed.
    pub(crate) fn finish(&mut self) -> Result<(), SimError> {
        if self.row.iter().any(|count| *count > 0) {
            self.push_row(self.bin_end)?;
        }
        self.totals.within = self.within;
        // Windows that end after the last event hold what there was.
        while let Some(edge) = self.edges.pop() {
            self.passed.push((edge, self.totals));
        }
        Ok(())
    }

    /// What had been counted at the edge of a window.
    pub(crate) fn at_edge(&self, edge: u64) -> Totals {
        let found = self.passed.iter().find(|(at, _)| *at == edge);
        found.map_or(self.totals, |(_, totals)| *totals)
    }

    /// The fault is over: from here on attempts count as "after".
    pub(crate) fn after_begins(&mut self) {
        self.before_after = self.row[FIRST] + self.row[RETRIES];
    }

    #[inline]
    pub(crate) fn task(&mut self) {
        self.row[TASKS] += 1;
    }

    #[inline]
    pub(crate) fn attempt(&mut self, retry: bool) {
        self.row[usize::from(retry)] += 1;
    }

    #[inline]
    pub(crate) fn failed(&mut self, rejected: bool) {
        self.row[FAILED] += 1;
        self.row[REJECTED] += u32::from(rejected);
    }

    #[inline]
    pub(crate) fn queue(&mut self, waiting: u32) {
        self.queue_now = waiting;
        self.row[QUEUE] = self.row[QUEUE].max(waiting);
    }

    #[inline]
    pub(crate) fn succeeded(&mut self, now: u64, began: u64, attempts: u32) {
        self.within += u64::from(now - began <= self.objective);
        self.row[SUCCEEDED] += 1;
        self.to_success.record(now - began);
        self.counted(now, attempts);
    }

    pub(crate) fn dead_letter(&mut self, now: u64, began: u64, attempts: u32, reason: Reason) {
        self.row[DEAD] += 1;
        self.dead[reason as usize % Reason::ALL.len()] += 1;
        self.to_dead_letter.record(now - began);
        self.counted(now, attempts);
    }

    /// A task ended, neither in success nor as a dead letter.
    pub(crate) fn ended(&mut self, now: u64, began: u64, attempts: u32) {
        self.to_other_end.record(now - began);
        self.counted(now, attempts);
    }

    #[inline]
    fn counted(&mut self, now: u64, attempts: u32) {
        self.last_end = now;
        match self.few_attempts.get_mut(attempts as usize) {
            Some(count) => *count += 1,
            None => {
                self.many_attempts.record(u64::from(attempts));
                self.many_squared += u128::from(attempts) * u128::from(attempts);
            }
        }
    }

    /// The times to whatever end.
    pub(crate) fn to_end(&self) -> Histogram {
        let mut all = self.to_success.clone();
        all.add(&self.to_dead_letter);
        all.add(&self.to_other_end);
        all
    }

    /// Attempts for each task that ended, and the sum of their squares.
    pub(crate) fn attempts_per_task(&self) -> (Histogram, u128) {
        let (mut all, mut squared) = (self.many_attempts.clone(), self.many_squared);
        for (attempts, count) in (0_u64..).zip(self.few_attempts) {
            all.record_many(attempts, count);
            squared += u128::from(attempts * attempts) * u128::from(count);
        }
        (all, squared)
    }

    /// Whether the task is in the raster.
    #[inline]
    pub(crate) fn is_sampled(&self, id: u32) -> bool {
        u64::from(u64::from(id).wrapping_mul(self.raster_step) as u32) < self.raster_step
    }

    #[inline]
    pub(crate) fn mark(&mut self, id: u32, now: u64, mark: Mark, why: &'static str) {
        if self.is_sampled(id) {
            self.marks.push((id, now, mark, why));
        }
    }

    pub(crate) fn raster(&self) -> Raster {
        let mut rows: Vec<Row> = Vec::new();
        // Marks come in the order of time, so that only their rows have to be found.
        for (id, now, mark, why) in &self.marks {
            let key = u64::from(*id);
            let place = rows.partition_point(|row| row.key < key);
            if rows.get(place).is_none_or(|row| row.key != key) {
                rows.insert(place, Row { key, ..Row::default() });
            }
            rows[place].marks.push((Time::from_nanos(*now), *mark));
            rows[place].why.push(why);
        }
        Raster { rows }
    }

    /// A dead letter is sent back: it is not dead any more.
    pub(crate) fn undead(&mut self, reason: Reason) {
        self.dead[reason as usize % Reason::ALL.len()] -= 1;
        self.redriven += 1;
    }

    /// Tasks that have ended, and are still ended (a redriven dead letter is not).
    pub(crate) fn ended_tasks(&self) -> u64 {
        let dead: u64 = self.dead.iter().sum();
        self.totals.counts[SUCCEEDED] + dead + self.discarded + self.failed_tasks + self.cancelled
    }
}
