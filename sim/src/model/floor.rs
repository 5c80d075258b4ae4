//! What every model is built on: the event queue, the arrivals, the tasks and whose they are, what is
//! counted, and the hash over all events; and the one loop that drives them.
//!
//! A model says what an event does. It borrows the floor and never the other way round.

use redrive::{Task, Time, random::Stream, time::nanos};

use super::{
    control::{self, Control},
    event::{Class, Purpose, id_of},
    meter::Meter,
    owners::Owners,
    source::Source,
    stub::{Rules, Stub},
    tasks::Tasks,
};
use crate::{
    bounds,
    calendar::Calendar,
    distribution::Distribution,
    error::SimError,
    histogram::Histogram,
    progress::Progress,
    scenario::{Arrivals, NamedPolicy, Scenario},
};

/// How far ahead events are expected to lie, unless a policy's cap says less: a minute.
const REACH: u64 = 60_000_000_000;

/// How many events pass between two looks at progress and limits.
const LOOK: u64 = 1 << 18;

/// For how many events ahead the tasks are asked of memory: they fit the first cache together.
pub(super) const FETCH: u64 = 256;

/// No event lies later.
const END: u64 = 1 << 62;

/// What a model does with what happens.
pub(crate) trait Model<'s> {
    /// What it is built on.
    fn floor(&self) -> &Floor<'s>;

    /// The same, to be worked on.
    fn floor_mut(&mut self) -> &mut Floor<'s>;

    /// An event of the queue, which has been noted.
    fn event(&mut self, now: u64, class: Class, id: u32) -> Result<(), SimError>;

    /// A task arrives from outside.
    fn arrive(&mut self, now: u64) -> Result<(), SimError>;

    /// Asks memory for what will be needed soon.
    fn fetch_ahead(&self) {}

    /// Bytes held beside the floor's.
    fn own_bytes(&self) -> usize {
        0
    }
}

/// When a client starts its next task.
#[derive(Clone, Copy)]
pub(super) enum Round<'s> {
    /// So long after the last one ended, until the end.
    Think { pause: &'s Distribution, stream: Stream, end: u64 },
    /// At every period, until the end.
    Every { period: u64, end: u64 },
}

/// What was counted of one class of clients.
pub(crate) struct CrowdCounts {
    pub(crate) tasks: u64,
    pub(crate) attempts: u64,
    pub(crate) succeeded: u64,
    pub(crate) dead: u64,
    pub(crate) to_success: Histogram,
}

/// What every model is built on.
pub(crate) struct Floor<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) queue: Calendar,
    pub(super) tasks: Tasks,
    pub(super) owners: Owners,
    /// How the clients retry: those of the first class, and of the others.
    pub(super) clients: Stub<'s>,
    pub(super) others: Vec<Stub<'s>>,
    /// What was counted of each class; empty without classes.
    pub(crate) crowds: Vec<CrowdCounts>,
    pub(super) meter: Meter,
    /// The seed's own stream: the delays are those of the schedule.
    pub(super) stream: Stream,
    sources: Vec<(Source, Option<usize>)>,
    pub(super) controls: Vec<Control>,
    /// By class: how long its clients think, or their period.
    pub(super) rounds: Vec<Option<Round<'s>>>,
    /// Whose the task is that arrives now.
    arriving: (Option<u32>, Option<usize>),
    poison: Option<(f64, Stream)>,
    /// When the first life of a task began that has been redriven, where there are such.
    pub(super) redriven: Vec<u64>,
    /// The last nanosecond that belongs to the run.
    last: u64,
    /// Retries that budgets of layers refused.
    pub(super) layers_denied: u64,
    pub(crate) events: u64,
    hash: u64,
}

