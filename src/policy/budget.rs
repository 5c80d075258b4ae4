//! Retry budgets: an allowance of retries that many tasks share.
//!
//! Why a budget and not only `maxAttempts`? Attempts bound what one task does to a server; a budget
//! bounds what all of them do together. With three attempts each, a server that fails everything gets
//! three times its load just when it can bear least. With a budget of 20 % it gets 1.2 times. While
//! few requests fail, a budget never says no.
//!
//! Four kinds, after systems that run at scale: a token bucket (AWS SDKs, gRPC), a ratio of retries to
//! requests over a window (Finagle, tower), a share of what is in flight (Envoy), and a pace (the generic
//! cell rate algorithm of ATM, ITU-T I.371). With a ratio or a pace a retry may [wait](OnEmpty::Wait) for
//! its turn, where tasks of a queue would otherwise die. [`BudgetRule`] is
//! the rule, part of a policy; [`Budget`] is its state, one for all tasks that share it. Amounts are
//! integers (thousandths of a token), so that nothing is lost to rounding and every target agrees.

mod rule;
mod store;

pub use self::rule::{BudgetRule, DebitOn, OnEmpty, Refund, TokenBucket};
use crate::time::{Time, nanos};

/// One token, in the unit that balances are kept in.
const TOKEN: u64 = 1_000;
/// Into how many parts a ratio's window is cut: a request stops counting up to a tenth of it early.
const PARTS: usize = 10;

fn milli(tokens: f64) -> u64 {
    (tokens * TOKEN as f64 + 0.5) as u64
}

/// The state of a budget. All tasks that share it go through the same one.
///
/// [`Task::fail`](crate::Task::fail) asks it for a retry; its owner reports the rest:
/// [`on_attempt`](Budget::on_attempt) when an attempt starts, [`on_success`](Budget::on_success) when
/// one succeeds, and [`on_end`](Budget::on_end) when a task that was retried needs no more attempts.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    rule: BudgetRule,
    ledger: Ledger,
    denied: u64,
    granted: u64,
}

/// What a budget remembers.
#[derive(Clone, Debug, PartialEq)]
enum Ledger {
    /// The balance.
    Bucket { balance: u64 },
    /// Deposits and withdrawals by part of the window, the newest at `part % PARTS`.
    /// `last` is the last turn that was given to a retry that waits.
    Window { part: u64, credits: [u64; PARTS], debits: [u64; PARTS], last: Time },
    /// Tasks in flight, and how many of them are in a retry.
    InFlight { tasks: u64, retries: u64 },
    /// When the burst is whole again, and the latest time that was seen.
    Pace { whole: Time, now: Time },
}

impl Budget {
    /// The budget that `rule` describes, untouched.
    pub fn new(rule: &BudgetRule) -> Budget {
        Budget::owning(rule.clone())
    }

    pub(super) fn owning(rule: BudgetRule) -> Budget {
        let ledger = match &rule {
            BudgetRule::TokenBucket(bucket) => {
                Ledger::Bucket { balance: u64::from(bucket.capacity) * TOKEN }
            }
            BudgetRule::Ratio { .. } => {
                let last = Time::ZERO;
                Ledger::Window { part: 0, credits: [0; PARTS], debits: [0; PARTS], last }
            }
            BudgetRule::Rate { .. } => Ledger::Pace { whole: Time::ZERO, now: Time::ZERO },
            BudgetRule::Concurrency { .. } => Ledger::InFlight { tasks: 0, retries: 0 },
        };
        Budget { rule, ledger, denied: 0, granted: 0 }
    }

    /// The rule.
    pub fn rule(&self) -> &BudgetRule {
        &self.rule
    }

    /// Whether it is as good as a new one: nothing withdrawn that is not given back.
    pub(crate) fn is_untouched(&self) -> bool {
        match &self.ledger {
            Ledger::Window { credits, debits, last, .. } => {
                *last == Time::ZERO && credits.iter().chain(debits).all(|part| *part == 0)
            }
            Ledger::Pace { whole, now } => whole <= now,
            ledger @ (Ledger::Bucket { .. } | Ledger::InFlight { .. }) => {
                *ledger == Budget::new(&self.rule).ledger
            }
        }
    }

