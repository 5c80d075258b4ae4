//! What the page is told of its state: everything but pictures.

use redrive::{
    bounds::{self, Unit},
    presets,
    wire::Value,
};
use redrive_sim::scenario::{builtins, schema};

use super::{
    Control, Input, Page, Slot,
    difference::Differences,
    shape::{Tree, shapes},
    told, tree,
};

shapes! {
    /// One of the policies of the page.
    pub struct PolicyState {
        /// `A` or `B`.
        pub name: &'static str,
        /// A preset's name, or `~` and the name of a policy of the scenario.
        pub base: String,
        /// What to call it.
        pub label: String,
        /// What it was picked as, in a sentence.
        pub about: String,
        /// Whether it was changed since.
        pub changed: bool,
        /// The policy in its wire format.
        pub policy: Tree,
    }

    /// One of a few.
    pub struct Named {
        /// What to set.
        pub value: String,
        /// What to call it.
        pub label: String,
    }

    /// Policies to begin with.
    pub struct BaseGroup {
        /// What they have in common.
        pub label: String,
        /// The policies.
        pub bases: Vec<Named>,
    }

    /// The state of the page.
    pub struct State {
        /// Its query.
        pub query: String,
        /// What was wrong with the link, in words.
        pub notices: Vec<String>,
        /// The seed.
        pub seed: String,
        /// The key of the task whose schedule is shown.
        pub key: String,
        /// The built-in scenario that it began with.
        pub builtin: String,
        /// What happens, in one line.
        pub title: String,
        /// What to look at and why it happens.
        pub about: String,
        /// What is looked at.
        pub view: Tree,
        /// The policies, A first.
        pub policies: Vec<PolicyState>,
        /// How A and B differ.
        pub differences: Option<Differences>,
        /// The scenario in its format, without policies.
        pub scenario: Tree,
        /// What a policy may begin with.
        pub bases: Vec<BaseGroup>,
    }

    /// A row of a panel.
    pub struct ControlRow {
        /// What to set.
        pub name: String,
        /// `policy` or `scenario`.
        pub group: &'static str,
        /// Whether it is one of those that are rarely turned.
        pub advanced: bool,
        /// What to call it.
        pub label: String,
        /// What it means.
        pub doc: String,
        /// Its value, as it is written.
        pub value: String,
        /// What it was before it was changed.
        pub default: String,
        /// The stops of its slider, where it has one.
        pub stops: Option<Vec<String>>,
        /// The nearest stop.
        pub at: Option<usize>,
        /// What there is to choose from, where it is a choice.
        pub choices: Option<Vec<Named>>,
    }

    /// A built-in scenario.
    pub struct Scene {
        /// What to set.
        pub name: &'static str,
        /// What happens, in one line.
        pub title: &'static str,
    }
}

impl Page {
    /// Everything but pictures.
    #[must_use]
    pub fn state(&self) -> State {
        let text =
            |name: &str| told(self.scenario.get(name).and_then(Value::as_text).unwrap_or_default());
        let view = self.view().iter().map(|(name, value)| (name.clone(), value.as_str().into()));
        State {
            query: self.query(),
            notices: self.notices().to_vec(),
            seed: self.seed(),
            key: self.key().to_owned(),
            builtin: self.builtin().to_owned(),
            title: self.title(),
            about: text("about"),
            view: Tree(Value::Map(view.collect())),
            policies: [Slot::A, Slot::B].into_iter().filter_map(|s| self.policy_state(s)).collect(),
            differences: self.differences(),
            scenario: Tree(self.scenario.clone()),
            bases: self.bases(),
        }
    }

