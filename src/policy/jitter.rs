//! Jitter: the range that a delay is drawn from. Always uniform, between two ends.
//!
//! Every jitter in the field that is not a backoff of its own is U[low, high], where an end is
//! `factor * delay + add + addPerRetry * retry`. The [kinds](super::kinds) are instances of it.

use super::{
    kinds::{Jitter, JitterTag},
    parameter::Argument,
};
use crate::time::{Duration, nanos};

/// One end of a range: `factor * d + add + add_per_retry * retry`, retries counted from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// What multiplies the delay.
    pub factor: f64,
    /// What is added.
    pub add: Duration,
    /// What is added for every retry, the first included.
    pub add_per_retry: Duration,
}

impl End {
    /// `factor * d` and nothing added.
    pub const fn times(factor: f64) -> End {
        End { factor, add: Duration::ZERO, add_per_retry: Duration::ZERO }
    }
}

impl Jitter {
    /// The two ends of the range.
    pub fn ends(&self) -> (End, End) {
        let mut number = 0.0;
        let mut ends = [End::times(1.0); 2];
        let mut given = ends.iter_mut();
        for (_, argument) in self.arguments() {
            match argument {
                Argument::Number(factor) => number = factor,
                Argument::End(end) => given.next().into_iter().for_each(|slot| *slot = end),
                Argument::Duration(_) | Argument::Durations(_) => {}
            }
        }
        match factors(self.tag(), number) {
            Some((low, high)) => (End::times(low), End::times(high)),
            None => (ends[0], ends[1]),
        }
    }
}

/// The law of each kind that has one factor or none: what the ends of its range multiply the delay by.
/// `None` for kinds whose parameters are the ends.
#[inline]
fn factors(kind: JitterTag, factor: f64) -> Option<(f64, f64)> {
    match kind {
        JitterTag::None => Some((1.0, 1.0)),
        JitterTag::Full => Some((0.0, 1.0)),
        JitterTag::Equal => Some((0.5, 1.0)),
        JitterTag::Proportional => Some((1.0, 1.0 + factor)),
        JitterTag::Symmetric => Some((1.0 - factor, 1.0 + factor)),
        JitterTag::Subtractive => Some((1.0 - factor, 1.0)),
        JitterTag::Uniform => None,
    }
}

/// A jitter compiled to nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    low: Edge,
    high: Edge,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Edge {
    factor: f64,
    add: u64,
    per_retry: u64,
}

impl Edge {
    fn new(end: End) -> Edge {
        Edge { factor: end.factor, add: nanos(end.add), per_retry: nanos(end.add_per_retry) }
    }

    #[inline]
    fn added(&self, retry: u32) -> u64 {
        if self.per_retry == 0 {
            return self.add;
        }
        self.add.saturating_add(self.per_retry.saturating_mul(retry.into()))
    }

    #[inline]
    fn at(&self, delay: u64, retry: u32) -> u64 {
        scale(delay, self.factor).saturating_add(self.added(retry))
    }
}

impl Spread {
    pub(crate) fn new(jitter: &Jitter) -> Spread {
        let (low, high) = jitter.ends();
        Spread { low: Edge::new(low), high: Edge::new(high) }
    }

    /// The spread that six numbers spell: the two ends of a range, or the factor of the kinds that have
    /// one.
    #[cfg(feature = "small")]
    pub(super) fn of_numbers(kind: JitterTag, row: &[f64; 6]) -> Spread {
        let edge = |at: usize| Edge {
            factor: row[at],
            add: row[at + 1] as u64,
            per_retry: row[at + 2] as u64,
        };
        let times = |factor| Edge { factor, add: 0, per_retry: 0 };
        match factors(kind, row[0]) {
            Some((low, high)) => Spread { low: times(low), high: times(high) },
            None => Spread { low: edge(0), high: edge(3) },
        }
    }

    /// The range around `delay`; its low end is never above its high end.
    #[inline]
    pub(crate) fn range(&self, delay: u64, retry: u32) -> (u64, u64) {
        let high = self.high.at(delay, retry);
        (self.low.at(delay, retry).min(high), high)
    }

    /// The longest delay whose whole range lies under `max`; 0 when none does.
    #[inline]
    pub(crate) fn fit(&self, max: u64, retry: u32) -> u64 {
        let room = max.saturating_sub(self.high.added(retry));
        if self.high.factor <= 0.0 { max } else { divide(room, self.high.factor) }
    }
}

/// `delay * factor` to the nearest nanosecond, saturating; exact where the factor is 0 or 1.
#[cfg_attr(not(feature = "small"), inline)]
#[cfg_attr(feature = "small", inline(never))]
pub(crate) fn scale(delay: u64, factor: f64) -> u64 {
    if factor == 1.0 {
        return delay;
    }
    if delay == 0 {
        return 0;
    }
    let product = delay as f64 * factor;
    (product + 0.5) as u64
}

/// The largest delay whose `scale` by `factor` does not pass `room`, to the nanosecond below 2^52.
#[inline]
fn divide(room: u64, factor: f64) -> u64 {
    if factor == 1.0 {
        return room;
    }
    let quotient = (room as f64 / factor) as u64;
    if scale(quotient, factor) > room { quotient.saturating_sub(1) } else { quotient }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn named_jitters_are_the_ranges_of_their_formulas() {
        for (jitter, low, high) in [
            (Jitter::None, 1_000, 1_000),
            (Jitter::Full, 0, 1_000),
            (Jitter::Equal, 500, 1_000),
            (Jitter::Proportional { factor: 0.1 }, 1_000, 1_100),
            (Jitter::Symmetric { factor: 0.2 }, 800, 1_200),
            (Jitter::Subtractive { factor: 0.3 }, 700, 1_000),
        ] {
            assert_eq!(Spread::new(&jitter).range(1_000, 1), (low, high), "{}", jitter.kind());
        }
    }

    #[test]
    fn additions_grow_by_retry() {
        let high = End {
            factor: 1.0,
            add: Duration::from_nanos(5),
            add_per_retry: Duration::from_nanos(10),
        };
        let spread = Spread::new(&Jitter::Uniform { low: End::times(1.0), high });
        assert_eq!(spread.range(100, 3), (100, 135));
    }

    proptest! {
        #[test]
        fn the_fitted_range_lies_under_the_cap(max: u64, factor in 0.0..10.0, retry: u32) {
            let spread = Spread::new(&Jitter::Proportional { factor });
            let (low, high) = spread.range(spread.fit(max, retry), retry);
            // Above 2^52 a float skips integers: the sampler clips what is left over.
            prop_assert!(low <= high && (high <= max || max > 1 << 52), "{high} > {max}");
        }
    }
}
