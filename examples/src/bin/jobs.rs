//! The specification's worker: jobs with attempts and a multiplier of their own, kept across crashes.
//! Kill it in the middle (`kill -9`), start it again, and it goes on.

use std::time::Duration;

use redrive::RetryPolicy;
use redrive_worker::{Attempt, FileStore, Job, Worker};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct CleanUp {
    run: u32,
}

async fn clean_up(job: CleanUp, attempt: Attempt) -> Result<(), String> {
    println!("run {}, attempt {}", job.run, attempt.number);
    if attempt.number < job.run { Err("still locked".into()) } else { Ok(()) }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: jobs FOLDER")?;
    let policy = RetryPolicy::classic(3, 1.01)?;
    let worker = Worker::builder(policy).store(FileStore::new(folder));
    let worker = worker.handle("clean_up", clean_up).start().await?;
    for run in [1, 2, 9] {
        let job = Job::new("clean_up", format!("run-{run}"), &CleanUp { run })?;
        // A job that an earlier process submitted is there already.
        let _ = worker.submit(job.max_attempts(2)).await;
    }
    worker.idle().await?;
    let dead = worker.inspect(|machine| machine.dead_letters().len()).await?;
    println!("dead letters: {dead}");
    Ok(worker.shutdown(Duration::from_secs(5)).await?)
}
