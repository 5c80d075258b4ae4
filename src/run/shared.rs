//! What calls share: a budget, a dead-letter queue.

use std::{
    boxed::Box,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    vec::Vec,
};

use crate::{
    DeadLetter, DeadLetterQueue,
    dead_letter::QueueConfig,
    policy::{Budget, BudgetRule, RetryPolicy},
    time::Time,
};

/// A [`Budget`] that calls share; clones are the same budget.
///
/// Nothing has to be given back by hand: a call that ends, panics or is dropped returns its permit.
///
/// ```
/// use redrive::{RetryPolicy, run::SharedBudget};
///
/// let policy = RetryPolicy::recommended();
/// let budget = SharedBudget::of(&policy).expect("recommended has a budget");
/// assert_eq!(budget.denied(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct SharedBudget(Arc<Mutex<Budget>>);

impl SharedBudget {
    /// A budget by this rule, untouched.
    #[must_use]
    pub fn new(rule: &BudgetRule) -> SharedBudget {
        SharedBudget(Arc::new(Mutex::new(Budget::new(rule))))
    }

    /// A budget by the policy's rule; `None` if the policy has none.
    #[must_use]
    pub fn of(policy: &RetryPolicy) -> Option<SharedBudget> {
        policy.budget().map(SharedBudget::new)
    }

    /// Retries refused so far.
    #[must_use]
    pub fn denied(&self) -> u64 {
        self.lock().denied()
    }

    /// Retries granted so far.
    #[must_use]
    pub fn granted(&self) -> u64 {
        self.lock().granted()
    }

    /// What is left: tokens, retries of the window, or retries in flight.
    #[must_use]
    pub fn balance(&self) -> f64 {
        self.lock().balance()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Budget> {
        lock(&self.0)
    }
}

/// A poisoned lock is taken all the same: a budget and a queue are whole between calls.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The budgets of policies that are run without one of their own: calls under equal rules share one.
static PROCESS: Mutex<Vec<(BudgetRule, SharedBudget)>> = Mutex::new(Vec::new());

/// The process-wide budget of this rule.
pub(super) fn of_process(rule: &BudgetRule) -> SharedBudget {
    let mut known = lock(&PROCESS);
    if let Some((_, budget)) = known.iter().find(|(other, _)| other == rule) {
        return budget.clone();
    }
    let budget = SharedBudget::new(rule);
    known.push((rule.clone(), budget.clone()));
    budget
}

/// A call's place in a budget: given back when it is dropped, however the call ends.
#[derive(Debug)]
pub(super) struct Permit {
    budget: Option<SharedBudget>,
    started: bool,
    retried: bool,
}

impl Permit {
    pub(super) fn new(budget: Option<SharedBudget>) -> Permit {
        Permit { budget, started: false, retried: false }
    }

    /// Whether there is a budget at all.
    #[inline]
    pub(super) fn is_real(&self) -> bool {
        self.budget.is_some()
    }

    pub(super) fn attempt(&mut self, now: Time, retry: bool) {
        if let Some(budget) = &self.budget {
            budget.lock().on_attempt(now, retry);
            self.started = true;
        }
    }

    pub(super) fn success(&self, now: Time, retried: bool, paid: u16) {
        if let Some(budget) = &self.budget {
            budget.lock().on_success(now, retried, paid);
        }
    }

    /// Asks for a verdict with the budget at hand.
    pub(super) fn judge<R>(&mut self, judge: impl FnOnce(Option<&mut Budget>) -> R) -> R {
        match &self.budget {
            Some(budget) => judge(Some(&mut budget.lock())),
            None => judge(None),
        }
    }

    pub(super) fn granted(&mut self) {
        self.retried = true;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(budget) = self.budget.as_ref().filter(|_| self.started) {
            budget.lock().on_end(self.retried);
        }
    }
}

/// A [`DeadLetterQueue`] that calls and operators share; clones are the same queue.
#[derive(Clone, Debug, Default)]
pub struct DeadLetters(Arc<Mutex<DeadLetterQueue>>);

impl DeadLetters {
    /// An empty queue.
    #[must_use]
    pub fn new(config: QueueConfig) -> DeadLetters {
        DeadLetters(Arc::new(Mutex::new(DeadLetterQueue::new(config))))
    }

    /// The queue, for as long as the guard lives: to list, group, redrive, write to a file.
    pub fn lock(&self) -> MutexGuard<'_, DeadLetterQueue> {
        lock(&self.0)
    }

    /// Adds a letter; gives it back where the queue refuses it.
    pub(super) fn push(&self, now: Time, letter: DeadLetter) -> Result<(), Box<DeadLetter>> {
        self.lock().push(now, letter).map(|_| ()).map_err(|refused| Box::new(refused.into_letter()))
    }
}
