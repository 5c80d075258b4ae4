//! Ctrl-C and a request to end stop every verb at once, with the code that says which it was.

#![cfg(unix)]

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::support::Place;

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

fn fifo(place: &Place, name: &str) {
    let made = Command::new("mkfifo").arg(place.path(name)).status();
    assert!(made.expect("mkfifo runs").success());
}

#[test]
fn also_while_they_wait_for_a_pipe() {
    let place = Place::with("l.ndjson", "");
    fifo(&place, "pipe");
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        for args in [
            &["simulate", "pipe"][..],
            &["check", "pipe"],
            &["schedule", "--policy", "./pipe"],
            &["dlq", "list", "pipe"],
            &["dlq", "export", "-"],
            &["compare", "pipe", "pipe"],
            &["import", "--from", "temporal", "pipe"],
            &["sweep", "merge", "pipe", "--out", "out"],
        ] {
            let mut command = place.command(args);
            let mut child = command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it runs");
            thread::sleep(Duration::from_millis(150));
            // Open until it has ended: else it might just have finished.
            let stdin = child.stdin.take();
            send(&child, signal);
            let output = child.wait_with_output().expect("it ends");
            drop(stdin);
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{args:?} {signal}: {told}");
            assert_eq!(told, "interrupted\n", "{args:?}");
        }
    }
    assert_eq!(place.names(), ["l.ndjson", "pipe"]);
}

#[test]
fn a_schedule_without_end_ends() {
    let place = Place::new();
    let args = ["schedule", "--policy", "full", "--attempts", "4000000000", "--all"];
    let mut command = place.command(&args);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it runs");
    thread::sleep(Duration::from_millis(200));
    send(&child, "TERM");
    assert_eq!(child.wait_with_output().expect("it ends").status.code(), Some(143));
}
