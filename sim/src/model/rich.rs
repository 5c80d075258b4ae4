//! Requests: what travels between a client and a server, waits there, and may be given up.
//!
//! Without network, timeouts and layers a request is no more than its task, and the loop works with
//! the task's number. With them one task can have several: the one that its client waits for, and
//! those it has stopped waiting for, which the server works on in vain. That is what makes overload
//! feed itself, so they are kept exactly: each has its place in a queue, at a worker, or on the way.

use redrive::{
    Duration, RetryPolicy, Time, Verdict,
    random::Stream,
    task::{Reason, State},
};

use super::{
    breaker::Circuit,
    calls::{Call, Layers},
    event::{Class, Failure, Purpose},
    slab::{NONE, Slab},
    throttle::Throttles,
    tier::{Admission, Tier, or_never},
    world::World,
};
use crate::{error::SimError, scenario::Scenario};

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On the way, there or back.
    Travelling,
    /// In the queue.
    Waiting,
    /// At a worker.
    Serving,
    /// At a worker who waits for the next layer.
    Calling,
}

/// Who waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// The client of a task.
    Task(u32),
    /// A layer's call.
    Call(u32),
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) caller: Caller,
    /// The task that it is made for, through however many layers.
    pub(super) root: u32,
    pub(super) key: u64,
    pub(super) attempt: u32,
    pub(super) tier: u8,
    pub(super) place: Place,
    /// Nobody waits any more.
    pub(super) abandoned: bool,
    /// And the server knows it.
    pub(super) cancelled: bool,
    /// When a worker took it.
    pub(super) began: u64,
    /// The call that its worker waits for.
    pub(super) call: u32,
    answer: Option<Failure>,
    retry_after: Option<Duration>,
}

/// What a rich world has besides tasks and a server.
pub(crate) struct Rich<'s> {
    /// Services between the clients and the server.
    pub(super) layers: Vec<Tier>,
    pub(super) requests: Slab<Request>,
    pub(super) calls: Slab<Call>,
    pub(super) rules: Layers<'s>,
    /// The request that each task's client waits for.
    current: Vec<u32>,
    /// Whether a timeout of the task lies in the queue (one at most, set anew when it is early).
    armed: Vec<bool>,
    timeout: u64,
    circuits: Vec<Circuit>,
    pub(super) throttles: Throttles,
    leg_out: Stream,
    leg_back: Stream,
    loss_out: Stream,
    loss_back: Stream,
}

/// Whether a scenario under a policy needs requests.
pub(crate) fn is_rich(scenario: &Scenario, policy: &RetryPolicy) -> bool {
    scenario.network != crate::scenario::Network::default()
        || scenario.client.timeout.is_some()
        || policy.attempt_timeout().is_some()
        || !scenario.layers.is_empty()
        || scenario.client.breaker.is_some()
        || scenario.client.throttle.is_some()
}

impl<'s> Rich<'s> {
    pub(super) fn new(
        scenario: &'s Scenario,
        policy: &'s RetryPolicy,
        seed: Stream,
        layers: Vec<Tier>,
        clients: u32,
    ) -> Self {
        let circuits = if scenario.client.breaker.is_some() { clients as usize } else { 0 };
        Self {
            layers,
            requests: Slab::new(),
            calls: Slab::new(),
            rules: Layers::new(scenario, policy, seed),
            current: Vec::new(),
            armed: Vec::new(),
            timeout: or_never(scenario.client.timeout).min(or_never(policy.attempt_timeout())),
            circuits: vec![Circuit::default(); circuits],
            throttles: Throttles::new(seed.substream(Purpose::Throttle as u64)),
            leg_out: seed.substream(Purpose::LegOut as u64),
            leg_back: seed.substream(Purpose::LegBack as u64),
            loss_out: seed.substream(Purpose::LossOut as u64),
            loss_back: seed.substream(Purpose::LossBack as u64),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.requests.bytes()
            + self.calls.bytes()
            + self.current.capacity() * 4
            + self.armed.capacity()
            + self.throttles.bytes()
            + self.layers.iter().map(Tier::bytes).sum::<usize>()
    }
}

impl<const RICH: bool> World<'_, RICH> {
    pub(super) fn tier(&mut self, number: u8) -> &mut Tier {
        match self.rich.layers.get_mut(number as usize) {
            Some(layer) => layer,
            None => &mut self.server,
        }
    }

