//! Classification: which failures are worth a retry.
//!
//! A list of rules, the first match wins, and what no rule matches is retried. A rule may give its
//! class a backoff and jitter of its own: a throttled request should wait for longer than one that
//! lost a packet (AWS: 1 s against 50 ms).

use alloc::{string::String, vec::Vec};

use super::kinds::{Backoff, Jitter};
use crate::failure::{Kind, Pattern};

/// What happens after a failure that a rule matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Retry by the policy.
    #[default]
    Retry,
    /// Retry, and do not count the attempt: neither towards `maxAttempts` nor for the backoff.
    RetryFree,
    /// Dead-letter at once, with the reason `permanent`.
    DeadLetter,
    /// Drop the task: it ends as discarded, without a dead letter.
    Discard,
    /// End the task as failed, without a dead letter: the caller deals with it.
    Fail,
}

impl Action {
    pub(crate) const NAMES: [&'static str; 5] =
        ["retry", "retryFree", "deadLetter", "discard", "fail"];
    pub(crate) const ALL: [Action; 5] =
        [Self::Retry, Self::RetryFree, Self::DeadLetter, Self::Discard, Self::Fail];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// What it matches: kinds, families and codes of the [vocabulary](crate::failure), beginnings
    /// (`prefix*`), `*` for all, or any text of the user's own.
    pub matches: Vec<String>,
    /// What happens.
    pub action: Action,
    /// A backoff for this class, in place of the policy's.
    pub backoff: Option<Backoff>,
    /// A jitter for this class, in place of the policy's.
    pub jitter: Option<Jitter>,
}

impl Rule {
    /// A rule for the failures that `matches` names.
    pub fn new(matches: &str, action: Action) -> Rule {
        Rule { matches: alloc::vec![matches.into()], action, backoff: None, jitter: None }
    }

    /// A rule for the failures of these kinds.
    pub fn of(kinds: &[Kind], action: Action) -> Rule {
        let matches = kinds.iter().map(|kind| kind.as_str().into()).collect();
        Rule { matches, ..Rule::new("", action) }
    }

    /// The same rule for these failures too.
    #[must_use]
    pub fn or(mut self, matches: &str) -> Rule {
        self.matches.push(matches.into());
        self
    }

    /// The same rule with a backoff of its own.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Rule {
        self.backoff = Some(backoff);
        self
    }

    /// The same rule with a jitter of its own.
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> Rule {
        self.jitter = Some(jitter);
        self
    }

    /// What it matches, read once when the policy is built.
    pub(super) fn patterns(&self) -> Vec<Pattern> {
        self.matches.iter().map(|text| Pattern::of(text)).collect()
    }

    /// Whether it is for a failure of that `kind` that goes by these `words`; `patterns` are its own.
    pub(super) fn covers(&self, patterns: &[Pattern], words: &[&str], kind: Kind) -> bool {
        let mut patterns = self.matches.iter().zip(patterns);
        patterns.any(|(text, pattern)| pattern.matches(text, words, kind))
    }
}

/// What a policy makes of a kind of failure. Resolved once by
/// [`RetryPolicy::classify`](super::RetryPolicy::classify) and valid for policies with the same rules:
/// others refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// The rule's index, or [`Class::NO_RULE`].
    pub(crate) rule: u16,
    /// What a retry costs the budget.
    pub(crate) cost: u16,
    /// Of which rules and costs.
    pub(crate) rules: u32,
}

impl Class {
    pub(crate) const NO_RULE: u16 = u16::MAX;

    /// The index of the rule that matched, if one did.
    pub fn rule(self) -> Option<usize> {
        (self.rule != Self::NO_RULE).then_some(self.rule.into())
    }
}
