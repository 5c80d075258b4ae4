//! YAML as a tree. JSON is YAML, too.

use redrive::wire::{ConfigError, Value};
use yaml_rust2::{
    Event,
    parser::Parser,
    scanner::{Marker, TScalarStyle},
};

/// Values are not nested any deeper than that.
const DEEPEST: usize = 128;
/// Aliases may not make more of a file than so many values.
const MOST_VALUES: usize = 100_000;

/// Reads a file of YAML (1.2, core schema); several documents become a list of them.
///
/// # Errors
/// Names the line that is not YAML, a key that is in a group twice, and what is nested too deeply.
pub fn read_yaml(text: &str) -> Result<Value, ConfigError> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    loop {
        let (event, mark) = parser
            .next_token()
            .map_err(|error| at(error.marker(), format!("is not YAML: {}", error.info())))?;
        if event == Event::StreamEnd {
            break;
        }
        builder.take(event, &mark)?;
    }
    let mut documents = builder.documents;
    Ok(match documents.len() {
        1 => documents.remove(0),
        _ => Value::List(documents),
    })
}

fn at(mark: &Marker, message: impl Into<String>) -> ConfigError {
    ConfigError::new(format!("line {}", mark.line()), message)
}

/// A group or list that is not complete yet.
struct Open {
    value: Value,
    key: Option<String>,
    anchor: usize,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: Vec<(usize, Value)>,
    documents: Vec<Value>,
    values: usize,
}

impl Builder {
    fn take(&mut self, event: Event, mark: &Marker) -> Result<(), ConfigError> {
        match event {
            Event::SequenceStart(anchor, _) => self.begin(Value::List(Vec::new()), anchor, mark),
            Event::MappingStart(anchor, _) => self.begin(Value::Map(Vec::new()), anchor, mark),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.put(done.value, done.anchor, mark),
                None => Ok(()),
            },
            Event::Scalar(text, style, anchor, _) => self.put(scalar(text, style), anchor, mark),
            Event::Alias(anchor) => {
                let known = self.anchors.iter().rev().find(|(id, _)| *id == anchor);
                match known.map(|(_, value)| value.clone()) {
                    Some(value) => self.put(value, 0, mark),
                    None => Err(at(mark, "is an alias of nothing that is complete")),
                }
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn begin(&mut self, value: Value, anchor: usize, mark: &Marker) -> Result<(), ConfigError> {
        if self.open.len() >= DEEPEST {
            return Err(at(mark, format!("is nested more than {DEEPEST} deep")));
        }
        self.open.push(Open { value, key: None, anchor });
        Ok(())
    }

    fn put(&mut self, value: Value, anchor: usize, mark: &Marker) -> Result<(), ConfigError> {
        self.values += size(&value);
        if self.values > MOST_VALUES {
            return Err(at(mark, format!("makes more than {MOST_VALUES} values of the file")));
        }
        if anchor > 0 {
            self.anchors.push((anchor, value.clone()));
        }
        let Some(Open { value: parent, key, .. }) = self.open.last_mut() else {
            self.documents.push(value);
            return Ok(());
        };
        match parent {
            Value::List(items) => items.push(value),
            Value::Map(entries) => match key.take() {
                Some(key) if entries.iter().any(|(other, _)| *other == key) => {
                    return Err(at(mark, format!("has the key {key} twice; keep one")));
                }
                Some(key) => entries.push((key, value)),
                None => {
                    let name = match value {
                        Value::Text(text) => text,
                        Value::Map(_) | Value::List(_) => {
                            return Err(at(mark, "has a key that is not a string"));
                        }
                        other => other.to_string(),
                    };
                    *key = Some(name);
                }
            },
            _ => {}
        }
        Ok(())
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(_, value)| size(value)).sum::<usize>(),
        _ => 1,
    }
}

/// A plain scalar by the core schema; what is quoted is text.
fn scalar(text: String, style: TScalarStyle) -> Value {
    if style != TScalarStyle::Plain {
        return Value::Text(text);
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let parsed = || {
        let hexadecimal = text.strip_prefix("0x").and_then(|d| u64::from_str_radix(d, 16).ok());
        let octal = text.strip_prefix("0o").and_then(|d| u64::from_str_radix(d, 8).ok());
        if let Some(number) = hexadecimal.or(octal).or_else(|| text.parse().ok()) {
            return Some(Value::Unsigned(number));
        }
        if !is_number {
            return None;
        }
        let signed = text.parse().ok().map(Value::Signed);
        signed.or_else(|| text.parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Float))
    };
    parsed().unwrap_or(Value::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_of_the_core_schema() {
        let text =
            "a: 3\nb: -4\nc: 0.5\nd: \"5\"\ne: yes\nf: true\ng: ~\nh: 0x1F\ni: 1s\nj: 1.2.3\n";
        let tree = read_yaml(text).unwrap();
        let of = |name| tree.get(name).cloned().unwrap();
        assert_eq!((of("a"), of("b")), (Value::Unsigned(3), Value::Signed(-4)));
        assert_eq!((of("c"), of("d")), (Value::Float(0.5), "5".into()));
        assert_eq!((of("e"), of("f"), of("g")), ("yes".into(), Value::Bool(true), Value::Null));
        assert_eq!((of("h"), of("i"), of("j")), (31_u32.into(), "1s".into(), "1.2.3".into()));
    }

    #[test]
    fn documents_aliases_and_json_are_read() {
        assert_eq!(read_yaml("a: 1\n---\nb: 2\n").unwrap().get("b"), None);
        let tree = read_yaml("x: &r\n  retries: 3\ny: *r\n").unwrap();
        assert_eq!(tree.get("x"), tree.get("y"));
        let json = r#"{"a": [1, "b", null, {"c": -0.5}]}"#;
        assert_eq!(read_yaml(json).unwrap().to_string().replace(' ', ""), json.replace(' ', ""));
    }

    #[test]
    fn hostile_files_are_refused_at_a_line() {
        let path = |text: &str| read_yaml(text).unwrap_err().path().to_owned();
        assert_eq!(path("a: 1\na: 2\n"), "line 2");
        assert_eq!(path("a: [1\n"), "line 2");
        assert_eq!(path(&"- ".repeat(100_000)), "line 1");
        assert_eq!(path(&"[".repeat(100_000)), "line 1");
        let mut bomb = String::from("a0: &a0 [x, x]\n");
        for n in 1..40 {
            bomb += &format!("a{n}: &a{n} [*a{p}, *a{p}]\n", p = n - 1);
        }
        assert!(read_yaml(&bomb).unwrap_err().to_string().contains("more than 100000 values"));
    }
}
