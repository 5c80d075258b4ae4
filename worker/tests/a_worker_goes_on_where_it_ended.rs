use std::time::Duration;

use redrive::Reason;
use redrive_worker::{FileStore, MemoryStore, Store, Worker};

use crate::common::{Order, Seen, every, order, orders};

#[tokio::test(start_paused = true)]
async fn what_waits_is_tried_by_the_next_worker() {
    let folder = tempfile::tempdir().unwrap();
    let seen = Seen::default();
    let worker = orders(every(60_000, 3), &seen, |n, attempt| attempt <= n as u32);
    let worker = worker.store(FileStore::new(folder.path())).start().await.unwrap();
    for n in 0..3 {
        worker.submit(order(n)).await.unwrap();
    }
    while seen.all().len() < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    worker.shutdown(Duration::from_secs(1)).await.unwrap();

    let worker = orders(every(60_000, 3), &seen, |n, attempt| attempt <= n as u32);
    let worker = worker.store(FileStore::new(folder.path())).start().await.unwrap();
    assert_eq!(worker.inspect(redrive::Machine::len).await.unwrap(), 2);
    worker.idle().await.unwrap();
    let mut all = seen.all();
    all.sort_unstable();
    assert_eq!(all, [(0, 1), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]);
    let stats = worker.inspect(redrive::Machine::stats).await.unwrap();
    assert_eq!((stats.counters.submitted, stats.counters.succeeded), (3, 3));
}

/// A worker that is gone without a word, with an attempt under way.
async fn cut_off(store: MemoryStore) {
    let worker = Worker::builder(every(1000, 2)).store(store).handle("order", hang);
    let worker = worker.start().await.unwrap();
    worker.submit(order(1)).await.unwrap();
    while worker.inspect(|machine| machine.stats().running).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(worker);
    tokio::time::sleep(Duration::from_millis(10)).await;
}

async fn hang(_: Order, _: redrive_worker::Attempt) -> Result<(), &'static str> {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_cut_off_counts() {
    let store = MemoryStore::new();
    cut_off(store.clone()).await;
    let seen = Seen::default();
    let worker = orders(every(1000, 2), &seen, |_, _| true).store(store).start().await.unwrap();
    worker.idle().await.unwrap();
    assert_eq!(seen.all(), [(1, 2)], "the first attempt was the one that was cut off");
    let letter =
        worker.inspect(|m| m.dead_letters().iter().next().cloned()).await.unwrap().unwrap();
    let kinds: Vec<_> = letter.history.iter().map(|attempt| attempt.failure.kind()).collect();
    assert_eq!(kinds, ["crashed", "other"]);
}

#[tokio::test(start_paused = true)]
async fn or_is_a_dead_letter_at_once() {
    let store = MemoryStore::new();
    cut_off(store.clone()).await;
    let seen = Seen::default();
    let worker = orders(every(1000, 2), &seen, |_, _| false).store(store);
    let worker = worker.crashed_are_dead_letters().start().await.unwrap();
    worker.idle().await.unwrap();
    assert!(seen.all().is_empty());
    let letter =
        worker.inspect(|m| m.dead_letters().iter().next().cloned()).await.unwrap().unwrap();
    assert_eq!(letter.reason, Reason::Crashed);
}

#[tokio::test(start_paused = true)]
async fn the_log_alone_gives_the_same_machine() {
    let mut store = MemoryStore::new();
    let seen = Seen::default();
    let worker = orders(every(700, 4), &seen, |n, attempt| n % 3 == 0 || attempt < 2);
    let worker = worker.store(store.clone()).start().await.unwrap();
    for n in 0..50 {
        worker.submit(order(n)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(n * 7)).await;
    }
    let (text, log) = loop {
        let before = store.load().unwrap().lines.len();
        let text = worker.inspect(|m| serde_json::to_string(m).unwrap()).await.unwrap();
        let saved = store.load().unwrap();
        // Nothing happened meanwhile.
        if saved.lines.len() == before {
            break (text, saved);
        }
    };
    assert!(log.lines.len() > 100);
    drop(worker);
    // Another worker reads that log; its own first act is the recovery of what ran.
    let copy = {
        let mut copy = MemoryStore::new();
        copy.checkpoint(log.snapshot.as_deref().unwrap(), &log.lines).unwrap();
        copy
    };
    let worker = orders(every(700, 4), &seen, |_, _| true).store(copy).start().await.unwrap();
    let again = worker.inspect(|m| serde_json::to_string(m).unwrap()).await.unwrap();
    let plain = |text: &str| {
        let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
        // Events are told once, and each machine takes its own results.
        for field in ["events", "incarnation", "nowNs", "eventsLost"] {
            value.as_object_mut().unwrap().remove(field);
        }
        value
    };
    assert_eq!(plain(&again), plain(&text));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_attempts_end() {
    let seen = Seen::default();
    let told = seen.clone();
    let worker = Worker::builder(every(10, 1))
        .handle("order", move |order: Order, attempt| {
            let seen = told.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(2)).await;
                seen.push(order.n, attempt.number);
                Ok::<(), &str>(())
            }
        })
        .start()
        .await
        .unwrap();
    worker.submit(order(1)).await.unwrap();
    let client = worker.client();
    worker.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(seen.all(), [(1, 1)]);
    assert!(client.submit(order(2)).await.is_err());
    assert_eq!(client.idle().await.unwrap_err().to_string(), "the worker has ended");
}
