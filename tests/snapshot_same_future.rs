//! A snapshot at any moment, through JSON text, and the restored machine makes the identical future.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![cfg(feature = "serde")]

use proptest::prelude::*;
use redrive::{Machine, Snapshot};

use crate::random_calls::{Driver, config, steps};

fn through_json(machine: &Machine) -> Machine {
    let text = serde_json::to_string(&machine.snapshot()).unwrap();
    let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
    Machine::restore(&snapshot).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_restored_machine_makes_the_identical_future(
        config in config(),
        steps in steps(),
        moment in any::<prop::sample::Index>(),
    ) {
        let mut original = Driver::new(config);
        let (before, after) = steps.split_at(moment.index(steps.len() + 1));
        for step in before {
            original.make(step);
        }
        let mut restored = Driver { machine: through_json(&original.machine), ..original.clone() };
        for step in after {
            prop_assert_eq!(restored.make(step), original.make(step));
            prop_assert_eq!(restored.machine.next_wakeup(), original.machine.next_wakeup());
            prop_assert_eq!(restored.machine.next_deadline(), original.machine.next_deadline());
            prop_assert_eq!(restored.machine.stats(), original.machine.stats());
        }
        let text = |machine: &Machine| serde_json::to_string(machine).unwrap();
        let same = restored.machine.snapshot() == original.machine.snapshot();
        prop_assert!(same, "{}\n{}", text(&restored.machine), text(&original.machine));
        while let Some(event) = original.machine.poll_event() {
            prop_assert_eq!(restored.machine.poll_event(), Some(event));
        }
        prop_assert_eq!(restored.machine.poll_event(), None);
    }
}
