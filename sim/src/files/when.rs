//! Times of a file: which of the ways to write them all of its rows follow, and what they mean.
//!
//! A way is not guessed row by row. All rows follow one, or the first that does not is named. Where
//! the rows follow two (is 1/2 in January or in February?) and only one of them keeps the rows in
//! order, it is that one; else the user has to say (`arrivals.timeFormat`).

use std::str::FromStr;

use jiff::{
    Timestamp, civil,
    fmt::strtime::{self, BrokenDownTime},
    tz::Offset,
};

/// Nanoseconds since 1970, or since the midnight before the first row.
pub(super) type Moment = i64;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// One way to write times.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// ISO 8601 with a zone: one that ends in an offset or Z.
    Zoned,
    /// ISO 8601 without one.
    Local,
    /// A number of units since 1970, each so many nanoseconds; 0: by its size.
    Number(i64),
    /// By a format of `strftime`.
    Format(String),
    /// Without a year.
    Yearless(String),
    /// A time of day.
    Clock(String),
}

/// Times that were understood.
#[derive(Debug)]
pub(super) struct Times {
    /// One a row.
    pub(super) moments: Vec<Moment>,
    /// Rows after which a clock without a date passed midnight, or a date without a year New Year.
    pub(super) passed: usize,
}

/// Why times were not understood: the index of the row, and the rest of the sentence.
pub(super) type Misread = (usize, String);

/// Whether `text` looks like a time, for finding the column of times. A bare number does not, unless
/// it can only be one.
pub(super) fn is_time(text: &str) -> bool {
    let text = tidy(text);
    match number(&text) {
        Some(nanos) => nanos / i128::from(SECOND) > 900_000_000,
        None => ways().iter().any(|way| way.read(&text).is_some()),
    }
}

/// The times in `cells`.
pub(super) fn read(cells: &[&str], format: Option<&str>) -> Result<Times, Misread> {
    let candidates = match format {
        None => ways(),
        Some("s") => vec![Way::Number(SECOND)],
        Some("ms") => vec![Way::Number(1_000_000)],
        Some("us") => vec![Way::Number(1_000)],
        Some("ns") => vec![Way::Number(1)],
        Some(format) => {
            let format = format.to_owned();
            vec![Way::Format(format.clone()), Way::Yearless(format.clone()), Way::Clock(format)]
        }
    };
    let first = cells.first().map(|cell| tidy(cell)).unwrap_or_default();
    let mut readings: Vec<(Way, Vec<Moment>)> = Vec::new();
    for way in candidates {
        // What is told by its format has the fullest meaning of it.
        if format.is_some() && !readings.is_empty() {
            break;
        }
        if let Some(moment) = way.read(&first) {
            readings.push((way, vec![moment]));
        }
    }
    if readings.is_empty() {
        return Err((0, unknown(&first, format)));
    }
    for (i, cell) in cells.iter().enumerate().skip(1) {
        let cell = tidy(cell);
        let known = readings.clone_ways();
        readings.retain_mut(|(way, moments)| way.read(&cell).map(|m| moments.push(m)).is_some());
        if readings.is_empty() {
            return Err((i, unlike(&cell, &known, format)));
        }
    }
    chosen(readings, cells)
}

trait Ways {
    fn clone_ways(&self) -> Vec<Way>;
}

impl Ways for Vec<(Way, Vec<Moment>)> {
    /// Kept only for the sentence about the row at fault, so only while there is a choice.
    fn clone_ways(&self) -> Vec<Way> {
        if self.len() > 4 { Vec::new() } else { self.iter().map(|(way, _)| way.clone()).collect() }
    }
}

fn unknown(cell: &str, format: Option<&str>) -> String {
    match format {
        Some(format) => format!("which is not a time in arrivals.timeFormat = \"{format}\""),
        None if cell.is_empty() => {
            "which is not a time: leave the row out, or name the column with arrivals.timeColumn"
                .to_owned()
        }
        None => {
            "which is not a time that is understood: write it like 2024-01-31T12:00:00Z, or say \
                 how it is written, as in arrivals.timeFormat = \"%d/%m/%Y %H:%M\""
                .to_owned()
        }
    }
}

