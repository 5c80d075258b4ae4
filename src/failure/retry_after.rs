//! How long a server asks to wait: every form of Retry-After, read in one place for every interface.
//!
//! | header | read as |
//! |---|---|
//! | `grpc-retry-pushback-ms` | milliseconds; a negative number means no retry at all |
//! | `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` | milliseconds |
//! | `retry-after` | seconds, a date (IMF-fixdate, RFC 850, asctime, all in GMT; RFC 3339), or `1m30s` |
//! | `grpc-status-details-bin` | the `google.rpc.RetryInfo` in it |
//! | `retry-delay` | its text form, `3.5s` |
//! | `ratelimit` | `"default";r=0;t=30` of the later drafts, `limit=9, remaining=0, reset=30` of the earlier |
//! | `ratelimit-reset`, `x-ratelimit-reset`, `x-rate-limit-reset` | seconds to wait, or a time since 1970 in seconds or milliseconds, or a date |
//! | `x-ratelimit-reset-after` | seconds |
//! | `x-ratelimit-reset-requests`, `-tokens` and `anthropic-ratelimit-…-reset` | a duration or a date |
//!
//! The first row that says something counts; of several values in one row the longest. A **reset of a
//! rate limit** says when the window ends, not that this request has to wait: it counts only where the
//! answer is a refusal (429, 503 or 403), or where nothing remains.

use super::{
    date::{Decimal, read_date},
    retry_info,
};
use crate::time::{Duration, Time, nanos, parse_duration};

pub(super) const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;
/// A number of seconds above this is a time since 1970: about the year 2001.
const EPOCH: u64 = 1_000_000_000;
/// A time since 1970 above this is in milliseconds or finer: in seconds it is the year 5138.
const FINER: u64 = 100_000_000_000;
const NOTHING: Decimal = Decimal { whole: 0, billionths: 0 };

/// What the headers have said so far.
#[derive(Default)]
struct Hints {
    pushback: Option<u64>,
    millis: Option<u64>,
    after: Option<u64>,
    info: Option<u64>,
    reset: Option<u64>,
    /// The reset of a limit of which nothing remains.
    spent_reset: Option<u64>,
    /// Whether a header of its own says that nothing remains.
    spent: bool,
}

/// How long a server asks to wait before another attempt, by its answer.
///
/// `status` is the HTTP status if there is one; names of headers are read in any case. `now` is the time
/// since 1970; without it dates are ignored. A date in the past is zero; a wait too long for a duration,
/// and a server that asks for no retry at all, give [`Duration::MAX`]. The longest wait that is accepted is
/// set by the policy ([`RetryAfter::max`](crate::policy::RetryAfter::max)).
///
/// ```
/// use redrive::{Duration, Time, failure::retry_after};
///
/// let wait = |status, headers: &[(&str, &str)]| {
///     retry_after(Some(status), headers.iter().copied(), Some(Time::from_nanos(0)))
/// };
/// assert_eq!(wait(503, &[("Retry-After", "120")]), Some(Duration::from_secs(120)));
/// assert_eq!(wait(429, &[("RateLimit", "\"default\";r=0;t=30")]), Some(Duration::from_secs(30)));
/// assert_eq!(wait(502, &[("X-RateLimit-Remaining", "4999"), ("X-RateLimit-Reset", "3000")]), None);
/// ```
pub fn retry_after<'a>(
    status: Option<u16>,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    now: Option<Time>,
) -> Option<Duration> {
    let mut hints = Hints::default();
    for (name, value) in headers {
        hints.read(name.trim(), value.trim(), now);
    }
    let refused = matches!(status, Some(429 | 503 | 403));
    let reset = if refused || hints.spent { hints.reset } else { None };
    let wait = hints
        .pushback
        .or(hints.millis)
        .or(hints.after)
        .or(hints.info)
        .or(hints.spent_reset)
        .or(reset)?;
    Some(duration(wait))
}

/// The wait that the value of a `Retry-After` header asks for; a number of seconds, a date, a duration.
pub fn read_retry_after(value: &str, now: Option<Time>) -> Option<Duration> {
    wait(value.trim(), now).map(duration)
}

pub(super) fn duration(wait: u64) -> Duration {
    if wait == u64::MAX { Duration::MAX } else { Duration::from_nanos(wait) }
}

/// What a header says.
#[derive(Clone, Copy)]
enum Header {
    Pushback,
    Millis,
    After,
    Info,
    InfoBytes,
    Limits,
    Remaining,
    Reset,
    ResetSeconds,
}

