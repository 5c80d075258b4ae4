//! What is varied: `policy.maxDelay=5s..120s:log:8`, `policy.jitter=none,full,equal`.

use redrive::{
    Duration,
    time::{format_duration, nanos, parse_duration},
};
use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// Values at most on one axis.
const MOST: usize = 1_000;

/// A field of the scenario and the values that it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Axis {
    /// The path, as for `--set`.
    pub(crate) path: String,
    /// The values, as for `--set`.
    pub(crate) values: Vec<String>,
}

impl Axis {
    /// Reads `PATH=VALUES`: a list with commas, or `FROM..TO:COUNT` with even steps, or
    /// `FROM..TO:log:COUNT` with even ratios.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn parse(text: &str) -> Result<Self, CliError> {
        let refused = |why: &str| {
            CliError::Usage(format!(
                "--vary {text} {why}; write --vary policy.maxDelay=5s..120s:log:8 or --vary \
                 policy.jitter=none,full"
            ))
        };
        let Some((path, values)) = text.split_once('=') else {
            return Err(refused("has no path=values"));
        };
        let (path, values) = (path.trim().to_owned(), values.trim());
        let values = match values.split_once("..") {
            Some((from, rest)) if !values.starts_with(['[', '{', '"']) => {
                range(from, rest).map_err(|why| refused(&why))?
            }
            _ => listed(values),
        };
        if path.is_empty() || values.iter().any(String::is_empty) {
            return Err(refused("has an empty part"));
        }
        let mut seen = values.clone();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() < values.len() {
            return Err(refused("has a value twice"));
        }
        Ok(Self { path, values })
    }
}

/// The parts of a list with commas, but for those inside of brackets and quotes: values may be JSON.
fn listed(values: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    let mut parts = vec![String::new()];
    for c in values.chars() {
        let inside = quoted;
        match c {
            '"' if !escaped => quoted = !quoted,
            '[' | '{' if !inside => depth += 1,
            ']' | '}' if !inside => depth = depth.saturating_sub(1),
            ',' if !inside && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// A number, and whether it was written as a duration.
fn quantity(text: &str) -> Result<(f64, bool), String> {
    match (text.trim().parse::<f64>(), parse_duration(text)) {
        (Ok(number), _) if number.is_finite() => Ok((number, false)),
        (_, Ok(duration)) => Ok((nanos(duration) as f64, true)),
        (_, Err(why)) => Err(format!("has the end \"{text}\", which {why}")),
    }
}

fn range(from: &str, rest: &str) -> Result<Vec<String>, String> {
    let mut parts = rest.split(':');
    let ((from, one), (to, other)) = (quantity(from)?, quantity(parts.next().unwrap_or_default())?);
    let (log, count) = match (parts.next(), parts.next(), parts.next()) {
        (Some("log"), Some(count), None) => (true, count),
        (Some("lin"), Some(count), None) | (Some(count), None, None) => (false, count),
        _ => return Err("does not say how many values".to_owned()),
    };
    let count: usize = count.parse().map_err(|_| format!("has \"{count}\" for a count"))?;
    if !(2..=MOST).contains(&count) {
        return Err(format!("asks for {count} values (allowed: 2 to {MOST})"));
    }
    if one != other {
        return Err("has a duration at one end and a number at the other".to_owned());
    }
    if log && (from <= 0.0 || to <= 0.0) {
        return Err("has even ratios from or to 0".to_owned());
    }
    let value = |n: usize| {
        let share = n as f64 / (count - 1) as f64;
        match () {
            () if n == 0 => from,
            () if n == count - 1 => to,
            () if log => libm::exp(libm::log(from) + share * (libm::log(to) - libm::log(from))),
            () => from + share * (to - from),
        }
    };
    // Values that are close together need more digits to be told apart.
    let digits = if count <= 50 { 1e4 } else { 1e7 };
    Ok((0..count).map(value).map(|value| written(value, one, digits)).collect())
}

/// Below `digits` in its own unit of rounding, so that tables and headings stay readable.
fn written(value: f64, duration: bool, digits: f64) -> String {
    let mut grain = 1e-6;
    while grain * digits <= value.abs() {
        grain *= 10.0;
    }
    let grain = if duration { grain.max(1.0) } else { grain };
    let rounded = (value / grain).round() * grain;
    if duration {
        return format_duration(Duration::from_nanos(rounded as u64));
    }
    let places = if grain >= 1.0 { 0 } else { 6 };
    let text = format!("{rounded:.places$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Every combination of the values, the last axis fastest: the settings of each point.
pub(crate) fn grid(axes: &[Axis]) -> Vec<Vec<String>> {
    axes.iter().fold(vec![Vec::new()], |points, axis| {
        points
            .iter()
            .flat_map(|point| {
                axis.values.iter().map(move |value| {
                    let mut longer = point.clone();
                    longer.push(value.clone());
                    longer
                })
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        Axis::parse(text).expect("an axis").values
    }

    #[test]
    fn lists_and_ranges() {
        assert_eq!(values("policy.jitter=none, full"), ["none", "full"]);
        assert_eq!(values("a=1..3:3"), ["1", "2", "3"]);
        assert_eq!(
            values(r#"policy.jitter=full, {"kind":"symmetric","factor":0.2}, none"#),
            ["full", r#"{"kind":"symmetric","factor":0.2}"#, "none"]
        );
        assert_eq!(values(r#"a=[1,2],[3]"#), ["[1,2]", "[3]"]);
        assert_eq!(values(r#"a={"x":"a,}"},b"#), [r#"{"x":"a,}"}"#, "b"]);
        assert_eq!(values("a=0..1:lin:5"), ["0", "0.25", "0.5", "0.75", "1"]);
        assert_eq!(values("a=1s..100s:log:3"), ["1s", "10s", "1m40s"]);
        assert_eq!(values("a=5s..120s:log:4"), ["5s", "14.42s", "41.6s", "2m"]);
        assert_eq!(values("a=1000..1000000:log:4"), ["1000", "10000", "100000", "1000000"]);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "a",
            "=1",
            "a=",
            "a=1,,2",
            "a=1,1",
            "a=1..2",
            "a=1..2:log:x",
            "a=1s..2:3",
            "a=0..2:log:3",
            "a=1..2:1",
            "a=x..y:3",
        ] {
            let error = Axis::parse(text).expect_err(text).to_string();
            assert!(error.contains(&format!("--vary {text}")), "{error}");
        }
    }

    #[test]
    fn a_grid_has_every_combination() {
        let axes =
            [Axis::parse("a=1,2"), Axis::parse("b=x,y,z")].map(|axis| axis.expect("an axis"));
        let grid = grid(&axes);
        assert_eq!(grid.len(), 6);
        assert_eq!(grid[1], ["1", "y"]);
        assert_eq!(grid[5], ["2", "z"]);
    }
}
