//! `[arrivals]`: when tasks arrive.
//!
//! | kind | fields | |
//! |---|---|---|
//! | `herd` | `tasks`, `at`, `spread` | all at once, or spread uniformly: what a cron job, a restart or a broken connection does |
//! | `poisson` | `ratePerSecond`, `at`, `for` | independent users |
//! | `rate` | `steps` (`at`, `perSecond`), `ramp`, `for` | Poisson with a rate that changes: steps, or a line from step to step with `ramp` |
//! | `serial` | `clients`, `think`, `at`, `for` | a closed system: each client starts its next task when the last one ended and it has thought |
//! | `cron` | `clients`, `every`, `skew`, `at`, `for` | every client at the full period, clocks off by up to `skew` |
//! | `trace` | `file` (with `rows`, `column`, `timeColumn`, `timeFormat`), or `counts`; `bin`, `scale`, `at` | what a load balancer counted or logged, times `scale`; see below |
//!
//! # Traces
//!
//! A file has a count in each row, or is a log with a request in each row (`rows` = `counts` or
//! `requests`; told from the columns when left out). It is CSV, with any usual separator, or a plain
//! access log. Rows lie where their times say, so gaps are gaps; without times each row lasts `bin`.
//! Times are ISO 8601, seconds or milliseconds since 1970, or dates as people write them; what can be
//! read in two ways is refused until `timeFormat` (as of `strftime`, or `s`, `ms`, `us`, `ns`) says
//! how. Tasks come uniformly within a row's time, and those of a log within `bin` (1 s when left out).

use redrive::{
    Duration, Time,
    schema::{array, described, nullable, row, words},
    time::nanos,
    wire::{ConfigError, Fields, Number, Value, check, one_of},
};

use super::{
    field::{column, fields, flag, group, law, text},
    read::{self, ByRow, Kind},
    schema,
};
use crate::{
    bounds,
    distribution::Distribution,
    files::{
        self, Loader,
        trace::{self, Span, Trace, Wanted},
    },
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
    /// What was counted or logged.
    Trace {
        /// When tasks arrive, in order.
        spans: Vec<TraceSpan>,
        /// When the first span begins.
        at: Time,
        /// How the file was read, where that is not plain.
        notes: Vec<String>,
    },
}

/// Tasks that arrive uniformly over a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceSpan {
    /// From when on, counted from the first of the spans.
    pub from: Duration,
    /// Over how long.
    pub length: Duration,
    /// How many.
    pub count: u32,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self::Herd { tasks: 10_000, at: Time::ZERO, spread: Duration::ZERO }
    }
}

/// Each kind with its fields.
const KINDS: &[Kind] = &[
    ("herd", &["kind", "tasks", "at", "spread"]),
    ("poisson", &["kind", "ratePerSecond", "at", "for"]),
    ("rate", &["kind", "steps", "ramp", "for"]),
    ("serial", &["kind", "clients", "think", "at", "for"]),
    ("cron", &["kind", "clients", "every", "skew", "at", "for"]),
    (
        "trace",
        &[
            "kind",
            "file",
            "rows",
            "column",
            "timeColumn",
            "timeFormat",
            "counts",
            "bin",
            "scale",
            "at",
        ],
    ),
];
/// What a row of a trace is.
const TRACE_ROWS: &[&str] = &["counts", "requests"];
fields! {
    /// The fields of a step of `rate`.
    STEP_FIELDS, STEP_ROWS {
        "at": nullable(row(bounds::AT)),
        "perSecond": row(bounds::PER_SECOND),
    }
}
fields! {
    /// The fields of all kinds, but for `kind`.
    ROWS {
        "tasks": row(bounds::TASKS),
        "at": nullable(row(bounds::AT)),
        "spread": nullable(row(bounds::SPREAD)),
        "for": nullable(row(bounds::FOR)),
        "ratePerSecond": row(bounds::RATE_PER_SECOND),
        "steps": described(
            "From when on how many tasks arrive a second; the times rise.",
            array(group(STEP_ROWS, &["perSecond"]), 1),
        ),
        "ramp": flag("Whether the rate runs in a line from step to step. Default: false."),
        "clients": row(bounds::CLIENTS),
        "think": {
            let what = row(bounds::THINK);
            law(what.get("description").and_then(Value::as_text).unwrap_or_default())
        },
        "every": row(bounds::EVERY),
        "skew": nullable(row(bounds::SKEW)),
        "file": text(
            "A CSV file with a count in each row, or a log with a request in each row, placed by its \
             times.",
        ),
        "rows": described(
            "What a row of the file is: a count of tasks (counts), or one task (requests). Default: \
             detected from its columns.",
            words(TRACE_ROWS),
        ),
        "column": column("The column of the counts"),
        "timeColumn": column("The column of the times"),
        "timeFormat": text(
            "How the times are written: a strftime format (%d/%m/%Y %H:%M), or s, ms, us or ns since \
             1970. Default: detected from the file.",
        ),
        "counts": {
            // What is left over by the scale is carried on, so a count may be a fraction.
            let count = Value::map([
                ("type", "number".into()),
                ("minimum", bounds::TASKS.min.into()),
                ("maximum", bounds::TASKS.max.into()),
            ]);
            described("Tasks in each bin.", array(count, 0))
        },
        "bin": row(bounds::TRACE_BIN),
        "scale": row(bounds::SCALE),
    }
}

