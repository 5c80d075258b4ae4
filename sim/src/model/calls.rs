//! Calls: what a layer asks of the next one, with a retry policy of its own.
//!
//! A call is a task inside a task: the core's [`Task`] under the layer's policy. It holds the
//! layer's worker until it ends, which is why retries low down in a stack hold the whole stack.
//!
//! Here is decided what a call does next; `rich` does it.

use redrive::{Context, Duration, RetryPolicy, Task, Time, Verdict, random::Stream, task::State};

use super::{
    event::{Class, Purpose},
    failure::Failure,
    floor::Floor,
    slab::{NONE, Slab},
    stub::{Rules, Stub, Who},
};
use crate::{
    error::SimError,
    scenario::{NamedPolicy, Scenario},
};

/// One call.
#[derive(Clone, Copy, Debug)]
struct Call {
    task: Task,
    key: u64,
    root: u32,
    /// The request whose worker waits.
    parent: u32,
    /// The layer that calls.
    layer: u8,
    /// Events of this call that lie in the queue; it is kept until they have come.
    pending: u8,
    armed: bool,
    ended: bool,
    /// The request that it waits for.
    current: u32,
    /// When its result is not waited for any more, if servers are told.
    deadline: u64,
}

/// An attempt of a call, to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outgoing {
    pub(super) root: u32,
    pub(super) key: u64,
    pub(super) attempt: u32,
    pub(super) tier: u8,
    /// Until when it is waited for.
    pub(super) deadline: u64,
}

/// What a call does next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// An attempt is sent.
    Send(Outgoing),
    /// It has failed.
    Fail,
    /// Nothing now.
    Wait,
}

/// All calls of all layers.
pub(super) struct Calls<'s> {
    slab: Slab<Call>,
    /// How each layer calls the next.
    stubs: Vec<Stub<'s>>,
    stream: Stream,
    keys: Stream,
}

impl<'s> Calls<'s> {
    pub(super) fn new(scenario: &'s Scenario, named: &'s NamedPolicy, seed: Stream) -> Self {
        let draws = seed.substream(Purpose::Throttle as u64);
        let stub = |(i, layer): (usize, &'s crate::scenario::Layer)| {
            let policy = layer.policy.as_ref().unwrap_or(&named.policy);
            let timeout = layer.timeout.or(scenario.client.timeout);
            let rules = Rules { timeout, breaker: layer.breaker, throttle: layer.throttle };
            Stub::new(policy, rules, 1, 1, draws.substream(i as u64))
        };
        let stubs = scenario.layers.iter().enumerate().map(stub).collect();
        let keys = seed.substream(Purpose::Calls as u64);
        Self { slab: Slab::new(), stubs, stream: seed, keys }
    }

    pub(super) fn bytes(&self) -> usize {
        self.slab.bytes() + self.stubs.iter().map(Stub::bytes).sum::<usize>()
    }

    /// How the layers call.
    pub(super) fn stubs(&self) -> &[Stub<'s>] {
        &self.stubs
    }

    /// From now on a layer retries by this policy.
    pub(super) fn set_policy(&mut self, layer: usize, policy: &'s RetryPolicy) {
        if let Some(stub) = self.stubs.get_mut(layer) {
            stub.set_policy(policy);
        }
    }

    /// The request that a call waits for.
    pub(super) fn current(&mut self, id: u32) -> &mut u32 {
        &mut self.slab.get_mut(id).current
    }

    /// The request `parent`, which is `from`, has been served by its layer, and needs the next one.
    pub(super) fn start(&mut self, parent: u32, from: Outgoing) -> u32 {
        // The address of its draws: that of the request, one layer further on.
        let keys = self.keys.substream(u64::from(from.tier));
        self.slab.insert(Call {
            task: Task::new(),
            key: keys.draws(from.key, from.attempt).next_u64(),
            root: from.root,
            parent,
            layer: from.tier,
            pending: 1,
            armed: false,
            ended: false,
            current: NONE,
            deadline: from.deadline,
        })
    }

