//! A damaged snapshot is refused, or what is restored from it works: nothing panics, nothing is lost.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use proptest::prelude::*;
use redrive::{Machine, Snapshot, wire::Value};

use crate::random_calls::{Driver, config, steps};

/// What a damaged place holds.
fn debris() -> impl Strategy<Value = Option<Value>> {
    let number = prop_oneof![
        0..20_u64,
        (0..30_u64).prop_map(|seconds| seconds * 1_000_000_000),
        Just(u64::MAX),
        Just(u64::from(u32::MAX)),
        Just((1 << 53) - 1),
    ];
    prop_oneof![
        6 => number.prop_map(|number| Some(Value::Unsigned(number))),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(Value::Text("waiting".into()))),
        1 => Just(Some(Value::Text("18446744073709551615".into()))),
        1 => Just(Some(Value::List(Vec::new()))),
        1 => Just(Some(Value::Float(-0.5))),
        // The place is gone.
        1 => Just(None),
    ]
}

/// Puts `debris` in the `n`-th place of `value`, counted as they are met; says whether there was one.
fn damage(value: &mut Value, n: &mut usize, debris: &Option<Value>) -> bool {
    let children: Vec<&mut Value> = match value {
        Value::Map(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
        Value::List(items) => items.iter_mut().collect(),
        _ => return false,
    };
    let mut gone = None;
    let mut done = false;
    for (i, child) in children.into_iter().enumerate() {
        if *n == 0 {
            match debris {
                Some(debris) => *child = debris.clone(),
                None => gone = Some(i),
            }
            done = true;
            break;
        }
        *n -= 1;
        if damage(child, n, debris) {
            return true;
        }
    }
    match (value, gone) {
        (Value::Map(entries), Some(i)) => drop(entries.remove(i)),
        (Value::List(items), Some(i)) => drop(items.remove(i)),
        _ => {}
    }
    done
}

fn places(value: &Value) -> usize {
    match value {
        Value::Map(entries) => entries.iter().map(|(_, value)| 1 + places(value)).sum(),
        Value::List(items) => items.iter().map(|value| 1 + places(value)).sum(),
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_is_restored_works(
        config in config(),
        before in steps(),
        hits in proptest::collection::vec((any::<prop::sample::Index>(), debris()), 1..20),
        after in steps(),
    ) {
        let mut original = Driver::new(config);
        for step in &before {
            original.make(step);
        }
        let snapshot = original.machine.snapshot().to_value();
        for (place, debris) in hits {
            let mut value = snapshot.clone();
            prop_assert!(damage(&mut value, &mut place.index(places(&snapshot)), &debris));
            let Ok(machine) = Machine::restore(&Snapshot::from_value(value)) else { continue };
            let again = Machine::restore(&machine.snapshot()).unwrap();
            prop_assert_eq!(again.snapshot(), machine.snapshot());
            let mut restored = Driver { machine, ..original.clone() };
            for step in &after {
                restored.make(step);
                let stats = restored.machine.stats();
                let present = stats.ready + stats.waiting + stats.running + stats.held;
                let counters = stats.counters;
                prop_assert_eq!(counters.came_in(), counters.ended() + present);
            }
        }
    }
}
