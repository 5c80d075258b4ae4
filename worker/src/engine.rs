//! The loop of a worker: what is asked and what ended goes to the machine, what changed goes to the store,
//! and only then it is answered and started.

use std::{sync::Arc, time::Duration};

use redrive::{
    Dispatch, Failure, Key, Machine, MachineError, RedrivePlan, RetryPolicy, Time,
    dead_letter::{Filter, RedriveReport},
    machine::{Event, What},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinError,
};

use crate::{
    act::{Act, Gave, Refused},
    clock::Clock,
    error::SubmitError,
    job::{Attempt, Handlers, Job},
    ledger::Ledger,
    running::Running,
    store::{Store, StoreError},
};

/// How much is done between two writes at most.
const TOGETHER: usize = 1024;

/// A log shorter than this is not worth a new snapshot.
const SHORT: usize = 4 << 20;

type Answer<T> = oneshot::Sender<T>;

/// Called with the machine once what it holds is kept.
pub(crate) type Look = Box<dyn FnOnce(&Machine) + Send>;

/// What a worker is asked to do.
pub(crate) enum Ask {
    Submit(Vec<Job>, Answer<Vec<Result<(), SubmitError>>>),
    Cancel(Key, Answer<Result<(), MachineError>>),
    Redrive(Box<RedrivePlan>, Answer<RedriveReport>),
    Purge(Box<Filter>, Answer<u64>),
    Look(Look),
}

/// Told of everything that happens, once it is kept.
pub(crate) type Watch = Box<dyn FnMut(&Event) + Send>;

/// Told of every failure of the store.
pub(crate) type Trouble = Box<dyn FnMut(&StoreError) + Send>;

pub(crate) struct Engine {
    pub(crate) ledger: Ledger,
    pub(crate) store: Keeper,
    pub(crate) handlers: Handlers,
    pub(crate) clock: Clock,
    pub(crate) concurrency: usize,
    pub(crate) asks: mpsc::Receiver<Ask>,
    pub(crate) watch: Option<Watch>,
    pub(crate) running: Running,
    /// Answers that wait until what they tell of is kept.
    pub(crate) answers: Vec<Look>,
}

/// The store, and how it is written.
pub(crate) struct Keeper {
    store: Option<Box<dyn Store>>,
    /// How it is tried again when it fails.
    patience: RetryPolicy,
    trouble: Option<Trouble>,
    /// The grace of a shutdown, once there is one.
    pub(crate) stop: watch::Receiver<Option<Duration>>,
    /// The length of the log, and of the snapshot.
    log: usize,
    snapshot: usize,
}

enum Step {
    Append(Vec<String>),
    Checkpoint(Vec<u8>, Vec<String>),
}

impl Keeper {
    pub(crate) fn new(
        store: Box<dyn Store>,
        patience: RetryPolicy,
        trouble: Option<Trouble>,
        stop: watch::Receiver<Option<Duration>>,
    ) -> Keeper {
        Keeper { store: Some(store), patience, trouble, stop, log: 0, snapshot: 0 }
    }

    /// Writes what changed. While the store fails nothing is answered and nothing is started; a shutdown
    /// ends the waiting.
    pub(crate) async fn keep(&mut self, ledger: &mut Ledger) -> Result<(), StoreError> {
        let lines = ledger.pending();
        if lines.is_empty() {
            return Ok(());
        }
        self.log += lines.iter().map(|line| line.len() + 1).sum::<usize>();
        self.write(Step::Append(lines)).await?;
        if self.log > SHORT.max(self.snapshot * 2) {
            self.checkpoint(ledger).await?;
        }
        Ok(())
    }

    /// Writes a snapshot in place of the log.
    pub(crate) async fn checkpoint(&mut self, ledger: &mut Ledger) -> Result<(), StoreError> {
        let (snapshot, lines) = ledger.checkpoint()?;
        self.snapshot = snapshot.len();
        self.log = 0;
        self.write(Step::Checkpoint(snapshot, lines)).await
    }

