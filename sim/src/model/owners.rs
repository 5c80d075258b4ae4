//! Whose task it is: clients, and the budgets that they share.

use redrive::{Budget, RetryPolicy};

use crate::scenario::{Arrivals, Client, Scope};

/// Clients of tasks, and budgets of clients.
pub(crate) struct Owners {
    /// The client of each task, where tasks do not go round in turn.
    of_task: Option<Vec<u32>>,
    clients: u32,
    hosts: u32,
    scope: Scope,
    budgets: Vec<Budget>,
}

impl Owners {
    pub(crate) fn new(client: &Client, arrivals: &Arrivals, policy: &RetryPolicy) -> Self {
        let (clients, of_task) = match arrivals {
            Arrivals::Serial { clients, .. } | Arrivals::Cron { clients, .. } => {
                (*clients, Some(Vec::new()))
            }
            _ => (client.count, None),
        };
        let shares = match client.budget_scope {
            Scope::Client => clients,
            Scope::Host => client.hosts,
            Scope::All => 1,
        };
        let budgets = policy
            .budget()
            .map_or(Vec::new(), |rule| (0..shares).map(|_| Budget::new(rule)).collect());
        Self { of_task, clients, hosts: client.hosts, scope: client.budget_scope, budgets }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.of_task.as_ref().map_or(0, |owners| owners.capacity() * 4)
            + self.budgets.capacity() * size_of::<Budget>()
    }

    /// How many clients there are.
    pub(crate) fn clients(&self) -> u32 {
        self.clients
    }

    /// The next task is this client's.
    pub(crate) fn add(&mut self, client: u32) {
        if let Some(owners) = &mut self.of_task {
            owners.push(client);
        }
    }

    /// The client of a task.
    #[inline]
    pub(crate) fn of(&self, task: u32) -> u32 {
        match &self.of_task {
            Some(owners) => owners.get(task as usize).copied().unwrap_or(0),
            None => task % self.clients,
        }
    }

    /// The number of those who share a budget, or a throttle, with a task's client.
    #[inline]
    pub(crate) fn share(&self, task: u32) -> u32 {
        match self.scope {
            Scope::All => 0,
            Scope::Client => self.of(task),
            Scope::Host => self.of(task) % self.hosts,
        }
    }

    /// The budget that a task's retries go through.
    #[inline]
    pub(crate) fn budget(&mut self, task: u32) -> Option<&mut Budget> {
        if self.budgets.is_empty() {
            return None;
        }
        let share = self.share(task);
        self.budgets.get_mut(share as usize)
    }

    /// Retries that the budgets refused.
    pub(crate) fn denied(&self) -> u64 {
        self.budgets.iter().map(Budget::denied).sum()
    }
}