    pub(super) fn rich_step(&mut self, now: u64, class: Class, id: u32) -> Result<(), SimError> {
        match class {
            Class::Respond => self.deliver(now, id),
            Class::Timeout => self.timeout(now, id),
            Class::Arrive => self.reach(now, id),
            Class::CallTimeout => self.call_timeout(now, id),
            Class::CallAttempt => self.call_attempt(now, id),
            // The loop deals with the others itself.
            _ => Ok(()),
        }
    }

    /// A task's attempt starts: past the throttle and the breaker, on its way.
    pub(super) fn send_task(
        &mut self,
        now: u64,
        id: u32,
        attempt: u32,
        first: bool,
    ) -> Result<(), SimError> {
        if self.rich.current.len() <= id as usize {
            self.rich.current.resize(id as usize + 1, NONE);
            self.rich.armed.resize(id as usize + 1, false);
        }
        // The throttle first: a probe of an open breaker must not be lost in it.
        if self.throttled(now, id, attempt) {
            return self.failed(now, id, Failure::ClientThrottle, None);
        }
        if let Some(rule) = &self.scenario.client.breaker {
            let client = self.owners.of(id) as usize;
            if !rule.retries_only && !self.rich.circuits[client].allows(rule, now) {
                self.meter.breaker_denied += 1;
                return self.failed(now, id, Failure::Breaker, None);
            }
        }
        self.meter.attempt(!first);
        if self.rich.timeout != u64::MAX && !self.rich.armed[id as usize] {
            self.rich.armed[id as usize] = true;
            let deadline = now.saturating_add(self.rich.timeout).min(1 << 62);
            self.queue.push(deadline, Class::Timeout.of(id));
        }
        self.send(now, Caller::Task(id), id, u64::from(id), attempt, 0)
    }

    /// A request sets out.
    pub(super) fn send(
        &mut self,
        now: u64,
        caller: Caller,
        root: u32,
        key: u64,
        attempt: u32,
        tier: u8,
    ) -> Result<(), SimError> {
        let network = &self.scenario.network;
        if network.loss > 0.0 && self.rich.loss_out.draws(key, attempt).unit() < network.loss {
            self.meter.lost += 1;
            return Ok(());
        }
        let leg = network.latency.sample(&mut self.rich.leg_out.draws(key, attempt));
        let request = self.rich.requests.insert(Request {
            caller,
            root,
            key,
            attempt,
            tier,
            place: Place::Travelling,
            abandoned: false,
            cancelled: false,
            began: 0,
            call: NONE,
            answer: None,
            retry_after: None,
        });
        *self.current(caller) = request;
        if leg == 0 {
            return self.reach(now, request);
        }
        self.queue.push(now.saturating_add(leg).min(1 << 62), Class::Arrive.of(request));
        Ok(())
    }

    /// The request that a caller waits for.
    pub(super) fn current(&mut self, caller: Caller) -> &mut u32 {
        match caller {
            Caller::Task(id) => &mut self.rich.current[id as usize],
            Caller::Call(id) => &mut self.rich.calls.get_mut(id).current,
        }
    }

    /// A request is no more.
    fn forget(&mut self, id: u32) {
        let request = self.rich.requests.get(id);
        if !request.abandoned && !request.cancelled {
            let current = self.current(request.caller);
            if *current == id {
                *current = NONE;
            }
        }
        self.rich.requests.remove(id);
    }