    /// The same when the worker starts: it fails at once.
    pub(crate) async fn checkpoint_once(&mut self, ledger: &mut Ledger) -> Result<(), StoreError> {
        let (snapshot, lines) = ledger.checkpoint()?;
        self.snapshot = snapshot.len();
        match self.write_once(&Arc::new(Step::Checkpoint(snapshot, lines))).await {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    async fn write(&mut self, step: Step) -> Result<(), StoreError> {
        let step = Arc::new(step);
        let patience = self.patience.clone();
        let mut delays = patience.schedule(0, 0);
        loop {
            let Some(error) = self.write_once(&step).await else { return Ok(()) };
            if let Some(trouble) = &mut self.trouble {
                trouble(&error);
            }
            let delay = delays.next().map_or(Duration::from_secs(5), |retry| retry.delay);
            if self.stop.borrow().is_some() {
                return Err(error);
            }
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                _ = self.stop.changed() => return Err(error),
            }
        }
    }

    async fn write_once(&mut self, step: &Arc<Step>) -> Option<StoreError> {
        let Some(mut store) = self.store.take() else {
            return Some(StoreError::new("the store panicked before, and is not used any more"));
        };
        let step = Arc::clone(step);
        let written = tokio::task::spawn_blocking(move || {
            let result = match &*step {
                Step::Append(lines) => store.append(lines),
                Step::Checkpoint(snapshot, lines) => store.checkpoint(snapshot, lines),
            };
            (store, result)
        });
        match written.await {
            Ok((store, result)) => {
                self.store = Some(store);
                result.err()
            }
            Err(error) => Some(StoreError::new("the store panicked").because(error)),
        }
    }
}

/// What wakes the loop.
enum Woken {
    Ask(Option<Ask>),
    Ended(Ended),
    Time,
    Stop,
}

type Ended = Result<(u64, Result<(), Failure>), JoinError>;

impl Engine {
    /// Works until it is stopped.
    pub(crate) async fn run(mut self) -> Result<(), StoreError> {
        loop {
            let started = self.dispatch();
            self.settle(started).await?;
            match self.next().await {
                Woken::Ask(Some(ask)) => self.ask(ask),
                Woken::Ended(ended) => self.ended(ended),
                Woken::Time => {}
                Woken::Ask(None) | Woken::Stop => return self.close().await,
            }
            self.drain();
        }
    }

    /// Keeps what changed, and lets it show.
    async fn settle(&mut self, started: Vec<Dispatch>) -> Result<(), StoreError> {
        self.store.keep(&mut self.ledger).await?;
        let machine = self.ledger.machine();
        self.answers.drain(..).for_each(|answer| answer(machine));
        self.tell();
        for dispatch in started {
            self.start(dispatch);
        }
        Ok(())
    }

    /// Lets what runs end, but no longer than the grace; then writes a snapshot.
    async fn close(mut self) -> Result<(), StoreError> {
        let grace = self.store.stop.borrow().unwrap_or_default();
        let over = tokio::time::sleep(grace);
        tokio::pin!(over);
        while !self.running.is_empty() {
            let wake = self.ledger.machine_mut().next_deadline();
            let nap: Option<Duration> = wake.map(|at| at.saturating_since(self.clock.now()));
            tokio::select! {
                ended = self.running.next() => self.ended(ended),
                () = tokio::time::sleep(nap.unwrap_or_default()), if nap.is_some() => self.advance(),
                () = &mut over => break,
            }
            self.settle(Vec::new()).await?;
        }
        self.asks.close();
        self.running.abort_all();
        self.settle(Vec::new()).await?;
        self.store.checkpoint(&mut self.ledger).await
    }

    /// Takes what is there without waiting.
    fn drain(&mut self) {
        for _ in 0..TOGETHER {
            let ended = self.running.try_next();
            let idle = ended.is_none();
            if let Some(ended) = ended {
                self.ended(ended);
            }
            match self.asks.try_recv() {
                Ok(ask) => self.ask(ask),
                Err(_) if idle => return,
                Err(_) => {}
            }
        }
    }

    /// Waits for the next thing to do.
    async fn next(&mut self) -> Woken {
        let free = self.running.len() < self.concurrency;
        let machine = self.ledger.machine_mut();
        let wake = if free { machine.next_wakeup() } else { machine.next_deadline() };
        let nap: Option<Duration> = wake.map(|at| at.saturating_since(self.clock.now()));
        tokio::select! {
            ended = self.running.next(), if !self.running.is_empty() => Woken::Ended(ended),
            ask = self.asks.recv() => Woken::Ask(ask),
            () = tokio::time::sleep(nap.unwrap_or_default()), if nap.is_some() => Woken::Time,
            _ = self.store.stop.changed() => Woken::Stop,
        }
    }