impl Header {
    /// Headers of one meaning, in lower case.
    const NAMES: [(&'static str, Header); 10] = [
        ("grpc-retry-pushback-ms", Header::Pushback),
        ("retry-after-ms", Header::Millis),
        ("x-ms-retry-after-ms", Header::Millis),
        ("x-amz-retry-after", Header::Millis),
        ("retry-after", Header::After),
        ("retry-delay", Header::Info),
        ("retrydelay", Header::Info),
        ("grpc-status-details-bin", Header::InfoBytes),
        ("ratelimit", Header::Limits),
        ("x-ratelimit", Header::Limits),
    ];

    fn of(name: &str) -> Option<Header> {
        let mut names = Self::NAMES.iter();
        if let Some((_, header)) = names.find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Some(*header);
        }
        // x-ratelimit-reset-requests, anthropic-ratelimit-tokens-remaining, x-rate-limit-reset, ...
        if !has(name, "ratelimit-") && !has(name, "rate-limit-") {
            None
        } else if has(name, "-reset-after") {
            Some(Header::ResetSeconds)
        } else if has(name, "-remaining") {
            Some(Header::Remaining)
        } else if has(name, "-reset") {
            Some(Header::Reset)
        } else {
            None
        }
    }
}

impl Hints {
    fn read(&mut self, name: &str, value: &str, now: Option<Time>) {
        let number = |unit| Decimal::read(value).map(|number| number.nanos(unit));
        match Header::of(name) {
            // gRFC A6: anything but a number of milliseconds means no retry, as a negative one does.
            Some(Header::Pushback) => {
                later(&mut self.pushback, number(MILLISECOND).or(Some(u64::MAX)));
            }
            Some(Header::Millis) => later(&mut self.millis, number(MILLISECOND)),
            Some(Header::After) => later(&mut self.after, wait(value, now)),
            Some(Header::Info) => later(&mut self.info, parse_duration(value).ok().map(nanos)),
            Some(Header::InfoBytes) => later(&mut self.info, retry_info::of_base64(value)),
            Some(Header::Limits) => self.read_limits(value, now),
            Some(Header::Remaining) => self.spent |= Decimal::read(value) == Some(NOTHING),
            Some(Header::Reset) => later(&mut self.reset, wait(value, now)),
            Some(Header::ResetSeconds) => later(&mut self.reset, number(SECOND)),
            None => {}
        }
    }

    /// `RateLimit` as a list of limits: each with what remains (`r`, `remaining`) and when it is reset
    /// (`t`, `reset`).
    fn read_limits(&mut self, value: &str, now: Option<Time>) {
        // The earlier drafts have one limit, whose parts are separated by commas.
        let separator = if has(value, "reset") { '\0' } else { ',' };
        for limit in value.split(separator) {
            let (mut remaining, mut reset) = (None, None);
            for part in limit.split([';', ',']) {
                let Some((name, value)) = part.split_once('=') else { continue };
                match name.trim() {
                    "r" | "remaining" => remaining = Decimal::read(value.trim()),
                    "t" | "reset" => reset = wait(value.trim(), now),
                    _ => {}
                }
            }
            let spent = remaining == Some(NOTHING);
            later(if spent { &mut self.spent_reset } else { &mut self.reset }, reset);
        }
    }
}

