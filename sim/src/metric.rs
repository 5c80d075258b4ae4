//! Figures by name: what `tune` minimises, `sweep` maps and a constraint bounds.
//!
//! Every row of the table of figures that has a better and a worse is a metric, and so are the
//! quantiles of the time to success.

use redrive::wire::{ConfigError, unknown};

use crate::outcome::{
    Figure, Group, Summary,
    row::{Better, Unit},
};

/// A figure of a [`Summary`] that has a name.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name, as in the JSON output where it has one there.
    pub name: &'static str,
    /// What it is, with its unit.
    pub about: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Whether less of it is better.
    pub lower_is_better: bool,
    figure: fn(&Summary) -> Figure,
    /// Its place among all metrics.
    place: usize,
}

/// What one run gave in every metric, without the rest of its summary: a search keeps thousands.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample(Box<[f64]>);

impl Sample {
    /// The metrics of `summary`.
    #[must_use]
    pub fn of(summary: &Summary) -> Self {
        Self(metrics().map(|metric| metric.of(summary).unwrap_or(f64::NAN)).collect())
    }

    /// The number of a metric; `None` when the run has none.
    #[must_use]
    pub fn get(&self, metric: &Metric) -> Option<f64> {
        self.0.get(metric.place).copied().filter(|value| !value.is_nan())
    }
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Metric {
    /// The number of `summary`; `None` when it has none (a p99 where nothing succeeded).
    #[must_use]
    pub fn of(&self, summary: &Summary) -> Option<f64> {
        self.figure(summary).value()
    }

    /// The figure of `summary`, with its spread where there were several runs.
    #[must_use]
    pub fn figure(&self, summary: &Summary) -> Figure {
        (self.figure)(summary)
    }

    /// The metric called `name`.
    ///
    /// # Errors
    /// When there is none; with a guess at the one meant.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        let all: Vec<Self> = metrics().collect();
        if let Some(metric) = all.iter().find(|metric| metric.name == name) {
            return Ok(*metric);
        }
        let names: Vec<&str> = all.iter().map(|metric| metric.name).collect();
        Err(unknown("metric", name, &names))
    }
}

/// Every metric.
pub fn metrics() -> impl Iterator<Item = Metric> {
    let rows = Summary::ROWS.iter().filter_map(|row| {
        let lower_is_better = match row.better {
            Better::Lower => true,
            Better::Higher => false,
            Better::Neither => return None,
        };
        // A distribution has no number of its own: its quantiles have names.
        let shape = matches!(row.shape, crate::outcome::row::Shape::Figure);
        shape.then_some(Metric {
            name: row.name,
            about: row.about(),
            unit: row.unit,
            lower_is_better,
            figure: row.figure,
            place: 0,
        })
    });
    let all = TIMES.iter().copied().chain(rows);
    all.enumerate().map(|(place, metric)| Metric { place, ..metric })
}

macro_rules! times {
    ($($name:literal, $about:literal, $times:ident . $quantile:ident;)*) => {
        &[$(Metric {
            name: $name,
            about: redrive::bounds::prose($about),
            unit: Unit::Seconds,
            lower_is_better: true,
            figure: |summary| summary.$times.$quantile,
            place: 0,
        }),*]
    };
}

const TIMES: &[Metric] = times! {
    "mean", "mean time to success, seconds", time_to_success_seconds.mean;
    "p50", "median time to success, seconds", time_to_success_seconds.p50;
    "p90", "90th percentile of the time to success, seconds", time_to_success_seconds.p90;
    "p99", "99th percentile of the time to success, seconds", time_to_success_seconds.p99;
    "p999", "99.9th percentile of the time to success, seconds", time_to_success_seconds.p999;
    "endP99", "99th percentile of the time to the end, whatever the end, seconds", time_to_end_seconds.p99;
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_guessed() {
        assert_eq!(Metric::find("p99").unwrap().name, "p99");
        let text = Metric::find("peakToCapcity").unwrap_err().to_string();
        assert!(text.contains("did you mean \"peakToCapacity\"?"), "{text}");
    }
}
