use std::{
    future::pending,
    io,
    sync::atomic::{AtomicU32, Ordering},
};

use redrive::{Action, Duration, RetryPolicy, Rule, run::Cause};

fn policy() -> RetryPolicy {
    RetryPolicy::builder()
        .max_attempts(3)
        .attempt_timeout(Duration::from_millis(50))
        .rule(Rule::new("timeout", Action::Retry))
        .default_action(Action::Fail)
        .build()
        .unwrap()
}

/// Counts the futures that were dropped: an attempt that timed out must not go on.
struct Alive<'a>(&'a AtomicU32);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_stopped_at_its_limit_and_retried() {
    let dropped = AtomicU32::new(0);
    let policy = policy();
    let call = policy.retry(|| {
        let alive = Alive(&dropped);
        async move {
            let _alive = alive;
            pending::<Result<(), io::Error>>().await
        }
    });
    let gave_up = call.await.unwrap_err();
    assert_eq!((gave_up.attempts, dropped.load(Ordering::SeqCst)), (3, 3));
    assert!(matches!(gave_up.cause, Cause::TimedOut(limit) if limit.limit.as_millis() == 50));
    assert!(gave_up.to_string().contains("longer than 50ms"), "{gave_up}");
}

#[tokio::test(start_paused = true)]
async fn an_async_closure_is_stopped_too() {
    let mut calls = 0;
    let policy = policy();
    let error = policy
        .retry_with(async |_| {
            calls += 1;
            pending::<Result<(), io::Error>>().await
        })
        .unwrap()
        .run()
        .await
        .unwrap_err();
    assert_eq!((error.kind(), calls), (io::ErrorKind::TimedOut, 3));
}
