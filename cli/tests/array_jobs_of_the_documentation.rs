//! The commands of `docs/sweep` work as printed: every part of the array and the merge.

use crate::support::{Place, names};

/// The words of the command in `text` that begins with `start`, up to its end.
fn words(text: &str, start: &str, end: &str) -> Vec<String> {
    let (_, rest) = text.split_once(start).expect("the command is there");
    let command = rest.split_once(end).map_or(rest, |(command, _)| command);
    let words = command.split_whitespace().filter(|word| *word != "\\");
    words.map(|word| word.trim_matches(['\'', '"']).to_owned()).collect()
}

/// The same, small enough for a test: a grid of its own, in a folder of ours.
fn small(words: &[String]) -> Vec<String> {
    let mut small = vec!["sweep".to_owned()];
    for word in words {
        small.push(match word.as_str() {
            "100" => "1".to_owned(),
            "/results" => "results".to_owned(),
            "${SLURM_CPUS_PER_TASK:-1}" => "4".to_owned(),
            axis if axis.ends_with(":24") => axis.replace(":24", ":3"),
            axis if axis.ends_with(":10") => axis.replace(":10", ":2"),
            other => other.to_owned(),
        });
    }
    small
}

fn run(file: &str, start: &str, end: &str, variables: fn(u32) -> Vec<(&'static str, String)>) {
    let path = format!("{}/../docs/sweep/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the example");
    let mut sweep = small(&words(&text, start, end));
    sweep.extend(["--tasks".to_owned(), "100".to_owned()]);
    let sweep: Vec<&str> = sweep.iter().map(String::as_str).collect();
    let place = Place::new();
    for index in 0..8 {
        let output = place.command(&sweep).envs(variables(index)).output().expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{file}, part {index}: {error}");
    }
    let merge = words(&text, "redrive sweep merge", "\n");
    let merge: Vec<String> =
        merge.iter().map(|word| word.trim_start_matches('/').to_owned()).collect();
    let merge: Vec<&str> = merge.iter().map(String::as_str).collect();
    let told = place.ok(&[&["sweep", "merge"], &merge[..]].concat());
    assert!(told.contains("6 points"), "{told}");
    assert!(names(&place.path("results")).contains(&"sweep.csv".to_owned()));
}

#[test]
fn kubernetes() {
    run("kubernetes.yaml", "redrive sweep", "resources:", |index| {
        vec![("JOB_COMPLETION_INDEX", index.to_string())]
    });
}

#[test]
fn slurm() {
    run("slurm.sh", "srun redrive sweep", "\n\n", |index| {
        vec![
            ("SLURM_ARRAY_TASK_ID", index.to_string()),
            ("SLURM_ARRAY_TASK_MIN", "0".to_owned()),
            ("SLURM_ARRAY_TASK_COUNT", "8".to_owned()),
        ]
    });
}
