//! The field `Retry` of AWS Step Functions states, by itself or in a state machine: a list of retriers,
//! of which the first that names the error decides. `MaxAttempts` counts retries there.

use redrive::{
    Action, Backoff, Duration, Jitter, RetryPolicy, Rule,
    failure::{Kind, ROWS, System as Spoken},
    wire::{ConfigError, Fields, Value, one_of},
};

use super::{Imported, Syntax, System, fields};

pub(super) const SYSTEM: System = System {
    name: "step-functions",
    title: "AWS Step Functions retriers",
    holds: "the list of a state's field Retry",
    syntax: Syntax::Json,
    source: "Amazon States Language; LocalStack retrier_decl.py",
    sample: "[{ErrorEquals: [States.ALL]}]",
    import,
    export,
};

const FIELDS: &[&str] = &[
    "ErrorEquals",
    "IntervalSeconds",
    "BackoffRate",
    "MaxAttempts",
    "MaxDelaySeconds",
    "JitterStrategy",
];
/// Every error there is.
const ALL: &str = "States.ALL";
/// No retrier can wait for longer: 31,622,400 s.
const LONGEST: Duration = Duration::from_secs(31_622_400);
/// The most retries that a retrier may have.
const MOST_RETRIES: u64 = 99_999_999;
const SECOND: Duration = Duration::from_secs(1);

/// One retrier.
#[derive(Clone, Debug, PartialEq)]
struct Retrier {
    errors: Vec<String>,
    backoff: Backoff,
    retries: u32,
    max: Option<Duration>,
    jitter: Jitter,
}

fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    match tree {
        Value::List(list) if list.iter().any(|item| fields::has_any(item, FIELDS)) => {
            Ok(read_list(list, "Retry", "step-functions")?.into_iter().collect())
        }
        tree if fields::has_any(tree, &["ErrorEquals"]) => {
            let list = [tree.clone()];
            Ok(read_list(&list, "Retry", "step-functions")?.into_iter().collect())
        }
        tree => import_states(tree),
    }
}

/// The retriers of each state in a state machine, however deep.
fn import_states(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let mut imported = Vec::new();
    for found in fields::under(tree, "Retry") {
        let Value::List(list) = found.value else { continue };
        let name = found.owner.as_deref().unwrap_or("step-functions");
        let Some(mut state) = read_list(list, &found.path, name)? else { continue };
        state.path.clone_from(&found.path);
        if let Some(timeout) = fields::field(found.parent, "TimeoutSeconds") {
            let timeout = fields::number(timeout, "TimeoutSeconds")?;
            let timeout = fields::seconds("TimeoutSeconds", timeout)?;
            state.policy = state.policy.to_builder().attempt_timeout(timeout).build()?;
        }
        imported.push(state);
    }
    // A state machine as text within a template.
    for found in fields::under(tree, "DefinitionString") {
        if let Some(text) = found.value.as_text() {
            imported.extend(import_states(&super::read_yaml(text)?)?);
        }
    }
    Ok(imported)
}

fn read_list(list: &[Value], path: &str, name: &str) -> Result<Option<Imported>, ConfigError> {
    let mut notes = Vec::new();
    let mut retriers = Vec::new();
    for (index, tree) in list.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let tree = fields::pick(tree, &path, FIELDS, &["Comment"])?;
        retriers.push(read(&Fields::read(&tree, &path, FIELDS)?, &mut notes)?);
    }
    // What all errors get is the policy's own; without such a retrier the last one's.
    let Some(base) = retriers
        .iter()
        .find(|retrier| retrier.covers_all() && retrier.retries > 0)
        .or(retriers.iter().rev().find(|retrier| retrier.retries > 0))
        .or(retriers.last())
        .cloned()
    else {
        return Ok(None);
    };
    let retrying = || retriers.iter().filter(|retrier| retrier.retries > 0);
    if retrying().count() > 1 {
        notes.push(
            "each retrier counts its own retries there, here a task has one count".to_owned(),
        );
    }
    if retrying().any(|retrier| retrier.max != base.max) {
        notes.push("MaxDelaySeconds differs between retriers; the policy has one cap".to_owned());
    }
    let most = retrying().map(|retrier| retrier.retries).max().unwrap_or_default();
    let mut policy = fields::without_hints()
        .backoff(base.backoff.clone())
        .jitter(base.jitter)
        .max_delay(base.max)
        .max_attempts(most.saturating_add(1));
    // A last retrier for all errors is what the policy does by itself.
    match retriers.split_last() {
        Some((last, others)) if *last == base && last.errors == ["*"] => {
            retriers = others.to_vec();
        }
        _ => policy = policy.default_action(Action::DeadLetter),
    }
    for retrier in &retriers {
        policy = policy.rule(retrier.rule(&base));
    }
    Ok(Some(Imported { notes, ..Imported::new(name, policy.build()?) }))
}

