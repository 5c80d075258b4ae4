//! What goes into a machine and what it hands out: task specifications and dispatches.

use alloc::sync::Arc;

use crate::{
    policy::{Backoff, PolicyBuilder, RetryPolicy},
    time::{Duration, Time},
    wire::{ConfigError, Value},
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
    pub(super) payload: Option<Value>,
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

    /// What the task works on. Default: `null`.
    #[must_use]
    pub fn payload(mut self, payload: Value) -> TaskSpec {
        self.payload = Some(payload);
        self
    }

    /// A whole policy of its own. One whose budget rule is the machine's shares the machine's budget;
    /// one with another rule has a budget of its own, shared by the tasks under that same policy; one
    /// without a rule needs nobody's consent.
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

    /// When the task is of no use any more: an attempt that would start then or later does not, and
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

    /// The policy that the task runs under, if it is not simply `default`.
    pub(super) fn own_policy(
        &self,
        default: &Arc<RetryPolicy>,
    ) -> Result<Option<Arc<RetryPolicy>>, ConfigError> {
        if self.max_attempts.is_none() && self.multiplier.is_none() {
            return Ok(self.policy.clone());
        }
        let base = self.policy.as_ref().unwrap_or(default);
        let mut builder = base.to_builder();
        if let Some(attempts) = self.max_attempts {
            builder = builder.max_attempts(attempts);
        }
        if let Some(multiplier) = self.multiplier {
            builder = with_multiplier(builder, base, multiplier)?;
        }
        Ok(Some(Arc::new(builder.build()?)))
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

fn with_multiplier(
    builder: PolicyBuilder,
    base: &RetryPolicy,
    multiplier: f64,
) -> Result<PolicyBuilder, ConfigError> {
    // Checks the multiplier, and rounds as every classic policy does.
    let classic = |multiplier| RetryPolicy::classic(1, multiplier).map(|p| p.backoff().clone());
    match base.backoff() {
        Backoff::Exponential { initial, multiplier: old } => {
            let wanted = classic(multiplier)?;
            if classic(*old)? == *base.backoff() {
                return Ok(builder.backoff(wanted));
            }
            Ok(builder.backoff(Backoff::Exponential { initial: *initial, multiplier }))
        }
        _ => Err(ConfigError::new(
            "multiplier",
            "is for exponential policies; give the task a whole policy instead",
        )),
    }
}

/// An attempt that is to be made now: the machine's part of the bargain between it and a worker.
///
/// It names one execution, and its result is reported with it: a result that comes after the attempt
/// timed out, while the next attempt of the task runs already, is told apart by `run`. `Copy` and
/// plain numbers, so that it can be stored next to the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "the attempt counts as running until its result is reported"]
pub struct Dispatch {
    /// The id of the task's key.
    pub key: u64,
    /// Which execution of the task this is, from 1.
    pub attempt: u32,
    /// When the attempt counts as failed by its timeout, if it is not over: stop it then.
    pub deadline: Option<Time>,
    /// The number of this execution in this machine, from 1.
    pub run: u64,
}
