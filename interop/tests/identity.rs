//! What a system can say exactly comes back from it as it was: import, export, import is the identity.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use proptest::{prelude::*, sample::select};
use redrive::wire::Value;
use redrive_interop::{System, find, systems};

use crate::{
    configurations::{ALL, Own},
    proof::ENDLESS,
};

/// The configurations of the libraries' own, and the sample of every system.
fn seeds() -> Vec<(&'static str, Value)> {
    let of = |system: &'static str, text: &str| {
        let name = system.split('#').next().unwrap_or_default();
        (name, find(name).unwrap().read(text).unwrap())
    };
    let samples = systems().iter().map(|system| of(system.name, system.sample));
    let measured = ALL.iter().flat_map(|(_, cases)| cases.iter()).filter_map(|own| match own {
        Own::Exact(system, text) => Some(of(system, text)),
        Own::Approximate(..) | Own::Refused(..) | Own::None(_) => None,
    });
    samples.chain(measured).collect()
}

/// The same tree with other numbers, other truths, and without some of its fields.
fn varied(tree: &Value, choices: &mut impl Iterator<Item = usize>) -> Value {
    const NUMBERS: [f64; 14] =
        [0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 25.0, 100.0, 1_234.0, 90_000.0];
    const TEXTS: [&str; 6] = ["0s", "0.1s", "1s", "1.5s", "30s", "600s"];
    let mut next = || choices.next().unwrap_or(0);
    match tree {
        Value::Bool(_) => Value::Bool(next() % 2 == 0),
        Value::Unsigned(_) | Value::Float(_) | Value::Signed(_) if next() % 3 > 0 => {
            let number = NUMBERS[next() % NUMBERS.len()];
            if number % 1.0 == 0.0 { Value::Unsigned(number as u64) } else { Value::Float(number) }
        }
        Value::Text(text)
            if text.ends_with('s') && text.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            match next() % 2 {
                0 => TEXTS[next() % TEXTS.len()].into(),
                _ => tree.clone(),
            }
        }
        Value::Map(entries) => {
            let kept = entries.iter().filter_map(|(name, value)| {
                let drop = choices.next().unwrap_or(1).is_multiple_of(8);
                (!drop).then(|| (name.clone(), varied(value, choices)))
            });
            Value::Map(kept.collect())
        }
        Value::List(items) => Value::List(items.iter().map(|item| varied(item, choices)).collect()),
        other => other.clone(),
    }
}

/// How often a policy was exact, out of those that were read; fails where it does not come back.
fn comes_back(system: &System, tree: &Value) -> Result<bool, TestCaseError> {
    let Ok(policies) = system.import(tree) else { return Ok(false) };
    let mut exact = false;
    for imported in policies.into_iter().filter(|policy| !policy.is_variant) {
        if imported.notes.iter().any(|note| note != ENDLESS) {
            continue;
        }
        exact = true;
        // A growth of one, or of nothing, under a cap or with a jitter or a rounding of its own: written as a
        // constant, with those named in a note where the system's constant has none.
        let policy = &imported.policy;
        let constant = matches!(policy.backoff(), redrive::Backoff::Constant { .. });
        let bare = policy.max_delay().is_none()
            && *policy.jitter() == redrive::Jitter::None
            && policy.compat().rounding.is_none();
        if constant && !bare {
            continue;
        }
        let exported = match system.export(&imported.policy) {
            Ok(exported) => exported,
            Err(error) => {
                let text =
                    format!("{} {tree}: {error}\n{}", system.name, imported.policy.to_value());
                return Err(TestCaseError::fail(text));
            }
        };
        let differs: Vec<&String> = exported.notes.iter().filter(|note| *note != ENDLESS).collect();
        prop_assert!(
            differs.is_empty(),
            "{} {tree} -> {}: {differs:?}",
            system.name,
            exported.tree
        );
        let back = system.import(&exported.tree).unwrap();
        let back = back.iter().find(|policy| !policy.is_variant).unwrap();
        // A cap above a constant delay says nothing, and a system may have no place for it.
        let acts = |policy: &redrive::RetryPolicy| {
            let delays: Vec<_> = policy.schedule(42, 17).take(40).collect();
            (delays, policy.bands(7, Some(64)).take(40).collect::<Vec<_>>())
        };
        if back.policy != imported.policy {
            prop_assert_eq!(acts(&back.policy), acts(&imported.policy), "{}", system.name);
            prop_assert_eq!(back.policy.max_attempts(), imported.policy.max_attempts());
            prop_assert_eq!(back.policy.max_elapsed(), imported.policy.max_elapsed());
            prop_assert_eq!(back.policy.budget(), imported.policy.budget());
        }
    }
    Ok(exact)
}

#[test]
fn the_sample_of_every_system_is_read_and_written() {
    let mut inexact = Vec::new();
    for system in systems() {
        let tree = system.read(system.sample).unwrap();
        let read = system.import(&tree).unwrap_or_else(|error| panic!("{}: {error}", system.name));
        assert!(!read.is_empty(), "{}", system.name);
        if !comes_back(system, &tree).unwrap_or_else(|error| panic!("{error}")) {
            inexact.push(system.name);
        }
    }
    assert_eq!(inexact, ["sqs", "tower"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(2026), ..ProptestConfig::default() })]

    #[test]
    fn what_is_exact_comes_back_as_it_was(
        (system, tree) in select(seeds()),
        choices in prop::collection::vec(0..1_000_usize, 40),
    ) {
        let tree = varied(&tree, &mut choices.into_iter());
        comes_back(find(system).unwrap(), &tree)?;
    }
}
