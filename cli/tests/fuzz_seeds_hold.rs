//! What the fuzz targets check, on their seeds and on damaged copies of them: `fuzz/` needs a nightly compiler,
//! this does not.

#[path = "../../fuzz/src/checks.rs"]
#[allow(unreachable_pub, reason = "public where the targets use them")]
mod checks;

use std::{fs, path::PathBuf};

use redrive::{
    DeadLetterQueue, Failure, Machine, MachineConfig, Task, TaskSpec, Time, dead_letter::Canary,
};

fn seeds(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(name)
}

/// The seed, cut off at some places, with a byte changed at others, and twice.
fn copies(seed: &[u8]) -> Vec<Vec<u8>> {
    let mut copies = vec![seed.to_vec(), [seed, seed].concat()];
    for place in (0..16).map(|n| n * seed.len() / 16) {
        copies.push(seed[..place].to_vec());
        for byte in [b'0', b'"', b'\n', 0xff] {
            let mut copy = seed.to_vec();
            if let Some(at) = copy.get_mut(place) {
                *at = byte;
            }
            copies.push(copy);
        }
    }
    copies
}

#[test]
fn every_seed_of_every_target() {
    for (name, check) in checks::CHECKS {
        let folder = fs::read_dir(seeds(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut count = 0;
        for entry in folder {
            let seed = fs::read(entry.expect("a seed").path()).expect("its bytes");
            copies(&seed).iter().for_each(|copy| check(copy));
            count += 1;
        }
        assert!(count > 2, "{name} has {count} seeds");
    }
}

/// A machine with a task in every state, letters, and a redrive under way.
fn machine() -> Machine {
    let mut machine = Machine::new(MachineConfig::default());
    let failure = Failure::new("timeout", "after 31 ms").with_code("504");
    for key in 0..6_u64 {
        let spec = TaskSpec::new("charge").payload(key).max_attempts(1 + key as u32 % 3);
        machine.submit(Time::ZERO, key, spec).expect("room");
    }
    for _ in 0..4 {
        let dispatch = machine.poll(Time::ZERO).expect("a task");
        let _verdict = machine.fail(Time::ZERO, &dispatch, &failure).expect("it ran");
    }
    let plan = redrive::RedrivePlan::default().canary(Canary::first(1));
    machine.start_rollout(Time::from_secs(1), &plan);
    let _running = machine.poll(Time::from_secs(1));
    machine
}

#[test]
fn the_seeds_of_snapshots_are_whole_ones() {
    let machine = machine();
    let snapshots = [
        ("machine.json", serde_json::to_string(&machine.snapshot())),
        ("queue.json", serde_json::to_string(&machine.dead_letters().snapshot())),
        ("task.json", serde_json::to_string(&Task::new().snapshot())),
        ("empty.json", serde_json::to_string(&DeadLetterQueue::default().snapshot())),
    ];
    for (name, text) in snapshots {
        let (path, text) = (seeds("snapshot").join(name), text.expect("a snapshot"));
        if std::env::var_os("REDRIVE_BLESS").is_some() {
            fs::create_dir_all(seeds("snapshot")).expect("a folder");
            fs::write(&path, &text).expect("a seed");
        }
        let seed = fs::read_to_string(&path).expect("a seed");
        assert_eq!(seed, text, "{name} is of another version: bless it");
    }
}
