//! The schedule as a picture: every retry of both policies on one scale.
//!
//! Positions are shares of the height, 0 at the bottom: the scale (linear or logarithmic) is applied
//! here, so that what the page draws is a multiplication away from what the core computed.

use redrive::{
    Duration,
    schedule::{Band, ScheduledRetry},
    task::Reason,
    time::{format_duration, nanos},
};

use super::{
    Page, Slot,
    shape::{Floats, shapes},
};
use redrive_sim::{text::seconds, words};

/// Retries that are drawn at most.
const MOST: usize = 60;

shapes! {
    /// A line of the scale.
    pub struct Tick {
        /// Where, as a share of the height.
        pub at: f64,
        /// What it says.
        pub text: String,
    }

    /// One retry.
    pub struct Mark {
        /// Its number.
        pub retry: u32,
        /// Least, p5, p25, median, p75, p95, largest: shares of the height.
        pub band: Floats,
        /// The same as texts.
        pub band_text: Vec<String>,
        /// This seed's delay: share of the height.
        pub sample: f64,
        /// The same as a text.
        pub delay: String,
        /// When the attempt starts.
        pub starts: String,
        /// This seed's delay, the start, and the band, in seconds.
        pub seconds: Floats,
    }

    /// The schedule of one policy.
    pub struct PolicyPlot {
        /// `A` or `B`.
        pub name: &'static str,
        /// The retries.
        pub retries: Vec<Mark>,
        /// Whether there are more than are drawn.
        pub more: bool,
        /// How it ends, in words: "dead letter after 10 attempts (attempts used up)".
        pub end: Option<String>,
        /// The same in one word, for the axis.
        pub end_word: Option<&'static str>,
        /// The cap.
        pub cap: Option<Tick>,
        /// The deadline.
        pub deadline: Option<String>,
        /// Whether the bands were measured and are not exact.
        pub sampled: bool,
    }

    /// The schedules of all policies on one scale.
    pub struct Plot {
        /// The lines of the scale.
        pub ticks: Vec<Tick>,
        /// One a policy.
        pub policies: Vec<PolicyPlot>,
    }
}

struct Line {
    slot: Slot,
    rows: Vec<(ScheduledRetry, Band)>,
    more: bool,
    end: Option<redrive::schedule::End>,
}

impl Page {
    /// The schedules of the page's policies for its seed and key.
    #[must_use]
    pub fn plot(&self, logarithmic: bool) -> Plot {
        let lines: Vec<Line> =
            [Slot::A, Slot::B].into_iter().filter_map(|slot| self.line(slot)).collect();
        let scale = self.scale(&lines, logarithmic);
        let policies = lines.iter().map(|line| self.policy_plot(line, &scale)).collect();
        Plot { ticks: scale.ticks(), policies }
    }

    fn line(&self, slot: Slot) -> Option<Line> {
        let policy = &self.chosen(slot)?.policy;
        let seed = redrive::random::key_of(&self.seed());
        let key = redrive::random::key_of(&self.key);
        let mut schedule = policy.schedule(seed, key);
        let drawn: Vec<ScheduledRetry> = schedule.by_ref().take(MOST).collect();
        let more = schedule.next().is_some();
        let rows = drawn.into_iter().zip(policy.bands(seed, None)).collect();
        Some(Line { slot, rows, more, end: schedule.end() })
    }

    fn scale(&self, lines: &[Line], logarithmic: bool) -> Scale {
        let bands = || lines.iter().flat_map(|line| line.rows.iter().map(|(_, band)| band));
        let highest = bands().map(|band| nanos(band.max)).max().unwrap_or_default();
        let caps = lines.iter().filter_map(|line| self.chosen(line.slot)?.policy.max_delay());
        let near = caps.map(nanos).filter(|cap| *cap <= highest.saturating_mul(2));
        let top = near.fold(highest, u64::max).max(1_000_000) as f64;
        let medians = bands().map(|band| nanos(band.quantile(0.5))).filter(|delay| *delay > 0);
        let bottom = medians.min().map_or(top / 1e3, |least| (least as f64 / 10.0).max(1e3));
        // Room above, so that a cap at the top is a line and not the frame.
        Scale { top: top * 1.06, bottom: bottom.min(top / 10.0), logarithmic }
    }

