//! gRPC's service config: `methodConfig[].retryPolicy` and `retryThrottling` (gRFC A6 as of 2024-08-29,
//! whose jitter is x U[0.8, 1.2) after the cap; older clients draw U[0, d)).

use redrive::{
    Action, BudgetRule, Jitter, RetryPolicy,
    policy::{CapStage, DebitOn, HintMode, Refund, TokenBucket},
    wire::{ConfigError, Fields, Value, one_of},
};

use super::{Imported, fields};

const RETRY_FIELDS: &[&str] =
    &["maxAttempts", "initialBackoff", "maxBackoff", "backoffMultiplier", "retryableStatusCodes"];
/// What gRPC makes of more attempts than that.
const MOST_ATTEMPTS: u32 = 5;
/// The status codes, each at its number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

pub(super) fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let names = ["methodConfig", "retryThrottling"];
    let (tree, _) = fields::known(tree, &names, &[])?;
    let config = Fields::read(&tree, "", &names)?;
    let budget = config.get("retryThrottling").map(throttling).transpose()?;
    let mut imported = Vec::new();
    for (index, method) in config.list("methodConfig")?.unwrap_or_default().iter().enumerate() {
        imported.extend(import_method(method, &format!("methodConfig[{index}]"), budget.as_ref())?);
    }
    Ok(imported)
}

fn import_method(
    tree: &Value,
    path: &str,
    budget: Option<&BudgetRule>,
) -> Result<Option<Imported>, ConfigError> {
    let names = ["name", "timeout", "retryPolicy", "hedgingPolicy"];
    let (tree, _) = fields::known(tree, &names, &[])?;
    let method = Fields::read(&tree, path, &names)?;
    let mut notes = Vec::new();
    if method.get("hedgingPolicy").is_some() {
        notes.push(format!("{path}.hedgingPolicy is not about retries and was left out"));
    }
    let Some(retry) = method.get("retryPolicy") else { return Ok(None) };
    let path = method.path_of("retryPolicy");
    let retry = Fields::read(retry, &path, RETRY_FIELDS)?;
    let missing = |name: &str| retry.error(name, "is missing; gRPC wants it");
    let duration = |name: &str| retry.duration(name)?.ok_or_else(|| missing(name));
    let (initial, max) = (duration("initialBackoff")?, duration("maxBackoff")?);
    let multiplier =
        retry.number("backoffMultiplier")?.ok_or_else(|| missing("backoffMultiplier"))?;
    let attempts = retry.unsigned("maxAttempts")?.ok_or_else(|| missing("maxAttempts"))?;
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    if attempts > MOST_ATTEMPTS {
        notes.push(format!("maxAttempts = {attempts} is {MOST_ATTEMPTS} to gRPC"));
    }
    if initial > max {
        notes.push("grpc-js does not cap the first delay; here maxBackoff caps it".to_owned());
    }
    let mut hints = *RetryPolicy::default().retry_after();
    (hints.mode, hints.max, hints.jitter) = (HintMode::Replace, fields::UNLIMITED, Jitter::None);
    let mut policy = RetryPolicy::builder()
        .backoff(fields::growth(initial, multiplier))
        .jitter(Jitter::Symmetric { factor: 0.2 })
        .max_delay(max)
        .cap_stage(CapStage::Before)
        .max_attempts(attempts.min(MOST_ATTEMPTS))
        .attempt_timeout(retry.duration("perAttemptRecvTimeout")?)
        .retry_after(hints)
        .rule(fields::rule(codes(&retry)?, Action::Retry))
        .default_action(Action::DeadLetter)
        .budget(budget.cloned());
    if let Some(timeout) = method.duration("timeout")? {
        notes.push("timeout also cancels the attempt that runs when it ends".to_owned());
        policy = policy.max_elapsed(timeout);
    }
    Ok(Some(Imported { name: name_of(&method)?, policy: policy.build()?, notes }))
}

/// The codes by name, however they are written.
fn codes(retry: &Fields<'_>) -> Result<Vec<String>, ConfigError> {
    let path = retry.path_of("retryableStatusCodes");
    let codes = retry.list("retryableStatusCodes")?.unwrap_or_default();
    if codes.is_empty() {
        return Err(ConfigError::new(path, "is empty; gRPC wants at least one status code"));
    }
    let name = |code: &Value| match code {
        Value::Text(name) => one_of(&path, &name.to_uppercase(), &CODES).map(ToOwned::to_owned),
        Value::Unsigned(number) => usize::try_from(*number)
            .ok()
            .and_then(|number| CODES.get(number))
            .map(|name| (*name).to_owned())
            .ok_or_else(|| ConfigError::new(&*path, format!("= {number} is no status code"))),
        _ => Err(ConfigError::new(&*path, "holds something that is no status code")),
    };
    codes.iter().map(name).collect()
}

