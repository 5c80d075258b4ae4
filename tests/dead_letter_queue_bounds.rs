//! The queue never holds more than its capacity, and every letter is accounted for.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use redrive::{
    DeadLetter, DeadLetterQueue, Duration, Reason, RedrivePlan, Time,
    dead_letter::{DropCause, Filter, FullPolicy, QueueConfig},
    random::Stream,
};

#[derive(Clone, Debug)]
enum Call {
    Push,
    /// With a number of its own.
    Insert(u64),
    Expire,
    Remove(u64),
    Purge(bool),
    Park(u64),
    Redrive(u64),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        8 => Just(Call::Push),
        2 => (0..40_u64).prop_map(Call::Insert),
        1 => Just(Call::Expire),
        2 => (0..30_u64).prop_map(Call::Remove),
        1 => any::<bool>().prop_map(Call::Purge),
        2 => (0..30_u64).prop_map(Call::Park),
        1 => (0..4_u64).prop_map(Call::Redrive),
    ]
}

/// The queue, and what a reader of its answers believes that it holds.
struct Model {
    queue: DeadLetterQueue,
    held: BTreeSet<u64>,
    given_up: u64,
    refused: u64,
}

impl Model {
    fn take_in(&mut self, now: Time, id: u64) {
        // Half of them died a while ago: letters of files, and held ones.
        let died_at = Time::from_nanos(now.as_nanos() / (1 + id % 2));
        let mut letter = DeadLetter::new(id, Reason::Exhausted, died_at);
        letter.id = id;
        match self.queue.insert(now, letter.clone()) {
            Ok(pushed) => {
                for dropped in pushed.dropped {
                    let came = pushed.id.is_none() && dropped.letter.died_at == died_at;
                    if dropped.cause == DropCause::New {
                        assert_eq!((pushed.id, &dropped.letter), (None, &letter));
                    } else if !came || self.held.contains(&dropped.letter.id) {
                        assert!(self.held.remove(&dropped.letter.id));
                    }
                    self.given_up += 1;
                }
                assert!(pushed.id.is_none_or(|id| self.held.insert(id)), "a number twice");
            }
            Err(refused) => {
                assert!(refused.is_full() || (refused.is_id_taken() && self.held.contains(&id)));
                self.refused += u64::from(refused.is_full());
                assert_eq!(refused.into_letter(), letter, "it comes back as it was");
            }
        }
    }

    fn make(&mut self, now: Time, call: &Call) {
        match *call {
            Call::Push => self.take_in(now, 0),
            Call::Insert(id) => self.take_in(now, id),
            Call::Expire => {
                for dropped in self.queue.expire(now) {
                    assert_eq!(dropped.cause, DropCause::Expired);
                    assert!(self.held.remove(&dropped.letter.id));
                    self.given_up += 1;
                }
                assert!(self.queue.next_expiry().is_none_or(|at| at > now));
            }
            Call::Remove(id) => {
                assert_eq!(self.queue.remove(id).is_some(), self.held.remove(&id));
            }
            Call::Purge(parked) => {
                for letter in self.queue.purge(now, &Filter::new().parked(parked)) {
                    assert!(letter.parked == parked && self.held.remove(&letter.id));
                }
            }
            Call::Park(id) => assert_eq!(self.queue.park(id, true), self.held.contains(&id)),
            Call::Redrive(limit) => {
                let plan = RedrivePlan::default().limit(limit);
                let planned = self.queue.plan(now, &plan, Stream::new(1));
                let (tasks, report) = self.queue.redrive(now, &plan, Stream::new(1));
                assert_eq!(planned, report);
                let (parked, skipped) = (report.parked.len(), report.skipped.len());
                let sum = report.scheduled.len() + parked + skipped;
                assert_eq!(report.selected, sum as u64);
                assert_eq!(tasks.len(), report.scheduled.len());
                for task in tasks {
                    assert!(self.held.remove(&task.letter.id));
                }
            }
        }
    }

    fn check(&self) {
        let (config, counters) = (self.queue.config(), self.queue.counters());
        assert!(config.capacity.is_none_or(|capacity| self.queue.len() <= capacity));
        let listed: Vec<(Time, u64)> = self.queue.iter().map(|l| (l.died_at, l.id)).collect();
        assert!(listed.is_sorted(), "oldest first");
        assert_eq!(listed.iter().map(|(_, id)| *id).collect::<BTreeSet<_>>(), self.held);
        let left = counters.removed + counters.purged + counters.redriven;
        let dropped = counters.expired + counters.dropped_oldest;
        assert_eq!(counters.entered, self.queue.len() + left + dropped);
        assert_eq!(self.given_up, dropped + counters.dropped_new, "each drop was handed over");
        assert_eq!(self.refused, counters.rejected);
    }
}

proptest! {
    #[test]
    fn capacity_holds_and_the_counters_add_up(
        capacity in proptest::option::of(0..6_u64),
        full in proptest::sample::select(
            &[FullPolicy::Reject, FullPolicy::DropOldest, FullPolicy::DropNew][..]
        ),
        retention in proptest::option::of((1..50_u64).prop_map(Duration::from_secs)),
        calls in proptest::collection::vec((0..10_u64, call()), 0..100),
    ) {
        let queue = DeadLetterQueue::new(QueueConfig::new().capacity(capacity).full(full).retention(retention));
        let mut model = Model { queue, held: BTreeSet::new(), given_up: 0, refused: 0 };
        let mut now = Time::from_secs(100);
        for (seconds, call) in &calls {
            now = now.saturating_add(Duration::from_secs(*seconds));
            model.make(now, call);
            model.check();
            let restored = DeadLetterQueue::restore(&model.queue.snapshot());
            prop_assert_eq!(restored.as_ref(), Ok(&model.queue));
        }
    }
}

#[test]
fn numbers_are_never_used_twice() {
    let mut queue = DeadLetterQueue::default();
    let letter = DeadLetter::new(1, Reason::Exhausted, Time::ZERO);
    let id = queue.push(Time::ZERO, letter.clone()).unwrap().id.unwrap();
    queue.remove(id).unwrap();
    assert_eq!(queue.push(Time::ZERO, letter.clone()).unwrap().id, Some(id + 1));

    let mut last = letter.clone();
    last.id = redrive::dead_letter::MAX_ID;
    queue.insert(Time::ZERO, last).unwrap().id.unwrap();
    assert_eq!(queue.push(Time::ZERO, letter).unwrap().id, Some(id + 2));
}

#[test]
fn a_full_queue_tells_the_remedy() {
    let config = QueueConfig::new().capacity(Some(0));
    let mut queue = DeadLetterQueue::new(config);
    let refused = queue.push(Time::ZERO, DeadLetter::new(1, Reason::Exhausted, Time::ZERO));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the dead-letter queue is full (0 letters); remove, purge or redrive some, raise its \
         capacity, or choose what it drops"
    );
}
