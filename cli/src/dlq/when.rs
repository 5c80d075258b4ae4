//! Times as people write and read them.

use jiff::Timestamp;
use redrive::{Time, time::parse_duration};

use crate::{error::CliError, text};

/// Ten years of nanoseconds: no clock that starts with its program comes that far.
const LONG: u64 = 315_360_000_000_000_000;

/// Whether letters with this time count from 1970.
pub(super) fn is_wall_clock(time: Time) -> bool {
    time.as_nanos() > LONG
}

/// The time that `text` is: a date with a time and a zone, or a number since 1970 with its unit.
///
/// # Errors
/// When it is neither, with the remedy.
pub(super) fn read(option: &str, text: &str) -> Result<Time, CliError> {
    if let Some(time) = date(text) {
        return time.ok_or_else(|| {
            CliError::Usage(format!(
                "{option} {text} is before 1970 or after 2554, where times end"
            ))
        });
    }
    if let Ok(since) = parse_duration(text) {
        return Ok(Time::ZERO.saturating_add(since));
    }
    let digits = text.len() < 25 && text.bytes().all(|b| b.is_ascii_digit());
    let remedy = match text.len() {
        _ if !digits => "2026-11-28T10:00:00Z".to_owned(),
        0..=11 => format!("{text}s"),
        12..=14 => format!("{text}ms"),
        15..=17 => format!("{text}us"),
        _ => format!("{text}ns"),
    };
    let why = if digits {
        "has no unit: seconds, milliseconds and nanoseconds since 1970 are all in use"
    } else {
        "is not a time: write a date, a time and a zone, or a number since 1970 with its unit"
    };
    Err(CliError::Usage(format!("{option} {text} {why}; write it like {remedy}")))
}

/// The time of a date with a time and a zone; within none if it is out of range.
pub(super) fn date(text: &str) -> Option<Option<Time>> {
    let stamp: Timestamp = text.parse().ok()?;
    Some(u64::try_from(stamp.as_nanosecond()).ok().map(Time::from_nanos))
}

/// `time` for people, seen from `now`: with the date where it counts from 1970.
pub(super) fn show(time: Time, now: Time) -> String {
    let (apart, word) = match time <= now {
        true => (now.saturating_since(time), "ago"),
        false => (time.saturating_since(now), "ahead"),
    };
    let apart = text::seconds(apart.as_secs_f64());
    let stamp = i64::try_from(time.as_nanos() / 1_000_000).ok();
    let stamp = stamp.filter(|_| is_wall_clock(time)).map(Timestamp::from_millisecond);
    match stamp {
        Some(Ok(stamp)) => format!("{stamp} ({apart} {word})"),
        _ => format!("{time} on the letters' own clock ({apart} {word})"),
    }
}
