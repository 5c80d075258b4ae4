//! `--set path=value` on a scenario's tree.

use redrive::{
    presets,
    wire::{ConfigError, Value},
};

/// See [`super::Scenario::set`].
pub(super) fn set(tree: &mut Value, path: &str, text: &str) -> Result<(), ConfigError> {
    let steps = steps(path);
    if steps.is_empty() {
        return Err(ConfigError::new("", "names no field; write path=value"));
    }
    if steps[0] != "policy" || steps.len() == 1 {
        return set_steps(tree, &steps, path, text);
    }
    let Some(Value::List(policies)) = entry(tree, "policies") else {
        return Err(ConfigError::new(path, "finds no list of policies to change"));
    };
    let inside: Vec<&str> = [&["policy"], &steps[1..]].concat();
    for policy in policies {
        inline(policy)?;
        set_steps(policy, &inside, path, text)?;
    }
    Ok(())
}

/// `a.b[2].c` and `a.b.2.c` alike.
fn steps(path: &str) -> Vec<&str> {
    path.split(['.', '[', ']']).map(str::trim).filter(|step| !step.is_empty()).collect()
}

fn set_steps(tree: &mut Value, steps: &[&str], path: &str, text: &str) -> Result<(), ConfigError> {
    let [step, rest @ ..] = steps else {
        *tree = value(text);
        return Ok(());
    };
    if *step == "policy" || rest.first() == Some(&"policy") {
        // A preset that is named becomes one that is written out, so that it has fields.
        if let Value::List(items) = tree
            && let Some(item) = step.parse::<usize>().ok().and_then(|i| items.get_mut(i))
        {
            inline(item)?;
        }
    }
    match tree {
        Value::List(items) => {
            let len = items.len();
            let item = step.parse::<usize>().ok().and_then(|i| items.get_mut(i));
            let Some(item) = item else {
                let message = format!("leads nowhere at \"{step}\": write a place from 0 to {len}");
                return Err(ConfigError::new(path, message));
            };
            set_steps(item, rest, path, text)
        }
        Value::Map(_) | Value::Null => {
            if *tree == Value::Null {
                *tree = Value::Map(Vec::new());
            }
            if entry(tree, step).is_none()
                && let Value::Map(entries) = tree
            {
                entries.push(((*step).to_owned(), Value::Null));
            }
            let Some(found) = entry(tree, step) else {
                return Err(ConfigError::new(path, "leads nowhere"));
            };
            set_steps(found, rest, path, text)
        }
        _ if rest.is_empty() || matches!(tree, Value::Text(_)) && *step == "kind" => {
            let message = format!("leads nowhere at \"{step}\": what is there is a single value");
            Err(ConfigError::new(path, message))
        }
        _ => Err(ConfigError::new(path, format!("leads nowhere at \"{step}\""))),
    }
}

/// The entry `name` of a map, in either spelling.
fn entry<'t>(tree: &'t mut Value, name: &str) -> Option<&'t mut Value> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    match tree {
        Value::Map(entries) => {
            let place = entries.iter().position(|(n, _)| plain(n) == plain(name))?;
            entries.get_mut(place).map(|(_, value)| value)
        }
        _ => None,
    }
}

/// Writes out the preset that an entry of `policies` names.
fn inline(policy: &mut Value) -> Result<(), ConfigError> {
    let (name, preset) = match policy {
        Value::Text(name) => (name.clone(), name.clone()),
        Value::Map(_) => {
            let Some(preset) = policy.get("preset").and_then(Value::as_text) else {
                return Ok(());
            };
            let name = policy.get("name").and_then(Value::as_text).unwrap_or(preset);
            (name.to_owned(), preset.to_owned())
        }
        _ => return Ok(()),
    };
    let found = presets::find(&preset).map_err(|error| error.inside("policies"))?;
    *policy = Value::map([("name", Value::Text(name)), ("policy", found.policy().to_value())]);
    Ok(())
}

/// What a text on the command line stands for.
fn value(text: &str) -> Value {
    let text = text.trim();
    match text {
        "null" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(number) = text.parse::<u64>() {
        return Value::Unsigned(number);
    }
    if let Ok(number) = text.parse::<i64>() {
        return Value::Signed(number);
    }
    // "inf" and "nan" parse as numbers, too; the bounds refuse them by name.
    match text.parse::<f64>() {
        Ok(number) => Value::Float(number),
        Err(_) => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tree;

    fn sample() -> Value {
        tree!({ seed: 1_u32, faults: [{ until: "30s" }], policies: ["full", { name: "b", preset: "none" }] })
    }

    #[test]
    fn a_path_leads_through_maps_and_lists_in_either_spelling() {
        let mut tree = sample();
        for (path, text) in
            [("faults[0].until", "40s"), ("server.queue.limit", "7"), ("seed", "-1")]
        {
            set(&mut tree, path, text).unwrap();
        }
        let expected = tree!({
            seed: (Value::Signed(-1)), faults: [{ until: "40s" }],
            policies: ["full", { name: "b", preset: "none" }], server: { queue: { limit: 7_u32 } },
        });
        assert_eq!(tree, expected);
        set(&mut tree, "faults.0.until", "null").unwrap();
        assert_eq!(tree.get("faults"), Some(&tree!([{ until: null }])));
    }

    #[test]
    fn policy_means_all_of_them_written_out() {
        let mut tree = sample();
        set(&mut tree, "policy.maxAttempts", "4").unwrap();
        set(&mut tree, "policies[1].policy.jitter", "equal").unwrap();
        let Some(Value::List(policies)) = tree.get("policies") else { panic!() };
        assert_eq!(policies[0].get("name"), Some(&Value::from("full")));
        for policy in policies {
            let policy = policy.get("policy").unwrap();
            assert_eq!(policy.get("maxAttempts"), Some(&Value::Unsigned(4)));
        }
        let jitter = policies[1].get("policy").unwrap().get("jitter");
        assert_eq!(jitter, Some(&Value::from("equal")));
    }

    #[test]
    fn a_path_that_leads_nowhere_is_refused() {
        for path in ["seed.x", "faults[3].until", "faults.x", "", "seed.x.y"] {
            assert!(set(&mut sample(), path, "1").is_err(), "{path}");
        }
    }
}
