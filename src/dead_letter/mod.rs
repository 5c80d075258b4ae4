//! Dead letters: the tasks that will not be retried, with everything needed to judge and revive them.
//!
//! # Why a queue and not a log line?
//! A task that gave up is work that somebody still expects. Systems that only log it lose it; stores
//! that keep it often lose it later, and silently: Sidekiq drops the oldest of its 9,999 when full,
//! Oban prunes after a minute, RabbitMQ drops when the exchange is missing. And a letter without a
//! reason cannot be judged: SQS keeps neither reason nor error. So here
//!
//! - a [`DeadLetter`] says *why* it died, with the last failures, their times and waits, and carries
//!   its payload, policy, seed and [lineage](DeadLetter::lineage), so that it can be run again and
//!   the run can be reproduced;
//! - a [`DeadLetterQueue`] is bounded by an explicit rule ([`FullPolicy`]), and every letter that it
//!   gives up comes back to the caller and is counted;
//! - a redrive ([`RedrivePlan`]) is paced and spread by the addressed stream, so that it does not
//!   become a herd itself, resets the attempts by default (elsewhere a redriven task gets one more try and is
//!   dead again), *parks* what was redriven too often, and reports what it did, including nothing.
//!
//! # One record a letter
//! [`DeadLetter::to_value`] and [`DeadLetter::from_value`] are the interchange format: one JSON object
//! a letter and a line (NDJSON), versioned by its `schema` field ([`SCHEMA`]), `camelCase`, times in
//! nanoseconds since the caller's epoch. Integers above 2^53 - 1 are written as decimal strings, because
//! a JavaScript number would round them; both forms are read. A round trip is the identity.
//!
//! ```
//! use redrive::{DeadLetter, DeadLetterQueue, Reason, RedrivePlan, Time, dead_letter::Filter};
//! use redrive::random::Stream;
//!
//! let mut queue = DeadLetterQueue::default();
//! let now = Time::from_secs(60);
//! let mut letter = DeadLetter::new("order-17", Reason::Exhausted, now);
//! letter.task_type = "charge".into();
//! let id = queue.push(now, letter).expect("there is room").id;
//!
//! // An hour later the cause is mended: send the letters of that kind back, paced.
//! let later = Time::from_secs(3660);
//! let plan = RedrivePlan::new(Filter::new().task_type("charge"));
//! let (tasks, report) = queue.redrive(later, &plan, Stream::new(42));
//! assert_eq!(report.to_string(), "1 letter selected: 1 scheduled within 20ms");
//! assert_eq!((Some(tasks[0].letter.id), tasks[0].letter.redrives), (id, 1));
//! ```

mod canary;
mod config;
mod dropped;
mod failure;
mod file;
mod filter;
mod group;
mod pace;
mod pattern;
mod plan;
mod queue;
mod record;
mod redriven;
mod report;
mod rollout;
mod tried;

use alloc::{string::String, sync::Arc, vec::Vec};

pub use self::{
    canary::{Canary, StopWhen},
    config::{FullPolicy, QueueConfig, QueueCounters, QueueStats},
    dropped::{DropCause, Dropped, Pushed, Refused},
    failure::{AttemptRecord, DEFAULT_HISTORY, Failure, History, MAX_KIND, MAX_MESSAGE},
    file::{Damaged, LetterFile, Note},
    filter::Filter,
    group::{Group, GroupBy},
    pace::pace,
    pattern::{MAX_PATTERN, fingerprint, pattern},
    plan::{Attempts, RedrivePlan},
    queue::{DeadLetterQueue, MAX_ID},
    record::SCHEMA,
    redriven::Redriven,
    report::{RedriveReport, Scheduled, Skip},
    rollout::{Outcome, Rollout, RolloutReport},
    tried::Tried,
};
pub(crate) use self::{
    filter::reason_word,
    queue::QueueParts,
    record::{failure_from_value, failure_to_value},
};

