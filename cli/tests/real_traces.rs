//! Arrivals and service times out of CSV files of the user's.

use crate::support::{Place, json};

fn counts() -> String {
    let rows =
        (0..48).map(|n| format!("2014-04-10 {:02}:{:02}:00,{}\n", n / 12, n % 12 * 5, 20 + n % 7));
    rows.fold("timestamp,value\n".to_owned(), |text, row| text + &row)
}

const TRACE: [&str; 11] = [
    "simulate",
    "--policy",
    "full",
    "--policy",
    "classic",
    "--set",
    "arrivals.kind=trace",
    "--set",
    "arrivals.bin=5m",
    "--set",
    "horizon=5h",
];

#[test]
fn a_trace_scaled_with_measured_service_times() {
    let place = Place::with("counts.csv", &counts());
    place.write("latency.csv", "timestamp,value\n1,45.8\n2,47.6\n3,42.5\n");
    let run = |scale: &str| {
        let more = [
            "--set",
            "arrivals.file=counts.csv",
            "--set",
            scale,
            "--set",
            "server.service.kind=empirical",
            "--set",
            "server.service.file=latency.csv",
            "--format",
            "json",
        ];
        json(&place.ok(&[&TRACE[..], &more].concat()))
    };
    let total: u64 = (0..48).map(|n| 20 + n % 7).sum();
    let tasks = |outcome: &serde_json::Value| outcome["policies"][0]["tasks"].as_u64();
    assert_eq!(tasks(&run("arrivals.scale=1")), Some(total));
    let tenfold = tasks(&run("arrivals.scale=10")).expect("a number");
    assert!(tenfold.abs_diff(10 * total) <= 48, "{tenfold}");
}

#[test]
fn paths_in_a_scenario_start_beside_it_and_paths_typed_start_here() {
    let place = Place::new();
    std::fs::create_dir(place.path("deep")).expect("a folder");
    place.write("deep/counts.csv", &counts());
    place.write(
        "deep/s.toml",
        "policies = [\"full\"]\nhorizon = \"5h\"\n[arrivals]\nkind = \"trace\"\nfile = \"counts.csv\"\nbin = \"5m\"\n",
    );
    place.ok(&["simulate", "deep/s.toml", "--format", "json"]);
    place.write("other.csv", "value\n5\n");
    let typed = ["simulate", "deep/s.toml", "--format", "json", "--set", "arrivals.file=other.csv"];
    assert_eq!(json(&place.ok(&typed))["policies"][0]["tasks"], 5);
}

#[test]
fn a_bad_row_is_named() {
    let place = Place::new();
    for (text, why) in [
        ("timestamp,value\n1,5\n2,many\n", "row 3 of t.csv holds a value in column 2"),
        ("timestamp,value\n1,5\n2,-7\n", "row 3"),
        ("timestamp,value\n1,5\n2\n", "row 3 of t.csv"),
        (
            "timestamp,value\n2014-01-02,5\n2014-01-01,6\n",
            "row 3 of t.csv lies before the row above",
        ),
    ] {
        place.write("t.csv", text);
        let error = place.refused(&[&TRACE[..], &["--set", "arrivals.file=t.csv"]].concat());
        assert!(error.contains(why), "{text}: {error}");
    }
    let gone = place.refused(&[&TRACE[..], &["--set", "arrivals.file=gone.csv"]].concat());
    assert!(gone.contains("gone.csv") && gone.contains("does not exist"), "{gone}");
}

/// Fourteen days, a count each five minutes.
fn fortnight() -> String {
    let rows = (0..4_032).map(|i| format!("{},{}\n", 1_397_088_240 + i * 300, 40 + i % 45));
    rows.fold("timestamp,value\n".to_owned(), |text, row| text + &row)
}

#[test]
fn a_trace_is_simulated_whole_whatever_the_horizon_of_the_built_in_scenario() {
    let place = Place::with("counts.csv", &fortnight());
    let trace = [
        "simulate",
        "--policy",
        "full",
        "--set",
        "arrivals.kind=trace",
        "--set",
        "arrivals.file=counts.csv",
        "--format",
        "json",
    ];
    let total: u64 = (0..4_032).map(|i| 40 + i % 45).sum();
    let ran = place.run(&trace);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(json(&ran.out)["policies"][0]["tasks"], total);
    assert!(
        ran.err.contains("note: faults[0] (down, 0s to 30s) hits 30s of a trace"),
        "{}",
        ran.err
    );
    let ran = place.run(&[&trace[..], &["--set", "horizon=10m", "--set", "faults=[]"]].concat());
    assert!(json(&ran.out)["policies"][0]["tasks"].as_u64() < Some(200), "{}", ran.out);
    assert!(ran.err.contains("note: the horizon, 10m, cuts the trace"), "{}", ran.err);
}

#[test]
fn a_compressed_log_is_arrivals() {
    use std::io::Write as _;

    let line = |i: u32| {
        format!("10.0.0.1 - - [10/Oct/2000:13:55:{:02} +0000] \"GET / HTTP/1.1\" 200 12\n", i % 60)
    };
    let text: String = (0..60).map(line).collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("in memory");
    let place = Place::new();
    std::fs::write(place.path("access.log.gz"), packed.finish().expect("packed")).expect("a file");
    let log = ["simulate", "--policy", "full", "--set", "arrivals.kind=trace", "--set"];
    let more = ["arrivals.file=access.log.gz", "--set", "faults=[]", "--format", "json"];
    let ran = place.run(&[&log[..], &more].concat());
    assert_eq!(json(&ran.out)["policies"][0]["tasks"], 60, "{}", ran.err);
    assert!(ran.err.contains("60 rows are a request each"), "{}", ran.err);
}
