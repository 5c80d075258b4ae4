//! Lengths of time as other languages write them.

use redrive::{
    time::{Duration, nanos, parse_duration},
    wire::{ConfigError, Value},
};

use super::fields;

/// What a bare number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Nanos,
    Millis,
    Seconds,
}

impl Unit {
    pub(super) const fn nanos(self) -> u64 {
        match self {
            Unit::Nanos => 1,
            Unit::Millis => 1_000_000,
            Unit::Seconds => 1_000_000_000,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Unit::Nanos => "nanoseconds",
            Unit::Millis => "milliseconds",
            Unit::Seconds => "seconds",
        }
    }
}

/// A length of time as other languages write it: a number of `unit`, `2s`, `100 millis`, `PT0.5S`,
/// `00:00:02`, `{secs, nanos}`.
pub(super) fn span(value: &Value, path: &str, unit: Unit) -> Result<Duration, ConfigError> {
    let number = match value {
        Value::Text(text) => text.trim().parse::<f64>().ok(),
        value => value.as_f64(),
    };
    if let Some(number) = number {
        return of_number(number, unit).ok_or_else(|| {
            ConfigError::new(path, format!("= {number} is not a number of {} from 0", unit.word()))
        });
    }
    let Value::Text(text) = value else { return fields::span(&in_seconds(value), path) };
    let parsed = colons(text).or_else(|| iso(text)).or_else(|| parse_duration(&words(text)).ok());
    parsed.ok_or_else(|| {
        let message =
            format!("= \"{text}\" is not a duration; write a number of {} or \"2s\"", unit.word());
        ConfigError::new(path, message)
    })
}

/// Whole units apart: in nanoseconds a long time is more than a float counts to.
fn of_number(number: f64, unit: Unit) -> Option<Duration> {
    let unit = unit.nanos();
    if !(0.0..1.8e19).contains(&(number * unit as f64)) {
        return None;
    }
    let whole = number as u64;
    let rest = ((number - whole as f64) * unit as f64 + 0.5) as u64;
    Some(Duration::from_nanos(whole.saturating_mul(unit).saturating_add(rest)))
}

/// `{secs, nanos}` as `{seconds, nanos}`.
fn in_seconds(value: &Value) -> Value {
    let Value::Map(entries) = value else { return value.clone() };
    let rename = |(name, value): &(String, Value)| {
        (if name == "secs" { "seconds".to_owned() } else { name.clone() }, value.clone())
    };
    Value::Map(entries.iter().map(rename).collect())
}

/// `1.02:03:04.5`, a TimeSpan of .NET.
fn colons(text: &str) -> Option<Duration> {
    let (days, rest) = match text.split_once('.') {
        Some((days, rest)) if rest.contains(':') => (days.parse::<u64>().ok()?, rest),
        _ => (0, text),
    };
    let mut parts = rest.split(':');
    let (hours, minutes) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
    let seconds: f64 = parts.next().unwrap_or("0").parse().ok()?;
    if parts.next().is_some() || minutes > 59 {
        return None;
    }
    let of_day = hours.checked_mul(3_600)?.checked_add(minutes * 60)?;
    let whole = days.checked_mul(86_400)?.checked_add(of_day)?;
    Duration::from_secs(whole).checked_add(fields::seconds("", seconds).ok()?)
}

/// `PT1M0.5S`.
fn iso(text: &str) -> Option<Duration> {
    let time = text.strip_prefix("PT").or_else(|| text.strip_prefix("pt"))?;
    parse_duration(&time.to_ascii_lowercase()).ok()
}

/// `100 millis` as `100ms`.
fn words(text: &str) -> String {
    let mut text: String = text.to_ascii_lowercase().split_whitespace().collect();
    for (word, unit) in [
        ("milliseconds", "ms"),
        ("millisecond", "ms"),
        ("millis", "ms"),
        ("milli", "ms"),
        ("seconds", "s"),
        ("second", "s"),
        ("secs", "s"),
        ("sec", "s"),
        ("minutes", "m"),
        ("minute", "m"),
        ("min", "m"),
        ("hours", "h"),
        ("hour", "h"),
    ] {
        if let Some(number) = text.strip_suffix(word) {
            text = format!("{number}{unit}");
            break;
        }
    }
    text
}

/// `duration` as a number of `unit`, whole where it is.
pub(super) fn in_unit(duration: Duration, unit: Unit) -> Value {
    let mut left = nanos(duration);
    // A float has no room for some: then the nearest that is read as it was written.
    for _ in 0..4 {
        if left.is_multiple_of(unit.nanos()) {
            break;
        }
        let number = left as f64 / unit.nanos() as f64;
        let back = of_number(number, unit).map_or(left, nanos);
        if back == left {
            return number.into();
        }
        left = back;
    }
    (left / unit.nanos()).into()
}

/// `duration` as `12.5ms`, to the last nanosecond.
pub(super) fn in_millis(duration: Duration) -> Value {
    let nanos = nanos(duration);
    let (whole, rest) = (nanos / 1_000_000, nanos % 1_000_000);
    let text = format!("{whole}.{rest:06}");
    Value::from(format!("{}ms", text.trim_end_matches('0').trim_end_matches('.')))
}

/// `duration` as a number of `unit`, or `null` for none.
pub(super) fn optional(duration: Option<Duration>, unit: Unit) -> Value {
    duration.map_or(Value::Null, |duration| in_unit(duration, unit))
}

/// `hours:minutes:seconds`, as .NET writes it.
pub(super) fn time_span(duration: Duration) -> Value {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let day = if days > 0 { format!("{days}.") } else { String::new() };
    let mut text = format!("{day}{hours:02}:{:02}:{:02}", seconds / 60 % 60, seconds % 60);
    if nanos > 0 {
        text += format!(".{nanos:09}").trim_end_matches('0');
    }
    Value::Text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_other_languages_are_read() {
        let read = |value: Value, unit| span(&value, "x", unit).ok().map(nanos);
        for (value, unit, expected) in [
            (Value::from(2.5), Unit::Seconds, 2_500_000_000),
            ("100".into(), Unit::Millis, 100_000_000),
            (1_000_000_u64.into(), Unit::Nanos, 1_000_000),
            ("100 millis".into(), Unit::Millis, 100_000_000),
            ("PT1M0.5S".into(), Unit::Millis, 60_500_000_000),
            ("00:00:02".into(), Unit::Seconds, 2_000_000_000),
            ("1.01:00:00.25".into(), Unit::Seconds, 90_000_250_000_000),
            ("1.5s".into(), Unit::Millis, 1_500_000_000),
        ] {
            assert_eq!(read(value.clone(), unit), Some(expected), "{value}");
        }
        for wrong in ["soon", "-1", "1:2:3:4", "PT", "00:99:00", "1e400", "5124095576030431:15:00"]
        {
            assert_eq!(read(wrong.into(), Unit::Seconds), None, "{wrong}");
        }
        assert_eq!(time_span(Duration::from_millis(90_061_500)), "1.01:01:01.5".into());
    }
}
