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

mod answering;
mod calling;
mod serving;

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
    /// When it reached its server.
    reached: u64,
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
            reached: 0,
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
