//! `redrive check`: 0 and hints for what is right, 1 and the place for what is wrong, 2 for no file.

use crate::support::Place;

#[test]
fn a_good_policy_gets_its_hints() {
    let place = Place::with(
        "p.toml",
        "jitter = \"none\"\nmaxDelay = \"30s\"\n[backoff]\nkind = \"exponential\"\ninitial = \"1s\"\nmultiplier = 2\n",
    );
    let out = place.ok(&["check", "p.toml"]);
    assert!(out.starts_with("ok p.toml: a valid policy"), "{out}");
    assert!(out.contains("hint Without jitter"), "{out}");
    assert!(out.contains("Try jitter = \"full\""), "{out}");
}

#[test]
fn a_bad_file_fails_with_its_line() {
    let place = Place::new();
    place.write("p.json", "{\n  \"maxAttempts\": 0\n}");
    place.write("s.toml", "policies = [\"full\"]\n[server]\nworkers = 0\n");
    place.write("x.json", "{\n\n  oops\n}");
    place.write("l.ndjson", "{\"schema\":\"redrive-dead-letter/1\",\"key\":\"a\",\"reason\":\"exhausted\",\"diedAtNs\":5}\n{\"schema\":\"redrive-dead-letter/1\",\"key\":\"a\",\"reason\":\"tired\",\"diedAtNs\":5}\n");
    for (file, start) in [
        ("p.json", "failed: p.json:2: maxAttempts"),
        ("s.toml", "failed: s.toml:3: server.workers"),
        ("x.json", "failed: x.json:3: this is not JSON"),
        ("l.ndjson", "failed: l.ndjson:2: reason"),
    ] {
        let ran = place.run(&["check", file]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.lines().any(|line| line.starts_with(start)), "{}", ran.err);
    }
    assert!(place.refused(&["check", "nothing.json"]).contains("does not exist"));
}

#[test]
fn the_kind_is_found_out_or_told() {
    let place = Place::new();
    place.write("s.json", &place.ok(&["scenarios", "herd", "--format", "json"]));
    assert!(place.ok(&["check", "s.json"]).contains("a valid scenario (6 policies)"));
    place.write("l.json", "{\"schema\":\"redrive-dead-letter/1\",\"key\":\"a\",\"reason\":\"exhausted\",\"diedAtNs\":5}\n");
    assert!(place.ok(&["check", "l.json"]).contains("valid dead letters (1 letter)"));
    assert_eq!(place.run(&["check", "s.json", "--as", "policy"]).code, Some(1));
}