fn unlike(cell: &str, known: &[Way], format: Option<&str>) -> String {
    if format.is_some() || cell.is_empty() {
        return unknown(cell, format);
    }
    let zone = match known {
        [Way::Zoned] if Way::Local.read(cell).is_some() => " (it has no zone)",
        [Way::Local] if Way::Zoned.read(cell).is_some() => " (it has a zone)",
        _ => "",
    };
    format!("which is not a time written like the first{zone}: write all of them alike")
}

/// The reading that is meant.
fn chosen(mut readings: Vec<(Way, Vec<Moment>)>, cells: &[&str]) -> Result<Times, Misread> {
    for (way, moments) in &mut readings {
        if *way == Way::Number(0) {
            *moments = scaled(cells);
        }
    }
    let mut passed = 0;
    for (way, moments) in &mut readings {
        match way {
            Way::Clock(_) => passed = unwrap(moments, DAY),
            Way::Yearless(_) => passed = unwrap(moments, 366 * DAY),
            _ => {}
        }
    }
    let mut distinct: Vec<(Way, Vec<Moment>)> = Vec::new();
    for reading in readings {
        if distinct.iter().all(|(_, moments)| *moments != reading.1) {
            distinct.push(reading);
        }
    }
    if distinct.len() > 1 {
        let ordered: Vec<_> = distinct.iter().filter(|(_, m)| in_order(m)).cloned().collect();
        if !ordered.is_empty() {
            distinct = ordered;
        }
    }
    match distinct.as_slice() {
        [(_, moments)] => Ok(Times { moments: moments.clone(), passed }),
        several => {
            let formats = several.iter().filter_map(|(way, _)| match way {
                Way::Format(f) | Way::Yearless(f) | Way::Clock(f) => Some(format!("\"{f}\"")),
                _ => None,
            });
            let formats: Vec<String> = formats.take(2).collect();
            let message = format!(
                "which can be read in two ways: set arrivals.timeFormat to {}",
                formats.join(" or ")
            );
            Err((0, message))
        }
    }
}

fn in_order(moments: &[Moment]) -> bool {
    moments.is_sorted() || moments.iter().rev().is_sorted()
}

/// Whole numbers by the size of the largest: seconds, or milli-, micro- or nanoseconds.
/// 1e11 seconds are the year 5138, 1e11 milliseconds the year 1973.
fn scaled(cells: &[&str]) -> Vec<Moment> {
    let exact = |cell: &&str| number(&tidy(cell)).unwrap_or(0);
    let all: Vec<i128> = cells.iter().map(exact).collect();
    let most = all.iter().map(|n| n.unsigned_abs()).max().unwrap_or(0) / 1_000_000_000;
    let divisor: i128 = match most {
        ..100_000_000_000 => 1,
        100_000_000_000..100_000_000_000_000 => 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000_000,
        _ => 1_000_000_000,
    };
    all.into_iter().map(|n| i64::try_from(n / divisor).unwrap_or(i64::MAX)).collect()
}

/// Adds a period wherever the times fall back by more than half of one.
fn unwrap(moments: &mut [Moment], period: i64) -> usize {
    let (mut shift, mut before, mut passed) = (0, i64::MIN, 0);
    for moment in moments {
        if before.saturating_sub(*moment) > period / 2 && before != i64::MIN {
            shift += period;
            passed += 1;
        }
        before = *moment;
        *moment += shift;
    }
    passed
}

/// Without what does not matter: spaces around, and names of the zone that is the offset 0.
fn tidy(cell: &str) -> String {
    let cell = cell.trim().trim_matches(['[', ']', '"']).trim();
    for name in [" UTC", " GMT", " Z", " utc"] {
        if let Some(rest) = cell.strip_suffix(name) {
            return format!("{rest}+00:00");
        }
    }
    cell.to_owned()
}

/// A plain decimal number, in billionths.
fn number(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 20 || !plain(whole) || !plain(rest) {
        return None;
    }
    let rest = format!("{rest:0<9}");
    let value =
        whole.parse::<i128>().ok()? * 1_000_000_000 + rest.get(..9)?.parse::<i128>().ok()?;
    Some(if text.starts_with('-') { -value } else { value })
}

