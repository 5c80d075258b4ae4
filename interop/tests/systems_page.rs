//! `docs/SYSTEMS.md` is made from the table of systems. `REDRIVE_BLESS=1` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::{fmt::Write as _, fs, path::Path};

use redrive::{RetryPolicy, wire::Value};
use redrive_interop::{Syntax, System, systems};

const HEAD: &str = "# Systems\n\n\
Whose retries `redrive import --from SYSTEM FILE` reads and `redrive export --to SYSTEM POLICY` writes. A \
row is the smallest file there is, what it means here with the defaults that the system does not say, and \
where the system's law was read or measured. *exact* means that a task behaves here as there; otherwise the \
import names each difference. An export that a system cannot hold is refused with the nearest that it can.\n\n\
Made from the systems' own rows (`interop/src`) by `cargo xtask golden --bless`.\n\n\
| name | system | file | smallest file | means | fidelity | source |\n\
|---|---|---|---|---|---|---|\n";

fn shown(value: Option<&Value>) -> String {
    match value {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Map(entries)) => {
            let parts = entries.iter().map(|(name, value)| match (name.as_str(), value) {
                ("kind", value) => shown(Some(value)),
                (name, value) => format!("{name} {}", shown(Some(value))),
            });
            parts.collect::<Vec<_>>().join(" ")
        }
        Some(Value::List(items)) if items.len() > 6 => {
            let begin: Vec<String> = items.iter().take(6).map(|item| shown(Some(item))).collect();
            format!("{}, \u{2026}", begin.join(", "))
        }
        Some(Value::List(items)) => {
            items.iter().map(|item| shown(Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn means(policy: &RetryPolicy) -> String {
    let value = policy.to_value();
    let mut text = shown(value.get("backoff"));
    if *policy.jitter() != redrive::Jitter::None {
        write!(text, "; jitter {}", shown(value.get("jitter"))).unwrap();
    }
    if policy.max_delay().is_some() {
        write!(text, "; cap {}", shown(value.get("maxDelay"))).unwrap();
    }
    match policy.max_attempts() {
        Some(max) => write!(text, "; {max} attempts").unwrap(),
        None => write!(text, "; within {}", shown(value.get("maxElapsed"))).unwrap(),
    }
    text
}

fn row(system: &System) -> String {
    let imported = system.import(&system.read(system.sample).unwrap()).unwrap().remove(0);
    let form = match system.syntax {
        Syntax::Json => "JSON, YAML, TOML",
        Syntax::Ini => "ini",
        Syntax::Properties => "YAML, properties",
    };
    let sample = system.sample.trim().replace('\n', "<br>").replace('|', "\\|");
    let System { name, title, holds, source, .. } = system;
    let (means, fidelity) = (means(&imported.policy), imported.fidelity());
    format!(
        "| `{name}` | {title} | {form}: {holds} | `{sample}` | {means} | {fidelity} | {source} |\n"
    )
    .replace("<br>", "` `")
}

#[test]
fn golden_page_of_systems_is_made_from_the_table() {
    let text = systems().iter().fold(HEAD.to_owned(), |text, system| text + &row(system));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/SYSTEMS.md");
    if std::env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert!(
        fs::read_to_string(path).unwrap_or_default() == text,
        "docs/SYSTEMS.md changed: bless it"
    );
}

#[test]
fn systems_are_in_the_order_of_their_names_and_say_where_they_come_from() {
    let names: Vec<&str> = systems().iter().map(|system| system.name).collect();
    assert!(names.is_sorted() && names.len() >= 55, "{names:?}");
    assert!(systems().iter().all(|system| !system.source.is_empty() && !system.holds.is_empty()));
}
