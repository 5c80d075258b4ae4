//! Typed jobs for tokio under a [redrive] policy: kept across crashes, retried, dead-lettered and
//! redriven.
//!
//! ```
//! use redrive::RetryPolicy;
//! use redrive_worker::{Job, MemoryStore, Worker};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Email { to: String }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let worker = Worker::builder(RetryPolicy::recommended())
//!     .store(MemoryStore::new())                 // FileStore::new("jobs") survives a crash
//!     .handle("email", async |email: Email, _attempt| {
//!         println!("to {}", email.to);
//!         Ok::<(), std::io::Error>(())
//!     })
//!     .start()
//!     .await?;
//! worker.submit(Job::new("email", "order-17", &Email { to: "ada@example.com".into() })?).await?;
//! worker.idle().await?;
//! worker.shutdown(std::time::Duration::from_secs(5)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//! - **A job that was acknowledged is not lost.** [`submit`](Client::submit) returns when the job is in the
//!   store. From then on it is in exactly one place: live, succeeded, a dead letter, or gone by a rule or
//!   a call that says so.
//! - **At least once.** An attempt is in the store before it starts. One that a crash cuts off is a failed
//!   attempt of the kind `crashed`, so that a job which kills its process is not tried for ever; with
//!   [`crashed_are_dead_letters`](Builder::crashed_are_dead_letters) a person decides instead.
//! - **The delays are the policy's**: a function of the policy, the queue's seed, the key and the attempt,
//!   before and after a crash.
//! - **A store that fails stops the work, not the worker.** Nothing is acknowledged or started that is not
//!   kept; it is tried again until it works.
//!
//! How: the machine of redrive is deterministic, so the store holds a snapshot of it and the list of what
//! happened since. Going through the list gives the same machine.

mod act;
mod clock;
mod engine;
mod error;
mod file;
mod job;
mod ledger;
mod running;
mod store;
mod worker;

pub use crate::{
    error::{Closed, StartError, SubmitError},
    file::FileStore,
    job::{Attempt, Job},
    store::{MemoryStore, Saved, Store, StoreError},
    worker::{Builder, Client, Worker},
};
