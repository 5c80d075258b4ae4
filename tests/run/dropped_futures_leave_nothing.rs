use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use redrive::{
    BudgetRule, RetryPolicy,
    dead_letter::QueueConfig,
    run::{DeadLetters, SharedBudget},
};

struct Idle;

impl Wake for Idle {
    fn wake(self: Arc<Self>) {}
}

/// Pending once, then the error.
async fn slow() -> Result<(), &'static str> {
    let mut polled = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    Err("no")
}

#[tokio::test(start_paused = true)]
async fn at_every_await() {
    let policy = RetryPolicy::builder()
        .max_attempts(3)
        .budget(BudgetRule::Concurrency { percent: 1.0, min: 1 })
        .build()
        .unwrap();
    let budget = SharedBudget::of(&policy).unwrap();
    let letters = DeadLetters::new(QueueConfig::default());
    let waker = Waker::from(Arc::new(Idle));
    let mut ended = 0;
    // Dropped after each number of polls, until it is polled to its end.
    for polls in 0..40 {
        let call = policy.retry(slow).budget(&budget).dead_letters(&letters, || "payload");
        let mut call = pin!(call.into_future());
        let mut done = false;
        for _ in 0..polls {
            if call.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                done = true;
                break;
            }
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
        }
        ended += u64::from(done);
    }
    assert!((1..39).contains(&ended), "some were dropped on their way, some ended: {ended}");
    assert_eq!(letters.lock().len(), ended, "a letter for each call that ended, and for no other");
    assert_eq!(budget.balance(), 1.0, "every permit came back");
}
