//! `--set path=value` on a scenario's tree.

use redrive::{
    presets,
    wire::{ConfigError, Value},
};

/// See [`super::Scenario::set`].
pub(super) fn set(tree: &mut Value, path: &str, text: &str) -> Result<(), ConfigError> {
    put(tree, path, &value(text))
}

/// See [`super::Scenario::put`].
pub(super) fn put(tree: &mut Value, path: &str, value: &Value) -> Result<(), ConfigError> {
    let steps = steps(path);
    if steps.is_empty() {
        return Err(ConfigError::new("", "names no field; write path=value"));
    }
    if steps[0] != "policy" || steps.len() == 1 {
        return set_steps(tree, &steps, path, value);
    }
    let Some(Value::List(policies)) = entry(tree, "policies") else {
        return Err(ConfigError::new(path, "finds no list of policies to change"));
    };
    let inside: Vec<&str> = [&["policy"], &steps[1..]].concat();
    for policy in policies {
        inline(policy)?;
        set_steps(policy, &inside, path, value)?;
    }
    Ok(())
}

/// `a.b[2].c` and `a.b.2.c` alike; `a.b[0,2].c` and `a.b[*].c` are several places.
fn steps(path: &str) -> Vec<&str> {
    path.split(['.', '[', ']']).map(str::trim).filter(|step| !step.is_empty()).collect()
}

fn set_steps(
    tree: &mut Value,
    steps: &[&str],
    path: &str,
    value: &Value,
) -> Result<(), ConfigError> {
    let [step, rest @ ..] = steps else {
        *tree = value.clone();
        return Ok(());
    };
    if *step == "kind" && rest.is_empty() {
        switch_kind(tree, value);
    }
    if *step == "policy" || rest.first() == Some(&"policy") {
        // A preset that is named becomes one that is written out, so that it has fields.
        if let Value::List(items) = tree {
            for place in places(step, items.len()) {
                items.get_mut(place).map_or(Ok(()), inline)?;
            }
        }
    }
    match tree {
        Value::List(items) => {
            let (len, places) = (items.len(), places(step, items.len()));
            if places.is_empty() || places.iter().any(|place| *place >= len) {
                let message = match len {
                    0 => "leads into an empty list".to_owned(),
                    _ => format!(
                        "leads nowhere at \"{step}\": write a place from 0 to {}, several like 0,2, \
                         or * for all",
                        len - 1
                    ),
                };
                return Err(ConfigError::new(path, message));
            }
            places.into_iter().try_for_each(|place| {
                items.get_mut(place).map_or(Ok(()), |item| set_steps(item, rest, path, value))
            })
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
            set_steps(found, rest, path, value)
        }
        _ => {
            let message = format!("leads nowhere at \"{step}\": what is there is a single value");
            Err(ConfigError::new(path, message))
        }
    }
}

/// The places that a step means in a list; none for what is not a place.
fn places(step: &str, len: usize) -> Vec<usize> {
    if step == "*" {
        return (0..len).collect();
    }
    let places: Option<Vec<usize>> =
        step.split(',').map(|place| place.trim().parse().ok()).collect();
    places.unwrap_or_default()
}

/// Another kind of arrivals, say, has other fields: those of the kind before go. What is written in
/// short (a service of "20ms", a jitter of "full") becomes a group.
fn switch_kind(tree: &mut Value, kind: &Value) {
    let other = match tree {
        Value::Map(_) => tree.get("kind") != Some(kind),
        Value::List(_) => false,
        _ => true,
    };
    if other {
        *tree = Value::map([("kind", kind.clone())]);
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

/// What a text on the command line means.
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
    fn several_places_of_a_list_are_set_at_once() {
        let mut tree = tree!({ steps: [{ rate: 1_u32 }, { rate: 2_u32 }, { rate: 3_u32 }] });
        set(&mut tree, "steps[0,2].rate", "7").unwrap();
        let expected = tree!({ steps: [{ rate: 7_u32 }, { rate: 2_u32 }, { rate: 7_u32 }] });
        assert_eq!(tree, expected);
        set(&mut tree, "steps[*].rate", "5").unwrap();
        assert_eq!(tree, tree!({ steps: [{ rate: 5_u32 }, { rate: 5_u32 }, { rate: 5_u32 }] }));
        assert!(set(&mut tree, "steps[0,3].rate", "7").is_err());
    }

    #[test]
    fn another_kind_has_none_of_the_fields_before() {
        let mut tree = tree!({
            arrivals: { kind: "herd", tasks: 5_u32 }, server: { service: "20ms" },
            policies: [{ policy: { jitter: "full" } }],
        });
        for (path, text) in [
            ("arrivals.kind", "poisson"),
            ("server.service.kind", "exponential"),
            ("policy.jitter.kind", "proportional"),
            ("policy.jitter.factor", "0.2"),
        ] {
            set(&mut tree, path, text).unwrap();
        }
        let expected = tree!({
            arrivals: { kind: "poisson" }, server: { service: { kind: "exponential" } },
            policies: [{ policy: { jitter: { kind: "proportional", factor: 0.2 } } }],
        });
        assert_eq!(tree, expected);
        // The same kind again keeps what is there.
        set(&mut tree, "policy.jitter.kind", "proportional").unwrap();
        assert_eq!(tree, expected);
    }

    #[test]
    fn a_path_that_leads_nowhere_is_refused() {
        for path in ["seed.x", "faults[3].until", "faults.x", "", "seed.x.y"] {
            assert!(set(&mut sample(), path, "1").is_err(), "{path}");
        }
    }
}
