//! Whatever a name or a message holds: no control, bidirectional or zero-width character, no live
//! markup and no formula reaches a terminal, a file or an error.

use std::{fs, path::Path};

use serde_json::json;

use crate::support::Place;

/// Texts that do something to their reader.
const EVIL: [&str; 6] = [
    "ev\u{1b}]0;PWNED\u{7}il\u{1b}[2J\u{9b}31m\u{7f}",
    "RTL\u{202e}\u{2066}\u{200b}\u{feff}\u{ad}\u{2028}\u{e0041}\rCR\u{8}",
    "| x\n\n# H1\n- @torvalds #1 http://evil.example <img src=x> ![a](b) `c` ~~s~~ GH-1 www.evil.example",
    "</text></title></style><script>alert(1)</script>]]><!--&#x1b;\u{0}\u{fffe}",
    "=HYPERLINK(\"http://evil\",\"x\")",
    "\u{fdd0}\u{fdd1}\u{fdef}\t@SUM(1+1)*cmd|' /C calc'!A0",
];

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fffe}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn check(what: &str, text: &str) {
    let found = text.char_indices().find(|(_, c)| is_hidden(*c) && *c != '\n' && *c != '\t');
    if let Some((at, c)) = found {
        let start = text[..at].char_indices().rev().nth(60).map_or(0, |(start, _)| start);
        panic!("{what} has {c:?} after {:?}", &text[start..at]);
    }
}

fn check_files(what: &str, folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            check_files(what, &path);
        } else if !name.ends_with(".png") {
            let text = fs::read_to_string(&path).expect("text");
            check(&format!("{name} of {what}"), &text);
            if name.ends_with(".svg") || name.ends_with(".html") {
                assert!(!text.contains("<script>alert"), "{name} of {what}");
                assert!(!text.contains("<img src=x"), "{name} of {what}");
            }
            if name.ends_with(".csv") {
                let cells = text.lines().flat_map(|line| line.split(','));
                let formula = cells.map(|cell| cell.trim_matches('"')).find(|cell| {
                    cell.starts_with(['=', '@', '+', '-']) && cell.parse::<f64>().is_err()
                });
                assert_eq!(formula, None, "{name} of {what}");
            }
        }
    }
}

fn scenario(evil: &str) -> String {
    let policy = |name: &str| json!({"name": name, "policy": {"maxAttempts": 2}});
    json!({
        "name": evil, "title": evil, "about": evil,
        "arrivals": {"kind": "herd", "tasks": 60},
        "server": {"workers": 1, "service": "1ms", "queue": {"limit": 5}},
        "policies": [policy(evil), policy(&format!("{evil}2"))],
        "report": {"windows": [{"name": evil, "from": "0s", "to": "1s"}]},
    })
    .to_string()
}

fn letter(evil: &str) -> String {
    let error = json!({"kind": evil, "message": evil, "code": evil});
    json!({
        "schema": "redrive-dead-letter/1", "id": 1, "key": evil, "type": evil,
        "payload": {"x": evil, evil: 1}, "reason": "exhausted", "attempts": 2, "diedAtNs": 10,
        "history": [{"attempt": 1, "startedAtNs": 0, "endedAtNs": 1, "delayNs": 0, "error": error}],
    })
    .to_string()
        + "\n"
}

/// Runs it and looks at all that it said; what it was does not matter.
fn look(place: &Place, args: &[&str]) -> String {
    let ran = place.run(args);
    assert!(ran.code.is_some(), "{args:?}: {ran:?}");
    check(&format!("{args:?}"), &ran.out);
    check(&format!("the error of {args:?}"), &ran.err);
    ran.out
}

#[test]
fn of_scenarios() {
    for evil in EVIL {
        let place = Place::with("s.json", &scenario(evil));
        for args in [
            &["simulate", "s.json", "--out", "out", "--records"][..],
            &["simulate", "s.json", "--format", "json"],
            &["simulate", "s.json", "--runs", "2"],
            &["check", "s.json"],
            &["sweep", "s.json", "--vary", "policy.maxAttempts=1,2", "--out", "sweep"],
            &[
                "tune",
                "s.json",
                "--trials",
                "4",
                "--search-runs",
                "1",
                "--runs",
                "2",
                "--out",
                "tuned",
            ],
        ] {
            look(&place, args);
        }
        check_files(evil, &place.path("out"));
        check_files(evil, &place.path("sweep"));
        let markdown = look(&place, &["simulate", "s.json", "--format", "markdown"]);
        inert(&markdown);
        let summary = place.read("out/summary.json");
        place.write("after.json", &summary.replace("\"succeeded\": 60", "\"succeeded\": 59"));
        look(&place, &["compare", "out/summary.json", "after.json"]);
        inert(&look(
            &place,
            &["compare", "out/summary.json", "after.json", "--format", "markdown"],
        ));
    }
}

