//! Jobs in a SQLite file, across workers.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::time::Duration;

use redrive::{Backoff, Jitter, RetryPolicy};
use redrive_sqlite::SqliteStore;
use redrive_worker::{Job, Worker};

fn policy() -> RetryPolicy {
    RetryPolicy::builder()
        .backoff(Backoff::Constant { delay: redrive::Duration::from_millis(50) })
        .jitter(Jitter::None)
        .max_attempts(2)
        .build()
        .unwrap()
}

async fn start(path: &std::path::Path) -> Result<Worker, String> {
    let worker = Worker::builder(policy()).store(SqliteStore::new(path));
    let worker = worker.handle("order", async |n: u64, attempt: redrive_worker::Attempt| {
        if n.is_multiple_of(2) && attempt.number == 2 { Ok(()) } else { Err("down") }
    });
    worker.start().await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_one_worker_leaves_the_next_one_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let worker = start(&path).await.unwrap();
    let jobs = (0..100u64).map(|n| Job::new("order", n, &n).unwrap());
    assert!(worker.submit_all(jobs).await.unwrap().iter().all(Result::is_ok));
    worker.shutdown(Duration::ZERO).await.unwrap();
    let worker = start(&path).await.unwrap();
    worker.idle().await.unwrap();
    let (stats, dead) =
        worker.inspect(|machine| (machine.stats(), machine.dead_letters().len())).await.unwrap();
    assert_eq!((stats.counters.submitted, stats.counters.succeeded, dead), (100, 50, 50));
    worker.shutdown(Duration::ZERO).await.unwrap();
    let worker = start(&path).await.unwrap();
    assert_eq!(worker.inspect(|machine| machine.dead_letters().len()).await.unwrap(), 50);
}

#[tokio::test]
async fn a_file_has_one_worker_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let worker = start(&path).await.unwrap();
    let error = start(&path).await.unwrap_err();
    assert!(error.starts_with("another program has "), "{error}");
    worker.shutdown(Duration::ZERO).await.unwrap();
    start(&path).await.unwrap();
}

#[tokio::test]
async fn another_layout_and_another_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    start(&path).await.unwrap().shutdown(Duration::ZERO).await.unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE redrive SET version = 2", []).unwrap();
    drop(connection);
    let error = start(&path).await.unwrap_err();
    assert!(error.contains("has the layout 2; this version of redrive-sqlite reads 1"), "{error}");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, but long enough to be read as one ".repeat(20)).unwrap();
    let error = start(&text).await.unwrap_err();
    assert!(error.contains("notes.txt") && error.contains("not a database"), "{error}");
}
