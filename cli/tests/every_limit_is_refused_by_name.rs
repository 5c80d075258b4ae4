//! Every row of the table of parameters: one value below, one above, one that is not a number.

use redrive::bounds::{self, Bound, Unit};

use crate::support::Place;

/// A policy with `X` in the place of each parameter.
const POLICIES: &[(&Bound, &str)] = &[
    (bounds::DELAY, r#"{"backoff":{"kind":"constant","delay":X}}"#),
    (bounds::INITIAL, r#"{"backoff":{"kind":"exponential","initial":X}}"#),
    (bounds::MULTIPLIER, r#"{"backoff":{"kind":"exponential","initial":"1s","multiplier":X}}"#),
    (
        bounds::DECORRELATED_MULTIPLIER,
        r#"{"backoff":{"kind":"decorrelated","initial":"1s","multiplier":X}}"#,
    ),
    (bounds::INCREMENT, r#"{"backoff":{"kind":"linear","initial":"1s","increment":X}}"#),
    (bounds::POWER, r#"{"backoff":{"kind":"polynomial","initial":"1s","power":X}}"#),
    (bounds::OFFSET, r#"{"backoff":{"kind":"polynomial","initial":"1s","offset":X}}"#),
    (bounds::FIRST_DELAY, r#"{"backoff":{"kind":"constant","delay":"1s","firstDelay":X}}"#),
    (bounds::MIN_DELAY, r#"{"minDelay":X}"#),
    (bounds::MAX_DELAY, r#"{"maxDelay":X}"#),
    (bounds::JITTER_FACTOR, r#"{"jitter":{"kind":"proportional","factor":X}}"#),
    (bounds::SYMMETRIC_FACTOR, r#"{"jitter":{"kind":"symmetric","factor":X}}"#),
    (bounds::SUBTRACTIVE_FACTOR, r#"{"jitter":{"kind":"subtractive","factor":X}}"#),
    (bounds::END_FACTOR, r#"{"jitter":{"kind":"uniform","low":{"factor":0},"high":{"factor":X}}}"#),
    (bounds::END_ADD, r#"{"jitter":{"kind":"uniform","low":{"add":0},"high":{"add":X}}}"#),
    (
        bounds::END_ADD_PER_RETRY,
        r#"{"jitter":{"kind":"uniform","low":{"add":0},"high":{"addPerRetry":X}}}"#,
    ),
    (bounds::MAX_ATTEMPTS, r#"{"maxAttempts":X}"#),
    (bounds::MAX_ELAPSED, r#"{"maxElapsed":X}"#),
    (bounds::ATTEMPT_TIMEOUT, r#"{"attemptTimeout":X}"#),
    (bounds::RESET_AFTER, r#"{"resetAfter":X}"#),
    (bounds::RETRY_AFTER_MAX, r#"{"retryAfter":{"mode":"atLeast","max":X}}"#),
    (bounds::CAPACITY, r#"{"budget":{"kind":"tokenBucket","capacity":X}}"#),
    (bounds::COST, r#"{"budget":{"kind":"tokenBucket","cost":X}}"#),
    (bounds::REFUND, r#"{"budget":{"kind":"tokenBucket","refundOnSuccess":X}}"#),
    (bounds::THRESHOLD, r#"{"budget":{"kind":"tokenBucket","threshold":X}}"#),
    (bounds::RETRY_PERCENT, r#"{"budget":{"kind":"ratio","percent":X}}"#),
    (bounds::MIN_PER_SECOND, r#"{"budget":{"kind":"ratio","minPerSecond":X}}"#),
    (bounds::WINDOW, r#"{"budget":{"kind":"ratio","window":X}}"#),
    (bounds::PACE, r#"{"budget":{"kind":"rate","perSecond":X}}"#),
    (bounds::BURST, r#"{"budget":{"kind":"rate","burst":X}}"#),
    (bounds::MIN_RETRIES, r#"{"budget":{"kind":"concurrency","min":X}}"#),
    (bounds::ROUNDING_UNIT, r#"{"compat":{"rounding":{"unit":X}}}"#),
    (bounds::JITTER_STEPS, r#"{"jitter":"full","compat":{"jitterSteps":X}}"#),
    (bounds::RESAMPLE_LOW, r#"{"compat":{"resampleAbove":{"low":X}}}"#),
    (bounds::RESAMPLE_HIGH, r#"{"compat":{"resampleAbove":{"high":X}}}"#),
];

/// Values that are not allowed for a parameter, as JSON.
fn wrong(bound: &Bound) -> Vec<String> {
    let mut wrong =
        vec!["-1".to_owned(), "\"much\"".to_owned(), "[]".to_owned(), "1e999".to_owned()];
    if bound.unit == Unit::Duration {
        wrong.extend(
            ["\"-1s\"", "\"NaN\"", "\"5 lightyears\"", "\"999999999d\""].map(str::to_owned),
        );
        if bound.min > 0.0 {
            wrong.push("0".to_owned());
        }
        if bound.max < bounds::FOREVER {
            wrong.push("\"400d\"".to_owned());
        }
    } else {
        wrong.push(format!("{}", bound.max * 2.0 + 1.0));
        if bound.min > 0.0 {
            wrong.push("0".to_owned());
        }
    }
    wrong
}

#[test]
fn the_table_is_covered() {
    for row in bounds::TABLE {
        let covered = POLICIES.iter().any(|(bound, _)| bound.doc == row.doc);
        assert!(covered, "no policy here sets {}: {}", row.name, row.doc);
    }
}

#[test]
fn below_above_and_nonsense_are_refused_with_name_and_line() {
    let place = Place::new();
    place.write("p.json", "");
    for (bound, policy) in POLICIES {
        for value in wrong(bound) {
            place.write("p.json", &policy.replace('X', &format!("\n{value}")));
            let error = place.refused(&["schedule", "--policy", "p.json"]);
            let line = if value == "1e999" { 2 } else { 1 };
            assert!(error.contains(&format!("p.json:{line}: ")), "{policy} {value}: {error}");
            if value != "1e999" {
                assert!(error.contains(bound.name), "{policy} with {value}: {error}");
            }
        }
    }
}

#[test]
fn nan_and_infinity_of_toml_are_refused() {
    let place = Place::new();
    for value in ["nan", "inf", "-inf"] {
        place
            .write("p.toml", &format!("[backoff]\nkind = \"exponential\"\nmultiplier = {value}\n"));
        let error = place.refused(&["schedule", "--policy", "p.toml"]);
        assert!(error.contains("p.toml:3: backoff.multiplier"), "{error}");
    }
}

#[test]
fn durations_on_the_command_line_are_checked_alike() {
    let place = Place::new();
    for set in
        ["policy.maxDelay=-1s", "policy.maxDelay=NaN", "horizon=-5s", "faults[0].until=never"]
    {
        let error = place.refused(&["simulate", "--set", set]);
        assert!(error.contains(&format!("--set {set}")), "{error}");
    }
}
