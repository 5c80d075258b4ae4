//! What people ask of retry libraries compiles, in a line or a few.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use redrive::{RetryPolicy, run::Fault};

fn quick() -> RetryPolicy {
    RetryPolicy::builder()
        .backoff(redrive::Backoff::Constant { delay: redrive::Duration::from_millis(1) })
        .max_attempts(3)
        .build()
        .unwrap()
}

/// A client that fails twice.
#[derive(Default)]
struct Client(AtomicU32);

impl Client {
    async fn get(&self, url: &str) -> io::Result<String> {
        tokio::task::yield_now().await;
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Err(io::ErrorKind::ConnectionReset.into()),
            _ => Ok(url.to_owned()),
        }
    }

    /// Needs the client for itself (backon#49, #97).
    async fn post(&mut self, url: &str) -> io::Result<String> {
        self.get(url).await
    }
}

#[tokio::test]
async fn awaited_in_one_line() {
    let client = Client::default();
    let answer = redrive::retry(|| client.get("/a")).classify(Fault::io).unwrap().await;
    assert_eq!(answer.unwrap(), "/a");
}

#[tokio::test]
async fn spawned_on_another_thread() {
    let client = Arc::new(Client::default());
    let policy = Arc::new(quick());
    let task = tokio::spawn(async move {
        policy.retry(|| client.get("/b")).classify(Fault::io).unwrap().await
    });
    assert_eq!(task.await.unwrap().unwrap(), "/b");
}

#[tokio::test]
async fn with_a_closure_that_borrows_mutably() {
    let mut client = Client::default();
    let policy = quick();
    let answer = policy.retry_with(async |_| client.post("/c").await).unwrap().run().await;
    assert_eq!(answer.unwrap(), "/c");
}

#[test]
fn blocking_with_a_question_mark() {
    fn read(policy: &RetryPolicy) -> Result<u32, Box<dyn std::error::Error>> {
        let mut calls = 0;
        let value = policy
            .retry(|| {
                calls += 1;
                if calls < 3 { Err(io::Error::other("busy")) } else { Ok(calls) }
            })
            .call()?;
        Ok(value)
    }
    assert_eq!(read(&quick()).unwrap(), 3);
}
