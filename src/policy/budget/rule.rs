//! The rules of budgets, parts of a policy.

use alloc::{string::String, vec::Vec};

use crate::{
    failure::{Kind, Pattern},
    time::Duration,
};

/// The rule of a budget.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BudgetRule {
    /// A bucket of tokens; a retry takes some, a success gives some back.
    TokenBucket(TokenBucket),
    /// A number of retries for each hundred first attempts of the last `window`, and `min_per_second` in
    /// any case.
    Ratio {
        /// Retries for each hundred first attempts.
        percent: f64,
        /// Retries a second that are always allowed.
        min_per_second: f64,
        /// How long a first attempt counts; up to a tenth less, since it is counted in tenths.
        window: Duration,
        /// What becomes of a retry that finds nothing left. One that waits is let through at
        /// `min_per_second`.
        on_empty: OnEmpty,
    },
    /// Retries in flight: a share of all that is in flight, or `min` if that is more.
    Concurrency {
        /// Retries for each hundred tasks in flight.
        percent: f64,
        /// Retries in flight that are always allowed.
        min: u32,
    },
    /// A pace: so many retries a second over all tasks, `burst` of them at once after a pause.
    Rate {
        /// Retries per second.
        per_second: f64,
        /// Retries that may follow each other at once after a pause, at least 1.
        burst: u32,
        /// What becomes of a retry that is ahead of the pace.
        on_empty: OnEmpty,
    },
}

/// What becomes of a retry for which the budget has nothing left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnEmpty {
    /// The task dies with the reason [`BudgetExhausted`](crate::Reason::BudgetExhausted): for calls that
    /// somebody waits for.
    #[default]
    Fail,
    /// It gets a later time: its turn, first come first served, and then its delay. For tasks in a queue.
    /// A waiting task holds no permit: a turn is a time, so no other attempt waits for it, and
    /// each turn comes whatever becomes of those before. `maxElapsed` still ends a task that would wait
    /// too long.
    Wait,
}

impl OnEmpty {
    pub(crate) const NAMES: [&'static str; 2] = ["fail", "wait"];
    pub(crate) const ALL: [OnEmpty; 2] = [Self::Fail, Self::Wait];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// The token bucket.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TokenBucket {
    /// Tokens in the full bucket; it starts full.
    pub capacity: u32,
    /// What a retry costs.
    pub cost: u32,
    /// What a retry costs after failures that match these, as in a rule, in place of `cost`; the first
    /// that matches counts.
    pub cost_by_class: Vec<(String, u32)>,
    /// What a success at the first attempt gives back.
    pub refund_on_success: f64,
    /// What a success at a later attempt gives back.
    pub refund_on_retry_success: Refund,
    /// When the cost is taken.
    pub debit_on: DebitOn,
    /// With a threshold a retry needs a balance above it; without one, a balance of at least its cost.
    pub threshold: Option<f64>,
}

impl TokenBucket {
    /// A bucket of `capacity` tokens of which a retry takes `cost`; the rest as by default.
    pub fn new(capacity: u32, cost: u32) -> TokenBucket {
        TokenBucket { capacity, cost, ..TokenBucket::default() }
    }

    /// The same with another cost after failures of that kind or code.
    #[must_use]
    pub fn cost_of(mut self, kind: &str, cost: u32) -> TokenBucket {
        self.cost_by_class.push((kind.into(), cost));
        self
    }

    /// The same with another refund for a success at the first attempt. Default: 1.
    #[must_use]
    pub fn refund_on_success(mut self, tokens: f64) -> TokenBucket {
        self.refund_on_success = tokens;
        self
    }

    /// The same with another refund for a success after retries. Default: what the retry cost.
    #[must_use]
    pub fn refund_on_retry_success(mut self, refund: Refund) -> TokenBucket {
        self.refund_on_retry_success = refund;
        self
    }

    /// The same with the cost taken at another time. Default: when a retry is granted.
    #[must_use]
    pub fn debit_on(mut self, debit_on: DebitOn) -> TokenBucket {
        self.debit_on = debit_on;
        self
    }

    /// The same with a balance that retries need to exceed. Default: none; they need their cost.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> TokenBucket {
        self.threshold = Some(threshold);
        self
    }
}

