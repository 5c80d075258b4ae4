//! The page's state: one scenario, a policy A, perhaps a policy B, and what is looked at.
//!
//! The state is a query string, and nothing else: the page hands it to every function, the command
//! line reads the same one, and a link is the exact picture. A query names bases (a built-in
//! scenario, two presets) and lists what differs from them, so that an untouched page has an empty
//! query and an old link keeps meaning what it meant while defaults are added around it.
//!
//! | name | meaning | left out |
//! |---|---|---|
//! | `v` | version of this format | 1 |
//! | `s` | built-in scenario | `herd` |
//! | `a`, `b` | presets; `b=-` compares with nothing | `proportional`, `full` |
//! | `a.PATH`, `b.PATH` | a field of the policy, as in its wire format | as in the preset |
//! | `seed`, `server.workers`, ... | a field of the scenario | as in the scenario |
//! | `key` | the task whose schedule is shown | 0 |
//! | `edit`, `y`, `story`, `embed` | what is looked at | |
//!
//! **Reading never fails.** What is unknown, out of range or of a later version gives the default and
//! a notice in words. Changing may fail, with the core's own error, and then nothing has changed.

mod controls;
mod picture;
mod plot;
mod query;
mod read;
mod stories;
mod tree;

use redrive::{
    RetryPolicy,
    policy::{KindRow, kinds::BACKOFFS},
    presets,
    wire::{ConfigError, Value},
};

pub use self::{
    controls::{Choice, Control, Input},
    picture::{Columns, Letter, Run, Tile, histogram, histogram_end},
    plot::{Mark, Plot, PolicyPlot, Tick},
    stories::{Story, stories},
};
use redrive_sim::scenario::{Builtin, FIELDS, Scenario};

/// The version that is written, and the latest that is known.
const VERSION: u64 = 1;

/// What an untouched page shows.
const SCENARIO: &str = "herd";
const PRESET_A: &str = "proportional";
const PRESET_B: &str = "full";

/// In place of a policy: none.
const NOTHING: &str = "-";

/// Names and allowed values of what is looked at; an empty list allows any short text.
const VIEW: &[(&str, &[&str])] =
    &[("edit", &["a", "b"]), ("y", &["linear", "log"]), ("story", &[]), ("embed", &["1"])];

/// Which of the two policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The one that is tuned.
    A,
    /// The one that it is compared with.
    B,
}

impl Slot {
    /// Its name in the scenario and in every result.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }

    fn letter(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// The slot of a query's letter.
    #[must_use]
    pub fn of(letter: &str) -> Option<Self> {
        match letter {
            "a" | "A" => Some(Self::A),
            "b" | "B" => Some(Self::B),
            _ => None,
        }
    }
}

/// A policy and the preset that it was made from.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The preset's name.
    pub preset: String,
    /// The policy.
    pub policy: RetryPolicy,
}

impl Chosen {
    fn preset(name: &str) -> Result<Self, ConfigError> {
        let policy = presets::find(name)?.policy();
        Ok(Self { preset: name.to_owned(), policy })
    }

    /// Whether it is not the preset any more.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        presets::find(&self.preset).is_ok_and(|preset| preset.policy() != self.policy)
    }
}

/// The state. See the [module](self).
#[derive(Clone, Debug)]
pub struct Page {
    builtin: String,
    scenario: Value,
    a: Chosen,
    b: Option<Chosen>,
    key: String,
    view: Vec<(String, String)>,
    notices: Vec<String>,
}

impl Page {
    /// An untouched page.
    ///
    /// # Errors
    /// Never, as long as the built-in scenario and the presets exist.
    fn untouched() -> Result<Self, ConfigError> {
        Ok(Self {
            builtin: SCENARIO.to_owned(),
            scenario: builtin(SCENARIO)?,
            a: Chosen::preset(PRESET_A)?,
            b: Some(Chosen::preset(PRESET_B)?),
            key: "0".to_owned(),
            view: Vec::new(),
            notices: Vec::new(),
        })
    }

