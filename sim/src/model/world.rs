//! One run: the loop, and the life of a task.

use std::num::NonZeroU32;

use redrive::{
    Context, Duration, RetryPolicy, Task, Time, Verdict, policy::Class as FailureClass,
    random::Stream, task::Compact, time::nanos,
};

use super::{
    control::Control,
    event::{Class, Failure, Purpose, id_of},
    meter::Meter,
    owners::Owners,
    rich::Rich,
    source::Source,
    tasks::{Held, Tasks},
    tier::{Admission, Tier},
};
use crate::{
    bounds,
    calendar::Calendar,
    distribution::Distribution,
    error::SimError,
    outcome::Mark,
    run::Progress,
    scenario::{Arrivals, Scenario},
};

/// How far ahead events are expected to lie, unless a policy's cap says less: a minute.
const REACH: u64 = 60_000_000_000;

/// How many events pass between two looks at progress and limits.
const LOOK: u64 = 1 << 18;

/// For how many events ahead the tasks are asked of memory: they fit the first cache together.
const FETCH: u64 = 256;

/// How many of those that wait for a server are asked for with them.
const SERVED: usize = 32;

/// In place of the start of an earlier life: there was none.
pub(super) const ONE_LIFE: u64 = u64::MAX;

/// One run of one policy. `RICH` says whether the scenario has more than tasks and one server: what
/// `rich` holds is compiled out otherwise.
pub(crate) struct World<'s, const RICH: bool> {
    pub(super) scenario: &'s Scenario,
    pub(super) policy: &'s RetryPolicy,
    pub(super) queue: Calendar,
    pub(super) tasks: Tasks,
    pub(super) server: Tier,
    pub(super) rich: Rich<'s>,
    pub(super) owners: Owners,
    pub(super) meter: Meter,
    /// The seed's own stream: the delays are those of the schedule.
    pub(super) stream: Stream,
    classes: [FailureClass; Failure::ALL.len()],
    source: Source,
    pub(super) controls: Vec<Control>,
    think: Option<(&'s Distribution, Stream, u64)>,
    cron: Option<(u64, u64)>,
    poison: Option<(f64, Stream)>,
    /// When the first life of a task began that has been redriven; [`ONE_LIFE`] for the others.
    pub(super) redriven: Vec<u64>,
    /// The last nanosecond that belongs to the run.
    pub(super) last: u64,
    pub(crate) events: u64,
    hash: u64,
}

impl<'s, const RICH: bool> World<'s, RICH> {
    /// A run at its beginning. `records` says whether it will be asked for its tasks.
    pub(crate) fn new(
        scenario: &'s Scenario,
        policy: &'s RetryPolicy,
        seed: u64,
        records: bool,
    ) -> Self {
        let stream = Stream::new(seed);
        let horizon = scenario.horizon.map(|_| scenario.end());
        let expected = scenario.arrivals.expected(horizon).min(bounds::TASKS.max);
        let classes = Failure::ALL.map(|failure| {
            let (kind, code) = failure.names();
            policy.classify(kind, Some(code))
        });
        let servers = scenario.layers.len();
        let tier = |number: usize, server| {
            let hits = |fault: &&_| {
                let fault: &&crate::scenario::Fault = fault;
                fault.layer.unwrap_or(servers) == number
            };
            let faults = scenario.faults.iter().filter(hits).copied().collect();
            Tier::new(server, faults, stream, number as u64)
        };
        let layers = scenario.layers.iter().enumerate().map(|(i, l)| tier(i, &l.server)).collect();
        let poison = scenario.client.permanent_rate;
        let owners = Owners::new(&scenario.client, &scenario.arrivals, policy);
        let reach = policy.max_delay().map_or(REACH, |delay| nanos(delay).min(REACH));
        // A herd waits all together; of other arrivals, few at a time.
        let herd = matches!(scenario.arrivals, Arrivals::Herd { .. });
        let pending = if herd { expected.min(1e8) as usize } else { 0 };
        let mut world = Self {
            scenario,
            policy,
            queue: Calendar::new((REACH as f64 / expected.max(1.0)) as u64, reach, pending),
            tasks: Tasks::new(is_compact(RICH, policy, records), expected.min(1e8) as usize + 1),
            server: tier(servers, &scenario.server),
            rich: Rich::new(scenario, policy, stream, layers, owners.clients()),
            owners,
            meter: Meter::new(scenario, expected),
            stream,
            classes,
            source: Source::new(&scenario.arrivals, stream),
            controls: Vec::new(),
            think: None,
            cron: None,
            poison: (poison > 0.0).then(|| (poison, stream.substream(Purpose::Poison as u64))),
            redriven: Vec::new(),
            last: scenario.end().as_nanos().saturating_sub(1).min(1 << 62),
            events: 0,
            hash: 0,
        };
        world.plan_controls();
        world.plan_clients();
        world
    }