    /// The clock, which said `was`, says `now` instead: what was counted lately stays counted lately.
    pub(crate) fn rebase(&mut self, was: Time, now: Time) {
        self.advance(was);
        if self.is_untouched() {
            self.ledger = Budget::new(&self.rule).ledger;
            return;
        }
        // A turn that is to come is as far ahead of the new time as it was of the old one.
        let moved = |time: Time| now.plus_nanos(time.nanos_since(was));
        if let Ledger::Pace { whole, now: seen } = &mut self.ledger {
            (*whole, *seen) = (moved(*whole), now);
        }
        if let (Ledger::Window { part, credits, debits, last }, BudgetRule::Ratio { window, .. }) =
            (&mut self.ledger, &self.rule)
        {
            *last = if *last > was { moved(*last) } else { Time::ZERO };
            let length = (nanos(*window) / PARTS as u64).max(1);
            let moved = now.as_nanos() / length;
            for parts in [credits, debits] {
                // The newest part lies at its number, whatever that is.
                parts.rotate_left((*part % PARTS as u64) as usize);
                parts.rotate_right((moved % PARTS as u64) as usize);
            }
            *part = moved;
        }
    }

    /// Retries refused so far.
    pub fn denied(&self) -> u64 {
        self.denied
    }

    /// Retries granted so far.
    pub fn granted(&self) -> u64 {
        self.granted
    }

    /// What is left: tokens, retries of the window, or retries in flight.
    pub fn balance(&self) -> f64 {
        self.available() as f64 / TOKEN as f64
    }

    /// An attempt starts; `retry` when it is not the task's first.
    pub fn on_attempt(&mut self, now: Time, retry: bool) {
        self.advance(now);
        match (&mut self.ledger, &self.rule) {
            (Ledger::Window { part, credits, .. }, BudgetRule::Ratio { percent, .. }) if !retry => {
                let credit = &mut credits[(*part % PARTS as u64) as usize];
                *credit = credit.saturating_add(milli(percent / 100.0));
            }
            (Ledger::InFlight { tasks, .. }, _) if !retry => *tasks = tasks.saturating_add(1),
            _ => {}
        }
    }

    /// An attempt succeeded; `paid` is [`Task::paid`](crate::Task::paid), 0 at the first attempt.
    pub fn on_success(&mut self, now: Time, retried: bool, paid: u16) {
        self.advance(now);
        if let (Ledger::Bucket { balance }, BudgetRule::TokenBucket(bucket)) =
            (&mut self.ledger, &self.rule)
        {
            let refund = match (retried, bucket.refund_on_retry_success) {
                (false, _) => milli(bucket.refund_on_success),
                (true, Refund::Cost) => u64::from(paid) * TOKEN,
                (true, Refund::Tokens(tokens)) => milli(tokens),
            };
            *balance = balance.saturating_add(refund).min(u64::from(bucket.capacity) * TOKEN);
        }
    }

    /// A task is over, however it ended; `retried` when it was ever granted a retry.
    pub fn on_end(&mut self, retried: bool) {
        if let Ledger::InFlight { tasks, retries } = &mut self.ledger {
            *tasks = tasks.saturating_sub(1);
            if retried {
                *retries = retries.saturating_sub(1);
            }
        }
    }

    /// How long a retry that is granted now waits for its turn before its delay begins, in nanoseconds;
    /// 0 where nothing waits. Nothing is taken yet.
    pub(crate) fn turn(&mut self, now: Time) -> u64 {
        if self.rule.on_empty() == OnEmpty::Fail {
            return 0;
        }
        self.advance(now);
        // A retry does not overtake those that wait already.
        let is_free = match &self.ledger {
            Ledger::Window { last, .. } => *last <= now,
            Ledger::Pace { .. } => true,
            Ledger::Bucket { .. } | Ledger::InFlight { .. } => return 0,
        };
        if is_free && self.available() >= TOKEN {
            return 0;
        }
        self.next_turn(now).nanos_since(now)
    }

    /// The next turn of a retry that has to wait.
    fn next_turn(&self, now: Time) -> Time {
        let interval = self.rule.interval();
        match (&self.ledger, &self.rule) {
            (Ledger::Window { last, .. }, _) => now.max(*last).plus_nanos(interval),
            (Ledger::Pace { whole, .. }, BudgetRule::Rate { burst, .. }) => {
                let room = interval.saturating_mul(u64::from(*burst).saturating_sub(1));
                now.max(Time::from_nanos(whole.as_nanos().saturating_sub(room)))
            }
            _ => now,
        }
    }

    /// Asks for a retry that costs `cost` tokens; `again` when the task holds a retry already, so that
    /// one task in its fifth retry is one retry in flight. Says whether it is granted.
    pub fn withdraw(&mut self, now: Time, cost: u16, again: bool) -> bool {
        let waits = self.turn(now) > 0;
        self.advance(now);
        let granted = waits && self.queue(now) || self.try_withdraw(u64::from(cost) * TOKEN, again);
        if granted {
            self.granted = self.granted.saturating_add(1);
        } else {
            self.denied = self.denied.saturating_add(1);
        }
        granted
    }

