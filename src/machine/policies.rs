//! The policies in use and their budgets: equal ones are kept once.
//!
//! A *variant* is a policy of which a task overrides attempts or multiplier. It is worked out once for
//! all tasks that override alike, and found by the numbers that they override. A budget belongs to its
//! rule: all policies with one rule share it, variants, raised limits and policies that come back with a
//! letter included, because an allowance that refills by being asked for under another name is none.

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

use crate::{
    policy::{Budget, BudgetRule, RetryPolicy},
    wire::ConfigError,
};

/// The policies of the live tasks by slot. Slot 0 is the machine's own and never leaves.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_address: BTreeMap<usize, u32>,
    by_fingerprint: BTreeMap<u64, u32>,
    variants: BTreeMap<Variant, u32>,
    budgets: Vec<Purse>,
}

#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) policy: Arc<RetryPolicy>,
    /// As soon as it was asked for: it costs as much as writing the policy.
    fingerprint: Option<u64>,
    /// Its budget, in `budgets`.
    budget: Option<u32>,
    variant: Option<Variant>,
    /// Live tasks under it, and variants of it.
    users: u64,
}

/// What a task overrides, and of which policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Variant {
    pub(crate) base: u32,
    pub(crate) attempts: Option<u32>,
    /// The bits of it.
    pub(crate) multiplier: Option<u64>,
}

#[derive(Clone, Debug)]
struct Purse {
    budget: Budget,
    /// Policies that it belongs to.
    users: u64,
}

impl Policies {
    pub(crate) fn new(default: Arc<RetryPolicy>) -> Policies {
        let mut policies = Policies {
            slots: Vec::new(),
            free: Vec::new(),
            by_address: BTreeMap::new(),
            by_fingerprint: BTreeMap::new(),
            variants: BTreeMap::new(),
            budgets: Vec::new(),
        };
        policies.add(default, None, None);
        policies
    }

    pub(crate) fn default(&self) -> &Arc<RetryPolicy> {
        &self.slots[0].policy
    }

    #[inline]
    pub(crate) fn policy(&self, slot: u32) -> &Arc<RetryPolicy> {
        // Slots are handed out here and held by tasks only: one that is out of range cannot occur, and
        // the machine's own policy is a sound answer all the same.
        &self.slots.get(slot as usize).unwrap_or(&self.slots[0]).policy
    }

    /// The fingerprint of the policy in `slot`.
    pub(crate) fn fingerprint(&mut self, slot: u32) -> u64 {
        let slot = if (slot as usize) < self.slots.len() { slot as usize } else { 0 };
        let Slot { policy, fingerprint, .. } = &mut self.slots[slot];
        *fingerprint.get_or_insert_with(|| policy.fingerprint())
    }

    /// The slot of `policy` (the machine's own without one), with one more task under it. Who knows the
    /// fingerprint passes it as `known`.
    #[inline]
    pub(crate) fn acquire(&mut self, policy: Option<Arc<RetryPolicy>>, known: Option<u64>) -> u32 {
        let slot = match policy {
            None => 0,
            Some(policy) => self.find_or_add(policy, known),
        };
        self.slots[slot as usize].users += 1;
        slot
    }

    /// The slot of what `make` makes of the policy in `base`, unless that was made before.
    pub(crate) fn acquire_variant(
        &mut self,
        variant: Variant,
        make: impl FnOnce(&Arc<RetryPolicy>) -> Result<RetryPolicy, ConfigError>,
    ) -> Result<u32, ConfigError> {
        let slot = match self.variants.get(&variant) {
            Some(slot) => *slot,
            None => {
                let made = Arc::new(make(self.policy(variant.base))?);
                self.slots[variant.base as usize].users += 1;
                self.add(made, None, Some(variant))
            }
        };
        self.slots[slot as usize].users += 1;
        Ok(slot)
    }

    fn find_or_add(&mut self, policy: Arc<RetryPolicy>, known: Option<u64>) -> u32 {
        let address = Arc::as_ptr(&policy).addr();
        if let Some(slot) = self.by_address.get(&address) {
            return *slot;
        }
        let fingerprint = known.unwrap_or_else(|| policy.fingerprint());
        if self.slots[0].fingerprint.is_none() {
            let own = self.fingerprint(0);
            self.by_fingerprint.insert(own, 0);
        }
        let found = self.by_fingerprint.get(&fingerprint).copied();
        if let Some(slot) = found
            && *self.policy(slot) == policy
        {
            return slot;
        }
        self.add(policy, Some(fingerprint), None)
    }