impl Way {
    fn read(&self, text: &str) -> Option<Moment> {
        match self {
            Self::Zoned => {
                let at = Timestamp::from_str(&joined(text)).ok()?;
                i64::try_from(at.as_nanosecond()).ok()
            }
            Self::Local => {
                // With a zone it would be read without it.
                if Timestamp::from_str(&joined(text)).is_ok() || !text.contains(['-', 'T', ':']) {
                    return None;
                }
                let at = civil::DateTime::from_str(text).ok()?;
                at_utc(at)
            }
            Self::Number(unit) => {
                let unit = if *unit == 0 { SECOND } else { *unit };
                let nanos = number(text)? * i128::from(unit) / 1_000_000_000;
                Some(i64::try_from(nanos).unwrap_or(i64::MAX))
            }
            Self::Format(format) => by_format(&fraction(text), format),
            // A leap year, so that no day is missing.
            Self::Yearless(format) => {
                by_format(&format!("1972 {}", fraction(text)), &format!("%Y {format}"))
            }
            Self::Clock(format) => {
                let read = BrokenDownTime::parse(format, fraction(text)).ok()?;
                let time = read.to_time().ok()?;
                i64::try_from(time.duration_since(civil::Time::midnight()).as_nanos()).ok()
            }
        }
    }
}

/// `2024-01-31 12:00:00 +0100` without the space before the zone.
fn joined(text: &str) -> String {
    match text.rsplit_once(' ') {
        Some((at, zone)) if zone.starts_with(['+', '-']) => format!("{at}{zone}"),
        _ => text.to_owned(),
    }
}

/// A fraction of a second behind a comma, with a point.
fn fraction(text: &str) -> String {
    match text.rsplit_once(',') {
        Some((at, rest)) if at.contains(':') && rest.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{at}.{rest}")
        }
        _ => text.to_owned(),
    }
}

fn by_format(text: &str, format: &str) -> Option<Moment> {
    let read = strtime::parse(format, text).ok()?;
    if let Some(offset) = read.offset() {
        let at: Timestamp = offset.to_timestamp(read.to_datetime().ok()?).ok()?;
        return i64::try_from(at.as_nanosecond()).ok();
    }
    let at = match read.to_datetime() {
        Ok(at) => at,
        Err(_) => read.to_date().ok()?.to_datetime(civil::Time::midnight()),
    };
    // Two digits taken for a year.
    (at.year() >= 1900).then(|| at_utc(at)).flatten()
}

fn at_utc(at: civil::DateTime) -> Option<Moment> {
    i64::try_from(Offset::UTC.to_timestamp(at).ok()?.as_nanosecond()).ok()
}

/// Every way, the unmistakable ones first.
fn ways() -> Vec<Way> {
    const DATES: [&str; 16] = [
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%d.%m.%Y",
        "%d.%m.%y",
        "%m/%d/%Y",
        "%d/%m/%Y",
        "%m/%d/%y",
        "%d/%m/%y",
        "%m-%d-%Y",
        "%d-%m-%Y",
        "%d %b %Y",
        "%d-%b-%Y",
        "%b %d, %Y",
        "%b %d %Y",
        "%a, %d %b %Y",
        "%a %b %d %Y",
    ];
    const TIMES: [&str; 6] =
        ["", " %H:%M", " %H:%M:%S%.f", " %I:%M %p", " %I:%M:%S%.f %p", ", %H:%M:%S"];
    const CLOCKS: [&str; 4] = ["%H:%M", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S%.f %p"];
    let mut ways = vec![Way::Zoned, Way::Local, Way::Number(0)];
    for date in DATES {
        for time in TIMES {
            ways.push(Way::Format(format!("{date}{time}")));
            for zone in ["%z", "%:z", " %z", " %:z"] {
                if !time.is_empty() {
                    ways.push(Way::Format(format!("{date}{time}{zone}")));
                }
            }
        }
    }
    // Access logs; asctime; a spreadsheet in the United States; systems' logs, without a year.
    for format in [
        "%d/%b/%Y:%H:%M:%S %z",
        "%d/%b/%Y:%H:%M:%S",
        "%a %b %d %H:%M:%S %Y",
        "%m/%d/%Y, %I:%M:%S %p",
    ] {
        ways.push(Way::Format(format.to_owned()));
    }
    ways.push(Way::Yearless("%b %d %H:%M:%S%.f".to_owned()));
    ways.extend(CLOCKS.map(|clock| Way::Clock(clock.to_owned())));
    ways
}
