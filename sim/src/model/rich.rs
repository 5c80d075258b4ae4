//! Requests: what travels between a client and a server, waits there, and may be given up.
//!
//! Without network, timeouts and layers a request is just its task, and the loop works with
//! the task's number. With them one task can have several: the one that its client waits for, and
//! those it has stopped waiting for, which the server works on in vain. That is what makes overload
//! feed itself, so they are kept exactly: each has its place in a queue, at a worker, or on the way.

use redrive::{
    Duration, RetryPolicy, Time,
    random::Stream,
    task::{Reason, State},
};

use super::{
    calls::{Calls, Next, Outgoing},
    control::Control,
    event::{Class, Purpose},
    failure::Failure,
    floor::{Floor, Model},
    gauge::Gauge,
    life::is_redriven,
    slab::{NONE, Slab},
    tier::{Admission, Tier},
};
use crate::{
    error::SimError,
    scenario::{Change, Fault, Loses, NamedPolicy, Scenario},
};

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On the way, there or back.
    Travelling,
    /// In the queue.
    Waiting,
    /// At a worker.
    Serving,
    /// At a worker who waits for the next layer.
    Calling,
    /// Nowhere: its number may be used again.
    Gone,
}

/// Who waits for the answer.
#[derive(Clone, Copy, Debug)]
enum Caller {
    /// The client of a task.
    Task(u32),
    /// A layer's call.
    Call(u32),
}

/// One request.
#[derive(Clone, Copy, Debug)]
struct Request {
    caller: Caller,
    /// The task that it is made for, through however many layers.
    root: u32,
    key: u64,
    attempt: u32,
    tier: u8,
    place: Place,
    /// Its client has stopped waiting.
    abandoned: bool,
    /// And the server knows it.
    cancelled: bool,
    /// When a worker took it.
    began: u64,
    /// The call that its worker waits for.
    call: u32,
    /// Until when it is waited for.
    deadline: u64,
    answer: Option<Failure>,
    retry_after: Option<Duration>,
}

/// One run of a scenario that has requests.
pub(crate) struct Rich<'s> {
    floor: Floor<'s>,
    /// The layers, outermost first, and the server.
    tiers: Vec<Tier>,
    gauges: Vec<Gauge>,
    requests: Slab<Request>,
    calls: Calls<'s>,
    /// The place of each class of clients in a queue, by its priority.
    lanes: Vec<usize>,
    patience: Stream,
    /// The request that each task's client waits for.
    current: Vec<u32>,
    /// Whether a timeout of the task lies in the queue (one at most, set anew when it is early).
    armed: Vec<bool>,
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
        || scenario.client.patience.is_some()
        || !scenario.clients.is_empty()
        || scenario.faults.iter().any(Fault::loses_requests)
        || scenario.changes.iter().any(|change| change.policy.is_some())
}

/// The place of each class of clients in a queue: the higher its priority, the earlier.
fn lanes(scenario: &Scenario) -> Vec<usize> {
    let priorities = scenario.clients.iter().map(|class| class.priority);
    let higher = |than: u32| {
        let mut higher: Vec<u32> = priorities.clone().filter(|other| *other > than).collect();
        higher.sort_unstable();
        higher.dedup();
        higher.len()
    };
    let lanes: Vec<usize> = priorities.clone().map(higher).collect();
    if lanes.is_empty() { vec![0] } else { lanes }
}

/// What a tier counted, and what its calls were refused by itself.
pub(crate) struct TierCounts {
    pub(crate) gauge: Gauge,
    pub(crate) budget_denied: u64,
    pub(crate) breaker_denied: u64,
    pub(crate) throttle_denied: u64,
}

impl<'s> Rich<'s> {
    /// A run at its beginning.
    pub(crate) fn new(scenario: &'s Scenario, named: &'s NamedPolicy, seed: u64) -> Self {
        // Clients wait for their tasks, and late answers look at where they are: they lie whole.
        let mut floor = Floor::new(scenario, named, seed, false);
        floor.plan_controls();
        let seed = floor.stream;
        Self {
            floor,
            tiers: (0..=scenario.layers.len()).map(|i| Tier::new(scenario, i, seed)).collect(),
            gauges: vec![Gauge::new(scenario); scenario.layers.len() + 1],
            requests: Slab::new(),
            calls: Calls::new(scenario, named, seed),
            lanes: lanes(scenario),
            patience: seed.substream(Purpose::Patience as u64),
            current: Vec::new(),
            armed: Vec::new(),
            leg_out: seed.substream(Purpose::LegOut as u64),
            leg_back: seed.substream(Purpose::LegBack as u64),
            loss_out: seed.substream(Purpose::LossOut as u64),
            loss_back: seed.substream(Purpose::LossBack as u64),
        }
    }

