//! `[arrivals]`: when tasks arrive.
//!
//! | kind | fields | |
//! |---|---|---|
//! | `herd` | `tasks`, `at`, `spread` | all at once, or spread uniformly: what a cron job, a restart or a broken connection does |
//! | `poisson` | `ratePerSecond`, `at`, `for` | independent users |
//! | `rate` | `steps` (`at`, `perSecond`), `ramp`, `for` | Poisson with a rate that changes: steps, or a line from step to step with `ramp` |
//! | `serial` | `clients`, `think`, `at`, `for` | a closed system: each client starts its next task when the last one ended and it has thought |
//! | `cron` | `clients`, `every`, `skew`, `at`, `for` | every client at the full period, clocks off by up to `skew` |
//! | `trace` | `file` and `column`, or `counts`; `bin`, `scale`, `at` | counts per bin, as a load balancer logs them, times `scale`; uniform within a bin |

use redrive::{
    Duration, Time,
    wire::{ConfigError, Fields, Number, Value, check},
};

use super::read::{self, ByRow, Kind};
use crate::{
    bounds,
    distribution::Distribution,
    files::{self, Loader},
};

/// When tasks arrive.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// All at once.
    Herd {
        /// How many.
        tasks: u32,
        /// When.
        at: Time,
        /// Over how long.
        spread: Duration,
    },
    /// A Poisson process whose rate is a line from each step to the next (`ramp`) or constant.
    Rate {
        /// From when on, how many a second; the times rise.
        steps: Vec<(Time, f64)>,
        /// Whether the rate runs in a line from step to step.
        ramp: bool,
        /// When it stops.
        until: Option<Time>,
    },
    /// A closed system of clients.
    Serial {
        /// How many.
        clients: u32,
        /// How long each waits between tasks.
        think: Distribution,
        /// When they start.
        at: Time,
        /// When they stop starting tasks.
        until: Option<Time>,
    },
    /// Every client at every full period.
    Cron {
        /// How many.
        clients: u32,
        /// The period.
        every: Duration,
        /// How far clocks are off.
        skew: Duration,
        /// The first period.
        at: Time,
        /// When they stop.
        until: Option<Time>,
    },
    /// Counts per bin.
    Trace {
        /// Tasks in each bin.
        counts: Vec<u32>,
        /// Width of a bin.
        bin: Duration,
        /// When the first bin begins.
        at: Time,
    },
}

impl Default for Arrivals {
    fn default() -> Self {
        Self::Herd { tasks: 10_000, at: Time::ZERO, spread: Duration::ZERO }
    }
}

/// Each kind with its fields.
pub(super) const KINDS: &[Kind] = &[
    ("herd", &["kind", "tasks", "at", "spread"]),
    ("poisson", &["kind", "ratePerSecond", "at", "for"]),
    ("rate", &["kind", "steps", "ramp", "for"]),
    ("serial", &["kind", "clients", "think", "at", "for"]),
    ("cron", &["kind", "clients", "every", "skew", "at", "for"]),
    ("trace", &["kind", "file", "column", "counts", "bin", "scale", "at"]),
];
/// The fields of a step of `rate`.
pub(super) const STEP_FIELDS: &[&str] = &["at", "perSecond"];

impl Arrivals {
    /// How many tasks to expect until `horizon`; infinite when there is no end.
    #[must_use]
    pub fn expected(&self, horizon: Option<Time>) -> f64 {
        let end = |until: &Option<Time>| -> f64 {
            let end = until.iter().chain(horizon.as_ref()).min();
            end.map_or(f64::INFINITY, |time| time.as_nanos() as f64 / 1e9)
        };
        match self {
            Self::Herd { tasks, .. } => f64::from(*tasks),
            Self::Rate { steps, ramp, until } => {
                let end = end(until);
                let mut sum = 0.0;
                for (i, (from, rate)) in steps.iter().enumerate() {
                    let from = from.as_nanos() as f64 / 1e9;
                    let (to, next) = steps.get(i + 1).map_or((end, *rate), |(to, next)| {
                        ((to.as_nanos() as f64 / 1e9).min(end), if *ramp { *next } else { *rate })
                    });
                    if to > from && rate + next > 0.0 {
                        sum += (to - from) * f64::midpoint(*rate, next);
                    }
                }
                sum
            }
            // Each client makes one task a think time at most; the server's time only delays it.
            Self::Serial { clients, think, until, .. } => {
                let rounds = end(until) / (think.mean() / 1e9).max(1e-3);
                f64::from(*clients) * (rounds + 1.0)
            }
            Self::Cron { clients, every, until, .. } => {
                f64::from(*clients) * (end(until) / every.as_secs_f64() + 1.0)
            }
            Self::Trace { counts, .. } => counts.iter().map(|c| f64::from(*c)).sum(),
        }
    }

