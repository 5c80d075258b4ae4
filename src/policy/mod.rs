//! The policy: declarative, validated, serialisable rules.
//!
//! A [`RetryPolicy`] is built once, by a [`PolicyBuilder`] or from its [wire format](wire), and is
//! immutable after that. Everything that can be wrong with it is found then, by name; nothing that is
//! asked of it later can fail or panic. [`RetryPolicy::default`] is the specification's strategy;
//! [`RetryPolicy::recommended`] is what the [hints](crate::hints) steer people to.

mod backoff;
mod budget;
mod builder;
mod check;
mod classify;
mod compat;
mod delay;
#[cfg(any(test, feature = "small"))]
mod exp;
mod jitter;
pub mod kinds;
mod limits;
#[cfg(feature = "small")]
#[doc(hidden)]
pub mod numbers;
mod overrides;
mod parameter;
#[doc(hidden)]
pub mod places;
pub mod presets;
mod retry_after;
pub mod schema;
mod spec;
pub mod wire;

use core::{fmt::Write, num::NonZeroU32};

use self::spec::{Compiled, Spec};
pub use self::{
    budget::{Budget, BudgetRule, DebitOn, OnEmpty, Refund, TokenBucket},
    builder::PolicyBuilder,
    classify::{Action, Class, Rule},
    compat::{CapStage, Compat, ElapsedMeasure, Resample, Rounding, RoundingMode},
    jitter::End,
    kinds::{Backoff, Jitter},
    limits::{ElapsedRule, Limits},
    overrides::Overrides,
    parameter::{Argument, KindRow, Parameter, Shape},
    retry_after::{HintMode, RetryAfter, WhenLonger},
};
pub(crate) use self::{
    delay::{Address, Delays, Law, Range},
    limits::Deadline,
    retry_after::Hinting,
};
use crate::{
    failure::Kind,
    random::{Hasher, Stream},
    time::{Duration, nanos},
    wire::ConfigError,
};

/// The rules by which a task is retried: validated, immutable, cheap to share.
///
/// ```
/// use redrive::{Backoff, Duration, Jitter, RetryPolicy};
///
/// let policy = RetryPolicy::builder()
///     .backoff(Backoff::Exponential { initial: Duration::from_millis(200), multiplier: 2.0 })
///     .jitter(Jitter::Full)
///     .max_delay(Duration::from_secs(30))
///     .max_attempts(5)
///     .build()?;
/// let delays: Vec<Duration> = policy.schedule(42, 17).map(|retry| retry.delay).collect();
/// assert_eq!(delays.len(), 4);
/// # Ok::<(), redrive::wire::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    spec: Spec,
    compiled: Compiled,
}

/// Two policies are equal that are written alike.
impl PartialEq for RetryPolicy {
    fn eq(&self, other: &RetryPolicy) -> bool {
        self.spec == other.spec
    }
}

/// All of a policy that a verdict depends on, for one class of failures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'p> {
    pub(crate) action: Action,
    pub(crate) max_attempts: Option<NonZeroU32>,
    pub(crate) deadline: Deadline,
    pub(crate) delays: &'p Delays,
    pub(crate) hinting: &'p Hinting,
    pub(crate) measure: ElapsedMeasure,
    /// How long an attempt has to run to start the count anew, in nanoseconds.
    pub(crate) reset_after: Option<u64>,
    /// What a retry costs the budget.
    pub(crate) cost: u16,
}

impl Default for RetryPolicy {
    /// The specification's `RetryStrategy()`: [`classic`](RetryPolicy::classic) with three attempts and
    /// a multiplier of 2. Attempt 1 at once, attempt 2 after 2 s + U[0, 0.2 s], attempt 3 after 4 s +
    /// U[0, 0.4 s], then the dead-letter queue with the reason `exhausted`.
    fn default() -> RetryPolicy {
        PolicyBuilder::default().assume_valid()
    }
}

impl RetryPolicy {
    /// A builder that starts from the default policy.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// The specification's strategy: the delay after the n-th failed attempt is `multiplier^n` seconds
    /// + U[0, 10 %] of it, for `max_attempts` attempts; there is no cap.
    ///
    /// # Errors
    /// When `max_attempts` is 0, or the multiplier is not a finite number from 1 to 1000.
    pub fn classic(max_attempts: u32, multiplier: f64) -> Result<RetryPolicy, ConfigError> {
        use crate::{bounds, wire::check};
        let multiplier = check("multiplier", bounds::MULTIPLIER, multiplier)?;
        // The first delay is multiplier^1 seconds.
        let initial = overrides::first_delay(multiplier);
        RetryPolicy::builder()
            .backoff(Backoff::Exponential { initial, multiplier })
            .max_attempts(max_attempts)
            .build()
    }

