//! Optimistic concurrency: the model of the AWS Architecture Blog's "Exponential Backoff And
//! Jitter" (Brooker, 2015).
//!
//! A client reads a row's version, thinks nothing, and writes; the write succeeds if the version is
//! still the one it read, and raises it. Every message takes a leg of the network; the server takes
//! no time and never refuses. So all trouble comes from clients who meet, and the only thing that
//! helps is that they do not. Attempts are write calls (there are as many reads).

use redrive::{
    Context, RetryPolicy, Task, Time, Verdict,
    policy::Class as FailureClass,
    random::{Draws, Stream},
};

use super::{
    event::{Class, Failure, Purpose, id_of},
    meter::Meter,
    source::Source,
};
use crate::{
    calendar::Calendar,
    error::SimError,
    outcome::Mark,
    run::Progress,
    scenario::{Arrivals, Scenario},
};

/// How many events pass between two looks at progress and limits.
const LOOK: u64 = 1 << 18;

/// Where a client's message is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// To the server, to read.
    Read,
    /// Back, with the version.
    Version,
    /// To the server, to write.
    Write,
    /// Back, with the result.
    Result,
}

/// One client, who writes once.
#[derive(Clone, Copy, Debug)]
struct Writer {
    task: Task,
    version: u64,
    step: Step,
    won: bool,
}

/// One run of the contention model.
pub(crate) struct Contest<'s> {
    scenario: &'s Scenario,
    context: (&'s RetryPolicy, Stream, FailureClass),
    legs: Stream,
    queue: Calendar,
    source: Source,
    /// The last nanosecond that belongs to the run.
    last: u64,
    writers: Vec<Writer>,
    rows: Vec<u64>,
    meter: Meter,
    pub(crate) events: u64,
    hash: u64,
}

impl<'s> Contest<'s> {
    /// # Errors
    /// When a task that arrives breaks the rules of tasks, which no scenario can bring about.
    pub(crate) fn new(
        scenario: &'s Scenario,
        policy: &'s RetryPolicy,
        seed: u64,
    ) -> Result<Self, SimError> {
        let stream = Stream::new(seed);
        let horizon = scenario.horizon.map(|_| scenario.end());
        let expected = scenario.arrivals.expected(horizon);
        let (kind, code) = Failure::Conflict.names();
        let rows = scenario.contention.map_or(1, |contention| contention.rows);
        let mut contest = Self {
            scenario,
            context: (policy, stream, policy.classify(kind, Some(code))),
            legs: stream.substream(Purpose::LegOut as u64),
            queue: Calendar::new(1_000_000, 0, 0),
            source: Source::new(&scenario.arrivals, stream),
            last: scenario.end().as_nanos().saturating_sub(1).min(1 << 62),
            writers: Vec::new(),
            rows: vec![0; rows as usize],
            meter: Meter::new(scenario, expected),
            events: 0,
            hash: 0,
        };
        contest.plan_herd()?;
        Ok(contest)
    }

    /// A spread herd arrives at drawn moments; all others are the source's.
    fn plan_herd(&mut self) -> Result<(), SimError> {
        if let Arrivals::Herd { tasks, at, spread } = &self.scenario.arrivals
            && !spread.is_zero()
        {
            let arrivals = self.context.1.substream(Purpose::Arrivals as u64);
            for id in 0..*tasks {
                let unit = arrivals.draws(u64::from(id), 0).unit();
                let ahead = (unit * redrive::time::nanos(*spread) as f64) as u64;
                self.start(at.as_nanos() + ahead)?;
            }
        }
        Ok(())
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash ^ self.hash >> 32
    }

