//! gRPC's service config: `methodConfig[].retryPolicy` and `retryThrottling` (gRFC A6 as of 2024-08-29,
//! whose jitter is x U[0.8, 1.2) after the cap; older clients draw U[0, d)).

use redrive::{
    Action, BudgetRule, Jitter, RetryPolicy,
    failure::{GRPC, Kind, kind_of},
    policy::{CapStage, DebitOn, HintMode, Refund, TokenBucket},
    wire::{ConfigError, Fields, Value, one_of},
};

use super::{Imported, Syntax, System, fields};

pub(super) const SYSTEM: System = System {
    name: "grpc",
    title: "gRPC service config (gRFC A6)",
    holds: "an object: methodConfig with retryPolicy, retryThrottling",
    syntax: Syntax::Json,
    source: "gRFC A6 as of 2024-08-29, grpc-js 1.14.7",
    sample: "methodConfig: [{name: [{service: shop.Orders}], retryPolicy: {maxAttempts: 4, initialBackoff: 0.1s, maxBackoff: 1s, backoffMultiplier: 2, retryableStatusCodes: [UNAVAILABLE]}}]",
    import,
    export,
};

const RETRY_FIELDS: &[&str] = &[
    "maxAttempts",
    "initialBackoff",
    "maxBackoff",
    "backoffMultiplier",
    "retryableStatusCodes",
    "perAttemptRecvTimeout",
];
const CONFIG_FIELDS: &[&str] = &["methodConfig", "retryThrottling"];
const METHOD_FIELDS: &[&str] = &["name", "timeout", "retryPolicy", "hedgingPolicy"];
const METHOD_IGNORED: &[&str] =
    &["waitForReady", "maxRequestMessageBytes", "maxResponseMessageBytes"];
/// What gRPC makes of more attempts than that.
const MOST_ATTEMPTS: u32 = 5;

fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    if fields::has_any(tree, &["initialBackoff", "retryableStatusCodes"]) {
        return Ok(vec![read(tree, "", None)?]);
    }
    if fields::has_any(tree, CONFIG_FIELDS) {
        return import_config(tree, "");
    }
    // A service config within a file of another kind.
    let mut imported = Vec::new();
    for found in fields::under(tree, "methodConfig") {
        let path = found.path.rsplit_once('.').map_or("", |(path, _)| path);
        imported.extend(import_config(found.parent, path)?);
    }
    if imported.is_empty() {
        for found in fields::under(tree, "retryPolicy") {
            let policy = read(found.value, &found.path, None)?;
            let name = found.owner.unwrap_or_else(|| policy.name.clone());
            imported.push(Imported { name, path: found.path, ..policy });
        }
    }
    Ok(imported)
}

fn import_config(tree: &Value, path: &str) -> Result<Vec<Imported>, ConfigError> {
    // What else a service config says is not about retries.
    let of = |name: &str| fields::field(tree, name).filter(|value| **value != Value::Null);
    let budget = of("retryThrottling").map(throttling).transpose()?;
    let path = fields::join(path, "methodConfig");
    let methods = match of("methodConfig") {
        None => return Ok(Vec::new()),
        Some(Value::List(methods)) => methods,
        Some(_) => return Err(ConfigError::new(path, "is not a list of methods")),
    };
    let mut imported = Vec::new();
    for (index, method) in methods.iter().enumerate() {
        imported.extend(import_method(method, &format!("{path}[{index}]"), budget.as_ref())?);
    }
    Ok(imported)
}

fn import_method(
    tree: &Value,
    path: &str,
    budget: Option<&BudgetRule>,
) -> Result<Option<Imported>, ConfigError> {
    let tree = fields::pick(tree, path, METHOD_FIELDS, METHOD_IGNORED)?;
    let method = Fields::read(&tree, path, METHOD_FIELDS)?;
    let Some(retry) = method.get("retryPolicy") else { return Ok(None) };
    let mut imported = read(retry, &method.path_of("retryPolicy"), budget)?;
    if method.get("hedgingPolicy").is_some() {
        let note = format!("{path}.hedgingPolicy is not about retries and was left out");
        imported.notes.push(note);
    }
    if let Some(timeout) = method.get("timeout").filter(|value| **value != Value::Null) {
        let timeout = fields::span(timeout, &method.path_of("timeout"))?;
        imported.notes.push("timeout also cancels the attempt that runs when it ends".to_owned());
        imported.policy = imported.policy.to_builder().max_elapsed(timeout).build()?;
    }
    imported.aliases = names_of(&method)?;
    imported.name = match imported.aliases.first() {
        Some(first) if imported.aliases.len() == 1 => first.clone(),
        Some(_) => imported.aliases.join(" "),
        None => "*".to_owned(),
    };
    path.clone_into(&mut imported.path);
    Ok(Some(imported))
}