impl Default for TokenBucket {
    /// The AWS SDKs' standard mode since 2026-11-10: 500 tokens, 14 a retry, 5 when throttled.
    fn default() -> TokenBucket {
        TokenBucket {
            capacity: 500,
            cost: 14,
            cost_by_class: Vec::new(),
            refund_on_success: 1.0,
            refund_on_retry_success: Refund::Cost,
            debit_on: DebitOn::Retry,
            threshold: None,
        }
    }
}

/// What a success after a retry gives back.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Refund {
    /// What the last retry cost.
    Cost,
    /// This many tokens.
    Tokens(f64),
}

/// When a token bucket takes the cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DebitOn {
    /// When a retry is granted (AWS).
    #[default]
    Retry,
    /// At every failure of a kind that is retried, whether or not it is: the last attempt's failure
    /// costs as much as the first one's (gRPC).
    Failure,
}

impl DebitOn {
    pub(crate) const NAMES: [&'static str; 2] = ["retry", "failure"];
    pub(crate) const ALL: [DebitOn; 2] = [Self::Retry, Self::Failure];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl BudgetRule {
    /// A share of the first attempts; a retry for which nothing is left fails.
    pub const fn ratio(percent: f64, min_per_second: f64, window: Duration) -> BudgetRule {
        BudgetRule::Ratio { percent, min_per_second, window, on_empty: OnEmpty::Fail }
    }

    /// A pace; a retry that is ahead of it waits for its turn.
    pub const fn rate(per_second: f64, burst: u32) -> BudgetRule {
        BudgetRule::Rate { per_second, burst, on_empty: OnEmpty::Wait }
    }

    /// The kind's name on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TokenBucket(_) => "tokenBucket",
            Self::Ratio { .. } => "ratio",
            Self::Concurrency { .. } => "concurrency",
            Self::Rate { .. } => "rate",
        }
    }

    /// What becomes of a retry for which nothing is left.
    pub fn on_empty(&self) -> OnEmpty {
        match self {
            Self::TokenBucket(_) | Self::Concurrency { .. } => OnEmpty::Fail,
            Self::Ratio { on_empty, .. } | Self::Rate { on_empty, .. } => *on_empty,
        }
    }

    /// The time between the turns of retries that wait, in nanoseconds.
    pub(super) fn interval(&self) -> u64 {
        let per_second = match self {
            Self::Ratio { min_per_second, .. } => *min_per_second,
            Self::Rate { per_second, .. } => *per_second,
            Self::TokenBucket(_) | Self::Concurrency { .. } => 0.0,
        };
        // The bounds keep it at a nanosecond or more; none a second is never, which saturates.
        (1e9 / per_second + 0.5) as u64
    }

    /// Whether the cost of a retry depends on the failure.
    pub(crate) fn is_by_class(&self) -> bool {
        matches!(self, Self::TokenBucket(bucket) if !bucket.cost_by_class.is_empty())
    }

    /// What retries cost: by class, and of all others under an empty name.
    pub(crate) fn costs(&self) -> impl Iterator<Item = (&str, u32)> {
        let (by_class, other) = match self {
            Self::TokenBucket(bucket) => (&bucket.cost_by_class[..], bucket.cost),
            Self::Ratio { .. } | Self::Concurrency { .. } | Self::Rate { .. } => (&[][..], 1),
        };
        by_class.iter().map(|(class, cost)| (class.as_str(), *cost)).chain([("", other)])
    }

    /// What a retry costs after a failure of that `kind` that goes by these `words`.
    pub(crate) fn cost_of(&self, words: &[&str], kind: Kind) -> u16 {
        let cost = match self {
            Self::TokenBucket(bucket) => bucket
                .cost_by_class
                .iter()
                .find(|(class, _)| Pattern::of(class).matches(class, words, kind))
                .map_or(bucket.cost, |(_, cost)| *cost),
            Self::Ratio { .. } | Self::Concurrency { .. } | Self::Rate { .. } => 1,
        };
        // The bounds table keeps costs at 1,000 or less.
        u16::try_from(cost).unwrap_or(u16::MAX)
    }
}
