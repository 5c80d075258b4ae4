//! What is wrong in a file is told with the file, the line, the field and the remedy.

use crate::support::Place;

const SCENARIO: &str = "\
name = \"mine\"
policies = [\"full\", { name = \"own\", file = \"own.json\" }]

[server]
workers = 4
service = { kind = \"fixed\", value = \"10ms\" }

[[faults]]
from = \"0s\"
until = \"10s\"
mode = \"down\"
";

#[test]
fn scenarios() {
    let place = Place::with("own.json", "{\"jitter\": \"full\"}");
    place.write("s.toml", SCENARIO);
    place.ok(&["simulate", "s.toml", "--format", "json"]);
    for (from, to, start) in [
        (
            "workers = 4",
            "wrokers = 4",
            "s.toml:5: server.wrokers is not a field; did you mean \"workers\"?",
        ),
        ("workers = 4", "workers = 0", "s.toml:5: server.workers = 0 is below 1"),
        ("\"down\"", "\"dwn\"", "s.toml:11: faults[0].mode = \"dwn\""),
        ("\"10ms\"", "\"-10ms\"", "s.toml:6: server.service.value"),
        ("[[faults]]", "[faults", "s.toml:8: this is not TOML"),
        (
            "[\"full\", { name = \"own\", file = \"own.json\" }]",
            "[]",
            "s.toml:2: policies is empty",
        ),
        ("\"full\"", "\"fulll\"", "s.toml:2: policies[0]"),
        ("own.json", "gone.json", "s.toml:2: policies[1].file = \"gone.json\""),
    ] {
        place.write("s.toml", &SCENARIO.replacen(from, to, 1));
        let error = place.refused(&["simulate", "s.toml"]);
        assert!(error.starts_with(&format!("error: {start}")), "{to}: {error}");
    }
}

#[test]
fn policies_in_json() {
    let place = Place::new();
    place.write("p.json", "");
    for (text, start) in [
        (
            "{\n \"jitter\": \"full\",\n \"maxDely\": 3\n}",
            "p.json:3: maxDely is not a field; did you mean \"maxDelay\"?",
        ),
        ("{\n \"jitter\": \"full\",\n \"jitter\": \"none\"\n}", "p.json:3: jitter is given twice"),
        ("{\n \"jitter\": \"full\"\n \"maxDelay\": 3\n}", "p.json:3: this is not JSON"),
        ("{\n \"jitter\": \"full\",\n", "p.json:"),
        ("[]", "p.json: "),
        ("", "p.json:1: this is not JSON"),
    ] {
        place.write("p.json", text);
        let error = place.refused(&["schedule", "-p", "p.json"]);
        assert!(error.starts_with(&format!("error: {start}")), "{text}: {error}");
    }
}

#[test]
fn files_that_cannot_be_read() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder.json")).expect("a folder");
    std::fs::write(place.path("bytes.json"), [0xff, 0xfe, 0x00]).expect("a file");
    for (file, why) in [
        ("gone.json", "it does not exist"),
        ("folder.json", "it is a folder"),
        ("bytes.json", "it is not UTF-8 text"),
    ] {
        for args in [["schedule", "-p", file], ["simulate", "--policy", file]] {
            let error = place.refused(&args);
            assert!(error.contains(file) && error.contains(why), "{error}");
        }
    }
}

#[test]
fn dead_letters() {
    let good = "{\"schema\":\"redrive-dead-letter/1\",\"key\":\"a\",\"reason\":\"exhausted\",\"diedAtNs\":5}";
    for (bad, why) in [
        ("not json", "this is not JSON"),
        ("{\"schema\":\"redrive-dead-letter/9\"}", "schema"),
        (
            "{\"schema\":\"redrive-dead-letter/1\",\"key\":\"a\",\"reason\":\"exhausted\"}",
            "diedAtNs",
        ),
    ] {
        let place = Place::with("l.ndjson", &format!("{good}\n\n{bad}\n"));
        let ran = place.run(&["dlq", "list", "l.ndjson"]);
        assert_eq!(ran.code, Some(0), "the other letter is whole: {ran:?}");
        assert!(ran.out.contains("1 of 1 letter"), "{ran:?}");
        assert!(ran.err.contains("l.ndjson:3: ") && ran.err.contains(why), "{ran:?}");
        place.write("l.ndjson", &format!("\n{bad}\n"));
        let error = place.refused(&["dlq", "list", "l.ndjson"]);
        assert!(error.starts_with("error: l.ndjson:2: ") && error.contains(why), "{error}");
    }
}
