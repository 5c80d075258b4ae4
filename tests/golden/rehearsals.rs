//! Verdicts: what one failing task is told, with everything that a bare delay does not show.

use redrive::{
    Budget, Context, RetryPolicy, Task, Time, Verdict,
    random::{Stream, key_of},
    time::{Duration, nanos, parse_duration},
    wire::Value,
};

use super::json;

const FULL: &str = r#""backoff":{"kind":"exponential","initial":"1s","multiplier":2},"jitter":"full","maxDelay":"20s""#;

const HINTED: &str = r#"[{"retryAfter":"0s"},{"retryAfter":"1s"},{"retryAfter":"7s","took":"250ms"},{"retryAfter":"1h"},{"retryAfter":"18446744073709551615ns"},{}]"#;
const PLAIN: &str = r#"[{"took":"1s"},{"took":"1s"},{"took":"1s"},{"took":"1s"},{"took":"1s"},{"took":"1s"},{"took":"1s"},{"took":"1s"}]"#;
const MIXED: &str = r#"[{"kind":"timeout"},{"kind":"throttle","code":"429"},{"kind":"free"},{"kind":"throttle","code":"503"},{"kind":"timeout"},{"kind":"timeout"},{"kind":"timeout"}]"#;

/// The rest of a policy, and how its task fails.
const CASES: [(&str, &str); 25] = [
    (r#""maxAttempts":10"#, HINTED),
    (r#""maxAttempts":10,"retryAfter":{"mode":"atLeast","max":"5m"}"#, HINTED),
    (r#""maxAttempts":10,"retryAfter":{"mode":"atLeast","max":"10s","jitter":"none"}"#, HINTED),
    (r#""maxAttempts":10,"retryAfter":{"mode":"replace","max":"5m","jitter":"full"}"#, HINTED),
    (r#""maxAttempts":10,"retryAfter":{"mode":"replace","max":"600000h"}"#, HINTED),
    (r#""maxAttempts":10,"retryAfter":{"mode":"clamp","max":"5s"}"#, HINTED),
    (r#""maxAttempts":10,"retryAfter":{"mode":"ignore"}"#, HINTED),
    (r#""maxAttempts":3"#, PLAIN),
    (r#""maxAttempts":1"#, PLAIN),
    (r#""maxAttempts":null,"maxElapsed":"10s""#, PLAIN),
    (r#""maxAttempts":null,"maxElapsed":"10s","elapsedRule":"stopIfReached""#, PLAIN),
    (r#""maxAttempts":null,"maxElapsed":"10s","elapsedRule":"truncate""#, PLAIN),
    (r#""maxAttempts":null,"maxElapsed":"10s","compat":{"elapsedMeasure":"sleeps"}"#, PLAIN),
    (
        r#""maxAttempts":9,"maxElapsed":"9s","elapsedRule":"truncate","compat":{"elapsedMeasure":"sleeps"}"#,
        PLAIN,
    ),
    (
        r#""maxAttempts":5,"classify":[{"match":"throttle","action":"retry","backoff":{"kind":"constant","delay":"9s"},"jitter":"equal"},{"match":"free","action":"retryFree"}]"#,
        MIXED,
    ),
    (r#""maxAttempts":9,"classify":[{"match":"50*","action":"deadLetter"}]"#, MIXED),
    (r#""maxAttempts":9,"classify":[{"match":"free","action":"discard"}]"#, MIXED),
    (r#""maxAttempts":9,"classify":[{"match":"429","action":"fail"}]"#, MIXED),
    (
        r#""maxAttempts":9,"classify":[{"match":"t*","action":"retry"}],"defaultAction":"deadLetter""#,
        MIXED,
    ),
    (
        r#""maxAttempts":9,"budget":{"kind":"tokenBucket","capacity":40,"cost":14,"costByClass":{"throttle":5}}"#,
        MIXED,
    ),
    (
        r#""maxAttempts":9,"budget":{"kind":"ratio","percent":20,"minPerSecond":0.3,"window":"10s"}"#,
        PLAIN,
    ),
    (r#""maxAttempts":9,"budget":{"kind":"concurrency","percent":20,"min":0}"#, PLAIN),
    (
        r#""maxAttempts":9,"budget":{"kind":"ratio","percent":20,"minPerSecond":0.1,"window":"10s","onEmpty":"wait"}"#,
        PLAIN,
    ),
    (
        r#""maxAttempts":9,"budget":{"kind":"rate","perSecond":0.3,"burst":2,"onEmpty":"wait"}"#,
        PLAIN,
    ),
    (r#""maxAttempts":4,"maxElapsed":"1m","resetAfter":"1s""#, PLAIN),
];

const ADDRESSES: [(&str, &str); 3] =
    [("42", "order-17"), ("18446744073709551615", "0"), ("a seed in words", "9007199254740993")];

pub(crate) fn file() -> String {
    let mut lines = Vec::new();
    for (rest, failures) in CASES {
        let policy = json(&format!("{{{FULL},{rest}}}"));
        let failures = json(failures);
        lines.extend(ADDRESSES.map(|(seed, key)| line(&policy, seed, key, &failures)));
    }
    super::file(
        "cases: a policy, how a task fails under it, and each verdict: the attempt that failed, when \
         (nanoseconds), what was said, and the wait (nanoseconds) if there is one.",
        &[("cases", lines)],
    )
}

fn line(policy: &Value, seed: &str, key: &str, failures: &Value) -> Value {
    Value::map([
        ("policy", policy.clone()),
        ("seed", seed.into()),
        ("key", key.into()),
        ("failures", failures.clone()),
        ("verdicts", Value::List(verdicts(policy, seed, key, failures))),
    ])
}

fn verdicts(policy: &Value, seed: &str, key: &str, failures: &Value) -> Vec<Value> {
    let policy = RetryPolicy::from_value(policy).unwrap();
    let ctx = Context { policy: &policy, stream: Stream::new(key_of(seed)), key: key_of(key) };
    let mut budget = policy.budget().map(Budget::new);
    let (mut task, mut now, mut rows) = (Task::new(), Time::ZERO, Vec::new());
    let Value::List(failures) = failures else { panic!("not a list: {failures}") };
    for failure in failures {
        let attempt = task.start(now).unwrap();
        if let Some(budget) = &mut budget {
            budget.on_attempt(now, attempt > 1);
        }
        now = now.saturating_add(span(failure, "took").unwrap_or_default());
        if let Some(budget) = &mut budget {
            budget.on_end(attempt > 1);
        }
        let text = |name| failure.get(name).and_then(Value::as_text);
        let class = policy.classify(text("kind").unwrap_or_default(), text("code"));
        let hint = span(failure, "retryAfter");
        let verdict = task.fail(now, &ctx, class, hint, budget.as_mut()).unwrap();
        let (said, wait) = match verdict {
            Verdict::Retry { delay, .. } => ("retry", nanos(delay).to_string().into()),
            Verdict::DeadLetter(reason) => (reason.as_str(), Value::Null),
            Verdict::Discard => ("discard", Value::Null),
            Verdict::Fail => ("fail", Value::Null),
            other => panic!("unknown verdict {other:?}"),
        };
        let failed_at = now.as_nanos().to_string();
        rows.push(Value::List(vec![attempt.into(), failed_at.into(), said.into(), wait]));
        let Verdict::Retry { at, .. } = verdict else { break };
        now = at;
    }
    rows
}

fn span(failure: &Value, name: &str) -> Option<Duration> {
    failure.get(name).and_then(Value::as_text).map(|text| parse_duration(text).unwrap())
}