    /// A request reaches its server.
    fn reach(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.rich.requests.get(id);
        if request.cancelled {
            self.forget(id);
            return Ok(());
        }
        let tier = self.tier(request.tier);
        match tier.admit(now, id, request.key, request.attempt) {
            Admission::Begin(time) => self.serve(now, id, time),
            Admission::Wait => {
                self.rich.requests.get_mut(id).place = Place::Waiting;
                self.note_queue(request.tier);
            }
            Admission::Refuse(failure) => {
                let retry_after = self.tier(request.tier).retry_after(failure);
                return self.answer(now, id, Some(failure), retry_after);
            }
            Admission::Swallow => self.forget(id),
        }
        Ok(())
    }

    fn serve(&mut self, now: u64, id: u32, time: u64) {
        let request = self.rich.requests.get_mut(id);
        request.place = Place::Serving;
        request.began = now;
        self.queue.push(now.saturating_add(time).min(1 << 62), Class::Complete.of(id));
    }

    fn note_queue(&mut self, tier: u8) {
        // The queue in the report is the server's.
        if usize::from(tier) == self.rich.layers.len() {
            self.meter.queue(self.server.waits());
        }
    }

    /// Free workers of a tier take what waits.
    pub(super) fn serve_tier(&mut self, now: u64, number: usize) -> Result<(), SimError> {
        let number = number as u8;
        while self.tier(number).has_next() {
            let Some((id, dropped)) = self.tier(number).next(now) else { break };
            let request = self.rich.requests.get(id);
            if request.cancelled {
                self.tier(number).passed_over();
                self.forget(id);
            } else if dropped {
                self.answer(now, id, Some(Failure::Overloaded), None)?;
            } else {
                let time = self.tier(number).begin(request.key, request.attempt);
                self.serve(now, id, time);
            }
        }
        self.note_queue(number);
        Ok(())
    }

    /// A worker is done with a request, or ready to call the next layer for it.
    pub(super) fn request_served(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.rich.requests.get(id);
        if request.cancelled {
            self.forget(id);
            return Ok(());
        }
        if usize::from(request.tier) < self.rich.layers.len() {
            return self.start_call(now, id);
        }
        let answer = self.answer_of(now, request.root, request.key, request.attempt);
        self.finish(now, id, answer)
    }

    /// A worker lets go of a request and answers it.
    pub(super) fn finish(
        &mut self,
        now: u64,
        id: u32,
        answer: Option<Failure>,
    ) -> Result<(), SimError> {
        let request = self.rich.requests.get(id);
        if request.abandoned {
            self.meter.wasted += u128::from(now - request.began);
        }
        self.tier(request.tier).release();
        self.serve_tier(now, usize::from(request.tier))?;
        self.answer(now, id, answer, None)
    }

    /// The answer sets out.
    fn answer(
        &mut self,
        now: u64,
        id: u32,
        answer: Option<Failure>,
        retry_after: Option<Duration>,
    ) -> Result<(), SimError> {
        let request = self.rich.requests.get_mut(id);
        request.place = Place::Travelling;
        request.answer = answer;
        request.retry_after = retry_after;
        let (key, attempt) = (request.key, request.attempt);
        let network = &self.scenario.network;
        if network.loss > 0.0 && self.rich.loss_back.draws(key, attempt).unit() < network.loss {
            self.meter.lost += 1;
            self.forget(id);
            return Ok(());
        }
        let leg = network.latency.sample(&mut self.rich.leg_back.draws(key, attempt));
        if leg == 0 {
            return self.deliver(now, id);
        }
        self.queue.push(now.saturating_add(leg).min(1 << 62), Class::Respond.of(id));
        Ok(())
    }

    /// An answer reaches the caller, who may not wait for it any more.
    fn deliver(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.rich.requests.get(id);
        let waited_for = !request.abandoned && !request.cancelled;
        self.forget(id);
        match (request.caller, waited_for) {
            (Caller::Task(task), true) => {
                self.judge(task, now, request.answer);
                match request.answer {
                    None => self.succeeded(now, task),
                    Some(failure) => {
                        self.refused_retry_or_failed(now, task, failure, request.retry_after)
                    }
                }
            }
            (Caller::Task(task), false) => self.late(now, task, request.answer),
            (Caller::Call(call), true) => match request.answer {
                None => self.end_call(now, call, None),
                Some(failure) => self.call_failed(now, call, failure, request.retry_after),
            },
            (Caller::Call(_), false) => Ok(()),
        }
    }

