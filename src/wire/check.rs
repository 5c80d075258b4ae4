//! Checks single values against their limits.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};

use super::{ConfigError, Number, Value, quoted};
use crate::{
    bounds::{Bound, Unit},
    time::{Duration, format_duration, parse_duration},
};

/// 2^64: the first number that a u64 cannot hold.
pub(super) const FIRST_ABOVE_U64: f64 = 18_446_744_073_709_551_616.0;

/// Reads a duration: text ("2s") or a number of milliseconds.
///
/// # Errors
/// When it is neither, negative, not finite or longer than 2^64 - 1 ns.
pub fn read_duration(value: &Value, path: &str) -> Result<Duration, ConfigError> {
    match value {
        Value::Text(text) => parse_duration(text)
            .map_err(|error| ConfigError::new(path, format!("= {} {error}", quoted(text)))),
        Value::Unsigned(millis) => match millis.checked_mul(1_000_000) {
            Some(nanos) => Ok(Duration::from_nanos(nanos)),
            None => Err(ConfigError::out_of_range(
                path.to_owned(),
                format!("= {millis} ms is longer than 584 years, the longest duration there is"),
            )),
        },
        Value::Literal(_, millis) => read_duration(&Value::Float(*millis), path),
        Value::Signed(millis) if *millis >= 0 => {
            read_duration(&Value::Unsigned(millis.unsigned_abs()), path)
        }
        Value::Signed(millis) => {
            Err(ConfigError::out_of_range(path.to_owned(), format!("= {millis} ms is negative")))
        }
        Value::Float(millis) if !millis.is_finite() => Err(ConfigError::out_of_range(
            path.to_owned(),
            format!("= {} is not a finite number of milliseconds", Number(*millis)),
        )),
        Value::Float(millis) if *millis < 0.0 => {
            let message = format!("= {} ms is negative", Number(*millis));
            Err(ConfigError::out_of_range(path.to_owned(), message))
        }
        Value::Float(millis) if millis * 1e6 >= FIRST_ABOVE_U64 => Err(ConfigError::out_of_range(
            path.to_owned(),
            format!(
                "= {} ms is longer than 584 years, the longest duration there is",
                Number(*millis)
            ),
        )),
        Value::Float(millis) => Ok(Duration::from_nanos((millis * 1e6 + 0.5) as u64)),
        other => Err(ConfigError::new(
            path,
            format!(
                "is {}; write a duration like \"2s\", or a number of milliseconds",
                other.kind()
            ),
        )),
    }
}

/// Holds `value` against `bound`; the error names the field, the value and the limit.
///
/// # Errors
/// When it is NaN, infinite or outside the limits.
pub fn check(path: &str, bound: &Bound, value: f64) -> Result<f64, ConfigError> {
    let why = if value.is_nan() || value.is_infinite() {
        "is not a finite number".to_owned()
    } else if value < bound.min {
        format!("is below {}", show(bound, bound.min))
    } else if value > bound.max {
        format!("is above {}", show(bound, bound.max))
    } else {
        return Ok(value);
    };
    let (low, high) = (show(bound, bound.min), show(bound, bound.max));
    let value = show(bound, value);
    Err(ConfigError::out_of_range(
        path.to_owned(),
        format!("= {value} {why} (allowed: {low} to {high})"),
    ))
}

fn show(bound: &Bound, value: f64) -> String {
    match bound.unit {
        Unit::Duration if value >= 0.0 => format_duration(Duration::from_nanos(value as u64)),
        _ => Number(value).to_string(),
    }
}
