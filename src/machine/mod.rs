//! Many tasks: timers, dispatch, verdicts, dead letters, without a clock and without I/O.
//!
//! # Why a machine and not a loop around `sleep`?
//! A loop that sleeps holds a thread or a future for each task, forgets everything with its process,
//! and cannot be asked what it is going to do. A machine is data: the worker engine that you have
//! (threads, an async runtime, a cron job, a browser tab) asks it what is due and tells it what came of
//! it. That makes a million waiting tasks a few B-trees, lets tests run an hour in a millisecond, and
//! lets a [snapshot](Machine::snapshot) carry everything in flight to the next process, which then does
//! exactly what this one would have done.
//!
//! # In a worker loop
//! 1. Make the machine: the policy, the seed, the size of the dead-letter queue.
//! 2. Submit tasks, each under a key of its own.
//! 3. Wait until [`next_wakeup`](Machine::next_wakeup) (or until something is submitted).
//! 4. [`poll`](Machine::poll) until it gives nothing more: each [`Dispatch`] is an attempt to make now.
//!    Poll only while a worker is free; with none, call [`advance`](Machine::advance).
//! 5. Report each result with its dispatch: [`succeed`](Machine::succeed) or [`fail`](Machine::fail).
//! 6. [`poll_event`](Machine::poll_event) for what was decided, to log it and to stop attempts that
//!    timed out.
//! 7. Look into the [dead letters](Machine::dead_letters); mend the cause;
//!    [`redrive`](Machine::redrive).
//!
//! ```
//! use redrive::{
//!     Failure, Machine, MachineConfig, RedrivePlan, RetryPolicy, TaskSpec, Time,
//!     dead_letter::Filter, machine::What, wire::Value,
//! };
//!
//! /// The work. It fails while the server is down.
//! fn charge(payload: &Value, now: Time) -> Result<(), Failure> {
//!     if now < Time::from_secs(60) {
//!         return Err(Failure::new("unavailable", "connection refused").with_code("503"));
//!     }
//!     println!("charged {payload:?}");
//!     Ok(())
//! }
//!
//! // 1. Three attempts, 2 s and 4 s apart (the default policy), under seed 42.
//! let mut machine = Machine::new(MachineConfig::default().seed(42));
//!
//! // 2. One task, due at once.
//! let mut now = Time::ZERO;
//! machine.submit(now, "order-17", TaskSpec::new("charge").payload(Value::from("17 EUR")))?;
//!
//! // 3. The machine says when to come back; a real loop sleeps until then.
//! while let Some(at) = machine.next_wakeup() {
//!     now = now.max(at);
//!     // 4. Everything that is due, in the order of time, then key.
//!     while let Some(dispatch) = machine.poll(now) {
//!         let task = machine.task(&dispatch.key).expect("what is dispatched is live");
//!         // 5. One result for each dispatch.
//!         match charge(task.payload(), now) {
//!             Ok(()) => machine.succeed(now, &dispatch)?,
//!             Err(failure) => {
//!                 let _verdict = machine.fail(now, &dispatch, &failure)?;
//!             }
//!         }
//!     }
//!     // 6. What was decided.
//!     while let Some(event) = machine.poll_event() {
//!         println!("{} {}: {}", event.at, event.key, event.what.as_str());
//!     }
//! }
//!
//! // 7. The server was down for too long: one dead letter. It is up again: send it back.
//! assert_eq!(machine.dead_letters().len(), 1);
//! now = Time::from_secs(600);
//! let report = machine.redrive(now, &RedrivePlan::new(Filter::new().kind("unavailable")));
//! assert_eq!(report.scheduled.len(), 1);
//! now = machine.next_wakeup().expect("the redriven task is due");
//! let dispatch = machine.poll(now).expect("it is due now");
//! machine.succeed(now, &dispatch)?;
//! assert_eq!((machine.stats().counters.succeeded, machine.dead_letters().len()), (1, 0));
//! # Ok::<(), redrive::MachineError>(())
//! ```
//!
//! # The invariants
//! Each has a test under `tests/machine_*.rs`; what would break one is a typed [`MachineError`].
//!
//! - *Conservation*: every task that came in is in exactly one place: live (ready, waiting, running),
//!   held, or ended in exactly one way. [`Stats`] says it as a sum.
//! - *One result for each dispatch*: a result is taken once, for the attempt that it is of. A second
//!   one, or one for an attempt that timed out, is [refused](MachineError::StaleAttempt) and counted.
//!   A result that comes after the attempt's deadline is late even without a poll in between.
//!   A result from before a rollback to an older snapshot, or of another machine, is late as well.
//! - *One live task for each key*, and a key is its text.
//! - *Order*: due tasks are handed out by time, then by the id of the key, whatever the order of the
//!   submissions. What else falls on one instant comes before them: expiries, then timeouts, by key.
//! - *Time does not go back*: a call with an earlier time than one before is taken at the later time,
//!   and counted. But one bad reading of a clock must not stop the retries until the clock has caught
//!   up: two readings in a row that are more than a second behind are believed, and no task then waits
//!   longer than its delay from there.
//! - *No call without need changes anything*: [`poll`](Machine::poll) and
//!   [`advance`](Machine::advance) before the next wake-up are no-ops.
//! - *Nothing is lost in silence*: with a full queue that rejects, dead tasks stay in the machine as
//!   *held*, first in, first out, and their letters move as soon as there is room.
//! - *The same inputs, the same future*: machines with equal configuration and calls are equal, and so
//!   is one that was restored from a snapshot.
//!
//! Every call costs a logarithm of the number of live tasks for each task that it touches; nothing is
//! searched. A task that ended leaves; only its letter stays, in the bounded queue.

