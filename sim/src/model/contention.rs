//! Optimistic concurrency: the model of the AWS Architecture Blog's "Exponential Backoff And
//! Jitter" (Brooker, 2015).
//!
//! A client reads a row's version, thinks nothing, and writes; the write succeeds if the version is
//! still the one it read, and raises it. Every message takes a leg of the network; the server takes
//! no time and never refuses. So all trouble comes from clients who meet, and the only thing that
//! helps is that they do not. Attempts are write calls (there are as many reads).

use redrive::{Time, random::Stream};

use super::{
    event::{Class, Purpose},
    failure::Failure,
    floor::{Floor, Model},
};
use crate::{
    error::SimError,
    scenario::{NamedPolicy, Scenario},
};

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

/// What a client knows of its row, and where its message is.
#[derive(Clone, Copy, Debug)]
struct Writer {
    version: u64,
    step: Step,
    won: bool,
}

/// One run of the contention model.
pub(crate) struct Optimistic<'s> {
    floor: Floor<'s>,
    legs: Stream,
    writers: Vec<Writer>,
    rows: Vec<u64>,
}

impl<'s> Optimistic<'s> {
    /// A run at its beginning.
    pub(crate) fn new(scenario: &'s Scenario, named: &'s NamedPolicy, seed: u64) -> Self {
        let floor = Floor::new(scenario, named, seed, false);
        let rows = scenario.contention.map_or(1, |contention| contention.rows);
        Self {
            legs: floor.stream.substream(Purpose::LegOut as u64),
            floor,
            writers: Vec::new(),
            rows: vec![0; rows as usize],
        }
    }

    /// The floor, when the run is over.
    pub(crate) fn into_floor(self) -> Floor<'s> {
        self.floor
    }

    /// An attempt begins with the way to the server.
    fn attempt(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        if self.writers.len() <= id as usize {
            let new = Writer { version: 0, step: Step::Read, won: false };
            self.writers.resize(id as usize + 1, new);
        }
        let attempt = self.floor.tasks.whole(id).start(Time::from_nanos(now))?;
        if attempt == 1 {
            self.floor.meter.task();
        }
        self.floor.count_attempt(now, id, attempt);
        self.floor.count_sent(id);
        self.floor.meter.attempt(attempt > 1);
        self.set_out(now, id, Step::Read);
        Ok(())
    }

    /// A message sets out. The legs of one attempt are its draws, in order.
    fn set_out(&mut self, now: u64, id: u32, step: Step) {
        self.writers[id as usize].step = step;
        let (attempt, _) = self.floor.tasks.attempts(id);
        let mut draws = self.legs.substream(step as u64).draws(u64::from(id), attempt);
        let leg = self.floor.scenario.network.latency.sample(&mut draws);
        self.floor.push(now.saturating_add(leg), Class::Arrive, id);
    }

    /// A message is there.
    fn arrived(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let row = id as usize % self.rows.len();
        let writer = &mut self.writers[id as usize];
        let next = match writer.step {
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
            Step::Result if writer.won => return self.floor.succeeded(now, id),
            Step::Result => return self.floor.failed(now, id, Failure::Conflict, None),
        };
        self.set_out(now, id, next);
        Ok(())
    }
}

impl<'s> Model<'s> for Optimistic<'s> {
    #[inline(always)]
    fn floor(&self) -> &Floor<'s> {
        &self.floor
    }

    #[inline(always)]
    fn floor_mut(&mut self) -> &mut Floor<'s> {
        &mut self.floor
    }

    fn event(&mut self, now: u64, class: Class, id: u32) -> Result<(), SimError> {
        match class {
            Class::Arrive => self.arrived(now, id),
            Class::Attempt => self.attempt(now, id),
            Class::Start => {
                self.floor.start_client(now, id);
                self.arrive(now)
            }
            Class::Control
            | Class::Complete
            | Class::Respond
            | Class::Timeout
            | Class::CallTimeout
            | Class::CallAttempt => Ok(()),
        }
    }

    /// A client arrives: of its first attempt only the messages are events.
    fn arrive(&mut self, now: u64) -> Result<(), SimError> {
        let id = self.floor.add_task()?;
        self.attempt(now, id)
    }

    fn own_bytes(&self) -> usize {
        self.writers.capacity() * size_of::<Writer>() + self.rows.capacity() * size_of::<u64>()
    }
}
