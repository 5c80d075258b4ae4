//! Measurements of real retry libraries (`tests/vectors/*.json`), and the judge that holds a policy
//! against one of them.
//!
//! Each case is what a library was seen to do: the delays of a deterministic configuration, or the
//! distribution of thousands of draws of a random one. Beside it is the policy of ours that is to
//! behave the same, or the reason why none can. Draws are judged without assuming a law: a quantile by
//! the share of our draws on each side of it (so that steps and point masses are judged as well as
//! smooth laws), support by exact order statistics, everything at [`SIGMAS`] of the two samples.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

use std::{fs, path::Path};

use redrive::{
    Context, Duration, RetryPolicy, Task, Time, Verdict, random::Stream, time::parse_duration,
    wire::Value,
};

/// How far a statistic of ours may lie from the measured one, in standard errors: a false alarm comes
/// once in 1.7 million comparisons.
const SIGMAS: f64 = 5.0;
/// Keys drawn for a random case.
const KEYS: u64 = 20_000;
const SEED: u64 = 20_260_801;
/// The quantiles of a row.
const QUANTILES: [f64; 9] = [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999];

/// One measured configuration of one library.
pub(crate) struct Case {
    /// System and entry, for messages.
    pub(crate) name: String,
    /// The file that it is of, without its ending, and its place there.
    pub(crate) place: (String, usize),
    /// The system's name.
    pub(crate) system: String,
    /// The policy of ours in its wire format, or why there is none.
    pub(crate) policy: Result<Value, String>,
    class: String,
    retry_after: Option<Duration>,
    /// In nanoseconds.
    tolerance: f64,
    expected: Expected,
}

enum Expected {
    /// Nanoseconds, the same every time.
    Delays(Vec<f64>),
    /// What was drawn for some of the retries, and the correlation of each delay with the next.
    Rows { rows: Vec<Row>, lag1: Vec<Option<f64>> },
}

/// The draws of one retry, in nanoseconds.
struct Row {
    retry: usize,
    draws: f64,
    min: f64,
    max: f64,
    mean: f64,
    sd: f64,
    quantiles: Vec<Option<f64>>,
}

/// Every case of every file.
pub(crate) fn all() -> Vec<Case> {
    // The crates beside the core share its measurements.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("tests/vectors"), root.join("../tests/vectors")];
    let folder = folders.iter().find(|folder| folder.is_dir()).expect("tests/vectors");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("tests/vectors is part of the repository")
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| read_file(file)).collect()
}

fn read_file(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).expect("a readable file");
    let value: Value = serde_json::from_str(&text).expect("a JSON file");
    let system = text_of(&value, "system");
    let cases = list_of(&value, "cases");
    assert!(!cases.is_empty(), "{} has no cases", file.display());
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let stem = stem.unwrap_or_default();
    cases.iter().enumerate().map(|(index, case)| read_case(&stem, &system, index, case)).collect()
}

fn read_case(stem: &str, system: &str, index: usize, case: &Value) -> Case {
    let name = format!("{system} [{index}] {}", text_of(case, "entry"));
    let unit = duration_of(&format!("1{}", text_of(case, "unit")));
    let policy = match (case.get("policy"), case.get("outOfReach").and_then(Value::as_text)) {
        (Some(policy), None) => Ok(policy.clone()),
        (None, Some(reason)) => Err(reason.to_owned()),
        _ => panic!("{name}: a case has a policy or a reason why there is none"),
    };
    let tolerance = case.get("tolerance").and_then(Value::as_text);
    assert!(tolerance.is_none() || case.get("why").is_some(), "{name}: a tolerance has a reason");
    let expected = if case.get("delays").is_some() {
        Expected::Delays(numbers(case, "delays", unit).into_iter().flatten().collect())
    } else {
        let rows = list_of(case, "rows").iter().map(|row| read_row(row, unit)).collect();
        let lag1 = if case.get("lag1").is_some() { numbers(case, "lag1", 1.0) } else { Vec::new() };
        Expected::Rows { rows, lag1 }
    };
    Case {
        name,
        place: (stem.to_owned(), index),
        system: system.to_owned(),
        policy,
        class: case.get("class").and_then(Value::as_text).unwrap_or_default().to_owned(),
        retry_after: case
            .get("retryAfter")
            .and_then(Value::as_text)
            .map(|text| parse_duration(text).expect("a duration")),
        tolerance: tolerance.map_or(1.0, duration_of),
        expected,
    }
}