/// No markup of the names', no HTML, no link, no mention, no reference.
fn inert(markdown: &str) {
    let code: Vec<&str> =
        markdown.lines().filter(|line| line.contains("redrive simulate")).collect();
    for line in markdown.lines().filter(|line| !code.contains(line)) {
        for live in ["<img", "<script", "@torvalds", "#1 ", "://", "![", "~~s", "GH-1", "www.evil"]
        {
            let heading = line.starts_with("### ");
            assert!(!line.contains(live) || heading, "{live:?} in {line}");
        }
    }
}

#[test]
fn of_dead_letters() {
    for evil in EVIL {
        let place = Place::with("l.ndjson", &letter(evil));
        for args in [
            &["dlq", "list", "l.ndjson"][..],
            &["dlq", "list", "l.ndjson", "--format", "json"],
            &["dlq", "show", "l.ndjson", "1"],
            &["dlq", "show", "l.ndjson", "1", "--format", "json"],
            &["dlq", "stats", "l.ndjson"],
            &["dlq", "stats", "l.ndjson", "--format", "json"],
            &["dlq", "export", "l.ndjson"],
            &["dlq", "redrive", "l.ndjson", "--dry-run"],
            &["check", "l.ndjson"],
        ] {
            look(&place, args);
        }
        place.write("out.csv", &look(&place, &["dlq", "export", "l.ndjson", "--format", "csv"]));
        let folder = place.path("csv");
        fs::create_dir(&folder).expect("a folder");
        fs::rename(place.path("out.csv"), folder.join("out.csv")).expect("a file");
        check_files(evil, &folder);
        look(&place, &["dlq", "redrive", "l.ndjson"]);
    }
}

#[test]
fn of_what_is_typed_and_what_is_wrong() {
    for evil in EVIL.iter().map(|evil| evil.replace('\0', "")) {
        let place = Place::with("bad.json", &json!({"name": 5, &*evil: evil}).to_string());
        place.write("bad.toml", &format!("x = 1\n{evil}\n"));
        place.write("bad.ndjson", &format!("{}{evil}\n", letter(&evil)));
        place.write(
            "policy.json",
            &json!({"maxAttempts": evil, "backoff": {"kind": evil}}).to_string(),
        );
        let set = format!("server.workers={evil}");
        for args in [
            &["simulate", &evil][..],
            &["simulate", "bad.json"],
            &["simulate", "bad.toml"],
            &["simulate", "herd", "--set", &set],
            &["simulate", "herd", "--set", &evil],
            &["simulate", "herd", "--policy", &evil],
            &["simulate", "herd", "--out", "bad.json"],
            &["check", "bad.json"],
            &["check", "bad.toml"],
            &["check", "bad.ndjson"],
            &["check", "policy.json", "--as", "policy"],
            &["schedule", "--policy", &evil],
            &["schedule", "--policy", "full", "--key", &evil],
            &["schedule", "--policy", "full", "--key", &evil, "--format", "json"],
            &["sweep", "herd", "--vary", &evil],
            &["tune", "herd", "--subject-to", &evil],
            &["compare", "bad.json", &evil],
            &["import", "--from", &evil, "bad.json"],
            &["import", "--from", "temporal", "bad.json"],
            &["export", "--to", &evil, "full"],
            &["presets", &evil],
            &["scenarios", &evil],
            &["dlq", "list", "bad.ndjson"],
            &["dlq", "list", &evil],
            &["dlq", "list", "bad.ndjson", "--reason", &evil],
            &["dlq", "redrive", "bad.ndjson", "--rate", &evil],
            &[&evil],
        ] {
            look(&place, args);
        }
    }
}

#[test]
fn a_long_value_is_not_repeated_whole() {
    let long = "x".repeat(1_000_000);
    let policy = json!({"name": &long, "policy": {"maxAttempts": 2}}).to_string();
    let place = Place::with("p.json", &json!({"backoff": long.clone()}).to_string());
    place.write("q.json", &json!({long.clone(): 1}).to_string());
    place.write("l.ndjson", &letter(&long));
    place.write("s.toml", &format!("name = \"{long}\"\n[arrivals]\nkind = \"{long}\"\n"));
    place.write("t.json", &format!("{{\"policies\": [{policy}]}}"));
    for args in [
        &["check", "p.json"][..],
        &["check", "q.json"],
        &["simulate", "s.toml"],
        &["simulate", "t.json"],
        &["schedule", "--policy", "p.json"],
        &["dlq", "list", "l.ndjson"],
        &["dlq", "show", "l.ndjson", "1"],
        &["dlq", "stats", "l.ndjson"],
    ] {
        let ran = place.run(args);
        let all = ran.out.len() + ran.err.len();
        assert!(all < 20_000, "{args:?} printed {all} bytes");
    }
}