fn read(fields: &Fields<'_>, notes: &mut Vec<String>) -> Result<Retrier, ConfigError> {
    let seconds = |name: &str| -> Result<Option<Duration>, ConfigError> {
        let number = fields.number(name)?;
        number.map(|number| fields::seconds(&fields.path_of(name), number)).transpose()
    };
    let path = fields.path_of("ErrorEquals");
    let errors = fields.get("ErrorEquals").map_or(Ok(Vec::new()), |e| fields::texts(e, &path))?;
    if errors.is_empty() {
        return Err(fields.error("ErrorEquals", "is missing; name the errors, or States.ALL"));
    }
    let errors = errors.into_iter().map(|error| match error.as_str() {
        ALL => "*".to_owned(),
        _ => error,
    });
    let jitter = match fields.text("JitterStrategy")? {
        None => Jitter::None,
        Some(word) => match one_of(&fields.path_of("JitterStrategy"), word, &["FULL", "NONE"])? {
            "FULL" => Jitter::Full,
            _ => Jitter::None,
        },
    };
    let mut initial = seconds("IntervalSeconds")?.unwrap_or(SECOND);
    if initial < SECOND {
        notes.push("IntervalSeconds is a positive number there: read as 1".to_owned());
        initial = SECOND;
    }
    let rate = fields.number("BackoffRate")?.unwrap_or(2.0);
    let mut retries = fields.unsigned("MaxAttempts")?.unwrap_or(3);
    if retries > MOST_RETRIES {
        notes.push(format!("MaxAttempts is {MOST_RETRIES} at most there: read as that"));
        retries = MOST_RETRIES;
    }
    Ok(Retrier {
        errors: errors.collect(),
        backoff: fields::growth(initial, rate),
        retries: u32::try_from(retries).unwrap_or(u32::MAX),
        max: seconds("MaxDelaySeconds")?,
        jitter,
    })
}

impl Retrier {
    fn covers_all(&self) -> bool {
        self.errors.iter().any(|error| error == "*")
    }

    /// The rule for its errors, under a policy made of `base`.
    fn rule(&self, base: &Retrier) -> Rule {
        if self.retries == 0 {
            return fields::rule(self.errors.clone(), Action::DeadLetter);
        }
        let mut rule = fields::rule(self.errors.clone(), Action::Retry);
        if self.backoff != base.backoff {
            rule = rule.backoff(self.backoff.clone());
        }
        if self.jitter != base.jitter {
            rule = rule.jitter(self.jitter);
        }
        rule
    }
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    fields::exponential(policy, "Step Functions")?;
    let attempts = fields::attempts(policy, "Step Functions")?;
    let attempts = u32::try_from(MOST_RETRIES).map_or(attempts, |most| attempts.min(most + 1));
    let mut retriers = Vec::new();
    for (index, rule) in policy.rules().iter().enumerate() {
        let prefix = rule.matches.iter().find(|kind| kind.ends_with('*') && *kind != "*");
        if let Some(prefix) = prefix {
            let message = format!("= \"{prefix}\" is a prefix; Step Functions wants whole names");
            return Err(ConfigError::new(format!("classify[{index}].match"), message));
        }
        let retries = match rule.action {
            Action::Retry | Action::RetryFree => attempts - 1,
            _ => 0,
        };
        let backoff = rule.backoff.as_ref().unwrap_or(policy.backoff());
        let jitter = rule.jitter.as_ref().unwrap_or(policy.jitter());
        retriers.push(retrier(&rule.matches, backoff, jitter, policy.max_delay(), retries)?);
    }
    if policy.default_action() == Action::Retry {
        let all = ["*".to_owned()];
        let (backoff, jitter) = (policy.backoff(), policy.jitter());
        retriers.push(retrier(&all, backoff, jitter, policy.max_delay(), attempts - 1)?);
    }
    Ok(Value::List(retriers))
}

fn retrier(
    errors: &[String],
    backoff: &Backoff,
    jitter: &Jitter,
    max: Option<Duration>,
    retries: u32,
) -> Result<Value, ConfigError> {
    let (initial, rate) = match backoff {
        Backoff::Exponential { initial, multiplier } => (*initial, *multiplier),
        Backoff::Constant { delay } => (*delay, 1.0),
        _ => {
            let message = "holds a backoff that does not grow exponentially";
            return Err(ConfigError::new("classify", message));
        }
    };
    let errors = errors.iter().flat_map(|error| names_of(error)).map(Value::from).collect();
    let errors = ("ErrorEquals".to_owned(), Value::List(errors));
    if retries == 0 {
        return Ok(Value::Map(vec![errors, ("MaxAttempts".to_owned(), 0_u32.into())]));
    }
    let strategy = if jitter.ends().0.factor == 0.0 { "FULL" } else { "NONE" };
    let mut fields = vec![
        errors,
        ("IntervalSeconds".to_owned(), fields::whole_seconds(initial).max(1).into()),
        ("BackoffRate".to_owned(), rate.into()),
        ("MaxAttempts".to_owned(), retries.into()),
    ];
    if let Some(max) = max {
        let max = fields::whole_seconds(max.min(LONGEST));
        fields.push(("MaxDelaySeconds".to_owned(), max.into()));
    }
    fields.push(("JitterStrategy".to_owned(), strategy.into()));
    Ok(Value::Map(fields))
}

/// The errors that a match covers: itself, or for a kind of the vocabulary what AWS calls it.
fn names_of(matched: &str) -> Vec<&str> {
    let Some(kind) = Kind::parse(matched) else {
        return vec![if matched == "*" { ALL } else { matched }];
    };
    let ours = [Spoken::Aws, Spoken::StepFunctions];
    let rows = ROWS.iter().filter(|row| row.kind == kind && ours.contains(&row.system));
    let names: Vec<&str> = rows.flat_map(|row| row.codes).copied().collect();
    // A retrier without errors is refused.
    if names.is_empty() { vec![matched] } else { names }
}
