//! Where a worker keeps its jobs.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What a store holds when a worker opens it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// The last snapshot; `None` in a new store.
    pub snapshot: Option<Vec<u8>>,
    /// What happened after it, oldest first.
    pub lines: Vec<String>,
}

impl Saved {
    /// A snapshot and what happened after it.
    #[must_use]
    pub fn new(snapshot: Option<Vec<u8>>, lines: Vec<String>) -> Saved {
        Saved { snapshot, lines }
    }
}

/// Where a worker keeps its jobs: a snapshot, and a log of what happened after it.
///
/// One worker at a time has a store. All methods may block; the worker calls them on a thread for
/// blocking work.
pub trait Store: Send + 'static {
    /// Opens the store and reads what it holds.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, or another worker has it.
    fn load(&mut self) -> Result<Saved, StoreError>;

    /// Adds lines to the log. When it returns `Ok` they survive a crash of the process and of the
    /// machine. After an error none of them may be there when the store is next loaded, or the same
    /// lines are appended again.
    ///
    /// # Errors
    /// When they could not be written: the disk is full, the file system is read-only, ...
    fn append(&mut self, lines: &[String]) -> Result<(), StoreError>;

    /// Replaces the snapshot, and the log by `lines`, both or neither.
    ///
    /// # Errors
    /// As for [`append`](Store::append). What was there before is still there then.
    fn checkpoint(&mut self, snapshot: &[u8], lines: &[String]) -> Result<(), StoreError>;
}

/// Why a store could not be opened, read or written.
#[derive(Debug)]
pub struct StoreError {
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// An error that says what was tried and what to do.
    pub fn new(what: impl Into<String>) -> StoreError {
        StoreError { what: what.into(), source: None }
    }

    /// The same with its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{}: {source}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

/// A store that ends with its process: for tests, and for jobs that may be lost. Clones are one store.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Saved>>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    fn saved(&self) -> MutexGuard<'_, Saved> {
        // What it holds is whole between calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        Ok(self.saved().clone())
    }

    fn append(&mut self, lines: &[String]) -> Result<(), StoreError> {
        self.saved().lines.extend_from_slice(lines);
        Ok(())
    }

    fn checkpoint(&mut self, snapshot: &[u8], lines: &[String]) -> Result<(), StoreError> {
        *self.saved() = Saved::new(Some(snapshot.to_vec()), lines.to_vec());
        Ok(())
    }
}