    /// The floor, when the run is over, and what each tier counted.
    pub(crate) fn into_floor(mut self) -> (Floor<'s>, Vec<TierCounts>) {
        let mut tiers: Vec<TierCounts> = Vec::new();
        for gauge in self.gauges {
            tiers.push(TierCounts {
                gauge,
                budget_denied: 0,
                breaker_denied: 0,
                throttle_denied: 0,
            });
        }
        for (stub, tier) in self.calls.stubs().iter().zip(&mut tiers) {
            tier.budget_denied = stub.budget_denied();
            tier.breaker_denied = stub.breaker_denied;
            tier.throttle_denied = stub.throttle_denied;
            self.floor.meter.breaker_denied += stub.breaker_denied;
            self.floor.meter.throttle_denied += stub.throttle_denied;
            self.floor.layers_denied += stub.budget_denied();
        }
        (self.floor, tiers)
    }

    /// An attempt of a task starts: past the throttle and the breaker, on its way.
    fn attempt(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let floor = &mut self.floor;
        let task = floor.tasks.whole(id);
        if task.state().is_final() {
            // A late answer has ended it meanwhile.
            return Ok(());
        }
        let attempt = task.start(Time::from_nanos(now))?;
        let first = attempt == 1 && !is_redriven(&floor.redriven, id);
        if first {
            floor.meter.task();
        }
        floor.count_attempt(now, id, attempt);
        if self.current.len() <= id as usize {
            self.current.resize(id as usize + 1, NONE);
            self.armed.resize(id as usize + 1, false);
        }
        let who = floor.owners.who(id);
        if let Some(failure) = floor.stub_of(id).refuses(now, who, u64::from(id), attempt) {
            return floor.failed(now, id, failure, None);
        }
        floor.meter.attempt(!first);
        floor.count_sent(id);
        let deadline = now.saturating_add(self.timeout_of(id, attempt));
        // Where all wait equally long one timer a task is enough: it is set anew when it is early.
        let each = self.floor.scenario.client.patience.is_some();
        if deadline != u64::MAX && (each || !self.armed[id as usize]) {
            self.armed[id as usize] = true;
            self.floor.push(deadline, Class::Timeout, id);
        }
        let request = Outgoing { root: id, key: u64::from(id), attempt, tier: 0, deadline };
        self.send(now, Caller::Task(id), request)
    }

    /// How long the client of a task waits for this attempt.
    fn timeout_of(&mut self, id: u32, attempt: u32) -> u64 {
        let timeout = self.floor.stub_of(id).timeout;
        match &self.floor.scenario.client.patience {
            None => timeout,
            Some(patience) => {
                timeout.min(patience.sample(&mut self.patience.draws(u64::from(id), attempt)))
            }
        }
    }

    fn new_task(&mut self, now: u64) -> Result<(), SimError> {
        let id = self.floor.add_task()?;
        self.floor.note(now, Class::Attempt.of(id));
        self.attempt(now, id)
    }

    #[cold]
    fn control(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        match self.floor.controls[id as usize] {
            Control::Fault(tier) => {
                let loses = self.tiers[tier].turn(now);
                if loses > Loses::Nothing {
                    self.crash(now, tier as u8, loses)?;
                }
                return self.serve_next(now, tier as u8);
            }
            Control::After => self.floor.meter.after_begins(),
            Control::Redrive => self.floor.redrive(now),
            Control::Change(i) => return self.change(now, &self.floor.scenario.changes[i]),
        }
        Ok(())
    }

    /// Operators act.
    fn change(&mut self, now: u64, change: &'s Change) -> Result<(), SimError> {
        let place = change.layer.unwrap_or(self.tiers.len() - 1);
        match (&change.policy, change.layer) {
            (Some(policy), Some(layer)) => self.calls.set_policy(layer, policy),
            (Some(policy), None) => {
                let floor = &mut self.floor;
                for stub in floor.others.iter_mut().chain([&mut floor.clients]) {
                    stub.set_policy(policy);
                }
                // A timer of the policy before may come too late for this one.
                self.armed.fill(false);
            }
            (None, _) => {}
        }
        self.tiers[place].change(now, change);
        if change.flush {
            self.lose_waiting(now, place as u8)?;
        }
        self.serve_next(now, place as u8)
    }

    fn tier(&mut self, number: u8) -> &mut Tier {
        &mut self.tiers[number as usize]
    }

