//! Jitter: the range that a delay is drawn from. Always uniform, between two ends.
//!
//! Every jitter in the field that is not a backoff of its own is U[low, high], where an end is
//! `factor * delay + add + addPerRetry * retry`. The names are instances of it.

use crate::time::{Duration, nanos};

/// How a delay d is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Jitter {
    /// d itself. Many clients then retry in step: the thundering herd.
    #[default]
    None,
    /// U[0, d]: the widest spread for the same cap (AWS Architecture Blog, 2015).
    Full,
    /// U[d/2, d].
    Equal,
    /// U[d, d(1 + factor)]: the specification's, with factor 0.1.
    Proportional {
        /// How much is added at most, as a share of d.
        factor: f64,
    },
    /// U[d(1 - factor), d(1 + factor)] (gRPC, Failsafe).
    Symmetric {
        /// The width to each side, as a share of d.
        factor: f64,
    },
    /// U[d(1 - factor), d] (BullMQ).
    Subtractive {
        /// How much is taken off at most, as a share of d.
        factor: f64,
    },
    /// U[low, high], each end as given.
    Uniform {
        /// The lower end.
        low: End,
        /// The upper end.
        high: End,
    },
}

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
    /// The kind's name on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Full => "full",
            Self::Equal => "equal",
            Self::Proportional { .. } => "proportional",
            Self::Symmetric { .. } => "symmetric",
            Self::Subtractive { .. } => "subtractive",
            Self::Uniform { .. } => "uniform",
        }
    }

    /// The two ends of the range.
    pub fn ends(&self) -> (End, End) {
        match *self {
            Self::None => (End::times(1.0), End::times(1.0)),
            Self::Full => (End::times(0.0), End::times(1.0)),
            Self::Equal => (End::times(0.5), End::times(1.0)),
            Self::Proportional { factor } => (End::times(1.0), End::times(1.0 + factor)),
            Self::Symmetric { factor } => (End::times(1.0 - factor), End::times(1.0 + factor)),
            Self::Subtractive { factor } => (End::times(1.0 - factor), End::times(1.0)),
            Self::Uniform { low, high } => (low, high),
        }
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

    /// The spread that seven numbers spell: a kind by its place in the wire format, then the two ends of
    /// a uniform range; other kinds have a factor in the place of the first.
    #[cfg(feature = "small")]
    pub(crate) fn by_number(row: &[f64; 7]) -> Spread {
        let [kind, factor, ..] = *row;
        let edge = |at: usize| Edge {
            factor: row[at],
            add: row[at + 1] as u64,
            per_retry: row[at + 2] as u64,
        };
        Spread::new(&match kind as u32 {
            0 => Jitter::None,
            1 => Jitter::Full,
            2 => Jitter::Equal,
            3 => Jitter::Proportional { factor },
            4 => Jitter::Symmetric { factor },
            5 => Jitter::Subtractive { factor },
            _ => return Spread { low: edge(1), high: edge(4) },
        })
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
