//! Hostile files and arguments, one a row of `hostile/cases.json`: each ends soon, in one of the three ways
//! that the program has to end, says in a few words why, and shows nothing that acts on its reader.
//!
//! A row has a name, arguments, files (a text, or parts that are repeated: `[text, times]`, with a third
//! entry where `#` stands for the number of the part), the exit code, and a part of what is said.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{Place, Ran, json};

fn rows() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/cases.json");
    let rows = json(&fs::read_to_string(path).expect("the table"));
    rows.as_array().expect("rows").clone()
}

fn content(file: &Value) -> String {
    let part = |part: &Value| {
        let text = part[0].as_str().expect("a text");
        let times = part[1].as_u64().expect("a number");
        match part.get(2) {
            None => text.repeat(times as usize),
            Some(_) => (0..times).map(|n| text.replace('#', &n.to_string())).collect(),
        }
    };
    match file {
        Value::String(text) => text.clone(),
        parts => parts.as_array().expect("parts").iter().map(part).collect(),
    }
}

fn run(row: &Value) -> Ran {
    let place = Place::new();
    for (name, file) in row["files"].as_object().expect("files") {
        place.write(name, &content(file));
    }
    let args = row["args"].as_array().expect("arguments").iter();
    let args: Vec<&str> = args.map(|arg| arg.as_str().expect("a text")).collect();
    place.run(&args)
}

fn hidden(c: char) -> bool {
    let acts = c.is_control() && !matches!(c, '\n' | '\t');
    acts || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What is wrong with how a row ended.
fn faults(row: &Value, ran: &Ran) -> Vec<String> {
    let mut faults = Vec::new();
    let said = format!("{}{}", ran.out, ran.err);
    if ran.code.map(i64::from) != row["code"].as_i64() {
        faults.push(format!("ended with {:?}", ran.code));
    }
    if !said.contains(row["says"].as_str().expect("a text")) {
        faults.push("says something else".to_owned());
    }
    if said.contains("panicked") {
        faults.push("panicked".to_owned());
    }
    if let Some(c) = said.chars().find(|c| hidden(*c)) {
        faults.push(format!("shows {c:?}"));
    }
    if ran.err.len() > 3_000 || ran.out.len() > 100_000 {
        faults.push(format!("says {} and {} bytes", ran.err.len(), ran.out.len()));
    }
    faults
}

#[test]
fn every_row_ends_as_it_says() {
    let rows = rows();
    assert!(rows.len() >= 100, "only {}", rows.len());
    let wrong = rows.iter().filter_map(|row| {
        let ran = run(row);
        let faults = faults(row, &ran);
        let start: String = ran.err.chars().take(300).collect();
        (!faults.is_empty()).then(|| format!("{}: {} ({start})", row["name"], faults.join(", ")))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_row_can_fail() {
    let row = json(r#"{"name":"x","args":[],"files":{},"code":2,"says":"no"}"#);
    let ran = Ran { code: Some(101), out: "\u{1b}".into(), err: "panicked".into() };
    assert_eq!(faults(&row, &ran).len(), 4);
}
