//! `resetAfter`: an attempt that ran that long before it failed starts the count anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use redrive::{
    Context, Duration, Reason, RetryPolicy, Task, Time, Verdict,
    policy::{Backoff, ElapsedMeasure, ElapsedRule, Jitter},
    random::Stream,
};

fn seconds(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn builder() -> redrive::PolicyBuilder {
    RetryPolicy::builder()
        .backoff(Backoff::Exponential { initial: seconds(1), multiplier: 2.0 })
        .jitter(Jitter::None)
        .reset_after(seconds(60))
}

/// The verdicts on attempts that run for so many seconds each.
fn run(policy: &RetryPolicy, lived: &[u64]) -> Vec<Verdict> {
    let context = Context { policy, stream: Stream::new(1), key: 1 };
    let class = policy.classify("reset", None);
    let (mut task, mut now) = (Task::new(), Time::ZERO);
    let mut verdicts = Vec::new();
    for lived in lived {
        if task.start(now).is_err() {
            break;
        }
        now = now.saturating_add(seconds(*lived));
        let verdict = task.fail(now, &context, class, None, None).unwrap();
        if let Verdict::Retry { at, .. } = verdict {
            now = at;
        }
        verdicts.push(verdict);
    }
    verdicts
}

fn delays(verdicts: &[Verdict]) -> Vec<u64> {
    let delay = |verdict: &Verdict| match verdict {
        Verdict::Retry { delay, .. } => Some(delay.as_secs()),
        _ => None,
    };
    verdicts.iter().filter_map(delay).collect()
}

#[test]
fn attempts_and_delays_begin_anew() {
    let policy = builder().max_attempts(4).build().unwrap();
    let verdicts = run(&policy, &[0, 0, 59, 60, 0, 0, 0]);
    assert_eq!(delays(&verdicts), [1, 2, 4, 1, 2, 4]);
    assert_eq!(verdicts.last(), Some(&Verdict::DeadLetter(Reason::Exhausted)));
}

#[test]
fn the_deadline_begins_anew_however_it_is_measured_and_whatever_it_ends() {
    for measure in [ElapsedMeasure::Wall, ElapsedMeasure::Sleeps] {
        for rule in
            [ElapsedRule::StopIfWouldExceed, ElapsedRule::StopIfReached, ElapsedRule::Truncate]
        {
            let policy = builder()
                .max_attempts(100)
                .max_elapsed(seconds(10))
                .elapsed_rule(rule)
                .elapsed_measure(measure)
                .build()
                .unwrap();
            // Twenty healthy minutes, then a failure: the connection is tried again.
            let verdicts = run(&policy, &[1_200, 1_200, 1_200, 0]);
            assert_eq!(delays(&verdicts), [1, 1, 1, 2], "{rule:?} {measure:?}");
        }
    }
}

#[test]
fn a_task_that_is_renewed_for_ever_keeps_its_limits() {
    let policy = builder().max_attempts(3).build().unwrap();
    let context = Context { policy: &policy, stream: Stream::new(1), key: 1 };
    let class = policy.classify("reset", None);
    let (mut task, mut now) = (Task::new(), Time::ZERO);
    for round in 0..70_000 {
        task.start(now).unwrap();
        now = now.saturating_add(seconds(100));
        let verdict = task.fail(now, &context, class, None, None).unwrap();
        let Verdict::Retry { at, delay } = verdict else { panic!("round {round}: {verdict:?}") };
        assert_eq!(delay, seconds(1));
        assert_eq!(task.counted_attempts(), 1);
        now = at;
    }
    task.start(now).unwrap();
    assert!(matches!(task.fail(now, &context, class, None, None), Ok(Verdict::Retry { .. })));
    task.start(task.at()).unwrap();
    let end = task.fail(task.at(), &context, class, None, None);
    assert_eq!(end, Ok(Verdict::DeadLetter(Reason::Exhausted)));
}

#[test]
fn a_delay_of_zero_does_not_outlast_the_deadline() {
    for rule in [ElapsedRule::StopIfWouldExceed, ElapsedRule::StopIfReached, ElapsedRule::Truncate]
    {
        let policy = RetryPolicy::builder()
            .backoff(Backoff::Constant { delay: Duration::ZERO })
            .jitter(Jitter::None)
            .unlimited_attempts()
            .max_elapsed(seconds(1))
            .elapsed_rule(rule)
            .build()
            .unwrap();
        // An attempt takes a minute.
        let verdicts = run(&policy, &[60; 5]);
        assert_eq!(verdicts, [Verdict::DeadLetter(Reason::DeadlineExceeded)], "{rule:?}");
    }
}