/// `service/method`, or `*` for all of them.
fn name_of(method: &Fields<'_>) -> Result<String, ConfigError> {
    let part = |name: &Value, field: &str| {
        name.get(field).and_then(Value::as_text).unwrap_or("*").to_owned()
    };
    let names = method.list("name")?.unwrap_or_default();
    let names: Vec<String> = names
        .iter()
        .map(|name| match (part(name, "service"), part(name, "method")) {
            (service, method) if method == "*" => service,
            (service, method) => format!("{service}/{method}"),
        })
        .collect();
    Ok(if names.is_empty() { "*".to_owned() } else { names.join(" ") })
}

fn throttling(tree: &Value) -> Result<BudgetRule, ConfigError> {
    let path = "retryThrottling";
    let fields = Fields::read(tree, path, &["maxTokens", "tokenRatio"])?;
    let number = |name: &str| {
        fields.number(name)?.ok_or_else(|| fields.error(name, "is missing; gRPC wants it"))
    };
    let (tokens, ratio) = (number("maxTokens")?, number("tokenRatio")?);
    if !(1.0..=1000.0).contains(&tokens) || tokens as u32 as f64 != tokens {
        let message = format!("= {tokens} is not a whole number from 1 to 1000");
        return Err(fields.error("maxTokens", message));
    }
    let mut bucket = TokenBucket::default();
    bucket.capacity = tokens as u32;
    bucket.cost = 1;
    // Three decimals count.
    bucket.refund_on_success = (ratio * 1_000.0) as u64 as f64 / 1_000.0;
    bucket.refund_on_retry_success = Refund::Tokens(bucket.refund_on_success);
    bucket.debit_on = DebitOn::Failure;
    bucket.threshold = Some(tokens / 2.0);
    Ok(BudgetRule::TokenBucket(bucket))
}

pub(super) fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "gRPC")?;
    let attempts = fields::attempts(policy, "gRPC")?;
    if attempts < 2 {
        return Err(ConfigError::new("maxAttempts", "= 1 is no retryPolicy; gRPC wants 2 to 5"));
    }
    let Some(max) = policy.max_delay().filter(|max| !max.is_zero() && !initial.is_zero()) else {
        let message =
            "gRPC wants delays above 0 and a maxBackoff; set backoff.initial and maxDelay";
        return Err(ConfigError::new("", message));
    };
    let kinds = policy.rules().iter().filter(|rule| rule.action == Action::Retry);
    let mut codes: Vec<Value> = kinds
        .flat_map(|rule| &rule.matches)
        .filter(|kind| CODES.contains(&kind.as_str()))
        .map(|kind| Value::from(kind.as_str()))
        .collect();
    if codes.is_empty() {
        codes.push("UNAVAILABLE".into());
    }
    let mut retry = vec![
        ("maxAttempts".to_owned(), attempts.min(MOST_ATTEMPTS).into()),
        ("initialBackoff".to_owned(), fields::decimal_seconds(initial)),
        ("maxBackoff".to_owned(), fields::decimal_seconds(max)),
        ("backoffMultiplier".to_owned(), multiplier.into()),
        ("retryableStatusCodes".to_owned(), Value::List(codes)),
    ];
    if let Some(timeout) = policy.attempt_timeout() {
        retry.push(("perAttemptRecvTimeout".to_owned(), fields::decimal_seconds(timeout)));
    }
    let all_methods = Value::List(vec![Value::Map(Vec::new())]);
    let mut method = vec![("name".to_owned(), all_methods)];
    if let Some(timeout) = policy.max_elapsed() {
        method.push(("timeout".to_owned(), fields::decimal_seconds(timeout)));
    }
    method.push(("retryPolicy".to_owned(), Value::Map(retry)));
    let mut config = vec![("methodConfig".to_owned(), Value::List(vec![Value::Map(method)]))];
    if let Some(BudgetRule::TokenBucket(bucket)) = policy.budget()
        && bucket.cost == 1
        && bucket.capacity <= 1_000
    {
        let tokens = [
            ("maxTokens", bucket.capacity.into()),
            ("tokenRatio", bucket.refund_on_success.into()),
        ];
        config.push(("retryThrottling".to_owned(), Value::map(tokens)));
    }
    Ok(Value::Map(config))
}
