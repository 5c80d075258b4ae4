use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use redrive::{Reason, RedrivePlan, dead_letter::Filter, run::Fault};
use redrive_worker::{Job, Worker};

use crate::common::{Order, Seen, every, order, orders};

#[tokio::test(start_paused = true)]
async fn the_policy_says_how_often_and_when() {
    let seen = Seen::default();
    let worker = orders(every(1000, 3), &seen, |n, attempt| n == 2 || attempt < n as u32 + 1);
    let worker = worker.start().await.unwrap();
    let start = tokio::time::Instant::now();
    for n in 0..3 {
        worker.submit(order(n)).await.unwrap();
    }
    worker.idle().await.unwrap();
    let mut all = seen.all();
    all.sort_unstable();
    assert_eq!(all, [(0, 1), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]);
    let took = start.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_millis(2100)).contains(&took), "{took:?}");
    let (succeeded, letters) = worker
        .inspect(|machine| {
            let letters: Vec<_> = machine.dead_letters().iter().cloned().collect();
            (machine.stats().counters.succeeded, letters)
        })
        .await
        .unwrap();
    assert_eq!(succeeded, 2);
    assert_eq!((letters.len(), letters[0].reason, letters[0].attempts), (1, Reason::Exhausted, 3));
    assert_eq!(letters[0].history.last().unwrap().failure.message(), "down");
}

#[tokio::test(start_paused = true)]
async fn a_job_has_attempts_and_a_delay_of_its_own() {
    let seen = Seen::default();
    let worker = orders(every(10, 3), &seen, |_, _| true).start().await.unwrap();
    let start = tokio::time::Instant::now();
    worker.submit(order(1).max_attempts(5).delay(Duration::from_secs(60))).await.unwrap();
    worker.idle().await.unwrap();
    assert_eq!(seen.all().len(), 5);
    assert!(start.elapsed() >= Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn dead_letters_go_back_to_work_or_are_purged() {
    let seen = Seen::default();
    let down = Arc::new(AtomicBool::new(true));
    let is_down = Arc::clone(&down);
    let worker = orders(every(10, 1), &seen, move |n, _| n == 1 || is_down.load(SeqCst));
    let worker = worker.start().await.unwrap();
    let jobs: Vec<_> = (0..4).map(order).collect();
    assert!(worker.submit_all(jobs).await.unwrap().iter().all(Result::is_ok));
    worker.idle().await.unwrap();
    down.store(false, SeqCst);
    let report = worker.redrive(&RedrivePlan::new(Filter::new())).await.unwrap();
    assert_eq!(report.scheduled.len(), 4);
    worker.idle().await.unwrap();
    let keys = |machine: &redrive::Machine| -> Vec<String> {
        machine.dead_letters().iter().map(|letter| letter.key.to_string()).collect()
    };
    assert_eq!(worker.inspect(keys).await.unwrap(), ["order-1"]);
    assert_eq!(worker.purge(&Filter::new().key("order-1")).await.unwrap(), 1);
    assert!(worker.inspect(keys).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_stopped_and_tried_again() {
    let policy = every(10, 2).to_builder().attempt_timeout(redrive::Duration::from_secs(1));
    let seen = Seen::default();
    let told = seen.clone();
    let worker = Worker::builder(policy.build().unwrap())
        .handle("order", move |order: Order, attempt| {
            let seen = told.clone();
            async move {
                if attempt.number == 1 {
                    std::future::pending::<()>().await;
                }
                seen.push(order.n, attempt.number);
                Ok::<(), &str>(())
            }
        })
        .start()
        .await
        .unwrap();
    worker.submit(order(1)).await.unwrap();
    worker.idle().await.unwrap();
    assert_eq!(seen.all(), [(1, 2)]);
    let stats = worker.inspect(redrive::Machine::stats).await.unwrap();
    assert_eq!((stats.counters.timed_out, stats.counters.succeeded), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_of_its_attempt_alone() {
    let worker = Worker::builder(every(10, 1))
        .handle("order", async |order: Order, _| {
            assert_ne!(order.n, 1, "one is too few");
            Ok::<(), &str>(())
        })
        .start()
        .await
        .unwrap();
    for n in 0..3 {
        worker.submit(order(n)).await.unwrap();
    }
    worker.idle().await.unwrap();
    let (succeeded, failure) = worker
        .inspect(|machine| {
            let letter = machine.dead_letters().iter().next().cloned().unwrap();
            (machine.stats().counters.succeeded, letter.history.last().unwrap().failure.clone())
        })
        .await
        .unwrap();
    assert_eq!((succeeded, failure.kind()), (2, "panic"));
    assert!(failure.message().contains("one is too few"), "{}", failure.message());
}

#[tokio::test(start_paused = true)]
async fn a_classifier_says_what_is_hopeless() {
    let seen = Seen::default();
    let told = seen.clone();
    let worker = Worker::builder(redrive::RetryPolicy::recommended())
        .handle_classified(
            "order",
            |status: &u16| Fault::code(*status),
            move |order: Order, attempt| {
                told.push(order.n, attempt.number);
                async move { Err::<(), u16>(if order.n == 1 { 404 } else { 503 }) }
            },
        )
        .start()
        .await
        .unwrap();
    worker.submit(order(1)).await.unwrap();
    worker.submit(order(2)).await.unwrap();
    worker.idle().await.unwrap();
    let attempts = |n| seen.all().iter().filter(|(other, _)| *other == n).count();
    assert_eq!(attempts(1), 1, "a 404 is not worth a retry");
    assert!(attempts(2) > 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_can_be_given_up_while_it_runs() {
    let worker = Worker::builder(every(10, 3))
        .handle("order", async |_: Order, _| {
            std::future::pending::<()>().await;
            Ok::<(), &str>(())
        })
        .start()
        .await
        .unwrap();
    worker.submit(order(1)).await.unwrap();
    assert!(worker.cancel("order-1").await.unwrap());
    assert!(!worker.cancel("order-1").await.unwrap());
    worker.idle().await.unwrap();
    // Its place is free, and its key.
    worker.submit(order(1)).await.unwrap();
    let live = worker.inspect(redrive::Machine::len).await.unwrap();
    assert_eq!(live, 1);
}

#[tokio::test(start_paused = true)]
async fn no_more_run_at_once_than_allowed() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let worker = Worker::builder(every(10, 1))
        .concurrency(3.try_into().unwrap())
        .handle("order", move |_: Order, _| {
            let (running, most) = (Arc::clone(&now), Arc::clone(&peak));
            async move {
                most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                running.fetch_sub(1, SeqCst);
                Ok::<(), &str>(())
            }
        })
        .start()
        .await
        .unwrap();
    let jobs: Vec<Job> = (0..20).map(order).collect();
    worker.submit_all(jobs).await.unwrap();
    worker.idle().await.unwrap();
    assert_eq!(most.load(SeqCst), 3);
}
