//! What goes into a machine and what it hands out: task specifications and dispatches.

use alloc::{boxed::Box, string::ToString, sync::Arc};
use core::fmt;

use crate::{
    Key, exact,
    machine::policies::Variant,
    policy::{Overrides, RetryPolicy},
    time::{Duration, Time},
    wire::{ConfigError, Fields, PayloadFault, Value},
};

/// A task to be submitted: what it is, and what it does differently from the machine's policy.
///
/// ```
/// use redrive::{Duration, TaskSpec, wire::Value};
///
/// // The specification's Task(type="cleanup_runs", payload={}, max_attempts=3, backoff_multiplier=2.0)
/// let spec = TaskSpec::new("cleanup_runs")
///     .payload(Value::Map(Vec::new()))
///     .max_attempts(3)
///     .multiplier(2.0)
///     .time_to_live(Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskSpec {
    pub(super) task_type: Arc<str>,
    pub(super) payload: Option<Box<Value>>,
    pub(super) payload_fault: Option<PayloadFault>,
    pub(super) policy: Option<Arc<RetryPolicy>>,
    pub(super) max_attempts: Option<u32>,
    pub(super) multiplier: Option<f64>,
    pub(super) delay: Duration,
    pub(super) expires_at: Option<Time>,
    pub(super) time_to_live: Option<Duration>,
}

impl TaskSpec {
    /// A task of the type `task_type`, due at once, under the machine's policy.
    pub fn new(task_type: impl Into<Arc<str>>) -> TaskSpec {
        TaskSpec { task_type: task_type.into(), ..TaskSpec::default() }
    }

    /// What the task works on: a [`Value`] or what becomes one, at most
    /// [`MAX_DEPTH`](crate::wire::MAX_DEPTH) levels deep. Default: `null`.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<Value>) -> TaskSpec {
        let payload = payload.into();
        self.payload_fault = payload.fault();
        self.payload = match (self.payload_fault, payload) {
            // Let go of here, without recursion: it may be deeper than any stack.
            (Some(_), payload) => {
                payload.dismantle();
                None
            }
            (None, Value::Null) => None,
            (None, payload) => Some(Box::new(payload)),
        };
        self
    }

    /// A whole policy of its own. All policies of a machine that have the same budget rule share one
    /// budget; tasks under a policy without a rule need no consent.
    #[must_use]
    pub fn policy(mut self, policy: impl Into<Arc<RetryPolicy>>) -> TaskSpec {
        self.policy = Some(policy.into());
        self
    }

    /// Its own number of executions at most, the first included.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> TaskSpec {
        self.max_attempts = Some(attempts);
        self
    }

    /// Its own multiplier, for exponential policies. Where the policy's delays are `multiplier^n`
    /// seconds, as the [classic](RetryPolicy::classic) ones are, they stay of that form.
    #[must_use]
    pub fn multiplier(mut self, multiplier: f64) -> TaskSpec {
        self.multiplier = Some(multiplier);
        self
    }

    /// How long the task waits before its first attempt. Default: not at all.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> TaskSpec {
        self.delay = delay;
        self
    }

    /// When the task expires: an attempt that would start then or later does not, and
    /// the task dies of [`Expired`](crate::Reason::Expired). A running attempt may end.
    #[must_use]
    pub fn expires_at(mut self, at: Time) -> TaskSpec {
        self.expires_at = Some(at);
        self
    }

    /// The same, counted from the submission; the earlier of the two holds.
    #[must_use]
    pub fn time_to_live(mut self, time: Duration) -> TaskSpec {
        self.time_to_live = Some(time);
        self
    }

    /// What it overrides of the policy in the slot `base`.
    pub(super) fn variant(&self, base: u32) -> Option<Variant> {
        let multiplier = self.multiplier.map(f64::to_bits);
        let overrides = self.max_attempts.is_some() || multiplier.is_some();
        overrides.then_some(Variant { base, attempts: self.max_attempts, multiplier })
    }

    /// `base` with what it overrides.
    pub(super) fn overridden(&self, base: &RetryPolicy) -> Result<RetryPolicy, ConfigError> {
        Ok(Overrides::new(base, self.max_attempts, self.multiplier)?.apply(base))
    }

    /// When the task expires, submitted at `now`.
    pub(super) fn expiry(&self, now: Time) -> Option<Time> {
        let by_age = self.time_to_live.map(|time| now.saturating_add(time));
        match (self.expires_at, by_age) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// An attempt that is to be made now: the machine's part of the bargain between it and a worker.
///
/// It names one execution by one incarnation of one machine, and its result is reported with it. A
/// result that comes after the attempt timed out, while the next attempt of the task runs already, is
/// told apart by `run`; one from before a rollback to an older snapshot, or of another machine, by what
/// is not shown here and plays no part in comparisons.
#[derive(Clone)]
#[must_use = "the attempt counts as running until its result is reported"]
pub struct Dispatch {
    /// The task's key.
    pub key: Key,
    /// Which execution of the task this is, from 1.
    pub attempt: u32,
    /// When the attempt counts as failed by its timeout, if it is not over: stop it then.
    pub deadline: Option<Time>,
    /// The number of this execution in this machine, from 1.
    pub run: u64,
    pub(super) incarnation: u32,
    /// Where to look first.
    pub(super) slot: u32,
}

impl PartialEq for Dispatch {
    fn eq(&self, other: &Dispatch) -> bool {
        (&self.key, self.attempt, self.deadline, self.run)
            == (&other.key, other.attempt, other.deadline, other.run)
    }
}

impl Eq for Dispatch {}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatch")
            .field("key", &self.key)
            .field("attempt", &self.attempt)
            .field("deadline", &self.deadline)
            .field("run", &self.run)
            .finish()
    }
}

impl Dispatch {
    /// The dispatch as data, for workers in other processes.
    pub fn to_value(&self) -> Value {
        Value::map([
            ("key", self.key.to_string().into()),
            ("attempt", self.attempt.into()),
            ("deadlineNs", self.deadline.map_or(Value::Null, exact::time)),
            ("run", exact::whole(self.run)),
            ("incarnation", self.incarnation.into()),
        ])
    }

    /// Reads what [`to_value`](Dispatch::to_value) wrote.
    ///
    /// # Errors
    /// When a field is unknown, missing or not what it should be.
    pub fn from_value(value: &Value) -> Result<Dispatch, ConfigError> {
        const FIELDS: &[&str] = &["key", "attempt", "deadlineNs", "run", "incarnation"];
        let fields = Fields::read(value, "", FIELDS)?;
        Ok(Dispatch {
            key: Key::from(fields.required_text("key")?),
            attempt: exact::required_u32(&fields, "attempt")?,
            deadline: exact::read_time(&fields, "deadlineNs")?,
            run: exact::required_whole(&fields, "run")?,
            incarnation: exact::required_u32(&fields, "incarnation")?,
            slot: 0,
        })
    }
}

crate::wire::through_value!(Dispatch);
