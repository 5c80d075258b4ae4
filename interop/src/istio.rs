//! Istio's `retries` of a VirtualService: an Envoy policy with defaults of its own, two retries among them.

use redrive::{
    RetryPolicy,
    wire::{ConfigError, Value},
};

use super::{Syntax, System, envoy, fields};

pub(super) const SYSTEM: System = System {
    name: "istio",
    title: "Istio VirtualService retries",
    holds: "a VirtualService, or an object: attempts, perTryTimeout, retryOn, backoff",
    syntax: Syntax::Json,
    source: "istio, pilot/pkg/networking/core/route/retry",
    sample: "attempts: 2",
    import: envoy::import_istio,
    export,
};

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (base, _) = fields::exponential(policy, "Istio")?;
    let (words, codes) = envoy::words_of(policy);
    // Istio takes statuses among the words.
    let words =
        words.into_iter().filter(|word| *word != "retriable-status-codes").map(ToOwned::to_owned);
    let on: Vec<String> = words.chain(codes.iter().map(u16::to_string)).collect();
    let mut retries = vec![
        ("attempts", (fields::attempts(policy, "Istio")? - 1).into()),
        ("retryOn", on.join(",").into()),
    ];
    if let Some(timeout) = policy.attempt_timeout() {
        retries.push(("perTryTimeout", fields::decimal_seconds(timeout)));
    }
    // 25 ms is what Envoy does without it.
    if base != core::time::Duration::from_millis(25) {
        retries.push(("backoff", fields::decimal_seconds(base)));
    }
    Ok(fields::map(retries))
}
