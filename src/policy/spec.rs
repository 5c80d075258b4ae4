//! What was written of a policy, and what was compiled from it.

use alloc::vec::Vec;

use super::{
    Action, Backoff, BudgetRule, Compat, Delays, ElapsedMeasure, ElapsedRule, Hinting, Jitter,
    Limits, RetryAfter, Rule,
};
use crate::{
    failure::Pattern,
    random::{hash, mix},
    time::Duration,
};

/// A policy as it was written: every field of the wire format, defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spec {
    pub(super) backoff: Backoff,
    pub(super) jitter: Jitter,
    pub(super) first_delay: Option<Duration>,
    pub(super) min_delay: Duration,
    pub(super) max_delay: Option<Duration>,
    pub(super) limits: Limits,
    pub(super) retry_after: RetryAfter,
    pub(super) rules: Vec<Rule>,
    pub(super) default_action: Action,
    pub(super) budget: Option<BudgetRule>,
    pub(super) compat: Compat,
}

impl Default for Spec {
    /// The specification's strategy, `RetryStrategy(max_attempts=3, backoff_multiplier=2.0)`.
    fn default() -> Spec {
        Spec {
            backoff: Backoff::Exponential { initial: Duration::from_secs(2), multiplier: 2.0 },
            jitter: Jitter::Proportional { factor: 0.1 },
            first_delay: None,
            min_delay: Duration::ZERO,
            max_delay: None,
            limits: Limits {
                max_attempts: core::num::NonZeroU32::new(3),
                max_elapsed: None,
                elapsed_rule: ElapsedRule::default(),
                attempt_timeout: None,
                reset_after: None,
            },
            retry_after: RetryAfter::default(),
            rules: Vec::new(),
            default_action: Action::Retry,
            budget: None,
            compat: Compat::default(),
        }
    }
}

impl Spec {
    /// The delays of failures that no rule treats specially.
    fn delays(&self) -> Delays {
        let limits = (self.min_delay, self.max_delay);
        Delays::new(&self.backoff, &self.jitter, self.first_delay, limits, &self.compat)
    }

    /// The delays of a rule that has a backoff or a jitter of its own.
    fn delays_of(&self, rule: &Rule) -> Option<Delays> {
        if rule.backoff.is_none() && rule.jitter.is_none() {
            return None;
        }
        let backoff = rule.backoff.as_ref().unwrap_or(&self.backoff);
        let inherited = if backoff.is_random() { Jitter::None } else { self.jitter };
        let jitter = rule.jitter.unwrap_or(inherited);
        let first = self.first_delay.filter(|_| rule.backoff.is_none());
        let limits = (self.min_delay, self.max_delay);
        Some(Delays::new(backoff, &jitter, first, limits, &self.compat))
    }
}

/// What a verdict needs of a policy, worked out once.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) delays: Delays,
    /// What is compiled of each rule.
    pub(super) of_rules: Vec<CompiledRule>,
    pub(super) hinting: Hinting,
    /// After fewer attempts than this a failure that no rule matches is retried, whatever the time,
    /// and its delay is one draw; 0 for policies of other kinds.
    pub(super) plain: u32,
    /// Tells rules and costs apart: what a [`Class`](super::Class) is of.
    pub(super) rules: u32,
    pub(super) fingerprint: Remembered,
}

/// What a rule matches, and its delays if it has its own.
#[derive(Clone, Debug)]
pub(super) struct CompiledRule {
    pub(super) patterns: Vec<Pattern>,
    pub(super) delays: Option<Delays>,
}

impl Compiled {
    pub(super) fn new(spec: &Spec) -> Compiled {
        let delays = spec.delays();
        let compile =
            |rule: &Rule| CompiledRule { patterns: rule.patterns(), delays: spec.delays_of(rule) };
        Compiled {
            plain: count_plain(spec, &delays),
            of_rules: spec.rules.iter().map(compile).collect(),
            hinting: Hinting::new(&spec.retry_after),
            rules: name_rules(spec),
            fingerprint: Remembered::default(),
            delays,
        }
    }
}

/// A number that policies have in common which make the same of every failure.
fn name_rules(spec: &Spec) -> u32 {
    let mut name = 0;
    let mut add = |part: &[u8], number: u64| name = mix(name ^ hash(part) ^ mix(number));
    for (index, rule) in spec.rules.iter().enumerate() {
        rule.matches.iter().for_each(|text| add(text.as_bytes(), index as u64));
    }
    if let Some(budget) = &spec.budget {
        budget.costs().for_each(|(class, cost)| add(class.as_bytes(), cost.into()));
    }
    name as u32
}

/// A fingerprint once it was asked for: it takes as long as writing the policy.
#[derive(Debug, Default)]
pub(super) struct Remembered(#[cfg(target_has_atomic = "64")] core::sync::atomic::AtomicU64);

impl Remembered {
    /// What is remembered, or what `make` says.
    #[cfg(target_has_atomic = "64")]
    pub(super) fn get_or(&self, make: impl FnOnce() -> u64) -> u64 {
        use core::sync::atomic::Ordering::Relaxed;
        // Every thread would write the same value; 0 means that there is none yet.
        match self.0.load(Relaxed) {
            0 => {
                let made = make();
                self.0.store(made, Relaxed);
                made
            }
            known => known,
        }
    }

    #[cfg(not(target_has_atomic = "64"))]
    pub(super) fn get_or(&self, make: impl FnOnce() -> u64) -> u64 {
        make()
    }
}

impl Clone for Remembered {
    fn clone(&self) -> Remembered {
        #[cfg(target_has_atomic = "64")]
        return Remembered(self.0.load(core::sync::atomic::Ordering::Relaxed).into());
        #[cfg(not(target_has_atomic = "64"))]
        Remembered()
    }
}

fn count_plain(spec: &Spec, delays: &Delays) -> u32 {
    let simple = spec.default_action == Action::Retry
        && spec.limits.max_elapsed.is_none()
        && spec.limits.reset_after.is_none()
        && spec.compat.elapsed_measure == ElapsedMeasure::Wall;
    if !simple {
        return 0;
    }
    let ranges = delays.straight() + 1;
    spec.limits.max_attempts.map_or(ranges, |max| ranges.min(max.get()))
}
