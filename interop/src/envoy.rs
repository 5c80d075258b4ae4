//! Envoy's retry policy of a route (API of 2026-01), as JSON or YAML: by itself, in a route, a virtual
//! host or a whole configuration; and the `retries` of an Istio virtual service, which become one.
//!
//! The delay is a whole number of milliseconds below min(base x 2^n, max), drawn evenly. The retry
//! budget belongs to the cluster there; it is taken along when it is beside the policy. `5xx`,
//! `gateway-error` and `reset` also cover an upstream that does not answer at all (`retry_state_impl.cc`,
//! `wouldRetryFromReset`), so they become several matches here.

use redrive::{
    Action, Backoff, BudgetRule, Duration, Jitter, RetryPolicy,
    failure::{Kind, ROWS, System as Spoken},
    policy::{Rounding, RoundingMode},
    wire::{ConfigError, Fields, Value, one_of},
};

use super::{
    Imported, Syntax, System,
    fields::{self, Found},
};

pub(super) const SYSTEM: System = System {
    name: "envoy",
    title: "Envoy route retry policy",
    holds: "an object: retry_on, num_retries, retry_back_off, ...",
    syntax: Syntax::Json,
    source: "Envoy API of 2026-01, backoff_strategy.cc",
    sample: "retry_on: 5xx",
    import,
    export,
};

const FIELDS: &[&str] = &[
    "retryOn",
    "numRetries",
    "perTryTimeout",
    "retryBackOff",
    "retriableStatusCodes",
    "retryBudget",
    "perTryIdleTimeout",
    "rateLimitedRetryBackOff",
    "retriableHeaders",
    "retriableRequestHeaders",
];
/// What decides where a retry goes, and not whether or when.
const IGNORED: &[&str] = &[
    "retryPriority",
    "retryHostPredicate",
    "hostSelectionRetryMaxAttempts",
    "retryOptionsPredicates",
];
/// Fields that bear on retries and that no policy has.
const WITHOUT_COUNTERPART: [(&str, &str); 4] = [
    (
        "perTryIdleTimeout",
        "per_try_idle_timeout ends attempts that stall; here only per_try_timeout does",
    ),
    (
        "rateLimitedRetryBackOff",
        "rate_limited_retry_back_off is left out; retryAfter is its counterpart",
    ),
    ("retriableHeaders", "retriable_headers looks at headers of responses, which rules do not see"),
    (
        "retriableRequestHeaders",
        "retriable_request_headers looks at requests, which rules do not see",
    ),
];
/// The words of `retry_on`, and what each covers here.
const CONDITIONS: [(&str, &[&str]); 16] = [
    ("5xx", &["5xx", "connection", "reset", "timeout"]),
    ("gateway-error", &["gateway-error", "connection", "reset", "timeout"]),
    ("reset", &["reset", "connection", "timeout"]),
    ("reset-before-request", &["reset-before-request", "connection"]),
    ("connect-failure", &["connection"]),
    ("envoy-ratelimited", &["envoy-ratelimited"]),
    ("retriable-4xx", &["retriable-4xx"]),
    ("refused-stream", &["refused-stream"]),
    ("http3-post-connect-failure", &["http3-post-connect-failure"]),
    ("retriable-status-codes", &[]),
    ("retriable-headers", &[]),
    ("cancelled", &["CANCELLED"]),
    ("deadline-exceeded", &["DEADLINE_EXCEEDED"]),
    ("internal", &["INTERNAL"]),
    ("resource-exhausted", &["RESOURCE_EXHAUSTED"]),
    ("unavailable", &["UNAVAILABLE"]),
];
const WRAPPER: &str = "retryPolicy";
const ISTIO: &str = "retries";
const ISTIO_FIELDS: &[&str] = &["attempts", "perTryTimeout", "retryOn", "backoff"];
const ISTIO_IGNORED: &[&str] = &["retryRemoteLocalities", "retryIgnorePreviousHosts"];
/// Istio's own default of `retryOn`.
const ISTIO_RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled,503";
const MILLISECOND: Duration = Duration::from_millis(1);

fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    if fields::has_any(tree, FIELDS) {
        return Ok(vec![read(tree, "", "envoy")?]);
    }
    let mut imported = Vec::new();
    for found in fields::under(tree, WRAPPER) {
        imported.push(import_found(&found, read)?);
    }
    for found in fields::under(tree, ISTIO) {
        if fields::has_any(found.value, ISTIO_FIELDS) {
            imported.push(import_found(&found, read_istio)?);
        }
    }
    if imported.is_empty() && fields::has_any(tree, ISTIO_FIELDS) {
        imported.push(read_istio(tree, "", "envoy")?);
    }
    Ok(imported)
}

/// The `retries` of a virtual service, or one of them.
pub(super) fn import_istio(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    if fields::has_any(tree, ISTIO_FIELDS) {
        return Ok(vec![read_istio(tree, "", "istio")?]);
    }
    let found = fields::under(tree, ISTIO);
    let ours = found.iter().filter(|found| fields::has_any(found.value, ISTIO_FIELDS));
    ours.map(|found| import_found(found, read_istio)).collect()
}

type Read = fn(&Value, &str, &str) -> Result<Imported, ConfigError>;

/// The policy of a route, whose timeout spans all attempts.
fn import_found(found: &Found<'_>, read: Read) -> Result<Imported, ConfigError> {
    let name = found.owner.as_deref().unwrap_or("envoy");
    let mut imported = read(found.value, &found.path, name)?;
    imported.path.clone_from(&found.path);
    if let Some(timeout) = fields::field(found.parent, "timeout") {
        let timeout = fields::span(timeout, "timeout")?;
        if !timeout.is_zero() {
            let policy = imported.policy.to_builder().max_elapsed(timeout);
            imported.policy = policy.build()?;
            imported
                .notes
                .push("the route's timeout also ends the attempt that runs then".to_owned());
        }
    }
    Ok(imported)
}

fn read(tree: &Value, path: &str, name: &str) -> Result<Imported, ConfigError> {
    let tree = fields::pick(tree, path, FIELDS, IGNORED)?;
    let given = Fields::read(&tree, path, FIELDS)?;
    if FIELDS.iter().all(|name| given.get(name).is_none()) {
        return Err(ConfigError::new(path, format!("is empty; expected: {}", FIELDS.join(", "))));
    }
    let count = given.get("numRetries").filter(|value| **value != Value::Null);
    let retries =
        count.map_or(Ok(1), |value| fields::count(value, &given.path_of("numRetries")))?;
    let (base, max) = back_off(given.get("retryBackOff"), &given.path_of("retryBackOff"))?;
    let timeout =
        given.get("perTryTimeout").map(|t| fields::span(t, &given.path_of("perTryTimeout")));
    let mut policy = fields::without_hints()
        .backoff(Backoff::Exponential { initial: base, multiplier: 2.0 })
        .jitter(Jitter::Full)
        .max_delay(max)
        .rounding(Rounding::new(MILLISECOND, RoundingMode::Floor, false))
        .max_attempts(retries.saturating_add(1))
        .attempt_timeout(timeout.transpose()?.filter(|timeout| !timeout.is_zero()))
        .budget(budget(&given)?)
        .default_action(Action::DeadLetter);
    let kinds = conditions(&given)?;
    let mut notes: Vec<String> = WITHOUT_COUNTERPART
        .iter()
        .filter(|(name, _)| given.get(name).is_some())
        .map(|(_, note)| (*note).to_owned())
        .collect();
    if kinds.is_empty() && retries > 0 {
        notes.push(
            "without a retry_on that applies, only a request's own header retries".to_owned(),
        );
    }
    if !kinds.is_empty() {
        policy = policy.rule(fields::rule(kinds, Action::Retry));
    }
    Ok(Imported { notes, ..Imported::new(name, policy.build()?) })
}

