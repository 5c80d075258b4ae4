//! The delays of one task ahead of time, each with its band over all tasks.
//!
//! A schedule shows what a policy will do before anything runs: the delay that this seed and key will
//! get, and the distribution that the delays of all keys come from. Where the distribution has a closed
//! form the band is exact, by the very range that the delay is drawn from; where it has none
//! (decorrelated kinds, feedback, resampling) it is measured over many keys and says so.

use alloc::{collections::BinaryHeap, vec::Vec};

use crate::{
    policy::{Address, Delays, Law, RetryPolicy},
    random::Stream,
    task::Reason,
    time::{Duration, Time},
};

/// How many keys a band is measured over when it has no closed form.
pub const DEFAULT_SAMPLES: u32 = 10_000;

/// One retry of a schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduledRetry {
    /// Its number, from 1: retry k comes before attempt k + 1.
    pub retry: u32,
    /// The delay of this seed and key.
    pub delay: Duration,
    /// When the attempt starts if no attempt takes any time; the first started at zero.
    pub at: Time,
}

/// How a task ends that never succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Why it becomes a dead letter.
    pub reason: Reason,
    /// After how many attempts.
    pub attempts: u32,
}

/// Iterates over the retries of one task that always fails, attempts taking no time.
///
/// ```
/// use redrive::{RetryPolicy, task::Reason};
///
/// let policy = RetryPolicy::default();
/// let mut schedule = policy.schedule(42, 0);
/// let delays: Vec<_> = schedule.by_ref().map(|retry| retry.delay.as_secs()).collect();
/// assert_eq!(delays, [2, 4]);
/// assert_eq!(schedule.end().map(|end| end.reason), Some(Reason::Exhausted));
/// ```
#[derive(Clone, Debug)]
pub struct Schedule<'a> {
    policy: &'a RetryPolicy,
    stream: Stream,
    key: u64,
    attempts: u32,
    at: Time,
    previous: Option<u64>,
    end: Option<End>,
}

impl RetryPolicy {
    /// The retries of the task `key` under `seed`, for failures that no rule treats specially.
    pub fn schedule(&self, seed: u64, key: u64) -> Schedule<'_> {
        let stream = Stream::new(seed);
        let at = Time::ZERO;
        Schedule { policy: self, stream, key, attempts: 1, at, previous: None, end: None }
    }
}

impl Schedule<'_> {
    /// How it ended, once it has.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    fn stop(&mut self, reason: Reason) -> Option<ScheduledRetry> {
        self.end = Some(End { reason, attempts: self.attempts });
        None
    }
}

impl Iterator for Schedule<'_> {
    type Item = ScheduledRetry;

    fn next(&mut self) -> Option<ScheduledRetry> {
        if self.end.is_some() {
            return None;
        }
        let limits = self.policy.limits();
        if !limits.allows_after(self.attempts) || self.attempts == u32::MAX {
            return self.stop(Reason::Exhausted);
        }
        let retries = self.attempts - 1;
        let (stream, key) = (self.stream, self.key);
        let address =
            Address { stream, key, attempt: self.attempts, retries, previous: self.previous };
        let own = self.policy.base_delays().draw(&address);
        // Attempts take no time here, so that wall time is the sum of the sleeps.
        let Some(delay) = limits.admit(self.at.as_nanos(), own) else {
            return self.stop(Reason::DeadlineExceeded);
        };
        self.previous = Some(own);
        self.at = self.at.plus_nanos(delay);
        self.attempts += 1;
        Some(ScheduledRetry { retry: retries + 1, delay: Duration::from_nanos(delay), at: self.at })
    }
}

/// The distribution of one delay over all keys.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Band {
    /// The minimum.
    pub min: Duration,
    /// The maximum.
    pub max: Duration,
    /// The mean.
    pub mean: Duration,
    /// The standard deviation.
    pub sd: Duration,
    quantiles: [Duration; LEVELS.len()],
    /// Over how many keys it was measured; `None` when it is exact.
    pub samples: Option<u32>,
}

