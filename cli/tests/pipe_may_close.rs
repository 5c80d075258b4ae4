//! A reader who has seen enough (`| head`) is not an error.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::support::Place;

/// Reads `lines` lines of the output, closes it, and gives the exit code and the errors.
fn head(args: &[&str], lines: usize) -> (Option<i32>, String) {
    let place = Place::new();
    let mut command = place.command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let out = child.stdout.take().expect("its output");
    let read = BufReader::new(out).lines().take(lines).collect::<Result<Vec<_>, _>>();
    assert_eq!(read.expect("text").len(), lines);
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn four_billion_attempts_through_head() {
    let most = u32::MAX.to_string();
    for format in ["json", "csv", "text"] {
        let args = ["schedule", "-p", "full", "--attempts", &most, "--format", format];
        assert_eq!(head(&args, 20), (Some(0), String::new()), "{format}");
    }
}

#[test]
fn one_line_of_a_simulation() {
    assert_eq!(
        head(&["simulate", "--tasks", "100", "--format", "json"], 1),
        (Some(0), String::new())
    );
    assert_eq!(head(&["presets", "--format", "json"], 1), (Some(0), String::new()));
}