/// The base and the cap of the delays, checked as Envoy does.
fn back_off(tree: Option<&Value>, path: &str) -> Result<(Duration, Duration), ConfigError> {
    let base = Duration::from_millis(25);
    let Some(tree) = tree.filter(|tree| **tree != Value::Null) else {
        return Ok((base, base.saturating_mul(10)));
    };
    let names = ["baseInterval", "maxInterval"];
    let tree = fields::pick(tree, path, &names, &[])?;
    let given = Fields::read(&tree, path, &names)?;
    let span = |name: &str| -> Result<Option<Duration>, ConfigError> {
        given.get(name).map(|value| fields::span(value, &given.path_of(name))).transpose()
    };
    let Some(base) = span("baseInterval")? else {
        return Err(given.error("baseInterval", "is missing; Envoy wants it in retry_back_off"));
    };
    let base = base.max(MILLISECOND);
    match span("maxInterval")?.map(|max| max.max(MILLISECOND)) {
        Some(max) if max < base => {
            Err(given.error("maxInterval", "is below base_interval; Envoy refuses it"))
        }
        Some(max) => Ok((base, max)),
        None => Ok((base, base.saturating_mul(10))),
    }
}

/// What is retried: the words of `retry_on`, and single status codes.
fn conditions(given: &Fields<'_>) -> Result<Vec<String>, ConfigError> {
    let path = given.path_of("retryOn");
    let list = given.get("retryOn").filter(|value| **value != Value::Null);
    let texts = list.map_or(Ok(Vec::new()), |value| fields::texts(value, &path))?;
    let names = CONDITIONS.map(|(name, _)| name);
    let (mut kinds, mut with_codes) = (Vec::new(), false);
    let words = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    for word in words.filter(|word| !word.is_empty()) {
        // Istio allows a status among the words.
        if word.parse().is_ok_and(|status: u16| (100..600).contains(&status)) {
            kinds.push(word.to_owned());
            continue;
        }
        let word = one_of(&path, word, &names)?;
        with_codes |= word == "retriable-status-codes";
        let covered = CONDITIONS.iter().filter(|(name, _)| *name == word);
        kinds.extend(covered.flat_map(|(_, kinds)| *kinds).map(|kind| (*kind).to_owned()));
    }
    let codes = given.list("retriableStatusCodes")?.unwrap_or_default();
    for (index, code) in codes.iter().enumerate() {
        let path = format!("{}[{index}]", given.path_of("retriableStatusCodes"));
        let code = fields::count(code, &path)?;
        // Without the word the codes say nothing.
        if with_codes || texts.is_empty() {
            kinds.push(code.to_string());
        }
    }
    Ok(kinds)
}

fn budget(given: &Fields<'_>) -> Result<Option<BudgetRule>, ConfigError> {
    let Some(tree) = given.get("retryBudget") else { return Ok(None) };
    let names = ["budgetPercent", "minRetryConcurrency"];
    let path = given.path_of("retryBudget");
    let tree = fields::pick(tree, &path, &names, &[])?;
    let given = Fields::read(&tree, &path, &names)?;
    let percent = given
        .get("budgetPercent")
        .map_or(Ok(20.0), |value| fields::number(value, &given.path_of("budgetPercent")))?;
    let min = given
        .get("minRetryConcurrency")
        .map_or(Ok(3), |value| fields::count(value, &given.path_of("minRetryConcurrency")))?;
    Ok(Some(BudgetRule::Concurrency { percent, min }))
}

