//! What the libraries themselves were seen to do, and what their own configurations do here: every
//! measured case is imported and compared, or it is said why not.
//!
//! `cargo test -p redrive-interop proof -- --nocapture` prints exact, approximate and refused per system.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::BTreeMap;

use redrive::{Action, RetryPolicy};
use redrive_interop::{Imported, find};

use crate::{
    configurations::{ALL, CALLS, Own},
    vectors::{self, Case},
};

/// Attempts without an end are the one difference that no delay shows.
pub(crate) const ENDLESS: &str = "attempts are unlimited there; here they end after 365 days";

/// The policy in that text; `system` may name a variant after a `#`.
pub(crate) fn import(system: &str, text: &str) -> Result<Imported, String> {
    let (system, variant) = system.split_once('#').map_or((system, None), |(s, v)| (s, Some(v)));
    let system = find(system).map_err(|error| error.to_string())?;
    let tree = system.read(text).map_err(|error| error.to_string())?;
    let all = system.import(&tree).map_err(|error| error.to_string())?;
    let meant = |imported: &Imported| match variant {
        Some(name) => imported.is_called(name),
        None => !imported.is_variant,
    };
    let mut found: Vec<Imported> = all.into_iter().filter(meant).collect();
    if found.len() == 1 { Ok(found.remove(0)) } else { Err(format!("{} policies", found.len())) }
}

/// The same delays, however many were measured: attempts and time have a test of their own, and so does
/// what is retried.
fn delays_of(imported: &Imported, case: &Case) -> RetryPolicy {
    let policy = &imported.policy;
    let own = policy.max_attempts().map_or(u32::MAX, core::num::NonZero::get);
    let attempts = own.max(case.retries() as u32 + 1);
    let policy = policy.to_builder().max_attempts(attempts).max_elapsed(None);
    policy.default_action(Action::Retry).build().unwrap()
}

fn judge(case: &Case, own: Own) -> Result<&'static str, String> {
    match own {
        Own::None(reason) => Ok(reason),
        Own::Refused(system, text, words) => match import(system, text) {
            Err(error) if error.contains(words) => Ok("refused"),
            other => Err(format!("not refused with \"{words}\": {other:?}")),
        },
        Own::Approximate(system, text, words) => {
            let imported = import(system, text)?;
            let says = imported.notes.iter().any(|note| note.contains(words));
            if says {
                Ok("approximate")
            } else {
                Err(format!("no \"{words}\": {:?}", imported.notes))
            }
        }
        Own::Exact(system, text) => {
            let imported = import(system, text)?;
            let notes: Vec<&String> =
                imported.notes.iter().filter(|note| *note != ENDLESS).collect();
            if !notes.is_empty() {
                return Err(format!("not exact: {notes:?}"));
            }
            case.judge(&delays_of(&imported, case))?;
            Ok("exact")
        }
    }
}

#[test]
fn every_measured_case_is_imported_as_it_was_measured_or_explained() {
    let mut left: BTreeMap<(String, usize), Own> = BTreeMap::new();
    for (file, cases) in ALL {
        for (index, own) in cases.iter().enumerate() {
            left.insert(((*file).to_owned(), index), *own);
        }
    }
    let mut counts: BTreeMap<String, BTreeMap<&str, u32>> = BTreeMap::new();
    let (mut mismatches, mut exact) = (Vec::new(), 0);
    for case in vectors::all() {
        let Some(own) = left.remove(&case.place) else {
            mismatches.push(format!("{}: no configuration of the library's own", case.name));
            continue;
        };
        match judge(&case, own) {
            Ok(how) => {
                exact += u32::from(how == "exact");
                *counts.entry(case.system.clone()).or_default().entry(how).or_default() += 1;
            }
            Err(error) => mismatches.push(format!("{}: {error}", case.name)),
        }
    }
    for (system, ways) in &counts {
        let ways: Vec<String> = ways.iter().map(|(how, count)| format!("{count} {how}")).collect();
        println!("{system}: {}", ways.join("; "));
    }
    println!("{exact} exact");
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
    assert!(left.is_empty(), "no case for {left:?}");
    assert!(exact >= 119, "{exact}");
}

#[test]
fn an_always_failing_task_is_called_as_often_as_by_the_library() {
    for (system, text, calls) in CALLS {
        let imported = import(system, text).unwrap_or_else(|error| panic!("{system}: {error}"));
        let policy = imported.policy.to_builder().default_action(Action::Retry).build().unwrap();
        assert_eq!(policy.schedule(1, 1).count() + 1, *calls, "{system} {text}");
    }
}