    /// What we would run, each choice with its reason:
    ///
    /// - **five attempts**: with full jitter from 500 ms they cover about eight seconds of trouble (0.5 +
    ///   1 + 2 + 4 s at most), enough for a restart or a failover; more mostly adds load (Google SRE
    ///   book, "Handling Overload": three attempts in a request path; AWS SDKs: three);
    /// - **exponential, 500 ms x 2**: between AWS's 50 ms (transient) and 1 s (throttling);
    /// - **full jitter**: the widest spread for the same cap, so the least peak on a server that comes
    ///   back (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015);
    /// - **30 s cap**: people and load balancers give up after about that; a longer wait belongs in a
    ///   queue (cockatiel's and Spring's defaults agree);
    /// - **a budget, 20 % and 10 a second**: the load of a failing service grows to 1.2 times and not
    ///   to five times (Finagle's and Linkerd's default, with a window of 10 s);
    /// - **throttling waits from 1 s**: a server that says "too many" (in HTTP, 429) needs longer than
    ///   one that lost a packet (AWS SDKs, standard mode 2026);
    /// - **what no retry mends is not retried**: a request that is wrong, not allowed, for something
    ///   that is not there, not supported, or no longer wanted ([`Kind::HOPELESS`]) fails alike each
    ///   time (Google SRE book, "Addressing Cascading Failures": separate retriable from other errors);
    /// - **Retry-After at least**, with a tenth of jitter above it, up to five minutes.
    pub fn recommended() -> RetryPolicy {
        let throttled = Backoff::Exponential { initial: Duration::from_secs(1), multiplier: 2.0 };
        RetryPolicy::builder()
            .backoff(Backoff::Exponential { initial: Duration::from_millis(500), multiplier: 2.0 })
            .jitter(Jitter::Full)
            .max_delay(Duration::from_secs(30))
            .max_attempts(5)
            .rule(Rule::new("throttle", Action::Retry).or("429").backoff(throttled))
            .rule(Rule::of(Kind::HOPELESS, Action::DeadLetter))
            .budget(BudgetRule::ratio(20.0, 10.0, Duration::from_secs(10)))
            .assume_valid()
    }

    /// Recommended for queued tasks, which have no caller waiting and must survive an
    /// outage of an hour. The reason for each choice:
    ///
    /// - **exponential, 1 s x 2, full jitter**: soon enough for a restart, and the least peak on a server
    ///   that comes back (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015);
    /// - **5 min cap**: what a task waits at most after the service is well again, and with full jitter
    ///   two and a half minutes in the mean (Kubernetes: CrashLoopBackOff waits five minutes at most);
    /// - **fifty attempts**: under full jitter they take 107 minutes in the mean, and fewer than one task
    ///   in a million uses them up within an hour (the sum of 41 uniform waits: 102 minutes with a
    ///   standard deviation of 9); Sidekiq's 25 attempts last for weeks, and a poison task that long;
    /// - **a pace of ten retries a second, ten at once, and it waits**: however many tasks failed, a
    ///   server that comes back gets ten a second more than usual (the floor of Finagle's and Linkerd's
    ///   retry budgets); a retry that is ahead of the pace gets a later turn and is not given up;
    /// - **what no retry mends is not retried** ([`Kind::HOPELESS`]): as in
    ///   [`recommended`](RetryPolicy::recommended);
    /// - **Retry-After at least**, with a tenth of jitter above it, up to an hour: a queue can wait for
    ///   as long as it is asked to.
    pub fn patient() -> RetryPolicy {
        RetryPolicy::builder()
            .backoff(Backoff::Exponential { initial: Duration::from_secs(1), multiplier: 2.0 })
            .jitter(Jitter::Full)
            .max_delay(Duration::from_secs(300))
            .max_attempts(50)
            .retry_after(RetryAfter::default().max(Duration::from_secs(3_600)))
            .rule(Rule::of(Kind::HOPELESS, Action::DeadLetter))
            .budget(BudgetRule::rate(10.0, 10))
            .assume_valid()
    }

