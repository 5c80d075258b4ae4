//! A queue of dead letters that other programs use, on disks that are full, with kills in the middle:
//! every letter is in exactly one place.

#![cfg(unix)]

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::support::{Place, Ran, json};

fn letter(id: u64, key: &str) -> String {
    format!(
        "{{\"schema\":\"redrive-dead-letter/1\",\"id\":{id},\"key\":\"{key}\",\"payload\":{{\"n\":{id}}},\
         \"reason\":\"exhausted\",\"diedAtNs\":{id}}}\n"
    )
}

fn letters(keys: &str, count: u64) -> String {
    (1..=count).map(|id| letter(id, &format!("{keys}{id}"))).collect()
}

/// How often each key is there, in a queue or among tasks.
fn tally(found: &mut BTreeMap<String, u32>, text: &str) {
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let line = json(line);
        let letter = line.get("letter").unwrap_or(&line);
        let key = letter["key"].as_str().expect("a key").to_owned();
        *found.entry(key).or_default() += 1;
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Every key once, and `count` of them.
fn balanced(found: &BTreeMap<String, u32>, count: u64) {
    let twice: Vec<_> = found.iter().filter(|(_, times)| **times != 1).take(5).collect();
    assert!(twice.is_empty(), "handed out twice: {twice:?}");
    assert_eq!(found.len() as u64, count, "letters are lost");
}

/// Runs a line of the shell, where the program is `$R`.
fn shell(place: &Place, line: &str) -> Ran {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(place.path(".")).env("R", env!("CARGO_BIN_EXE_redrive"));
    Ran::from(shell.stdin(Stdio::null()).output().expect("a shell"))
}

fn both(place: &Place, first: &[&str], second: &[&str]) -> [Output; 2] {
    let start = |args: &[&str]| {
        let mut command = place.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
    };
    let children = [start(first), start(second)];
    children.map(|child| child.wait_with_output().expect("it ends"))
}

#[test]
fn two_redrives_of_one_queue_share_it() {
    for way in ["l.ndjson", "link.ndjson"] {
        let place = Place::with("l.ndjson", &letters("k", 3_000));
        symlink(place.path("l.ndjson"), place.path("link.ndjson")).expect("a link");
        let first = ["dlq", "redrive", "l.ndjson", "--to", "a"];
        let outputs = both(&place, &first, &["dlq", "redrive", way, "--to", "b"]);
        let mut found = BTreeMap::new();
        for name in ["a", "b", "l.ndjson"] {
            tally(&mut found, &read(&place.path(name)));
        }
        balanced(&found, 3_000);
        assert!(outputs.iter().all(|output| output.status.success()), "{outputs:?}");
        assert!(place.path("link.ndjson").is_symlink());
    }
}

#[test]
fn two_redrives_to_one_file_leave_the_first() {
    for _ in 0..5 {
        let place = Place::with("x.ndjson", &letters("x", 2_000));
        place.write("y.ndjson", &letters("y", 2_000));
        let outputs = both(
            &place,
            &["dlq", "redrive", "x.ndjson", "--to", "both"],
            &["dlq", "redrive", "y.ndjson", "--to", "both"],
        );
        let mut found = BTreeMap::new();
        for name in ["both", "x.ndjson", "y.ndjson"] {
            tally(&mut found, &read(&place.path(name)));
        }
        balanced(&found, 4_000);
        let mut codes = outputs.each_ref().map(|output| output.status.code());
        codes.sort_unstable();
        assert_eq!(codes, [Some(0), Some(2)]);
        let told: Vec<_> = outputs.iter().map(|o| String::from_utf8_lossy(&o.stderr)).collect();
        assert!(told.iter().any(|told| told.contains("exists already")), "{told:?}");
    }
}

#[test]
fn letters_that_come_meanwhile_are_kept() {
    // One that keeps the file open, one that opens it each time: neither knows of locks.
    for keeps in [true, false] {
        let place = Place::with("l.ndjson", &letters("k", 1_000));
        let (path, stop) = (place.path("l.ndjson"), AtomicBool::new(false));
        let mut found = BTreeMap::new();
        let written = thread::scope(|scope| {
            let appender = scope.spawn(|| {
                let open = || OpenOptions::new().append(true).open(&path).expect("the queue");
                let mut file = open();
                let mut written = 1_000;
                while !stop.load(Ordering::Relaxed) && written < 30_000 {
                    written += 1;
                    if !keeps {
                        file = open();
                    }
                    let line = letter(written, &format!("k{written}"));
                    file.write_all(line.as_bytes()).expect("a line");
                }
                written
            });
            for round in 0..6 {
                let to = format!("tasks{round}");
                let verb = match round % 3 {
                    2 => vec!["dlq", "purge", "l.ndjson", "--key", "nothing"],
                    _ => vec!["dlq", "redrive", "l.ndjson", "--limit", "300", "--to", &to],
                };
                place.ok(&verb);
                tally(&mut found, &read(&place.path(&to)));
            }
            stop.store(true, Ordering::Relaxed);
            appender.join().expect("an appender")
        });
        tally(&mut found, &place.read("l.ndjson"));
        balanced(&found, written);
        // In quiet the blanks go.
        place.ok(&["dlq", "purge", "l.ndjson", "--key", &format!("k{written}")]);
        assert!(place.read("l.ndjson").lines().all(|line| line.starts_with('{')));
    }
}

#[test]
fn what_a_file_is_stays() {
    let place = Place::with("l.ndjson", &letters("k", 5));
    let (path, other) = (place.path("l.ndjson"), place.path("other.ndjson"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    fs::hard_link(&path, &other).expect("a link");
    symlink("l.ndjson", place.path("link.ndjson")).expect("a link");
    place.ok(&["dlq", "redrive", "link.ndjson", "--limit", "2", "--to", "tasks"]);
    let known = fs::metadata(&path).expect("a file");
    assert_eq!((known.mode() & 0o7777, known.nlink()), (0o640, 2));
    assert_eq!(read(&path), read(&other));
    assert!(place.path("link.ndjson").is_symlink());
    let mut found = BTreeMap::new();
    tally(&mut found, &read(&path));
    tally(&mut found, &place.read("tasks"));
    balanced(&found, 5);
    // With one name it is replaced, and its mode stays; tasks are their owner's alone.
    fs::remove_file(&other).expect("gone");
    place.ok(&["dlq", "purge", "l.ndjson", "--key", "k5"]);
    assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o7777, 0o640);
    assert_eq!(fs::metadata(place.path("tasks")).expect("a file").mode() & 0o7777, 0o600);
}

#[test]
fn lines_that_stay_keep_every_byte() {
    let odd = "{\"id\":3, \"schema\":\"redrive-dead-letter/1\",\"key\":\"c\",\"reason\":\"exhausted\", \
               \"payload\":{\"n\":1e2,\"t\":\"a\\u007fb\"},\"diedAtNs\":7}\r\n";
    let place = Place::with("l.ndjson", &(letter(1, "a") + "\n" + odd + &letter(2, "b")));
    place.ok(&["dlq", "purge", "l.ndjson", "--id", "1"]);
    assert_eq!(place.read("l.ndjson"), "\n".to_owned() + odd + &letter(2, "b"));
}

#[test]
fn a_character_that_terminals_drop_is_kept() {
    let text = letter(1, "a").replace("{\"n\":1}", "\"a\\u007fb\"");
    for args in [["dlq", "export", "l.ndjson"], ["dlq", "redrive", "l.ndjson"]] {
        let place = Place::with("l.ndjson", &text);
        let task = json(&place.ok(&args));
        let letter = task.get("letter").unwrap_or(&task);
        assert_eq!(letter["payload"], "a\u{7f}b", "{args:?}");
    }
}

#[test]
fn nothing_leaves_the_queue_when_tasks_cannot_be_handed_out() {
    let place = Place::with("l.ndjson", &letters("k", 200));
    for line in [
        "$R dlq redrive l.ndjson >&-",
        "$R dlq redrive l.ndjson >/dev/null",
        "$R dlq redrive l.ndjson 1<l.ndjson",
        "$R dlq redrive l.ndjson >/dev/full",
        "$R dlq redrive l.ndjson --to /dev/full",
        "$R dlq redrive l.ndjson --to l.ndjson",
        "$R dlq redrive l.ndjson --to nowhere/../l.ndjson",
        "$R dlq redrive - <l.ndjson",
        "cat l.ndjson | $R dlq purge - --all",
        "cat l.ndjson | $R dlq redrive /dev/stdin",
        "ulimit -f 1; $R dlq redrive l.ndjson --to tasks",
    ] {
        let ran = shell(&place, line);
        assert_eq!(ran.code, Some(2), "{line}: {ran:?}");
        assert!(
            ran.err.starts_with("error: ") && ran.err.lines().count() == 1,
            "{line}: {}",
            ran.err
        );
        assert_eq!(place.read("l.ndjson"), letters("k", 200), "{line}");
        let left: Vec<_> = place.names().into_iter().filter(|name| name != "nowhere").collect();
        assert_eq!(left, ["l.ndjson"], "{line}");
    }
    let looked = shell(&place, "$R dlq redrive - --dry-run <l.ndjson");
    assert!(looked.out.contains("200 letters selected"), "{looked:?}");
}

#[test]
fn a_queue_that_cannot_be_changed_hands_nothing_out() {
    let place = Place::with("l.ndjson", &letters("k", 20));
    fs::set_permissions(place.path("l.ndjson"), fs::Permissions::from_mode(0o400)).expect("a mode");
    // The owner of every file may write to all of them.
    if OpenOptions::new().write(true).open(place.path("l.ndjson")).is_err() {
        let error = place.refused(&["dlq", "redrive", "l.ndjson"]);
        assert!(error.contains("permission denied"), "{error}");
    }
    let line = "unshare -rm sh -c 'mount --bind . . && mount -o remount,bind,ro . && cd \"$PWD\" && \
                $R dlq redrive l.ndjson'";
    if shell(&place, "unshare -rm sh -c 'mount --bind . . && mount -o remount,bind,ro .'").code
        == Some(0)
    {
        let ran = shell(&place, line);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.err.contains("read-only"), "{}", ran.err);
    }
}

#[test]
fn a_lock_is_waited_for_and_then_respected() {
    let place = Place::with("l.ndjson", &letters("k", 3));
    let held = fs::File::open(place.path("l.ndjson")).expect("the queue");
    fs4::FileExt::lock(&held).expect("a lock");
    let mut command = place.command(&["dlq", "redrive", "l.ndjson", "--to", "tasks"]);
    let child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(place.read("l.ndjson"), letters("k", 3));
    fs4::FileExt::unlock(&held).expect("free");
    assert!(child.wait_with_output().expect("it ends").status.success());
    assert_eq!(place.read("tasks").lines().count(), 3);
}

/// Kills with -9 at every moment; more of them with `REDRIVE_KILLS=500`.
#[test]
fn no_kill_loses_a_letter_or_hands_one_out_twice() {
    let kills: u64 = std::env::var("REDRIVE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    const LETTERS: u64 = 400;
    for kill in 0..kills {
        let place = Place::with("l.ndjson", &letters("k", LETTERS));
        let shared = kill % 2 == 0;
        if shared {
            fs::hard_link(place.path("l.ndjson"), place.path("m.ndjson")).expect("a link");
        }
        let verb: &[&str] = match kill % 5 {
            0 | 1 => &["dlq", "redrive", "l.ndjson", "--to", "tasks"],
            2 => &["dlq", "redrive", "l.ndjson", "--to", "tasks", "--limit", "100"],
            3 => &["dlq", "purge", "l.ndjson", "--key", "k7"],
            _ => &["dlq", "export", "l.ndjson"],
        };
        let mut command = place.command(verb);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        // From before it has begun until after it has ended.
        thread::sleep(Duration::from_micros(300 * (kill % 60)));
        child.kill().expect("a kill");
        child.wait().expect("it is dead");
        let mut found = BTreeMap::new();
        tally(&mut found, &read(&place.path("tasks")));
        let looked = json(&place.ok(&["dlq", "list", "l.ndjson", "--format", "json"]));
        for letter in looked["letters"].as_array().expect("letters") {
            *found.entry(letter["key"].as_str().expect("a key").to_owned()).or_default() += 1;
        }
        if verb[1] == "purge" {
            found.entry("k7".to_owned()).or_insert(1);
        }
        balanced(&found, LETTERS);
        // The next change clears away what the killed one left.
        place.ok(&["dlq", "purge", "l.ndjson", "--key", "k1"]);
        let mut after = BTreeMap::new();
        tally(&mut after, &read(&place.path("tasks")));
        tally(&mut after, &place.read("l.ndjson"));
        let purged = ["k1", "k7"].into_iter().filter(|key| !after.contains_key(*key));
        balanced(&after, LETTERS - purged.count() as u64);
        let left = place.names().into_iter().filter(|name| name.contains("journal")).count();
        assert_eq!(left, 0, "{:?}", place.names());
    }
}