impl<'s> Floor<'s> {
    /// The floor of a run at its beginning. `is_compact` says how its tasks may be kept.
    pub(crate) fn new(
        scenario: &'s Scenario,
        named: &'s NamedPolicy,
        seed: u64,
        is_compact: bool,
    ) -> Self {
        let (stream, policy) = (Stream::new(seed), &named.policy);
        let horizon = scenario.horizon.map(|_| scenario.end());
        let expected = scenario.expected(horizon).min(bounds::TASKS.max);
        let client = &scenario.client;
        let owners = Owners::new(scenario, stream);
        let rules =
            Rules { timeout: client.timeout, breaker: client.breaker, throttle: client.throttle };
        let stub = |class: usize| {
            let given = scenario.clients.get(class).and_then(|class| class.policy.as_ref());
            let draws = stream.substream(Purpose::Throttle as u64);
            let draws = if class == 0 { draws } else { draws.substream(class as u64) };
            let (clients, shares) = (owners.clients(class), owners.shares(class));
            Stub::new(given.unwrap_or(policy), rules, clients, shares, draws)
        };
        let crowd = || CrowdCounts {
            tasks: 0,
            attempts: 0,
            succeeded: 0,
            dead: 0,
            to_success: Histogram::of_times(),
        };
        let source = |(class, arrivals): (Option<usize>, &Arrivals)| {
            (Source::new(arrivals, stream_of(stream, class)), class)
        };
        let reach = policy.max_delay().map_or(REACH, |delay| nanos(delay).min(REACH));
        // A herd waits all together; of other arrivals, few at a time.
        let herd = scenario.streams().any(|(_, a)| matches!(a, Arrivals::Herd { .. }));
        let pending = if herd { expected.min(1e8) as usize } else { 0 };
        let poison = client.permanent_rate;
        let mut floor = Self {
            scenario,
            queue: Calendar::new((REACH as f64 / expected.max(1.0)) as u64, reach, pending),
            tasks: Tasks::new(is_compact, expected.min(1e8) as usize + 1),
            clients: stub(0),
            others: (1..scenario.clients.len()).map(stub).collect(),
            crowds: scenario.clients.iter().map(|_| crowd()).collect(),
            owners,
            meter: Meter::new(scenario, expected),
            stream,
            sources: scenario.streams().map(source).collect(),
            controls: Vec::new(),
            rounds: Vec::new(),
            arriving: (None, None),
            poison: (poison > 0.0).then(|| (poison, stream.substream(Purpose::Poison as u64))),
            redriven: Vec::new(),
            last: scenario.end().as_nanos().saturating_sub(1).min(END),
            layers_denied: 0,
            events: 0,
            hash: 0,
        };
        floor.plan_clients();
        floor
    }

    /// What is known beforehand goes into the queue, for a model that does it.
    pub(super) fn plan_controls(&mut self) {
        for (time, control) in control::plan(self.scenario) {
            if time <= self.last {
                self.queue.push(time, Class::Control.of(self.controls.len() as u32));
                self.controls.push(control);
            }
        }
    }

    /// Arrivals that are events: a spread herd, serial and periodic clients.
    fn plan_clients(&mut self) {
        let scenario = self.scenario;
        self.rounds.resize(scenario.clients.len().max(1), None);
        for (class, arrivals) in scenario.streams() {
            self.plan_class(class, arrivals);
        }
    }

