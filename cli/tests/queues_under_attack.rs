//! A queue of payments on a bad day: links, other owners, full disks, appenders, all at once.

#![cfg(unix)]

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    process::{Child, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crate::support::{Place, json};

fn letter(key: &str) -> String {
    format!(
        r#"{{"schema":"redrive-dead-letter/1","key":"{key}","payload":{{"amount":"{key}"}},"reason":"exhausted","attempts":1,"diedAtNs":5}}"#
    ) + "\n"
}

fn letters(count: usize) -> String {
    (0..count).map(|n| letter(&format!("k{n}"))).collect()
}

/// The keys in files, sorted.
fn keys(place: &Place, files: &[&str]) -> Vec<String> {
    let mut keys = Vec::new();
    for file in files {
        let text = fs::read_to_string(place.path(file)).unwrap_or_default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = json(line);
            let letter = if line["letter"].is_null() { &line } else { &line["letter"] };
            keys.push(letter["key"].as_str().expect("a key").to_owned());
        }
    }
    keys.sort_unstable();
    keys
}

fn all(count: usize) -> Vec<String> {
    let mut keys: Vec<String> = (0..count).map(|n| format!("k{n}")).collect();
    keys.sort_unstable();
    keys
}

fn spawn(place: &Place, args: &[&str]) -> Child {
    let mut command = place.command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs")
}

#[test]
fn ten_canaries_at_once_hand_no_letter_out_twice() {
    let place = Place::with("l.ndjson", &letters(300));
    symlink("l.ndjson", place.path("link")).expect("a link");
    let files: Vec<String> = (0..10).map(|n| format!("t{n}")).collect();
    let redrives = files.iter().enumerate().map(|(n, to)| {
        let queue = if n % 2 == 0 { "l.ndjson" } else { "link" };
        spawn(&place, &["dlq", "redrive", queue, "--canary", "7", "--to", to])
    });
    for mut child in redrives.collect::<Vec<_>>() {
        assert!(child.wait().expect("it ends").success());
    }
    let mut where_they_are: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_eq!(keys(&place, &where_they_are).len(), 70);
    where_they_are.push("l.ndjson");
    assert_eq!(keys(&place, &where_they_are), all(300));
    assert!(fs::symlink_metadata(place.path("link")).expect("the link").is_symlink());
}

#[test]
fn a_worker_that_appends_at_full_speed_loses_nothing() {
    let place = Place::with("l.ndjson", &letters(50));
    let (path, done) = (place.path("l.ndjson"), AtomicBool::new(false));
    let appended = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let mut file = OpenOptions::new().append(true).open(&path).expect("the queue");
            let mut count = 50;
            while !done.load(Ordering::Relaxed) && count < 20_000 {
                file.write_all(letter(&format!("k{count}")).as_bytes()).expect("room");
                // As SECURITY.md asks of those who take no lock.
                if file.metadata().expect("it").ino() != fs::metadata(&path).expect("it").ino() {
                    file = OpenOptions::new().append(true).open(&path).expect("the queue");
                    file.write_all(letter(&format!("k{count}")).as_bytes()).expect("room");
                }
                count += 1;
            }
            count
        });
        for n in 0..6 {
            let to = format!("t{n}");
            let args = ["dlq", "redrive", "l.ndjson", "--limit", "40", "--to", &to];
            assert!(spawn(&place, &args).wait().expect("it ends").success());
        }
        done.store(true, Ordering::Relaxed);
        worker.join().expect("the worker")
    });
    let mut found = keys(&place, &["t0", "t1", "t2", "t3", "t4", "t5", "l.ndjson"]);
    assert!(found.len() >= appended);
    // A line that was appended again, as above, may be there twice: at least once is the promise.
    found.dedup();
    assert_eq!(found, all(appended));
}

#[test]
fn a_full_disk_stops_a_redrive_before_a_letter_left() {
    let place = Place::with("l.ndjson", &letters(2_000));
    let before = place.read("l.ndjson");
    fs::create_dir(place.path("small")).expect("a folder");
    let script = "mount -t tmpfs -o size=64k none small && \"$0\" dlq redrive l.ndjson --to small/t; \
                  code=$?; ls -A small; exit $code";
    let program = env!("CARGO_BIN_EXE_redrive");
    let mut command = std::process::Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, program]).current_dir(place.path("."));
    let Ok(ran) = command.output() else { return };
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    // Not every system lets its users mount.
    if said.contains("unshare") || said.contains("mount:") {
        return;
    }
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("small/t"), "{said}");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "", "something was left there");
    assert_eq!(place.read("l.ndjson"), before);
}

#[test]
fn a_full_output_stops_a_redrive_before_a_letter_left() {
    let place = Place::with("l.ndjson", &letters(20));
    let before = place.read("l.ndjson");
    let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let mut command = place.command(&["dlq", "redrive", "l.ndjson"]);
    let ran = command.stdout(full).output().expect("it runs");
    assert_eq!(ran.status.code(), Some(2));
    assert_eq!(place.read("l.ndjson"), before);
    assert_eq!(place.names(), ["l.ndjson"]);
}

#[test]
fn modes_hard_links_and_links_stay_through_every_verb() {
    let place = Place::with("l.ndjson", &letters(30));
    fs::set_permissions(place.path("l.ndjson"), fs::Permissions::from_mode(0o640)).expect("a mode");
    fs::hard_link(place.path("l.ndjson"), place.path("second")).expect("a name");
    symlink("second", place.path("link")).expect("a link");
    place.ok(&["dlq", "redrive", "link", "--canary", "3", "--to", "first"]);
    place.ok(&[
        "dlq",
        "redrive",
        "link",
        "--canary",
        "3",
        "--after",
        "first",
        "--otherwise",
        "succeeded",
        "--limit",
        "5",
        "--to",
        "rest",
    ]);
    place.ok(&["dlq", "purge", "second", "--key", "k20"]);
    let known = |name: &str| fs::metadata(place.path(name)).expect("a file");
    assert_eq!(known("l.ndjson").ino(), known("second").ino());
    assert_eq!(known("l.ndjson").mode() & 0o777, 0o640);
    assert_eq!((known("first").mode() & 0o777, known("rest").mode() & 0o777), (0o600, 0o600));
    assert!(fs::symlink_metadata(place.path("link")).expect("the link").is_symlink());
    assert_eq!(keys(&place, &["l.ndjson", "first", "rest"]).len(), 29);
}

#[test]
fn digits_of_payloads_are_the_same_in_every_format() {
    let numbers = r#"{"big":12345678901234567890123,"e":1e2,"f":1.0,"tiny":0.1000000000000000055,"neg":-0,"safe":9007199254740993}"#;
    let line = letter("k").replace(r#"{"amount":"k"}"#, numbers);
    let place = Place::with("l.ndjson", &line);
    let plain = |text: String| text.split_whitespace().collect::<String>();
    for args in [
        &["dlq", "list", "l.ndjson", "--format", "json"][..],
        &["dlq", "show", "l.ndjson", "1", "--format", "json"],
        &["dlq", "export", "l.ndjson"],
        &["dlq", "show", "l.ndjson", "1"],
        &["dlq", "redrive", "l.ndjson"],
    ] {
        let out = plain(place.ok(args));
        assert!(out.contains(numbers), "{args:?}: {out}");
    }
}
