//! `kill -9` in the middle of everything. `REDRIVE_KILLS=500` does it more often.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use redrive_worker::{FileStore, Worker};

use crate::common::{Order, every, order};

const FOLDER: &str = "REDRIVE_WORKER_KILLED";

/// Two thirds of the orders succeed, at their second attempt; the others are dead letters.
async fn worker(folder: &Path) -> Worker {
    let done = OpenOptions::new().create(true).append(true).open(folder.join("done")).unwrap();
    let done = std::sync::Arc::new(done);
    Worker::builder(every(1, 2))
        .store(FileStore::new(folder.join("jobs")))
        .handle("order", move |order: Order, attempt| {
            let done = std::sync::Arc::clone(&done);
            async move {
                if attempt.number == 1 || order.n.is_multiple_of(3) {
                    return Err("down");
                }
                (&*done).write_all(format!("order-{}\n", order.n).as_bytes()).unwrap();
                Ok(())
            }
        })
        .start()
        .await
        .unwrap()
}

/// The process that is killed: not a test by itself.
#[test]
fn the_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let worker = worker(folder).await;
        let mut acknowledged =
            OpenOptions::new().create(true).append(true).open(folder.join("acknowledged")).unwrap();
        // Keys go on where the last process was killed, and a bit later: nothing is submitted twice.
        let lines = fs::read_to_string(folder.join("next")).unwrap_or_default();
        let first = lines.trim().parse().unwrap_or(0u64);
        for n in (first..).step_by(10) {
            fs::write(folder.join("next.part"), (n + 10).to_string()).unwrap();
            fs::rename(folder.join("next.part"), folder.join("next")).unwrap();
            let results = worker.submit_all((n..n + 10).map(order)).await.unwrap();
            assert!(results.iter().all(Result::is_ok), "{results:?}");
            let keys: String = (n..n + 10).map(|n| format!("order-{n}\n")).collect();
            acknowledged.write_all(keys.as_bytes()).unwrap();
        }
    });
}

fn lines(path: &Path) -> BTreeSet<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_acknowledged_job_is_in_exactly_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let kills = std::env::var("REDRIVE_KILLS").map_or(12, |kills| kills.parse().unwrap());
    for n in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_kill_loses_no_job::the_process_that_is_killed"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(40 + n * 37 % 160)).await;
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let acknowledged = lines(&folder.path().join("acknowledged"));
    assert!(acknowledged.len() > 100, "{} is too few to tell", acknowledged.len());
    let worker = worker(folder.path()).await;
    let (live, dead, counters) = worker
        .inspect(|machine| {
            let live: BTreeSet<_> = machine.tasks().map(|task| task.key().to_string()).collect();
            let letters = machine.dead_letters().iter();
            let dead: BTreeSet<_> = letters.map(|letter| letter.key.to_string()).collect();
            (live, dead, machine.stats().counters)
        })
        .await
        .unwrap();
    let done = lines(&folder.path().join("done"));
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|key| !live.contains(*key) && !dead.contains(*key) && !done.contains(*key))
        .collect();
    assert!(lost.is_empty(), "{} lost of {}: {lost:?}", lost.len(), acknowledged.len());
    assert!(live.is_disjoint(&dead));
    let ended: u64 = counters.succeeded + dead.len() as u64;
    assert_eq!(counters.submitted, live.len() as u64 + ended, "the counters are right");
    println!("{kills} kills: {} acknowledged, none lost", acknowledged.len());
}
