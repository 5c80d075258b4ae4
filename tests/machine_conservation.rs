//! Whatever is called: every task that came in is live, held, or ended in exactly one way.
#![allow(clippy::panic, reason = "a test may")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use redrive::{
    Machine, State,
    machine::{Recovery, Stats, What},
};

use crate::random_calls::{Call, Driver, Step, config, steps};

/// What the machine said in its events: the keys of the tasks that came in and have not ended.
#[derive(Default)]
struct Ledger {
    present: BTreeSet<u64>,
    ended: u64,
}

impl Ledger {
    fn came_in(&mut self, key: u64) {
        assert!(self.present.insert(key), "task {key} came in while it was present");
    }

    fn read_events(&mut self, machine: &mut Machine) {
        while let Some(event) = machine.poll_event() {
            let key = event.key.id();
            match event.what {
                What::Redriven { .. } => self.came_in(key),
                What::Succeeded { .. }
                | What::DeadLettered { .. }
                | What::Cancelled
                | What::Discarded { .. }
                | What::Failed { .. } => {
                    assert!(self.present.remove(&key), "task {key} ended twice, or never came in");
                    self.ended += 1;
                }
                What::TimedOut { .. } | What::RetryScheduled { .. } | What::Held { .. } => {
                    assert!(self.present.contains(&key), "task {key} is not there");
                }
                _ => {}
            }
        }
    }
}

fn check(machine: &Machine, ledger: &Ledger) {
    let Stats { ready, waiting, running, held, counters, .. } = machine.stats();
    assert_eq!(counters.came_in(), counters.ended() + ready + waiting + running + held);
    assert_eq!(counters.ended(), ledger.ended);
    let states: Vec<State> = machine.tasks().map(|task| task.state()).collect();
    let count = |wanted: fn(&State) -> bool| states.iter().filter(|s| wanted(s)).count() as u64;
    assert_eq!(ready, count(|s| *s == State::Ready));
    assert_eq!(running, count(|s| *s == State::Running));
    assert_eq!(waiting, count(|s| matches!(s, State::Waiting { .. })));
    let live = machine.tasks().map(|task| task.key().id());
    let present: Vec<u64> = live.chain(machine.held().map(|letter| letter.key.id())).collect();
    assert_eq!(present.len(), ledger.present.len(), "no key is there twice");
    assert_eq!(present.into_iter().collect::<BTreeSet<_>>(), ledger.present);
}

/// Runs what is left until no task is live; every attempt crashes.
fn drain(driver: &mut Driver, ledger: &mut Ledger) {
    for _ in 0..100_000 {
        if driver.machine.is_empty() {
            return;
        }
        let at = driver.machine.next_wakeup().map_or(driver.now(), |at| at.max(driver.now()));
        driver.millis = at.as_nanos().div_ceil(1_000_000);
        driver.make(&Step { millis: 0, call: Call::Poll });
        driver.make(&Step { millis: 0, call: Call::Recover(Recovery::Retry) });
        ledger.read_events(&mut driver.machine);
    }
    panic!("the machine does not come to an end: {:?}", driver.machine.stats());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn every_task_ends_in_exactly_one_way(config in config(), steps in steps()) {
        let mut driver = Driver::new(config);
        let mut ledger = Ledger::default();
        for step in &steps {
            let answer = driver.make(step);
            if let (Call::Submit { key, .. }, "Ok(())") = (&step.call, answer.as_str()) {
                ledger.came_in(*key);
            }
            ledger.read_events(&mut driver.machine);
            check(&driver.machine, &ledger);
            let queue = driver.machine.dead_letters();
            prop_assert!(queue.config().capacity.is_none_or(|capacity| queue.len() <= capacity));
        }
        drain(&mut driver, &mut ledger);
        check(&driver.machine, &ledger);
    }

    #[test]
    fn polling_before_the_next_wakeup_changes_nothing(config in config(), steps in steps()) {
        let mut driver = Driver::new(config);
        for step in &steps {
            driver.make(step);
            let now = driver.machine.now();
            if driver.machine.next_wakeup().is_none_or(|at| at > now) {
                // A reading that is not behind is one more reading.
                driver.machine.advance(now);
                let before = driver.machine.snapshot();
                prop_assert_eq!(driver.machine.poll(now), None);
                prop_assert!(driver.machine.snapshot() == before);
            }
        }
    }
}