mod clock;
mod config;
mod configure;
mod entry;
mod error;
mod event;
mod index;
mod places;
mod policies;
mod results;
mod revive;
mod rollouts;
mod slab;
mod spec;
mod stats;
mod timers;

use alloc::{
    boxed::Box,
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};
use core::fmt;

use self::places::pop_due;
pub use self::{
    config::MachineConfig,
    entry::TaskView,
    error::MachineError,
    event::{Event, What},
    revive::Recovery,
    spec::{Dispatch, TaskSpec},
    stats::{Counters, Stats},
};
pub(crate) use self::{
    entry::{Entry, Extra, Past},
    event::Events,
    policies::Policies,
    slab::Slab,
    timers::{Timer, Timers},
};
use crate::{
    Key,
    dead_letter::{DeadLetter, DeadLetterQueue, Rollout},
    policy::RetryPolicy,
    random::{Stream, mix},
    task::{Reason, Task},
    time::{Time, nanos},
};

/// Many tasks under one policy and one seed. See the [module's text](self).
#[derive(Clone)]
pub struct Machine {
    /// The latest time that any call gave.
    pub(crate) now: Time,
    /// The last reading of the clock, if it was far behind that.
    pub(crate) behind: Option<Time>,
    pub(crate) seed: u64,
    pub(crate) stream: Stream,
    pub(crate) history: u32,
    pub(crate) policies: Policies,
    pub(crate) tasks: Slab,
    /// Ready and waiting tasks by the time when they are due.
    pub(crate) due: Timers,
    /// When ready and waiting tasks expire.
    pub(crate) expiries: Timers,
    /// When running attempts time out.
    pub(crate) timeouts: Timers,
    /// Letters that wait for room in the queue, first in, first out; and their keys.
    pub(crate) held: VecDeque<Box<DeadLetter>>,
    pub(crate) held_keys: BTreeSet<Key>,
    pub(crate) letters: DeadLetterQueue,
    pub(crate) events: Events,
    pub(crate) counters: Counters,
    /// Tasks that have not been started yet.
    pub(crate) ready: u64,
    /// Tasks of which an attempt runs.
    pub(crate) running: u64,
    /// The number of the last execution.
    pub(crate) runs: u64,
    /// Tells executions apart that have one number, before and after a rollback.
    pub(crate) incarnation: u32,
    /// Redrives that watch what becomes of them, by number.
    pub(crate) rollouts: Vec<(u64, Rollout)>,
    /// Whether this incarnation has started nothing yet, so that it still bears the name of the one
    /// before.
    pub(crate) is_new: bool,
}