    /// A failure that could be retried will not be, since no attempt or no time is left. A bucket that
    /// takes its cost at every failure takes it here too.
    pub(crate) fn on_last_failure(&mut self, cost: u16) {
        if let (Ledger::Bucket { balance }, BudgetRule::TokenBucket(bucket)) =
            (&mut self.ledger, &self.rule)
            && bucket.debit_on == DebitOn::Failure
        {
            *balance = balance.saturating_sub(u64::from(cost) * TOKEN);
        }
    }

    /// Gives the next turn to a retry that waits.
    fn queue(&mut self, now: Time) -> bool {
        let turn = self.next_turn(now);
        match &mut self.ledger {
            Ledger::Window { last, .. } => *last = turn,
            Ledger::Pace { whole, .. } => *whole = whole.plus_nanos(self.rule.interval()),
            Ledger::Bucket { .. } | Ledger::InFlight { .. } => return false,
        }
        true
    }

    fn try_withdraw(&mut self, cost: u64, again: bool) -> bool {
        let available = self.available();
        match (&mut self.ledger, &self.rule) {
            (Ledger::Bucket { balance }, BudgetRule::TokenBucket(bucket)) => {
                if bucket.debit_on == DebitOn::Failure {
                    *balance = balance.saturating_sub(cost);
                }
                let granted = match bucket.threshold {
                    Some(threshold) => *balance > milli(threshold),
                    None if bucket.debit_on == DebitOn::Failure => *balance > 0,
                    None => *balance >= cost,
                };
                if granted && bucket.debit_on == DebitOn::Retry {
                    *balance = balance.saturating_sub(cost);
                }
                granted
            }
            (Ledger::Window { part, debits, .. }, _) => {
                let granted = available >= TOKEN;
                if granted {
                    let debit = &mut debits[(*part % PARTS as u64) as usize];
                    *debit = debit.saturating_add(TOKEN);
                }
                granted
            }
            (Ledger::InFlight { retries, .. }, _) => {
                let granted = again || available >= TOKEN;
                if granted && !again {
                    *retries = retries.saturating_add(1);
                }
                granted
            }
            (Ledger::Pace { whole, now }, rule) => {
                let granted = available >= TOKEN;
                if granted {
                    *whole = (*whole).max(*now).plus_nanos(rule.interval());
                }
                granted
            }
            _ => false,
        }
    }

    /// Thousandths of what is left now.
    fn available(&self) -> u64 {
        match (&self.ledger, &self.rule) {
            (Ledger::Bucket { balance }, _) => *balance,
            (
                Ledger::Window { credits, debits, .. },
                BudgetRule::Ratio { min_per_second, window, .. },
            ) => {
                let reserve = milli(min_per_second * window.as_secs_f64());
                let sum =
                    |parts: &[u64; PARTS]| parts.iter().fold(0, |a: u64, b| a.saturating_add(*b));
                sum(credits).saturating_add(reserve).saturating_sub(sum(debits))
            }
            (Ledger::InFlight { tasks, retries }, BudgetRule::Concurrency { percent, min }) => {
                let share = milli(percent / 100.0).saturating_mul(*tasks) / TOKEN * TOKEN;
                share.max(u64::from(*min) * TOKEN).saturating_sub(retries.saturating_mul(TOKEN))
            }
            (Ledger::Pace { whole, now }, BudgetRule::Rate { burst, .. }) => {
                let interval = self.rule.interval();
                let room = interval.saturating_mul((*burst).into());
                room.saturating_sub(whole.nanos_since(*now)) / interval.max(1) * TOKEN
            }
            _ => 0,
        }
    }

