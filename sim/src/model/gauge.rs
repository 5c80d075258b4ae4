//! What one tier is asked and does, over time: a row a bin, as long as there is something to count.

use redrive::time::nanos;

use crate::{histogram::Histogram, scenario::Scenario};

/// What a tier counted in one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TierBin {
    /// Requests that reached it.
    pub(crate) requests: u32,
    /// Those that it refused, or dropped.
    pub(crate) refused: u32,
    /// Those that it answered with success.
    pub(crate) succeeded: u32,
    /// The most that waited.
    pub(crate) queue: u32,
}

/// The counters of one tier.
#[derive(Clone)]
pub(crate) struct Gauge {
    bin: u64,
    /// When the time after the fault begins.
    after: u64,
    /// Rows by bin; the last ones may be missing.
    pub(crate) bins: Vec<TierBin>,
    /// Requests in the bin of the end of the fault before that end.
    pub(crate) before_after: u32,
    /// Requests that reached it.
    pub(crate) reached: u64,
    /// Requests that it refused, or dropped.
    pub(crate) refused: u64,
    /// From reaching it to its success, with all that it called for it.
    pub(crate) times: Histogram,
}

impl Gauge {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            bin: nanos(scenario.report.bin).max(1),
            after: scenario.after_fault().as_nanos(),
            bins: Vec::new(),
            before_after: 0,
            reached: 0,
            refused: 0,
            times: Histogram::of_times(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bins.capacity() * size_of::<TierBin>()
    }

    /// The row of the bin of `now`.
    fn row(&mut self, now: u64) -> &mut TierBin {
        let place = (now / self.bin) as usize;
        if self.bins.len() <= place {
            self.bins.resize(place + 1, TierBin::default());
        }
        &mut self.bins[place]
    }

    pub(crate) fn reached(&mut self, now: u64) {
        self.reached += 1;
        self.row(now).requests += 1;
        if now < self.after && now / self.bin == self.after / self.bin {
            self.before_after += 1;
        }
    }

    pub(crate) fn refused(&mut self, now: u64) {
        self.refused += 1;
        self.row(now).refused += 1;
    }

    /// It answers a request with success, that long after it came.
    pub(crate) fn succeeded(&mut self, now: u64, time: u64) {
        self.row(now).succeeded += 1;
        self.times.record(time);
    }

    pub(crate) fn queue(&mut self, now: u64, waiting: u32) {
        let row = self.row(now);
        row.queue = row.queue.max(waiting);
    }
}
