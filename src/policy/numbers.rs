//! Policies and budgets as rows of numbers, for borders that only numbers cross (feature `small`).
//!
//! The npm package's root module has neither texts nor objects nor an allocator. JavaScript keeps a
//! policy as a row of floats and sends it along with each failure; [`NumericTerms`] are what the verdict
//! needs of it, read by their [places]. Durations are nanoseconds, words are their index in the lists of the wire
//! format, and `NaN` means not set.
//!
//! **A row is trusted**: JavaScript has checked it against the [bounds](crate::bounds), and its refusals
//! are compared with the core's by `tests/golden/refusals.json`. A row that is not a
//! policy does no harm: it reads as some policy, and nothing can panic on it.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::{
    Action, Budget, BudgetRule, CapStage, Compat, Deadline, DebitOn, Delays, ElapsedMeasure,
    ElapsedRule, HintMode, Hinting, OnEmpty, Refund, Resample, Rounding, RoundingMode, Terms,
    TokenBucket, WhenLonger,
    backoff::{Curve, Scalars},
    jitter::Spread,
    kinds::{BackoffTag, JitterTag},
    places::{self, BUDGET_LENGTH, TERMS_LENGTH},
};
use crate::{
    random::Stream,
    task::{Task, Verdict},
    time::{Duration, Time},
};

/// All of a policy that a verdict depends on, for one class of failures.
#[derive(Clone, Debug)]
pub struct NumericTerms {
    action: Action,
    max_attempts: Option<NonZeroU32>,
    deadline: Deadline,
    hinting: Hinting,
    measure: ElapsedMeasure,
    reset_after: Option<u64>,
    delays: Delays,
}

impl NumericTerms {
    /// Reads the terms that a row spells. `delay` is the delay of a table that counts now, by its index:
    /// the last repeats.
    pub fn read(row: &[f64; TERMS_LENGTH], delay: impl FnOnce(usize) -> f64) -> NumericTerms {
        let at = |place: usize| row[place];
        let deadline = Deadline {
            max: nanoseconds(at(places::MAX_ELAPSED)),
            rule: pick(&ElapsedRule::ALL, at(places::ELAPSED_RULE)),
        };
        let hinting = Hinting {
            mode: pick(&HintMode::ALL, at(places::HINT_MODE)),
            max: at(places::HINT_MAX) as u64,
            when_longer: pick(&WhenLonger::ALL, at(places::WHEN_LONGER)),
            spread: spread(row, places::HINT_JITTER),
        };
        let compat = Compat {
            cap_stage: pick(&CapStage::ALL, at(places::CAP_STAGE)),
            elapsed_measure: pick(&ElapsedMeasure::ALL, at(places::MEASURE)),
            feedback: at(places::FEEDBACK) > 0.0,
            rounding: nanoseconds(at(places::ROUNDING_UNIT)).map(|unit| Rounding {
                unit,
                mode: pick(&RoundingMode::ALL, at(places::ROUNDING_MODE)),
                each_step: at(places::ROUNDING_STEPS) > 0.0,
                amplitude: at(places::ROUNDING_AMPLITUDE) > 0.0,
            }),
            resample_above: (at(places::RESAMPLE_LOW) >= 0.0).then_some(Resample {
                low: at(places::RESAMPLE_LOW),
                high: at(places::RESAMPLE_HIGH),
            }),
            uncapped_first: at(places::UNCAPPED_FIRST) > 0.0,
            falling: at(places::FALLING) > 0.0,
            jitter_once: at(places::JITTER_ONCE) > 0.0,
            jitter_steps: at(places::JITTER_STEPS) as u32,
        };
        let each_step = compat.rounding.filter(|rounding| rounding.each_step);
        let kind = pick(&BackoffTag::ALL, at(places::BACKOFF));
        let mut scale = at(places::SCALE);
        if kind == BackoffTag::Table {
            scale = delay((scale as usize).saturating_sub(1));
        }
        let scalars = Scalars {
            scale: scale as u64,
            factor: at(places::FACTOR),
            added: at(places::ADDED) as u64,
        };
        let curve = Curve::of(kind, scalars, &[], each_step, compat.falling);
        let range = (at(places::MIN_DELAY) as u64, nanoseconds(at(places::MAX_DELAY)));
        let first = nanoseconds(at(places::FIRST_DELAY));
        let own = spread(row, places::JITTER);
        NumericTerms {
            action: pick(&Action::ALL, at(places::ACTION)),
            max_attempts: NonZeroU32::new(at(places::MAX_ATTEMPTS) as u32),
            deadline,
            hinting,
            measure: compat.elapsed_measure,
            reset_after: nanoseconds(at(places::RESET_AFTER)),
            delays: Delays::of_parts(curve, own, first, range, &compat),
        }
    }

    /// What [`Task::fail`] says of the running attempt by these terms: the delay in nanoseconds, or a
    /// verdict other than a retry. A retry costs the budget `cost`.
    pub fn judge(
        &self,
        task: &mut Task,
        now: Time,
        address: (Stream, u64),
        hint: Option<u64>,
        budget: Option<&mut Budget>,
        cost: u16,
    ) -> Result<u64, Verdict> {
        let terms = Terms {
            action: self.action,
            max_attempts: self.max_attempts,
            deadline: self.deadline,
            delays: &self.delays,
            hinting: &self.hinting,
            measure: self.measure,
            reset_after: self.reset_after,
            cost,
        };
        task.judge(now, &terms, address.0, address.1, hint, budget).map_err(Verdict::from)
    }

    /// The p-quantile of the delay after `retries` retries, over all keys; `None` where that has no
    /// closed form.
    pub fn quantile(&self, retries: u32, p: f64) -> Option<u64> {
        self.delays.law(retries).quantile(p)
    }
}

/// The budget whose rule a row spells, untouched: the index of its kind, then the numbers of its rule.
pub fn new_budget(row: &[f64; BUDGET_LENGTH]) -> Budget {
    Budget::owning(match row[0] as u32 {
        0 => BudgetRule::TokenBucket(TokenBucket {
            capacity: row[1] as u32,
            cost: row[2] as u32,
            cost_by_class: Vec::new(),
            refund_on_success: row[3],
            refund_on_retry_success: if row[4] >= 0.0 {
                Refund::Tokens(row[4])
            } else {
                Refund::Cost
            },
            debit_on: pick(&DebitOn::ALL, row[5]),
            threshold: (row[6] >= 0.0).then_some(row[6]),
        }),
        1 => BudgetRule::Ratio {
            percent: row[1],
            min_per_second: row[2],
            window: Duration::from_nanos(row[3] as u64),
            on_empty: pick(&OnEmpty::ALL, row[4]),
        },
        2 => BudgetRule::Concurrency { percent: row[1], min: row[2] as u32 },
        _ => BudgetRule::Rate {
            per_second: row[1],
            burst: row[2] as u32,
            on_empty: pick(&OnEmpty::ALL, row[3]),
        },
    })
}

/// `None` for `NaN`; saturating.
fn nanoseconds(number: f64) -> Option<u64> {
    (number >= 0.0).then_some(number as u64)
}

/// The word of that index; some word where there is none.
fn pick<T: Copy, const N: usize>(all: &[T; N], index: f64) -> T {
    all[index as usize % N]
}

/// The jitter whose kind is at that place, with its six numbers after it.
fn spread(row: &[f64; TERMS_LENGTH], at: usize) -> Spread {
    let kind = pick(&JitterTag::ALL, row[at]);
    Spread::of_numbers(kind, row[at + 1..].first_chunk().unwrap_or(&[0.0; 6]))
}
