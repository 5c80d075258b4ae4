//! Jobs for tests.

use std::sync::{Arc, Mutex};

use redrive::{Backoff, Duration, Jitter, RetryPolicy};
use redrive_worker::{Builder, Job, Worker};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) n: u64,
}

pub(crate) fn order(n: u64) -> Job {
    Job::new("order", format!("order-{n}"), &Order { n }).unwrap()
}

/// `attempts` attempts, this many milliseconds apart.
pub(crate) fn every(millis: u64, attempts: u32) -> RetryPolicy {
    RetryPolicy::builder()
        .backoff(Backoff::Constant { delay: Duration::from_millis(millis) })
        .jitter(Jitter::None)
        .max_attempts(attempts)
        .build()
        .unwrap()
}

/// What the handlers were given: (n, attempt).
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<(u64, u32)>>>);

impl Seen {
    pub(crate) fn push(&self, n: u64, attempt: u32) {
        self.0.lock().unwrap().push((n, attempt));
    }

    pub(crate) fn all(&self) -> Vec<(u64, u32)> {
        self.0.lock().unwrap().clone()
    }
}

/// A worker whose orders fail while `fails` says so.
pub(crate) fn orders(
    policy: RetryPolicy,
    seen: &Seen,
    fails: impl Fn(u64, u32) -> bool + Send + Sync + 'static,
) -> Builder {
    let (seen, fails) = (seen.clone(), Arc::new(fails));
    Worker::builder(policy).handle("order", move |order: Order, attempt| {
        let (seen, fails) = (seen.clone(), Arc::clone(&fails));
        async move {
            seen.push(order.n, attempt.number);
            if fails(order.n, attempt.number) { Err("down") } else { Ok(()) }
        }
    })
}
