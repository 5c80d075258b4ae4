//! SQS redrive policies, as attributes, in CloudFormation or Terraform: so many receives of a message, each
//! a visibility timeout after the one before, then the dead-letter queue.

use redrive::{
    Backoff, Jitter, RetryPolicy,
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Imported, Syntax, System, fields,
    fields::Found,
    options::{Options, Unit},
    yaml::read_yaml,
};

pub(super) const SYSTEM: System = System {
    name: "sqs",
    title: "Amazon SQS redrive policy",
    holds: "an object: maxReceiveCount, deadLetterTargetArn; or a queue with RedrivePolicy and VisibilityTimeout",
    syntax: Syntax::Json,
    source: "Amazon SQS API reference, SetQueueAttributes",
    sample: "RedrivePolicy: {deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:1:dead', maxReceiveCount: 5}\nVisibilityTimeout: 30",
    import,
    export,
};

const FIELDS: &[&str] = &["maxReceiveCount", "deadLetterTargetArn"];
const WRAPPER: &str = "redrivePolicy";

fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    if fields::has_any(tree, FIELDS) {
        return Ok(vec![read(tree, None, "", "sqs")?]);
    }
    fields::under(tree, WRAPPER).iter().map(import_found).collect()
}

/// The policy is a text of JSON where attributes are texts.
fn import_found(found: &Found<'_>) -> Result<Imported, ConfigError> {
    let name = found.owner.as_deref().unwrap_or("sqs");
    let parsed = match found.value {
        Value::Text(text) => {
            read_yaml(text).map_err(|error| ConfigError::new(&*found.path, error.to_string()))?
        }
        other => other.clone(),
    };
    let names = ["visibilityTimeout", "visibilityTimeoutSeconds"];
    let timeout = names.iter().find_map(|name| fields::field(found.parent, name));
    let mut imported = read(&parsed, timeout, &found.path, name)?;
    imported.path.clone_from(&found.path);
    Ok(imported)
}

fn read(
    tree: &Value,
    timeout: Option<&Value>,
    path: &str,
    name: &str,
) -> Result<Imported, ConfigError> {
    let mut options = Options::new(fields::pick(tree, path, FIELDS, &[])?, path);
    let Some(receives) = options.optional_count("maxReceiveCount")? else {
        return Err(options.error("maxReceiveCount", "is missing; write from 1 to 1000"));
    };
    if !(1..=1_000).contains(&receives) {
        return Err(options.error("maxReceiveCount", format!("= {receives} is not from 1 to 1000")));
    }
    let delay = match timeout {
        Some(timeout) => super::options::span(timeout, "VisibilityTimeout", Unit::Seconds)?,
        None => {
            options.by_default("VisibilityTimeout", "30 seconds");
            Duration::from_secs(30)
        }
    };
    options.note("the visibility timeout counts from the receipt there; here the delay counts from the failure");
    let policy = fields::without_hints().backoff(Backoff::Constant { delay }).jitter(Jitter::None);
    let policy = policy.max_attempts(receives).build()?;
    Ok(options.into_imported(Imported::new(name, policy)))
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let Backoff::Constant { delay } = policy.backoff() else {
        let kind = policy.backoff().kind();
        let message = format!(
            "= \"{kind}\" cannot be written for SQS, whose visibility timeout is the same each time"
        );
        return Err(ConfigError::new("backoff", message));
    };
    let receives = fields::attempts(policy, "SQS")?;
    if receives > 1_000 {
        return Err(ConfigError::new(
            "maxAttempts",
            format!("= {receives} is more than the 1000 of SQS"),
        ));
    }
    let redrive = [
        ("deadLetterTargetArn", "arn:aws:sqs:REGION:ACCOUNT:QUEUE".into()),
        ("maxReceiveCount", receives.into()),
    ];
    Ok(Value::map([
        ("RedrivePolicy", Value::map(redrive)),
        ("VisibilityTimeout", fields::whole_seconds(*delay).into()),
    ]))
}