/// The quantiles of a band, as probabilities.
pub const QUANTILES: &[f64] = &LEVELS;

const LEVELS: [f64; 9] = [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999];

impl Band {
    /// The quantiles of [`QUANTILES`], in that order.
    pub fn quantiles(&self) -> &[Duration] {
        &self.quantiles
    }

    /// The quantile of [`QUANTILES`] that is `p`, or the nearest to it.
    pub fn quantile(&self, p: f64) -> Duration {
        let nearest = (0..LEVELS.len())
            .min_by(|a, b| (LEVELS[*a] - p).abs().total_cmp(&(LEVELS[*b] - p).abs()));
        nearest.map_or(self.mean, |index| self.quantiles[index])
    }

    /// The exact band of a law that has a closed form.
    fn exact(law: &Law) -> Option<Band> {
        let at = |p: f64| law.quantile(p).map(Duration::from_nanos);
        let (min, max) = (at(0.0)?, at(1.0)?);
        let mut quantiles = [Duration::ZERO; LEVELS.len()];
        for (slot, p) in quantiles.iter_mut().zip(LEVELS) {
            *slot = at(p)?;
        }
        let (mean, sd) = moments(law)?;
        Some(Band { min, max, mean, sd, quantiles, samples: None })
    }

    /// The band of delays that were measured, in nanoseconds: quantiles by the nearest rank.
    pub fn measured(delays: Vec<u64>) -> Band {
        // Somewhat slower than sorting in place, but much less code, and a page has to download it.
        let delays = BinaryHeap::from(delays).into_sorted_vec();
        let n = delays.len().max(1);
        let at = |p: f64| {
            let rank = libm::ceil(p * n as f64) as usize;
            Duration::from_nanos(delays.get(rank.clamp(1, n) - 1).copied().unwrap_or_default())
        };
        let mean = delays.iter().map(|d| *d as f64).sum::<f64>() / n as f64;
        let square = delays.iter().map(|d| (*d as f64 - mean) * (*d as f64 - mean)).sum::<f64>();
        let sd = libm::sqrt(square / n as f64);
        let (min, max) = (at(0.0), at(1.0));
        Band {
            min,
            max,
            // A float's mean of numbers near 2^64 may lie an ulp outside them.
            mean: rounded(mean).clamp(min, max),
            sd: rounded(sd),
            quantiles: LEVELS.map(at),
            samples: Some(u32::try_from(delays.len()).unwrap_or(u32::MAX)),
        }
    }
}

fn rounded(nanos: f64) -> Duration {
    Duration::from_nanos((nanos + 0.5) as u64)
}

/// Mean and standard deviation: by formula where the uniform range is neither rounded nor clamped, by
/// the midpoint rule over the quantile function otherwise.
fn moments(law: &Law) -> Option<(Duration, Duration)> {
    if let Law::Uniform { low, high, steps: 0, rounding: None, floor, cap } = *law
        && low >= floor
        && high <= cap
    {
        let width = (high - low) as f64;
        let mean = low + (high - low) / 2;
        return Some((Duration::from_nanos(mean), rounded(width / libm::sqrt(12.0))));
    }
    const STEPS: u32 = 4_096;
    let mut delays = Vec::with_capacity(STEPS as usize);
    for step in 0..STEPS {
        delays.push(law.quantile((f64::from(step) + 0.5) / f64::from(STEPS))?);
    }
    let band = Band::measured(delays);
    Some((band.mean, band.sd))
}

/// The bands of one retry after the other, of the policy's own delays (no deadline cuts them).
///
/// Exact where there is a closed form; otherwise, and always when `samples` is given, measured over the
/// keys 0, 1, 2, ... under `seed`.
#[derive(Clone, Debug)]
pub struct Bands<'a> {
    delays: &'a Delays,
    stream: Stream,
    measure: bool,
    samples: u32,
    retries: u32,
    /// The delay before, of each key.
    previous: Vec<u64>,
}

