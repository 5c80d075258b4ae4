//! Ctrl-C stops the work, leaves no temporary file, and says so with code 130.

#![cfg(unix)]

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use crate::support::{Place, names};

#[test]
fn an_interrupted_simulation() {
    let place = Place::new();
    let args = ["simulate", "--tasks", "1000000", "--runs", "1000", "--out", "out"];
    let mut command = place.command(&args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    std::thread::sleep(Duration::from_millis(1_500));
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("kill runs").success());
    let output = child.wait_with_output().expect("it ends");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{error}");
    assert!(error.contains("interrupted"), "{error}");
    if place.path("out").exists() {
        // What there was is told, and marked.
        assert!(place.read("out/summary.json").contains("\"partial\": true"));
        let left = names(&place.path("out"));
        assert!(left.iter().all(|name| !name.contains("tmp")), "{left:?}");
        assert!(!left.iter().any(|name| name.starts_with('.')), "{left:?}");
    }
}

#[test]
fn an_interrupted_search_keeps_its_best() {
    let place = Place::new();
    let args = ["tune", "herd", "--tasks", "50", "--trials", "10000", "--out", "t"];
    let mut command = place.command(&args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    std::thread::sleep(Duration::from_secs(5));
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("kill runs").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("Interrupted: the policy below is the best so far"), "{told}");
    assert!(place.read("t/tune.json").contains("\"verdict\": \"unproved\""));
    assert!(place.path("t/policy.json").exists());
}
