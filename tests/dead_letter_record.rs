//! The record of a dead letter: a round trip through NDJSON is the identity, and what is wrong is named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![cfg(feature = "serde")]

use std::sync::Arc;

use proptest::prelude::*;
use redrive::{
    DeadLetter, Duration, Failure, Key, Reason, RetryPolicy, Time, dead_letter::AttemptRecord,
    presets, wire::Value,
};

/// One line of NDJSON and back.
fn through_line(letter: &DeadLetter) -> DeadLetter {
    let line = serde_json::to_string(letter).unwrap();
    assert!(!line.contains('\n'));
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}\n{line}"))
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), 0..10_u64, Just((1 << 53) - 1), Just(1 << 53)]
}

fn payload() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(Value::Unsigned),
        (i64::MIN..0).prop_map(Value::Signed),
        any::<f64>().prop_filter("JSON has no others", |n| n.is_finite()).prop_map(Value::Float),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Map(map.into_iter().collect())),
        ]
    })
}

fn failure() -> impl Strategy<Value = Failure> {
    (
        any::<String>(),
        ".{0,1200}",
        proptest::option::of(any::<String>()),
        proptest::option::of(number()),
    )
        .prop_map(|(kind, message, code, wait)| {
            let mut failure = Failure::new(&kind, &message);
            if let Some(code) = code {
                failure = failure.with_code(&code);
            }
            if let Some(wait) = wait {
                failure = failure.with_retry_after(Duration::from_nanos(wait));
            }
            failure
        })
}

fn policy() -> impl Strategy<Value = Option<Arc<RetryPolicy>>> {
    let presets: Vec<RetryPolicy> = presets::all().iter().map(presets::Preset::policy).collect();
    proptest::option::of(proptest::sample::select(presets).prop_map(Arc::new))
}

fn letter() -> impl Strategy<Value = DeadLetter> {
    let history = proptest::collection::vec((any::<u32>(), number(), number(), failure()), 0..4);
    let numbers = (0..1_u64 << 53, 0..1_u64 << 53, number(), number(), number());
    let key =
        prop_oneof![any::<u64>().prop_map(Key::from), any::<String>().prop_map(|t| Key::from(&*t))];
    let reason = proptest::sample::select(Reason::ALL);
    let times = (proptest::option::of(number()), proptest::option::of(number()));
    let rest = (any::<u32>(), any::<u32>(), any::<bool>(), 1..4_u32);
    (numbers, key, any::<String>(), payload(), reason, history, policy(), times, rest).prop_map(
        |(numbers, key, task_type, payload, reason, history, policy, times, rest)| {
            let mut letter = DeadLetter::new(key, reason, Time::from_nanos(numbers.2));
            (letter.id, letter.lineage) = (numbers.0, numbers.1);
            (letter.seed, letter.earlier_attempts) = (numbers.3, numbers.4);
            letter.task_type = task_type.into();
            letter.payload = payload;
            letter.first_failed_at = times.0.map(Time::from_nanos);
            letter.last_failed_at = times.1.map(Time::from_nanos);
            (letter.attempts, letter.redrives, letter.parked) = (rest.0, rest.1, rest.2);
            for (attempt, started, delay, failure) in history {
                let started = Time::from_nanos(started);
                let delay = Duration::from_nanos(delay);
                let ended = started.saturating_add(Duration::from_secs(1));
                letter
                    .history
                    .push(AttemptRecord { attempt, started, ended, delay, failure }, rest.3);
            }
            letter.policy_fingerprint =
                policy.as_ref().map_or(numbers.3, |policy| policy.fingerprint());
            letter.policy = policy;
            letter
        },
    )
}

proptest! {
    #[test]
    fn a_round_trip_through_a_line_of_json_is_the_identity(letter in letter()) {
        prop_assert_eq!(&through_line(&letter), &letter);
        prop_assert_eq!(DeadLetter::from_value(&letter.to_value()), Ok(letter));
    }
}

