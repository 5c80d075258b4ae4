//! A worker, from the outside.

use std::{fmt, future::Future, num::NonZeroUsize, ops::Deref, sync::Arc, time::Duration};

use redrive::{
    Backoff, Jitter, Key, Machine, MachineConfig, MachineError, RedrivePlan, RetryPolicy,
    dead_letter::{Filter, QueueConfig, RedriveReport},
    machine::Event,
    run::Fault,
};
use serde::de::DeserializeOwned;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    act::Act,
    clock::Clock,
    engine::{Ask, Engine, Keeper, Trouble, Watch},
    error::{Closed, StartError, SubmitError},
    job::{Attempt, Handlers, Job},
    ledger::Ledger,
    running::Running,
    store::{MemoryStore, Store, StoreError},
};

/// How many questions may wait for the worker before those who ask wait, too.
const ASKS: usize = 1024;

/// Events are taken out with every write; more than this between two writes are lost, and counted.
const EVENTS: u32 = 1 << 16;

/// How often [`Client::idle`] looks.
const LOOK: Duration = Duration::from_millis(5);

/// A worker that runs: jobs go in, and are attempted until they succeed or are dead letters.
///
/// Everything that can be asked of it is on [`Client`], which is cheap to clone. Dropping the worker is a
/// [`shutdown`](Worker::shutdown) without grace.
#[derive(Debug)]
pub struct Worker {
    client: Client,
    stop: watch::Sender<Option<Duration>>,
    engine: JoinHandle<Result<(), StoreError>>,
}

impl Worker {
    /// A worker under this policy, to be set up.
    pub fn builder(policy: impl Into<Arc<RetryPolicy>>) -> Builder {
        Builder {
            policy: policy.into(),
            queue: QueueConfig::new().capacity(None),
            seed: None,
            store: Box::new(MemoryStore::new()),
            handlers: Handlers::default(),
            concurrency: 16,
            retry_crashed: true,
            watch: None,
            trouble: None,
        }
    }

    /// What can be asked of the worker, to be handed around.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Takes no more jobs, lets running attempts end within `grace`, stops the others, and writes a
    /// snapshot. What was stopped counts as crashed when the store is opened again.
    ///
    /// # Errors
    /// When the store failed: what was acknowledged before is kept.
    pub async fn shutdown(self, grace: Duration) -> Result<(), StoreError> {
        self.stop.send_replace(Some(grace));
        match self.engine.await {
            Ok(result) => result,
            Err(error) => Err(StoreError::new("the worker ended early").because(error)),
        }
    }
}

impl Deref for Worker {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// What can be asked of a worker; clones ask the same one.
#[derive(Clone)]
pub struct Client(mpsc::Sender<Ask>);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Closed> {
        let (answer, given) = oneshot::channel();
        self.0.send(ask(answer)).await.map_err(|_| Closed)?;
        given.await.map_err(|_| Closed)
    }

    /// Hands a job over; when this returns `Ok`, it is in the store.
    ///
    /// # Errors
    /// When a live job has its key, no handler knows its type, its policy is wrong, or the worker has
    /// ended.
    pub async fn submit(&self, job: Job) -> Result<(), SubmitError> {
        let results = self.submit_all([job]).await?;
        results.into_iter().next().unwrap_or(Ok(()))
    }

    /// Hands jobs over together, in one write; what became of each, in their order.
    ///
    /// # Errors
    /// When the worker has ended.
    pub async fn submit_all(
        &self,
        jobs: impl IntoIterator<Item = Job>,
    ) -> Result<Vec<Result<(), SubmitError>>, SubmitError> {
        let jobs = jobs.into_iter().collect();
        self.ask(|answer| Ask::Submit(jobs, answer)).await.map_err(SubmitError::Closed)
    }

    /// Gives a live job up, whether it waits or runs. `false` when no live job has this key.
    ///
    /// # Errors
    /// When the worker has ended.
    pub async fn cancel(&self, key: impl Into<Key>) -> Result<bool, Closed> {
        let key = key.into();
        let result: Result<(), MachineError> = self.ask(|answer| Ask::Cancel(key, answer)).await?;
        Ok(result.is_ok())
    }

    /// Sends dead letters back to work as the plan says.
    ///
    /// # Errors
    /// When the worker has ended.
    pub async fn redrive(&self, plan: &RedrivePlan) -> Result<RedriveReport, Closed> {
        let plan = Box::new(plan.clone());
        self.ask(|answer| Ask::Redrive(plan, answer)).await
    }

    /// Erases dead letters; how many.
    ///
    /// # Errors
    /// When the worker has ended.
    pub async fn purge(&self, filter: &Filter) -> Result<u64, Closed> {
        let filter = Box::new(filter.clone());
        self.ask(|answer| Ask::Purge(filter, answer)).await
    }

