//! What a machine reports: every decision, so that retries can be watched.

use alloc::{
    borrow::ToOwned, boxed::Box, collections::VecDeque, format, string::ToString, vec::Vec,
};

use crate::{
    Key,
    dead_letter::{
        DeadLetter, DropCause, Failure, failure_from_value, failure_to_value, reason_word,
    },
    exact,
    task::Reason,
    time::{Duration, Time, nanos},
    wire::{ConfigError, Fields, Value, one_of, quoted},
};

/// Something that the machine decided or noticed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// When, by the machine's clock.
    pub at: Time,
    /// The task.
    pub key: Key,
    /// What.
    pub what: What,
}

/// What happened to a task or a letter.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// The running attempt passed its deadline: stop it, its result will not be taken. What follows
    /// from it is the next event.
    TimedOut {
        /// The attempt.
        attempt: u32,
        /// Its [`Dispatch::run`](super::Dispatch::run).
        run: u64,
    },
    /// An attempt failed, and there will be another one.
    RetryScheduled {
        /// The attempt that failed.
        attempt: u32,
        /// When the next one is due.
        due: Time,
        /// How long that is from now.
        delay: Duration,
        /// Why it failed.
        failure: Failure,
    },
    /// The task is done.
    Succeeded {
        /// After so many executions in this life.
        attempts: u32,
    },
    /// The task is a dead letter.
    DeadLettered {
        /// Why.
        reason: Reason,
        /// The number of its letter; none if the queue dropped it, which is an event of its own.
        letter: Option<u64>,
    },
    /// The task is dead and the queue is full: the machine holds the letter until there is room.
    Held {
        /// Why it died.
        reason: Reason,
    },
    /// The task was cancelled.
    Cancelled,
    /// A rule dropped the task.
    Discarded {
        /// The failure that the rule is about.
        failure: Failure,
    },
    /// A rule ended the task as failed, without a dead letter.
    Failed {
        /// The failure that the rule is about.
        failure: Failure,
    },
    /// A dead letter went back to work.
    Redriven {
        /// The number that it had.
        letter: u64,
        /// When its first attempt is due.
        due: Time,
    },
    /// A dead letter was set aside, because it was redriven too often.
    Parked {
        /// Its number.
        letter: u64,
    },
    /// The dead-letter queue gave a letter up; this is the last copy.
    Dropped {
        /// The letter.
        letter: Box<DeadLetter>,
        /// Why.
        cause: DropCause,
    },
}

const NAMES: [&str; 11] = [
    "timedOut",
    "retryScheduled",
    "succeeded",
    "deadLettered",
    "held",
    "cancelled",
    "discarded",
    "failed",
    "redriven",
    "parked",
    "dropped",
];

impl What {
    /// The word for it: `timedOut`, `retryScheduled`, ...
    pub fn as_str(&self) -> &'static str {
        NAMES[match self {
            What::TimedOut { .. } => 0,
            What::RetryScheduled { .. } => 1,
            What::Succeeded { .. } => 2,
            What::DeadLettered { .. } => 3,
            What::Held { .. } => 4,
            What::Cancelled => 5,
            What::Discarded { .. } => 6,
            What::Failed { .. } => 7,
            What::Redriven { .. } => 8,
            What::Parked { .. } => 9,
            What::Dropped { .. } => 10,
        }]
    }
}