    fn look(&mut self, name: &str, value: &str) {
        self.view.retain(|(known, _)| known != name);
        let default =
            VIEW.iter().find(|(known, _)| *known == name).and_then(|(_, all)| all.first());
        let is_default = name != "embed" && default == Some(&value);
        if !value.is_empty() && !is_default {
            self.view.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The query that stands for this state; empty when nothing was touched.
    #[must_use]
    pub fn query(&self) -> String {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut put = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
        if self.builtin != SCENARIO {
            put("s", &self.builtin);
        }
        if self.a.preset != PRESET_A {
            put("a", &self.a.preset);
        }
        match &self.b {
            None => put("b", NOTHING),
            Some(b) if b.preset != PRESET_B => put("b", &b.preset),
            Some(_) => {}
        }
        for slot in [Slot::A, Slot::B] {
            let Some(chosen) = self.chosen(slot) else { continue };
            let Ok(preset) = presets::find(&chosen.preset) else { continue };
            for (path, text) in
                tree::changes(&preset.policy().to_value(), &chosen.policy.to_value())
            {
                pairs.push((format!("{}.{path}", slot.letter()), text));
            }
        }
        if let Ok(base) = builtin(&self.builtin) {
            pairs.extend(tree::changes(&base, &self.scenario));
        }
        if self.key != "0" {
            pairs.push(("key".to_owned(), self.key.clone()));
        }
        pairs.extend(self.view.iter().cloned());
        query::write(&pairs)
    }

    /// Changes one thing: `a`, `s`, `seed`, `a.backoff.initial`, `server.workers`, `y`, ...
    ///
    /// # Errors
    /// When the value is not allowed there; nothing has changed then.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), ConfigError> {
        let text = tree::text_of(&value);
        let mut next = self.clone();
        next.notices.clear();
        match name.split_once('.').map_or((name, ""), |(first, rest)| (first, rest)) {
            ("s", "") => {
                next.scenario = builtin(&text)?;
                next.builtin = text;
            }
            ("a", "") => next.a = Chosen::preset(&text)?,
            ("b", "") if text == "'-" || text == NOTHING => next.b = None,
            ("b", "") => next.b = Some(Chosen::preset(&text)?),
            ("a" | "b", path) => {
                let slot = if name.starts_with('a') { Slot::A } else { Slot::B };
                let Some(chosen) = next.chosen(slot) else {
                    return Err(ConfigError::new(name, "belongs to a policy that is not there"));
                };
                let mut tree = chosen.policy.to_value();
                change_policy(&mut tree, path, value)?;
                next.replace(slot, RetryPolicy::from_value(&tree)?);
            }
            ("key", "") => next.key = plain(&value),
            (first, "") if VIEW.iter().any(|(known, _)| *known == first) => {
                next.look(first, &plain(&value));
            }
            _ if is_scenario(name) => {
                let absent = plain(&value) == NOTHING;
                let text = if absent { NOTHING } else { &text };
                change_scenario(&mut next.scenario, name, value, text)?;
                next.check()?;
            }
            _ => return Err(ConfigError::new(name, "is no part of the page")),
        }
        *self = next;
        Ok(())
    }

    /// The same for a text that was typed: numbers, `none` and durations as people write them.
    ///
    /// # Errors
    /// When the value is not allowed there; nothing has changed then.
    pub fn type_in(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let text = text.trim();
        let free = matches!(name, "seed" | "key" | "story" | "embed");
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let value = match text.to_ascii_lowercase().as_str() {
            _ if free && !digits => Value::Text(text.to_owned()),
            "none" | "unlimited" | "\u{221e}" | "" => Value::Null,
            _ => tree::value_of(text),
        };
        self.set(name, value)
    }

    /// The commands that compute the same on the command line.
    #[must_use]
    pub fn commands(&self) -> String {
        let mut text = format!("redrive simulate '?{}'\n", self.query());
        let seed = self.seed();
        for slot in [Slot::A, Slot::B] {
            let Some(chosen) = self.chosen(slot) else { continue };
            // A policy that is no preset any more has to be saved first.
            let policy = if chosen.is_changed() { "policy.json" } else { &chosen.preset };
            let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
            let (seed, key) = (quoted(&seed), quoted(&self.key));
            text += &format!("redrive schedule --policy {policy} --seed {seed} --key {key}\n");
        }
        text
    }

    /// Takes over a policy from outside, as the policy of a slot.
    ///
    /// # Errors
    /// When it is not one.
    pub fn take_policy(&mut self, slot: Slot, tree: &Value) -> Result<(), ConfigError> {
        let policy = RetryPolicy::from_value(tree)?;
        self.notices.clear();
        if slot == Slot::B && self.b.is_none() {
            self.b = Some(Chosen::preset(PRESET_B)?);
        }
        let nearest = presets::all()
            .iter()
            .min_by_key(|p| tree::changes(&p.policy().to_value(), &policy.to_value()).len());
        if let (Some(nearest), Some(chosen)) = (nearest, self.chosen_mut(slot)) {
            *chosen = Chosen { preset: nearest.name.to_owned(), policy };
        }
        Ok(())
    }

    /// Takes over a scenario from outside: its first policy becomes A, its second B.
    ///
    /// # Errors
    /// When it is not one, or needs files.
    pub fn take_scenario(&mut self, tree: &Value) -> Result<(), ConfigError> {
        let read = Scenario::from_value(tree)?;
        let mut next = self.clone();
        let Value::Map(mut entries) = tree.clone() else {
            return Err(ConfigError::new("", "is no scenario"));
        };
        entries.retain(|(name, _)| name != "policies");
        next.scenario = Value::Map(entries);
        if Builtin::find(&read.name).is_ok() {
            next.builtin.clone_from(&read.name);
        }
        next.b = None;
        for (slot, named) in [Slot::A, Slot::B].into_iter().zip(&read.policies) {
            next.take_policy(slot, &named.policy.to_value())?;
        }
        next.check()?;
        *self = next;
        Ok(())
    }

    /// The scenario of both policies, as the command line runs it.
    #[must_use]
    pub fn scenario(&self) -> Value {
        self.scenario_with(&[Slot::A, Slot::B])
    }

    /// The scenario of one policy. Every policy runs under the same draws, whether alone or not.
    #[must_use]
    pub fn scenario_of(&self, slot: Slot) -> Value {
        self.scenario_with(&[slot])
    }

    fn scenario_with(&self, slots: &[Slot]) -> Value {
        let policies = slots.iter().filter_map(|&slot| {
            let chosen = self.chosen(slot)?;
            Some(Value::map([("name", slot.name().into()), ("policy", chosen.policy.to_value())]))
        });
        let mut tree = self.scenario.clone();
        if let Value::Map(entries) = &mut tree {
            entries.push(("policies".to_owned(), Value::List(policies.collect())));
        }
        tree
    }

    /// The policy of a slot.
    #[must_use]
    pub fn chosen(&self, slot: Slot) -> Option<&Chosen> {
        match slot {
            Slot::A => Some(&self.a),
            Slot::B => self.b.as_ref(),
        }
    }

    fn chosen_mut(&mut self, slot: Slot) -> Option<&mut Chosen> {
        match slot {
            Slot::A => Some(&mut self.a),
            Slot::B => self.b.as_mut(),
        }
    }

    /// The name of the built-in scenario.
    #[must_use]
    pub fn builtin(&self) -> &str {
        &self.builtin
    }

    /// The key of the task whose schedule is shown.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The seed, as the scenario has it.
    #[must_use]
    pub fn seed(&self) -> String {
        tree::at(&self.scenario, "seed").map_or_else(|| "42".to_owned(), plain)
    }

    /// What is looked at.
    #[must_use]
    pub fn view(&self) -> &[(String, String)] {
        &self.view
    }

    /// What was wrong with the link, in words.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    fn replace(&mut self, slot: Slot, policy: RetryPolicy) {
        if let Some(chosen) = self.chosen_mut(slot) {
            chosen.policy = policy;
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        Scenario::from_value(&self.scenario()).map(|_| ())
    }
}

/// A built-in scenario's tree without its policies.
fn builtin(name: &str) -> Result<Value, ConfigError> {
    let mut tree = Builtin::find(name)?.value();
    if let Value::Map(entries) = &mut tree {
        entries.retain(|(name, _)| name != "policies");
    }
    Ok(tree)
}

fn is_scenario(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    first != "policies" && FIELDS.contains(&first)
}

/// Changes a scenario; what excludes the new field goes.
fn change_scenario(
    tree: &mut Value,
    name: &str,
    value: Value,
    text: &str,
) -> Result<(), ConfigError> {
    let excluded = match name {
        "server.capacityPerSecond" => Some("server.service"),
        "redrive.rate" => Some("redrive.spread"),
        "redrive.spread" => Some("redrive.rate"),
        _ => None,
    };
    if let Some(excluded) =
        excluded.filter(|path| text != NOTHING && tree::at(tree, path).is_some())
    {
        tree::apply(tree, excluded, NOTHING)?;
    }
    if text == NOTHING { tree::apply(tree, name, text) } else { tree::set(tree, name, value) }
}

/// Changes a policy; another kind of backoff keeps the fields that it shares with the old one.
fn change_policy(tree: &mut Value, path: &str, value: Value) -> Result<(), ConfigError> {
    if let Some(group) = path.strip_suffix(".kind").filter(|_| value == Value::Null) {
        return tree::set(tree, group, Value::Null);
    }
    if path != "backoff.kind" {
        return tree::set(tree, path, value);
    }
    let old = tree.get("backoff").cloned().unwrap_or(Value::Null);
    let kind = plain(&value);
    tree::set(tree, path, value)?;
    let Some(kind) = KindRow::find(BACKOFFS, &kind) else { return Ok(()) };
    let first = old.get("initial").or_else(|| old.get("delay")).cloned();
    for field in kind.fields().chain(["firstDelay"]) {
        let kept = match field {
            "initial" | "delay" => first.clone(),
            "delays" => first.clone().map(|delay| Value::List(vec![delay])),
            field => old.get(field).cloned(),
        };
        if let Some(kept) = kept {
            tree::set(tree, &format!("backoff.{field}"), kept)?;
        }
    }
    if kind.draws_jitter {
        tree::set(tree, "jitter", "none".into())?;
    }
    Ok(())
}

/// A single value as a person reads it.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
