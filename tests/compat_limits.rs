//! How many times, and until when, real libraries call a function that always fails.
//!
//! "Three" means three calls to one half of them and four to the other, and the names of their options
//! do not say which. Here `maxAttempts` always counts the first call. The counts are measured (an
//! always failing function was called), and so are the elapsed limits of spring-kafka, retry-policies
//! and Sidekiq; those of the other rules are read in the libraries' sources.

#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

use redrive::task::Reason;
use redrive::{
    Backoff, Context, Duration, Jitter, Machine, MachineConfig, PolicyBuilder, RetryPolicy, Task,
    TaskSpec, Time, Verdict,
    policy::{ElapsedMeasure, ElapsedRule},
    random::Stream,
};

const SECOND: Duration = Duration::from_secs(1);

fn exponential(initial: Duration) -> PolicyBuilder {
    RetryPolicy::builder()
        .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
        .jitter(Jitter::None)
}

/// Runs a task whose attempts each take `takes` and fail; returns the delays and why it ended.
fn run(policy: &RetryPolicy, takes: Duration) -> (Vec<Duration>, Reason) {
    let ctx = Context { policy, stream: Stream::new(1), key: 1 };
    let class = policy.classify("", None);
    let (mut task, mut now, mut delays) = (Task::new(), Time::from_secs(1_000), Vec::new());
    loop {
        task.start(now).expect("it is due");
        now = now.saturating_add(takes);
        match task.fail(now, &ctx, class, None, None).expect("it runs") {
            Verdict::Retry { at, delay } => {
                delays.push(delay);
                now = at;
            }
            Verdict::DeadLetter(reason) => return (delays, reason),
            verdict => panic!("a task that always fails ends as a dead letter, not {verdict:?}"),
        }
    }
}

/// What a library's number counts.
enum Counts {
    Calls,
    Retries,
}

use Counts::{Calls, Retries};

/// Called with 3: the calls that were made.
const MEASURED: &[(&str, Counts, usize)] = &[
    ("p-retry retries", Retries, 4),
    ("async-retry retries", Retries, 4),
    ("exponential-backoff numOfAttempts", Calls, 3),
    ("cockatiel maxAttempts", Retries, 4),
    ("@smithy StandardRetryStrategy maxAttempts", Calls, 3),
    ("bullmq attempts", Calls, 3),
    ("trigger.dev maxAttempts", Calls, 3),
    ("effect Schedule.recurs", Retries, 4),
    ("tenacity stop_after_attempt", Calls, 3),
    ("backoff max_tries", Calls, 3),
    ("stamina attempts", Calls, 3),
    ("retrying stop_max_attempt_number", Calls, 3),
    ("celery max_retries", Retries, 4),
    ("huey retries", Retries, 4),
    ("dramatiq max_retries", Retries, 4),
];

#[test]
fn three_is_three_calls_or_four() {
    for (option, counts, calls) in MEASURED {
        let attempts = match counts {
            Calls => 3,
            Retries => 3 + 1,
        };
        let policy = exponential(SECOND).max_attempts(attempts).build().expect("a policy");
        let (delays, reason) = run(&policy, Duration::ZERO);
        assert_eq!((delays.len() + 1, reason), (*calls, Reason::Exhausted), "{option}");
    }
}

#[test]
fn what_has_used_its_attempts_is_one_dead_letter() {
    // dramatiq max_retries = 3: four calls, and one message in the dead-letter queue.
    let policy = exponential(SECOND).max_attempts(4).build().expect("a policy");
    let mut machine = Machine::new(MachineConfig::default().policy(policy));
    machine.submit(Time::ZERO, "message", TaskSpec::new("actor")).expect("a new key");
    let mut calls = 0;
    while let Some(at) = machine.next_wakeup() {
        while let Some(dispatch) = machine.poll(at) {
            calls += 1;
            let failure = redrive::Failure::new("error", "it always fails");
            let _ = machine.fail(at, &dispatch, &failure).expect("it runs");
        }
    }
    assert_eq!((calls, machine.dead_letters().len()), (4, 1));
}

#[test]
fn spring_kafka_turns_a_count_into_a_sum_of_delays() {
    // ExponentialBackOffWithMaxRetries(5), 1000 x 2, max 10000: five retries, as maxElapsedTime = 25 s
    // of backoff, reached with the fifth. Time spent in attempts does not count.
    let policy = exponential(SECOND)
        .max_delay(SECOND * 10)
        .unlimited_attempts()
        .max_elapsed(SECOND * 25)
        .elapsed_rule(ElapsedRule::StopIfReached)
        .elapsed_measure(ElapsedMeasure::Sleeps)
        .build()
        .expect("a policy");
    for takes in [Duration::ZERO, SECOND * 100] {
        let (delays, reason) = run(&policy, takes);
        assert_eq!(delays, [1, 2, 4, 8, 10].map(Duration::from_secs));
        assert_eq!(reason, Reason::DeadlineExceeded);
    }
}

#[test]
fn retry_policies_fits_seventeen_retries_into_a_day() {
    // build_with_total_retry_duration_and_limit_retries(24 h), bounds 1 s to 6 h: 17, measured.
    let policy = exponential(SECOND)
        .max_delay(SECOND * 21_600)
        .unlimited_attempts()
        .max_elapsed(SECOND * 86_400)
        .build()
        .expect("a policy");
    assert_eq!(run(&policy, Duration::ZERO).0.len(), 17);
}

#[test]
fn each_elapsed_rule_is_the_one_of_a_library() {
    let policy = |rule, measure| {
        RetryPolicy::builder()
            .backoff(Backoff::Constant { delay: SECOND * 4 })
            .jitter(Jitter::None)
            .unlimited_attempts()
            .max_elapsed(SECOND * 9)
            .elapsed_rule(rule)
            .elapsed_measure(measure)
            .build()
            .expect("a policy")
    };
    let waits = |rule, measure| {
        let (delays, reason) = run(&policy(rule, measure), SECOND);
        assert_eq!(reason, Reason::DeadlineExceeded);
        delays.iter().map(Duration::as_secs).collect::<Vec<u64>>()
    };
    // Failures come at 1, 6 and 11 s.
    // google-api-core, Temporal: now + delay > deadline ends it.
    assert_eq!(waits(ElapsedRule::StopIfWouldExceed, ElapsedMeasure::Wall), [4]);
    // tenacity stop_after_delay, stamina, retry-policies: only an elapsed >= limit ends it.
    assert_eq!(waits(ElapsedRule::StopIfReached, ElapsedMeasure::Wall), [4, 4]);
    // Failsafe maxDuration, backoff (python): the last delay is cut.
    assert_eq!(waits(ElapsedRule::Truncate, ElapsedMeasure::Wall), [4, 3]);
    // backon total_delay: the sum of the sleeps and the next one, 4 + 4 + 4 > 9.
    assert_eq!(waits(ElapsedRule::StopIfWouldExceed, ElapsedMeasure::Sleeps), [4, 4]);
    // The same, cut.
    assert_eq!(waits(ElapsedRule::Truncate, ElapsedMeasure::Sleeps), [4, 4, 1]);
}
