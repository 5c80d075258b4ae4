//! How A and B differ, field by field, by the names that people read.

use redrive::{RetryPolicy, bounds, wire::Value};

use super::{Page, Slot, plain, shape::shapes, told, tree};

/// Fields that the sentence names; the others are counted.
const NAMED: usize = 3;

shapes! {
    /// One field in which A and B differ.
    pub struct FieldDifference {
        /// What it is called.
        pub label: String,
        /// What A has.
        pub a: String,
        /// What B has.
        pub b: String,
    }

    /// How A and B differ.
    pub struct Differences {
        /// In a sentence.
        pub text: String,
        /// Every field.
        pub fields: Vec<FieldDifference>,
    }
}

impl Page {
    /// How A and B differ; nothing where there is no B.
    #[must_use]
    pub fn differences(&self) -> Option<Differences> {
        let (a, b) = (self.chosen(Slot::A)?, self.chosen(Slot::B)?);
        let fields = fields(&a.policy, &b.policy);
        let named = |field: &FieldDifference| {
            format!("{} ({} against {})", field.label.to_lowercase(), field.a, field.b)
        };
        let mut names: Vec<String> = fields.iter().take(NAMED).map(named).collect();
        if let Some(more @ 1..) = fields.len().checked_sub(NAMED) {
            names.push(format!("{more} more {}", if more == 1 { "field" } else { "fields" }));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = match names[..] {
            [] => "A and B are the same policy.".to_owned(),
            _ => format!("A and B differ in {}.", redrive_sim::text::listed(&names)),
        };
        Some(Differences { text, fields })
    }
}

impl Page {
    /// What tells a slot's policy from the other one, shortly: the first field in which they differ.
    pub(super) fn told_apart(&self, slot: Slot) -> Option<String> {
        let fields = fields(&self.chosen(Slot::A)?.policy, &self.chosen(Slot::B)?.policy);
        let FieldDifference { label, a, b } = fields.into_iter().next()?;
        let value = match slot {
            Slot::A => a,
            Slot::B => b,
        };
        // Of a group its kind says enough.
        let value = value.split(',').next().unwrap_or_default().to_owned();
        let label = label.to_lowercase();
        Some(match (label.as_str(), value.as_str()) {
            ("where the cap applies", stage) => format!("cap {stage}"),
            (label, "none") => format!("no {label}"),
            (label, value) => format!("{label} {value}"),
        })
    }
}

fn fields(a: &RetryPolicy, b: &RetryPolicy) -> Vec<FieldDifference> {
    let (Value::Map(a), Value::Map(b)) = (a.to_value(), b.to_value()) else { return Vec::new() };
    let find = |of: &[(String, Value)], name: &str| {
        of.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    let only_b = b.iter().filter(|(name, _)| a.iter().all(|(known, _)| known != name));
    let names = a.iter().chain(only_b).map(|(name, _)| name.as_str());
    let mut out = Vec::new();
    for name in names.filter(|name| *name != "version") {
        compare(name, &find(&a, name), &find(&b, name), &mut out);
    }
    out
}

fn compare(path: &str, a: &Value, b: &Value, out: &mut Vec<FieldDifference>) {
    if tree::same(a, b) {
        return;
    }
    if let (Value::Map(one), Value::Map(other)) = (a, b)
        && a.get("kind").map(plain) == b.get("kind").map(plain)
    {
        let only_b = other.iter().filter(|(name, _)| one.iter().all(|(known, _)| known != name));
        for (name, _) in one.iter().chain(only_b) {
            let value = |of: &Value| of.get(name).cloned().unwrap_or(Value::Null);
            compare(&format!("{path}.{name}"), &value(a), &value(b), out);
        }
        return;
    }
    if let (Value::Null, Value::Map(entries)) | (Value::Map(entries), Value::Null) = (a, b)
        && path == "compat"
    {
        for (name, _) in entries {
            let value = |of: &Value| of.get(name).cloned().unwrap_or_else(|| usual(name));
            compare(&format!("{path}.{name}"), &value(a), &value(b), out);
        }
        return;
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    let text = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        value => told(&format!("{}{}", shown(value), unit(name))),
    };
    out.push(FieldDifference { label: label(path), a: text(a), b: text(b) });
}

/// What a number counts, after it.
fn unit(name: &str) -> &'static str {
    match bounds::TABLE.iter().find(|row| row.name == name).map(|row| row.unit) {
        Some(bounds::Unit::Percent) => " %",
        Some(bounds::Unit::Rate) => "/s",
        _ => "",
    }
}

/// What a quirk of another system is where a policy has none.
fn usual(name: &str) -> Value {
    match name {
        "capStage" => "fit".into(),
        "elapsedMeasure" => "wall".into(),
        "feedback" | "uncappedFirst" | "falling" | "jitterOnce" | "amplitude" => false.into(),
        "jitterSteps" => 0_u32.into(),
        _ => Value::Null,
    }
}

/// What a field is called: by its row, or by its own name taken apart.
fn label(path: &str) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    let rows = bounds::TABLE.iter().find(|row| row.name == name && !row.label.is_empty());
    match (path, rows) {
        ("compat.capStage", _) => "Where the cap applies".to_owned(),
        (_, Some(row)) => row.label.to_owned(),
        _ => {
            let mut words = String::new();
            for letter in name.chars() {
                if letter.is_uppercase() {
                    words.push(' ');
                }
                words.extend(letter.to_lowercase());
            }
            words
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::List(items) => match items.len() {
            0 => "none".to_owned(),
            1..=3 => items.iter().map(shown).collect::<Vec<_>>().join(", "),
            count => format!("{count} entries"),
        },
        Value::Map(entries) => {
            let kind = value.get("kind").map(plain);
            let rest = entries.iter().filter(|(name, _)| name != "kind");
            let rest = rest.map(|(name, value)| {
                format!("{} {}{}", label(name).to_lowercase(), shown(value), unit(name))
            });
            kind.into_iter().chain(rest).collect::<Vec<_>>().join(", ")
        }
        other => plain(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(query: &str) -> String {
        Page::read(query).unwrap().differences().unwrap().text
    }

    #[test]
    fn the_sentence_names_what_differs() {
        let jitter = text("");
        assert!(jitter.starts_with("A and B differ in jitter (proportional"), "{jitter}");
        assert!(jitter.ends_with("against full)."), "{jitter}");
        let story = crate::stories().iter().find(|story| story.name == "cap").unwrap();
        let cap = text(story.query);
        assert_eq!(cap, "A and B differ in where the cap applies (after against fit).");
        assert_eq!(text("a=full"), "A and B are the same policy.");
        assert!(text("a=sidekiq&b=grpc").contains("more fields"));
    }

    #[test]
    fn policies_of_one_name_are_called_by_what_differs() {
        let labels = |name: &str| {
            let story = crate::stories().iter().find(|story| story.name == name).unwrap();
            let page = Page::read(story.query).unwrap();
            [page.label(Slot::A), page.label(Slot::B)]
        };
        assert_eq!(labels("cap"), ["full, cap after", "full, cap fit"]);
        assert_eq!(labels("storm"), ["full, no budget", "full, budget ratio"]);
        assert_eq!(labels("full-jitter"), ["proportional", "full"]);
        let same = Page::read("a=full").unwrap();
        assert_eq!([same.label(Slot::A), same.label(Slot::B)], ["full", "full"]);
    }

    #[test]
    fn without_a_b_there_is_no_difference() {
        assert!(Page::read("b=-").unwrap().differences().is_none());
    }
}
