//! A machine whose every change is noted, so that it can be had again after a crash.

use std::{collections::BTreeMap, fmt, sync::Arc};

use redrive::{
    Machine, MachineConfig, RetryPolicy, Time, dead_letter::QueueConfig, machine::Dispatch,
};

use crate::{
    act::{Act, Gave, Line, Refused},
    store::{Saved, StoreError},
};

pub(crate) struct Ledger {
    machine: Machine,
    /// The attempts that run, by their number.
    running: BTreeMap<u64, Dispatch>,
    /// What is not in the store yet.
    pending: Vec<String>,
    /// The number of the next line.
    next: u64,
}

impl Ledger {
    /// A new machine.
    pub(crate) fn new(config: MachineConfig) -> Ledger {
        let machine = Machine::new(config);
        Ledger { machine, running: BTreeMap::new(), pending: Vec::new(), next: 1 }
    }

    /// The machine that a store holds.
    pub(crate) fn load(
        saved: &Saved,
        fresh: impl FnOnce() -> MachineConfig,
    ) -> Result<Ledger, StoreError> {
        let mut ledger = match &saved.snapshot {
            None if saved.lines.is_empty() => return Ok(Ledger::new(fresh())),
            None => return Err(StoreError::new("the store has a log but no snapshot")),
            Some(snapshot) => {
                let machine: Machine = serde_json::from_slice(snapshot).map_err(|error| {
                    StoreError::new("the snapshot of the store is damaged").because(error)
                })?;
                Ledger { machine, running: BTreeMap::new(), pending: Vec::new(), next: 0 }
            }
        };
        for (row, text) in saved.lines.iter().enumerate() {
            let wrong = |why: &dyn fmt::Display| {
                StoreError::new(format!("line {} of the store's log is damaged: {why}", row + 1))
            };
            let line: Line = serde_json::from_str(text).map_err(|error| wrong(&error))?;
            if row > 0 && line.n != ledger.next {
                return Err(wrong(&format_args!("it is number {}, not {}", line.n, ledger.next)));
            }
            ledger.next = line.n + 1;
            // An act that was refused then is refused now, and leaves the same behind.
            match ledger.apply(Time::from_nanos(line.at), &line.act) {
                Err(Refused::Config(error)) => return Err(wrong(&error)),
                Ok(_) | Err(Refused::Machine(_) | Refused::NotRunning) => {}
            }
        }
        while ledger.machine.poll_event().is_some() {}
        Ok(ledger)
    }

    pub(crate) fn machine(&self) -> &Machine {
        &self.machine
    }

    pub(crate) fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }

    fn apply(&mut self, now: Time, act: &Act) -> Result<Gave, Refused> {
        act.apply(&mut self.machine, &mut self.running, now)
    }

    /// Does it and notes it. What is refused is noted, too, where the machine counts it.
    pub(crate) fn act(&mut self, now: Time, act: Act) -> Result<Gave, Refused> {
        let gave = self.apply(now, &act);
        let counts = !matches!(act, Act::Submit(_) | Act::Cancel { .. });
        if gave.is_ok() || counts {
            self.note(now, act);
        }
        gave
    }

    fn note(&mut self, now: Time, act: Act) {
        let line = Line { n: self.next, at: now.as_nanos(), act };
        self.next += 1;
        // Numbers, texts and trees of both: there is nothing in it that JSON cannot say.
        self.pending.push(serde_json::to_string(&line).unwrap_or_default());
    }

    /// Takes the rules of this worker, where they differ from those of the store.
    pub(crate) fn configure(&mut self, now: Time, policy: &Arc<RetryPolicy>, queue: &QueueConfig) {
        let same =
            self.machine.policy() == &**policy && self.machine.dead_letters().config() == *queue;
        if !same {
            let (policy, queue) = (policy.to_value(), queue.to_value());
            // Both are what a policy and a queue wrote a moment ago.
            let _ = self.act(now, Act::Configure { policy, queue });
        }
    }

    /// An attempt of which no result will be taken.
    pub(crate) fn forget(&mut self, run: u64) {
        self.running.remove(&run);
    }

    /// What is to be written, if anything.
    pub(crate) fn pending(&mut self) -> Vec<String> {
        std::mem::take(&mut self.pending)
    }

    /// The machine, and the lines that go on from it.
    ///
    /// # Errors
    /// When the machine cannot be written as JSON.
    pub(crate) fn checkpoint(&mut self) -> Result<(Vec<u8>, Vec<String>), StoreError> {
        let snapshot = serde_json::to_vec(&self.machine).map_err(|error| {
            StoreError::new("the jobs cannot be written as JSON").because(error)
        })?;
        // What they say is in the snapshot.
        self.pending.clear();
        let now = self.machine.now();
        let running: Vec<_> = self.running.values().map(Dispatch::to_value).collect();
        for dispatch in running {
            self.note(now, Act::Running { dispatch });
        }
        Ok((snapshot, self.pending()))
    }
}
