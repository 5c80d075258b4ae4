//! `--no-payload` and `--redact`: what a payload holds is not for every eye.

use crate::support::Place;

const LETTER: &str = r#"{"schema":"redrive-dead-letter/1","id":1,"key":"k","payload":{"card":{"number":"4111","cvc":123},"items":[{"name":"a"},{"name":"b"}]},"reason":"exhausted","diedAtNs":1}
"#;

#[test]
fn in_whole() {
    let place = Place::with("l.ndjson", LETTER);
    for args in [
        &["dlq", "show", "l.ndjson", "1", "--no-payload"][..],
        &["dlq", "show", "l.ndjson", "1", "--no-payload", "--format", "json"],
        &["dlq", "list", "l.ndjson", "--no-payload", "--format", "json"],
        &["dlq", "export", "l.ndjson", "--no-payload"],
        &["dlq", "export", "l.ndjson", "--no-payload", "--format", "csv"],
    ] {
        let shown = place.ok(args);
        assert!(!shown.contains("4111") && !shown.contains("cvc"), "{args:?}: {shown}");
    }
}

#[test]
fn field_by_field() {
    let place = Place::with("l.ndjson", LETTER);
    for args in [&["dlq", "show", "l.ndjson", "1"][..], &["dlq", "export", "l.ndjson"]] {
        let paths = ["--redact", "card.number", "--redact", "payload.items[*].name"];
        let shown = place.ok(&[args, &paths[..]].concat());
        assert!(!shown.contains("4111") && !shown.contains("\"a\""), "{args:?}: {shown}");
        assert!(shown.contains("123") && shown.contains("[redacted]"), "{args:?}: {shown}");
        let slip = place.refused(&[args, &["--redact", "card.numbre"]].concat());
        assert!(slip.contains("--redact card.numbre"), "{slip}");
    }
    assert_eq!(place.read("l.ndjson"), LETTER);
}