    fn add(
        &mut self,
        policy: Arc<RetryPolicy>,
        fingerprint: Option<u64>,
        variant: Option<Variant>,
    ) -> u32 {
        let budget = policy.budget().map(|rule| self.purse(rule));
        if let Some(budget) = budget {
            self.budgets[budget as usize].users += 1;
        }
        let address = Arc::as_ptr(&policy).addr();
        let new = Slot { policy, fingerprint, budget, variant, users: 0 };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = new;
                slot
            }
            None => {
                self.slots.push(new);
                (self.slots.len() - 1) as u32
            }
        };
        self.by_address.insert(address, slot);
        // Two policies with one fingerprint: the first keeps it, the other has a slot of its own.
        if let Some(fingerprint) = fingerprint {
            self.by_fingerprint.entry(fingerprint).or_insert(slot);
        }
        if let Some(variant) = variant {
            self.variants.insert(variant, slot);
        }
        slot
    }

    /// The budget of `rule`.
    fn purse(&mut self, rule: &BudgetRule) -> u32 {
        let found = self.budgets.iter().position(|purse| purse.budget.rule() == rule);
        let fresh = || {
            let spare = self.budgets.iter().position(Purse::is_forgotten);
            (spare, Purse { budget: Budget::new(rule), users: 0 })
        };
        let place = match found {
            Some(place) => {
                // As if it had been let go of when nothing was left to remember.
                if self.budgets[place].is_forgotten() {
                    self.budgets[place].budget = Budget::new(rule);
                }
                place
            }
            None => match fresh() {
                (Some(place), purse) => {
                    self.budgets[place] = purse;
                    place
                }
                (None, purse) => {
                    self.budgets.push(purse);
                    self.budgets.len() - 1
                }
            },
        };
        place as u32
    }

    /// One task less under `slot`. A policy that nothing needs is let go.
    #[inline]
    pub(crate) fn release(&mut self, slot: u32) {
        let Some(held) = self.slots.get_mut(slot as usize) else { return };
        held.users = held.users.saturating_sub(1);
        if slot != 0 && held.users == 0 {
            self.let_go(slot);
        }
    }

    fn let_go(&mut self, slot: u32) {
        let (policy, held) = (Arc::clone(self.default()), &mut self.slots[slot as usize]);
        let policy = core::mem::replace(&mut held.policy, policy);
        let (fingerprint, variant) = (held.fingerprint.take(), held.variant.take());
        if let Some(budget) = held.budget.take() {
            self.budgets[budget as usize].users -= 1;
        }
        self.by_address.remove(&Arc::as_ptr(&policy).addr());
        if let Some(fingerprint) = fingerprint
            && self.by_fingerprint.get(&fingerprint) == Some(&slot)
        {
            self.by_fingerprint.remove(&fingerprint);
        }
        self.free.push(slot);
        if let Some(variant) = variant {
            self.variants.remove(&variant);
            self.release(variant.base);
        }
    }

    /// The policy of `slot` and the budget that its retries need the consent of.
    #[inline]
    pub(crate) fn rules(&mut self, slot: u32) -> (&RetryPolicy, Option<&mut Budget>) {
        let slot = if (slot as usize) < self.slots.len() { slot as usize } else { 0 };
        let Slot { policy, budget, .. } = &self.slots[slot];
        let purse = budget.and_then(|budget| self.budgets.get_mut(budget as usize));
        (policy, purse.map(|purse| &mut purse.budget))
    }

    /// The budget of the machine's own policy.
    pub(crate) fn shared(&self) -> Option<&Budget> {
        let budget = self.slots[0].budget?;
        self.budgets.get(budget as usize).map(|purse| &purse.budget)
    }

    /// Puts another policy in the place of the machine's own. Its variants stay what they are until
    /// their tasks end.
    pub(crate) fn set_default(&mut self, policy: Arc<RetryPolicy>) {
        let budget = policy.budget().map(|rule| self.purse(rule));
        if let Some(budget) = budget {
            self.budgets[budget as usize].users += 1;
        }
        let own = &mut self.slots[0];
        let old = core::mem::replace(&mut own.policy, Arc::clone(&policy));
        let (old_print, old_budget) = (own.fingerprint.take(), own.budget);
        own.budget = budget;
        if let Some(budget) = old_budget {
            self.budgets[budget as usize].users -= 1;
        }
        self.by_address.remove(&Arc::as_ptr(&old).addr());
        self.by_address.insert(Arc::as_ptr(&policy).addr(), 0);
        if let Some(fingerprint) = old_print {
            self.by_fingerprint.remove(&fingerprint);
        }
        // Found by the old base no more, since the base is another one.
        self.variants.retain(|variant, _| variant.base != 0);
        for slot in &mut self.slots {
            if slot.variant.is_some_and(|variant| variant.base == 0) {
                slot.variant = None;
            }
        }
    }

    /// The policy in `slot`, with its fingerprint.
    pub(crate) fn named(&self, slot: u32) -> (u32, u64, &Arc<RetryPolicy>) {
        let held = self.slots.get(slot as usize).unwrap_or(&self.slots[0]);
        let print = held.fingerprint.unwrap_or_else(|| held.policy.fingerprint());
        (slot, print, &held.policy)
    }

    /// The budgets that there is something to remember of.
    pub(crate) fn budgets(&self) -> impl Iterator<Item = &Budget> {
        let kept = self.budgets.iter().filter(|purse| !purse.is_forgotten());
        kept.map(|purse| &purse.budget).filter(|budget| **budget != Budget::new(budget.rule()))
    }

    /// All budgets, to be told that the clock was put back.
    pub(crate) fn budgets_mut(&mut self) -> impl Iterator<Item = &mut Budget> {
        self.budgets.iter_mut().map(|purse| &mut purse.budget)
    }

    /// Puts a budget back that a snapshot lists. Whether its rule was not there before.
    pub(crate) fn put_back_budget(&mut self, budget: Budget) {
        let place = self.purse(budget.rule()) as usize;
        self.budgets[place].budget = budget;
    }

    /// Puts a policy back that a snapshot lists.
    pub(crate) fn put_back(&mut self, policy: Arc<RetryPolicy>) -> u32 {
        self.find_or_add(policy, None)
    }

    /// One more task under `slot`.
    pub(crate) fn add_user(&mut self, slot: u32) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            slot.users += 1;
        }
    }

    /// Lets go of what a snapshot lists and no task of it uses.
    pub(crate) fn drop_unused(&mut self) {
        for slot in 1..self.slots.len() as u32 {
            if self.slots[slot as usize].users == 0 && !self.free.contains(&slot) {
                self.let_go(slot);
            }
        }
    }
}

impl Purse {
    /// Whether nothing would be lost with it.
    fn is_forgotten(&self) -> bool {
        self.users == 0 && self.budget.is_untouched()
    }
}
