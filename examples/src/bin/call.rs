//! A call, retried by a policy: blocking, awaited, and given up with a dead letter.

use std::{
    fmt,
    sync::atomic::{AtomicU16, Ordering},
};

use redrive::{
    Action, Backoff, Duration, RetryPolicy, Rule,
    run::{DeadLetters, Fault},
};

/// An answer that is not a success.
#[derive(Debug)]
struct Status(u16);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.0)
    }
}

impl std::error::Error for Status {}

/// A server that is unavailable twice.
#[derive(Default)]
struct Server {
    requests: AtomicU16,
}

impl Server {
    fn get(&self, path: &str) -> Result<u16, Status> {
        match self.requests.fetch_add(1, Ordering::SeqCst) {
            _ if path == "/missing" => Err(Status(404)),
            0 | 1 => Err(Status(503)),
            _ => Ok(200),
        }
    }

    async fn fetch(&self, path: &str) -> Result<u16, Status> {
        tokio::task::yield_now().await;
        self.get(path)
    }

    fn requests(&self) -> u16 {
        self.requests.load(Ordering::SeqCst)
    }
}

fn fault(status: &Status) -> Fault<'_> {
    Fault::code(status.0)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Exponential { initial: Duration::from_millis(5), multiplier: 2.0 })
        .max_attempts(5)
        .rule(Rule::new("missing", Action::DeadLetter))
        .build()?;
    let server = Server::default();
    let answer = policy.retry(|| server.get("/")).classify(fault).call()?;
    println!("blocking: {answer} after {} attempts", server.requests());

    let server = Server::default();
    let answer = policy.retry(|| server.fetch("/")).classify(fault).key("order-17").await?;
    println!("awaited: {answer} after {} attempts", server.requests());

    let letters = DeadLetters::default();
    let call = policy.retry(|| server.fetch("/missing")).classify(fault).key("order-18");
    if let Err(gave_up) = call.dead_letters(&letters, || "17 EUR").await {
        println!("{gave_up}");
    }
    for letter in letters.lock().iter() {
        let error = letter.last_error().map(ToString::to_string).unwrap_or_default();
        println!("kept: {}, {error}", letter.key);
    }
    Ok(())
}