    /// Arrivals that are events: a spread herd, serial and periodic clients.
    fn plan_clients(&mut self) {
        match &self.scenario.arrivals {
            Arrivals::Herd { tasks, at, spread } if !spread.is_zero() => {
                let stream = self.stream.substream(Purpose::Arrivals as u64);
                for id in 0..*tasks {
                    let ahead = stream.draws(u64::from(id), 0).unit() * nanos(*spread) as f64;
                    self.tasks.add();
                    self.queue.push(at.as_nanos() + ahead as u64, Class::Attempt.of(id));
                }
            }
            Arrivals::Serial { clients, think, at, until } => {
                let stream = self.stream.substream(Purpose::Think as u64);
                let end = until.map_or(u64::MAX, Time::as_nanos);
                self.think = Some((think, stream, end));
                for client in 0..*clients {
                    let first = think.sample(&mut stream.draws(u64::from(client), 1));
                    self.start_client_at(at.as_nanos().saturating_add(first), client, end);
                }
            }
            Arrivals::Cron { clients, every, skew, at, until } => {
                let stream = self.stream.substream(Purpose::Skew as u64);
                let end = until.map_or(u64::MAX, Time::as_nanos);
                self.cron = Some((nanos(*every), end));
                for client in 0..*clients {
                    let unit = stream.draws(u64::from(client), 0).unit();
                    let skew = (unit * nanos(*skew) as f64) as u64;
                    self.start_client_at(at.as_nanos() + skew, client, end);
                }
            }
            _ => {}
        }
    }

    fn start_client_at(&mut self, time: u64, client: u32, end: u64) {
        if time < end {
            self.queue.push(time.min(1 << 62), Class::Start.of(client));
        }
    }

    /// Runs to the horizon, or until nothing is left. `false` when `progress` stopped it before: the
    /// next call goes on from there.
    // A function of its own: engines of WebAssembly compile one that holds everything late and badly.
    #[inline(never)]
    pub(crate) fn run(&mut self, progress: &mut dyn Progress) -> Result<bool, SimError> {
        let (mut look, mut pause) = (self.events + LOOK, 0);
        let mut arrival = self.source.next();
        let mut limit = arrival.min(self.last);
        loop {
            match self.queue.pop(limit) {
                Some((now, entity)) => self.step(now, entity)?,
                None if self.queue.turn(limit) => pause = 0,
                None if arrival <= self.last => {
                    self.meter.turn(arrival)?;
                    self.new_task(arrival)?;
                    self.source.take();
                    arrival = self.source.next();
                    limit = arrival.min(self.last);
                }
                None => break,
            }
            if self.events < pause {
                continue;
            }
            self.fetch_ahead();
            pause = self.events + FETCH;
            if self.events >= look {
                look = self.events + LOOK;
                self.check_limits()?;
                if !progress.tick(Time::from_nanos(arrival.min(self.meter.last_end)), self.events) {
                    return Ok(false);
                }
            }
        }
        self.check_limits()?;
        Ok(true)
    }

