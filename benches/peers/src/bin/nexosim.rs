//! The workload in NeXosim: two models joined by a port; retries and completions are scheduled events.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use nexosim::{
    model::{Context, Model, schedulable},
    ports::{EventSource, UniRequestor},
    simulation::{Mailbox, SimInit},
    time::MonotonicTime,
};
use redrive_peers::{ATTEMPTS, OUTAGE, Outcome, ROOM, SERVICE, backoff, measure};
use serde::{Deserialize, Serialize};

// Models belong to the engine once it runs; these are how one looks into them afterwards.
static MADE: AtomicU64 = AtomicU64::new(0);
static SUCCEEDED: AtomicU64 = AtomicU64::new(0);
static DEAD: AtomicU64 = AtomicU64::new(0);

#[derive(Serialize, Deserialize)]
struct Clients {
    server: UniRequestor<u32, bool>,
    failures: Vec<u8>,
}

#[Model]
impl Clients {
    async fn begin(&mut self, tasks: u32, context: &Context<Self>) {
        for task in 1..=tasks {
            self.attempt(task, context).await;
        }
    }

    #[nexosim(schedulable)]
    async fn attempt(&mut self, task: u32, context: &Context<Self>) {
        MADE.fetch_add(1, Relaxed);
        if self.server.send(task).await {
            return;
        }
        let failed = u32::from(self.failures[task as usize]) + 1;
        self.failures[task as usize] = failed as u8;
        if failed == ATTEMPTS {
            DEAD.fetch_add(1, Relaxed);
            return;
        }
        // It refuses events at the present moment.
        let wait = Duration::from_micros(backoff(1, u64::from(task), failed).max(1));
        let scheduled = context.schedule_event(wait, schedulable!(Self::attempt), task);
        scheduled.expect("a wait of a microsecond at least");
    }
}

#[derive(Serialize, Deserialize)]
struct Server {
    waiting: VecDeque<u32>,
}

#[Model]
impl Server {
    async fn request(&mut self, task: u32, context: &Context<Self>) -> bool {
        let now = context.time().duration_since(MonotonicTime::EPOCH).as_micros() as u64;
        if now < OUTAGE || self.waiting.len() >= ROOM {
            return false;
        }
        self.waiting.push_back(task);
        if self.waiting.len() == 1 {
            Self::serve(context);
        }
        true
    }

    fn serve(context: &Context<Self>) {
        let time = Duration::from_micros(SERVICE);
        let scheduled = context.schedule_event(time, schedulable!(Self::done), ());
        scheduled.expect("a service takes time");
    }

    #[nexosim(schedulable)]
    async fn done(&mut self, _: (), context: &Context<Self>) {
        self.waiting.pop_front();
        SUCCEEDED.fetch_add(1, Relaxed);
        if !self.waiting.is_empty() {
            Self::serve(context);
        }
    }
}

fn run(tasks: u32) -> Outcome {
    for count in [&MADE, &SUCCEEDED, &DEAD] {
        count.store(0, Relaxed);
    }
    let (clients_box, server_box) = (Mailbox::with_capacity(1024), Mailbox::with_capacity(1024));
    let server = Server { waiting: VecDeque::new() };
    let requests = UniRequestor::new(Server::request, &server_box);
    let clients = Clients { server: requests, failures: vec![0; tasks as usize + 1] };
    // One thread: the models wait for each other, more are slower.
    let mut bench = SimInit::with_num_threads(1);
    let begin = EventSource::new().connect(Clients::begin, &clients_box).register(&mut bench);
    let mut simulation = bench
        .add_model(clients, clients_box, "clients")
        .add_model(server, server_box, "server")
        .init(MonotonicTime::EPOCH)
        .expect("two models and one port");
    simulation.process_event(&begin, tasks).expect("the first attempts");
    simulation.run().expect("the other attempts");
    Outcome {
        attempts: MADE.load(Relaxed),
        succeeded: SUCCEEDED.load(Relaxed),
        dead: DEAD.load(Relaxed),
    }
}

fn main() {
    measure(run);
}