    pub(crate) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.writers.iter().map(|writer| &writer.task)
    }

    /// Runs to the horizon, or until all have written or given up. `false` when `progress` stopped it
    /// before: the next call goes on from there.
    #[inline(never)]
    pub(crate) fn run(&mut self, progress: &mut dyn Progress) -> Result<bool, SimError> {
        let mut look = self.events + LOOK;
        loop {
            let arrival = self.source.next();
            let limit = arrival.min(self.last);
            match self.queue.pop(limit) {
                Some((now, entity)) => self.step(now, entity)?,
                None if self.queue.turn(limit) => {}
                None if arrival <= self.last => {
                    self.source.take();
                    self.meter.turn(arrival)?;
                    self.start(arrival)?;
                }
                None => break,
            }
            if self.events >= look {
                look = self.events + LOOK;
                if self.events > self.scenario.limits.events {
                    let message = "stopped by limits.events: raise it, or lower the tasks";
                    return Err(SimError::Limit { message: message.to_owned() });
                }
                if !progress.tick(Time::from_nanos(self.meter.last_end), self.events) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// What was counted, complete.
    pub(crate) fn into_meter(mut self) -> Result<Meter, SimError> {
        self.meter.finish()?;
        Ok(self.meter)
    }

    /// A client arrives: its first attempt begins with the way to the server.
    fn start(&mut self, now: u64) -> Result<(), SimError> {
        let id = self.writers.len() as u32;
        let mut task = Task::new();
        task.start(Time::from_nanos(now))?;
        self.writers.push(Writer { task, version: 0, step: Step::Read, won: false });
        self.meter.task();
        self.meter.attempt(false);
        let leg = self.leg(id, Step::Read);
        self.queue.push(now.saturating_add(leg), Class::Arrive.of(id));
        Ok(())
    }

    /// The legs of one attempt are its draws, in order.
    fn leg(&self, id: u32, step: Step) -> u64 {
        let attempt = self.writers[id as usize].task.attempts();
        let stream = self.legs.substream(step as u64);
        let mut draws: Draws = stream.draws(u64::from(id), attempt);
        self.scenario.network.latency.sample(&mut draws)
    }

    fn step(&mut self, now: u64, entity: u32) -> Result<(), SimError> {
        self.meter.turn(now)?;
        self.events += 1;
        let event = now.wrapping_add(u64::from(entity).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.hash = (self.hash.rotate_left(5) ^ event).wrapping_mul(0x517c_c1b7_2722_0a95);
        let id = id_of(entity);
        let row = id as usize % self.rows.len();
        let writer = &mut self.writers[id as usize];
        let next = match Class::from_entity(entity) {
            // The wait is over: a new attempt sets out.
            Class::Attempt => {
                writer.task.start(Time::from_nanos(now))?;
                self.meter.attempt(true);
                Step::Read
            }
            _ => match writer.step {
                Step::Read => {
                    writer.version = self.rows[row];
                    Step::Version
                }
                Step::Version => Step::Write,
                Step::Write => {
                    writer.won = writer.version == self.rows[row];
                    self.rows[row] += u64::from(writer.won);
                    Step::Result
                }
                Step::Result => return self.result(now, id),
            },
        };
        writer.step = next;
        let leg = self.leg(id, next);
        let time = now.saturating_add(leg).min(1 << 62);
        self.queue.push(time, Class::Arrive.of(id));
        Ok(())
    }

    /// The result of a write reaches its client.
    fn result(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let writer = &mut self.writers[id as usize];
        let (task, time) = (&mut writer.task, Time::from_nanos(now));
        let (attempts, began) = (task.attempts(), task.began().as_nanos());
        if writer.won {
            task.succeed(time)?;
            self.meter.succeeded(now, began, attempts);
            self.meter.mark(id, now, Mark::Succeeded, "");
            return Ok(());
        }
        self.meter.failed(false);
        self.meter.mark(id, now, Mark::Failed, Failure::Conflict.names().0);
        let (policy, stream, class) = self.context;
        let context = Context { policy, stream, key: u64::from(id) };
        match task.fail(time, &context, class, None, None)? {
            Verdict::Retry { at, .. } => {
                self.queue.push(at.as_nanos().min(1 << 62), Class::Attempt.of(id));
            }
            Verdict::DeadLetter(reason) => {
                self.meter.dead_letter(now, began, attempts, reason);
                self.meter.mark(id, now, Mark::Dead, reason.as_str());
            }
            verdict => {
                let discard = matches!(verdict, Verdict::Discard);
                self.meter.discarded += u64::from(discard);
                self.meter.failed_tasks += u64::from(!discard);
                self.meter.ended(now, began, attempts);
            }
        }
        Ok(())
    }
}