fn read_row(row: &Value, unit: f64) -> Row {
    let number = |name: &str| row.get(name).and_then(Value::as_f64).expect("a number");
    Row {
        retry: number("retry") as usize,
        draws: number("draws"),
        min: number("min") * unit,
        max: number("max") * unit,
        mean: number("mean") * unit,
        sd: number("sd") * unit,
        quantiles: numbers(row, "quantiles", unit),
    }
}

fn text_of(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_text).expect("a text").to_owned()
}

fn list_of<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    match value.get(name) {
        Some(Value::List(items)) => items,
        _ => panic!("{name} is a list"),
    }
}

fn numbers(value: &Value, name: &str, unit: f64) -> Vec<Option<f64>> {
    list_of(value, name).iter().map(|item| item.as_f64().map(|number| number * unit)).collect()
}

fn duration_of(text: &str) -> f64 {
    parse_duration(text).expect("a duration").as_nanos() as f64
}

impl Case {
    /// How many retries were measured.
    pub(crate) fn retries(&self) -> usize {
        match &self.expected {
            Expected::Delays(delays) => delays.len(),
            Expected::Rows { rows, .. } => {
                rows.iter().map(|row| row.retry).max().unwrap_or_default()
            }
        }
    }

    /// Whether `policy` behaves as measured; the error says where it first does not.
    pub(crate) fn judge(&self, policy: &RetryPolicy) -> Result<(), String> {
        match &self.expected {
            Expected::Delays(delays) => self.judge_delays(policy, delays),
            Expected::Rows { rows, lag1 } => {
                let last = rows.iter().map(|row| row.retry).max().unwrap_or_default();
                let drawn = self.draw(policy, last, KEYS)?;
                for (retry, column) in drawn.windows(2).enumerate() {
                    if let Some(Some(expected)) = lag1.get(retry) {
                        judge_correlation(&column[0], &column[1], *expected, rows[retry].draws)
                            .map_err(|e| format!("retries {} and {}: {e}", retry + 1, retry + 2))?;
                    }
                }
                for row in rows {
                    let mut column = drawn[row.retry - 1].clone();
                    column.sort_unstable_by(f64::total_cmp);
                    self.judge_row(row, &column)
                        .map_err(|e| format!("retry {}: {e}", row.retry))?;
                    self.judge_band(policy, row)
                        .map_err(|e| format!("retry {}: {e}", row.retry))?;
                }
                Ok(())
            }
        }
    }

    fn judge_delays(&self, policy: &RetryPolicy, delays: &[f64]) -> Result<(), String> {
        for key in [0, 1, u64::MAX] {
            let ours = self.run(policy, delays.len(), key)?;
            for (retry, (ours, theirs)) in ours.iter().zip(delays).enumerate() {
                if (ours - theirs).abs() > self.tolerance {
                    return Err(format!("retry {}: {ours} ns, measured {theirs}", retry + 1));
                }
            }
        }
        Ok(())
    }

    /// The delays of `retries` retries, by retry and then by key.
    fn draw(
        &self,
        policy: &RetryPolicy,
        retries: usize,
        keys: u64,
    ) -> Result<Vec<Vec<f64>>, String> {
        let mut columns = vec![Vec::with_capacity(keys as usize); retries];
        for key in 0..keys {
            for (column, delay) in columns.iter_mut().zip(self.run(policy, retries, key)?) {
                column.push(delay);
            }
        }
        Ok(columns)
    }

    /// Runs a task that always fails, as a service would.
    fn run(&self, policy: &RetryPolicy, retries: usize, key: u64) -> Result<Vec<f64>, String> {
        let context = Context { policy, stream: Stream::new(SEED), key };
        let class = policy.classify(&self.class, None);
        let (mut task, mut now) = (Task::new(), Time::ZERO);
        let mut delays = Vec::with_capacity(retries);
        for _ in 0..retries {
            task.start(now).map_err(|error| error.to_string())?;
            match task.fail(now, &context, class, self.retry_after, None) {
                Ok(Verdict::Retry { at, delay }) => {
                    delays.push(delay.as_nanos() as f64);
                    now = at;
                }
                other => return Err(format!("after {} retries: {other:?}", delays.len())),
            }
        }
        Ok(delays)
    }

