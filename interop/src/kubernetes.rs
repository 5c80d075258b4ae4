//! Kubernetes: the retries of a Job, and the restarts of a container that crashes.
//!
//! A Job waits 10 s x 2^n up to 10 min (`job_controller.go`; its documentation says six). A container is
//! restarted at once, then after 10 s x 2^n up to 5 min, and after ten good minutes anew.

use redrive::{
    Backoff, Jitter, RetryPolicy,
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Imported, Syntax, System, fields,
    options::{Options, Unit, in_unit},
};

pub(super) const SYSTEMS: [System; 2] = [
    System {
        name: "kubernetes-crash-loop",
        title: "Kubernetes CrashLoopBackOff",
        holds: "a manifest with a restartPolicy: Pod, Deployment, ...; or a kubelet's crashLoopBackOff",
        syntax: Syntax::Json,
        source: "client-go backoff.go, KEP-4603, KEP-5593",
        sample: "kind: Pod\nspec: {restartPolicy: Always}",
        import: import_pod,
        export: export_pod,
    },
    System {
        name: "kubernetes-job",
        title: "Kubernetes Job and CronJob",
        holds: "a manifest: spec.backoffLimit, activeDeadlineSeconds",
        syntax: Syntax::Json,
        source: "Kubernetes, job_controller.go and backoff_utils.go",
        sample: "apiVersion: batch/v1\nkind: Job\nspec: {backoffLimit: 6}",
        import: import_job,
        export: export_job,
    },
];

const JOB_FIELDS: &[&str] =
    &["backoffLimit", "activeDeadlineSeconds", "podFailurePolicy", "backoffLimitPerIndex"];

/// Every group that is a Job, by its `kind`, or has a `backoffLimit`.
fn import_job(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let mut found = Vec::new();
    jobs(tree, "", None, 0, &mut found);
    found.into_iter().map(|(spec, path, name)| read_job(spec, &path, name.as_deref())).collect()
}

type FoundSpec<'v> = (&'v Value, String, Option<String>);

fn jobs<'v>(
    tree: &'v Value,
    path: &str,
    name: Option<&str>,
    depth: usize,
    found: &mut Vec<FoundSpec<'v>>,
) {
    if depth > 40 {
        return;
    }
    let called = fields::field(tree, "metadata")
        .and_then(|meta| fields::field(meta, "name"))
        .and_then(Value::as_text);
    let name = called.or(name);
    match tree {
        Value::Map(_) if fields::has_any(tree, &["backoffLimit", "backoffLimitPerIndex"]) => {
            found.push((tree, path.to_owned(), name.map(ToOwned::to_owned)));
        }
        Value::Map(entries) => {
            let kind = fields::field(tree, "kind").and_then(Value::as_text);
            for (key, value) in entries {
                let path = fields::join(path, key);
                let is_spec =
                    key == "spec" && (kind == Some("Job") || path.ends_with("jobTemplate.spec"));
                if is_spec && !fields::has_any(value, &["backoffLimit", "backoffLimitPerIndex"]) {
                    found.push((value, path, name.map(ToOwned::to_owned)));
                } else {
                    jobs(value, &path, name, depth + 1, found);
                }
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                jobs(item, &format!("{path}[{index}]"), name, depth + 1, found);
            }
        }
        _ => {}
    }
}