    /// How the delay grows.
    pub fn backoff(&self) -> &Backoff {
        &self.spec.backoff
    }

    /// How it is spread.
    pub fn jitter(&self) -> &Jitter {
        &self.spec.jitter
    }

    /// The fixed, un-jittered delay before the first retry, if there is one.
    pub fn first_delay(&self) -> Option<Duration> {
        self.spec.first_delay
    }

    /// The least delay.
    pub fn min_delay(&self) -> Duration {
        self.spec.min_delay
    }

    /// The cap, if there is one.
    pub fn max_delay(&self) -> Option<Duration> {
        self.spec.max_delay
    }

    /// How many attempts, and for how long.
    pub fn limits(&self) -> &Limits {
        &self.spec.limits
    }

    /// Executions at most, the first included; `None` is unlimited.
    pub fn max_attempts(&self) -> Option<NonZeroU32> {
        self.spec.limits.max_attempts
    }

    /// Whether neither attempts nor `maxElapsed` end a task, so that the caller has to stop it. Only
    /// [`build_until_stopped`](PolicyBuilder::build_until_stopped) and
    /// [`from_value_until_stopped`](RetryPolicy::from_value_until_stopped) make such policies.
    pub fn is_unbounded(&self) -> bool {
        self.spec.limits.is_unbounded()
    }

    /// The time after which nothing is retried.
    pub fn max_elapsed(&self) -> Option<Duration> {
        self.spec.limits.max_elapsed
    }

    /// How long one attempt may run.
    pub fn attempt_timeout(&self) -> Option<Duration> {
        self.spec.limits.attempt_timeout
    }

    /// How long an attempt has to run before it fails to start the count anew.
    pub fn reset_after(&self) -> Option<Duration> {
        self.spec.limits.reset_after
    }

    /// What a server's Retry-After does.
    pub fn retry_after(&self) -> &RetryAfter {
        &self.spec.retry_after
    }