impl Event {
    /// The event as data: one line of a log.
    pub fn to_value(&self) -> Value {
        let mut entries: Vec<(&str, Value)> = match &self.what {
            What::TimedOut { attempt, run } => {
                [("attempt", (*attempt).into()), ("run", exact::whole(*run))].into()
            }
            What::RetryScheduled { attempt, due, delay, failure } => [
                ("attempt", (*attempt).into()),
                ("dueNs", exact::time(*due)),
                ("delayNs", exact::whole(nanos(*delay))),
                ("error", failure_to_value(failure)),
            ]
            .into(),
            What::Succeeded { attempts } => [("attempts", (*attempts).into())].into(),
            What::DeadLettered { reason, letter } => [
                ("reason", reason.as_str().into()),
                ("letter", letter.map_or(Value::Null, exact::whole)),
            ]
            .into(),
            What::Held { reason } => [("reason", reason.as_str().into())].into(),
            What::Cancelled => Vec::new(),
            What::Discarded { failure } | What::Failed { failure } => {
                [("error", failure_to_value(failure))].into()
            }
            What::Redriven { letter, due } => {
                [("letter", exact::whole(*letter)), ("dueNs", exact::time(*due))].into()
            }
            What::Parked { letter } => [("letter", exact::whole(*letter))].into(),
            What::Dropped { letter, cause } => {
                [("cause", cause.as_str().into()), ("deadLetter", letter.to_value())].into()
            }
        };
        entries.splice(
            0..0,
            [
                ("event", self.what.as_str().into()),
                ("atNs", exact::time(self.at)),
                ("key", self.key.to_string().into()),
            ],
        );
        Value::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Reads what [`to_value`](Event::to_value) wrote.
    ///
    /// # Errors
    /// When it is not an event; the error names the field.
    pub fn from_value(value: &Value) -> Result<Event, ConfigError> {
        const FIELDS: &[&str] = &[
            "event",
            "atNs",
            "key",
            "attempt",
            "attempts",
            "run",
            "dueNs",
            "delayNs",
            "error",
            "reason",
            "letter",
            "cause",
            "deadLetter",
        ];
        let fields = Fields::read(value, "", FIELDS)?;
        Ok(Event {
            at: Time::from_nanos(exact::required_whole(&fields, "atNs")?),
            key: Key::from(fields.required_text("key")?),
            what: read_what(&fields)?,
        })
    }
}

fn read_what(fields: &Fields<'_>) -> Result<What, ConfigError> {
    let number = |name: &str| exact::required_whole(fields, name);
    let small = |name: &str| {
        exact::read_u32(fields, name)?
            .ok_or_else(|| fields.error(name, "is missing; write a whole number"))
    };
    let due = || number("dueNs").map(Time::from_nanos);
    let failure = || {
        let error = fields.get("error").unwrap_or(&Value::Null);
        failure_from_value(error, &fields.path_of("error"))
    };
    let reason = || reason_word(fields.required_text("reason")?, &fields.path_of("reason"));
    Ok(match one_of(&fields.path_of("event"), fields.required_text("event")?, &NAMES)? {
        "timedOut" => What::TimedOut { attempt: small("attempt")?, run: number("run")? },
        "retryScheduled" => What::RetryScheduled {
            attempt: small("attempt")?,
            due: due()?,
            delay: Duration::from_nanos(number("delayNs")?),
            failure: failure()?,
        },
        "succeeded" => What::Succeeded { attempts: small("attempts")? },
        "deadLettered" => What::DeadLettered {
            reason: reason()?,
            letter: if fields.is_null("letter") { None } else { Some(number("letter")?) },
        },
        "held" => What::Held { reason: reason()? },
        "cancelled" => What::Cancelled,
        "discarded" => What::Discarded { failure: failure()? },
        "failed" => What::Failed { failure: failure()? },
        "redriven" => What::Redriven { letter: number("letter")?, due: due()? },
        "parked" => What::Parked { letter: number("letter")? },
        _ => What::Dropped { letter: Box::new(read_letter(fields)?), cause: read_cause(fields)? },
    })
}

fn read_letter(fields: &Fields<'_>) -> Result<DeadLetter, ConfigError> {
    let letter = fields.get("deadLetter").unwrap_or(&Value::Null);
    DeadLetter::from_value(letter).map_err(|error| error.inside(&fields.path_of("deadLetter")))
}

fn read_cause(fields: &Fields<'_>) -> Result<DropCause, ConfigError> {
    let words = DropCause::ALL.map(DropCause::as_str);
    let word = one_of(&fields.path_of("cause"), fields.required_text("cause")?, &words)?;
    let cause = DropCause::ALL.into_iter().find(|cause| cause.as_str() == word);
    cause.ok_or_else(|| fields.error("cause", format!("= {} is not known", quoted(word))))
}

crate::wire::through_value!(Event);

/// The events that have not been polled yet. Bounded: a caller who never polls must not fill the memory,
/// and what is forgotten is counted. Letters that the queue gave up are not forgotten: an event holds the
/// last copy.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    /// With their numbers, which tell the order over both queues.
    passing: VecDeque<(u64, Event)>,
    last_copies: VecDeque<(u64, Event)>,
    next: u64,
    capacity: usize,
    lost: u64,
}

impl Events {
    pub(crate) fn new(capacity: usize) -> Events {
        Events {
            passing: VecDeque::new(),
            last_copies: VecDeque::new(),
            next: 0,
            capacity,
            lost: 0,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, at: Time, key: &Key, what: impl FnOnce() -> What) {
        if self.capacity > 0 {
            self.add(Event { at, key: key.clone(), what: what() });
        }
    }

    pub(crate) fn add(&mut self, event: Event) {
        let numbered = (self.next, event);
        self.next += 1;
        if let What::Dropped { .. } = numbered.1.what {
            return self.last_copies.push_back(numbered);
        }
        if self.passing.len() >= self.capacity {
            self.passing.pop_front();
            self.lost = self.lost.saturating_add(1);
        }
        self.passing.push_back(numbered);
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        let number = |queue: &VecDeque<(u64, Event)>| queue.front().map_or(u64::MAX, |e| e.0);
        let copies_first = number(&self.last_copies) < number(&self.passing);
        let queue = if copies_first { &mut self.last_copies } else { &mut self.passing };
        queue.pop_front().map(|(_, event)| event)
    }

    /// In order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Event> {
        let mut all: Vec<&(u64, Event)> = self.passing.iter().chain(&self.last_copies).collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, event)| event)
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
        let excess = self.passing.len().saturating_sub(capacity);
        self.passing.drain(..excess);
        if capacity == 0 {
            self.last_copies.clear();
        }
        self.lost = self.lost.saturating_add(excess as u64);
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    pub(crate) fn set_lost(&mut self, lost: u64) {
        self.lost = lost;
    }

    pub(crate) fn rebase(&mut self, move_time: impl Fn(Time) -> Time) {
        for (_, event) in self.passing.iter_mut().chain(&mut self.last_copies) {
            event.at = move_time(event.at);
            match &mut event.what {
                What::RetryScheduled { due, .. } | What::Redriven { due, .. } => {
                    *due = move_time(*due);
                }
                What::Dropped { letter, .. } => letter.rebase(&move_time),
                What::TimedOut { .. }
                | What::Succeeded { .. }
                | What::DeadLettered { .. }
                | What::Held { .. }
                | What::Cancelled
                | What::Discarded { .. }
                | What::Failed { .. }
                | What::Parked { .. } => {}
            }
        }
    }
}
