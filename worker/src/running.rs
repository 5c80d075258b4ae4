//! The attempts that run.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use redrive::{Failure, Key};
use tokio::task::{AbortHandle, JoinError, JoinSet};

use crate::job::panicked;

type Ended = Result<(u64, Result<(), Failure>), JoinError>;

#[derive(Default)]
pub(crate) struct Running {
    set: JoinSet<(u64, Result<(), Failure>)>,
    runs: BTreeMap<u64, (Key, AbortHandle)>,
}

impl Running {
    /// How many places they take; those that were stopped, until they are gone.
    pub(crate) fn len(&self) -> usize {
        self.set.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Starts one. A panic is a failure of the attempt.
    pub(crate) fn start(
        &mut self,
        run: u64,
        key: Key,
        work: impl Future<Output = Result<(), Failure>> + Send + 'static,
    ) {
        let handle = self.set.spawn(async move {
            let mut work = pin!(work);
            let result =
                poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
                    Ok(poll) => poll,
                    Err(panic) => Poll::Ready(Err(panicked(&*panic))),
                });
            (run, result.await)
        });
        self.runs.insert(run, (key, handle));
    }

    /// The next one that ends; never, while none runs.
    pub(crate) async fn next(&mut self) -> Ended {
        match self.set.join_next().await {
            Some(ended) => ended,
            None => std::future::pending().await,
        }
    }

    pub(crate) fn try_next(&mut self) -> Option<Ended> {
        self.set.try_join_next()
    }

    /// One ended; whether its result is still wanted.
    pub(crate) fn remove(&mut self, run: u64) -> bool {
        self.runs.remove(&run).is_some()
    }

    pub(crate) fn abort(&mut self, run: u64) {
        if let Some((_, handle)) = self.runs.remove(&run) {
            handle.abort();
        }
    }

    /// Stops those of a key; their numbers.
    pub(crate) fn abort_key(&mut self, key: &Key) -> Vec<u64> {
        let of_key = self.runs.iter().filter(|(_, (other, _))| other == key);
        let runs: Vec<u64> = of_key.map(|(run, _)| *run).collect();
        for run in &runs {
            self.abort(*run);
        }
        runs
    }

    pub(crate) fn abort_all(&mut self) {
        self.runs.clear();
        self.set.abort_all();
    }
}
