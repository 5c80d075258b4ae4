//! `redrive schedule`: the delays of a policy, in three forms.

use crate::support::{Place, json};

#[test]
fn the_default_is_the_specification() {
    let schedule = json(&Place::new().ok(&["schedule", "--policy", "classic", "--format", "json"]));
    assert_eq!(schedule["schema"], "redrive-schedule/1");
    let retries = schedule["retries"].as_array().expect("a list");
    assert_eq!(retries.len(), 2);
    for (retry, (min, max)) in
        retries.iter().zip([(2_000_000_000_u64, 2_200_000_000_u64), (4_000_000_000, 4_400_000_000)])
    {
        assert_eq!((&retry["minNs"], &retry["maxNs"]), (&min.into(), &max.into()));
        let delay = retry["delayNs"].as_u64().expect("a number");
        assert!((min..=max).contains(&delay), "{delay}");
        assert_eq!(retry["bands"], "exact");
    }
    assert_eq!(schedule["end"], json(r#"{"deadLetter":"exhausted","attempts":3}"#));
}

#[test]
fn csv_holds_the_same_numbers_as_json() {
    let place = Place::new();
    let run = |format| {
        place.ok(&["schedule", "-p", "decorrelated", "--samples", "500", "--format", format])
    };
    let (csv, json) = (run("csv"), json(&run("json")));
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let place_of = |name| header.iter().position(|column| *column == name).expect("a column");
    for (line, retry) in lines.zip(json["retries"].as_array().expect("a list")) {
        for (column, field) in [
            ("delay_ns", "delayNs"),
            ("p95_ns", "p95Ns"),
            ("sd_ns", "sdNs"),
            ("p99_9_ns", "p99_9Ns"),
        ] {
            assert_eq!(line[place_of(column)], retry[field].to_string(), "{column}");
        }
        assert_eq!(retry["samples"], 500);
    }
    assert_eq!(json["bands"], "sampled");
}

#[test]
fn text_shows_each_retry_and_the_end() {
    let out = Place::new().ok(&["schedule", "--policy", "full"]);
    assert_eq!(out.lines().filter(|line| line.contains('█')).count(), 9, "{out}");
    assert!(out.contains("reason exhausted: after 10 attempts"), "{out}");
    let hinted = Place::new().ok(&["schedule", "--policy", "none"]);
    assert!(hinted.contains("hint: Without jitter"), "{hinted}");
}

#[test]
fn a_policy_of_the_users_own_from_either_format() {
    let place = Place::new();
    place.write("mine.toml", "jitter = \"none\"\nmaxAttempts = 4\n[backoff]\nkind = \"table\"\ndelays = [\"1s\", \"5s\"]\n");
    place.write(
        "mine.json",
        r#"{"jitter":"none","max_attempts":4,"backoff":{"kind":"table","delays":["1s",5000]}}"#,
    );
    let delays = |file| {
        let schedule = json(&place.ok(&["schedule", "-p", file, "--format", "json"]));
        let retries = schedule["retries"].as_array().expect("a list").clone();
        retries.iter().map(|retry| retry["delayNs"].as_u64()).collect::<Vec<_>>()
    };
    assert_eq!(delays("mine.toml"), [1, 5, 5].map(|secs| Some(secs * 1_000_000_000)));
    assert_eq!(delays("mine.toml"), delays("mine.json"));
}

#[test]
fn key_and_seed_choose_the_delays() {
    let place = Place::new();
    let delay = |extra: &[&str]| {
        let args = [&["schedule", "-p", "full", "--format", "csv"], extra].concat();
        place.ok(&args).lines().nth(1).map(str::to_owned)
    };
    let base = delay(&[]);
    assert_eq!(base, delay(&["--seed", "42", "--key", "0"]));
    assert_ne!(base, delay(&["--key", "order-17"]));
    assert_ne!(base, delay(&["--seed", "43"]));
}

#[test]
fn a_policy_without_a_maximum_is_shown_in_part() {
    let schedule = json(&Place::new().ok(&["schedule", "-p", "temporal", "--format", "json"]));
    assert_eq!(schedule["retries"].as_array().map(Vec::len), Some(20));
    assert_eq!(schedule["end"], serde_json::Value::Null);
}

#[test]
fn the_longest_delays_there_are_do_not_overflow() {
    let place = Place::new();
    place.write(
        "long.json",
        r#"{"backoff":{"kind":"constant","delay":"213503d"},"maxDelay":null,"jitter":"none"}"#,
    );
    let schedule =
        json(&place.ok(&["schedule", "-p", "long.json", "--attempts", "50", "--format", "json"]));
    let last = &schedule["retries"][48];
    assert_eq!(last["atNs"].as_u64(), Some(u64::MAX));
}

#[test]
fn a_script_of_failures_shows_what_the_rules_do() {
    let place = Place::with(
        "policy.toml",
        "maxAttempts = 6\nmaxDelay = \"30s\"\njitter = \"none\"\n[backoff]\nkind = \"constant\"\ndelay = \"1s\"\n\
         [[classify]]\nmatch = \"throttle\"\naction = \"retry\"\nbackoff = { kind = \"constant\", delay = \"9s\" }\n\
         [[classify]]\nmatch = [\"invalid\", \"4xx\"]\naction = \"deadLetter\"\n",
    );
    let run = |script: &[&str], format| {
        place.ok(&[&["schedule", "-p", "policy.toml", "--format", format], script].concat())
    };
    let script = ["--failure", "503", "--failure", "ThrottlingException,400", "--failure", "422"];
    let told = json(&run(&script, "json"));
    let retries = told["retries"].as_array().expect("a list");
    let of = |n: usize, field: &str| retries[n][field].clone();
    assert_eq!(retries.len(), 2);
    assert_eq!((of(0, "delayNs"), of(0, "rule")), (1_000_000_000.into(), json("null")));
    assert_eq!((of(1, "delayNs"), of(1, "rule")), (9_000_000_000_u64.into(), 0.into()));
    assert_eq!(told["end"], json(r#"{"deadLetter":"permanent","attempts":3}"#));
    let text = run(&script, "text");
    assert!(text.contains("reason permanent: after 3 attempts"), "{text}");
    assert!(run(&script, "csv").contains(",\"ThrottlingException,400\",0,"));
}

#[test]
fn a_servers_retry_after_is_part_of_the_script() {
    let place = Place::new();
    let run = |script: &[&str]| {
        json(&place.ok(&[&["schedule", "-p", "full", "--format", "json"], script].concat()))
    };
    let told = run(&["--failure", "503", "--retry-after", "120", "--retry-after", "none"]);
    let retry = |n: usize| told["retries"][n].clone();
    assert_eq!(retry(0)["retryAfterNs"], 120_000_000_000_u64);
    let delay = retry(0)["delayNs"].as_u64().expect("a number");
    assert!((120_000_000_000..=132_000_000_000).contains(&delay), "{delay}");
    assert!(
        retry(1)["retryAfterNs"].is_null() && retry(1)["delayNs"].as_u64() < Some(3_000_000_000)
    );
    place.write("give-up.toml", "[retryAfter]\nmax = \"10s\"\nwhenLonger = \"giveUp\"\n");
    let given_up = json(&place.ok(&[
        "schedule",
        "-p",
        "give-up.toml",
        "--format",
        "json",
        "--retry-after",
        "1m",
    ]));
    assert_eq!(given_up["end"], json(r#"{"deadLetter":"deadlineExceeded","attempts":1}"#));
    let error = place.refused(&["schedule", "--retry-after", "soon"]);
    assert!(error.contains("--retry-after soon: write seconds"), "{error}");
}
