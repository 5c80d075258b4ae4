//! Whose task it is: classes of clients, clients, and what they share.

use redrive::random::Stream;

use super::{event::Purpose, stub::Who};
use crate::scenario::{Arrivals, Client, Scenario, Scope};

/// The clients of one class.
struct Crowd {
    clients: u32,
    /// The number of its first client among all.
    first: u32,
    /// The client of its next task, where they take turns.
    turn: u32,
    /// Which share of the common tasks is its.
    share: f64,
}

/// The clients of tasks.
pub(crate) struct Owners {
    hosts: u32,
    scope: Scope,
    crowds: Vec<Crowd>,
    /// The client of each task within its class, where tasks do not go round in turn.
    of_task: Option<Vec<u32>>,
    /// The class of each task; empty when there is one.
    class_of: Vec<u8>,
    draws: Stream,
}

impl Owners {
    pub(crate) fn new(scenario: &Scenario, seed: Stream) -> Self {
        let client = &scenario.client;
        let mut crowds: Vec<Crowd> = Vec::new();
        let mut add = |clients: u32, share: f64| {
            let first = crowds.last().map_or(0, |crowd| crowd.first.saturating_add(crowd.clients));
            crowds.push(Crowd { clients, first, turn: 0, share });
        };
        for class in &scenario.clients {
            let arrivals = class.arrivals.as_ref().unwrap_or(&scenario.arrivals);
            add(clients_of(arrivals, client), class.share);
        }
        if scenario.clients.is_empty() {
            add(clients_of(&scenario.arrivals, client), 1.0);
        }
        let own = matches!(scenario.arrivals, Arrivals::Serial { .. } | Arrivals::Cron { .. });
        Self {
            hosts: client.hosts,
            scope: client.budget_scope,
            of_task: (own || crowds.len() > 1).then(Vec::new),
            crowds,
            class_of: Vec::new(),
            draws: seed.substream(Purpose::Classes as u64),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.of_task.as_ref().map_or(0, |owners| owners.capacity() * 4) + self.class_of.capacity()
    }

    /// How many clients a class has.
    pub(crate) fn clients(&self, class: usize) -> u32 {
        self.crowds[class].clients
    }

    /// How many there are in a class of those who share a budget or a throttle.
    pub(crate) fn shares(&self, class: usize) -> u32 {
        match self.scope {
            Scope::Client => self.crowds[class].clients,
            Scope::Host => self.hosts,
            Scope::All => 1,
        }
    }

    /// The number among all clients of the first of a class.
    pub(super) fn first(&self, class: usize) -> u32 {
        self.crowds[class].first
    }

    /// The class of a client, and its number there.
    fn place(&self, client: u32) -> (usize, u32) {
        let class = self.crowds.partition_point(|crowd| crowd.first <= client).saturating_sub(1);
        (class, client - self.crowds[class].first)
    }

    /// The class of a client.
    pub(super) fn class_of_client(&self, client: u32) -> usize {
        self.place(client).0
    }

    /// The next task, which is the `id`-th, is this client's; or one of this class, or of the common
    /// arrivals, which are shared out by chance.
    #[inline]
    pub(super) fn add(&mut self, id: u32, client: Option<u32>, class: Option<usize>) {
        if self.of_task.is_some() {
            self.add_owner(id, client, class);
        }
    }

    fn add_owner(&mut self, id: u32, client: Option<u32>, class: Option<usize>) {
        let Some(owners) = &mut self.of_task else { return };
        if let Some(client) = client {
            let (class, client) = self.place(client);
            let owners = self.of_task.get_or_insert_default();
            owners.push(client);
            if self.crowds.len() > 1 {
                self.class_of.push(class as u8);
            }
            return;
        }
        let class = class.unwrap_or_else(|| {
            let mut unit = self.draws.draws(u64::from(id), 0).unit();
            let shared = self.crowds.iter().position(|crowd| {
                unit -= crowd.share;
                unit < 0.0
            });
            shared.unwrap_or(self.crowds.len() - 1)
        });
        let crowd = &mut self.crowds[class];
        owners.push(crowd.turn);
        crowd.turn = (crowd.turn + 1) % crowd.clients.max(1);
        self.class_of.push(class as u8);
    }

    /// The class of a task.
    #[inline]
    pub(crate) fn class(&self, task: u32) -> usize {
        self.class_of.get(task as usize).map_or(0, |class| usize::from(*class))
    }

    /// The client of a task, within its class.
    #[inline]
    pub(crate) fn of(&self, task: u32) -> u32 {
        match &self.of_task {
            Some(owners) => owners.get(task as usize).copied().unwrap_or(0),
            None => task % self.crowds[0].clients,
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

impl Scenario {
    /// How many clients there are in all.
    pub(crate) fn client_count(&self) -> f64 {
        if self.clients.is_empty() {
            return f64::from(clients_of(&self.arrivals, &self.client));
        }
        let of = |class: &crate::scenario::Class| {
            clients_of(class.arrivals.as_ref().unwrap_or(&self.arrivals), &self.client)
        };
        self.clients.iter().map(|class| f64::from(of(class))).sum()
    }
}

/// How many clients make these tasks.
fn clients_of(arrivals: &Arrivals, client: &Client) -> u32 {
    match arrivals {
        Arrivals::Serial { clients, .. } | Arrivals::Cron { clients, .. } => *clients,
        _ => client.count,
    }
}
