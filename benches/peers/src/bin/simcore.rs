//! The workload in simcore, the engine of DSLab: two components, an event for each attempt and each
//! completion; clients call the server directly, which is its fastest form.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use redrive_peers::{ATTEMPTS, OUTAGE, Outcome, ROOM, SERVICE, backoff, measure};
use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext, cast};

const TICK: f64 = 1e-6;

#[derive(Clone, Serialize)]
struct Attempt {
    task: u32,
}

#[derive(Clone, Serialize)]
struct Done {}

struct Server {
    waiting: VecDeque<u32>,
    succeeded: u64,
    context: SimulationContext,
}

impl Server {
    fn admits(&mut self, task: u32) -> bool {
        let now = self.context.time() / TICK + 0.5;
        if now < OUTAGE as f64 || self.waiting.len() >= ROOM {
            return false;
        }
        self.waiting.push_back(task);
        if self.waiting.len() == 1 {
            self.context.emit_self(Done {}, SERVICE as f64 * TICK);
        }
        true
    }
}

impl EventHandler for Server {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Done {} => {
                self.waiting.pop_front();
                self.succeeded += 1;
                if !self.waiting.is_empty() {
                    self.context.emit_self(Done {}, SERVICE as f64 * TICK);
                }
            }
        });
    }
}

struct Clients {
    failures: Vec<u8>,
    attempts: u64,
    dead: u64,
    context: SimulationContext,
    server: Rc<RefCell<Server>>,
}

impl EventHandler for Clients {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Attempt { task } => {
                self.attempts += 1;
                if self.server.borrow_mut().admits(task) {
                    return;
                }
                let failed = u32::from(self.failures[task as usize]) + 1;
                self.failures[task as usize] = failed as u8;
                if failed == ATTEMPTS {
                    self.dead += 1;
                } else {
                    let wait = backoff(1, u64::from(task), failed) as f64 * TICK;
                    self.context.emit_self(Attempt { task }, wait);
                }
            }
        });
    }
}

fn run(tasks: u32) -> Outcome {
    let mut simulation = Simulation::new(1);
    let server = Rc::new(RefCell::new(Server {
        waiting: VecDeque::new(),
        succeeded: 0,
        context: simulation.create_context("server"),
    }));
    let context = simulation.create_context("clients");
    let clients_id = context.id();
    let clients = Rc::new(RefCell::new(Clients {
        failures: vec![0; tasks as usize + 1],
        attempts: 0,
        dead: 0,
        context,
        server: server.clone(),
    }));
    simulation.add_handler("server", server.clone());
    simulation.add_handler("clients", clients.clone());
    let root = simulation.create_context("root");
    for task in 1..=tasks {
        root.emit(Attempt { task }, clients_id, 0.0);
    }
    simulation.step_until_no_events();
    let (clients, server) = (clients.borrow(), server.borrow());
    Outcome { attempts: clients.attempts, succeeded: server.succeeded, dead: clients.dead }
}

fn main() {
    measure(run);
}
