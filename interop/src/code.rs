//! A policy as code: TypeScript, Rust, JSON.
//!
//! What is written is short (fields that are as by default are left out) and exact (reading it gives
//! the same policy). The Rust builder says most policies; the few that have a token bucket, quirks of
//! other systems or rules of several patterns are written as the JSON that they are.

use redrive::{
    Backoff, BudgetRule, Jitter, RetryPolicy,
    policy::{Action, Argument, Compat, KindRow, Parameter, Rule},
    time::{Duration, nanos},
    wire::Value,
};

/// The fields that differ from the default policy's; a group is kept whole.
#[must_use]
pub fn minimal(policy: &RetryPolicy) -> Value {
    let Value::Map(mut fields) = policy.to_value() else { return Value::Null };
    let default = RetryPolicy::default().to_value();
    // The default of the jitter depends on the backoff, so the two are kept together.
    let kept = |name: &str, value: &Value| {
        matches!(name, "backoff" | "jitter") || default.get(name) != Some(value)
    };
    fields.retain(|(name, value)| kept(name, value));
    if RetryPolicy::from_value(&Value::Map(fields.clone())).as_ref() == Ok(policy) {
        Value::Map(fields)
    } else {
        policy.to_value()
    }
}

/// Indented JSON.
#[must_use]
pub fn json(policy: &RetryPolicy) -> String {
    let mut out = String::new();
    write(&policy.to_value(), 0, &Style::JSON, &mut out);
    out.push('\n');
    out
}

/// A module that retries by this policy, for the npm package.
#[must_use]
pub fn typescript(policy: &RetryPolicy) -> String {
    let mut object = String::new();
    write(&minimal(policy), 0, &Style::SCRIPT, &mut object);
    format!(
        "import {{ retryHttp, RetryPolicy }} from 'redrive'\n\n\
         const policy = new RetryPolicy({object})\n\n\
         // A status that may be gone at the next try (429, 503, ...) is retried, and in the end thrown.\n\
         const response = await retryHttp(({{ signal }}) => fetch(url, {{ signal }}), policy)\n"
    )
}

/// A function that makes the policy, for the crate.
#[must_use]
pub fn rust(policy: &RetryPolicy) -> String {
    builder(policy).unwrap_or_else(|| {
        let text = json(policy);
        // As many # as it takes for the text not to end the literal.
        let longest =
            text.split('"').skip(1).map(|rest| rest.len() - rest.trim_start_matches('#').len());
        let fence = "#".repeat(longest.max().unwrap_or(0) + 1);
        format!(
            "use redrive::RetryPolicy;\n\n\
             /// Reads it with serde_json.\n\
             pub fn policy() -> serde_json::Result<RetryPolicy> {{\n    \
             serde_json::from_str(POLICY)\n}}\n\n\
             const POLICY: &str = r{fence}\"{text}\"{fence};\n"
        )
    })
}

/// The builder's calls, if they can say this policy.
fn builder(policy: &RetryPolicy) -> Option<String> {
    let default = RetryPolicy::default();
    let sayable = policy.default_action() == default.default_action()
        && *policy.compat() == Compat::default()
        && policy.retry_after() == default.retry_after()
        && policy.limits().elapsed_rule == default.limits().elapsed_rule;
    if !sayable {
        return None;
    }
    let mut uses = vec!["Backoff", "RetryPolicy", "wire::ConfigError"];
    let mut calls = vec![format!(".backoff({})", backoff(policy.backoff()))];
    let mut call = |name: &str, argument: String| calls.push(format!(".{name}({argument})"));
    if !policy.backoff().is_random() {
        call("jitter", jitter(policy.jitter()));
        uses.push("Jitter");
    }
    if let Some(delay) = policy.first_delay() {
        call("first_delay", duration(delay));
    }
    if policy.min_delay() != Duration::ZERO {
        call("min_delay", duration(policy.min_delay()));
    }
    for (name, limit) in [
        ("max_delay", policy.max_delay()),
        ("max_elapsed", policy.max_elapsed()),
        ("attempt_timeout", policy.attempt_timeout()),
        ("reset_after", policy.reset_after()),
    ] {
        if let Some(limit) = limit {
            call(name, duration(limit));
        }
    }
    match policy.max_attempts() {
        Some(max) => call("max_attempts", max.to_string()),
        None => call("unlimited_attempts", String::new()),
    }
    if let Some(rule) = policy.budget() {
        call("budget", budget(rule)?);
        uses.push("BudgetRule");
    }
    for rule in policy.rules() {
        call("rule", rule_call(rule)?);
        uses.extend(["Action", "Rule"]);
        uses.extend(rule.jitter.map(|_| "Jitter"));
    }
    if calls.iter().any(|call| call.contains("End {")) {
        uses.push("policy::End");
    }
    if calls.iter().any(|call| call.contains("OnEmpty::")) {
        uses.push("policy::OnEmpty");
    }
    uses.sort_unstable();
    uses.dedup();
    let (uses, calls) = (uses.join(", "), calls.join("\n        "));
    Some(format!(
        "use core::time::Duration;\n\nuse redrive::{{{uses}}};\n\n\
         pub fn policy() -> Result<RetryPolicy, ConfigError> {{\n    \
         RetryPolicy::builder()\n        {calls}\n        .build()\n}}\n"
    ))
}

