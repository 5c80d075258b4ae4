//! `dlq list`, `show`, `stats` and `export`.

use crate::support::{Place, json};

/// Four letters: two reasons, two types, one without a number.
pub(crate) fn letters() -> String {
    let history = |message: &str| {
        format!(
            r#"[{{"attempt":3,"startedAtNs":4,"endedAtNs":5,"delayNs":1,"error":{{"kind":"timeout","message":"{message}"}}}}]"#
        )
    };
    let letter = |id: u64, key: &str, kind: &str, reason: &str, died: u64, message: &str| {
        let history = history(message);
        format!(
            r#"{{"schema":"redrive-dead-letter/1","id":{id},"key":"{key}","type":"{kind}","payload":{{"n":{id}}},"reason":"{reason}","attempts":3,"diedAtNs":{died},"history":{history}}}"#
        )
    };
    [
        letter(
            1,
            "order-1",
            "charge",
            "exhausted",
            10_000_000_000,
            "no answer in 5 s from 10.0.0.1",
        ),
        letter(
            2,
            "order-2",
            "charge",
            "exhausted",
            20_000_000_000,
            "no answer in 7 s from 10.0.0.2",
        ),
        letter(7, "mail-1", "mail", "permanent", 30_000_000_000, "no such mailbox"),
        letter(0, "mail-2", "mail", "exhausted", 40_000_000_000, "try later"),
    ]
    .join("\n")
        + "\n"
}

#[test]
fn list_filters() {
    let place = Place::with("l.ndjson", &letters());
    let ids = |extra: &[&str]| {
        let args = [&["dlq", "list", "l.ndjson", "--format", "json"], extra].concat();
        let list = json(&place.ok(&args));
        let letters = list["letters"].as_array().expect("a list").clone();
        letters.iter().map(|letter| letter["id"].as_u64().unwrap_or(0)).collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), [1, 2, 7, 8]);
    assert_eq!(ids(&["--reason", "permanent"]), [7]);
    assert_eq!(ids(&["--reason", "permanent", "--reason", "exhausted"]), [1, 2, 7, 8]);
    assert_eq!(ids(&["--type", "mail"]), [7, 8]);
    assert_eq!(ids(&["--message", "no answer"]), [1, 2]);
    assert_eq!(ids(&["--class", "timeout", "--key", "mail-2"]), [8]);
    assert_eq!(ids(&["--older-than", "15s"]), [1, 2]);
    assert_eq!(ids(&["--younger-than", "15s"]), [7, 8]);
    assert_eq!(ids(&["--younger-than", "15s", "--now", "50s"]), [8]);
    assert_eq!(ids(&["--id", "2", "--id", "7"]), [2, 7]);
    assert_eq!(ids(&["--limit", "1"]), [1]);
    assert_eq!(ids(&["--parked"]), Vec::<u64>::new());
    let text = place.ok(&["dlq", "list", "l.ndjson"]);
    assert!(text.contains("order-1") && text.contains("4 of 4 letters"), "{text}");
}

#[test]
fn show_tells_all() {
    let place = Place::with("l.ndjson", &letters());
    let text = place.ok(&["dlq", "show", "l.ndjson", "7"]);
    for part in ["mail-1", "permanent", "no such mailbox", "{\"n\":7}"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(
        json(&place.ok(&["dlq", "show", "l.ndjson", "7", "--format", "json"]))["key"],
        "mail-1"
    );
    let error = place.refused(&["dlq", "show", "l.ndjson", "99"]);
    assert!(error.contains("has no letter 99"), "{error}");
}

#[test]
fn stats_group_one_problem_as_one() {
    let place = Place::with("l.ndjson", &letters());
    let stats = json(&place.ok(&["dlq", "stats", "l.ndjson", "--format", "json"]));
    assert_eq!((&stats["total"], &stats["selected"]), (&4.into(), &4.into()));
    assert_eq!(stats["byReason"][0], json(r#"{"label":"exhausted","count":3,"example":8}"#));
    assert_eq!(stats["byPattern"][0]["count"], 2, "{stats}");
    let text = place.ok(&["dlq", "stats", "l.ndjson"]);
    assert!(text.contains("by reason") && text.contains("exhausted"), "{text}");
}

#[test]
fn export_round_trips_and_feeds_a_spreadsheet() {
    let place = Place::with("l.ndjson", &letters());
    place.write("copy.ndjson", &place.ok(&["dlq", "export", "l.ndjson"]));
    let list = |file| json(&place.ok(&["dlq", "list", file, "--format", "json"]));
    assert_eq!(list("l.ndjson"), list("copy.ndjson"));
    let csv = place.ok(&["dlq", "export", "l.ndjson", "--format", "csv", "--reason", "exhausted"]);
    assert_eq!(csv.lines().count(), 4);
    assert!(csv.contains("order-2"), "{csv}");
}

#[test]
fn a_terminal_is_not_driven_by_a_letter() {
    let evil = letters().replace("no such mailbox", "\\u001b[2J\\u0007gone");
    let place = Place::with("l.ndjson", &evil);
    for args in [
        &["dlq", "list", "l.ndjson"][..],
        &["dlq", "show", "l.ndjson", "7"],
        &["dlq", "stats", "l.ndjson"],
    ] {
        let out = place.ok(args);
        assert!(!out.contains('\u{1b}') && !out.contains('\u{7}'), "{out:?}");
    }
}