/// Istio's `retries`, as the Envoy policy that it becomes (istio, `pilot/pkg/networking/core/route/retry`).
fn read_istio(tree: &Value, path: &str, name: &str) -> Result<Imported, ConfigError> {
    let tree = fields::pick(tree, path, ISTIO_FIELDS, ISTIO_IGNORED)?;
    let given = Fields::read(&tree, path, ISTIO_FIELDS)?;
    let mut policy = vec![
        ("numRetries".to_owned(), given.get("attempts").cloned().unwrap_or(2_u32.into())),
        ("retryOn".to_owned(), given.get("retryOn").cloned().unwrap_or(ISTIO_RETRY_ON.into())),
    ];
    if let Some(timeout) = given.get("perTryTimeout") {
        policy.push(("perTryTimeout".to_owned(), timeout.clone()));
    }
    if let Some(base) = given.get("backoff") {
        policy.push(("retryBackOff".to_owned(), Value::map([("baseInterval", base.clone())])));
    }
    read(&Value::Map(policy), path, name)
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (base, multiplier) = fields::exponential(policy, "Envoy")?;
    if multiplier != 2.0 || base < MILLISECOND {
        let message = "cannot be written for Envoy, whose delays double from 1 ms or more";
        return Err(ConfigError::new("backoff", message));
    }
    let attempts = fields::attempts(policy, "Envoy")?;
    let (words, codes) = words_of(policy);
    let longest = policy.max_delay().unwrap_or(fields::UNLIMITED).max(base);
    let interval = [
        ("base_interval", fields::decimal_seconds(base)),
        ("max_interval", fields::decimal_seconds(longest)),
    ];
    let mut route = vec![
        ("retry_on".to_owned(), Value::from(words.join(","))),
        ("num_retries".to_owned(), (attempts - 1).into()),
        ("retry_back_off".to_owned(), Value::map(interval)),
    ];
    if !codes.is_empty() {
        let codes = codes.into_iter().map(|code| Value::from(u64::from(code))).collect();
        route.push(("retriable_status_codes".to_owned(), Value::List(codes)));
    }
    if let Some(timeout) = policy.attempt_timeout() {
        route.push(("per_try_timeout".to_owned(), fields::decimal_seconds(timeout)));
    }
    if let Some(BudgetRule::Concurrency { percent, min }) = policy.budget() {
        let budget = [
            ("budget_percent", Value::map([("value", (*percent).into())])),
            ("min_retry_concurrency", (*min).into()),
        ];
        route.push(("retry_budget".to_owned(), Value::map(budget)));
    }
    Ok(Value::Map(route))
}

/// The words and the status codes that cover what the policy retries.
pub(super) fn words_of(policy: &RetryPolicy) -> (Vec<&'static str>, Vec<u16>) {
    let retried: Vec<&str> = fields::retried(policy).collect();
    let mut left = retried.clone();
    let mut words = Vec::new();
    // The longest first: 5xx covers what reset and connect-failure do.
    let covering = CONDITIONS.iter().filter(|(_, kinds)| !kinds.is_empty());
    for (word, kinds) in covering {
        let all = kinds.iter().all(|kind| retried.contains(kind));
        if all && kinds.iter().any(|kind| left.contains(kind)) {
            left.retain(|kind| !kinds.contains(kind));
            words.push(*word);
        }
    }
    let mut codes: Vec<u16> = Vec::new();
    for kind in left {
        match (kind.parse(), Kind::parse(kind)) {
            (Ok(status), _) => codes.push(status),
            (Err(_), Some(kind)) => {
                let rows = ROWS.iter().filter(|row| row.kind == kind && row.system == Spoken::Http);
                codes.extend(
                    rows.flat_map(|row| row.codes).filter_map(|code| code.parse::<u16>().ok()),
                );
            }
            (Err(_), None) => {}
        }
    }
    codes.retain(|code| (100..600).contains(code));
    // In the order of the policy, so that reading them gives the same rule.
    words.sort_by_key(|word| {
        let kinds = CONDITIONS.iter().find(|(name, _)| name == word).map(|(_, kinds)| *kinds);
        retried.iter().position(|kind| kinds.is_some_and(|kinds| kinds.contains(kind)))
    });
    if words.is_empty() && codes.is_empty() {
        words.push("5xx");
    }
    if !codes.is_empty() {
        words.push("retriable-status-codes");
    }
    (words, codes)
}
