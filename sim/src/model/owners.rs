//! Whose task it is: clients, and what they share.

use super::stub::Who;
use crate::scenario::{Arrivals, Client, Scope};

/// The clients of tasks.
pub(crate) struct Owners {
    /// The client of each task, where tasks do not go round in turn.
    of_task: Option<Vec<u32>>,
    clients: u32,
    hosts: u32,
    scope: Scope,
}

impl Owners {
    pub(crate) fn new(client: &Client, arrivals: &Arrivals) -> Self {
        let (clients, of_task) = match arrivals {
            Arrivals::Serial { clients, .. } | Arrivals::Cron { clients, .. } => {
                (*clients, Some(Vec::new()))
            }
            _ => (client.count, None),
        };
        Self { of_task, clients, hosts: client.hosts, scope: client.budget_scope }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.of_task.as_ref().map_or(0, |owners| owners.capacity() * 4)
    }

    /// How many clients there are.
    pub(crate) fn clients(&self) -> u32 {
        self.clients
    }

    /// How many there are of those who share a budget or a throttle.
    pub(crate) fn shares(&self) -> u32 {
        match self.scope {
            Scope::Client => self.clients,
            Scope::Host => self.hosts,
            Scope::All => 1,
        }
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

    /// Who calls for a task.
    pub(super) fn who(&self, task: u32) -> Who {
        Who { client: self.of(task), share: self.share(task) }
    }
}