#[test]
fn the_record_is_frozen() {
    let mut letter = DeadLetter::new("order-17", Reason::Exhausted, Time::from_secs(9));
    letter.task_type = "charge".into();
    letter.payload = Value::map([("euros", Value::Unsigned(17))]);
    letter.attempts = 3;
    letter.seed = u64::MAX;
    letter.first_failed_at = Some(Time::from_secs(1));
    letter.last_failed_at = Some(Time::from_secs(9));
    let failure = Failure::new("timeout", "after 31 ms").with_code("504");
    let (started, ended) = (Time::from_secs(8), Time::from_secs(9));
    let delay = Duration::from_secs(4);
    letter.history.push(AttemptRecord { attempt: 3, started, ended, delay, failure }, 1);
    assert_eq!(
        serde_json::to_string(&letter).unwrap(),
        concat!(
            r#"{"schema":"redrive-dead-letter/1","id":0,"lineage":0,"key":"order-17","#,
            r#""type":"charge","payload":{"euros":17},"reason":"exhausted","attempts":3,"#,
            r#""earlierAttempts":0,"redrives":0,"parked":false,"firstFailedAtNs":1000000000,"#,
            r#""lastFailedAtNs":9000000000,"diedAtNs":9000000000,"#,
            r#""lastError":{"kind":"timeout","message":"after 31 ms","code":"504"},"#,
            r#""history":[{"attempt":3,"startedAtNs":8000000000,"endedAtNs":9000000000,"#,
            r#""delayNs":4000000000,"#,
            r#""error":{"kind":"timeout","message":"after 31 ms","code":"504"}}],"forgotten":0,"#,
            r#""policy":null,"policyFingerprint":"0000000000000000","seed":"18446744073709551615"}"#,
        )
    );
}

#[test]
fn four_fields_make_a_letter() {
    let line = r#"{"schema":"redrive-dead-letter/1","key":17,"reason":"permanent","diedAtNs":"5"}"#;
    let letter: DeadLetter = serde_json::from_str(line).unwrap();
    assert_eq!(letter, DeadLetter::new(17, Reason::Permanent, Time::from_nanos(5)));
}

#[test]
fn what_is_wrong_is_named() {
    let good = r#""schema":"redrive-dead-letter/1","key":"k","reason":"exhausted","diedAtNs":5"#;
    for (fields, expected) in [
        (
            r#""schema":"redrive-dead-letter/2""#,
            "schema = \"redrive-dead-letter/2\" is not a format",
        ),
        ("", "schema is missing"),
        (&format!(r#"{good},"atempts":3"#), "atempts is not a field; did you mean \"attempts\"?"),
        (&format!(r#"{good},"attempts":-1"#), "attempts = -1 is negative"),
        (&format!(r#"{good},"attempts":4294967296"#), "attempts = 4294967296 is above 4294967295"),
        (
            &good.replace("exhausted", "exausted"),
            "reason = \"exausted\" is not known; did you mean",
        ),
        (&good.replace(r#""key":"k","#, ""), "key is missing"),
        (&good.replace(":5", ":-5"), "diedAtNs = -5 is negative"),
        (&good.replace(":5", r#":"5s""#), "diedAtNs = \"5s\" is not a whole number"),
        (&format!(r#"{good},"id":9007199254740992"#), "id = 9007199254740992 is above"),
        (&format!(r#"{good},"policy":{{"maxAttempts":0}}"#), "policy.maxAttempts = 0 is below 1"),
        (&format!(r#"{good},"policyFingerprint":"xyz""#), "policyFingerprint = \"xyz\" is not 16"),
        (&format!(r#"{good},"history":[{{"attempt":1}}]"#), "history[0].startedAtNs is missing"),
        (
            &format!(r#"{good},"lastError":{{"kind":"x"}}"#),
            "lastError is not the last error in history",
        ),
    ] {
        let error = serde_json::from_str::<DeadLetter>(&format!("{{{fields}}}")).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}\nexpected {expected}");
    }
}
