//! Failures: the kind of each word, what each match covers, and how long each answer asks to wait.

use redrive::{
    Time,
    failure::{GRPC, Kind, ROWS, kind_of, matches, retry_after},
    time::nanos,
    wire::Value,
};

/// Words beside those of the table: unknown ones, packages, numbers, beginnings.
const WORDS: &[&str] = &[
    "",
    "other",
    "timeout",
    "Timeout",
    "CardDeclined",
    "418",
    "http503",
    "http507",
    "200",
    "0",
    "OK",
    "7",
    "16",
    "17",
    "007",
    "+5",
    "1e2",
    "600",
    "100",
    "099",
    "5xx",
    "java.net.ConnectException",
    "Errno::ECONNREFUSED",
    "com.amazonaws.dynamodb.v20120810#ThrottlingException",
    "requests.exceptions.ReadTimeout",
    "a.b$TimeoutException",
    "CERT_HAS_EXPIRED",
    "CERT",
    "v1.429",
    "app.",
    "::",
    "port:503",
    "x/y",
    "ERR_TLS_CERT_ALTNAME_INVALID",
];

const PATTERNS: &[&str] = &[
    "*",
    "timeout",
    "throttle",
    "invalid",
    "reset",
    "other",
    "4xx",
    "5xx",
    "3xx",
    "gateway-error",
    "retriable-4xx",
    "connect-failure",
    "refused-stream",
    "envoy-ratelimited",
    "503",
    "http503",
    "400",
    "http5*",
    "50*",
    "UNAVAILABLE",
    "14",
    "8",
    "RESOURCE_EXHAUSTED",
    "States.ALL",
    "States.TaskFailed",
    "States.Timeout",
    "UND_ERR_*",
    "ECONN*",
    "ECONNREFUSED",
    "CardDeclined",
    "40001",
    "Card*",
    "**",
    "",
];

const FAILURES: &[&[&str]] = &[
    &[],
    &[""],
    &["timeout"],
    &["timeouts"],
    &["error", "504"],
    &["error", "503"],
    &["error", "http503"],
    &["connection", "ECONNREFUSED"],
    &["ThrottlingException", "400"],
    &["Error", "14"],
    &["UNAVAILABLE"],
    &["Error", "8"],
    &["States.HeartbeatTimeout"],
    &["States.TaskFailed"],
    &["CardDeclined"],
    &["CardDeclined", "409"],
    &["TypeError", "UND_ERR_SOCKET"],
    &["error", "40001"],
    &["AxiosError", "ECONNABORTED"],
    &["429"],
    &["302"],
    &["499"],
    &["reset"],
    &["*"],
    &["ECONNRESET", "timeout"],
];

/// 2026-11-28T00:00:00Z.
const NOW: u64 = 1_795_824_000;

