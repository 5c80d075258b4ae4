//! `redrive compare`: what changed, whether that is better, and nothing that is chance.

use crate::support::Place;

fn simulate(place: &Place, file: &str, extra: &[&str]) {
    let args = [&["simulate", "--tasks", "2000", "--format", "json"], extra].concat();
    place.write(file, &place.ok(&args));
}

#[test]
fn nothing_changed() {
    let place = Place::new();
    simulate(&place, "a.json", &[]);
    simulate(&place, "b.json", &[]);
    assert_eq!(place.ok(&["compare", "a.json", "b.json"]), "No figure changed.\n");
}

#[test]
fn a_smaller_queue_is_worse() {
    let place = Place::new();
    simulate(&place, "a.json", &["--policy", "none", "--policy", "full"]);
    simulate(
        &place,
        "b.json",
        &["--policy", "none", "--policy", "equal", "--set", "server.queue.limit=20"],
    );
    let text = place.ok(&["compare", "a.json", "b.json"]);
    assert!(text.contains("“full” is only in the first."), "{text}");
    assert!(text.contains("“equal” is only in the second."), "{text}");
    let rejected = text.lines().find(|line| line.contains("rejectedAttempts")).expect("a row");
    assert!(rejected.starts_with("none") && rejected.contains('×'), "{rejected}");
    let table = place.ok(&["compare", "a.json", "b.json", "--format", "markdown"]);
    assert!(
        table
            .lines()
            .any(|line| line.contains("| deadLetterShare |") && line.ends_with("| worse |")),
        "{table}"
    );
}

#[test]
fn a_difference_due_to_chance_is_left_out() {
    let place = Place::new();
    for (file, seed) in [("a.json", "1"), ("b.json", "2")] {
        simulate(&place, file, &["--policy", "full", "--runs", "12", "--seed", seed]);
    }
    let text = place.ok(&["compare", "a.json", "b.json"]);
    assert!(text.contains("The seeds differ: 1 and 2."), "{text}");
    let changed = text.lines().filter(|line| line.starts_with("full")).count();
    // 26 figures at 95 %, many of them of one cause.
    assert!(changed <= 4, "{text}");
    simulate(
        &place,
        "c.json",
        &["--policy", "full", "--runs", "12", "--seed", "2", "--set", "policy.maxDelay=20s"],
    );
    let text = place.ok(&["compare", "a.json", "c.json"]);
    assert!(text.lines().any(|line| line.starts_with("full") && line.contains("p99")), "{text}");
}

#[test]
fn other_files_are_refused() {
    let place = Place::with("x.json", "{\n \"schema\": 5\n}");
    let error = place.refused(&["compare", "x.json", "x.json"]);
    assert!(error.contains("x.json:") && error.contains("not a result of"), "{error}");
}