    /// Turns a window to `now`: parts that have passed are emptied. Time going back changes nothing.
    fn advance(&mut self, now: Time) {
        if let Ledger::Pace { now: seen, .. } = &mut self.ledger {
            *seen = now.max(*seen);
        }
        if let (Ledger::Window { part, credits, debits, .. }, BudgetRule::Ratio { window, .. }) =
            (&mut self.ledger, &self.rule)
        {
            let current = now.as_nanos() / (nanos(*window) / PARTS as u64).max(1);
            let passed = current.saturating_sub(*part).min(PARTS as u64);
            for step in 1..=passed {
                let slot = ((*part).wrapping_add(step) % PARTS as u64) as usize;
                credits[slot] = 0;
                debits[slot] = 0;
            }
            // After a whole window every slot is empty, so which one comes next does not matter.
            *part = current.max(*part);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;
    use crate::{failure::Kind, time::Duration};

    fn grants(budget: &mut Budget, now: Time, cost: u16, tries: u32) -> u32 {
        (0..tries).filter(|_| budget.withdraw(now, cost, false)).count() as u32
    }

    #[test]
    fn aws_quota_allows_35_transient_retries_until_it_is_empty() {
        let rule = BudgetRule::TokenBucket(TokenBucket {
            cost_by_class: vec![("throttle".into(), 5)],
            ..TokenBucket::default()
        });
        assert_eq!(
            grants(
                &mut Budget::new(&rule),
                Time::ZERO,
                rule.cost_of(&["timeout"], Kind::Timeout),
                200
            ),
            35
        );
        assert_eq!(
            grants(
                &mut Budget::new(&rule),
                Time::ZERO,
                rule.cost_of(&["throttle"], Kind::Throttle),
                200
            ),
            100
        );
    }

    #[test]
    fn a_bucket_is_refunded_and_never_overflows() {
        let mut budget = Budget::new(&BudgetRule::TokenBucket(TokenBucket::default()));
        budget.on_success(Time::ZERO, false, 0);
        assert_eq!(budget.balance(), 500.0);
        assert!(budget.withdraw(Time::ZERO, 14, false));
        budget.on_success(Time::ZERO, false, 0);
        assert_eq!(budget.balance(), 487.0);
        budget.on_success(Time::ZERO, true, 14);
        assert_eq!(budget.balance(), 500.0);
    }

    #[test]
    fn grpc_throttling_blocks_at_half_and_opens_again_by_successes() {
        let mut budget = Budget::new(&BudgetRule::TokenBucket(TokenBucket {
            capacity: 10,
            cost: 1,
            refund_on_success: 0.1,
            refund_on_retry_success: Refund::Tokens(0.1),
            debit_on: DebitOn::Failure,
            threshold: Some(5.0),
            ..TokenBucket::default()
        }));
        let granted: Vec<bool> = (0..8).map(|_| budget.withdraw(Time::ZERO, 1, false)).collect();
        // Measured on grpc-js: blocked from failure 5; after 8 failures open again at success 31.
        assert_eq!(granted, [true, true, true, true, false, false, false, false]);
        for success in 1..=31 {
            assert_eq!(budget.balance() > 5.0, success > 31, "{success}");
            budget.on_success(Time::ZERO, false, 0);
        }
        assert!(budget.balance() > 5.0);
    }

    #[test]
    fn a_ratio_counts_its_window_and_its_reserve() {
        let rule = BudgetRule::ratio(20.0, 10.0, Duration::from_secs(10));
        let mut budget = Budget::new(&rule);
        // Measured on tower's TpsBudget: 100 fresh, and 300 after a thousand requests.
        assert_eq!(grants(&mut budget.clone(), Time::ZERO, 1, 1_000), 100);
        for _ in 0..1_000 {
            budget.on_attempt(Time::ZERO, false);
        }
        assert_eq!(grants(&mut budget.clone(), Time::from_millis(9_500), 1, 1_000), 300);
        assert_eq!(grants(&mut budget, Time::from_millis(10_000), 1, 1_000), 100);
    }

    #[test]
    fn concurrency_counts_what_is_in_flight() {
        let mut budget = Budget::new(&BudgetRule::Concurrency { percent: 20.0, min: 3 });
        assert_eq!(grants(&mut budget.clone(), Time::ZERO, 1, 10), 3);
        for _ in 0..50 {
            budget.on_attempt(Time::ZERO, false);
        }
        assert_eq!(grants(&mut budget, Time::ZERO, 1, 50), 10);
        assert!(budget.withdraw(Time::ZERO, 1, true), "a task in a retry keeps its place");
        budget.on_end(true);
        budget.on_attempt(Time::ZERO, false);
        assert!(budget.withdraw(Time::ZERO, 1, false));
        assert_eq!(budget.denied(), 40);
    }

    #[test]
    fn storing_and_reading_a_budget_is_the_identity() {
        let now = Time::from_secs(3);
        for rule in [
            BudgetRule::TokenBucket(TokenBucket::default()),
            BudgetRule::ratio(20.0, 1.0, Duration::from_secs(10)),
            BudgetRule::Concurrency { percent: 20.0, min: 1 },
        ] {
            let mut budget = Budget::new(&rule);
            budget.on_attempt(now, false);
            grants(&mut budget, now, 14, 50);
            assert_eq!(Budget::from_value(&budget.to_value(), "budget"), Ok(budget));
        }
    }

    #[test]
    fn time_going_back_gives_nothing_back() {
        let rule = BudgetRule::ratio(0.0, 1.0, Duration::from_secs(1));
        let mut budget = Budget::new(&rule);
        assert!(budget.withdraw(Time::from_secs(100), 1, false));
        assert!(!budget.withdraw(Time::ZERO, 1, false));
        assert!(budget.withdraw(Time::MAX, 1, false));
    }
}