    /// Asks memory for the tasks that will be needed soon, all together: with many tasks each is a
    /// miss of the cache, and misses that overlap cost a tenth of those that wait for each other.
    fn fetch_ahead(&self) {
        let soon = self.queue.soon().take(FETCH as usize).map(id_of);
        let last = self.policy.max_attempts().map_or(u32::MAX, NonZeroU32::get);
        std::hint::black_box(self.tasks.touch(soon, last));
        if !RICH {
            let served = self.server.next_served().take(SERVED);
            std::hint::black_box(self.tasks.touch(served, 0));
        }
    }

    #[cold]
    fn check_limits(&self) -> Result<(), SimError> {
        let limits = self.scenario.limits;
        if self.events > limits.events {
            let message = format!(
                "stopped after {} events: raise limits.events, or lower the tasks or the horizon",
                limits.events
            );
            return Err(SimError::Limit { message });
        }
        let bytes = self.bytes() as u64;
        if bytes > limits.memory {
            let message = format!(
                "stopped at {} MB: raise limits.memoryMb, or lower the tasks or the queue's limit",
                bytes / 1_000_000
            );
            return Err(SimError::Limit { message });
        }
        Ok(())
    }

    /// Bytes held, all told.
    pub(crate) fn bytes(&self) -> usize {
        self.queue.bytes()
            + self.tasks.bytes()
            + self.server.bytes()
            + self.rich.bytes()
            + self.owners.bytes()
            + self.meter.bytes()
            + self.redriven.capacity() * size_of::<u64>()
    }

