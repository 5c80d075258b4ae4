//! One task, failing as told: what the policy says each time.
//!
//! Delays alone do not show classification, deadlines, Retry-After or a budget; this runs the real
//! state machine of one task through a list of failures.

use redrive::{
    Budget, RetryPolicy, Task, Time, Verdict,
    random::Stream,
    task::{Context, TaskError},
    wire::{ConfigError, Fields, Value},
};
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    error::{argument, config_error},
    numbers::{seed_or_entropy, whole},
    read::{self, policy},
    write,
};

/// One verdict.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// The attempt that failed.
    attempt: u32,
    /// When it failed.
    failed_at_ns: u64,
    /// `retry`, `discard`, `fail`, or the reason of the dead letter.
    verdict: &'static str,
    /// How long the wait is; null when there is no retry.
    delay_ns: Option<u64>,
}

/// One failure as given.
struct Failure {
    kind: String,
    code: Option<String>,
    retry_after: Option<redrive::Duration>,
    took: redrive::Duration,
}

/// What the policy says to a task whose attempts fail one after the other as `failures` tells:
/// `[{ kind?, code?, retryAfter?, took? }]`, each `took` the time that the attempt ran. Returns
/// `[{ attempt, failedAtNs, verdict, delayNs }]`, which ends with the task.
///
/// # Errors
/// When an argument is not what it should be.
#[wasm_bindgen]
pub fn rehearse(
    value: &JsValue,
    seed: &JsValue,
    key: &JsValue,
    failures: &JsValue,
) -> Result<JsValue, JsValue> {
    let policy = policy(value)?;
    let (seed, key) = (seed_or_entropy(seed)?, whole(key, "key")?);
    let failures =
        read_failures(&read::tree(failures, "failures")?).map_err(|e| config_error(&e))?;
    let ctx = Context { policy: &policy, stream: Stream::new(seed), key };
    let rows = run(&policy, &ctx, &failures).map_err(|e| argument("failures", &e.to_string()))?;
    write::exact(&rows)
}

fn read_failures(value: &Value) -> Result<Vec<Failure>, ConfigError> {
    let Value::List(items) = value else {
        return Err(ConfigError::new(
            "failures",
            "is not a list; write [{ kind: 'timeout' }, ...]",
        ));
    };
    let failure = |(index, item): (usize, &Value)| {
        let path = format!("failures[{index}]");
        let fields = Fields::read(item, &path, &["kind", "code", "retryAfter", "took"])?;
        Ok(Failure {
            kind: fields.text("kind")?.unwrap_or_default().to_owned(),
            code: fields.text("code")?.map(str::to_owned),
            retry_after: fields.duration("retryAfter")?,
            took: fields.duration("took")?.unwrap_or_default(),
        })
    };
    items.iter().enumerate().map(failure).collect()
}

fn run(
    policy: &RetryPolicy,
    ctx: &Context<'_>,
    failures: &[Failure],
) -> Result<Vec<Row>, TaskError> {
    let mut budget = policy.budget().map(Budget::new);
    let (mut task, mut now) = (Task::new(), Time::ZERO);
    let mut rows = Vec::new();
    for failure in failures {
        let attempt = task.start(now)?;
        if let Some(budget) = &mut budget {
            budget.on_attempt(now, attempt > 1);
        }
        now = now.saturating_add(failure.took);
        let class = policy.classify(&failure.kind, failure.code.as_deref());
        if let Some(budget) = &mut budget {
            budget.on_end(attempt > 1);
        }
        let verdict = task.fail(now, ctx, class, failure.retry_after, budget.as_mut())?;
        let (name, delay) = match verdict {
            Verdict::Retry { delay, .. } => ("retry", Some(redrive::time::nanos(delay))),
            Verdict::DeadLetter(reason) => (reason.as_str(), None),
            Verdict::Discard => ("discard", None),
            _ => ("fail", None),
        };
        rows.push(Row { attempt, failed_at_ns: now.as_nanos(), verdict: name, delay_ns: delay });
        let Verdict::Retry { at, .. } = verdict else { break };
        now = at;
    }
    Ok(rows)
}
