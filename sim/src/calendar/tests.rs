use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;

impl Calendar {
    fn next(&mut self, limit: u64) -> Option<(u64, u32)> {
        loop {
            match self.pop(limit) {
                None if self.turn(limit) => {}
                event => return event,
            }
        }
    }

    fn len(&self) -> usize {
        self.ahead + self.late.len() + self.rest.len() - self.head
    }
}

/// What a user of the queue may do: add an event some time ahead, or take those due.
#[derive(Clone, Copy, Debug)]
enum Step {
    Push { ahead: u64, entity: u32 },
    Pop,
    PopUntil { ahead: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let ahead = prop_oneof![
        Just(0),
        0..100_u64,
        0..100_000_u64,
        0..5_000_000_000_u64,
        0..100_000_000_000_000_u64,
        0..1_u64 << 60,
    ];
    prop_oneof![
        4 => (ahead.clone(), 0..50_u32).prop_map(|(ahead, entity)| Step::Push { ahead, entity }),
        3 => Just(Step::Pop),
        1 => ahead.prop_map(|ahead| Step::PopUntil { ahead }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn the_calendar_pops_what_a_plain_heap_pops(
        spacing in prop_oneof![Just(1_u64), Just(100_000), Just(1 << 40)],
        steps in prop::collection::vec(step(), 1..400),
    ) {
        let (mut calendar, mut heap) = (Calendar::new(spacing, 0, 0), BinaryHeap::new());
        let mut now = 0_u64;
        for step in steps {
            match step {
                Step::Push { ahead, entity } => {
                    let time = now.saturating_add(ahead).min(1 << 62);
                    calendar.push(time, entity);
                    heap.push(Reverse((time, entity)));
                }
                Step::Pop => {
                    let expected = heap.pop().map(|Reverse(event)| event);
                    prop_assert_eq!(calendar.next(u64::MAX), expected);
                    now = expected.map_or(now, |(time, _)| time);
                }
                Step::PopUntil { ahead } => {
                    let limit = now.saturating_add(ahead).min(1 << 62);
                    while heap.peek().is_some_and(|Reverse((time, _))| *time <= limit) {
                        let expected = heap.pop().map(|Reverse(event)| event);
                        prop_assert_eq!(calendar.next(limit), expected);
                    }
                    prop_assert_eq!(calendar.next(limit), None);
                    now = limit;
                }
            }
            prop_assert_eq!(calendar.len(), heap.len());
        }
    }
}

/// Long enough for many rebuilds in both directions.
#[test]
fn a_width_that_changes_with_the_load_changes_no_order() {
    let (mut calendar, mut heap) = (Calendar::new(1, 1, 0), BinaryHeap::new());
    let mut state = 1_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 33
    };
    for entity in 0..60_000_u32 {
        let time = random() % 1_000_000;
        calendar.push(time, entity);
        heap.push(Reverse((time, entity)));
    }
    for round in 0..400_000_u64 {
        let event = calendar.next(u64::MAX);
        assert_eq!(event, heap.pop().map(|Reverse(event)| event));
        let Some((time, entity)) = event else { break };
        // Sparse for a while, dense for a while, then it runs dry.
        let ahead = if (round / 100_000) % 2 == 0 { random() * 40 } else { random() % 1_000 };
        if round < 340_000 {
            calendar.push(time + ahead, entity);
            heap.push(Reverse((time + ahead, entity)));
        }
    }
    assert_eq!(calendar.len(), 0);
}