fn read(tree: &Value, path: &str, budget: Option<&BudgetRule>) -> Result<Imported, ConfigError> {
    let tree = fields::pick(tree, path, RETRY_FIELDS, &[])?;
    let retry = Fields::read(&tree, path, RETRY_FIELDS)?;
    let missing = |name: &str| retry.error(name, "is missing; gRPC wants it");
    let required = |name: &str| retry.get(name).ok_or_else(|| missing(name));
    let duration = |name: &str| fields::span(required(name)?, &retry.path_of(name));
    let (initial, max) = (duration("initialBackoff")?, duration("maxBackoff")?);
    for (name, delay) in [("initialBackoff", initial), ("maxBackoff", max)] {
        if delay.is_zero() {
            return Err(retry.error(name, "= 0 is refused by gRPC; it is above 0"));
        }
    }
    let multiplier =
        fields::number(required("backoffMultiplier")?, &retry.path_of("backoffMultiplier"))?;
    let attempts = fields::count(required("maxAttempts")?, &retry.path_of("maxAttempts"))?;
    if attempts < 2 {
        let message = format!("= {attempts} is refused by gRPC; it is 2 or more");
        return Err(retry.error("maxAttempts", message));
    }
    let mut notes = Vec::new();
    if attempts > MOST_ATTEMPTS {
        notes.push(format!("maxAttempts = {attempts} is {MOST_ATTEMPTS} to gRPC"));
    }
    let timeout = retry.get("perAttemptRecvTimeout").filter(|value| **value != Value::Null);
    let timeout = timeout.map(|t| fields::span(t, &retry.path_of("perAttemptRecvTimeout")));
    let mut hints = *RetryPolicy::default().retry_after();
    (hints.mode, hints.max, hints.jitter) = (HintMode::Replace, fields::UNLIMITED, Jitter::None);
    let policy = RetryPolicy::builder()
        .backoff(fields::growth(initial, multiplier))
        .jitter(Jitter::Symmetric { factor: 0.2 })
        .max_delay(max)
        // gRFC A6 does not cap the first.
        .uncapped_first(initial > max)
        .cap_stage(CapStage::Before)
        .max_attempts(attempts.min(MOST_ATTEMPTS))
        .attempt_timeout(timeout.transpose()?.filter(|timeout| !timeout.is_zero()))
        .retry_after(hints)
        .rule(fields::rule(codes(&retry)?, Action::Retry))
        .default_action(Action::DeadLetter)
        .budget(budget.cloned());
    Ok(Imported { notes, ..Imported::new("grpc", policy.build()?) })
}

/// The codes by name, however they are written.
fn codes(retry: &Fields<'_>) -> Result<Vec<String>, ConfigError> {
    let path = retry.path_of("retryableStatusCodes");
    let codes = retry.list("retryableStatusCodes")?.unwrap_or_default();
    if codes.is_empty() {
        return Err(ConfigError::new(path, "is empty; gRPC wants at least one status code"));
    }
    let name = |code: &Value| {
        let number = match code {
            Value::Text(text) => text.parse().ok(),
            code => code.as_f64(),
        };
        let name = match (number, code) {
            (Some(number), _) => {
                let place = (number % 1.0 == 0.0 && number >= 0.0).then_some(number as usize);
                let name = place.and_then(|place| GRPC.get(place)).copied();
                name.ok_or_else(|| {
                    ConfigError::new(&*path, format!("= {number} is not a gRPC status code"))
                })?
            }
            (None, Value::Text(name)) => one_of(&path, &name.to_uppercase(), &GRPC)?,
            (None, _) => {
                return Err(ConfigError::new(
                    &*path,
                    "contains something that is not a status code",
                ));
            }
        };
        match name {
            "OK" => Err(ConfigError::new(&*path, "contains OK, which is not a failure")),
            name => Ok(name.to_owned()),
        }
    };
    codes.iter().map(name).collect()
}

/// What the methods are called: `service/method`, `service` for all of one, `*` for all.
fn names_of(method: &Fields<'_>) -> Result<Vec<String>, ConfigError> {
    let part = |name: &Value, part: &str| {
        let text = fields::field(name, part).and_then(Value::as_text).unwrap_or_default();
        if text.is_empty() { "*".to_owned() } else { text.to_owned() }
    };
    let names = method.list("name")?.unwrap_or_default();
    let names = names.iter().map(|name| match (part(name, "service"), part(name, "method")) {
        (service, method) if method == "*" => service,
        (service, method) => format!("{service}/{method}"),
    });
    Ok(names.collect())
}

fn throttling(tree: &Value) -> Result<BudgetRule, ConfigError> {
    let (path, names) = ("retryThrottling", ["maxTokens", "tokenRatio"]);
    let tree = fields::pick(tree, path, &names, &[])?;
    let fields = Fields::read(&tree, path, &names)?;
    let number = |name: &str| {
        let missing = || fields.error(name, "is missing; gRPC wants it");
        fields::number(fields.get(name).ok_or_else(missing)?, &fields.path_of(name))
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

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "gRPC")?;
    let attempts = fields::attempts(policy, "gRPC")?;
    if attempts < 2 {
        return Err(ConfigError::new("maxAttempts", "= 1 means no retries; gRPC requires 2 to 5"));
    }
    let Some(max) = policy.max_delay().filter(|max| !max.is_zero() && !initial.is_zero()) else {
        let message =
            "gRPC wants delays above 0 and a maxBackoff; set backoff.initial and maxDelay";
        return Err(ConfigError::new("", message));
    };
    let mut codes = status_codes(policy);
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

/// The status codes of what the policy retries: codes by name and number, and those of its kinds.
fn status_codes(policy: &RetryPolicy) -> Vec<Value> {
    let mut names: Vec<&str> = Vec::new();
    for matched in fields::retried(policy) {
        let of_kind = |name: &&&str| {
            let kind = Kind::parse(matched);
            kind.is_some() && kind_of(name) == kind
        };
        let by_number = matched.parse().ok().and_then(|number: usize| GRPC.get(number));
        let own = GRPC.iter().filter(|name| **name == matched || Some(*name) == by_number);
        names.extend(own.chain(GRPC.iter().filter(of_kind)));
    }
    let mut codes: Vec<Value> = Vec::new();
    for name in names.into_iter().filter(|name| *name != "OK") {
        if !codes.contains(&name.into()) {
            codes.push(name.into());
        }
    }
    codes
}
