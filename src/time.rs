//! Integer time: nanoseconds since an epoch of the caller's.
//!
//! There is no clock here and none anywhere else in this crate: the caller owns it, and hands every
//! call the time that it should believe. Integers because floats that count time drift, and because
//! an integer is the same on every target. All arithmetic saturates: the far end of time is
//! [`Time::MAX`], about 584 years after the epoch, and nothing wraps or panics on the way there.
//!
//! Durations are [`core::time::Duration`]; inside the crate they are `u64` nanoseconds, and a
//! longer one means `u64::MAX` of them.

use alloc::{format, string::String};
use core::fmt;

pub use core::time::Duration;

/// A point in time: nanoseconds since an epoch that the caller chose (process start, 1970, ...).
///
/// ```
/// use redrive::{Duration, Time};
///
/// let later = Time::from_secs(2).saturating_add(Duration::from_millis(250));
/// assert_eq!(later.as_nanos(), 2_250_000_000);
/// assert_eq!(Time::ZERO.saturating_since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The epoch itself.
    pub const ZERO: Time = Time(0);
    /// The end of time: every sum that would pass it stays here.
    pub const MAX: Time = Time(u64::MAX);

    /// The time `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// The time `millis` milliseconds after the epoch, saturating.
    pub const fn from_millis(millis: u64) -> Time {
        Time(millis.saturating_mul(1_000_000))
    }

    /// The time `secs` seconds after the epoch, saturating.
    pub const fn from_secs(secs: u64) -> Time {
        Time(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the epoch, for display.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// This time and `delay` more, at most [`Time::MAX`].
    #[must_use]
    pub const fn saturating_add(self, delay: Duration) -> Time {
        Time(self.0.saturating_add(nanos(delay)))
    }

    /// The time from `earlier` to this, zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    // By word: builds for size would call it, once a retry.
    #[inline(always)]
    #[must_use]
    pub(crate) const fn plus_nanos(self, delay: u64) -> Time {
        Time(self.0.saturating_add(delay))
    }

    pub(crate) const fn nanos_since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(Duration::from_nanos(self.0)))
    }
}

#[cfg(feature = "serde")]
mod serde_impls {
    use core::fmt;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use super::Time;

    impl Serialize for Time {
        /// As its nanoseconds; as decimal text above 2^53 - 1, where a JavaScript number would round.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                nanos @ ..=crate::exact::MAX_EXACT => serializer.serialize_u64(nanos),
                nanos => serializer.collect_str(&nanos),
            }
        }
    }

    impl<'de> Deserialize<'de> for Time {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
            deserializer.deserialize_any(Visitor)
        }
    }

    struct Visitor;

    impl de::Visitor<'_> for Visitor {
        type Value = Time;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("nanoseconds: a whole number from 0 up, or one as text")
        }

        fn visit_u64<E: de::Error>(self, nanos: u64) -> Result<Time, E> {
            Ok(Time(nanos))
        }

        fn visit_i64<E: de::Error>(self, nanos: i64) -> Result<Time, E> {
            let wrong = |_| E::invalid_value(de::Unexpected::Signed(nanos), &self);
            u64::try_from(nanos).map(Time).map_err(wrong)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
            let wrong = || E::invalid_value(de::Unexpected::Str(text), &self);
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            text.parse().ok().filter(|_| digits).map(Time).ok_or_else(wrong)
        }
    }
}

/// `duration` in whole nanoseconds; what does not fit is `u64::MAX`.
pub const fn nanos(duration: Duration) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    let secs = duration.as_secs();
    // Compared first: a saturating product is computed in 128 bits, which wasm does not have.
    if secs > u64::MAX / SECOND {
        return u64::MAX;
    }
    (secs * SECOND).saturating_add(duration.subsec_nanos() as u64)
}

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DurationError {
    /// Nothing but space.
    Empty,
    /// A minus sign: a wait cannot be negative.
    Negative,
    /// A number without a unit after it.
    NoUnit,
    /// A unit that is not one of `ns us ms s m h d`.
    UnknownUnit(String),
    /// Something that is neither a number nor a unit.
    Malformed,
    /// More than 2^64 - 1 nanoseconds, about 584 years.
    TooLong,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                f.write_str("is empty; write a duration like \"250ms\", \"2s\" or \"1m30s\"")
            }
            Self::Negative => f.write_str("is negative; a duration is 0 or more"),
            Self::NoUnit => {
                f.write_str("has no unit; write ms, s, m, h or d after the number, like \"2s\"")
            }
            Self::UnknownUnit(unit) => {
                write!(f, "has the unit \"{unit}\"; the units are ns, us, ms, s, m, h and d")
            }
            Self::Malformed => {
                f.write_str("is not a duration; write one like \"250ms\", \"2s\" or \"1m30s\"")
            }
            Self::TooLong => f.write_str("is longer than 584 years, the longest duration there is"),
        }
    }
}

impl core::error::Error for DurationError {}