/// Whether `part`, which is in lower case, is somewhere in `name`.
fn has(name: &str, part: &str) -> bool {
    name.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Keeps the longer wait.
fn later(kept: &mut Option<u64>, new: Option<u64>) {
    *kept = (*kept).max(new);
}

/// The nanoseconds from `now` that a value asks for.
fn wait(value: &str, now: Option<Time>) -> Option<u64> {
    if let Some(number) = Decimal::read(value) {
        return of_number(number, now);
    }
    let since = |seconds: i64| {
        let now = i128::from(now?.as_nanos());
        let wait = i128::from(seconds) * i128::from(SECOND) - now;
        Some(u64::try_from(wait.max(0)).unwrap_or(u64::MAX))
    };
    let today = now.map_or(0, |now| (now.as_nanos() / SECOND) as i64);
    if let Some(seconds) = read_date(value, today) {
        return since(seconds);
    }
    if let Ok(wait) = parse_duration(value) {
        return Some(nanos(wait));
    }
    // A header that was sent twice: "120, 120".
    let mut longest = None;
    for part in value.split(',') {
        later(&mut longest, Some(of_number(Decimal::read(part.trim())?, now)?));
    }
    longest
}

/// Seconds, or a time since 1970 in seconds, milliseconds or finer.
fn of_number(number: Decimal, now: Option<Time>) -> Option<u64> {
    if number.whole < EPOCH {
        return Some(number.nanos(SECOND));
    }
    let mut unit = u128::from(SECOND);
    let mut seconds = number.whole;
    while seconds >= FINER && unit > 1 {
        seconds /= 1_000;
        unit /= 1_000;
    }
    let at =
        u128::from(number.whole) * unit + u128::from(number.billionths) * unit / u128::from(SECOND);
    let wait = at.saturating_sub(u128::from(now?.as_nanos()));
    Some(u64::try_from(wait).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    /// 2026-11-28T00:00:00Z.
    const NOW: u64 = 1_795_824_000;

    fn asked(status: u16, headers: &[(&str, &str)]) -> Option<f64> {
        let now = Some(Time::from_nanos(NOW * SECOND));
        let wait = retry_after(Some(status), headers.iter().copied(), now);
        wait.map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn retry_after_is_seconds_a_date_or_a_duration() {
        for (value, seconds) in [
            ("120", Some(120.0)),
            (" 1.5 ", Some(1.5)),
            ("0", Some(0.0)),
            ("120, 7", Some(120.0)),
            ("Sat, 28 Nov 2026 00:01:00 GMT", Some(60.0)),
            ("Saturday, 28-Nov-26 00:01:00 GMT", Some(60.0)),
            ("Sat Nov 28 00:01:00 2026", Some(60.0)),
            ("2026-11-28T00:01:00Z", Some(60.0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0.0)),
            ("6m0s", Some(360.0)),
            ("1795824060", Some(60.0)),
            ("1795824060000", Some(60.0)),
            ("1764288060", Some(0.0)),
            ("-3", None),
            ("+3", None),
            ("", None),
            ("abc", None),
            ("1e3", None),
            ("2026-11-28 00:01:00", None),
        ] {
            assert_eq!(asked(503, &[("rEtry-AFTER", value)]), seconds, "{value:?}");
        }
    }

    #[test]
    fn hostile_values_are_read_in_one_pass_and_saturate() {
        let digits = "9".repeat(1 << 20);
        assert!(asked(429, &[("retry-after", &digits)]) > Some(1e9));
        assert!(asked(429, &[("retry-after-ms", &digits)]) > Some(1e9));
        let far = "Fri, 31 Dec 9999 23:59:59 GMT";
        assert_eq!(asked(429, &[("retry-after", far)]), Some(Duration::MAX.as_secs_f64()));
        for text in
            ["=;,".repeat(1 << 16), "1,".repeat(1 << 16), "1m".repeat(1 << 16), "A".repeat(1 << 20)]
        {
            for name in
                ["retry-after", "ratelimit", "x-ratelimit-reset", "grpc-status-details-bin", &text]
            {
                asked(429, &[(name, &text)]);
            }
        }
    }

    #[test]
    fn a_reset_counts_where_the_answer_is_a_refusal_or_nothing_remains() {
        let reset = format!("{}", NOW + 3_000);
        let left = [("X-RateLimit-Remaining", "4999"), ("X-RateLimit-Reset", reset.as_str())];
        assert_eq!(asked(502, &left), None);
        assert_eq!((asked(429, &left), asked(403, &left)), (Some(3_000.0), Some(3_000.0)));
        let none = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())];
        assert_eq!((asked(502, &none), asked(200, &none)), (Some(3_000.0), Some(3_000.0)));
        // What says how long to wait comes before what says when a window ends.
        let both = [("x-ratelimit-reset", reset.as_str()), ("retry-after", "2")];
        assert_eq!(asked(429, &both), Some(2.0));
    }

    #[test]
    fn a_reset_is_a_delta_or_a_time_in_seconds_or_milliseconds() {
        for (name, value, seconds) in [
            ("RateLimit-Reset", "30", 30.0),
            ("X-RateLimit-Reset", "1795824060", 60.0),
            ("X-RateLimit-Reset", "1795824060000", 60.0),
            ("X-Rate-Limit-Reset", "1795824060.5", 60.5),
            ("x-ratelimit-reset-after", "1.5", 1.5),
            ("x-ratelimit-reset-requests", "6m0s", 360.0),
            ("anthropic-ratelimit-requests-reset", "2026-11-28T00:01:00Z", 60.0),
            ("RateLimit", "\"default\";r=0;t=30", 30.0),
            ("RateLimit", "\"burst\";r=0;t=5, \"day\";r=12;t=3000", 5.0),
            ("RateLimit", "\"burst\";r=3;t=5, \"day\";r=12;t=3000", 3_000.0),
            ("RateLimit", "limit=100, remaining=0, reset=30", 30.0),
        ] {
            assert_eq!(asked(429, &[(name, value)]), Some(seconds), "{name}: {value}");
        }
        assert_eq!(asked(200, &[("RateLimit", "\"default\";r=0;t=30")]), Some(30.0));
        assert_eq!(asked(200, &[("RateLimit", "\"default\";r=9;t=30")]), None);
    }

    #[test]
    fn grpc_says_it_in_metadata() {
        assert_eq!(asked(200, &[("grpc-retry-pushback-ms", "1500")]), Some(1.5));
        let never = Some(Duration::MAX.as_secs_f64());
        assert_eq!(asked(200, &[("grpc-retry-pushback-ms", "-1")]), never);
        assert_eq!(asked(200, &[("retryDelay", "3.5s")]), Some(3.5));
        // Status { code: 8, details: [Any { RetryInfo { retry_delay: 3.5 s } }] }.
        let details =
            "CAgaNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIAxCAyrXuAQ";
        assert_eq!(asked(200, &[("grpc-status-details-bin", details)]), Some(3.5));
        assert_eq!(asked(200, &[("grpc-status-details-bin", &details[..20])]), None);
    }

    #[test]
    fn without_a_clock_dates_say_nothing() {
        let headers = [("retry-after", "Sat, 28 Nov 2026 00:01:00 GMT")];
        assert_eq!(retry_after(Some(503), headers, None), None);
        assert_eq!(read_retry_after("1795824060", None), None);
        assert_eq!(read_retry_after("5", None), Some(Duration::from_secs(5)));
        assert_eq!(read_retry_after(&String::from("ä"), Some(Time::ZERO)), None);
    }
}