    /// What happens: the scenario's own title, unless something was changed that it may speak of.
    fn title(&self) -> String {
        let own = told(self.scenario.get("title").and_then(Value::as_text).unwrap_or_default());
        let same = super::builtin(self.builtin()).is_ok_and(|base| {
            tree::changes(&base, &self.scenario).iter().all(|(path, _)| path == "seed")
        });
        match self.bounded(Slot::A) {
            Ok(scenario) if !same || own.is_empty() => {
                let line = super::scene_line::scene_line(&scenario);
                let is_ours = super::builtin(self.builtin())
                    .is_ok_and(|base| base.get("title") == self.scenario.get("title"));
                if is_ours || own.is_empty() { line } else { format!("{own} ({line})") }
            }
            _ => own,
        }
    }

    fn policy_state(&self, slot: Slot) -> Option<PolicyState> {
        let chosen = self.chosen(slot)?;
        let about = match presets::find(&chosen.base) {
            Ok(preset) if preset.source == "redrive" => format!("{}.", preset.title),
            Ok(preset) => format!("{}. {}, {}.", preset.title, preset.source, preset.date),
            Err(_) => format!(
                "A policy of this scenario: {}.",
                redrive_sim::words::policy(&chosen.policy)
            ),
        };
        Some(PolicyState {
            name: slot.name(),
            base: chosen.base.clone(),
            label: self.label(slot),
            about,
            changed: self.is_changed(slot),
            policy: Tree(chosen.policy.to_value()),
        })
    }

    /// The scenario's policies, then the presets: ours, those that differ in jitter alone, others'.
    fn bases(&self) -> Vec<BaseGroup> {
        let own = self.own().iter().map(|named| Named {
            value: super::chosen::own_name(&named.name),
            label: told(&named.name),
        });
        let preset = |preset: &presets::Preset| Named {
            value: preset.name.to_owned(),
            label: preset.name.to_owned(),
        };
        let (ours, others): (Vec<_>, Vec<_>) =
            presets::all().iter().partition(|preset| preset.source == "redrive");
        let group = |label: &str, bases: Vec<Named>| BaseGroup { label: label.to_owned(), bases };
        vec![
            group("Of this scenario", own.collect()),
            group("redrive\u{2019}s", ours.into_iter().map(preset).collect()),
            group("Of other systems", others.into_iter().map(preset).collect()),
        ]
    }

    /// The rows of the panels: those of a slot's policy, and those of the scenario.
    #[must_use]
    pub fn control_rows(&self, slot: Slot) -> Vec<ControlRow> {
        self.controls(slot).into_iter().map(control_row).collect()
    }
}

fn control_row(control: Control) -> ControlRow {
    let label = format!("{}{}", control.label, unit(&control.name));
    let (stops, at, choices) = match control.input {
        Input::Ladder { stops, at } => (Some(stops), Some(at), None),
        Input::Choice(choices) => {
            let named = |choice: &super::Choice| Named {
                value: choice.value.to_owned(),
                label: choice.label.to_owned(),
            };
            (None, None, Some(choices.iter().map(named).collect()))
        }
    };
    ControlRow {
        name: control.name,
        group: control.group,
        advanced: control.advanced,
        label,
        doc: control.doc,
        value: control.value,
        default: control.default,
        stops,
        at,
        choices,
    }
}

/// What the numbers of a control count, where its name does not say.
fn unit(name: &str) -> &'static str {
    let field = name.rsplit('.').next().unwrap_or(name);
    let row = bounds::TABLE.iter().find(|row| row.name == field);
    match row.map(|row| row.unit) {
        Some(Unit::Percent) => ", %",
        Some(Unit::Rate) => ", per second",
        _ => "",
    }
}

/// The built-in scenarios.
#[must_use]
pub fn scenes() -> Vec<Scene> {
    builtins().iter().map(|builtin| Scene { name: builtin.name, title: builtin.title }).collect()
}

/// The JSON Schemas that the editor of all fields is made from: of a scenario, and of a policy as a part of
/// it.
#[must_use]
pub fn editor_schema() -> Tree {
    let schema = schema::scenario();
    debug_assert!(tree::at(&schema, "properties.arrivals").is_some());
    Tree(schema)
}
