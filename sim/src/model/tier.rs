//! One service: workers, a queue, and the faults that hit it.

use std::collections::VecDeque;

use redrive::{Duration, random::Stream};

use super::{
    codel::Codel,
    event::Purpose,
    failure::Failure,
    trouble::{Effect, Trouble},
};
use crate::{
    distribution::Distribution,
    scenario::{Change, Discipline, Fault, Loses, OnFull, Scenario},
};

/// What became of a request that reached a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// A worker took it, for so many nanoseconds.
    Begin(u64),
    /// It waits.
    Wait,
    /// It was refused at once; `retry_after` says whether it was told when to come back.
    Refuse(Failure),
    /// It was swallowed: there will be no answer.
    Swallow,
}

/// One service. Requests are numbers; what they are is the model's business.
pub(crate) struct Tier {
    /// How many workers there are now, without those that a brownout took.
    open: u32,
    workers: u32,
    busy: u32,
    service: Distribution,
    /// The service time when it is the same for all.
    constant: Option<u64>,
    slowdown: f64,
    crosstalk: f64,
    /// The share of the capacity that operators have set.
    factor: f64,
    limit: u32,
    lifo: bool,
    on_full: OnFull,
    waiting: VecDeque<u32>,
    /// Those of lower priorities, and how many they are.
    lower: Vec<VecDeque<u32>>,
    below: u32,
    /// Requests in `waiting` that were cancelled and are passed over.
    ghosts: u32,
    codel: Option<Codel>,
    /// Whether no fault is active: the common case is one look.
    calm: bool,
    trouble: Trouble,
    services: Stream,
}

