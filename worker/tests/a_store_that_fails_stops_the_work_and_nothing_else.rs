use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use redrive_worker::{MemoryStore, Saved, Store, StoreError};

use crate::common::{Seen, every, order, orders};

/// A store whose disk is full while `full` is set.
struct Full {
    inner: MemoryStore,
    full: Arc<AtomicBool>,
}

impl Full {
    fn room(&self) -> Result<(), StoreError> {
        match self.full.load(SeqCst) {
            true => Err(StoreError::new("cannot write").because("no space left on device")),
            false => Ok(()),
        }
    }
}

impl Store for Full {
    fn load(&mut self) -> Result<Saved, StoreError> {
        self.inner.load()
    }

    fn append(&mut self, lines: &[String]) -> Result<(), StoreError> {
        self.room()?;
        self.inner.append(lines)
    }

    fn checkpoint(&mut self, snapshot: &[u8], lines: &[String]) -> Result<(), StoreError> {
        self.room()?;
        self.inner.checkpoint(snapshot, lines)
    }
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_when_there_is_room_again() {
    let (full, failures) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&failures);
    let seen = Seen::default();
    let store = Full { inner: MemoryStore::new(), full: Arc::clone(&full) };
    let worker = orders(every(10, 1), &seen, |_, _| false)
        .store(store)
        .on_store_error(move |error| {
            assert_eq!(error.to_string(), "cannot write: no space left on device");
            count.fetch_add(1, SeqCst);
        })
        .start()
        .await
        .unwrap();
    full.store(true, SeqCst);
    let client = worker.client();
    let submitted = tokio::spawn(async move { client.submit(order(1)).await });
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(!submitted.is_finished(), "what is not kept is not acknowledged");
    assert!(seen.all().is_empty(), "or started");
    assert!(failures.load(SeqCst) > 3);
    full.store(false, SeqCst);
    submitted.await.unwrap().unwrap();
    worker.idle().await.unwrap();
    assert_eq!(seen.all(), [(1, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_it() {
    let full = Arc::new(AtomicBool::new(false));
    let seen = Seen::default();
    let store = Full { inner: MemoryStore::new(), full: Arc::clone(&full) };
    let worker = orders(every(10, 1), &seen, |_, _| false).store(store).start().await.unwrap();
    full.store(true, SeqCst);
    let client = worker.client();
    let submitted = tokio::spawn(async move { client.submit(order(1)).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let error = worker.shutdown(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot write: no space left on device");
    assert!(submitted.await.unwrap().is_err(), "who submitted is told");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_written_keeps_the_worker_from_starting() {
    let full = Arc::new(AtomicBool::new(true));
    let store = Full { inner: MemoryStore::new(), full };
    let worker = orders(every(10, 1), &Seen::default(), |_, _| false).store(store);
    assert!(worker.start().await.is_err());
}