    #[inline]
    fn note(&mut self, now: u64, entity: u32) {
        self.events += 1;
        let event = now.wrapping_add(u64::from(entity).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.hash = (self.hash.rotate_left(5) ^ event).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    /// Requests that reached each layer, and the server.
    pub(crate) fn reached(&self) -> Vec<u64> {
        self.rich.layers.iter().chain([&self.server]).map(|tier| tier.reached).collect()
    }

    /// The tasks, by number, if the run was to keep them.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.all_whole()
    }

    /// Retries that budgets refused.
    pub(crate) fn denied(&self) -> u64 {
        self.owners.denied()
    }

    /// What was counted, complete.
    pub(crate) fn into_meter(mut self) -> Result<Meter, SimError> {
        self.meter.finish()?;
        Ok(self.meter)
    }

    /// The hash over all events so far, in order.
    pub(crate) fn hash(&self) -> u64 {
        // The last multiplication leaves the low bits weak.
        self.hash ^ self.hash >> 32
    }

    #[inline]
    fn step(&mut self, now: u64, entity: u32) -> Result<(), SimError> {
        self.meter.turn(now)?;
        self.note(now, entity);
        let id = id_of(entity);
        let class = Class::from_entity(entity);
        // By far the most frequent one.
        if class == Class::Attempt {
            return self.attempt_here(now, id);
        }
        match class {
            Class::Complete if RICH => self.request_served(now, id),
            Class::Complete => self.complete(now, id),
            Class::Control => self.control(now, id),
            Class::Start => self.start_client(now, id),
            class if RICH => self.rich_step(now, class, id),
            _ => Ok(()),
        }
    }

    fn new_task(&mut self, now: u64) -> Result<(), SimError> {
        let id = self.tasks.len() as u32;
        if f64::from(id) >= bounds::TASKS.max {
            let message = format!(
                "stopped after {id} tasks, the most there can be: lower the arrivals or the horizon"
            );
            return Err(SimError::Limit { message });
        }
        self.tasks.add();
        self.note(now, Class::Attempt.of(id));
        self.attempt(now, id)
    }

    /// A client starts a task.
    #[cold]
    fn start_client(&mut self, now: u64, client: u32) -> Result<(), SimError> {
        if let Some((every, end)) = self.cron {
            self.start_client_at(now.saturating_add(every), client, end);
        }
        self.owners.add(client);
        self.new_task(now)
    }

    /// An attempt starts.
    fn attempt(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        self.attempt_here(now, id)
    }

    /// [`attempt`](Self::attempt) in the place where nearly all are made: attempts that are refused
    /// are most of what happens in a herd, and calls would be a fifth of their cost.
    #[inline(always)]
    fn attempt_here(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let mut task = self.tasks.hold(id);
        if RICH
            && let Held::Whole(task) = &task
            && task.state().is_final()
        {
            // A late answer has ended it meanwhile.
            return Ok(());
        }
        let attempt = task.start(Time::from_nanos(now))?;
        let first = attempt == 1 && !is_redriven(&self.redriven, id);
        if first {
            self.meter.task();
        }
        if let Some(budget) = self.owners.budget(id) {
            budget.on_attempt(Time::from_nanos(now), attempt > 1);
        }
        if RICH {
            return self.send_task(now, id, attempt, first);
        }
        self.meter.attempt(!first);
        match self.server.admit(now, id, u64::from(id), attempt) {
            Admission::Begin(time) => {
                self.queue.push(now.saturating_add(time).min(1 << 62), Class::Complete.of(id));
            }
            Admission::Wait => self.meter.queue(self.server.waits()),
            Admission::Refuse(Failure::Throttle) => {
                let retry_after = self.server.retry_after(Failure::Throttle);
                return self.failed(now, id, Failure::Throttle, retry_after);
            }
            Admission::Refuse(failure) => {
                // What `failed` does, with the task at hand.
                self.meter.failed(failure.is_rejection());
                let key = u64::from(id);
                let context = Context { policy: self.policy, stream: self.stream, key };
                let class = self.classes[failure as usize];
                if let Some(at) = task.fail_plainly(Time::from_nanos(now), &context, class) {
                    self.try_again(now, id, at, failure);
                    return Ok(());
                }
                let budget = self.owners.budget(id);
                let verdict = task.fail(Time::from_nanos(now), context, class, None, budget)?;
                self.carry_out(now, id, attempt, verdict, failure);
            }
            // Scenarios in which requests are swallowed are rich: they need timeouts.
            Admission::Swallow => {}
        }
        Ok(())
    }

    /// A request's service is over, in a world without requests: the number is the task's.
    #[inline]
    fn complete(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        self.server.release();
        let (attempt, _) = self.tasks.attempts(id);
        if self.server.has_next() {
            self.serve_next(now)?;
        }
        match self.answer_of(now, id, u64::from(id), attempt) {
            None => self.succeeded(now, id),
            Some(failure) => self.failed(now, id, failure, None),
        }
    }

    /// What the server answers to a request that has been served: nothing is wrong, or what is.
    #[inline]
    pub(super) fn answer_of(&self, now: u64, id: u32, key: u64, attempt: u32) -> Option<Failure> {
        if let Some((rate, stream)) = &self.poison
            && stream.draws(u64::from(id), 0).unit() < *rate
        {
            return Some(Failure::Poison);
        }
        self.server.fails_served(now, key, attempt).then_some(Failure::Error)
    }

    /// Free workers take what waits.
    pub(super) fn serve_next(&mut self, now: u64) -> Result<(), SimError> {
        while self.server.has_next() {
            let Some((id, dropped)) = self.server.next(now) else { break };
            if dropped {
                self.failed(now, id, Failure::Overloaded, None)?;
                continue;
            }
            let (attempt, _) = self.tasks.attempts(id);
            let time = self.server.begin(u64::from(id), attempt);
            self.queue.push(now.saturating_add(time).min(1 << 62), Class::Complete.of(id));
        }
        self.meter.queue(self.server.waits());
        Ok(())
    }

    #[inline]
    pub(super) fn succeeded(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let (attempts, paid) = self.tasks.attempts(id);
        self.tasks.hold(id).succeed(Time::from_nanos(now))?;
        let began = self.began(id);
        self.meter.succeeded(now, began, attempts);
        self.meter.mark(id, now, Mark::Succeeded, "");
        if let Some(budget) = self.owners.budget(id) {
            budget.on_success(Time::from_nanos(now), attempts > 1, paid);
        }
        self.task_ended(now, id, attempts);
        Ok(())
    }

    /// The running attempt of a task failed: the policy says what now.
    pub(super) fn failed(
        &mut self,
        now: u64,
        id: u32,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Result<(), SimError> {
        self.meter.failed(failure.is_rejection());
        let context = Context { policy: self.policy, stream: self.stream, key: u64::from(id) };
        let class = self.classes[failure as usize];
        let budget = self.owners.budget(id);
        let (attempts, _) = self.tasks.attempts(id);
        let task = self.tasks.hold(id);
        let verdict = task.fail(Time::from_nanos(now), context, class, retry_after, budget)?;
        self.carry_out(now, id, attempts, verdict, failure);
        Ok(())
    }

    #[inline(always)]
    fn try_again(&mut self, now: u64, id: u32, at: Time, failure: Failure) {
        self.queue.push_here(at.as_nanos().min(1 << 62), Class::Attempt.of(id));
        if self.meter.is_sampled(id) {
            self.mark_failure(id, now, failure);
        }
    }

    fn carry_out(&mut self, now: u64, id: u32, attempts: u32, verdict: Verdict, failure: Failure) {
        match verdict {
            Verdict::Retry { at, .. } => self.try_again(now, id, at, failure),
            verdict => self.given_up(now, id, attempts, verdict, failure),
        }
    }

    /// The policy gave a task up, after so many attempts.
    pub(super) fn given_up(
        &mut self,
        now: u64,
        id: u32,
        attempts: u32,
        verdict: Verdict,
        failure: Failure,
    ) {
        let began = self.began(id);
        match verdict {
            Verdict::DeadLetter(reason) => {
                self.meter.dead_letter(now, began, attempts, reason);
                // Two marks: how the last attempt failed is what a dead letter is read for.
                self.mark_failure(id, now, failure);
                self.meter.mark(id, now, Mark::Dead, reason.as_str());
            }
            Verdict::Discard => {
                self.meter.discarded += 1;
                self.meter.ended(now, began, attempts);
                self.mark_failure(id, now, failure);
            }
            _ => {
                self.meter.failed_tasks += 1;
                self.meter.ended(now, began, attempts);
                self.mark_failure(id, now, failure);
            }
        }
        self.task_ended(now, id, attempts);
    }

    /// When a task was first tried: a redrive does not make whoever waits for it forget.
    #[inline]
    fn began(&self, id: u32) -> u64 {
        let first = self.redriven.get(id as usize).copied().filter(|began| *began != ONE_LIFE);
        first.unwrap_or_else(|| self.tasks.began(id).as_nanos())
    }

    fn mark_failure(&mut self, id: u32, now: u64, failure: Failure) {
        self.meter.mark(id, now, mark_of(failure), failure.names().0);
    }

    /// A task is over, however: its budget and its client hear of it.
    #[inline]
    pub(super) fn task_ended(&mut self, now: u64, id: u32, attempts: u32) {
        if let Some(budget) = self.owners.budget(id) {
            budget.on_end(attempts > 1);
        }
        if let Some((think, stream, end)) = self.think {
            let pause = think.sample(&mut stream.draws(u64::from(id), 0));
            let client = self.owners.of(id);
            self.start_client_at(now.saturating_add(pause), client, end);
        }
    }
}

/// Whether one byte a task is enough. In a rich world clients wait for their tasks, and late
/// answers look at where they are.
pub(crate) fn is_compact(rich: bool, policy: &RetryPolicy, records: bool) -> bool {
    !rich && !records && Compact::holds(policy)
}

/// Whether a task was dead and has been sent back.
#[inline]
fn is_redriven(redriven: &[u64], id: u32) -> bool {
    redriven.get(id as usize).is_some_and(|began| *began != ONE_LIFE)
}

/// How a failure shows in the raster.
fn mark_of(failure: Failure) -> Mark {
    match failure {
        Failure::Timeout => Mark::TimedOut,
        failure if failure.is_rejection() => Mark::Rejected,
        _ => Mark::Failed,
    }
}