/// The units that durations are written in, largest first, with their nanoseconds.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Reads a duration: one or more numbers, each with a unit out of `ns us ms s m h d`.
///
/// Fractions are exact to the nanosecond; digits below that are dropped.
///
/// # Errors
/// [`DurationError`] says what is wrong and how to write it.
///
/// ```
/// use redrive::time::{Duration, parse_duration};
///
/// assert_eq!(parse_duration("1m30s"), Ok(Duration::from_secs(90)));
/// assert_eq!(parse_duration("2.5s"), Ok(Duration::from_millis(2_500)));
/// assert!(parse_duration("-1s").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(DurationError::Empty);
    }
    if rest.starts_with('-') {
        return Err(DurationError::Negative);
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = split(rest, digits);
        let tail = tail.trim_start();
        // Every other letter of the world is a unit too, an unknown one: a table of them is 2 kB.
        let is_letter = |c: char| c.is_ascii_alphabetic() || !c.is_ascii();
        let letters = tail.find(|c| !is_letter(c)).unwrap_or(tail.len());
        let (unit, tail) = split(tail, letters);
        total = total.checked_add(part(number, unit)?).ok_or(DurationError::TooLong)?;
        rest = tail.trim_start();
    }
    Ok(Duration::from_nanos(total))
}

/// `text` before and after a place that `find` found, which a panic's machinery need not doubt.
fn split(text: &str, place: usize) -> (&str, &str) {
    text.split_at_checked(place).unwrap_or((text, ""))
}

/// The nanoseconds of one number and its unit, by integers only.
fn part(number: &str, unit: &str) -> Result<u64, DurationError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return Err(DurationError::Malformed);
    }
    if unit.is_empty() {
        return Err(DurationError::NoUnit);
    }
    let scale = UNITS
        .iter()
        .find(|(name, _)| *name == unit || (unit == "\u{b5}s" && *name == "us"))
        .map(|(_, scale)| *scale)
        .ok_or_else(|| DurationError::UnknownUnit(unit.into()))?;
    let whole: u64 =
        if whole.is_empty() { 0 } else { whole.parse().map_err(|_| DurationError::TooLong)? };
    let mut total = whole.checked_mul(scale).ok_or(DurationError::TooLong)?;
    let mut place = scale;
    for digit in fraction.bytes() {
        // Below a nanosecond the place is 0, and the digits with it.
        place /= 10;
        total = total.checked_add(place * u64::from(digit - b'0')).ok_or(DurationError::TooLong)?;
    }
    Ok(total)
}

/// Writes a duration so that [`parse_duration`] reads the same value back: `1m30s`, `250ms`, `2.2s`.
pub fn format_duration(duration: Duration) -> String {
    let total = nanos(duration);
    let (minutes, below) = (total / 60_000_000_000, total % 60_000_000_000);
    let mut text = String::new();
    for (unit, scale) in &UNITS[..3] {
        let minutes_in_unit = scale / 60_000_000_000;
        let count = match *unit {
            "d" => minutes / minutes_in_unit,
            "h" => minutes % 1_440 / 60,
            _ => minutes % 60,
        };
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if below > 0 || total == 0 {
        text.push_str(&seconds(below));
    }
    text
}

/// Less than a minute, in the largest of s, ms, us, ns that has a whole part.
fn seconds(nanos: u64) -> String {
    let (unit, scale, places) = match nanos {
        0 | 1_000_000_000.. => ("s", 1_000_000_000, 9),
        1_000_000.. => ("ms", 1_000_000, 6),
        1_000.. => ("us", 1_000, 3),
        _ => ("ns", 1, 0),
    };
    let (whole, fraction) = (nanos / scale, nanos % scale);
    if fraction == 0 {
        return format!("{whole}{unit}");
    }
    let digits = format!("{fraction:0places$}");
    format!("{whole}.{}{unit}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_durations_as_people_do() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5us"),
            (250_000_000, "250ms"),
            (2_000_000_000, "2s"),
            (2_200_000_000, "2.2s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h"),
            (90_061_001_000_000, "1d1h1m1.001s"),
        ] {
            assert_eq!(format_duration(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn refuses_what_is_not_a_duration_and_says_why() {
        assert_eq!(parse_duration(""), Err(DurationError::Empty));
        assert_eq!(parse_duration("-2s"), Err(DurationError::Negative));
        assert_eq!(parse_duration("2"), Err(DurationError::NoUnit));
        assert_eq!(
            parse_duration("2 fortnights"),
            Err(DurationError::UnknownUnit("fortnights".into()))
        );
        for malformed in ["s", "NaN", "1..2s", ".s", "+2s", "2s!", "1e3s"] {
            assert!(parse_duration(malformed).is_err(), "{malformed}");
        }
        assert_eq!(parse_duration("99999999999999999999s"), Err(DurationError::TooLong));
        assert_eq!(parse_duration("600000d"), Err(DurationError::TooLong));
    }

    #[test]
    fn saturates_at_the_end_of_time() {
        assert_eq!(Time::MAX.saturating_add(Duration::from_nanos(1)), Time::MAX);
        assert_eq!(Time::from_secs(u64::MAX), Time::MAX);
        assert_eq!(nanos(Duration::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn writing_and_reading_a_duration_is_the_identity(nanos: u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = parse_duration(&text);
        }
    }
}
