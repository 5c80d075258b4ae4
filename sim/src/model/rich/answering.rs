//! How requests end: answered, lost, given up, late.

use super::{Caller, Class, Duration, Failure, Loses, NONE, Place, Reason, Rich, SimError, State};

impl Rich<'_> {
    /// A worker lets go of a request and answers it.
    pub(super) fn finish(
        &mut self,
        now: u64,
        id: u32,
        answer: Option<Failure>,
    ) -> Result<(), SimError> {
        let request = self.requests.get(id);
        if request.abandoned {
            self.floor.meter.wasted += u128::from(now - request.began);
        }
        if answer.is_none() {
            self.gauges[request.tier as usize].succeeded(now, now - request.reached);
        }
        self.tier(request.tier).release();
        self.serve_next(now, request.tier)?;
        self.answer(now, id, answer, None)
    }

    /// A tier has gone down, and what it was doing is lost: their callers see the connection break.
    pub(super) fn crash(&mut self, now: u64, tier: u8, loses: Loses) -> Result<(), SimError> {
        if loses == Loses::All {
            self.lose_waiting(now, tier)?;
        }
        for id in 0..self.requests.len() {
            let request = self.requests.get(id);
            let running = matches!(request.place, Place::Serving | Place::Calling);
            if request.tier == tier && running && !request.cancelled {
                self.lose(now, id)?;
            }
        }
        Ok(())
    }

    /// All that waits at a tier is lost.
    pub(super) fn lose_waiting(&mut self, now: u64, tier: u8) -> Result<(), SimError> {
        for id in self.tier(tier).drain() {
            if self.requests.get(id).cancelled {
                self.forget(id);
            } else {
                self.answer(now, id, Some(Failure::Reset), None)?;
            }
        }
        self.note_queue(now, tier);
        Ok(())
    }

    /// A request at a worker is lost.
    pub(super) fn lose(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.requests.get(id);
        self.tier(request.tier).release();
        if request.place == Place::Calling {
            self.drop_call(now, request.call)?;
            return self.answer(now, id, Some(Failure::Reset), None);
        }
        // Its number is taken until the event of its service has come; the answer has another one.
        let answer = self.requests.insert(request);
        if !request.abandoned {
            *self.current(request.caller) = answer;
        }
        self.requests.get_mut(id).cancelled = true;
        self.answer(now, answer, Some(Failure::Reset), None)
    }

    /// A request that waited for a call waits no more.
    pub(super) fn drop_call(&mut self, now: u64, call: u32) -> Result<(), SimError> {
        let current = std::mem::replace(self.calls.current(call), NONE);
        self.calls.end(call);
        if current == NONE { Ok(()) } else { self.give_up(now, current) }
    }

    /// The answer sets out.
    pub(super) fn answer(
        &mut self,
        now: u64,
        id: u32,
        answer: Option<Failure>,
        retry_after: Option<Duration>,
    ) -> Result<(), SimError> {
        let request = self.requests.get_mut(id);
        request.place = Place::Travelling;
        request.answer = answer;
        request.retry_after = retry_after;
        let (key, attempt) = (request.key, request.attempt);
        let network = &self.floor.scenario.network;
        if network.loss > 0.0 && self.loss_back.draws(key, attempt).unit() < network.loss {
            self.floor.meter.lost += 1;
            self.forget(id);
            return Ok(());
        }
        let leg = network.latency.sample(&mut self.leg_back.draws(key, attempt));
        if leg == 0 {
            return self.deliver(now, id);
        }
        self.floor.push(now.saturating_add(leg), Class::Respond, id);
        Ok(())
    }

    /// An answer reaches the caller, who may not wait for it any more.
    pub(super) fn deliver(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.requests.get(id);
        let waited_for = !request.abandoned && !request.cancelled;
        self.forget(id);
        match (request.caller, waited_for, request.answer) {
            (Caller::Task(task), true, None) => {
                let who = self.floor.owners.who(task);
                self.floor.stub_of(task).answered(now, who, None);
                self.floor.succeeded(now, task)
            }
            (Caller::Task(task), true, Some(failure)) => {
                self.task_failed(now, task, failure, request.retry_after)
            }
            (Caller::Task(task), false, answer) => self.late(now, task, answer),
            (Caller::Call(call), true, None) => {
                self.calls.succeeded(now, call);
                let parent = self.calls.end(call);
                self.finish(now, parent, None)
            }
            (Caller::Call(call), true, Some(failure)) => {
                self.call_failed(now, call, failure, request.retry_after)
            }
            (Caller::Call(_), false, _) => Ok(()),
        }
    }

    /// An attempt of a task was sent and failed: a breaker that stops retries gives the task up;
    /// otherwise the policy decides.
    pub(super) fn task_failed(
        &mut self,
        now: u64,
        task: u32,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Result<(), SimError> {
        let who = self.floor.owners.who(task);
        self.floor.stub_of(task).answered(now, who, Some(failure));
        if self.floor.stub_of(task).stops_retry(now, who.client) {
            return self.floor.denied(now, task, failure, Reason::BudgetExhausted);
        }
        self.floor.failed(now, task, failure, retry_after)
    }

    /// The success of an abandoned request still counts if the client looks at it.
    pub(super) fn late(
        &mut self,
        now: u64,
        task: u32,
        answer: Option<Failure>,
    ) -> Result<(), SimError> {
        if !self.floor.scenario.client.accept_late || answer.is_some() {
            return Ok(());
        }
        match self.floor.tasks.whole(task).state() {
            State::Running => {
                let current = std::mem::replace(&mut self.current[task as usize], NONE);
                if current != NONE {
                    self.give_up(now, current)?;
                }
                self.floor.succeeded(now, task)
            }
            State::Waiting { until } => {
                // The attempt that it waits for is not made: it starts and ends in this moment.
                self.floor.tasks.whole(task).start(until)?;
                self.floor.succeeded(now, task)
            }
            _ => Ok(()),
        }
    }

    /// The time of a task's timeout, or of one of its earlier attempts.
    pub(super) fn timeout(&mut self, now: u64, task: u32) -> Result<(), SimError> {
        self.armed[task as usize] = false;
        let state = self.floor.tasks.whole(task);
        if state.state() != State::Running {
            return Ok(());
        }
        let (since, attempt) = (state.at().as_nanos(), state.attempts());
        let deadline = since.saturating_add(self.timeout_of(task, attempt)).min(1 << 62);
        if now < deadline {
            // With a patience of its own each attempt has set its own timer.
            if self.floor.scenario.client.patience.is_none() && deadline < 1 << 62 {
                self.armed[task as usize] = true;
                self.floor.push(deadline, Class::Timeout, task);
            }
            return Ok(());
        }
        self.floor.meter.timed_out += 1;
        let current = std::mem::replace(&mut self.current[task as usize], NONE);
        if current != NONE {
            self.give_up(now, current)?;
        }
        self.task_failed(now, task, Failure::Timeout, None)
    }

    /// A request is abandoned; the server learns it if the client tells.
    pub(super) fn give_up(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        self.requests.get_mut(id).abandoned = true;
        if self.floor.scenario.client.cancel_on_timeout {
            return self.cancel(now, id);
        }
        Ok(())
    }

    /// A server learns that a request is abandoned, and stops working on it.
    pub(super) fn cancel(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.requests.get_mut(id);
        request.cancelled = true;
        let request = *request;
        match request.place {
            // It is forgotten when it arrives.
            Place::Travelling => return Ok(()),
            // Or in its turn.
            Place::Waiting => {
                self.tier(request.tier).cancelled();
                self.note_queue(now, request.tier);
                return Ok(());
            }
            Place::Gone => return Ok(()),
            // Or when its service would have ended.
            Place::Serving => {}
            Place::Calling => {
                self.drop_call(now, request.call)?;
                self.forget(id);
            }
        }
        self.floor.meter.wasted += u128::from(now - request.began);
        self.tier(request.tier).release();
        self.serve_next(now, request.tier)
    }
}