    fn judge_row(&self, row: &Row, ours: &[f64]) -> Result<(), String> {
        let (n, tolerance) = (ours.len() as f64, self.tolerance);
        let errors = 1.0 / row.draws + 1.0 / n;
        let (mean, sd, kurtosis) = moments(ours);
        let off = |what: &str, ours: f64, theirs: f64, allowed: f64| {
            if (ours - theirs).abs() <= allowed {
                return Ok(());
            }
            Err(format!("{what} {ours}, measured {theirs}, allowed +-{allowed}"))
        };
        let spread = sd.max(row.sd);
        off("mean", mean, row.mean, SIGMAS * spread * errors.sqrt() + tolerance)?;
        let of_sd = spread * ((kurtosis - 1.0).max(0.0) / 4.0 * errors).sqrt();
        // A fair coin's kurtosis is 1 and its sd moves by the square of its mean's error alone.
        let of_coin = spread * SIGMAS * SIGMAS * errors;
        off("sd", sd, row.sd, SIGMAS * of_sd + of_coin + tolerance)?;
        let below = |limit: f64| ours.partition_point(|delay| *delay < limit) as f64;
        for (p, quantile) in QUANTILES.iter().zip(&row.quantiles) {
            let Some(q) = quantile else { continue };
            let slack = SIGMAS * (p * (1.0 - p) * errors).sqrt() + 1.0 / n;
            let under = below(q - tolerance) / n;
            let up_to = below(q + tolerance + 1.0) / n;
            if under > p + slack || up_to < p - slack {
                return Err(format!("{under} to {up_to} lie below the {p}-quantile {q}"));
            }
        }
        // The c lowest of both samples are all ours with a chance of share^c: c is refused from once
        // in a million on.
        let share = n / (row.draws + n);
        let (mut beyond, mut chance) = (0.0, 1.0);
        while chance > 1e-6 {
            (beyond, chance) = (beyond + 1.0, chance * share);
        }
        let (low, high) = (below(row.min - tolerance), n - below(row.max + tolerance + 1.0));
        if low > beyond || high > beyond {
            return Err(format!("{low} lie below {}, {high} above {}", row.min, row.max));
        }
        Ok(())
    }

    /// Nothing measured lies outside the exact band.
    fn judge_band(&self, policy: &RetryPolicy, row: &Row) -> Result<(), String> {
        if !self.class.is_empty() || self.retry_after.is_some() {
            return Ok(());
        }
        let Some(band) = policy.bands(SEED, None).nth(row.retry - 1) else { return Ok(()) };
        let (min, max) = (band.min.as_nanos() as f64, band.max.as_nanos() as f64);
        let inside = row.min >= min - self.tolerance && row.max <= max + self.tolerance;
        if inside || band.samples.is_some() {
            return Ok(());
        }
        Err(format!("measured {} to {}, the band is {min} to {max}", row.min, row.max))
    }
}

/// Mean, standard deviation and kurtosis.
fn moments(values: &[f64]) -> (f64, f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let (mut second, mut fourth) = (0.0, 0.0);
    for value in values {
        let square = (value - mean) * (value - mean);
        second += square / n;
        fourth += square * square / n;
    }
    let kurtosis = if second > 0.0 { fourth / (second * second) } else { 0.0 };
    (mean, second.sqrt(), kurtosis)
}

fn judge_correlation(a: &[f64], b: &[f64], expected: f64, draws: f64) -> Result<(), String> {
    let n = a.len() as f64;
    let ((mean_a, sd_a, _), (mean_b, sd_b, _)) = (moments(a), moments(b));
    let covariance = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f64>() / n;
    let correlation = covariance / (sd_a * sd_b);
    let allowed = SIGMAS * (1.0 / n + 1.0 / draws).sqrt();
    if (correlation - expected).abs() <= allowed {
        return Ok(());
    }
    Err(format!("correlation {correlation}, measured {expected}, allowed +-{allowed}"))
}
