//! Every example runs and does what its first lines say.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::process::Command;

fn run(program: &str) -> String {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_call_is_retried_and_what_fails_for_good_is_kept() {
    let words = run(env!("CARGO_BIN_EXE_call"));
    assert_eq!(
        words,
        "blocking: 200 after 3 attempts\nawaited: 200 after 3 attempts\n\
         gave up after 1 attempt (permanent): status 404\nkept: order-18, missing (404): status 404\n"
    );
}

#[test]
fn one_task_succeeds_at_its_third_attempt() {
    let words = run(env!("CARGO_BIN_EXE_one_task"));
    assert_eq!(words.matches("again in").count(), 2, "{words}");
    assert!(words.ends_with("attempt 3: 200 OK\n"), "{words}");
}

#[test]
fn the_worker_redrives_its_dead_letter() {
    let words = run(env!("CARGO_BIN_EXE_worker"));
    assert!(words.contains("dead letter mail-2: 550 no such mailbox"), "{words}");
    assert!(
        words.ends_with("redriven: 1\nmail-2: redriven\nmail-2: succeeded\nsucceeded: 2\n"),
        "{words}"
    );
}

#[test]
fn jobs_go_on_after_a_kill_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jobs"));
        command.arg(folder.path());
        command
    };
    let mut killed = program().stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(killed.stdout.take().unwrap()),
        &mut first,
    )
    .unwrap();
    killed.kill().unwrap();
    killed.wait().unwrap();
    let output = program().output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    // Whatever the first process came to, all three are done by the second, and one cannot be.
    assert!(words.ends_with("dead letters: 1\n"), "{first}{words}");
}

#[test]
fn threads_with_one_budget_retry_a_fifth_of_their_tasks_and_the_reserve() {
    let words = run(env!("CARGO_BIN_EXE_shared_budget"));
    let attempts: f64 = words.split(' ').nth(2).unwrap().parse().unwrap();
    // 1,000 tasks, 20 % of them as retries, and the reserve of 10/s over a window of 10 s.
    assert!((1_200.0..=1_310.0).contains(&attempts), "{words}");
}

#[test]
fn jitter_flattens_the_simulated_peak() {
    let words = run(env!("CARGO_BIN_EXE_simulate"));
    let peak = |line: &str| -> f64 {
        let number = line.rsplit(' ').next().unwrap().trim_end_matches("/s");
        number.parse().unwrap()
    };
    let peaks: Vec<f64> = words.lines().map(peak).collect();
    assert!(peaks[0] > 5.0 * peaks[1], "{words}");
}
