//! Tasks and one server, and nothing between them: a request is just its task's number.
//!
//! Most scenarios are this, and the largest ones are, so this is the loop that is tuned.

use std::num::NonZeroU32;

use redrive::{Context, RetryPolicy, Time, task::Compact};

use super::{
    control::Control,
    event::{Class, id_of},
    failure::Failure,
    floor::{FETCH, Floor, Model},
    life::is_redriven,
    tier::{Admission, Tier},
};
use crate::{
    error::SimError,
    scenario::{NamedPolicy, Scenario},
};

/// How many of those that wait for the server are asked of memory with the tasks.
const SERVED: usize = 32;

/// One run of tasks against one server.
pub(crate) struct Plain<'s> {
    floor: Floor<'s>,
    server: Tier,
}

/// Whether one byte a task is enough for a policy, unless records are wanted.
pub(crate) fn is_compact(policy: &RetryPolicy, records: bool) -> bool {
    !records && Compact::holds(policy)
}

impl<'s> Plain<'s> {
    /// A run at its beginning. `records` says whether it will be asked for its tasks.
    pub(crate) fn new(
        scenario: &'s Scenario,
        named: &'s NamedPolicy,
        seed: u64,
        records: bool,
    ) -> Self {
        let mut floor = Floor::new(scenario, named, seed, is_compact(&named.policy, records));
        floor.plan_controls();
        let server = Tier::new(scenario, scenario.layers.len(), floor.stream);
        Self { floor, server }
    }

    /// The floor, when the run is over.
    pub(crate) fn into_floor(self) -> Floor<'s> {
        self.floor
    }

    /// An attempt starts. Attempts that are refused are most of what happens in a herd, and calls
    /// would be a fifth of their cost.
    #[inline(always)]
    fn attempt_here(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let floor = &mut self.floor;
        let mut task = floor.tasks.hold(id);
        let attempt = task.start(Time::from_nanos(now))?;
        let first = attempt == 1 && !is_redriven(&floor.redriven, id);
        if first {
            floor.meter.task();
        }
        if floor.clients.has_budgets()
            && let Some(budget) = floor.clients.budget(floor.owners.share(id))
        {
            budget.on_attempt(Time::from_nanos(now), attempt > 1);
        }
        floor.meter.attempt(!first);
        match self.server.admit(now, id, u64::from(id), attempt, 0) {
            Admission::Begin(time) => {
                floor.push(now.saturating_add(time), Class::Complete, id);
            }
            Admission::Wait => floor.meter.queue(self.server.waits()),
            Admission::Refuse(Failure::Throttle) => {
                let retry_after = self.server.retry_after(Failure::Throttle);
                return floor.failed(now, id, Failure::Throttle, retry_after);
            }
            Admission::Refuse(failure) => {
                // What `failed` does, with the task at hand.
                floor.meter.failed(failure.is_rejection());
                let key = u64::from(id);
                let context = Context { policy: floor.clients.policy, stream: floor.stream, key };
                let class = floor.clients.classes[failure as usize];
                if let Some(at) = task.fail_plainly(Time::from_nanos(now), &context, class) {
                    floor.try_again(now, id, at, failure);
                    return Ok(());
                }
                let budget = if floor.clients.has_budgets() {
                    floor.clients.budget(floor.owners.share(id))
                } else {
                    None
                };
                let verdict = task.fail(Time::from_nanos(now), context, class, None, budget)?;
                floor.carry_out(now, id, attempt, verdict, failure);
            }
            // Scenarios in which requests are swallowed are rich: they need timeouts.
            Admission::Swallow => {}
        }
        Ok(())
    }

    fn new_task(&mut self, now: u64) -> Result<(), SimError> {
        let id = self.floor.add_task()?;
        self.floor.note(now, Class::Attempt.of(id));
        self.attempt_here(now, id)
    }

    /// A request's service is over.
    #[inline]
    fn complete(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        self.server.release();
        let (attempt, _) = self.floor.tasks.attempts(id);
        if self.server.has_next() {
            self.serve_next(now)?;
        }
        if self.floor.is_poison(id) {
            return self.floor.failed(now, id, Failure::Poison, None);
        }
        if self.server.fails_served(u64::from(id), attempt) {
            return self.floor.failed(now, id, Failure::Error, None);
        }
        self.floor.succeeded(now, id)
    }

    /// Free workers take what waits.
    fn serve_next(&mut self, now: u64) -> Result<(), SimError> {
        while self.server.has_next() {
            let Some((id, dropped)) = self.server.next(now) else { break };
            if dropped {
                self.floor.failed(now, id, Failure::Overloaded, None)?;
                continue;
            }
            let (attempt, _) = self.floor.tasks.attempts(id);
            let time = self.server.begin(u64::from(id), attempt);
            self.floor.push(now.saturating_add(time), Class::Complete, id);
        }
        self.floor.meter.queue(self.server.waits());
        Ok(())
    }

    #[cold]
    fn control(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        match self.floor.controls[id as usize] {
            Control::Fault(_) => {
                // What is lost with a server are requests: a scenario with such a fault is rich.
                self.server.turn(now);
                self.serve_next(now)?;
            }
            Control::After => self.floor.meter.after_begins(),
            Control::Redrive => self.floor.redrive(now),
            Control::Change(i) => {
                let change = &self.floor.scenario.changes[i];
                self.server.change(now, change);
                let lost = if change.flush { self.server.drain() } else { Vec::new() };
                for id in lost {
                    self.floor.failed(now, id, Failure::Reset, None)?;
                }
                self.serve_next(now)?;
            }
        }
        Ok(())
    }
}

impl<'s> Model<'s> for Plain<'s> {
    #[inline(always)]
    fn floor(&self) -> &Floor<'s> {
        &self.floor
    }

    #[inline(always)]
    fn floor_mut(&mut self) -> &mut Floor<'s> {
        &mut self.floor
    }

    #[inline(always)]
    fn event(&mut self, now: u64, class: Class, id: u32) -> Result<(), SimError> {
        // By far the most frequent one.
        if class == Class::Attempt {
            return self.attempt_here(now, id);
        }
        match class {
            Class::Complete => self.complete(now, id),
            Class::Control => self.control(now, id),
            Class::Start => {
                self.floor.start_client(now, id);
                self.new_task(now)
            }
            // Of requests and calls, which do not exist here.
            Class::Attempt
            | Class::Respond
            | Class::Timeout
            | Class::CallTimeout
            | Class::Arrive
            | Class::CallAttempt => Ok(()),
        }
    }

    fn arrive(&mut self, now: u64) -> Result<(), SimError> {
        self.new_task(now)
    }

    /// Asks memory for the tasks that will be needed soon, all together: with many tasks each is a
    /// miss of the cache, and misses that overlap cost a tenth of those that wait for each other.
    fn fetch_ahead(&self) {
        let floor = &self.floor;
        let soon = floor.queue.soon().take(FETCH as usize).map(id_of);
        let last = floor.clients.policy.max_attempts().map_or(u32::MAX, NonZeroU32::get);
        std::hint::black_box(floor.tasks.touch(soon, last));
        let served = self.server.next_served().take(SERVED);
        std::hint::black_box(floor.tasks.touch(served, 0));
    }

    fn own_bytes(&self) -> usize {
        self.server.bytes()
    }
}