    /// The breaker of a task's client, and its throttle, hear how an attempt ended.
    fn judge(&mut self, task: u32, now: u64, answer: Option<Failure>) {
        self.answered(now, task, answer);
        if let Some(rule) = &self.scenario.client.breaker {
            let client = self.owners.of(task) as usize;
            self.rich.circuits[client].record(rule, now, answer.is_some());
        }
    }

    /// A breaker that stops retries gives the task up; otherwise the policy decides.
    fn refused_retry_or_failed(
        &mut self,
        now: u64,
        task: u32,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Result<(), SimError> {
        if let Some(rule) = self.scenario.client.breaker.filter(|rule| rule.retries_only) {
            let client = self.owners.of(task) as usize;
            if self.rich.circuits[client].is_tripped(&rule, now) {
                self.meter.breaker_denied += 1;
                self.meter.failed(failure.is_rejection());
                self.tasks.whole(task).kill(Time::from_nanos(now), Reason::BudgetExhausted)?;
                let verdict = Verdict::DeadLetter(Reason::BudgetExhausted);
                let (attempts, _) = self.tasks.attempts(task);
                self.given_up(now, task, attempts, verdict, failure);
                return Ok(());
            }
        }
        self.failed(now, task, failure, retry_after)
    }

    /// A success that nobody waited for any more still counts if the client looks at it.
    fn late(&mut self, now: u64, task: u32, answer: Option<Failure>) -> Result<(), SimError> {
        if !self.scenario.client.accept_late || answer.is_some() {
            return Ok(());
        }
        match self.tasks.whole(task).state() {
            State::Running => {
                let current = std::mem::replace(&mut self.rich.current[task as usize], NONE);
                if current != NONE {
                    self.give_up(now, current)?;
                }
                self.succeeded(now, task)
            }
            State::Waiting { until } => {
                // The attempt that it waits for is not made: it starts and ends in this moment.
                self.tasks.whole(task).start(until)?;
                self.succeeded(now, task)
            }
            _ => Ok(()),
        }
    }

    /// The time of a task's timeout, or of one of its earlier attempts.
    fn timeout(&mut self, now: u64, task: u32) -> Result<(), SimError> {
        self.rich.armed[task as usize] = false;
        let state = self.tasks.whole(task);
        if state.state() != State::Running {
            return Ok(());
        }
        let deadline = state.at().as_nanos().saturating_add(self.rich.timeout).min(1 << 62);
        if now < deadline {
            self.rich.armed[task as usize] = true;
            self.queue.push(deadline, Class::Timeout.of(task));
            return Ok(());
        }
        self.meter.timed_out += 1;
        let current = std::mem::replace(&mut self.rich.current[task as usize], NONE);
        if current != NONE {
            self.give_up(now, current)?;
        }
        self.judge(task, now, Some(Failure::Timeout));
        self.refused_retry_or_failed(now, task, Failure::Timeout, None)
    }

    /// Nobody waits for a request any more; the server learns it if the client tells.
    pub(super) fn give_up(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        self.rich.requests.get_mut(id).abandoned = true;
        if self.scenario.client.cancel_on_timeout {
            return self.cancel(now, id);
        }
        Ok(())
    }

    /// A server learns that nobody waits for a request any more, and stops working on it.
    fn cancel(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.rich.requests.get_mut(id);
        request.cancelled = true;
        let request = *request;
        match request.place {
            // It is forgotten when it arrives.
            Place::Travelling => return Ok(()),
            // Or in its turn.
            Place::Waiting => {
                self.tier(request.tier).cancelled();
                self.note_queue(request.tier);
                return Ok(());
            }
            // Or when its service would have ended.
            Place::Serving => {}
            Place::Calling => {
                self.cancel_call(now, request.call)?;
                self.forget(id);
            }
        }
        self.meter.wasted += u128::from(now - request.began);
        self.tier(request.tier).release();
        self.serve_tier(now, usize::from(request.tier))
    }
}