    fn plan_class(&mut self, class: Option<usize>, arrivals: &'s Arrivals) {
        let (seed, place) = (stream_of(self.stream, class), class.unwrap_or(0));
        let first = self.owners.first(place);
        match arrivals {
            Arrivals::Herd { tasks, at, spread } if !spread.is_zero() => {
                let stream = seed.substream(Purpose::Arrivals as u64);
                for i in 0..*tasks {
                    let ahead = stream.draws(u64::from(i), 0).unit() * nanos(*spread) as f64;
                    let id = self.tasks.len() as u32;
                    self.tasks.add();
                    self.owners.add(id, None, class);
                    self.queue.push(at.as_nanos() + ahead as u64, Class::Attempt.of(id));
                }
            }
            Arrivals::Serial { clients, think, at, until } => {
                let stream = seed.substream(Purpose::Think as u64);
                let end = until.map_or(u64::MAX, Time::as_nanos);
                self.rounds[place] = Some(Round::Think { pause: think, stream, end });
                for client in 0..*clients {
                    let start = think.sample(&mut stream.draws(u64::from(client), 1));
                    let start = at.as_nanos().saturating_add(start);
                    self.start_client_at(start, first + client, end);
                }
            }
            Arrivals::Cron { clients, every, skew, at, until } => {
                let stream = seed.substream(Purpose::Skew as u64);
                let end = until.map_or(u64::MAX, Time::as_nanos);
                self.rounds[place] = Some(Round::Every { period: nanos(*every), end });
                for client in 0..*clients {
                    let unit = stream.draws(u64::from(client), 0).unit();
                    let skew = (unit * nanos(*skew) as f64) as u64;
                    self.start_client_at(at.as_nanos() + skew, first + client, end);
                }
            }
            Arrivals::Herd { .. } | Arrivals::Rate { .. } | Arrivals::Trace { .. } => {}
        }
    }

    pub(super) fn start_client_at(&mut self, time: u64, client: u32, end: u64) {
        if time < end {
            self.push(time, Class::Start, client);
        }
    }

    /// An event to come.
    #[inline]
    pub(super) fn push(&mut self, time: u64, class: Class, id: u32) {
        self.queue.push(time.min(END), class.of(id));
    }

    /// [`push`](Self::push) inlined, for the one place that needs it.
    #[inline(always)]
    pub(super) fn push_here(&mut self, time: u64, class: Class, id: u32) {
        self.queue.push_here(time.min(END), class.of(id));
    }

    /// An event counts, and goes into the hash.
    #[inline]
    pub(super) fn note(&mut self, now: u64, entity: u32) {
        self.events += 1;
        let event = now.wrapping_add(u64::from(entity).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.hash = (self.hash.rotate_left(5) ^ event).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    /// The hash over all events so far, in order.
    pub(crate) fn hash(&self) -> u64 {
        // The last multiplication leaves the low bits weak.
        self.hash ^ self.hash >> 32
    }

    /// Whether a task can never succeed.
    #[inline]
    pub(super) fn is_poison(&self, id: u32) -> bool {
        let Some((rate, stream)) = &self.poison else { return false };
        stream.draws(u64::from(id), 0).unit() < *rate
    }

    /// One task more, by its number.
    pub(super) fn add_task(&mut self) -> Result<u32, SimError> {
        let id = self.tasks.len() as u32;
        if f64::from(id) >= bounds::TASKS.max {
            let message = format!(
                "stopped after {id} tasks, the most there can be: lower the arrivals or the horizon"
            );
            return Err(SimError::Limit { message });
        }
        self.tasks.add();
        let (client, class) = std::mem::take(&mut self.arriving);
        self.owners.add(id, client, class);
        Ok(id)
    }

    /// The next task is this client's.
    pub(super) fn arrives_by(&mut self, client: u32) {
        self.arriving = (Some(client), None);
    }

    /// When the next task arrives from outside, and from which source.
    #[inline]
    fn next_arrival(&self) -> (u64, usize) {
        if let [(source, _)] = self.sources.as_slice() {
            return (source.next(), 0);
        }
        let times = self.sources.iter().map(|(source, _)| source.next());
        times.zip(0..).min().unwrap_or((u64::MAX, 0))
    }

    /// How the client of a task retries.
    #[inline]
    pub(super) fn stub_of(&mut self, id: u32) -> &mut Stub<'s> {
        pick(&mut self.clients, &mut self.others, self.owners.class(id))
    }

    /// The tasks, by number, if the run was to keep them.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.all_whole()
    }

