//! A redrive in several calls: the first of each group, then the rest of those that did well.

use crate::support::{Place, json};

/// Letters 1 to 6 died of `a`, 7 to 12 of `b`.
fn letters() -> String {
    let letter = |id: u64| {
        let kind = if id <= 6 { "a" } else { "b" };
        format!(
            r#"{{"schema":"redrive-dead-letter/1","id":{id},"key":"k{id}","payload":{{"n":{id}}},"reason":"exhausted","attempts":1,"diedAtNs":{id},"history":[{{"attempt":1,"startedAtNs":1,"endedAtNs":1,"delayNs":0,"error":{{"kind":"{kind}","message":"no row {id}"}}}}]}}"#
        )
    };
    (1..=12).map(|id| letter(id) + "\n").collect()
}

fn keys(place: &Place, file: &str) -> Vec<String> {
    let tasks = place.read(file);
    let key = |line: &str| json(line)["letter"]["key"].as_str().expect("a key").to_owned();
    tasks.lines().map(key).collect()
}

/// Writes what became of the tasks of `file` into them.
fn end(place: &Place, file: &str, outcome: impl Fn(&str) -> Option<&'static str>) {
    let tasks = place.read(file);
    let ended = tasks.lines().map(|line| {
        let key = json(line)["letter"]["key"].as_str().expect("a key").to_owned();
        match outcome(&key) {
            None => line.to_owned() + "\n",
            Some(word) => format!("{},\"outcome\":\"{word}\"}}\n", &line[..line.len() - 1]),
        }
    });
    place.write(file, &ended.collect::<String>());
}

const FIRST: [&str; 7] = ["dlq", "redrive", "l.ndjson", "--canary", "2", "--to", "first"];
const NEXT: [&str; 9] =
    ["dlq", "redrive", "l.ndjson", "--canary", "2", "--after", "first", "--to", "rest"];

#[test]
fn the_rest_of_a_group_follows_its_first() {
    let place = Place::with("l.ndjson", &letters());
    let report = place.ok(&FIRST);
    assert!(report.contains("4 scheduled") && report.contains("8 held back"), "{report}");
    assert_eq!(keys(&place, "first"), ["k1", "k2", "k7", "k8"]);
    end(&place, "first", |key| Some(if key < "k3" { "succeeded" } else { "failed" }));
    let report = place.ok(&NEXT);
    assert!(report.starts_with("after 4 tasks (2 failed, 0 unknown): 8 letters"), "{report}");
    assert_eq!(keys(&place, "rest"), ["k3", "k4", "k5", "k6"]);
    assert_eq!(place.read("l.ndjson").lines().count(), 4);
}

#[test]
fn a_task_that_is_back_in_the_queue_has_failed_and_waits() {
    let place = Place::with("l.ndjson", &letters());
    place.ok(&FIRST);
    // A worker put the letters of `b` back, and says nothing else.
    let back = place.read("first");
    let back = back.lines().filter_map(|line| {
        let task = json(line);
        let key = task["letter"]["key"].as_str()?.to_owned();
        (*key > *"k3").then(|| task["letter"].to_string() + "\n")
    });
    let queue = place.read("l.ndjson") + &back.collect::<String>();
    place.write("l.ndjson", &queue);
    let ran = place.run(&[&NEXT[..], &["--dry-run"]].concat());
    assert!(ran.out.contains("(2 failed, 2 unknown)"), "{ran:?}");
    assert!(ran.err.contains("2 tasks of --after have no outcome"), "{ran:?}");
    assert!(ran.out.contains("nothing redriven"), "{ran:?}");
    let report = place.ok(&[&NEXT[..], &["--otherwise", "succeeded"]].concat());
    assert!(report.contains("4 scheduled") && report.contains("tried in this redrive"), "{report}");
    assert_eq!(keys(&place, "rest"), ["k3", "k4", "k5", "k6"]);
}

#[test]
fn nothing_more_goes_when_too_many_failed() {
    let place = Place::with("l.ndjson", &letters());
    place.ok(&FIRST);
    end(&place, "first", |key| Some(if key == "k1" { "succeeded" } else { "failed" }));
    let stop = ["--stop-when", "failed > 50 % of 4", "--format", "json"];
    let report = json(&place.ok(&[&NEXT[..], &stop].concat()));
    assert_eq!(report["schema"], "redrive-report/1");
    assert_eq!((&report["stopped"], &report["heldBack"]), (&true.into(), &8.into()));
    assert_eq!(report["after"]["failed"], 3);
    assert_eq!((place.read("rest"), place.read("l.ndjson").lines().count()), (String::new(), 8));
}

#[test]
fn enough_need_not_be_all() {
    for (share, sent) in [("50%", 8), ("51 %", 0), ("0.5", 8)] {
        let place = Place::with("l.ndjson", &letters());
        place.ok(&FIRST);
        end(&place, "first", |key| {
            Some(if matches!(key, "k1" | "k7") { "succeeded" } else { "failed" })
        });
        place.ok(&[&NEXT[..], &["--succeed", share]].concat());
        assert_eq!(keys(&place, "rest").len(), sent, "{share}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_moves() {
    let place = Place::with("l.ndjson", &letters());
    place.ok(&FIRST);
    place.write("twice", &(place.read("first") + &place.read("first")));
    place.write("broken", "{\n");
    let redrive = ["dlq", "redrive", "l.ndjson"];
    for (extra, why) in [
        (&["--canary", "0"][..], "--canary 0"),
        (&["--stop-when", "failed > 20 %"], "--after"),
        (&["--after", "first"], "--canary"),
        (&["--canary", "2", "--after", "nowhere"], "nowhere"),
        (&["--canary", "2", "--after", "twice"], "twice:5"),
        (&["--canary", "2", "--after", "broken"], "broken:1"),
        (&["--canary", "2", "--after", "l.ndjson"], "redrive-redriven/1"),
        (&["--canary", "2", "--succeed", "120%"], "--succeed 120%"),
        (&["--canary", "2", "--after", "first", "--stop-when", "never"], "--stop-when never"),
    ] {
        let before = place.read("l.ndjson");
        let error = place.refused(&[&redrive[..], extra].concat());
        assert!(error.contains(why), "{extra:?}: {error}");
        assert_eq!(place.read("l.ndjson"), before);
    }
}
