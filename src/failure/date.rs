//! Times and numbers as servers write them. Linear in the text; what is too large saturates.

/// A non-negative decimal number: whole units and billionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) whole: u64,
    pub(super) billionths: u32,
}

impl Decimal {
    /// Digits, perhaps with a fraction; no sign, no exponent.
    pub(super) fn read(text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let add =
            |sum: u64, byte: u8| sum.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
        let mut billionths = 0;
        let mut place = 100_000_000;
        for byte in fraction.bytes().take(9) {
            billionths += place * u32::from(byte - b'0');
            place /= 10;
        }
        Some(Decimal { whole: whole.bytes().fold(0, add), billionths })
    }

    /// As nanoseconds, if it counts units of so many; saturating.
    pub(super) fn nanos(self, unit: u64) -> u64 {
        let fraction = u128::from(self.billionths) * u128::from(unit) / 1_000_000_000;
        self.whole.saturating_mul(unit).saturating_add(fraction as u64)
    }
}

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// Seconds since 1970 of a date in one of the forms of RFC 9110 (IMF-fixdate, RFC 850, asctime), which
/// are in GMT all of them, or of RFC 3339 with a zone. `now` dates a year of two digits.
pub(super) fn read_date(text: &str, now: i64) -> Option<i64> {
    if text.len() > 64 {
        return None;
    }
    if text.as_bytes().get(4) == Some(&b'-') {
        return read_rfc3339(text);
    }
    // "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994".
    let mut parts = text.split([' ', ',', '-']).filter(|part| !part.is_empty());
    let weekday = parts.next()?;
    if weekday.len() < 3 || !weekday.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let second = parts.next()?;
    let (day, month, year, clock) = if second.as_bytes()[0].is_ascii_digit() {
        let (month, year) = (parts.next()?, parts.next()?);
        (second, month, year, parts.next()?)
    } else {
        let (day, clock) = (parts.next()?, parts.next()?);
        (day, second, parts.next()?, clock)
    };
    let zone = parts.next().unwrap_or("GMT");
    let is_gmt =
        ["GMT", "UTC", "UT", "Z", "+0000"].iter().any(|name| name.eq_ignore_ascii_case(zone));
    if !is_gmt || parts.next().is_some() {
        return None;
    }
    let month = MONTHS.iter().position(|name| month.as_bytes().eq_ignore_ascii_case(*name))?;
    let written = number(year, 4)?;
    let year = match year.len() {
        4 => written,
        2 => century(written, now),
        _ => return None,
    };
    seconds_of(year, month as i64 + 1, number(day, 2)?, read_clock(clock)?)
}

/// The year of two digits that is at most 50 years ahead (RFC 9110, 5.6.7).
fn century(digits: i64, now: i64) -> i64 {
    let this = 1970 + now / 31_556_952;
    let year = this - this % 100 + digits;
    if year > this + 50 { year - 100 } else { year }
}

/// `2026-11-28T00:01:00Z`, with a fraction, with an offset.
fn read_rfc3339(text: &str) -> Option<i64> {
    let (date, time) = (text.get(..10)?, text.get(10..)?.strip_prefix(['T', 't', ' '])?);
    if date.as_bytes()[7] != b'-' {
        return None;
    }
    let clock = read_clock(time.get(..8)?)?;
    let rest = time.get(8..)?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let offset = match rest.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (number(&rest[1..3], 2)?, number(&rest[4..6], 2)?);
            let seconds = hours * 3_600 + minutes * 60;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    let year = number(&date[..4], 4)?;
    let seconds = seconds_of(year, number(&date[5..7], 2)?, number(&date[8..10], 2)?, clock)?;
    Some(seconds - offset)
}

/// Digits alone, at most so many.
fn number(text: &str, most: usize) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() || text.len() > most || !digits { None } else { text.parse().ok() }
}

/// Seconds of `hh:mm:ss`; a leap second is one.
fn read_clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let mut part = |limit| {
        let part = parts.next()?;
        number(part, 2).filter(|number| part.len() == 2 && *number <= limit)
    };
    let (hours, minutes, seconds) = (part(23)?, part(59)?, part(60)?);
    parts.next().is_none().then_some(hours * 3_600 + minutes * 60 + seconds)
}

/// Seconds since 1970 of a day of the Gregorian calendar and a time of it.
fn seconds_of(year: i64, month: i64, day: i64, clock: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > days {
        return None;
    }
    // Howard Hinnant, days_from_civil: years begin in March.
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + clock)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    const NOW: i64 = 1_795_824_000; // 2026-11-28T00:00:00Z

    #[test]
    fn the_forms_of_a_date_are_one_time() {
        for text in [
            "Sat, 28 Nov 2026 00:01:00 GMT",
            "Saturday, 28-Nov-26 00:01:00 GMT",
            "Sat Nov 28 00:01:00 2026",
            "sat, 28 nov 2026 00:01:00 utc",
            "2026-11-28T00:01:00Z",
            "2026-11-28T01:01:00.5+01:00",
            "2026-11-27T23:01:00-01:00",
        ] {
            assert_eq!(read_date(text, NOW), Some(NOW + 60), "{text}");
        }
        assert_eq!(read_date("Sun Nov  6 08:49:37 1994", NOW), Some(784_111_777));
        assert_eq!(read_date("Sunday, 06-Nov-94 08:49:37 GMT", NOW), Some(784_111_777));
        assert_eq!(read_date("Fri, 31 Dec 9999 23:59:59 GMT", NOW), Some(253_402_300_799));
    }

    #[test]
    fn what_is_not_a_date_in_a_known_zone_gives_none() {
        for text in [
            "",
            "Sat, 28 Nov 2026 00:01:00 PST",
            "Sat, 28 Nov 2026 00:01 GMT",
            "Sat, 31 Feb 2026 00:01:00 GMT",
            "Sat, 28 Nov 2026 25:01:00 GMT",
            "Sat, 28 Foo 2026 00:01:00 GMT",
            "Sat, 28 Nov 026 00:01:00 GMT",
            "2026-11-28 00:01:00",
            "2026-11-28",
            "2026-13-28T00:01:00Z",
            "ä026-11-28T00:01:00Z",
            "abc",
            "Sat, ,,, ---",
        ] {
            assert_eq!(read_date(text, NOW), None, "{text}");
        }
    }

    #[test]
    fn numbers_saturate() {
        let read = Decimal::read;
        assert_eq!(read("1.5"), Some(Decimal { whole: 1, billionths: 500_000_000 }));
        assert_eq!(read(&"9".repeat(100_000)).map(|n| n.whole), Some(u64::MAX));
        let long = String::from("0.") + &"1".repeat(100_000);
        assert_eq!(read(&long).map(|n| n.nanos(1_000_000_000)), Some(111_111_111));
        for text in ["", ".", "-3", "+3", "1e3", "1.2.3", "١"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
