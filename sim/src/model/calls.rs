//! Calls: what a layer asks of the next one, with a retry policy of its own.
//!
//! A call is a task inside a task: the core's [`Task`] under the layer's policy. It holds the
//! layer's worker until it ends, which is why retries low down in a stack hold the whole stack.

use redrive::{
    Context, Duration, RetryPolicy, Task, Time, Verdict, policy::Class as FailureClass,
    random::Stream, task::State,
};

use super::{
    event::{Class, Failure, Purpose},
    rich::{Caller, Place},
    slab::NONE,
    tier::or_never,
    world::World,
};
use crate::{error::SimError, scenario::Scenario};

/// One call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
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
    pub(super) current: u32,
}

/// How the layers retry.
pub(super) struct Layers<'s> {
    rules: Vec<Rule<'s>>,
    stream: Stream,
    keys: Stream,
}

struct Rule<'s> {
    policy: &'s RetryPolicy,
    classes: [FailureClass; Failure::ALL.len()],
    timeout: u64,
}

impl<'s> Layers<'s> {
    pub(super) fn new(scenario: &'s Scenario, policy: &'s RetryPolicy, seed: Stream) -> Self {
        let rule = |layer: &'s crate::scenario::Layer| {
            let policy = layer.policy.as_ref().unwrap_or(policy);
            let classes = Failure::ALL.map(|failure| {
                let (kind, code) = failure.names();
                policy.classify(kind, Some(code))
            });
            let timeout = or_never(scenario.client.timeout).min(or_never(policy.attempt_timeout()));
            Rule { policy, classes, timeout }
        };
        let keys = seed.substream(Purpose::Calls as u64);
        Self { rules: scenario.layers.iter().map(rule).collect(), stream: seed, keys }
    }
}

impl<const RICH: bool> World<'_, RICH> {
    /// A layer has done its own part and calls the next for it.
    pub(super) fn start_call(&mut self, now: u64, parent: u32) -> Result<(), SimError> {
        let request = self.rich.requests.get(parent);
        // The address of its draws: that of the request, one layer further on.
        let keys = self.rich.rules.keys.substream(u64::from(request.tier));
        let id = self.rich.calls.insert(Call {
            task: Task::new(),
            key: keys.draws(request.key, request.attempt).next_u64(),
            root: request.root,
            parent,
            layer: request.tier,
            pending: 1,
            armed: false,
            ended: false,
            current: NONE,
        });
        let request = self.rich.requests.get_mut(parent);
        request.place = Place::Calling;
        request.call = id;
        self.call_attempt(now, id)
    }

    /// An attempt of a call starts.
    pub(super) fn call_attempt(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        if self.event_came(id) {
            return Ok(());
        }
        let call = self.rich.calls.get_mut(id);
        let attempt = call.task.start(Time::from_nanos(now))?;
        let timeout = self.rich.rules.rules[call.layer as usize].timeout;
        if timeout != u64::MAX && !call.armed {
            call.armed = true;
            call.pending += 1;
            self.queue.push(now.saturating_add(timeout).min(1 << 62), Class::CallTimeout.of(id));
        }
        let call = *call;
        self.send(now, Caller::Call(id), call.root, call.key, attempt, call.layer + 1)
    }

    /// An event of a call has come; whether the call had ended before.
    fn event_came(&mut self, id: u32) -> bool {
        let call = self.rich.calls.get_mut(id);
        call.pending -= 1;
        let ended = call.ended;
        if ended && call.pending == 0 {
            self.rich.calls.remove(id);
        }
        ended
    }

    /// An attempt of a call failed: the layer's policy says what now.
    pub(super) fn call_failed(
        &mut self,
        now: u64,
        id: u32,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Result<(), SimError> {
        let call = self.rich.calls.get_mut(id);
        let rule = &self.rich.rules.rules[call.layer as usize];
        let stream = self.rich.rules.stream;
        let context = Context { policy: rule.policy, stream, key: call.key };
        let class = rule.classes[failure as usize];
        let now_time = Time::from_nanos(now);
        match call.task.fail(now_time, &context, class, retry_after, None)? {
            Verdict::Retry { at, .. } => {
                call.pending += 1;
                self.queue.push(at.as_nanos().min(1 << 62), Class::CallAttempt.of(id));
                Ok(())
            }
            _ => self.end_call(now, id, Some(Failure::Downstream)),
        }
    }

    /// A call is over: the worker who waited for it answers.
    pub(super) fn end_call(
        &mut self,
        now: u64,
        id: u32,
        answer: Option<Failure>,
    ) -> Result<(), SimError> {
        let parent = self.drop_call(id);
        self.finish(now, parent, answer)
    }

    fn drop_call(&mut self, id: u32) -> u32 {
        let call = self.rich.calls.get_mut(id);
        call.ended = true;
        let (parent, pending) = (call.parent, call.pending);
        if pending == 0 {
            self.rich.calls.remove(id);
        }
        parent
    }

    /// Nobody waits for a call's result any more, and the layer knows it.
    pub(super) fn cancel_call(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let current = std::mem::replace(&mut self.rich.calls.get_mut(id).current, NONE);
        self.drop_call(id);
        if current == NONE { Ok(()) } else { self.give_up(now, current) }
    }

    /// The time of a call's timeout, or of one of its earlier attempts.
    pub(super) fn call_timeout(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        if self.event_came(id) {
            return Ok(());
        }
        let call = self.rich.calls.get_mut(id);
        call.armed = false;
        if call.task.state() != State::Running {
            return Ok(());
        }
        let timeout = self.rich.rules.rules[call.layer as usize].timeout;
        let deadline = call.task.at().as_nanos().saturating_add(timeout).min(1 << 62);
        if now < deadline {
            call.armed = true;
            call.pending += 1;
            self.queue.push(deadline, Class::CallTimeout.of(id));
            return Ok(());
        }
        let current = std::mem::replace(&mut call.current, NONE);
        if current != NONE {
            self.give_up(now, current)?;
        }
        self.call_failed(now, id, Failure::Timeout, None)
    }
}
