//! Files of dead letters that others wrote, cut off or merged: no bad line makes the others unreadable.

use crate::{
    dead_letters_are_looked_at::letters,
    support::{Place, json},
};

fn fixture(name: &str) -> String {
    let path = format!("{}/../tests/golden/letters/{name}.ndjson", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("a fixture")
}

fn ids(place: &Place) -> Vec<u64> {
    let list = json(&place.ok(&["dlq", "list", "l.ndjson", "--format", "json"]));
    let letters = list["letters"].as_array().expect("a list");
    letters.iter().filter_map(|letter| letter["id"].as_u64()).collect()
}

#[test]
fn all_that_is_whole_is_listed() {
    for (name, expected) in [
        ("poison-header", &[1, 2][..]),
        ("torn", &[1, 2, 3]),
        ("bom", &[1, 2, 3]),
        ("deep", &[1]),
        ("merged", &[1, 2, 3, 4, 5]),
        ("nums", &[1]),
        ("nul", &[1]),
        ("uni", &[1, 2, 3, 4]),
    ] {
        let place = Place::with("l.ndjson", &fixture(name));
        if name == "deep" {
            // Deeper than the reader of these tests goes.
            assert!(place.ok(&["dlq", "list", "l.ndjson"]).contains("1 letter"), "{name}");
        } else {
            let mut found = ids(&place);
            found.sort_unstable();
            assert_eq!(found, expected, "{name}");
        }
        place.ok(&["dlq", "show", "l.ndjson", "1"]);
        place.ok(&["dlq", "stats", "l.ndjson"]);
        place.ok(&["dlq", "export", "l.ndjson", "--format", "csv"]);
    }
}

#[test]
fn a_damaged_line_is_named_and_stays_until_it_is_taken_out() {
    let torn = fixture("torn");
    let place = Place::with("l.ndjson", &torn);
    let ran = place.run(&["dlq", "redrive", "l.ndjson", "--id", "2", "--to", "back.ndjson"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("l.ndjson:4: ends in the middle of a record"), "{ran:?}");
    assert!(ran.err.contains("1 damaged line set aside"), "{ran:?}");
    let tail = torn.lines().last().expect("a torn line");
    assert!(place.read("l.ndjson").trim_end().ends_with(tail), "nothing is lost");
    assert_eq!(ids(&place), [1, 3]);

    let purge = ["dlq", "purge", "l.ndjson", "--id", "1", "--keep-damaged", "bad.ndjson"];
    let ran = place.run(&purge);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(place.read("bad.ndjson"), format!("{tail}\n"));
    assert!(!place.read("l.ndjson").contains(tail));
    place.write("l.ndjson", &torn);
    let again = place.run(&purge);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("bad.ndjson exists already"), "{again:?}");
    assert_eq!(place.read("l.ndjson"), torn, "nothing was changed");
}

#[test]
fn digits_and_characters_survive_a_redrive() {
    let place = Place::with("l.ndjson", &(fixture("nums") + &fixture("uni")));
    let tasks = place.ok(&["dlq", "redrive", "l.ndjson", "--id", "1"]);
    for number in ["1.0", "1e2", "-0.0", "12345678901234567890123", "1e-400"] {
        assert!(tasks.contains(number), "{tasks}");
    }
    let exported = place.ok(&["dlq", "export", "l.ndjson"]);
    assert_eq!(exported.lines().count(), 4);
    let listed = place.ok(&["dlq", "list", "l.ndjson", "--format", "json"]);
    assert!(json(&listed)["total"] == 4, "{listed}");
}

#[test]
fn redriven_tasks_can_be_read_as_letters() {
    let place = Place::with("l.ndjson", &letters());
    place.ok(&["dlq", "redrive", "l.ndjson", "--to", "back.ndjson"]);
    place.ok(&["dlq", "list", "back.ndjson"]);
}

#[test]
fn times_are_written_with_a_unit_or_a_date() {
    let place = Place::with("l.ndjson", fixture("bom").trim_start_matches('\u{feff}'));
    let older = |extra: &[&str]| {
        let args = [&["dlq", "list", "l.ndjson", "--format", "json"], extra].concat();
        json(&place.ok(&args))["selected"].as_u64()
    };
    // They died one, two and three seconds after 12:13:20.
    let now = "2025-11-23T12:13:23Z";
    assert_eq!(older(&["--older-than", "2s", "--now", now]), Some(1));
    assert_eq!(older(&["--older-than", "2s", "--now", "1763900003s"]), Some(1));
    assert_eq!(older(&["--older-than", "2s", "--now", "1763900003000ms"]), Some(1));
    assert_eq!(older(&["--older-than", "2025-11-23T12:13:22Z", "--now", now]), Some(2));
    assert_eq!(older(&["--younger-than", "2025-11-23T13:13:22+01:00", "--now", now]), Some(1));
    for (now, remedy) in [
        ("1763900010", "write it like 1763900010s"),
        ("1763900010000", "write it like 1763900010000ms"),
        ("1763900010000000000", "write it like 1763900010000000000ns"),
        ("yesterday", "write it like 2026-11-28T10:00:00Z"),
        ("-5", "write it like 2026-11-28T10:00:00Z"),
        ("1900-01-01T00:00:00Z", "before 1970"),
    ] {
        let error = place.refused(&["dlq", "list", "l.ndjson", "--now", now]);
        assert!(error.contains(remedy), "{error}");
    }
    let shown = place.ok(&["dlq", "show", "l.ndjson", "1"]);
    assert!(shown.contains("2025-11-23T12:13:21Z (") && shown.contains(" ago)"), "{shown}");
}
