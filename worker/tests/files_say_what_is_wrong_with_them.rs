use std::{fs, path::Path, time::Duration};

use redrive_worker::{FileStore, Worker};

use crate::common::{Seen, every, order, orders};

async fn start(folder: &Path) -> Result<Worker, String> {
    let worker = orders(every(60_000, 2), &Seen::default(), |_, _| true);
    worker.store(FileStore::new(folder)).start().await.map_err(|error| error.to_string())
}

/// A folder with three orders that wait, as a killed worker leaves it.
async fn three() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let worker = start(folder.path()).await.unwrap();
    for n in 0..3 {
        worker.submit(order(n)).await.unwrap();
    }
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    worker.shutdown(Duration::ZERO).await.unwrap();
    copy
}

fn log(folder: &Path) -> std::path::PathBuf {
    let mut logs = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    logs.find(|path| path.extension().is_some_and(|ending| ending == "ndjson")).unwrap()
}

#[tokio::test]
async fn a_line_that_was_cut_off_was_never_acknowledged() {
    let folder = three().await;
    let path = log(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    let whole = text.lines().filter(|line| line.contains("submit")).count();
    assert_eq!(whole, 3);
    fs::write(&path, format!("{text}{{\"n\":9,\"at\":1,\"act\":{{\"sub")).unwrap();
    let worker = start(folder.path()).await.unwrap();
    assert_eq!(worker.inspect(redrive::Machine::len).await.unwrap(), 3);
    worker.submit(order(9)).await.unwrap();
    worker.shutdown(Duration::ZERO).await.unwrap();
    let worker = start(folder.path()).await.unwrap();
    assert_eq!(worker.inspect(redrive::Machine::len).await.unwrap(), 4);
}

#[tokio::test]
async fn a_damaged_line_is_named_and_nothing_is_thrown_away() {
    let folder = three().await;
    let path = log(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    let without = |row| -> String {
        let lines = text.lines().enumerate().filter(|(i, _)| *i != row);
        lines.map(|(_, line)| format!("{line}\n")).collect()
    };
    for (damaged, why) in [
        (text.replacen("\"act\"", "\"akt\"", 1), "unknown field `akt`"),
        (without(1), "it is number 3, not 2"),
    ] {
        fs::write(&path, &damaged).unwrap();
        let error = start(folder.path()).await.unwrap_err();
        assert!(error.contains("of the store's log is damaged") && error.contains(why), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    }
}

#[tokio::test]
async fn a_log_that_is_gone_is_missed() {
    let folder = three().await;
    fs::remove_file(log(folder.path())).unwrap();
    let error = start(folder.path()).await.unwrap_err();
    assert!(error.starts_with("cannot read ") && error.contains(".ndjson"), "{error}");
}

#[tokio::test]
async fn a_folder_has_one_worker_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let worker = start(folder.path()).await.unwrap();
    let error = start(folder.path()).await.unwrap_err();
    assert!(error.starts_with("another worker has "), "{error}");
    worker.shutdown(Duration::ZERO).await.unwrap();
    start(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_snapshot_that_is_not_one_is_named() {
    let folder = three().await;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            fs::write(path, "{}").unwrap();
        }
    }
    let error = start(folder.path()).await.unwrap_err();
    assert!(error.starts_with("the snapshot of the store is damaged"), "{error}");
}