    /// Whether tasks arrive for ever.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        match self {
            Self::Herd { .. } | Self::Trace { .. } => false,
            Self::Rate { steps, until, .. } => {
                until.is_none() && steps.last().is_some_and(|(_, rate)| *rate > 0.0)
            }
            Self::Serial { until, .. } | Self::Cron { until, .. } => until.is_none(),
        }
    }

    pub(super) fn read(
        value: &Value,
        path: &str,
        files: &mut dyn Loader,
    ) -> Result<Self, ConfigError> {
        let (kind, known) = read::kind(value, path, "kind", KINDS)?;
        let fields = Fields::read(value, path, known)?;
        let clients =
            || -> Result<u32, ConfigError> { Ok(fields.count_of(bounds::CLIENTS)? as u32) };
        Ok(match kind {
            "herd" => Self::Herd {
                tasks: fields.count_of(bounds::TASKS)? as u32,
                at: fields.time_of(bounds::AT)?,
                spread: fields.duration_of(bounds::SPREAD)?,
            },
            "poisson" => {
                let at = fields.time_of(bounds::AT)?;
                let rate = fields.number_of(bounds::RATE_PER_SECOND)?;
                Self::Rate { steps: vec![(at, rate)], ramp: false, until: until(&fields, at)? }
            }
            "rate" => Self::read_rate(&fields)?,
            "serial" => {
                let at = fields.time_of(bounds::AT)?;
                let think = match fields.get("think") {
                    Some(value) => Distribution::read(value, &fields.path_of("think"), files)?,
                    None => Distribution::Fixed(bounds::THINK.default.unwrap_or(0.0) as u64),
                };
                Self::Serial { clients: clients()?, think, at, until: until(&fields, at)? }
            }
            "cron" => {
                let at = fields.time_of(bounds::AT)?;
                Self::Cron {
                    clients: clients()?,
                    every: fields.needed_duration_of(bounds::EVERY)?,
                    skew: fields.duration_of(bounds::SKEW)?,
                    at,
                    until: until(&fields, at)?,
                }
            }
            _ => Self::read_trace(&fields, files)?,
        })
    }

    fn read_rate(fields: &Fields<'_>) -> Result<Self, ConfigError> {
        let list = fields.list("steps")?.unwrap_or_default();
        let mut steps: Vec<(Time, f64)> = Vec::new();
        for (i, value) in list.iter().enumerate() {
            let path = format!("{}[{i}]", fields.path_of("steps"));
            let step = Fields::read(value, &path, STEP_FIELDS)?;
            let at = step.time_of(bounds::AT)?;
            if steps.last().is_some_and(|(before, _)| *before >= at) {
                return Err(step.error("at", "is not after the step before it; sort the steps"));
            }
            let Some(rate) = step.maybe_number_of(bounds::PER_SECOND)? else {
                return Err(step.error("perSecond", "is missing; write a number"));
            };
            steps.push((at, rate));
        }
        let Some((first, _)) = steps.first().copied() else {
            return Err(fields.error("steps", "holds nothing; write [{at, perSecond}, ...]"));
        };
        Ok(Self::Rate {
            steps,
            ramp: fields.boolean("ramp")?.unwrap_or(false),
            until: until(fields, first)?,
        })
    }

    fn read_trace(fields: &Fields<'_>, files: &mut dyn Loader) -> Result<Self, ConfigError> {
        let scale = fields.number_of(bounds::SCALE)?;
        let mut rows: Vec<(String, f64)> = Vec::new();
        if let Some(list) = fields.list("counts")? {
            for (i, value) in list.iter().enumerate() {
                let path = format!("{}[{i}]", fields.path_of("counts"));
                let count = value.as_f64().unwrap_or(f64::NAN);
                rows.push((path.clone(), check(&path, bounds::TASKS, count)?));
            }
        } else {
            let Some(file) = fields.text("file")? else {
                return Err(fields.error("file", "is missing; name a CSV file, or write counts"));
            };
            let text = files::load(files, &fields.path_of("file"), file)?;
            let column = fields.text("column")?;
            for (row, count) in files::column(&text, file, column, &fields.path_of("column"))? {
                if !(0.0..=bounds::TASKS.max).contains(&count) {
                    let message =
                        format!("row {row} of {file} holds {}, which is no count", Number(count));
                    return Err(fields.error("file", message));
                }
                rows.push((String::new(), count));
            }
        }
        let bin = fields.maybe_duration_of(bounds::TRACE_BIN)?.ok_or_else(|| {
            fields.error("bin", "is missing; write how long each row lasts, like \"5m\"")
        })?;
        let total: f64 = rows.iter().map(|(_, count)| count * scale).sum();
        check(&fields.path_of("scale"), bounds::TASKS, total).map_err(|_| {
            let (total, max) = (Number(libm::round(total)), Number(bounds::TASKS.max));
            fields.error("scale", format!("gives {total} tasks; the most is {max}: lower it"))
        })?;
        Ok(Self::Trace { counts: scaled(&rows, scale), bin, at: fields.time_of(bounds::AT)? })
    }
}

/// Scaled counts whose sums are right at every bin: what rounding leaves over is carried on.
fn scaled(rows: &[(String, f64)], scale: f64) -> Vec<u32> {
    let (mut sum, mut given) = (0.0, 0_u64);
    let carry = |(_, count): &(String, f64)| {
        sum += count * scale;
        let due = (sum + 0.5) as u64;
        let now = due.saturating_sub(given);
        given = due;
        now as u32
    };
    rows.iter().map(carry).collect()
}

fn until(fields: &Fields<'_>, at: Time) -> Result<Option<Time>, ConfigError> {
    Ok(fields.maybe_duration_of(bounds::FOR)?.map(|length| at.saturating_add(length)))
}
