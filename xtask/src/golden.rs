//! `cargo xtask golden`: the values in tests/golden/ that no release may change in silence.
//!
//! They are what "same seed, same bytes" means: Rust, Node and browsers all read these files and
//! must agree to the last bit. Without `--bless` the native code is checked against them; with it
//! they are written anew, and this command, the only way to do that, says what became of the old
//! values. The tests themselves make and compare the values; the variable below asks them to write.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    process::{self, cargo, say},
    repo,
};

/// Asks the golden tests to write what they would compare.
const BLESS: &str = "REDRIVE_BLESS";

/// Check the golden values, or write them anew
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the values of the present code, and say which old ones changed
    #[arg(long)]
    bless: bool,
}

/// Every value of every golden file, by its path.
type Values = BTreeMap<String, String>;

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut tests = cargo();
    // The whole workspace, so that cargo reuses what `cargo xtask ci` compiled.
    tests.args(["test", "--workspace", "--locked", "--quiet", "--test", "behaviour", "--"]);
    tests.args(["golden", "npm_"]);
    if !args.bless {
        process::quiet(&mut tests)?;
        say("the golden values hold");
        return Ok(());
    }
    let before = read()?;
    process::quiet(tests.env(BLESS, "1"))?;
    say(&report(&before, &read()?));
    Ok(())
}

fn read() -> Result<Values> {
    let mut values = Values::new();
    for path in repo::files(&["tests/golden"], &["json"])? {
        let text = fs::read_to_string(&path).with_context(|| repo::shown(&path))?;
        let tree = serde_json::from_str(&text).with_context(|| repo::shown(&path))?;
        flatten(&repo::shown(Path::new(&path)), &tree, &mut values);
    }
    Ok(values)
}

fn flatten(place: &str, tree: &Value, values: &mut Values) {
    match tree {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(name, value)| flatten(&format!("{place}/{name}"), value, values));
        }
        Value::Array(items) => {
            let numbered = items.iter().enumerate();
            numbered.for_each(|(n, value)| flatten(&format!("{place}/{n}"), value, values));
        }
        leaf => {
            values.insert(place.to_owned(), leaf.to_string());
        }
    }
}

/// What became of the old values; a change of one is a breaking change of the stream.
fn report(before: &Values, after: &Values) -> String {
    let lost = before.keys().filter(|place| !after.contains_key(*place)).count();
    let new = after.keys().filter(|place| !before.contains_key(*place)).count();
    let changed: Vec<&String> = before
        .keys()
        .filter(|place| after.get(*place).is_some_and(|v| *v != before[*place]))
        .collect();
    let kept = before.len() - lost - changed.len();
    let mut words = format!("{kept} kept, {new} new, {lost} gone, {} changed", changed.len());
    for place in changed.iter().take(10) {
        words += &format!("\n  {place}: {} -> {}", before[*place], after[*place]);
    }
    if lost + changed.len() > 0 {
        words += "\nThis breaks the stream: same seed, other bytes. If that is meant, say so under \
                  \"Stream\" in CHANGELOG.md and raise the version accordingly.";
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|&(place, value)| (place.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn new_values_alone_break_nothing() {
        let words = report(&values(&[("a", "1")]), &values(&[("a", "1"), ("b", "2")]));
        assert_eq!(words, "1 kept, 1 new, 0 gone, 0 changed");
    }

    #[test]
    fn a_changed_value_is_named_and_called_breaking() {
        let words = report(&values(&[("a", "1"), ("b", "1")]), &values(&[("a", "2")]));
        assert!(words.contains("a: 1 -> 2") && words.contains("breaks the stream"), "{words}");
    }
}
