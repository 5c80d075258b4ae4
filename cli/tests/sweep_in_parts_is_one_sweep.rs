//! Shards merged, a sweep that was killed and went on, and one run: the same bytes.

use crate::support::{Place, json, names};

const SWEEP: [&str; 13] = [
    "sweep",
    "herd",
    "--tasks",
    "200",
    "--policy",
    "full",
    "--vary",
    "policy.maxDelay=5s..60s:log:3",
    "--vary",
    "policy.maxAttempts=5,9",
    "--runs",
    "2",
    "--out",
];

fn whole(place: &Place) {
    let out = place.ok(&[&SWEEP[..], &["whole"]].concat());
    assert!(out.contains("6 points, 2 runs each"), "{out}");
}

fn assert_same(place: &Place, folder: &str) {
    for file in ["sweep.json", "sweep.csv", "heatmap-p99.svg", "heatmap-deadLetterShare.svg"] {
        let (one, other) =
            (place.read(&format!("whole/{file}")), place.read(&format!("{folder}/{file}")));
        assert!(one == other, "{file} differs");
    }
}

#[test]
fn shards_on_any_number_of_threads() {
    let place = Place::new();
    whole(&place);
    for (shard, threads) in [("0/3", "1"), ("1/3", "2"), ("2/3", "8")] {
        let out =
            place.ok(&[&SWEEP[..], &["parts", "--shard", shard, "--threads", threads]].concat());
        assert!(out.contains("sweep merge"), "{out}");
    }
    place.ok(&["sweep", "merge", "parts", "--out", "merged"]);
    assert_same(&place, "merged");
}

#[test]
fn an_array_job_knows_its_part() {
    let place = Place::new();
    whole(&place);
    for index in ["0", "1"] {
        let args = [&SWEEP[..], &["parts", "--shards", "2"]].concat();
        let output =
            place.command(&args).env("JOB_COMPLETION_INDEX", index).output().expect("it runs");
        assert!(output.status.success());
    }
    assert_eq!(names(&place.path("parts")), ["points-0-of-2.ndjson", "points-1-of-2.ndjson"]);
    place.ok(&["sweep", "merge", "parts", "--out", "parts"]);
    assert_same(&place, "parts");
}

#[test]
fn a_killed_sweep_goes_on_where_it_stopped() {
    let place = Place::new();
    whole(&place);
    std::fs::create_dir(place.path("killed")).expect("a folder");
    let points = place.read("whole/points.ndjson");
    let lines: Vec<&str> = points.lines().collect();
    // The header, two points, and a third that the kill tore.
    let torn = format!("{}\n{}\n{}\n{}", lines[0], lines[1], lines[2], &lines[3][..40]);
    place.write("killed/points.ndjson", &torn);
    place.ok(&[&SWEEP[..], &["killed"]].concat());
    assert_same(&place, "killed");
    assert_eq!(place.read("killed/points.ndjson").lines().count(), 7);
}

#[test]
fn points_of_different_sweeps_are_not_mixed() {
    let place = Place::new();
    whole(&place);
    let error = place.refused(&[&SWEEP[..], &["whole", "--seed", "7"]].concat());
    assert!(error.contains("is of another sweep"), "{error}");
    let lone = [&SWEEP[..], &["lone", "--shard", "0/2"]].concat();
    place.ok(&lone);
    let error = place.refused(&["sweep", "merge", "lone", "--out", "m"]);
    assert!(error.contains("3 points are missing (1, 3, 5)"), "{error}");
}

#[test]
fn the_result_has_every_point() {
    let place = Place::new();
    whole(&place);
    let sweep = json(&place.read("whole/sweep.json"));
    assert_eq!(sweep["vary"][0]["values"], json(r#"["5s","17.32s","1m"]"#));
    let points = sweep["points"].as_array().expect("a list");
    assert_eq!(points.len(), 6);
    assert_eq!(points[5]["set"], json(r#"["1m","9"]"#));
    assert_eq!(place.read("whole/sweep.csv").lines().count(), 7);
}

#[test]
fn bad_axes_are_refused_before_anything_runs() {
    let place = Place::new();
    for (extra, why) in [
        (&[][..], "needs something to vary"),
        (&["--vary", "policy.maxDelay=5s..1m"], "does not say how many values"),
        (&["--vary", "policy.maxDely=5s,6s"], "did you mean \"maxDelay\"?"),
        (&["--vary", "policy.jitter=none,ful"], "did you mean \"full\"?"),
        (&["--vary", "server.workers=1,0"], "is below 1"),
        (&["--vary", "seed=1,2", "--metric", "p9"], "there is no metric"),
        (
            &[
                "--vary",
                "seed=1..1000:1000",
                "--vary",
                "horizon=1m..2m:1000",
                "--vary",
                "server.workers=1,2",
            ],
            "vary less",
        ),
        (&["--vary", "seed=1,2", "--shard", "2/2"], "is not one of 2 shards"),
    ] {
        let error =
            place.refused(&[&["sweep", "herd", "--tasks", "10", "--out", "o"], extra].concat());
        assert!(error.contains(why), "{extra:?}: {error}");
    }
}