impl fmt::Debug for Machine {
    /// Counts only: a million tasks do not fit on a line of a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("now", &self.now)
            .field("seed", &self.seed)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::new(MachineConfig::default())
    }
}

impl Machine {
    /// An empty machine.
    pub fn new(config: MachineConfig) -> Machine {
        Machine {
            now: Time::ZERO,
            behind: None,
            seed: config.seed,
            stream: Stream::new(config.seed),
            history: config.history.max(1),
            policies: Policies::new(config.policy),
            tasks: Slab::new(mix(config.seed)),
            due: Timers::default(),
            expiries: Timers::default(),
            timeouts: Timers::default(),
            held: VecDeque::new(),
            held_keys: BTreeSet::new(),
            letters: DeadLetterQueue::new(config.queue),
            events: Events::new(usize::try_from(config.events).unwrap_or(usize::MAX)),
            counters: Counters::default(),
            ready: 0,
            running: 0,
            runs: 0,
            incarnation: 0,
            rollouts: Vec::new(),
            is_new: true,
        }
    }

    /// Takes in a task under `key`, due after its delay. The key is free again when the task ended.
    ///
    /// # Errors
    /// When a live or held task has the key, the task's own policy is not one, or the payload cannot
    /// be stored. The task is not taken then.
    pub fn submit(
        &mut self,
        now: Time,
        key: impl Into<Key>,
        spec: TaskSpec,
    ) -> Result<(), MachineError> {
        let now = self.clock(now);
        let key = key.into();
        self.is_free(&key)?;
        if let Some(fault) = spec.payload_fault {
            return Err(MachineError::Payload(fault));
        }
        let policy = self.policy_of(&spec).map_err(MachineError::Policy)?;
        let expires_at = spec.expiry(now);
        let extra = expires_at.map(|_| Box::new(Extra { expires_at, ..Extra::default() }));
        self.counters.submitted += 1;
        self.add(Entry {
            task: Task::new(),
            key,
            task_type: self.tasks.share_type(spec.task_type),
            payload: spec.payload,
            at: now.saturating_add(spec.delay),
            run: 0,
            waited: nanos(spec.delay),
            extra,
            history: None,
            policy,
            stamp: 0,
            incarnation: 0,
        });
        Ok(())
    }

    /// The slot of the policy that a task of `spec` runs under, with that task as its user.
    fn policy_of(&mut self, spec: &TaskSpec) -> Result<u32, crate::wire::ConfigError> {
        let base = self.policies.acquire(spec.policy.clone(), None);
        let Some(variant) = spec.variant(base) else { return Ok(base) };
        let slot = self.policies.acquire_variant(variant, |base| spec.overridden(base));
        self.policies.release(base);
        slot
    }

    /// Hands out the next attempt that is due: the earliest, of those the one with the smallest id.
    /// The attempt counts as running from now on; report its result with the dispatch.
    ///
    /// Does what [`advance`](Machine::advance) does first. Nothing (and nothing changed) before
    /// [`next_wakeup`](Machine::next_wakeup). The answer may change with every call that takes a time.
    #[must_use = "the attempt counts as running until its result is reported"]
    pub fn poll(&mut self, now: Time) -> Option<Dispatch> {
        let now = self.clock(now);
        self.advance_to(now);
        while let Some(timer) = pop_due(&mut self.due, &self.tasks, now) {
            if let Some(dispatch) = self.start(now, timer.slot) {
                return Some(dispatch);
            }
        }
        None
    }

    /// Does everything that time brings but dispatching: expiries, attempt timeouts, the end of the
    /// retention of letters, moving held letters to where there is room.
    pub fn advance(&mut self, now: Time) {
        let now = self.clock(now);
        self.advance_to(now);
    }

