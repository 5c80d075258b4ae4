//! The code that the page exports compiles and makes the very policy. Rust does it here; TypeScript
//! where the npm package is tested, from `exported/typescript.json`. `REDRIVE_BLESS=1` writes both anew.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a test may")]

use std::{fs, path::Path};

use redrive::{Backoff, Jitter, RetryPolicy, policy::presets, time::Duration, wire::Value};
use redrive_interop::code;

#[rustfmt::skip]
#[path = "exported/policy.rs"]
mod exported;

/// A policy that needs every kind of call.
fn policy() -> RetryPolicy {
    RetryPolicy::recommended()
        .to_builder()
        .backoff(Backoff::Polynomial {
            initial: Duration::from_millis(1_500),
            power: 2.5,
            offset: Duration::from_nanos(7),
        })
        .jitter(Jitter::Symmetric { factor: 0.25 })
        .first_delay(Duration::from_micros(25_000))
        .min_delay(Duration::from_millis(10))
        .max_delay(Duration::from_secs(90))
        .max_elapsed(Duration::from_secs(600))
        .attempt_timeout(Duration::from_secs(5))
        .unlimited_attempts()
        .build()
        .unwrap()
}

#[test]
fn exported_code_makes_the_policy() {
    let code = code::rust(&policy());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exported/policy.rs");
    if std::env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, &code).unwrap();
        // What is compiled in here is still the old one.
        return;
    }
    assert_eq!(fs::read_to_string(path).unwrap(), code, "the export changed: bless it");
    assert_eq!(exported::policy().unwrap(), policy());
}

#[test]
fn exported_typescript_is_what_the_package_compiles() {
    let entry = |name: &str, policy: &RetryPolicy| {
        Value::map([
            ("name", name.into()),
            ("code", code::typescript(policy).as_str().into()),
            ("written", code::minimal(policy)),
            ("policy", policy.to_value()),
        ])
    };
    let presets = presets::all().iter().map(|preset| entry(preset.name, &preset.policy()));
    let all = Value::List([entry("every field", &policy())].into_iter().chain(presets).collect());
    let text = serde_json::to_string_pretty(&all).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exported/typescript.json");
    if std::env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), text, "the export changed: bless it");
}