    /// A request sets out.
    fn send(&mut self, now: u64, caller: Caller, outgoing: Outgoing) -> Result<(), SimError> {
        let Outgoing { root, key, attempt, tier, deadline } = outgoing;
        let network = &self.floor.scenario.network;
        if network.loss > 0.0 && self.loss_out.draws(key, attempt).unit() < network.loss {
            self.floor.meter.lost += 1;
            return Ok(());
        }
        let leg = network.latency.sample(&mut self.leg_out.draws(key, attempt));
        let request = self.requests.insert(Request {
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
            deadline,
            answer: None,
            retry_after: None,
        });
        *self.current(caller) = request;
        if leg == 0 {
            return self.reach(now, request);
        }
        self.floor.push(now.saturating_add(leg), Class::Arrive, request);
        Ok(())
    }

    /// The request that a caller waits for.
    fn current(&mut self, caller: Caller) -> &mut u32 {
        match caller {
            Caller::Task(id) => &mut self.current[id as usize],
            Caller::Call(id) => self.calls.current(id),
        }
    }

    /// A request has ended.
    fn forget(&mut self, id: u32) {
        let request = self.requests.get(id);
        if !request.abandoned && !request.cancelled {
            let current = self.current(request.caller);
            if *current == id {
                *current = NONE;
            }
        }
        self.requests.get_mut(id).place = Place::Gone;
        self.requests.remove(id);
    }

    /// A request reaches its server.
    fn reach(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.requests.get(id);
        if request.cancelled {
            self.forget(id);
            return Ok(());
        }
        self.gauges[request.tier as usize].reached(now);
        let lane = self.lanes[self.floor.owners.class(request.root)];
        let tier = self.tier(request.tier);
        match tier.admit(now, id, request.key, request.attempt, lane) {
            Admission::Begin(time) => self.serve(now, id, time),
            Admission::Wait => {
                self.requests.get_mut(id).place = Place::Waiting;
                self.note_queue(now, request.tier);
            }
            Admission::Refuse(failure) => {
                let retry_after = self.tier(request.tier).retry_after(failure);
                self.gauges[request.tier as usize].refused(now);
                return self.answer(now, id, Some(failure), retry_after);
            }
            Admission::Swallow => self.forget(id),
        }
        Ok(())
    }

    fn serve(&mut self, now: u64, id: u32, time: u64) {
        let request = self.requests.get_mut(id);
        request.place = Place::Serving;
        request.began = now;
        self.floor.push(now.saturating_add(time), Class::Complete, id);
    }

    fn note_queue(&mut self, now: u64, tier: u8) {
        let waiting = self.tiers[tier as usize].waits();
        self.gauges[tier as usize].queue(now, waiting);
        // The queue in the report is the server's.
        if usize::from(tier) + 1 == self.tiers.len() {
            self.floor.meter.queue(waiting);
        }
    }

    /// Free workers of a tier take what waits.
    fn serve_next(&mut self, now: u64, number: u8) -> Result<(), SimError> {
        while self.tier(number).has_next() {
            let Some((id, dropped)) = self.tier(number).next(now) else { break };
            let request = self.requests.get(id);
            if request.cancelled {
                self.tier(number).passed_over();
                self.forget(id);
            } else if self.is_expired(now, &request) {
                self.gauges[number as usize].refused(now);
                self.answer(now, id, Some(Failure::Timeout), None)?;
            } else if dropped {
                self.gauges[number as usize].refused(now);
                self.answer(now, id, Some(Failure::Overloaded), None)?;
            } else {
                let time = self.tier(number).begin(request.key, request.attempt);
                self.serve(now, id, time);
            }
        }
        self.note_queue(now, number);
        Ok(())
    }

    /// A worker is done with a request, or ready to call the next layer for it.
    fn request_served(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.requests.get(id);
        if request.cancelled {
            self.forget(id);
            return Ok(());
        }
        if usize::from(request.tier) + 1 < self.tiers.len() {
            if self.is_expired(now, &request) {
                return self.finish(now, id, Some(Failure::Timeout));
            }
            return self.start_call(now, id, &request);
        }
        let tier = self.tier(request.tier);
        let fails = tier.fails_served(request.key, request.attempt);
        let answer = if self.floor.is_poison(request.root) {
            Some(Failure::Poison)
        } else {
            fails.then_some(Failure::Error)
        };
        self.finish(now, id, answer)
    }

    /// Whether its server knows that a request is abandoned.
    fn is_expired(&self, now: u64, request: &Request) -> bool {
        self.floor.scenario.client.propagate_deadline && now >= request.deadline
    }

    /// A layer has done its own part and calls the next for it.
    fn start_call(&mut self, now: u64, id: u32, request: &Request) -> Result<(), SimError> {
        let Request { root, key, attempt, tier, deadline, .. } = *request;
        let call = self.calls.start(id, Outgoing { root, key, attempt, tier, deadline });
        let request = self.requests.get_mut(id);
        request.place = Place::Calling;
        request.call = call;
        self.call_attempt(now, call)
    }

