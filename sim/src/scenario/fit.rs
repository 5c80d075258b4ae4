//! Whether the parts of a scenario fit its trace. What does not is said, and simulated as it is.

use redrive::{
    Duration, Time,
    time::{format_duration, nanos},
    wire::Number,
};

use super::{Arrivals, Scenario};

/// Bins that are enough for any picture.
const BINS: u64 = 200_000;

/// Widths that people would choose, in seconds.
const WIDTHS: [u64; 9] = [1, 10, 60, 300, 600, 3_600, 21_600, 86_400, 604_800];

impl Scenario {
    /// Bins as wide as the length of a trace needs them, where their width is not given.
    pub(super) fn fit_bin(&mut self) {
        let Some(end) = self.arrivals.trace_end() else { return };
        let end = self.end().min(end).as_nanos();
        if end / nanos(self.report.bin).max(1) <= BINS {
            return;
        }
        let fits = |seconds: &&u64| end / (**seconds * 1_000_000_000) <= BINS;
        let seconds = WIDTHS.iter().find(fits).or(WIDTHS.last()).copied().unwrap_or(1);
        self.report.bin = Duration::from_secs(seconds);
    }

    pub(super) fn fit_notes(&self) -> Vec<String> {
        let Arrivals::Trace { notes, at, spans } = &self.arrivals else { return Vec::new() };
        let Some(end) = self.arrivals.trace_end() else { return Vec::new() };
        let mut all = notes.clone();
        let said = |time: Time| format_duration(Duration::from_nanos(time.as_nanos()));
        let length = end.as_nanos().saturating_sub(at.as_nanos());
        if self.end() < end {
            let (part, whole) =
                (self.arrivals.expected(Some(self.end())), self.arrivals.expected(None));
            all.push(format!(
                "the horizon, {}, cuts the trace, which is {} long: about {} of its {} tasks are \
                 simulated; leave horizon out (or set it to null) to simulate all",
                said(self.end()),
                said(end),
                Number(part),
                Number(whole)
            ));
        }
        for (i, fault) in self.faults.iter().enumerate() {
            let until = fault.until.unwrap_or(end).min(end);
            let hit = until.as_nanos().saturating_sub(fault.from.max(*at).as_nanos());
            let name = fault.name();
            if !spans.is_empty() && fault.from >= end {
                all.push(format!(
                    "faults[{i}] ({name}) begins at {}, after the trace, which ends at {}: it hits only \
                     retries",
                    said(fault.from),
                    said(end)
                ));
            } else if hit < length / 100 {
                all.push(format!(
                    "faults[{i}] ({name}, {} to {}) hits {} of a trace that is {} long: fit it to the \
                     trace, or remove it with faults = []",
                    said(fault.from),
                    said(until),
                    format_duration(Duration::from_nanos(hit)),
                    said(end)
                ));
            }
        }
        all
    }
}
