//! Payloads that are not for every eye: left out, or with some fields hidden.

use std::borrow::Cow;

use redrive::{DeadLetter, wire::Value};

use crate::{args::Redaction, error::CliError};

/// The replacement of a hidden value.
const HIDDEN: &str = "[redacted]";

/// `letter` as it may be seen.
pub(super) fn redacted<'l>(letter: &'l DeadLetter, typed: &Redaction) -> Cow<'l, DeadLetter> {
    if !typed.no_payload && typed.redact.is_empty() {
        return Cow::Borrowed(letter);
    }
    let mut letter = letter.clone();
    if typed.no_payload {
        letter.payload = Value::Null;
    }
    typed.redact.iter().for_each(|path| {
        hide(&mut letter.payload, &steps(path));
    });
    Cow::Owned(letter)
}

/// Refuses a path that hides nothing in any of `letters`: a slip in it would show what it should hide.
///
/// # Errors
/// Names the path.
pub(super) fn check<'l>(
    letters: impl Iterator<Item = &'l DeadLetter> + Clone,
    typed: &Redaction,
) -> Result<(), CliError> {
    if letters.clone().next().is_none() {
        return Ok(());
    }
    for path in &typed.redact {
        if !letters.clone().any(|letter| hide(&mut letter.payload.clone(), &steps(path))) {
            let why =
                "no payload has this field; write card.number, items[0].name or items[*].name";
            return Err(CliError::option(format!("--redact {path}"), why));
        }
    }
    Ok(())
}

fn steps(path: &str) -> Vec<&str> {
    let path = path.strip_prefix("payload.").unwrap_or(path);
    path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect()
}

/// Hides what `steps` lead to; whether they lead anywhere.
fn hide(value: &mut Value, steps: &[&str]) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        *value = HIDDEN.into();
        return true;
    };
    let inside: Vec<&mut Value> = match value {
        Value::Map(entries) => {
            let chosen = |name: &str| *step == "*" || name == *step;
            entries.iter_mut().filter(|(name, _)| chosen(name)).map(|(_, value)| value).collect()
        }
        Value::List(items) => {
            let chosen = |index: usize| *step == "*" || step.parse() == Ok(index);
            let items = items.iter_mut().enumerate().filter(|(index, _)| chosen(*index));
            items.map(|(_, value)| value).collect()
        }
        _ => Vec::new(),
    };
    let hidden = inside.into_iter().map(|value| hide(value, rest));
    hidden.fold(false, |any, one| any | one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_hides_what_it_leads_to() {
        let text = r#"{"card":{"number":"4111","cvc":1},"items":[{"n":1},{"n":2}],"a.b":3}"#;
        for (path, shown) in [
            ("card.number", Some(text.replace("\"4111\"", "\"[redacted]\""))),
            ("payload.card.cvc", Some(text.replace("\"cvc\":1", "\"cvc\":\"[redacted]\""))),
            ("items[1].n", Some(text.replace("{\"n\":2}", "{\"n\":\"[redacted]\"}"))),
            ("card", Some(text.replace(r#"{"number":"4111","cvc":1}"#, "\"[redacted]\""))),
            ("card.numbre", None),
            ("items[2].n", None),
        ] {
            let mut value: Value = serde_json::from_str(text).expect("JSON");
            let hidden = hide(&mut value, &steps(path));
            assert_eq!(hidden, shown.is_some(), "{path}");
            let found = serde_json::to_string(&value).expect("JSON");
            assert_eq!(found, shown.unwrap_or(text.to_owned()), "{path}");
        }
    }
}