    fn ask(&mut self, ask: Ask) {
        let now = self.clock.now();
        match ask {
            Ask::Submit(jobs, answer) => {
                let results = jobs.into_iter().map(|job| self.submit(now, job)).collect();
                self.answer(answer, results);
            }
            Ask::Cancel(key, answer) => {
                let result = match self.ledger.act(now, Act::Cancel { key }) {
                    Err(Refused::Machine(error)) => Err(error),
                    _ => Ok(()),
                };
                self.answer(answer, result);
            }
            Ask::Redrive(plan, answer) => {
                let act = Act::Redrive { plan: plan.to_value() };
                if let Ok(Gave::Report(report)) = self.ledger.act(now, act) {
                    self.answer(answer, *report);
                }
            }
            Ask::Purge(filter, answer) => {
                let act = Act::Purge { filter: filter.to_value() };
                if let Ok(Gave::Count(count)) = self.ledger.act(now, act) {
                    self.answer(answer, count);
                }
            }
            Ask::Look(look) => self.answers.push(look),
        }
    }

    fn answer<T: Send + 'static>(&mut self, answer: Answer<T>, given: T) {
        self.answers.push(Box::new(move |_| drop(answer.send(given))));
    }

    fn submit(&mut self, now: Time, Job(job): Job) -> Result<(), SubmitError> {
        if !self.handlers.knows(&job.task_type) {
            let known = self.handlers.names();
            return Err(SubmitError::NoHandler { task_type: job.task_type, known });
        }
        match self.ledger.act(now, Act::Submit(Box::new(job))) {
            Err(Refused::Machine(error)) => Err(SubmitError::Refused(error)),
            Err(Refused::Config(error)) => Err(SubmitError::Invalid(error)),
            Ok(_) | Err(Refused::NotRunning) => Ok(()),
        }
    }

    /// An attempt ended, well or not; one that was stopped says nothing.
    fn ended(&mut self, ended: Ended) {
        let Ok((run, result)) = ended else { return };
        if !self.running.remove(run) {
            return;
        }
        let act = match &result {
            Ok(()) => Act::Succeed { run },
            Err(failure) => Act::Fail { run, failure: failure.into() },
        };
        // One that timed out in this very moment is counted by the machine and changes nothing.
        let _ = self.ledger.act(self.clock.now(), act);
    }

    fn advance(&mut self) {
        let now = self.clock.now();
        if self.ledger.machine_mut().next_deadline().is_some_and(|at| at <= now) {
            // Time passes; it cannot be refused.
            let _ = self.ledger.act(now, Act::Advance);
        }
    }

    /// Takes the tasks that are due, for the places that are free.
    fn dispatch(&mut self) -> Vec<Dispatch> {
        self.advance();
        let now = self.clock.now();
        let mut free = self.concurrency.saturating_sub(self.running.len());
        let mut started = Vec::new();
        while free > 0 && self.ledger.machine_mut().next_wakeup().is_some_and(|at| at <= now) {
            // None for one that was due and could not begin: it is a dead letter now.
            let Ok(Gave::Dispatch(dispatch)) = self.ledger.act(now, Act::Poll) else { break };
            started.push(dispatch);
            free -= 1;
        }
        started
    }

    /// Starts what was dispatched and is kept.
    fn start(&mut self, dispatch: Dispatch) {
        let Some(task) = self.ledger.machine().task(dispatch.key.clone()) else { return };
        let (task_type, payload) = (Arc::clone(task.task_type()), task.payload().clone());
        let attempt = Attempt { key: dispatch.key.clone(), number: dispatch.attempt };
        let work = self.handlers.start(&task_type, attempt, payload);
        self.running.start(dispatch.run, dispatch.key, work);
    }

    /// Tells of what happened, and stops the attempts whose results are not wanted any more.
    fn tell(&mut self) {
        while let Some(event) = self.ledger.machine_mut().poll_event() {
            match &event.what {
                What::TimedOut { run, .. } => {
                    self.running.abort(*run);
                    self.ledger.forget(*run);
                }
                What::Cancelled => {
                    for run in self.running.abort_key(&event.key) {
                        self.ledger.forget(run);
                    }
                }
                _ => {}
            }
            if let Some(watch) = &mut self.watch {
                watch(&event);
            }
        }
    }
}