fn read_job(spec: &Value, path: &str, name: Option<&str>) -> Result<Imported, ConfigError> {
    // A manifest holds much that says nothing about retries.
    let ours = fields::only(spec, JOB_FIELDS);
    let mut options = Options::new(fields::pick(&ours, path, JOB_FIELDS, &[])?, path);
    let retries = options.count("backoffLimit", 6)?;
    let deadline = options.optional_span("activeDeadlineSeconds", Unit::Seconds)?;
    if deadline.is_some() {
        options.note("activeDeadlineSeconds also ends the attempt that runs then");
    }
    if options.get("podFailurePolicy").is_some() {
        options
            .note("podFailurePolicy decides by exit codes and conditions, which rules do not see");
    }
    if options.get("backoffLimitPerIndex").is_some() {
        options.note("backoffLimitPerIndex counts each index apart there");
    }
    let policy = fields::without_hints()
        .backoff(Backoff::Exponential { initial: Duration::from_secs(10), multiplier: 2.0 })
        .jitter(Jitter::None)
        .max_delay(Duration::from_secs(600));
    let policy = options.retries(policy, retries, deadline).build()?;
    let mut imported = Imported::new(name.unwrap_or("job"), policy);
    imported.path = path.to_owned();
    Ok(options.into_imported(imported))
}

fn export_job(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    fields::exponential(policy, "a Kubernetes Job")?;
    let mut spec =
        vec![("backoffLimit", (fields::attempts(policy, "a Kubernetes Job")? - 1).into())];
    if let Some(deadline) = policy.max_elapsed() {
        spec.push(("activeDeadlineSeconds", fields::whole_seconds(deadline).into()));
    }
    Ok(Value::map([
        ("apiVersion", "batch/v1".into()),
        ("kind", "Job".into()),
        ("spec", fields::map(spec)),
    ]))
}

/// `Never` is one attempt; `Always` and `OnFailure` are as many as it takes.
fn import_pod(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let mut imported = Vec::new();
    for found in fields::under(tree, "restartPolicy") {
        let Some(word) = found.value.as_text() else { continue };
        if !["Always", "OnFailure", "Never"].contains(&word) {
            let message = format!("= \"{word}\" is not Always, OnFailure or Never");
            return Err(ConfigError::new(found.path, message));
        }
        let name = found.owner.as_deref().unwrap_or("pod");
        let mut policy =
            Imported::new(name, crash_loop(word != "Never", Duration::from_secs(300))?);
        if word != "Never" {
            policy.notes.push(super::options::ENDLESS.to_owned());
        }
        policy.path = found.path;
        imported.push(policy);
    }
    for found in fields::under(tree, "crashLoopBackOff") {
        let path = found.path.clone();
        let known = ["maxContainerRestartPeriod"];
        let options = Options::new(fields::pick(found.value, &path, &known, &[])?, &path);
        let Some(max) = options.optional_span(known[0], Unit::Seconds)? else {
            return Err(options.error(known[0], "is missing; write a duration like 60s"));
        };
        let mut policy = Imported::new("kubelet", crash_loop(true, max)?);
        policy.notes.push(super::options::ENDLESS.to_owned());
        policy.path = found.path;
        imported.push(policy);
    }
    Ok(imported)
}

fn crash_loop(restarts: bool, max: Duration) -> Result<RetryPolicy, ConfigError> {
    // The first is at once, so that the second is 10 s.
    let policy = fields::without_hints()
        .backoff(Backoff::Exponential { initial: Duration::from_secs(5), multiplier: 2.0 })
        .first_delay(Duration::ZERO)
        .jitter(Jitter::None)
        .max_delay(max)
        .reset_after(Duration::from_secs(600));
    if restarts {
        policy.unlimited_attempts().max_elapsed(fields::UNLIMITED).build()
    } else {
        policy.max_attempts(1).build()
    }
}

fn export_pod(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    fields::exponential(policy, "Kubernetes")?;
    let once = policy.max_attempts().is_some_and(|max| max.get() == 1);
    let max = policy.max_delay().unwrap_or(fields::UNLIMITED);
    if !once && max != Duration::from_secs(300) {
        let period = format!("{}s", in_unit(max, Unit::Seconds));
        return Ok(Value::map([(
            "crashLoopBackOff",
            Value::map([("maxContainerRestartPeriod", period.into())]),
        )]));
    }
    let word = if once { "Never" } else { "Always" };
    Ok(Value::map([("kind", "Pod".into()), ("spec", Value::map([("restartPolicy", word.into())]))]))
}