use crate::{Key, policy::RetryPolicy, task::Reason, time::Time, wire::Value};

/// A task that will not be retried: why, after what, and all that is needed to run it again.
///
/// The fields are open because a letter is a record, not a machine: a worker engine of another make
/// fills one and [pushes](DeadLetterQueue::push) it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The letter's number in its queue, from 1; 0 until a queue gave it one.
    pub id: u64,
    /// The number of the first letter of this chain: a task that dies again after a redrive is a new
    /// letter of the same lineage. 0 until a queue took the first one.
    pub lineage: u64,
    /// The task's key.
    pub key: Key,
    /// The task's type ("charge", `cleanup_runs`): what handles it.
    pub task_type: Arc<str>,
    /// What the task works on, opaque to us. A tree and not bytes, so that JSON payloads stay
    /// readable and searchable in the records; binary payloads are for the caller to put into text.
    pub payload: Value,
    /// Why it died.
    pub reason: Reason,
    /// Executions in this life: since it was submitted or last redriven with its attempts reset.
    pub attempts: u32,
    /// Executions in its earlier lives.
    pub earlier_attempts: u64,
    /// How many times it has been redriven.
    pub redrives: u32,
    /// When an attempt of it first failed, in any of its lives; absent if none did (it expired).
    pub first_failed_at: Option<Time>,
    /// When an attempt of it last failed.
    pub last_failed_at: Option<Time>,
    /// When it died. Age and retention count from here.
    pub died_at: Time,
    /// The last failed attempts with their times, waits and errors.
    pub history: History,
    /// The policy that it died under, for its next life.
    pub policy: Option<Arc<RetryPolicy>>,
    /// The fingerprint of that policy, which stays when the policy itself is not kept; with a policy,
    /// 0 asks for it to be computed.
    pub policy_fingerprint: u64,
    /// The seed of its random stream: with key and attempt it gives every delay again.
    pub seed: u64,
    /// Set aside after too many redrives: listed, but left out by redrives unless asked for.
    pub parked: bool,
    /// Fields of its record that this version does not know, kept as they stood in the file.
    pub other: Vec<(String, Value)>,
}

impl DeadLetter {
    /// The letter of a task that died at `died_at` of `reason`, with nothing else known yet.
    pub fn new(key: impl Into<Key>, reason: Reason, died_at: Time) -> DeadLetter {
        DeadLetter {
            id: 0,
            lineage: 0,
            key: key.into(),
            task_type: "".into(),
            payload: Value::Null,
            reason,
            attempts: 0,
            earlier_attempts: 0,
            redrives: 0,
            first_failed_at: None,
            last_failed_at: None,
            died_at,
            history: History::default(),
            policy: None,
            policy_fingerprint: 0,
            seed: 0,
            parked: false,
            other: Vec::new(),
        }
    }

    /// Moves all its times by as much as `move_time` does.
    pub(crate) fn rebase(&mut self, move_time: impl Fn(Time) -> Time) {
        self.died_at = move_time(self.died_at);
        self.first_failed_at = self.first_failed_at.map(&move_time);
        self.last_failed_at = self.last_failed_at.map(&move_time);
        self.history.rebase(move_time);
    }

    /// The failure of the last attempt that failed.
    pub fn last_error(&self) -> Option<&Failure> {
        self.history.last().map(|record| &record.failure)
    }

    /// Executions in all its lives.
    pub fn total_attempts(&self) -> u64 {
        self.earlier_attempts.saturating_add(self.attempts.into())
    }

    /// The [fingerprint] of its last error: equal for letters that died of one thing. Letters without
    /// an error (expired before any attempt) share the fingerprint of the empty one.
    pub fn fingerprint(&self) -> u64 {
        self.last_error().map_or_else(
            || fingerprint("", ""),
            |failure| fingerprint(failure.kind(), failure.message()),
        )
    }
}