    fn advance_to(&mut self, now: Time) {
        loop {
            let at = |timers: &Timers| timers.first().map_or(Time::MAX, |timer| timer.at);
            let expires = at(&self.expiries) <= at(&self.timeouts);
            let timers = if expires { &mut self.expiries } else { &mut self.timeouts };
            let Some(timer) = pop_due(timers, &self.tasks, now) else { break };
            if expires {
                self.bury(now, timer.slot, Reason::Expired);
            } else {
                let _verdict = self.time_out(now, timer.slot);
            }
        }
        self.settle_letters(now);
        self.release(now);
    }

    /// When to call [`poll`](Machine::poll) next, if nothing else happens before; none when nothing
    /// ever will. It may lie in the past: then there is something to do now.
    ///
    /// The answer may change with every call but the getters. While all workers are busy, wait for
    /// [`next_deadline`](Machine::next_deadline) instead.
    pub fn next_wakeup(&self) -> Option<Time> {
        let due = self.due.first().map(|timer| timer.at);
        self.wake([due, self.next_limit()].into_iter().flatten().min())
    }

    /// When to call [`advance`](Machine::advance) next: the same without the tasks that become due.
    pub fn next_deadline(&self) -> Option<Time> {
        self.wake(self.next_limit())
    }

    fn next_limit(&self) -> Option<Time> {
        let limits = [&self.expiries, &self.timeouts];
        let limit = limits.into_iter().filter_map(Timers::first).map(|timer| timer.at).min();
        let room = (!self.held.is_empty() && self.letters.has_room()).then_some(self.now);
        let release = self.next_release();
        [limit, room, self.letters.next_expiry(), release].into_iter().flatten().min()
    }

    /// The next thing that was decided, in order. May change with every call that takes a time.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// The live task with this key.
    pub fn task(&self, key: impl Into<Key>) -> Option<TaskView<'_>> {
        let entry = self.tasks.get(self.tasks.find(&key.into())?)?;
        Some(TaskView { entry, policies: &self.policies })
    }

    /// All live tasks, by the id of their keys. Sorts them first.
    pub fn tasks(&self) -> impl Iterator<Item = TaskView<'_>> {
        let slots = self.tasks.slots_by_key(|_| true).into_iter();
        let entries = slots.filter_map(|slot| self.tasks.get(slot));
        entries.map(|entry| TaskView { entry, policies: &self.policies })
    }

    /// How many tasks are live.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether no task is live.
    pub fn is_empty(&self) -> bool {
        self.tasks.len() == 0
    }

    /// The dead letters.
    pub fn dead_letters(&self) -> &DeadLetterQueue {
        &self.letters
    }

    /// The dead letters, to remove, purge, park or insert some. If that makes room, held letters move
    /// in with the next call that takes a time ([`next_wakeup`](Machine::next_wakeup) says so).
    pub fn dead_letters_mut(&mut self) -> &mut DeadLetterQueue {
        &mut self.letters
    }

    /// The dead tasks for which the queue has no room, in the order of their deaths.
    pub fn held(&self) -> impl ExactSizeIterator<Item = &DeadLetter> {
        self.held.iter().map(Box::as_ref)
    }

    /// The policy of all tasks that did not bring their own.
    pub fn policy(&self) -> &RetryPolicy {
        self.policies.default()
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The latest time that any call gave.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The state of the machine in numbers.
    pub fn stats(&self) -> Stats {
        let running = self.running;
        let budget = self.policies.shared();
        Stats {
            ready: self.ready,
            waiting: self.tasks.len() as u64 - running - self.ready,
            running,
            held: self.held.len() as u64,
            dead_letters: self.letters.len(),
            budget: budget.map(crate::policy::Budget::balance),
            budget_denied: budget.map_or(0, crate::policy::Budget::denied),
            events_lost: self.events.lost(),
            counters: self.counters,
        }
    }
}
