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
//! | `a`, `b` | presets, or `~NAME`, a policy of the scenario; `b=-` compares with nothing | `proportional`, `full` |
//! | `a.PATH`, `b.PATH` | a field of the policy, as in its wire format | as in the preset |
//! | `seed`, `server.workers`, ... | a field of the scenario | as in the scenario |
//! | `policies.N. ...` | the scenario's policies, of which A and B are picked | as in the scenario |
//! | `key` | the task whose schedule is shown | 0 |
//! | `edit`, `y`, `scale`, `story`, `embed` | what is looked at | |
//!
//! **Reading never fails.** What is unknown, out of range or of a later version gives the default and
//! a notice in words. Changing may fail, with the core's own error, and then nothing has changed.

mod advice;
mod chosen;
mod controls;
mod difference;
mod find;
mod headline;
mod letters;
mod over_time;
mod picture;
mod plot;
mod query;
mod read;
mod scene_line;
mod scenes;
mod seeds;
pub mod shape;
mod state;
mod stories;
mod tree;

use redrive::{
    RetryPolicy,
    policy::{KindRow, kinds::BACKOFFS},
    presets,
    wire::{ConfigError, Value},
};

pub use self::find::{Found, Proven, goals};
pub use self::{
    advice::{Advice, Offer},
    chosen::{Chosen, Slot},
    controls::{Choice, Control, Input},
    difference::{Differences, FieldDifference},
    headline::{Headline, Part, Tile, Tiles},
    letters::{Letter, LetterGroup, LetterList, Step, letters_of_file},
    over_time::{LayerTime, OverTime},
    picture::{
        Columns, Fault, Histogram, Layer, Limit, Picture, RasterRow, Run, histogram, histogram_end,
    },
    plot::{Mark, Plot, PolicyPlot, Tick},
    seeds::{Band, Range, Replications, Seeds},
    state::{BaseGroup, ControlRow, Named, PolicyState, Scene, State, editor_schema, scenes},
    stories::{Story, stories},
};
use redrive_sim::scenario::{Builtin, FIELDS, NamedPolicy, Scenario};

/// The version that is written, and the latest that is known.
const VERSION: u64 = 1;

/// What an untouched page shows.
const SCENARIO: &str = "herd";
const PRESET_A: &str = "proportional";
const PRESET_B: &str = "full";

/// In place of a policy: none.
const NOTHING: &str = "-";

/// Names and allowed values of what is looked at; an empty list allows any short text.
const VIEW: &[(&str, &[&str])] = &[
    ("edit", &["a", "b"]),
    ("y", &["linear", "log"]),
    ("scale", &["shared", "own", "log"]),
    ("story", &[]),
    ("embed", &["1"]),
];

/// The state. See the [module](self).
#[derive(Clone, Debug)]
pub struct Page {
    builtin: String,
    scenario: Value,
    /// The scenario's own policies.
    own: Vec<NamedPolicy>,
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
            own: scenes::policies(SCENARIO)?,
            a: Chosen::of(PRESET_A, &[])?,
            b: Some(Chosen::of(PRESET_B, &[])?),
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

