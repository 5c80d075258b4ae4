//! What sits between a caller and what it calls: its policy, its timeout, and what may refuse an
//! attempt before it is sent (a throttle, a breaker) or a retry after it failed (a budget, a breaker).
//!
//! The clients have one, and so has each layer for its calls to the next: the same code, so that no
//! rule acts at one place and is ignored at another.

use redrive::{
    Budget, Duration, RetryPolicy, policy::Class as FailureClass, random::Stream, time::nanos,
};

use super::{breaker::Circuit, failure::Failure, throttle::Throttles};
use crate::scenario::{Breaker, Throttle};

/// The side of a caller.
pub(super) struct Stub<'s> {
    pub(super) policy: &'s RetryPolicy,
    pub(super) classes: [FailureClass; Failure::ALL.len()],
    /// How long an attempt is waited for, in nanoseconds; `u64::MAX` without a limit.
    pub(super) timeout: u64,
    /// The same, by the rules alone.
    wait: u64,
    shares: u32,
    budgets: Vec<Budget>,
    /// Retries refused by the budgets of an earlier policy.
    denied_before: u64,
    breaker: Option<Breaker>,
    circuits: Vec<Circuit>,
    throttle: Option<Throttle>,
    throttles: Throttles,
    pub(super) breaker_denied: u64,
    pub(super) throttle_denied: u64,
}

/// The rules of a stub, apart from its policy.
#[derive(Clone, Copy, Default)]
pub(super) struct Rules {
    pub(super) timeout: Option<Duration>,
    pub(super) breaker: Option<Breaker>,
    pub(super) throttle: Option<Throttle>,
}

/// Who calls: the budget and the throttle are those of a share, the breaker is a client's.
#[derive(Clone, Copy, Default)]
pub(super) struct Who {
    pub(super) client: u32,
    pub(super) share: u32,
}

impl<'s> Stub<'s> {
    /// The stub of so many clients, who share budgets and throttles in so many parts. `draws` is what
    /// its throttles draw from.
    pub(super) fn new(
        policy: &'s RetryPolicy,
        rules: Rules,
        clients: u32,
        shares: u32,
        draws: Stream,
    ) -> Self {
        let classes = Failure::classes(policy);
        let circuits = if rules.breaker.is_some() { clients as usize } else { 0 };
        Self {
            policy,
            classes,
            timeout: or_never(rules.timeout).min(or_never(policy.attempt_timeout())),
            wait: or_never(rules.timeout),
            shares,
            budgets: budgets(policy, shares),
            denied_before: 0,
            breaker: rules.breaker,
            circuits: vec![Circuit::default(); circuits],
            throttle: rules.throttle,
            throttles: Throttles::new(draws),
            breaker_denied: 0,
            throttle_denied: 0,
        }
    }

    /// From now on callers retry by this policy.
    pub(super) fn set_policy(&mut self, policy: &'s RetryPolicy) {
        self.denied_before = self.budget_denied();
        self.policy = policy;
        self.classes = Failure::classes(policy);
        self.timeout = self.wait.min(or_never(policy.attempt_timeout()));
        self.budgets = budgets(policy, self.shares);
    }

    /// Whether it has budgets: without them it does not matter whose.
    #[inline]
    pub(super) fn has_budgets(&self) -> bool {
        !self.budgets.is_empty()
    }

    /// The budget of a share.
    #[inline]
    pub(super) fn budget(&mut self, share: u32) -> Option<&mut Budget> {
        self.budgets.get_mut(share as usize)
    }

    /// What refuses an attempt before it is sent. The throttle first: a probe of an open breaker must
    /// not be lost in it.
    pub(super) fn refuses(
        &mut self,
        now: u64,
        who: Who,
        key: u64,
        attempt: u32,
    ) -> Option<Failure> {
        if let Some(rule) = &self.throttle
            && self.throttles.refuses(rule, now, who.share, key, attempt)
        {
            self.throttle_denied += 1;
            return Some(Failure::ClientThrottle);
        }
        let rule = self.breaker.as_ref().filter(|rule| !rule.retries_only)?;
        let circuit = self.circuits.get_mut(who.client as usize)?;
        if circuit.allows(rule, now) {
            return None;
        }
        self.breaker_denied += 1;
        Some(Failure::Breaker)
    }

    /// The breaker and the throttle hear how an attempt ended that was sent.
    pub(super) fn answered(&mut self, now: u64, who: Who, answer: Option<Failure>) {
        if let Some(rule) = &self.throttle
            && answer.is_none_or(Failure::is_accepted)
        {
            self.throttles.accepted(rule, now, who.share);
        }
        if let Some(rule) = &self.breaker
            && let Some(circuit) = self.circuits.get_mut(who.client as usize)
        {
            circuit.record(rule, now, answer.is_some());
        }
    }

    /// Whether a breaker that stops retries stops this one.
    pub(super) fn stops_retry(&mut self, now: u64, client: u32) -> bool {
        let Some(rule) = self.breaker.as_ref().filter(|rule| rule.retries_only) else {
            return false;
        };
        let circuit = self.circuits.get_mut(client as usize);
        let stops = circuit.is_some_and(|circuit| circuit.is_tripped(rule, now));
        self.breaker_denied += u64::from(stops);
        stops
    }

    /// Retries that the budgets refused.
    pub(super) fn budget_denied(&self) -> u64 {
        self.denied_before + self.budgets.iter().map(Budget::denied).sum::<u64>()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.budgets.capacity() * size_of::<Budget>()
            + self.circuits.capacity() * size_of::<Circuit>()
            + self.throttles.bytes()
    }
}

/// A budget for each share, where the policy has one.
fn budgets(policy: &RetryPolicy, shares: u32) -> Vec<Budget> {
    let rule = policy.budget();
    rule.map_or(Vec::new(), |rule| (0..shares).map(|_| Budget::new(rule)).collect())
}

/// A duration in nanoseconds, the longest when there is none.
pub(super) fn or_never(duration: Option<Duration>) -> u64 {
    duration.map_or(u64::MAX, nanos)
}

/// Bytes for each client that has a budget, a breaker or a throttle of its own.
pub(crate) fn client_bytes(budget: bool, breaker: bool, throttle: bool) -> f64 {
    let of = |given: bool, bytes: usize| if given { bytes as f64 } else { 0.0 };
    of(budget, size_of::<Budget>())
        + of(breaker, size_of::<Circuit>())
        + of(throttle, Throttles::EACH)
}