impl RetryPolicy {
    /// The band of each retry in turn; without end, so take as many as there are retries.
    pub fn bands(&self, seed: u64, samples: Option<u32>) -> Bands<'_> {
        let mut bands = self.rough_bands(seed, samples.unwrap_or(DEFAULT_SAMPLES).max(1));
        bands.measure = samples.is_some();
        bands
    }

    /// Bands that are exact where there is a closed form, and measured over `samples` keys otherwise.
    pub(crate) fn rough_bands(&self, seed: u64, samples: u32) -> Bands<'_> {
        let stream = Stream::new(seed);
        let delays = self.base_delays();
        Bands { delays, stream, measure: false, samples, retries: 0, previous: Vec::new() }
    }
}

impl Bands<'_> {
    fn draw_all(&mut self) -> Vec<u64> {
        let first = self.previous.is_empty();
        let mut drawn = Vec::with_capacity(self.samples as usize);
        for key in 0..self.samples {
            let address = Address {
                stream: self.stream,
                key: key.into(),
                attempt: self.retries + 1,
                retries: self.retries,
                previous: if first { None } else { self.previous.get(key as usize).copied() },
            };
            drawn.push(self.delays.draw(&address));
        }
        drawn
    }
}

impl Iterator for Bands<'_> {
    type Item = Band;

    fn next(&mut self) -> Option<Band> {
        if self.retries == u32::MAX {
            return None;
        }
        let exact = if self.measure { None } else { Band::exact(&self.delays.law(self.retries)) };
        let band = match exact {
            // A walk needs every step of every key, shown or not.
            Some(band) if !self.delays.walks() => band,
            exact => {
                let drawn = self.draw_all();
                if self.delays.walks() {
                    self.previous.clone_from(&drawn);
                }
                exact.unwrap_or_else(|| Band::measured(drawn))
            }
        };
        self.retries += 1;
        Some(band)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        policy::{Backoff, Jitter},
        time::nanos,
    };

    #[test]
    fn the_default_is_the_specification() {
        let policy = RetryPolicy::default();
        let bands: Vec<Band> = policy.bands(0, None).take(2).collect();
        for (band, secs) in bands.iter().zip([2, 4]) {
            assert_eq!(band.min, Duration::from_secs(secs));
            assert_eq!(band.max, Duration::from_millis(secs * 1_100));
            assert_eq!(band.quantile(0.5), Duration::from_millis(secs * 1_050));
            assert_eq!(band.samples, None);
        }
    }

    #[test]
    fn schedule_and_pure_delay_agree() {
        let decorrelated = RetryPolicy::builder()
            .backoff(Backoff::Decorrelated { initial: Duration::from_secs(1), multiplier: 3.0 })
            .max_delay(Duration::from_secs(60))
            .max_attempts(12)
            .build()
            .unwrap();
        for policy in [RetryPolicy::recommended(), decorrelated] {
            for retry in policy.schedule(7, 99) {
                let number = core::num::NonZeroU32::new(retry.retry).unwrap();
                assert_eq!(policy.delay(7, 99, number), retry.delay);
            }
        }
    }

    #[test]
    fn a_deadline_ends_the_schedule_by_its_reason() {
        let policy = RetryPolicy::builder()
            .backoff(Backoff::Constant { delay: Duration::from_secs(2) })
            .jitter(Jitter::None)
            .unlimited_attempts()
            .max_elapsed(Duration::from_secs(7))
            .build()
            .unwrap();
        let mut schedule = policy.schedule(1, 1);
        assert_eq!(schedule.by_ref().count(), 3);
        assert_eq!(schedule.end(), Some(End { reason: Reason::DeadlineExceeded, attempts: 4 }));
    }

    #[test]
    fn measured_bands_lie_within_exact_ones() {
        let policy = RetryPolicy::recommended();
        for (exact, measured) in policy.bands(3, None).zip(policy.bands(3, Some(20_000))).take(4) {
            assert!(exact.min <= measured.min && measured.max <= exact.max);
            let off = nanos(exact.mean).abs_diff(nanos(measured.mean)) as f64;
            assert!(off < 3.0 * nanos(exact.sd) as f64 / libm::sqrt(20_000.0));
        }
    }
}