    /// The query of this state; empty when nothing was touched.
    #[must_use]
    pub fn query(&self) -> String {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut put = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
        if self.builtin != SCENARIO {
            put("s", &self.builtin);
        }
        if self.a.base != PRESET_A {
            put("a", &self.a.base);
        }
        match &self.b {
            None => put("b", NOTHING),
            Some(b) if b.base != PRESET_B => put("b", &b.base),
            Some(_) => {}
        }
        for slot in [Slot::A, Slot::B] {
            let Some(chosen) = self.chosen(slot) else { continue };
            let Ok(base) = chosen::find(&chosen.base, &self.own) else { continue };
            for (path, text) in tree::changes(&base.to_value(), &chosen.policy.to_value()) {
                pairs.push((format!("{}.{path}", slot.letter()), text));
            }
        }
        if let (Ok(base), Ok(own)) = (builtin(&self.builtin), scenes::policies(&self.builtin)) {
            if own != self.own {
                pairs.extend(scenes::pairs(&self.own));
            }
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
            ("s", "") => next.play(text)?,
            ("a", "") => next.a = Chosen::of(&text, &next.own)?,
            ("b", "") if text == "'-" || text == NOTHING => next.b = None,
            ("b", "") => next.b = Some(Chosen::of(&text, &next.own)?),
            ("swap", "") => {
                let Some(b) = &mut next.b else {
                    return Err(ConfigError::new(name, "needs a policy B"));
                };
                std::mem::swap(&mut next.a, b);
            }
            ("a" | "b", path) => {
                let slot = if name.starts_with('a') { Slot::A } else { Slot::B };
                let Some(chosen) = next.chosen(slot) else {
                    return Err(ConfigError::new(name, "belongs to a policy that is not there"));
                };
                let mut tree = chosen.policy.to_value();
                match plain(&value).as_str() {
                    NOTHING => tree::apply(&mut tree, path, NOTHING)?,
                    // It has no parameters that would be as by default: from nothing to the delay.
                    "uniform" if path == "jitter.kind" => {
                        tree::set(&mut tree, "jitter", uniform())?;
                    }
                    _ => change_policy(&mut tree, path, value)?,
                }
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
            _ => return Err(ConfigError::new(name, "is not part of the page")),
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

    /// Goes to a built-in scenario, with its policies.
    fn play(&mut self, name: String) -> Result<(), ConfigError> {
        self.scenario = builtin(&name)?;
        self.own = scenes::policies(&name)?;
        let (a, b) = scenes::pair(&name, &self.own);
        self.a = Chosen::of(&a, &self.own)?;
        self.b = b.map(|b| Chosen::of(&b, &self.own)).transpose()?;
        self.builtin = name;
        self.look("story", "");
        self.look("edit", "a");
        Ok(())
    }

    /// The commands that compute the same on the command line.
    #[must_use]
    pub fn commands(&self) -> String {
        let mut text = format!("redrive simulate '?{}'\n", self.query());
        let seed = self.seed();
        for slot in [Slot::A, Slot::B] {
            let Some(chosen) = self.chosen(slot) else { continue };
            // What is not a preset has to be saved first, as a file for each.
            let file = format!("policy-{}.json", slot.letter());
            let is_preset = presets::find(&chosen.base).is_ok() && !self.is_changed(slot);
            let policy = if is_preset { &chosen.base } else { &file };
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
        let chosen = Chosen { base: chosen::nearest(&policy, &self.own), policy };
        match slot {
            Slot::A => self.a = chosen,
            Slot::B => self.b = Some(chosen),
        }
        Ok(())
    }

    /// Takes over a scenario from outside with all its policies: its first becomes A, its second B.
    ///
    /// # Errors
    /// When it is not one, or needs files.
    pub fn take_scenario(&mut self, tree: &Value) -> Result<(), ConfigError> {
        let read = Scenario::from_value(tree)?;
        let mut next = self.clone();
        next.notices.clear();
        let Value::Map(mut entries) = tree.clone() else {
            return Err(ConfigError::new("", "is not a scenario"));
        };
        entries.retain(|(name, _)| name != "policies" && name != "$schema");
        next.scenario = Value::Map(entries);
        if Builtin::find(&read.name).is_ok() {
            next.builtin.clone_from(&read.name);
        }
        next.own = read.policies;
        let named = |index: usize| next.own.get(index).map(|own| chosen::own_name(&own.name));
        let (a, b) = (named(0), named(1));
        next.a = Chosen::of(a.as_deref().unwrap_or(PRESET_A), &next.own)?;
        next.b = b.map(|b| Chosen::of(&b, &next.own)).transpose()?;
        next.look("story", "");
        next.look("edit", "a");
        next.check()?;
        // As a link of it opens, so that a link of that link is the same.
        let again = Self::read(&next.query())?;
        *self = if again.notices.is_empty() { again } else { next };
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

    /// The scenario's own policies.
    #[must_use]
    pub fn own(&self) -> &[NamedPolicy] {
        &self.own
    }

    /// Whether the policy of a slot is not what it was picked as any more.
    #[must_use]
    pub fn is_changed(&self, slot: Slot) -> bool {
        self.chosen(slot).is_some_and(|chosen| {
            chosen::find(&chosen.base, &self.own).is_ok_and(|base| base != chosen.policy)
        })
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
        match slot {
            Slot::A => self.a.policy = policy,
            Slot::B => self.b.iter_mut().for_each(|b| b.policy = policy.clone()),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        Scenario::from_value(&self.scenario()).map(|_| ())
    }
}

/// The TypeScript types of everything that crosses to JavaScript.
#[must_use]
pub fn typescript() -> String {
    let all = [
        Tick::declaration(),
        Mark::declaration(),
        PolicyPlot::declaration(),
        Plot::declaration(),
        Story::declaration(),
        Scene::declaration(),
        Named::declaration(),
        BaseGroup::declaration(),
        PolicyState::declaration(),
        FieldDifference::declaration(),
        Differences::declaration(),
        State::declaration(),
        ControlRow::declaration(),
        Part::declaration(),
        Tile::declaration(),
        Tiles::declaration(),
        Headline::declaration(),
        Fault::declaration(),
        Limit::declaration(),
        RasterRow::declaration(),
        Layer::declaration(),
        LayerTime::declaration(),
        OverTime::declaration(),
        Histogram::declaration(),
        Picture::declaration(),
        Step::declaration(),
        Letter::declaration(),
        LetterGroup::declaration(),
        LetterList::declaration(),
        Offer::declaration(),
        Advice::declaration(),
        Range::declaration(),
        Band::declaration(),
        Seeds::declaration(),
        Proven::declaration(),
        Found::declaration(),
    ];
    let head = "// Generated from the structs of wasm/page, which a test of theirs compares with this file; \
                written anew by\n// REDRIVE_BLESS=1 cargo test -p redrive-page.\n\n";
    format!("{head}{}", all.join("\n"))
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

/// The range of full jitter, to begin with.
fn uniform() -> Value {
    let end = |factor: u32| Value::map([("factor", factor.into())]);
    Value::map([("kind", "uniform".into()), ("low", end(0)), ("high", end(1))])
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

/// A text that somebody else wrote: what is hidden in it (control, bidirectional and zero-width
/// characters) as escapes.
#[must_use]
pub fn told(text: &str) -> String {
    redrive::wire::visible(text).into_owned()
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