/// A status (0: none) and headers.
const ANSWERS: &[(u16, &[(&str, &str)])] = &[
    (503, &[("retry-after", "120")]),
    (200, &[("Retry-After", " 1.5 ")]),
    (0, &[("RETRY-AFTER", "0")]),
    (503, &[("retry-after", "120, 7")]),
    (503, &[("retry-after", "7"), ("retry-after", "120")]),
    (503, &[("retry-after", "Sat, 28 Nov 2026 00:01:00 GMT")]),
    (503, &[("retry-after", "Saturday, 28-Nov-26 00:01:00 GMT")]),
    (503, &[("retry-after", "Sat Nov 28 00:01:00 2026")]),
    (503, &[("retry-after", "Sat, 28 Nov 2026 00:01:00 PST")]),
    (503, &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]),
    (503, &[("retry-after", "Sunday, 06-Nov-94 08:49:37 GMT")]),
    (503, &[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")]),
    (503, &[("retry-after", "Sat, 31 Feb 2026 00:01:00 GMT")]),
    (503, &[("retry-after", "2026-11-28T00:01:00Z")]),
    (503, &[("retry-after", "2026-11-28T01:01:00.5+01:00")]),
    (503, &[("retry-after", "2026-11-28 00:01:00")]),
    (503, &[("retry-after", "-3")]),
    (503, &[("retry-after", "+3")]),
    (503, &[("retry-after", "1e3")]),
    (503, &[("retry-after", "")]),
    (503, &[("retry-after", "abc")]),
    (503, &[("retry-after", "1s")]),
    (503, &[("retry-after", "6m0s")]),
    (503, &[("retry-after", "1764288060")]),
    (503, &[("retry-after", "1795824060")]),
    (503, &[("retry-after", "1795824060000")]),
    (503, &[("retry-after", "99999999999999999999")]),
    (503, &[("retry-after-ms", "1500")]),
    (503, &[("retry-after", "2"), ("retry-after-ms", "1500")]),
    (503, &[("retry-after-ms", "soon"), ("retry-after", "2")]),
    (503, &[("x-ms-retry-after-ms", "1500")]),
    (503, &[("x-amz-retry-after", "1500")]),
    (429, &[("x-ratelimit-reset", "1795824060")]),
    (429, &[("x-ratelimit-reset", "1795824060000")]),
    (429, &[("x-ratelimit-reset", "30")]),
    (502, &[("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "1795827000")]),
    (502, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795827000")]),
    (503, &[("ratelimit-remaining", "99"), ("ratelimit-reset", "900")]),
    (403, &[("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "1795827000")]),
    (0, &[("x-ratelimit-reset", "30")]),
    (0, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")]),
    (429, &[("x-ratelimit-reset", "1795827000"), ("retry-after", "2")]),
    (429, &[("ratelimit-reset", "30")]),
    (200, &[("ratelimit-remaining", "50"), ("ratelimit-reset", "30")]),
    (429, &[("ratelimit", "\"default\";r=0;t=30")]),
    (200, &[("ratelimit", "\"default\";r=0;t=30")]),
    (200, &[("ratelimit", "\"default\";r=9;t=30")]),
    (429, &[("ratelimit", "\"burst\";r=0;t=5, \"day\";r=12;t=3000")]),
    (429, &[("ratelimit", "limit=100, remaining=0, reset=30")]),
    (429, &[("x-ratelimit-reset-after", "1.5")]),
    (429, &[("x-ratelimit-reset-requests", "1s"), ("x-ratelimit-reset-tokens", "6m0s")]),
    (429, &[("x-rate-limit-reset", "1795824060")]),
    (429, &[("anthropic-ratelimit-requests-reset", "2026-11-28T00:01:00Z")]),
    (200, &[("grpc-retry-pushback-ms", "1500")]),
    (200, &[("grpc-retry-pushback-ms", "-1")]),
    (
        200,
        &[(
            "grpc-status-details-bin",
            "CAgaNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIAxCAyrXuAQ",
        )],
    ),
    (200, &[("retry-delay", "3.5s")]),
    (429, &[]),
    (429, &[("x-ratelimit-limit", "100"), ("date", "Sat, 28 Nov 2026 00:00:00 GMT")]),
];

fn texts(words: &[&str]) -> Value {
    Value::List(words.iter().map(|word| Value::from(*word)).collect())
}

pub(crate) fn file() -> String {
    let listed = ROWS.iter().flat_map(|row| row.codes).copied();
    let words = listed
        .chain(GRPC)
        .chain(Kind::ALL.iter().map(|kind| kind.as_str()))
        .chain(WORDS.iter().copied());
    let kinds = words.map(|word| {
        let kind = kind_of(word).map_or(Value::Null, |kind| kind.as_str().into());
        Value::List(vec![word.into(), kind])
    });
    let covered = FAILURES.iter().map(|words| {
        let patterns = PATTERNS.iter().copied().filter(|pattern| matches(pattern, words));
        let patterns: Vec<&str> = patterns.collect();
        Value::List(vec![texts(words), Kind::of(words).as_str().into(), texts(&patterns)])
    });
    let answers = ANSWERS.iter().map(|(status, headers)| {
        let status = (*status > 0).then_some(*status);
        let now = Time::from_nanos(NOW * 1_000_000_000);
        let wait = retry_after(status, headers.iter().copied(), Some(now));
        let pairs = headers.iter().map(|(name, value)| texts(&[name, value])).collect();
        let wait = wait.map_or(Value::Null, |wait| nanos(wait).to_string().into());
        Value::List(vec![
            status.map_or(Value::Null, |s| u64::from(s).into()),
            Value::List(pairs),
            wait,
        ])
    });
    super::file(
        "kinds: a word and its kind. patterns: all that are tried. matches: the words of a failure, its kind, \
         and which of the patterns match it. answers, at 2026-11-28T00:00:00Z: a status, headers, and the wait \
         (nanoseconds; 18446744073709551615 is for ever).",
        &[
            ("kinds", kinds.collect()),
            ("patterns", PATTERNS.iter().map(|pattern| Value::from(*pattern)).collect()),
            ("matches", covered.collect()),
            ("answers", answers.collect()),
        ],
    )
}
