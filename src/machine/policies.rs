//! The policies in use and their budgets: equal ones are kept once.

use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec, vec::Vec};

use crate::policy::{Budget, RetryPolicy};

/// The policies of the live tasks by slot. Slot 0 is the machine's own and never leaves.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_fingerprint: BTreeMap<u64, u32>,
    /// The budget of the machine's policy, and of all that have the same rule.
    shared: Option<Budget>,
}

#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) policy: Arc<RetryPolicy>,
    pub(crate) fingerprint: u64,
    pub(crate) budget: BudgetOf,
    /// Live tasks under it.
    users: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum BudgetOf {
    Nobody,
    Machine,
    Own(Box<Budget>),
}

impl Policies {
    pub(crate) fn new(default: Arc<RetryPolicy>) -> Policies {
        let shared = default.budget().map(Budget::new);
        let budget = if shared.is_some() { BudgetOf::Machine } else { BudgetOf::Nobody };
        let fingerprint = default.fingerprint();
        let slot = Slot { policy: default, fingerprint, budget, users: 0 };
        Policies {
            slots: vec![slot],
            free: Vec::new(),
            by_fingerprint: BTreeMap::from([(fingerprint, 0)]),
            shared,
        }
    }

    pub(crate) fn default(&self) -> &Arc<RetryPolicy> {
        &self.slots[0].policy
    }

    pub(crate) fn slot(&self, slot: u32) -> &Slot {
        // Slots are handed out here and held by tasks only: one that is out of range cannot occur, and
        // the machine's own policy is a sound answer all the same.
        self.slots.get(slot as usize).unwrap_or(&self.slots[0])
    }

    /// The slot of `policy` (the machine's own without one), with one more task under it.
    ///
    /// A fingerprint costs as much as writing the policy, so who knows it passes it as `known`, and a
    /// policy that is shared with one of the first slots is found without.
    pub(crate) fn acquire(&mut self, policy: Option<Arc<RetryPolicy>>, known: Option<u64>) -> u32 {
        let slot = match policy {
            None => 0,
            Some(policy) => match self.find_shared(&policy) {
                Some(slot) => slot,
                None => self.find_or_add(policy, known),
            },
        };
        self.slots[slot as usize].users += 1;
        slot
    }

    fn find_shared(&self, policy: &Arc<RetryPolicy>) -> Option<u32> {
        const FIRST: usize = 8;
        let slots = self.slots.iter().take(FIRST).enumerate();
        let mut shared = slots.filter(|(_, slot)| Arc::ptr_eq(&slot.policy, policy));
        // A slot that was let go is not to be found, but its policy is still in it.
        shared.find(|(i, slot)| *i == 0 || slot.users > 0).map(|(i, _)| i as u32)
    }

    fn find_or_add(&mut self, policy: Arc<RetryPolicy>, known: Option<u64>) -> u32 {
        let fingerprint = known.unwrap_or_else(|| policy.fingerprint());
        let found = self.by_fingerprint.get(&fingerprint).copied();
        if let Some(slot) = found
            && is_same(&self.slots[slot as usize].policy, &policy)
        {
            return slot;
        }
        let budget = match policy.budget() {
            None => BudgetOf::Nobody,
            rule if rule == self.default().budget() => BudgetOf::Machine,
            Some(rule) => BudgetOf::Own(Box::new(Budget::new(rule))),
        };
        let new = Slot { policy, fingerprint, budget, users: 0 };
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
        // Two policies with one fingerprint: the first keeps it, the other has a slot of its own.
        self.by_fingerprint.entry(fingerprint).or_insert(slot);
        slot
    }

    /// One task less under `slot`. A policy that nobody needs is let go, but one with a budget of its
    /// own stays: an allowance that refills by being forgotten is none.
    pub(crate) fn release(&mut self, slot: u32) {
        let Some(held) = self.slots.get_mut(slot as usize) else { return };
        held.users = held.users.saturating_sub(1);
        if slot == 0 || held.users > 0 || matches!(held.budget, BudgetOf::Own(_)) {
            return;
        }
        if self.by_fingerprint.get(&held.fingerprint) == Some(&slot) {
            self.by_fingerprint.remove(&held.fingerprint);
        }
        // The slot keeps what it held until it is used again; that is one policy at most each.
        self.free.push(slot);
    }

    /// The policy of `slot` and the budget that its retries need the consent of.
    pub(crate) fn rules(&mut self, slot: u32) -> (&RetryPolicy, Option<&mut Budget>) {
        let slot = if (slot as usize) < self.slots.len() { slot as usize } else { 0 };
        let Slot { policy, budget, .. } = &mut self.slots[slot];
        let budget = match budget {
            BudgetOf::Nobody => None,
            BudgetOf::Machine => self.shared.as_mut(),
            BudgetOf::Own(budget) => Some(&mut **budget),
        };
        (policy, budget)
    }

    pub(crate) fn shared(&self) -> Option<&Budget> {
        self.shared.as_ref()
    }

    pub(crate) fn shared_mut(&mut self) -> Option<&mut Budget> {
        self.shared.as_mut()
    }

    /// The slots besides the machine's own that something depends on.
    pub(crate) fn in_use(&self) -> impl Iterator<Item = (u32, &Slot)> {
        let slots = self.slots.iter().enumerate().skip(1);
        slots
            .map(|(i, slot)| (i as u32, slot))
            .filter(|(_, slot)| slot.users > 0 || matches!(slot.budget, BudgetOf::Own(_)))
    }

    /// Puts a policy back that a snapshot lists, with its own budget if it has one.
    pub(crate) fn put_back(&mut self, policy: Arc<RetryPolicy>, budget: Option<Budget>) -> u32 {
        let slot = self.find_or_add(policy, None);
        if let (BudgetOf::Own(own), Some(saved)) = (&mut self.slots[slot as usize].budget, budget) {
            **own = saved;
        }
        slot
    }

    /// One more task under `slot`.
    pub(crate) fn add_user(&mut self, slot: u32) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            slot.users += 1;
        }
    }
}

/// Whether two policies are equal; those that are shared need no look inside.
fn is_same(a: &Arc<RetryPolicy>, b: &Arc<RetryPolicy>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}