    /// Retries that budgets refused, of clients and of layers.
    pub(crate) fn budget_denied(&self) -> u64 {
        let stubs = self.others.iter().chain([&self.clients]);
        stubs.map(Stub::budget_denied).sum::<u64>() + self.layers_denied
    }

    /// What was counted, complete.
    pub(crate) fn into_meter(mut self) -> Result<Meter, SimError> {
        for stub in self.others.iter().chain([&self.clients]) {
            self.meter.breaker_denied += stub.breaker_denied;
            self.meter.throttle_denied += stub.throttle_denied;
        }
        self.meter.finish()?;
        Ok(self.meter)
    }

    fn bytes(&self) -> usize {
        self.queue.bytes()
            + self.tasks.bytes()
            + self.owners.bytes()
            + self.others.iter().chain([&self.clients]).map(Stub::bytes).sum::<usize>()
            + self.meter.bytes()
            + self.redriven.capacity() * size_of::<u64>()
    }

    #[cold]
    fn check_limits(&self, own_bytes: usize) -> Result<(), SimError> {
        let limits = self.scenario.limits;
        if self.events > limits.events {
            let message = format!(
                "stopped after {} events: raise limits.events, or lower the tasks or the horizon",
                limits.events
            );
            return Err(SimError::Limit { message });
        }
        let bytes = (self.bytes() + own_bytes) as u64;
        if bytes > limits.memory {
            let message = format!(
                "stopped at {} MB: raise limits.memoryMb, or lower the tasks or the queue's limit",
                bytes / 1_000_000
            );
            return Err(SimError::Limit { message });
        }
        Ok(())
    }
}

/// Runs a model to the horizon, or until nothing is left. `false` when `progress` stopped it before:
/// the next call goes on from there.
// A function of its own: engines of WebAssembly compile one that holds everything late and badly.
#[inline(never)]
pub(crate) fn drive<'s>(
    model: &mut impl Model<'s>,
    progress: &mut dyn Progress,
) -> Result<bool, SimError> {
    let (mut look, mut pause) = (model.floor().events + LOOK, 0);
    let last = model.floor().last;
    let (mut arrival, mut from) = model.floor().next_arrival();
    let mut limit = arrival.min(last);
    loop {
        let floor = model.floor_mut();
        match floor.queue.pop(limit) {
            Some((now, entity)) => {
                floor.meter.turn(now)?;
                floor.note(now, entity);
                model.event(now, Class::from_entity(entity), id_of(entity))?;
            }
            None if floor.queue.turn(limit) => pause = 0,
            None if arrival <= last => {
                floor.meter.turn(arrival)?;
                floor.arriving = (None, floor.sources[from].1);
                model.arrive(arrival)?;
                let floor = model.floor_mut();
                floor.sources[from].0.take();
                (arrival, from) = floor.next_arrival();
                limit = arrival.min(last);
            }
            None => break,
        }
        let events = model.floor().events;
        if events < pause {
            continue;
        }
        model.fetch_ahead();
        pause = events + FETCH;
        if events >= look {
            look = events + LOOK;
            model.floor().check_limits(model.own_bytes())?;
            let now = arrival.min(model.floor().meter.last_end);
            if !progress.tick(Time::from_nanos(now), events) {
                return Ok(false);
            }
        }
    }
    model.floor().check_limits(model.own_bytes())?;
    Ok(true)
}

/// What the arrivals of a class draw from.
fn stream_of(seed: Stream, class: Option<usize>) -> Stream {
    match class {
        None => seed,
        Some(class) => seed.substream(Purpose::Classes as u64).substream(class as u64 + 1),
    }
}

/// The stub of a class.
#[inline]
pub(super) fn pick<'a, 's>(
    first: &'a mut Stub<'s>,
    others: &'a mut [Stub<'s>],
    class: usize,
) -> &'a mut Stub<'s> {
    match class {
        0 => first,
        class => &mut others[class - 1],
    }
}