    /// Looks at the machine: its tasks, its dead letters, its counters, once what is there is kept. The
    /// worker does nothing else meanwhile.
    ///
    /// # Errors
    /// When the worker has ended.
    pub async fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Machine) -> T + Send + 'static,
    ) -> Result<T, Closed> {
        self.ask(|answer| Ask::Look(Box::new(move |machine| drop(answer.send(look(machine))))))
            .await
    }

    /// Waits until no job is live: all have succeeded, are dead letters, or are gone.
    ///
    /// # Errors
    /// When the worker has ended.
    pub async fn idle(&self) -> Result<(), Closed> {
        while !self.inspect(Machine::is_empty).await? {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

/// A worker that is being set up.
#[must_use = "a worker does nothing before it is started"]
pub struct Builder {
    policy: Arc<RetryPolicy>,
    queue: QueueConfig,
    seed: Option<u64>,
    store: Box<dyn Store>,
    handlers: Handlers,
    concurrency: usize,
    retry_crashed: bool,
    watch: Option<Watch>,
    trouble: Option<Trouble>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("handlers", &self.handlers).finish_non_exhaustive()
    }
}

impl Builder {
    /// Where the jobs are kept. Default: in memory.
    pub fn store(mut self, store: impl Store) -> Builder {
        self.store = Box::new(store);
        self
    }

    /// What works on the jobs of a type: they are read as `T`. An error is a failure of the kind `other`;
    /// see [`handle_classified`](Builder::handle_classified).
    pub fn handle<T, E, F, Fut>(self, task_type: impl Into<String>, handler: F) -> Builder
    where
        T: DeserializeOwned,
        E: fmt::Display,
        F: Fn(T, Attempt) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.handle_classified(task_type, |_: &E| Fault::default(), handler)
    }

    /// The same with a classifier: what an error is, as the policy's rules match it.
    pub fn handle_classified<T, E, F, Fut, C>(
        mut self,
        task_type: impl Into<String>,
        classify: C,
        handler: F,
    ) -> Builder
    where
        T: DeserializeOwned,
        E: fmt::Display,
        F: Fn(T, Attempt) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        C: Fn(&E) -> Fault<'_> + Send + Sync + 'static,
    {
        self.handlers.add(task_type.into(), handler, classify);
        self
    }

    /// How many attempts run at once. Default: 16.
    pub fn concurrency(mut self, attempts: NonZeroUsize) -> Builder {
        self.concurrency = attempts.get();
        self
    }

    /// The rules of the dead-letter queue. Default: no limit.
    pub fn dead_letters(mut self, queue: QueueConfig) -> Builder {
        self.queue = queue;
        self
    }

    /// The seed of a new store. Default: drawn. A store that has one keeps it.
    pub fn seed(mut self, seed: u64) -> Builder {
        self.seed = Some(seed);
        self
    }

    /// Attempts that a crash cut off become dead letters at once, for work that may be half done. Without
    /// it they are failures of the kind `crashed`, and the policy decides.
    pub fn crashed_are_dead_letters(mut self) -> Builder {
        self.retry_crashed = false;
        self
    }

    /// Told of everything that happens, once it is in the store. Called by the worker's own task: it
    /// should be quick.
    pub fn on_event(mut self, watch: impl FnMut(&Event) + Send + 'static) -> Builder {
        self.watch = Some(Box::new(watch));
        self
    }

    /// Told of every failure of the store; the worker waits and tries again.
    pub fn on_store_error(mut self, trouble: impl FnMut(&StoreError) + Send + 'static) -> Builder {
        self.trouble = Some(Box::new(trouble));
        self
    }

    /// Opens the store, sees to what a crash cut off, and starts to work.
    ///
    /// # Errors
    /// When the store cannot be opened or written, or holds jobs of types that no handler was given for; when
    /// a type was given two handlers.
    pub async fn start(self) -> Result<Worker, StartError> {
        if let Some(task_type) = self.handlers.twice() {
            return Err(StartError::TwoHandlers { task_type: task_type.to_owned() });
        }
        let mut store = self.store;
        let loaded = tokio::task::spawn_blocking(move || store.load().map(|saved| (store, saved)));
        let (store, saved) = match loaded.await {
            Ok(loaded) => loaded?,
            Err(error) => return Err(StoreError::new("the store panicked").because(error).into()),
        };
        let (policy, queue, seed) = (Arc::clone(&self.policy), self.queue, self.seed);
        let mut ledger = Ledger::load(&saved, || {
            let seed = seed.unwrap_or_else(entropy);
            MachineConfig::default().policy(policy).queue(queue).seed(seed).events(EVENTS)
        })?;
        drop(saved);
        check_types(ledger.machine(), &self.handlers)?;
        let clock = Clock::new();
        let now = clock.now();
        ledger.configure(now, &self.policy, &self.queue);
        if ledger.machine().stats().running > 0 {
            // It has nothing to refuse.
            let _ = ledger.act(now, Act::Recover { retry: self.retry_crashed });
        }
        let (stop, stopped) = watch::channel(None);
        let mut store = Keeper::new(store, patience(), self.trouble, stopped);
        store.checkpoint_once(&mut ledger).await?;
        let (client, asks) = mpsc::channel(ASKS);
        let engine = Engine {
            ledger,
            store,
            handlers: self.handlers,
            clock,
            concurrency: self.concurrency,
            asks,
            watch: self.watch,
            running: Running::default(),
            answers: Vec::new(),
        };
        Ok(Worker { client: Client(client), stop, engine: tokio::spawn(engine.run()) })
    }
}

/// Refuses jobs that nothing would work on.
fn check_types(machine: &Machine, handlers: &Handlers) -> Result<(), StartError> {
    let mut task_types: Vec<String> = Vec::new();
    for task in machine.tasks() {
        let name = &**task.task_type();
        if !handlers.knows(name) && !task_types.iter().any(|known| known == name) {
            task_types.push(name.to_owned());
        }
    }
    task_types.sort();
    match task_types.is_empty() {
        true => Ok(()),
        false => Err(StartError::NoHandler { task_types }),
    }
}

/// How a store that fails is tried again: soon, then every 5 s.
fn patience() -> RetryPolicy {
    let backoff =
        Backoff::Exponential { initial: redrive::Duration::from_millis(100), multiplier: 2.0 };
    let policy = RetryPolicy::builder()
        .backoff(backoff)
        .jitter(Jitter::None)
        .max_delay(redrive::Duration::from_secs(5))
        .max_attempts(20)
        .build();
    policy.unwrap_or_default()
}

/// A seed that no two stores share.
fn entropy() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    getrandom::u64().unwrap_or_else(|_| RandomState::new().hash_one(0))
}
