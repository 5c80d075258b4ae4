//! What is wanted: one figure as small (or large) as possible, others within limits.

use std::fmt;

use redrive::wire::ConfigError;

use crate::{metric::Metric, outcome::Summary};

/// The figure to improve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// Which.
    pub metric: Metric,
    /// Whether more of it is wanted.
    pub maximize: bool,
}

impl Goal {
    /// The figure as a loss: less is better. `None` when the run has no such figure.
    #[must_use]
    pub fn loss(&self, summary: &Summary) -> Option<f64> {
        self.metric.of(summary).map(|value| self.loss_of(value))
    }

    /// The same of a figure.
    pub(super) fn loss_of(&self, value: f64) -> f64 {
        if self.maximize { -value } else { value }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.maximize { "maximize" } else { "minimize" };
        write!(f, "{verb} {}", self.metric.name)
    }
}

/// How a figure is compared with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// At most.
    AtMost,
    /// At least.
    AtLeast,
}

impl Relation {
    /// `value`, moved by `away` to the side of the limit.
    pub(super) fn towards(self, value: f64, away: f64) -> f64 {
        match self {
            Self::AtMost => value + away,
            Self::AtLeast => value - away,
        }
    }
}

/// A limit: `peakToCapacity <= 1.2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constraint {
    /// The figure.
    pub metric: Metric,
    /// The side it has to be on.
    pub relation: Relation,
    /// The limit.
    pub limit: f64,
}

impl Constraint {
    /// Reads `METRIC <= NUMBER` or `METRIC >= NUMBER`.
    ///
    /// # Errors
    /// When it is not of that shape, or the metric is not known.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let parts = text
            .split_once("<=")
            .map(|parts| (parts, Relation::AtMost))
            .or_else(|| text.split_once(">=").map(|parts| (parts, Relation::AtLeast)));
        let Some(((name, limit), relation)) = parts else {
            let message =
                format!("\"{text}\" is not a constraint; write one like \"peakToCapacity <= 1.2\"");
            return Err(ConfigError::new("", message));
        };
        let metric = Metric::find(name.trim())?;
        match limit.trim().parse::<f64>() {
            Ok(limit) if limit.is_finite() => Ok(Self { metric, relation, limit }),
            _ => {
                let message = format!("\"{}\" in \"{text}\" is not a finite number", limit.trim());
                Err(ConfigError::new("", message))
            }
        }
    }

    /// How far the run is on the wrong side, relative to the limit; 0 when it holds. A run without
    /// the figure is as far off as can be: it never recovered, say.
    #[must_use]
    pub fn violation(&self, summary: &Summary) -> f64 {
        self.violation_of(self.metric.of(summary))
    }

    /// The same of a figure.
    pub(super) fn violation_of(&self, figure: Option<f64>) -> f64 {
        let Some(value) = figure else { return f64::MAX.sqrt() };
        let over = match self.relation {
            Relation::AtMost => value - self.limit,
            Relation::AtLeast => self.limit - value,
        };
        // A limit of 0 has no scale of its own; a thousandth keeps the ratio finite.
        over.max(0.0) / self.limit.abs().max(1e-3)
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.relation {
            Relation::AtMost => "<=",
            Relation::AtLeast => ">=",
        };
        write!(f, "{} {sign} {}", self.metric.name, self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_read_and_written() {
        for text in ["peakToCapacity <= 1.2", "succeededShare >= 0.999"] {
            assert_eq!(Constraint::parse(text).unwrap().to_string(), text);
        }
        for bad in ["p99", "p99 < 3", "p99 <= ", "p99 <= NaN", "p98 <= 3"] {
            assert!(Constraint::parse(bad).is_err(), "{bad}");
        }
    }
}
