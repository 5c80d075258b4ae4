//! A schedule of a huge number of attempts does not print without end.

use crate::support::{Place, json};

#[test]
fn at_a_thousand_rows_unless_all_are_asked_for() {
    let place = Place::new();
    let args = |extra: &[&'static str]| {
        [&["schedule", "--policy", "full", "--attempts", "3000"], extra].concat()
    };
    let text = place.ok(&args(&[]));
    assert!((1_000..1_020).contains(&text.lines().count()), "{}", text.lines().count());
    assert!(text.contains("--all"), "it says that there are more");
    let shown = json(&place.ok(&args(&["--format", "json"])));
    assert_eq!(shown["retries"].as_array().expect("a list").len(), 1_000);
    assert!(shown["end"].is_null());
    assert_eq!(place.ok(&args(&["--format", "csv"])).lines().count(), 1_001);
    assert_eq!(place.ok(&args(&["--format", "csv", "--all"])).lines().count(), 3_000);
}
