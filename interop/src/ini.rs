//! Sections of `key = value` lines, as the AWS tools write them.

use std::fmt::Write;

use redrive::wire::{ConfigError, Value};

/// Reads sections and their keys; a comment begins with `#` or `;`, and what is indented belongs to
/// the key above it and is left out.
///
/// # Errors
/// Names the line that is neither.
pub fn read_ini(text: &str) -> Result<Value, ConfigError> {
    let mut sections: Vec<(String, Value)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let row = index + 1;
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) || line.starts_with([' ', '\t']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push((name.trim().to_owned(), Value::Map(Vec::new())));
            continue;
        }
        let pair = trimmed.split_once('=');
        let (Some((key, value)), Some((_, Value::Map(entries)))) = (pair, sections.last_mut())
        else {
            let message = "is neither a [section] nor a key = value line within one";
            return Err(ConfigError::new(format!("line {row}"), message));
        };
        entries.push((key.trim().to_owned(), Value::from(value.trim())));
    }
    Ok(Value::Map(sections))
}

/// Writes what [`read_ini`] reads.
#[must_use]
pub fn write_ini(tree: &Value) -> String {
    let mut text = String::new();
    let Value::Map(sections) = tree else { return text };
    for (name, section) in sections {
        let _ = writeln!(text, "{}[{name}]", if text.is_empty() { "" } else { "\n" });
        let Value::Map(entries) = section else { continue };
        for (key, value) in entries {
            let value = value.as_text().map_or_else(|| value.to_string(), ToOwned::to_owned);
            let _ = writeln!(text, "{key} = {value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_and_written() {
        let text = "[default]\nretry_mode = standard\n\n[profile batch]\nmax_attempts = 5\n";
        let tree = read_ini(text).unwrap();
        assert_eq!(write_ini(&tree), text);
        let noise = format!("# mine\n{text}s3 =\n  max_concurrent_requests = 20\n");
        assert!(read_ini(&noise).unwrap().get("profile batch").unwrap().get("s3").is_some());
    }

    #[test]
    fn a_line_that_is_neither_is_named() {
        assert_eq!(read_ini("[default]\nretry_mode\n").unwrap_err().path(), "line 2");
        assert_eq!(read_ini("retry_mode = standard\n").unwrap_err().path(), "line 1");
    }
}