/// The schema of arrivals: one alternative for each kind.
pub(super) fn schema() -> Value {
    schema::kinds("arrivals", "kind", ROWS, KINDS, &[])
}

impl Arrivals {
    /// How many tasks to expect until `horizon`; infinite when they have no end.
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
            Self::Trace { spans, at, .. } => {
                let end = horizon.map_or(u64::MAX, Time::as_nanos).saturating_sub(at.as_nanos());
                let within = spans.iter().filter(|span| nanos(span.from) < end);
                within.map(|span| f64::from(span.count)).sum()
            }
        }
    }

    /// When the last span of a trace is over.
    #[must_use]
    pub fn trace_end(&self) -> Option<Time> {
        let Self::Trace { spans, at, .. } = self else { return None };
        let ends = spans.iter().map(|span| nanos(span.from).saturating_add(nanos(span.length)));
        Some(Time::from_nanos(at.as_nanos().saturating_add(ends.max().unwrap_or(0))))
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
            return Err(fields.error("steps", "is empty; write [{at, perSecond}, ...]"));
        };
        Ok(Self::Rate {
            steps,
            ramp: fields.boolean("ramp")?.unwrap_or(false),
            until: until(fields, first)?,
        })
    }

    fn read_trace(fields: &Fields<'_>, files: &mut dyn Loader) -> Result<Self, ConfigError> {
        let scale = fields.number_of(bounds::SCALE)?;
        let bin = fields.maybe_duration_of(bounds::TRACE_BIN)?.map(nanos);
        let trace = match (fields.list("counts")?, fields.text("file")?) {
            (Some(_), Some(_)) => {
                return Err(fields.error("counts", "is given beside file; keep one of them"));
            }
            (Some(list), None) => Self::read_counts(fields, list, bin)?,
            (None, Some(file)) => Self::read_file(fields, file, bin, files)?,
            (None, None) => {
                return Err(fields.error("file", "is missing; name a file, or write counts"));
            }
        };
        let total: f64 = trace.spans.iter().map(|span| span.count * scale).sum();
        check(&fields.path_of("scale"), bounds::TASKS, total).map_err(|_| {
            let (total, max) = (Number(libm::round(total)), Number(bounds::TASKS.max));
            fields.error("scale", format!("gives {total} tasks; the most is {max}: lower it"))
        })?;
        let spans = scaled(&trace.spans, scale);
        Ok(Self::Trace { spans, at: fields.time_of(bounds::AT)?, notes: trace.notes })
    }

    fn read_counts(
        fields: &Fields<'_>,
        list: &[Value],
        bin: Option<u64>,
    ) -> Result<Trace, ConfigError> {
        let message = "is missing; write how long each row lasts, like \"5m\"";
        let bin = bin.ok_or_else(|| fields.error("bin", message))?;
        for name in ["rows", "column", "timeColumn", "timeFormat"] {
            if fields.get(name).is_some() {
                return Err(fields.error(name, "has no effect on counts; it is for a file"));
            }
        }
        let mut trace = Trace::default();
        for (i, value) in list.iter().enumerate() {
            let path = format!("{}[{i}]", fields.path_of("counts"));
            let count = check(&path, bounds::TASKS, value.as_f64().unwrap_or(f64::NAN))?;
            trace.spans.push(Span { from: bin.saturating_mul(i as u64), length: bin, count });
        }
        Ok(trace)
    }

    fn read_file(
        fields: &Fields<'_>,
        file: &str,
        bin: Option<u64>,
        files: &mut dyn Loader,
    ) -> Result<Trace, ConfigError> {
        let (column, time_column) =
            (name_or_number(fields, "column")?, name_or_number(fields, "timeColumn")?);
        let requests = match fields.text("rows")? {
            None => None,
            Some(rows) => Some(one_of(&fields.path_of("rows"), rows, TRACE_ROWS)? == "requests"),
        };
        let text = files::load(files, &fields.path_of("file"), file)?;
        let wanted = Wanted {
            file,
            column: column.as_deref(),
            time_column: time_column.as_deref(),
            time_format: fields.text("timeFormat")?,
            requests,
            bin,
        };
        trace::read(&text, wanted)
    }
}

/// A column by its name or its number.
pub(crate) fn name_or_number(
    fields: &Fields<'_>,
    name: &str,
) -> Result<Option<String>, ConfigError> {
    match fields.get(name) {
        Some(Value::Unsigned(number)) if *number > 0 => Ok(Some(number.to_string())),
        Some(Value::Unsigned(_) | Value::Signed(_) | Value::Float(_)) => {
            Err(fields.error(name, "is not a column: write its name, or its number from 1 on"))
        }
        _ => Ok(fields.text(name)?.map(str::to_owned)),
    }
}

/// Scaled counts whose sums are right at every row: what rounding leaves over is carried on.
fn scaled(spans: &[Span], scale: f64) -> Vec<TraceSpan> {
    let (mut sum, mut given) = (0.0, 0_u64);
    let carry = |span: &Span| {
        sum += span.count * scale;
        let due = (sum + 0.5) as u64;
        let now = due.saturating_sub(given);
        given = due;
        TraceSpan {
            from: Duration::from_nanos(span.from),
            length: Duration::from_nanos(span.length),
            count: now as u32,
        }
    };
    spans.iter().map(carry).collect()
}

fn until(fields: &Fields<'_>, at: Time) -> Result<Option<Time>, ConfigError> {
    Ok(fields.maybe_duration_of(bounds::FOR)?.map(|length| at.saturating_add(length)))
}