impl Tier {
    /// The tier of that number: the layers, outermost first, and then the server.
    pub(crate) fn new(scenario: &Scenario, number: usize, seed: Stream) -> Self {
        let server = scenario.layers.get(number).map_or(&scenario.server, |layer| &layer.server);
        let last = scenario.layers.len();
        let hits = |fault: &&Fault| fault.layer.unwrap_or(last) == number;
        let faults = scenario.faults.iter().filter(hits).copied().collect();
        let number = number as u64;
        let constant = match server.service {
            Distribution::Fixed(value)
                if server.slowdown_per_in_flight == 0.0
                    && server.crosstalk_per_in_flight == 0.0 =>
            {
                Some(value)
            }
            _ => None,
        };
        let workers = server.workers.unwrap_or(u32::MAX);
        Self {
            open: workers,
            workers,
            busy: 0,
            service: server.service.clone(),
            constant,
            slowdown: server.slowdown_per_in_flight,
            crosstalk: server.crosstalk_per_in_flight,
            factor: 1.0,
            limit: server.queue.limit.unwrap_or(u32::MAX),
            lifo: server.queue.discipline == Discipline::Lifo,
            on_full: server.on_full,
            waiting: VecDeque::new(),
            lower: Vec::new(),
            below: 0,
            ghosts: 0,
            codel: server.queue.codel().map(|(target, interval)| Codel::new(target, interval)),
            calm: true,
            trouble: Trouble::new(faults, seed.substream(Purpose::Faults as u64).substream(number)),
            services: seed.substream(Purpose::Service as u64).substream(number),
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.waiting.capacity() * 4
            + self.codel.as_ref().map_or(0, Codel::bytes)
            + self.trouble.bytes()
    }

    /// How many wait.
    #[inline]
    pub(crate) fn waits(&self) -> u32 {
        self.waiting.len() as u32 + self.below - self.ghosts
    }

    /// A request arrives.
    #[inline(always)]
    pub(crate) fn admit(
        &mut self,
        now: u64,
        request: u32,
        key: u64,
        attempt: u32,
        lane: usize,
    ) -> Admission {
        if !self.calm {
            match self.trouble.meets(now, key, attempt) {
                Effect::None => {}
                Effect::Refuse(failure) => return Admission::Refuse(failure),
                Effect::Swallow => return Admission::Swallow,
            }
        }
        if self.busy < self.open {
            return Admission::Begin(self.begin(key, attempt));
        }
        if self.waits() < self.limit {
            if lane == 0 {
                self.waiting.push_back(request);
            } else {
                self.wait_below(request, lane);
            }
            if let Some(codel) = &mut self.codel {
                codel.joined(now);
            }
            return Admission::Wait;
        }
        match self.on_full {
            OnFull::Reject => Admission::Refuse(Failure::Overloaded),
            OnFull::Timeout => Admission::Swallow,
        }
    }

    /// A request of a lower priority waits.
    fn wait_below(&mut self, request: u32, lane: usize) {
        if self.lower.len() < lane {
            self.lower.resize(lane, VecDeque::new());
        }
        self.lower[lane - 1].push_back(request);
        self.below += 1;
    }

    /// What a request that was just refused so is told about coming back.
    #[inline]
    pub(crate) fn retry_after(&self, failure: Failure) -> Option<Duration> {
        if failure == Failure::Throttle { self.trouble.hint } else { None }
    }

    /// A worker takes a request; returns the time that it needs.
    #[inline]
    pub(crate) fn begin(&mut self, key: u64, attempt: u32) -> u64 {
        let others = self.busy;
        self.busy += 1;
        match self.constant {
            Some(time) if self.calm => time,
            _ => self.service_time(key, attempt, others),
        }
    }

    fn service_time(&self, key: u64, attempt: u32, others: u32) -> u64 {
        let time = self.service.sample(&mut self.services.draws(key, attempt));
        let others = f64::from(others);
        let load = 1.0 + self.slowdown * others + self.crosstalk * others * (others + 1.0);
        let factor = load * self.trouble.slow_factor();
        if factor == 1.0 { time } else { (time as f64 * factor + 0.5) as u64 }
    }

    /// A worker is free again.
    #[inline]
    pub(crate) fn release(&mut self) {
        self.busy -= 1;
    }

    /// Whether a request waits and a worker is free for it.
    #[inline]
    pub(crate) fn has_next(&self) -> bool {
        (!self.waiting.is_empty() || self.below > 0) && self.busy < self.open
    }

    /// The requests that will be served next, unless the last goes first.
    pub(crate) fn next_served(&self) -> impl Iterator<Item = u32> + Clone {
        self.waiting.iter().copied()
    }

    /// The next request out of the queue, and whether CoDel drops it.
    pub(crate) fn next(&mut self, now: u64) -> Option<(u32, bool)> {
        if self.waiting.is_empty() {
            let lane = self.lower.iter_mut().find(|lane| !lane.is_empty())?;
            self.below -= 1;
            let next = if self.lifo { lane.pop_back() } else { lane.pop_front() };
            return next.map(|request| (request, false));
        }
        if self.lifo {
            return self.waiting.pop_back().map(|request| (request, false));
        }
        let request = self.waiting.pop_front()?;
        let dropped = match &mut self.codel {
            Some(codel) => codel.leaves(now, self.waiting.is_empty()),
            None => false,
        };
        Some((request, dropped))
    }

    /// A waiting request was cancelled: it stays where it is and is passed over in its turn.
    pub(crate) fn cancelled(&mut self) {
        self.ghosts += 1;
    }

    /// A request that was cancelled has had its turn.
    pub(crate) fn passed_over(&mut self) {
        self.ghosts -= 1;
    }

    /// Whether the answer to a request that has been served is an error.
    #[inline]
    pub(crate) fn fails_served(&self, key: u64, attempt: u32) -> bool {
        !self.calm && self.trouble.fails_served(key, attempt)
    }

    /// All that waits, out of the queue: it is lost.
    pub(crate) fn drain(&mut self) -> Vec<u32> {
        if let Some(codel) = &mut self.codel {
            codel.clear();
        }
        (self.ghosts, self.below) = (0, 0);
        let lower = self.lower.iter_mut().flat_map(|lane| lane.drain(..));
        self.waiting.drain(..).chain(lower).collect()
    }

    /// Faults of this tier begin or end. Returns what a fault that begins takes with it.
    pub(crate) fn turn(&mut self, now: u64) -> Loses {
        let loses = self.trouble.turn(now);
        self.resize();
        loses
    }

    /// Operators change how much it can do, or lets in.
    pub(crate) fn change(&mut self, now: u64, change: &Change) {
        if let Some(factor) = change.capacity_factor {
            self.factor = factor;
        }
        if let Some(admission) = change.admission {
            self.trouble.admit(now, admission);
        }
        self.resize();
    }

    /// How many workers there are now, and how fast they are.
    fn resize(&mut self) {
        let (open, slower) = match (self.workers, self.trouble.capacity_factor() * self.factor) {
            _ if self.trouble.is_down() => (0, 1.0),
            (u32::MAX, share) => (u32::MAX, 1.0 / share),
            (workers, share) => {
                let exact = f64::from(workers) * share;
                let open = (libm::ceil(exact) as u32).max(1);
                (open, f64::from(open) / exact)
            }
        };
        self.open = open;
        self.trouble.set_slower(slower);
        self.calm = self.trouble.is_calm();
    }
}