    fn policy_plot(&self, line: &Line, scale: &Scale) -> PolicyPlot {
        let policy = self.chosen(line.slot).map_or(&self.a.policy, |chosen| &chosen.policy);
        let cap = policy.max_delay().filter(|cap| nanos(*cap) as f64 <= scale.top);
        PolicyPlot {
            name: line.slot.name(),
            retries: line.rows.iter().map(|(retry, band)| scale.mark(retry, band)).collect(),
            more: line.more,
            end: line.end.map(|end| {
                let plural = if end.attempts == 1 { "" } else { "s" };
                format!(
                    "dead letter after {} attempt{plural} ({})",
                    end.attempts,
                    words::reason(end.reason.as_str())
                )
            }),
            end_word: line.end.map(|end| match end.reason {
                Reason::DeadlineExceeded => "deadline",
                _ => "dead",
            }),
            cap: cap.map(|cap| Tick { at: scale.at(cap), text: format_duration(cap) }),
            deadline: policy.max_elapsed().map(format_duration),
            sampled: line.rows.iter().any(|(_, band)| band.samples.is_some()),
        }
    }
}

struct Scale {
    top: f64,
    bottom: f64,
    logarithmic: bool,
}

impl Scale {
    fn at(&self, delay: Duration) -> f64 {
        let delay = nanos(delay) as f64;
        if !self.logarithmic {
            return delay / self.top;
        }
        if delay <= self.bottom {
            return 0.0;
        }
        libm::log(delay / self.bottom) / libm::log(self.top / self.bottom)
    }

    fn mark(&self, retry: &ScheduledRetry, band: &Band) -> Mark {
        let q = |p| band.quantile(p);
        let values = [band.min, q(0.05), q(0.25), q(0.5), q(0.75), q(0.95), band.max];
        let ours = [retry.delay.as_secs_f64(), retry.at.as_secs_f64()];
        let numbers = ours.into_iter().chain(values.iter().map(Duration::as_secs_f64));
        Mark {
            retry: retry.retry,
            band: Floats(values.iter().map(|value| self.at(*value)).collect()),
            band_text: values.into_iter().map(read).collect(),
            sample: self.at(retry.delay),
            delay: read(retry.delay),
            starts: seconds(retry.at.as_secs_f64()),
            seconds: Floats(numbers.collect()),
        }
    }

    fn ticks(&self) -> Vec<Tick> {
        const STEPS: [u64; 25] = [
            1_000,
            10_000,
            100_000,
            1_000_000,
            2_000_000,
            5_000_000,
            10_000_000,
            20_000_000,
            50_000_000,
            100_000_000,
            200_000_000,
            500_000_000,
            1_000_000_000,
            2_000_000_000,
            5_000_000_000,
            10_000_000_000,
            15_000_000_000,
            30_000_000_000,
            60_000_000_000,
            120_000_000_000,
            300_000_000_000,
            600_000_000_000,
            1_800_000_000_000,
            3_600_000_000_000,
            86_400_000_000_000,
        ];
        let tick = |nanos: u64| {
            let delay = Duration::from_nanos(nanos);
            Tick { at: self.at(delay), text: format_duration(delay) }
        };
        if self.logarithmic {
            let inside = |n: &&u64| **n as f64 > self.bottom && **n as f64 <= self.top;
            let round = STEPS.iter().filter(inside).copied();
            let all: Vec<u64> = round.collect();
            let skip = all.len().div_ceil(6).max(1);
            return all.into_iter().step_by(skip).map(tick).collect();
        }
        let step = STEPS.into_iter().find(|step| self.top / *step as f64 <= 5.0);
        let step = step.unwrap_or((self.top / 4.0) as u64).max(1);
        (0..=(self.top / step as f64) as u64).map(|n| tick(n * step)).collect()
    }
}

/// A delay as it is read, to the hundredth of a second.
fn read(delay: Duration) -> String {
    seconds(delay.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_policies_stand_on_one_scale() {
        for logarithmic in [false, true] {
            let plot = Page::read("").unwrap().plot(logarithmic);
            assert_eq!(plot.policies.len(), 2);
            for policy in &plot.policies {
                assert_eq!(policy.retries.len(), 9);
                for mark in &policy.retries {
                    assert!(mark.band.0.windows(2).all(|pair| pair[0] <= pair[1]));
                    assert!(mark.band.0.iter().all(|at| (0.0..=1.0).contains(at)));
                    assert!((mark.band.0[0]..=mark.band.0[6]).contains(&mark.sample));
                }
                assert_eq!(
                    policy.end.as_deref(),
                    Some("dead letter after 10 attempts (attempts used up)")
                );
            }
            assert!((3..=8).contains(&plot.ticks.len()), "{:?}", plot.ticks);
        }
    }
}
