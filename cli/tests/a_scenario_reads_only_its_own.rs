//! Which files a scenario can name, and that an error tells nothing of what they hold.

#![cfg(unix)]

use std::{fs, os::unix::fs::symlink, process::Command};

use crate::support::Place;

const SECRET: &str = "root:hunter2:0:0\nTOPSECRET,1\n";

fn scenario(file: &str) -> String {
    format!(
        "[arrivals]\nkind = \"trace\"\nfile = {file:?}\nbin = \"1s\"\n[server]\nworkers = 1\n\
         service = \"1ms\"\n[[policies]]\nname = \"p\"\npolicy = {{ maxAttempts = 2 }}\n"
    )
}

/// A folder with a secret, and one below it with a scenario and its data.
fn place(file: &str) -> Place {
    let place = Place::with("secret.csv", SECRET);
    fs::create_dir_all(place.path("mine/data")).expect("a folder");
    place.write("mine/data/counts.csv", "value\n3\n4\n");
    place.write("mine/s.toml", &scenario(file));
    symlink("../secret.csv", place.path("mine/link.csv")).expect("a link");
    symlink("data/counts.csv", place.path("mine/near.csv")).expect("a link");
    place
}

#[test]
fn what_lies_below_its_folder() {
    for file in ["data/counts.csv", "./data/counts.csv", "data/../data/counts.csv", "near.csv"] {
        let place = place(file);
        place.ok(&["check", "mine/s.toml"]);
        place.ok(&["simulate", "mine/s.toml", "--format", "json"]);
    }
}

#[test]
fn nothing_else() {
    let absolute = place("x").path("secret.csv").display().to_string();
    for file in [
        "../secret.csv",
        "link.csv",
        &absolute,
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/zero",
        "/dev/stdin",
        "/etc/no-such-file",
        "../no-such-file",
        "data/../../secret.csv",
    ] {
        let place = place(file);
        for verb in ["simulate", "check"] {
            let ran = place.run(&[verb, "mine/s.toml"]);
            assert_ne!(ran.code, Some(0), "{verb} {file}");
            assert!(ran.err.contains("--allow-file"), "{verb} {file}: {}", ran.err);
            for content in ["hunter2", "TOPSECRET", "root:", "does not exist"] {
                assert!(!ran.err.contains(content), "{verb} {file}: {}", ran.err);
            }
        }
    }
}

#[test]
fn unless_the_user_says_so() {
    let place = place("../secret.csv");
    place.write("secret.csv", "value\n3\n4\n");
    place.ok(&["check", "mine/s.toml", "--allow-file", "secret.csv"]);
    place.ok(&["simulate", "mine/s.toml", "--allow-file", "secret.csv", "--format", "json"]);
    let set = "arrivals.file=secret.csv";
    place.ok(&["simulate", "mine/s.toml", "--set", set, "--format", "json"]);
}

#[test]
fn files_of_a_kind_that_ends() {
    let place = place("pipe");
    assert!(
        Command::new("mkfifo").arg(place.path("mine/pipe")).status().expect("mkfifo").success()
    );
    let error = place.run(&["simulate", "mine/s.toml"]).err;
    assert!(error.contains("not a regular file"), "{error}");
    place.write("mine/s.toml", &scenario("data"));
    let error = place.run(&["simulate", "mine/s.toml"]).err;
    assert!(error.contains("not a regular file"), "{error}");
    for args in
        [&["simulate", "/dev/zero"][..], &["check", "/dev/zero"], &["dlq", "list", "/dev/zero"]]
    {
        let error = place.run(args).err;
        assert!(error.contains("device"), "{error}");
    }
}

#[test]
fn where_it_is_wrong_is_told_and_not_what_is_there() {
    let place = place("data/counts.csv");
    for text in ["value\n3\nTOPSECRET hunter2\n", SECRET, "time,value\nTOPSECRET,5\n1,hunter2\n"] {
        place.write("mine/data/counts.csv", text);
        let ran = place.run(&["simulate", "mine/s.toml"]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains("counts.csv"), "{}", ran.err);
        assert!(!ran.err.contains("hunter2") && !ran.err.contains("TOPSECRET"), "{}", ran.err);
    }
    place.write("mine/p.toml", "TOPSECRET = hunter2\n");
    let policies =
        scenario("data/counts.csv").replace("policy = { maxAttempts = 2 }", "file = \"p.toml\"");
    place.write("mine/data/counts.csv", "value\n3\n4\n");
    place.write("mine/s.toml", &policies);
    let ran = place.run(&["simulate", "mine/s.toml"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
}

#[test]
fn results_do_not_follow_links() {
    let place = Place::with("foreign", "mine\n");
    for (folder, name) in
        [("sweep", "points.ndjson"), ("sweep2", "sweep.json"), ("out", "summary.json")]
    {
        fs::create_dir(place.path(folder)).expect("a folder");
        symlink("../foreign", place.path(&format!("{folder}/{name}"))).expect("a link");
    }
    let vary = ["--tasks", "20", "--vary", "policy.maxAttempts=1,2"];
    let error = place.refused(&[&["sweep", "herd", "--out", "sweep"], &vary[..]].concat());
    assert!(error.contains("points.ndjson"), "{error}");
    place.ok(&[&["sweep", "herd", "--out", "sweep2"], &vary[..]].concat());
    place.ok(&["simulate", "herd", "--tasks", "20", "--out", "out"]);
    assert_eq!(place.read("foreign"), "mine\n");
    place.write("sweep/points.ndjson.old", "");
    fs::remove_file(place.path("sweep/points.ndjson")).expect("gone");
    place.write("sweep/points.ndjson", "notes of somebody else, without an end");
    place.refused(&[&["sweep", "herd", "--out", "sweep"], &vary[..]].concat());
    assert!(place.read("sweep/points.ndjson").starts_with("notes"));
}
