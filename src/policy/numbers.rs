//! Policies and budgets as rows of numbers, for borders that only numbers cross (feature `small`).
//!
//! The npm package's root module has neither texts nor objects nor an allocator. JavaScript keeps a
//! policy as a row of floats and sends it along with each failure; [`Terms`] are what the verdict needs
//! of it, read by place. Durations are nanoseconds, words are their index in the lists of the wire
//! format, and `NaN` stands for what is not set.
//!
//! **A row is trusted**: JavaScript has checked it against the [bounds](crate::bounds), and its refusals
//! are held against the core's own, word by word, by `tests/golden/refusals.json`. A row that is no
//! policy still harms nobody: it reads as some policy, and nothing can panic on it.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::{
    Action, Budget, BudgetRule, CapStage, Compat, Deadline, DebitOn, Delays, ElapsedMeasure,
    ElapsedRule, HintMode, Hinting, Refund, Resample, Rounding, RoundingMode, TokenBucket,
    WhenLonger,
    backoff::Curve,
    budget::{Ledger, PARTS},
    jitter::Spread,
};
use crate::{
    random::Stream,
    task::{Task, Verdict},
    time::{Duration, Time},
};

/// How many numbers the terms take.
pub const TERMS_LENGTH: usize = 36;
/// How many numbers a budget takes: seven of its rule, then its state.
pub const BUDGET_LENGTH: usize = STATE + 3 + 2 * PARTS;
const STATE: usize = 7;

/// All of a policy that a verdict depends on, for one class of failures.
#[derive(Clone, Debug)]
pub struct Terms {
    action: Action,
    max_attempts: Option<NonZeroU32>,
    deadline: Deadline,
    hinting: Hinting,
    measure: ElapsedMeasure,
    delays: Delays,
}

impl Terms {
    /// Reads the terms that a row spells.
    pub fn read(row: &[f64; TERMS_LENGTH]) -> Terms {
        let deadline = Deadline { max: nanoseconds(row[4]), rule: pick(&ElapsedRule::ALL, row[5]) };
        let hinting = Hinting {
            mode: pick(&HintMode::ALL, row[7]),
            max: row[8] as u64,
            when_longer: pick(&WhenLonger::ALL, row[35]),
            spread: Spread::by_number(seven(row, 9)),
        };
        let compat = Compat {
            cap_stage: pick(&CapStage::ALL, row[23]),
            elapsed_measure: pick(&[ElapsedMeasure::Wall, ElapsedMeasure::Sleeps], row[24]),
            feedback: row[25] > 0.0,
            rounding: nanoseconds(row[26]).map(|unit| Rounding {
                unit: unit.max(1),
                mode: pick(&RoundingMode::ALL, row[27]),
                each_step: row[28] > 0.0,
            }),
            resample_above: (row[29] >= 0.0).then_some(Resample { low: row[29], high: row[30] }),
        };
        let each_step = compat.rounding.filter(|rounding| rounding.each_step);
        let curve =
            Curve::by_number(row[31] as u32, row[32] as u64, row[33], row[34] as u64, each_step);
        let spread = Spread::by_number(seven(row, 16));
        let range = (row[0] as u64, nanoseconds(row[1]));
        Terms {
            action: pick(&Action::ALL, row[6]),
            max_attempts: NonZeroU32::new(row[3] as u32),
            deadline,
            hinting,
            measure: compat.elapsed_measure,
            delays: Delays::of_parts(curve, spread, nanoseconds(row[2]), range, &compat),
        }
    }

    /// What [`Task::fail`] says of the running attempt by these terms: the delay in nanoseconds, or a
    /// verdict that is no retry. A retry costs the budget `cost`.
    pub fn judge(
        &self,
        task: &mut Task,
        now: Time,
        address: (Stream, u64),
        hint: Option<u64>,
        budget: Option<&mut Budget>,
        cost: u16,
    ) -> Result<u64, Verdict> {
        let terms = super::Terms {
            action: self.action,
            max_attempts: self.max_attempts,
            deadline: self.deadline,
            delays: &self.delays,
            hinting: &self.hinting,
            measure: self.measure,
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

/// Reads the budget that a row spells: untouched if the first number of its state is `NaN`.
pub fn read_budget(row: &[f64; BUDGET_LENGTH]) -> Budget {
    let rule = match row[0] as u32 {
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
        },
        _ => BudgetRule::Concurrency { percent: row[1], min: row[2] as u32 },
    };
    let mut budget = Budget::owning(rule);
    if row[STATE].is_nan() {
        return budget;
    }
    budget.denied = row[STATE] as u64;
    budget.granted = row[STATE + 1] as u64;
    for_each_count(&mut budget.ledger, |count, index| *count = row[STATE + 2 + index] as u64);
    budget
}

/// Writes the state of a budget back into its row. Counts above 2^53 lose their last digits.
pub fn write_budget(budget: &mut Budget, row: &mut [f64; BUDGET_LENGTH]) {
    row[STATE] = budget.denied as f64;
    row[STATE + 1] = budget.granted as f64;
    for_each_count(&mut budget.ledger, |count, index| row[STATE + 2 + index] = *count as f64);
}

/// Every count that a ledger holds, each with its place in the row.
fn for_each_count(ledger: &mut Ledger, mut visit: impl FnMut(&mut u64, usize)) {
    let (first, second, rest) = match ledger {
        Ledger::Bucket { balance } => (balance, None, None),
        Ledger::InFlight { tasks, retries } => (tasks, Some(retries), None),
        Ledger::Window { part, credits, debits } => (part, None, Some((credits, debits))),
    };
    visit(first, 0);
    if let Some(second) = second {
        visit(second, 1);
    }
    if let Some((credits, debits)) = rest {
        for index in 0..PARTS {
            visit(&mut credits[index], 1 + index);
            visit(&mut debits[index], 1 + PARTS + index);
        }
    }
}

/// `None` for `NaN`; saturating.
fn nanoseconds(number: f64) -> Option<u64> {
    (number >= 0.0).then_some(number as u64)
}

/// The word of that index; some word where there is none.
fn pick<T: Copy, const N: usize>(all: &[T; N], index: f64) -> T {
    all[index as usize % N]
}

fn seven(row: &[f64; TERMS_LENGTH], at: usize) -> &[f64; 7] {
    row[at..].first_chunk().unwrap_or(&[0.0; 7])
}