    /// An attempt of a call starts.
    pub(super) fn attempt(
        &mut self,
        floor: &mut Floor<'s>,
        now: u64,
        id: u32,
    ) -> Result<Next, SimError> {
        if self.event_came(id) {
            return Ok(Next::Wait);
        }
        let call = self.slab.get_mut(id);
        let stub = &mut self.stubs[call.layer as usize];
        let attempt = call.task.start(Time::from_nanos(now))?;
        if let Some(budget) = stub.budget(0) {
            budget.on_attempt(Time::from_nanos(now), attempt > 1);
        }
        if let Some(failure) = stub.refuses(now, Who::default(), call.key, attempt) {
            return self.refused(floor, now, id, failure, None);
        }
        if stub.timeout != u64::MAX && !call.armed {
            call.armed = true;
            call.pending += 1;
            floor.push(now.saturating_add(stub.timeout), Class::CallTimeout, id);
        }
        let (root, key, tier) = (call.root, call.key, call.layer + 1);
        let deadline = call.deadline.min(now.saturating_add(stub.timeout));
        Ok(Next::Send(Outgoing { root, key, attempt, tier, deadline }))
    }

    /// An event of a call has come; whether the call had ended before.
    fn event_came(&mut self, id: u32) -> bool {
        let call = self.slab.get_mut(id);
        call.pending -= 1;
        let ended = call.ended;
        if ended && call.pending == 0 {
            self.slab.remove(id);
        }
        ended
    }

    /// An attempt of a call was sent and failed.
    pub(super) fn failed(
        &mut self,
        floor: &mut Floor<'s>,
        now: u64,
        id: u32,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Result<Next, SimError> {
        let call = self.slab.get_mut(id);
        let stub = &mut self.stubs[call.layer as usize];
        stub.answered(now, Who::default(), Some(failure));
        if stub.stops_retry(now, 0) {
            return Ok(Next::Fail);
        }
        self.refused(floor, now, id, failure, retry_after)
    }

    /// The layer's policy says what becomes of a call whose attempt failed.
    fn refused(
        &mut self,
        floor: &mut Floor<'s>,
        now: u64,
        id: u32,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Result<Next, SimError> {
        let call = self.slab.get_mut(id);
        let stub = &mut self.stubs[call.layer as usize];
        if floor.scenario.client.propagate_deadline && now >= call.deadline {
            return Ok(Next::Fail);
        }
        let context = Context { policy: stub.policy, stream: self.stream, key: call.key };
        let class = stub.classes[failure as usize];
        let now = Time::from_nanos(now);
        match call.task.fail(now, &context, class, retry_after, stub.budget(0))? {
            Verdict::Retry { at, .. } => {
                call.pending += 1;
                floor.push(at.as_nanos(), Class::CallAttempt, id);
                Ok(Next::Wait)
            }
            _ => Ok(Next::Fail),
        }
    }

    /// A call has its answer.
    pub(super) fn succeeded(&mut self, now: u64, id: u32) {
        let call = self.slab.get_mut(id);
        let (retried, paid) = (call.task.attempts() > 1, call.task.paid());
        let stub = &mut self.stubs[call.layer as usize];
        stub.answered(now, Who::default(), None);
        if let Some(budget) = stub.budget(0) {
            budget.on_success(Time::from_nanos(now), retried, paid);
        }
    }

    /// A call is over. Returns the request whose worker waited for it.
    pub(super) fn end(&mut self, id: u32) -> u32 {
        let call = self.slab.get_mut(id);
        call.ended = true;
        let (parent, pending) = (call.parent, call.pending);
        if let Some(budget) = self.stubs[call.layer as usize].budget(0) {
            budget.on_end(call.task.attempts() > 1);
        }
        if pending == 0 {
            self.slab.remove(id);
        }
        parent
    }

    /// A timeout's event has come: whether the call's attempt has run out of time now, and was not
    /// answered or begun later.
    pub(super) fn is_overdue(&mut self, floor: &mut Floor<'s>, now: u64, id: u32) -> bool {
        if self.event_came(id) {
            return false;
        }
        let call = self.slab.get_mut(id);
        call.armed = false;
        if call.task.state() != State::Running {
            return false;
        }
        let timeout = self.stubs[call.layer as usize].timeout;
        let deadline = call.task.at().as_nanos().saturating_add(timeout).min(1 << 62);
        if now < deadline {
            call.armed = true;
            call.pending += 1;
            floor.push(deadline, Class::CallTimeout, id);
        }
        now >= deadline
    }
}
