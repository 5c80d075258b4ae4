//! gax client configurations, of Python and Node: `retry_params` and `retry_codes` of an interface, or the
//! backoff settings of one call.
//!
//! U[0, d), d = min(initial x multiplier^n, max), of which the first is not capped (google-gax 5.0.8,
//! `normalCalls/retries.js`). `maxRetries` counts the first call, whatever its name.

use redrive::{
    Action, Jitter, PolicyBuilder, RetryPolicy,
    wire::{ConfigError, Value},
};

use super::{
    Imported, Syntax, System, fields,
    options::{Library, Options, Unit, in_unit},
};

pub(super) const SYSTEM: System = System {
    name: "gax",
    title: "gax client config (Python, Node)",
    holds: "a client_config.json (retry_codes, retry_params, methods), or an object: initialRetryDelayMillis, ...",
    syntax: Syntax::Json,
    source: "google-gax 5.0.8, normalCalls/retries.js",
    sample: "initialRetryDelayMillis: 100\nretryDelayMultiplier: 1.3\nmaxRetryDelayMillis: 60000\ntotalTimeoutMillis: 600000",
    import,
    export,
};

const SETTINGS: Library = Library {
    name: "gax",
    fields: &[
        "initialRetryDelayMillis",
        "retryDelayMultiplier",
        "maxRetryDelayMillis",
        "totalTimeoutMillis",
        "maxRetries",
    ],
    beside: &[],
    ignored: &["initialRpcTimeoutMillis", "rpcTimeoutMultiplier", "maxRpcTimeoutMillis"],
    read,
};

/// The methods of an interface with their codes, or all the settings that there are.
fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let methods: Vec<_> = fields::under(tree, "methods");
    if methods.is_empty() {
        return SETTINGS.import(tree);
    }
    let mut imported = Vec::new();
    for found in methods {
        let Value::Map(entries) = found.value else { continue };
        for (method, options) in entries {
            let path = format!("{}.{method}", found.path);
            let Some(name) = fields::field(options, "retryParamsName").and_then(Value::as_text)
            else {
                continue;
            };
            let named = |group: &str, name: &str| {
                fields::field(found.parent, group).and_then(|group| fields::field(group, name))
            };
            let Some(params) = named("retryParams", name) else {
                return Err(ConfigError::new(
                    path,
                    format!("names the retry_params \"{name}\", which are not there"),
                ));
            };
            let codes = fields::field(options, "retryCodesName").and_then(Value::as_text);
            let codes = match codes {
                None => Vec::new(),
                Some(codes) => match named("retryCodes", codes) {
                    Some(list) => fields::texts(list, &path)?,
                    None => {
                        return Err(ConfigError::new(
                            path,
                            format!("names the retry_codes \"{codes}\", which are not there"),
                        ));
                    }
                },
            };
            for mut policy in SETTINGS.import(params)? {
                let mut builder = policy.policy.to_builder().default_action(Action::DeadLetter);
                if !codes.is_empty() {
                    builder = builder.rule(fields::rule(codes.clone(), Action::Retry));
                }
                if let Some(timeout) = fields::field(options, "timeoutMillis") {
                    let timeout = super::options::span(timeout, &path, Unit::Millis)?;
                    policy.remarks.push(format!(
                        "timeout_millis = {} ms spans a call without retries there",
                        timeout.as_millis()
                    ));
                }
                (policy.policy, policy.name, policy.path) =
                    (builder.build()?, method.clone(), path.clone());
                imported.push(policy);
            }
        }
    }
    Ok(imported)
}

fn read(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let initial = options.span("initialRetryDelayMillis", Unit::Millis, 100)?;
    let multiplier = options.growth("retryDelayMultiplier", 1.3)?;
    let max = options.span("maxRetryDelayMillis", Unit::Millis, 60_000)?;
    let attempts = options.optional_count("maxRetries")?;
    let total = match (attempts, options.says("totalTimeoutMillis")) {
        (Some(_), true) => {
            return Err(options
                .error("maxRetries", "and totalTimeoutMillis exclude each other there; keep one"));
        }
        (Some(_), false) => None,
        (None, _) => options.cap("totalTimeoutMillis", Unit::Millis, Some(30_000))?,
    };
    if attempts.is_some() {
        options.remark("after the last attempt it waits once more there before it fails");
    }
    let policy = fields::without_hints()
        .backoff(fields::growth(initial, multiplier))
        .max_delay(max)
        .uncapped_first(initial > max)
        .jitter(Jitter::Full);
    Ok(options.attempts(policy, attempts.map(|attempts| attempts.max(1)), total))
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "gax")?;
    let millis = |duration| in_unit(duration, Unit::Millis);
    let mut options = vec![
        ("initialRetryDelayMillis", millis(initial)),
        ("retryDelayMultiplier", multiplier.into()),
        ("maxRetryDelayMillis", millis(policy.max_delay().unwrap_or(fields::UNLIMITED))),
    ];
    match (policy.max_attempts(), policy.max_elapsed()) {
        (Some(max), _) => options.push(("maxRetries", max.get().into())),
        (None, Some(total)) => options.push(("totalTimeoutMillis", millis(total))),
        (None, None) => {}
    }
    Ok(fields::map(options))
}