fn rule_call(rule: &Rule) -> Option<String> {
    let [pattern] = &rule.matches[..] else { return None };
    let action = match rule.action {
        Action::Retry => "Retry",
        Action::RetryFree => "RetryFree",
        Action::DeadLetter => "DeadLetter",
        Action::Discard => "Discard",
        Action::Fail => "Fail",
        _ => return None,
    };
    let mut text = format!("Rule::new({pattern:?}, Action::{action})");
    if let Some(own) = &rule.backoff {
        text += &format!(".backoff({})", backoff(own));
    }
    if let Some(own) = &rule.jitter {
        text += &format!(".jitter({})", jitter(own));
    }
    Some(text)
}

fn backoff(backoff: &Backoff) -> String {
    variant("Backoff", backoff.row(), &backoff.arguments())
}

fn jitter(jitter: &Jitter) -> String {
    variant("Jitter", jitter.row(), &jitter.arguments())
}

/// A kind as Rust writes it.
fn variant(name: &str, kind: &KindRow, arguments: &[(&Parameter, Argument<'_>)]) -> String {
    let own = arguments
        .iter()
        .map(|(parameter, value)| format!("{}: {}", parameter.field, argument(*value)));
    match own.collect::<Vec<_>>().join(", ") {
        fields if fields.is_empty() => format!("{name}::{}", kind.variant),
        fields => format!("{name}::{} {{ {fields} }}", kind.variant),
    }
}

fn argument(argument: Argument<'_>) -> String {
    match argument {
        Argument::Duration(length) => duration(length),
        Argument::Number(number) => format!("{number:?}"),
        Argument::Durations(list) => {
            let delays: Vec<String> = list.iter().map(|delay| duration(*delay)).collect();
            format!("vec![{}]", delays.join(", "))
        }
        Argument::End(end) => format!(
            "End {{ factor: {:?}, add: {}, add_per_retry: {} }}",
            end.factor,
            duration(end.add),
            duration(end.add_per_retry)
        ),
    }
}

fn budget(rule: &BudgetRule) -> Option<String> {
    Some(match rule {
        BudgetRule::Ratio { percent, min_per_second, window, on_empty } => format!(
            "BudgetRule::Ratio {{ percent: {percent:?}, min_per_second: {min_per_second:?}, \
             window: {}, on_empty: OnEmpty::{on_empty:?} }}",
            duration(*window)
        ),
        BudgetRule::Concurrency { percent, min } => {
            format!("BudgetRule::Concurrency {{ percent: {percent:?}, min: {min} }}")
        }
        BudgetRule::Rate { per_second, burst, on_empty } => format!(
            "BudgetRule::Rate {{ per_second: {per_second:?}, burst: {burst}, \
             on_empty: OnEmpty::{on_empty:?} }}"
        ),
        _ => return None,
    })
}

fn duration(duration: Duration) -> String {
    let nanos = nanos(duration);
    for (unit, name) in [(1_000_000_000, "secs"), (1_000_000, "millis"), (1_000, "micros")] {
        if nanos.is_multiple_of(unit) {
            return format!("Duration::from_{name}({})", nanos / unit);
        }
    }
    format!("Duration::from_nanos({nanos})")
}

struct Style {
    /// Names and texts as JSON has them, or as a script has.
    json: bool,
}

impl Style {
    const JSON: Style = Style { json: true };
    const SCRIPT: Style = Style { json: false };

    fn text(&self, text: &str) -> String {
        let quoted = Value::from(text).to_string();
        if self.json || text.contains(['\'', '"', '\\']) || text.chars().any(char::is_control) {
            return quoted;
        }
        format!("'{text}'")
    }

    fn name(&self, name: &str) -> String {
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        if plain && !self.json { name.to_owned() } else { self.text(name) }
    }
}

fn write(value: &Value, depth: usize, style: &Style, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Map(entries) if entries.is_empty() => out.push_str("{}"),
        Value::List(items) if items.is_empty() => out.push_str("[]"),
        Value::Map(entries) if depth > 0 && is_short(value) => {
            out.push_str("{ ");
            for (index, (name, value)) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                out.push_str(&format!("{}: ", style.name(name)));
                write(value, depth + 1, style, out);
            }
            out.push_str(" }");
        }
        Value::Map(entries) => {
            out.push_str("{\n");
            for (index, (name, value)) in entries.iter().enumerate() {
                out.push_str(&format!("{indent}  {}: ", style.name(name)));
                write(value, depth + 1, style, out);
                let last = index + 1 == entries.len() && style.json;
                out.push_str(if last { "\n" } else { ",\n" });
            }
            out.push_str(&format!("{indent}}}"));
        }
        Value::List(items) if !is_short(value) => {
            out.push_str("[\n");
            for (index, item) in items.iter().enumerate() {
                out.push_str(&format!("{indent}  "));
                write(item, depth + 1, style, out);
                let last = index + 1 == items.len() && style.json;
                out.push_str(if last { "\n" } else { ",\n" });
            }
            out.push_str(&format!("{indent}]"));
        }
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write(item, depth + 1, style, out);
            }
            out.push(']');
        }
        Value::Text(text) => out.push_str(&style.text(text)),
        other => out.push_str(&other.to_string()),
    }
}

