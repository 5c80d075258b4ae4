//! Any JSON as a policy: it is refused, or it is written and read again as the same policy, and none
//! of its delays panics or, by the rule `fit`, passes the cap.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redrive::{RetryPolicy, policy::CapStage, wire::Value};

fuzz_target!(|text: &str| {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    let Ok(policy) = RetryPolicy::from_value(&value) else { return };
    assert_eq!(RetryPolicy::from_value(&policy.to_value()).as_ref(), Ok(&policy));
    let cap = policy.max_delay().filter(|_| policy.compat().cap_stage == CapStage::Fit);
    for retry in policy.schedule(42, 7).take(50) {
        assert!(cap.is_none_or(|cap| retry.delay <= cap), "{} > {cap:?}", retry.delay.as_nanos());
    }
});
