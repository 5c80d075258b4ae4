//! One claim, what it expects, and what was measured.

use std::fmt;

/// One claim and its measurement.
pub struct Check {
    claim: &'static str,
    what: String,
    expected: f64,
    measured: f64,
    within: f64,
}

impl Check {
    /// Within an absolute tolerance.
    pub fn within(
        claim: &'static str,
        what: impl Into<String>,
        expected: f64,
        measured: f64,
        within: f64,
    ) -> Self {
        Self { claim, what: what.into(), expected, measured, within }
    }

    /// Within a share of the expected value.
    pub fn share(
        claim: &'static str,
        what: impl Into<String>,
        expected: f64,
        measured: f64,
        share: f64,
    ) -> Self {
        Self::within(claim, what, expected, measured, share * expected.abs())
    }

    /// A mean of runs within three standard errors, and `rounding` for a reference that is rounded.
    pub fn mean(
        claim: &'static str,
        what: impl Into<String>,
        expected: f64,
        samples: &[f64],
        rounding: f64,
    ) -> Self {
        let (mean, error) = mean_and_error(samples);
        Self::within(claim, what, expected, mean, 3.0 * error + rounding)
    }

    /// A mean of runs within three standard errors and a share of the expected value, for a model that
    /// is itself an approximation.
    pub fn near(
        claim: &'static str,
        what: impl Into<String>,
        expected: f64,
        samples: &[f64],
        share: f64,
    ) -> Self {
        Self::mean(claim, what, expected, samples, share * expected.abs())
    }

    /// A statement that holds or not.
    pub fn holds_that(claim: &'static str, what: impl Into<String>, holds: bool) -> Self {
        Self::within(claim, what, 1.0, f64::from(u8::from(holds)), 0.0)
    }

    /// Whether it is met.
    pub fn holds(&self) -> bool {
        (self.measured - self.expected).abs() <= self.within
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.holds() { "ok" } else { "FAILED" };
        write!(
            f,
            "{:<6} {:<64} {:>14} {:>14} {:>10}  {verdict}",
            self.claim,
            self.what,
            short(self.expected),
            short(self.measured),
            short(self.within)
        )
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.2}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.5}"),
    }
}

/// The mean and its standard error.
pub fn mean_and_error(samples: &[f64]) -> (f64, f64) {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    let squares: f64 = samples.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, libm::sqrt(squares / (n - 1.0).max(1.0) / n))
}