/// Fits on a line.
fn is_short(value: &Value) -> bool {
    value.to_string().len() <= 72
}

#[cfg(test)]
mod tests {
    use redrive::presets;

    use super::*;

    #[test]
    fn what_is_left_out_is_the_default() {
        for preset in presets::all() {
            let policy = preset.policy();
            assert_eq!(
                RetryPolicy::from_value(&minimal(&policy)).unwrap(),
                policy,
                "{}",
                preset.name
            );
        }
    }

    #[test]
    fn typescript_says_what_differs_and_no_more() {
        let policy = presets::find("full").unwrap().policy();
        assert_eq!(
            typescript(&policy),
            "import { retryHttp, RetryPolicy } from 'redrive'\n\n\
             const policy = new RetryPolicy({\n  \
             backoff: { kind: 'exponential', initial: '1s', multiplier: 2 },\n  \
             maxDelay: '1m',\n  \
             jitter: 'full',\n  \
             maxAttempts: 10,\n\
             })\n\n\
             // A status that may be gone at the next try (429, 503, ...) is retried, and in the end thrown.\n\
             const response = await retryHttp(({ signal }) => fetch(url, { signal }), policy)\n"
        );
    }

    #[test]
    fn rust_is_the_builder_where_it_can_say_it() {
        let full = rust(&presets::find("full").unwrap().policy());
        assert!(
            full.contains(".jitter(Jitter::Full)\n        .max_delay(Duration::from_secs(60))")
        );
        assert!(rust(&presets::find("grpc").unwrap().policy()).contains("serde_json::from_str"));
    }

    #[test]
    fn no_name_ends_the_literal() {
        let builder = presets::find("grpc").unwrap().policy().to_builder();
        let rule = redrive::Rule::new("a\"# + include_str!(\"x\") + r#\"", redrive::Action::Retry);
        let code = rust(&builder.rule(rule).build().unwrap());
        assert!(code.contains("r##\"{") && code.ends_with("\"##;\n"), "{code}");
    }
}