    /// An attempt of a call starts.
    fn call_attempt(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let next = self.calls.attempt(&mut self.floor, now, id)?;
        self.go_on(now, id, next)
    }

    /// An attempt of a call failed.
    fn call_failed(
        &mut self,
        now: u64,
        id: u32,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Result<(), SimError> {
        let next = self.calls.failed(&mut self.floor, now, id, failure, retry_after)?;
        self.go_on(now, id, next)
    }

    /// A call does what it does next.
    fn go_on(&mut self, now: u64, id: u32, next: Next) -> Result<(), SimError> {
        match next {
            Next::Send(outgoing) => self.send(now, Caller::Call(id), outgoing),
            Next::Fail => {
                let parent = self.calls.end(id);
                self.finish(now, parent, Some(Failure::Downstream))
            }
            Next::Wait => Ok(()),
        }
    }

    /// The time of a call's timeout, or of one of its earlier attempts.
    fn call_timeout(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        if !self.calls.is_overdue(&mut self.floor, now, id) {
            return Ok(());
        }
        let current = std::mem::replace(self.calls.current(id), NONE);
        if current != NONE {
            self.give_up(now, current)?;
        }
        self.call_failed(now, id, Failure::Timeout, None)
    }

    /// A worker lets go of a request and answers it.
    fn finish(&mut self, now: u64, id: u32, answer: Option<Failure>) -> Result<(), SimError> {
        let request = self.requests.get(id);
        if request.abandoned {
            self.floor.meter.wasted += u128::from(now - request.began);
        }
        if answer.is_none() {
            self.gauges[request.tier as usize].succeeded(now);
        }
        self.tier(request.tier).release();
        self.serve_next(now, request.tier)?;
        self.answer(now, id, answer, None)
    }

    /// A tier has gone down, and what it was doing is lost: their callers see the connection break.
    fn crash(&mut self, now: u64, tier: u8, loses: Loses) -> Result<(), SimError> {
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
    fn lose_waiting(&mut self, now: u64, tier: u8) -> Result<(), SimError> {
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
    fn lose(&mut self, now: u64, id: u32) -> Result<(), SimError> {
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
    fn drop_call(&mut self, now: u64, call: u32) -> Result<(), SimError> {
        let current = std::mem::replace(self.calls.current(call), NONE);
        self.calls.end(call);
        if current == NONE { Ok(()) } else { self.give_up(now, current) }
    }

    /// The answer sets out.
    fn answer(
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
    fn deliver(&mut self, now: u64, id: u32) -> Result<(), SimError> {
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
    fn task_failed(
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
    fn late(&mut self, now: u64, task: u32, answer: Option<Failure>) -> Result<(), SimError> {
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
    fn timeout(&mut self, now: u64, task: u32) -> Result<(), SimError> {
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
    fn give_up(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        self.requests.get_mut(id).abandoned = true;
        if self.floor.scenario.client.cancel_on_timeout {
            return self.cancel(now, id);
        }
        Ok(())
    }

    /// A server learns that a request is abandoned, and stops working on it.
    fn cancel(&mut self, now: u64, id: u32) -> Result<(), SimError> {
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

impl<'s> Model<'s> for Rich<'s> {
    #[inline(always)]
    fn floor(&self) -> &Floor<'s> {
        &self.floor
    }

    #[inline(always)]
    fn floor_mut(&mut self) -> &mut Floor<'s> {
        &mut self.floor
    }

    #[inline]
    fn event(&mut self, now: u64, class: Class, id: u32) -> Result<(), SimError> {
        match class {
            Class::Attempt => self.attempt(now, id),
            Class::Control => self.control(now, id),
            Class::Complete => self.request_served(now, id),
            Class::Respond => self.deliver(now, id),
            Class::Timeout => self.timeout(now, id),
            Class::Arrive => self.reach(now, id),
            Class::CallTimeout => self.call_timeout(now, id),
            Class::CallAttempt => self.call_attempt(now, id),
            Class::Start => {
                self.floor.start_client(now, id);
                self.new_task(now)
            }
        }
    }

    fn arrive(&mut self, now: u64) -> Result<(), SimError> {
        self.new_task(now)
    }

    fn own_bytes(&self) -> usize {
        self.requests.bytes()
            + self.calls.bytes()
            + self.current.capacity() * size_of::<u32>()
            + self.armed.capacity()
            + self.tiers.iter().map(Tier::bytes).sum::<usize>()
            + self.gauges.iter().map(Gauge::bytes).sum::<usize>()
    }
}
