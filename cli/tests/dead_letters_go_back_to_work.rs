//! `dlq redrive` and `dlq purge` change the file, say what they did, and lose nothing.

use crate::{
    dead_letters_are_looked_at::letters,
    support::{Place, json},
};

fn left(place: &Place) -> u64 {
    let list = json(&place.ok(&["dlq", "list", "l.ndjson", "--format", "json"]));
    list["total"].as_u64().expect("a number")
}

#[test]
fn redriven_tasks_leave_the_file_paced() {
    let place = Place::with("l.ndjson", &letters());
    let args = [
        "dlq",
        "redrive",
        "l.ndjson",
        "--reason",
        "exhausted",
        "--rate",
        "2",
        "--to",
        "back.ndjson",
    ];
    let report = place.ok(&args);
    assert!(report.contains("3 letters selected: 3 scheduled"), "{report}");
    assert_eq!(left(&place), 1);
    let tasks: Vec<_> = place.read("back.ndjson").lines().map(json).collect();
    assert_eq!(tasks.len(), 3);
    let times: Vec<u64> = tasks.iter().filter_map(|task| task["atNs"].as_u64()).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    assert!(times[2] - times[0] > 500_000_000, "paced at two a second: {times:?}");
    for task in &tasks {
        assert_eq!(
            (&task["letter"]["attempts"], &task["letter"]["redrives"]),
            (&0.into(), &1.into())
        );
    }
    let again = place.refused(&args);
    assert!(again.contains("back.ndjson exists already"), "{again}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let place = Place::with("l.ndjson", &letters());
    for args in [
        &["dlq", "redrive", "l.ndjson", "--dry-run"][..],
        &["dlq", "purge", "l.ndjson", "--all", "--dry-run"],
    ] {
        let report = place.ok(args);
        assert!(report.contains("dry run, nothing changed") && report.contains('4'), "{report}");
    }
    assert_eq!(place.read("l.ndjson"), letters());
    assert_eq!(place.names(), ["l.ndjson"]);
}

#[test]
fn tasks_come_out_and_the_report_goes_aside() {
    let place = Place::with("l.ndjson", &letters());
    let ran = place.run(&["dlq", "redrive", "l.ndjson", "--limit", "1", "--attempts", "2"]);
    assert_eq!(ran.code, Some(0));
    let task = json(&ran.out);
    assert_eq!((&task["letter"]["key"], &task["moreAttempts"]), (&"order-1".into(), &2.into()));
    assert!(
        ran.err.contains("1 scheduled") && ran.err.contains("more left by the limit"),
        "{}",
        ran.err
    );
    assert_eq!(left(&place), 3);
}

#[test]
fn a_redrive_that_did_nothing_says_so() {
    let place = Place::with("l.ndjson", &letters());
    let report = place.ok(&["dlq", "redrive", "l.ndjson", "--type", "nothing", "--to", "b.ndjson"]);
    assert!(report.contains("nothing redriven"), "{report}");
    assert_eq!(place.read("l.ndjson"), letters());
}

#[test]
fn a_letter_redriven_too_often_is_parked() {
    let often = letters().replace("\"attempts\":3", "\"redrives\":3,\"attempts\":3");
    let place = Place::with("l.ndjson", &often);
    let report = place.ok(&["dlq", "redrive", "l.ndjson", "--to", "b.ndjson"]);
    assert!(report.contains("4 parked"), "{report}");
    let parked = json(&place.ok(&["dlq", "list", "l.ndjson", "--parked", "--format", "json"]));
    assert_eq!(parked["selected"], 4);
}

#[test]
fn purge_needs_a_choice() {
    let place = Place::with("l.ndjson", &letters());
    let error = place.refused(&["dlq", "purge", "l.ndjson"]);
    assert!(error.contains("--all"), "{error}");
    assert_eq!(
        place.ok(&["dlq", "purge", "l.ndjson", "--type", "mail"]),
        "2 of 4 letters purged\n"
    );
    assert_eq!(left(&place), 2);
    assert_eq!(place.ok(&["dlq", "purge", "l.ndjson", "--all"]), "2 of 2 letters purged\n");
    assert_eq!(place.read("l.ndjson"), "");
}

#[test]
fn bad_plans_are_refused() {
    let place = Place::with("l.ndjson", &letters());
    for (extra, why) in [
        (&["--rate", "0"][..], "--rate 0"),
        (&["--rate", "NaN"], "--rate NaN"),
        (&["--spread", "-1s"], "--spread -1s"),
        (&["--attempts", "0"], "--attempts 0"),
        (&["--max-redrives", "x"], "--max-redrives x"),
        (&["--older-than", "old"], "--older-than old"),
    ] {
        let error = place.refused(&[&["dlq", "redrive", "l.ndjson"], extra].concat());
        assert!(error.contains(why), "{extra:?}: {error}");
    }
}