    /// The classification rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.spec.rules
    }

    /// What happens to a failure that no rule matches.
    pub fn default_action(&self) -> Action {
        self.spec.default_action
    }

    /// The rule of the shared budget, if there is one.
    pub fn budget(&self) -> Option<&BudgetRule> {
        self.spec.budget.as_ref()
    }

    /// The quirks of other systems; none by default.
    pub fn compat(&self) -> &Compat {
        &self.spec.compat
    }

    /// A builder that starts from this policy: for a task that overrides some of it.
    pub fn to_builder(&self) -> PolicyBuilder {
        PolicyBuilder::of(self.spec.clone())
    }

    /// What this policy makes of failures of `kind` (and `code`, such as an HTTP status). Look it up
    /// once for each kind; it holds for this policy, and others with its rules.
    pub fn classify(&self, kind: &str, code: Option<&str>) -> Class {
        match code {
            Some(code) => self.classify_words(&[kind, code]),
            None => self.classify_words(&[kind]),
        }
    }

    /// The same for a failure that goes by several words, the most telling first: a kind, an exception's
    /// name, the codes of each system that speaks of it. The first word that the
    /// [vocabulary](crate::failure) knows says of which kind it is.
    pub fn classify_words(&self, words: &[&str]) -> Class {
        let Spec { rules, budget, .. } = &self.spec;
        let ruled = !rules.is_empty() || budget.as_ref().is_some_and(BudgetRule::is_by_class);
        let kind = if ruled { Kind::of(words) } else { Kind::Other };
        let mut rules = rules.iter().zip(&self.compiled.of_rules);
        let rule = rules.position(|(rule, compiled)| rule.covers(&compiled.patterns, words, kind));
        Class {
            // The builder allows fewer rules than that.
            rule: rule.and_then(|index| u16::try_from(index).ok()).unwrap_or(Class::NO_RULE),
            cost: budget.as_ref().map_or(0, |budget| budget.cost_of(words, kind)),
            rules: self.compiled.rules,
        }
    }

    /// Whether `class` is of this policy's rules.
    #[inline]
    pub(crate) fn knows(&self, class: Class) -> bool {
        class.rules == self.compiled.rules
    }

    /// What happens after a failure of `class`.
    #[inline]
    pub fn action(&self, class: Class) -> Action {
        self.spec
            .rules
            .get(class.rule as usize)
            .map_or(self.spec.default_action, |rule| rule.action)
    }

    /// What the policy says about a failure of `class`.
    #[inline]
    pub(crate) fn terms(&self, class: Class) -> Terms<'_> {
        Terms {
            action: self.action(class),
            max_attempts: self.spec.limits.max_attempts,
            deadline: self.spec.limits.deadline(),
            delays: self.delays(class),
            hinting: &self.compiled.hinting,
            measure: self.spec.compat.elapsed_measure,
            reset_after: self.spec.limits.reset_after.map(nanos),
            cost: class.cost,
        }
    }

    #[inline]
    fn delays(&self, class: Class) -> &Delays {
        let rule = self.compiled.of_rules.get(class.rule as usize);
        rule.and_then(|rule| rule.delays.as_ref()).unwrap_or(&self.compiled.delays)
    }

    /// The delays of all classes of failure.
    pub(crate) fn all_delays(&self) -> impl Iterator<Item = &Delays> {
        let own = self.compiled.of_rules.iter().filter_map(|rule| rule.delays.as_ref());
        core::iter::once(&self.compiled.delays).chain(own)
    }

    /// What can happen after a failure.
    pub(crate) fn all_actions(&self) -> impl Iterator<Item = Action> {
        let ruled = self.spec.rules.iter().map(|rule| rule.action);
        core::iter::once(self.spec.default_action).chain(ruled)
    }

    /// What the delay after that many attempts is drawn from, if the failure is a plain one: no rule matches,
    /// without budget, hint or deadline. It is what all but a few verdicts of most policies need.
    #[inline]
    pub(crate) fn plain_range(&self, class: Class, attempts: u32) -> Option<&Range> {
        if class.rule != Class::NO_RULE || !self.knows(class) || attempts >= self.compiled.plain {
            return None;
        }
        self.compiled.delays.ahead(attempts.wrapping_sub(1))
    }

    pub(crate) fn base_delays(&self) -> &Delays {
        &self.compiled.delays
    }

    /// The delay before attempt `retry + 1` of the task `key`, retries counted from 1.
    ///
    /// The pure function behind everything: no state, any order. For `decorrelated` and `feedback`,
    /// whose delays depend on those before, it walks there from the first; the
    /// [schedule](RetryPolicy::schedule) does so step by step.
    pub fn delay(&self, seed: u64, key: u64, retry: NonZeroU32) -> Duration {
        let stream = Stream::new(seed);
        let last = retry.get() - 1;
        let first = if self.compiled.delays.walks() { 0 } else { last };
        let mut previous = None;
        for retries in first..=last {
            let address = Address { stream, key, attempt: retries + 1, retries, previous };
            previous = Some(self.compiled.delays.draw(&address));
        }
        Duration::from_nanos(previous.unwrap_or_default())
    }

    /// A number that is the same for equal policies and different, as good as always, for others.
    pub fn fingerprint(&self) -> u64 {
        self.compiled.fingerprint.get_or(|| {
            let mut text = Hasher::default();
            // It takes all that is written.
            let _ = write!(text, "{}", self.to_value());
            text.hash()
        })
    }

    /// The longest that a task can wait in all, for failures that no rule treats specially and no
    /// Retry-After prolongs: the sum of the largest delays, `maxElapsed` at most. `None` when there is
    /// no such limit.
    pub fn worst_case(&self) -> Option<Duration> {
        let attempts = self.spec.limits.max_attempts.map(NonZeroU32::get);
        let limit = match (self.spec.limits.max_elapsed, self.spec.limits.elapsed_rule) {
            (Some(max), ElapsedRule::StopIfWouldExceed | ElapsedRule::Truncate) => Some(nanos(max)),
            _ => None,
        };
        let Some(attempts) = attempts else { return limit.map(Duration::from_nanos) };
        let total = self.longest_waits(attempts - 1);
        Some(Duration::from_nanos(limit.map_or(total, |limit| limit.min(total))))
    }

    /// The sum of the largest delays of `retries` retries; once they no longer grow, by multiplication.
    fn longest_waits(&self, retries: u32) -> u64 {
        const STEPS: u32 = 2_000;
        let mut total = 0_u64;
        let mut longest = 0;
        for n in 0..retries.min(STEPS) {
            longest = match self.compiled.delays.law(n).quantile(1.0) {
                Some(longest) => longest,
                None => self.spec.max_delay.map_or(u64::MAX, nanos),
            };
            total = total.saturating_add(longest);
        }
        total.saturating_add(longest.saturating_mul(retries.saturating_sub(STEPS).into()))
    }
}
