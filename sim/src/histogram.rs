//! Distributions of times and counts, to three digits, in constant memory.

use hdrhistogram::Histogram as Hdr;

use crate::outcome::{Figure, LatencyCdf};

/// Where one step of a published CDF ends: this many points are enough for any picture.
const CDF_POINTS: usize = 400;

/// The step of times, in nanoseconds: a number that the compiler knows is not divided by.
const MICROSECOND: u64 = 1_000;

/// A histogram of whole numbers; sum and maximum are exact.
#[derive(Clone)]
pub(crate) struct Histogram {
    /// `None` when it could not be made, which three digits cannot bring about.
    hdr: Option<Hdr<u64>>,
    /// The width of one step of the histogram, and the unit that is published.
    step: u64,
    unit: f64,
    sum: u128,
    max: u64,
    count: u64,
}

impl Histogram {
    /// Of nanoseconds: kept by the microsecond, published in seconds.
    pub(crate) fn of_times() -> Self {
        Self::new(MICROSECOND, 1e9)
    }

    /// Of counts.
    pub(crate) fn of_counts() -> Self {
        Self::new(1, 1.0)
    }

    fn new(step: u64, unit: f64) -> Self {
        Self { hdr: Hdr::new(3).ok(), step, unit, sum: 0, max: 0, count: 0 }
    }

    #[inline]
    pub(crate) fn record(&mut self, value: u64) {
        self.record_many(value, 1);
    }

    /// The same value `count` times.
    #[inline]
    pub(crate) fn record_many(&mut self, value: u64, count: u64) {
        if count == 0 {
            return;
        }
        self.sum += u128::from(value) * u128::from(count);
        self.max = self.max.max(value);
        self.count += count;
        if let Some(hdr) = &mut self.hdr {
            let steps = if self.step == MICROSECOND { value / MICROSECOND } else { value };
            // It grows as it must; 64 bits always fit.
            let _grown = hdr.record_n(steps, count);
        }
    }

    /// All that `other`, of the same unit, holds.
    pub(crate) fn add(&mut self, other: &Self) {
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        self.count += other.count;
        if let (Some(hdr), Some(other)) = (&mut self.hdr, &other.hdr) {
            // It grows as it must, like above.
            let _grown = hdr.add(other);
        }
    }

    pub(crate) fn sum(&self) -> u128 {
        self.sum
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn mean(&self) -> Figure {
        self.or_absent(self.sum as f64 / self.count as f64)
    }

    /// What a share of the values is not above.
    pub(crate) fn at(&self, quantile: f64) -> Figure {
        let value = self.hdr.as_ref().map_or(0, |hdr| hdr.value_at_quantile(quantile));
        self.or_absent((value * self.step).min(self.max) as f64)
    }

    pub(crate) fn max(&self) -> Figure {
        self.or_absent(self.max as f64)
    }

    fn or_absent(&self, value: f64) -> Figure {
        if self.count == 0 { Figure::Absent } else { Figure::Real(value / self.unit) }
    }

    /// Points of the distribution function.
    pub(crate) fn cdf(&self) -> LatencyCdf {
        let Some(hdr) = self.hdr.as_ref().filter(|_| self.count > 0) else {
            return LatencyCdf::default();
        };
        let mut points = Vec::new();
        let (mut below, mut shown) = (0_u64, 0_u64);
        for bucket in hdr.iter_recorded() {
            below += bucket.count_since_last_iteration();
            let due = (below - shown) as f64 * CDF_POINTS as f64 >= self.count as f64;
            if due || below == self.count || points.is_empty() {
                shown = below;
                let value = (bucket.value_iterated_to() * self.step).min(self.max);
                points.push((value as f64 / self.unit, below as f64 / self.count as f64));
            }
        }
        LatencyCdf { points }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Quantiles;

    #[test]
    fn quantiles_are_right_to_three_digits_and_ends_exactly() {
        let mut histogram = Histogram::of_times();
        for millis in 1..=10_000_u64 {
            histogram.record(millis * 1_000_000 + 17);
        }
        let quantiles = Quantiles::of(&histogram);
        let near = |figure: Figure, expected: f64| {
            let value = figure.or_zero();
            assert!((value / expected - 1.0).abs() < 2e-3, "{value} not {expected}");
        };
        near(quantiles.mean, 5.0005);
        near(quantiles.p50, 5.0);
        near(quantiles.p99, 9.9);
        near(quantiles.p999, 9.99);
        assert_eq!(quantiles.max, Figure::Real(10.000_000_017));
        let cdf = histogram.cdf().points;
        assert!(cdf.len() <= CDF_POINTS + 2 && cdf.len() > 100, "{}", cdf.len());
        assert_eq!(cdf.last().map(|point| point.1), Some(1.0));
        assert!(cdf.is_sorted());
    }

    #[test]
    fn nothing_has_no_quantiles() {
        let nothing = Histogram::of_counts();
        assert_eq!([nothing.mean(), nothing.at(0.5), nothing.max()], [Figure::Absent; 3]);
        assert!(Histogram::of_counts().cdf().points.is_empty());
    }
}
