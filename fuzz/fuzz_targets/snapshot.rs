//! Any JSON as a snapshot: it is refused, or what is restored from it works and saves itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redrive::{DeadLetterQueue, Failure, Machine, Snapshot, Task, Time, machine::Recovery};

fuzz_target!(|text: &str| {
    let Ok(snapshot) = serde_json::from_str::<Snapshot>(text) else { return };
    if let Ok(task) = Task::restore(&snapshot) {
        assert_eq!(Task::restore(&task.snapshot()), Ok(task));
    }
    if let Ok(queue) = DeadLetterQueue::restore(&snapshot) {
        assert_eq!(DeadLetterQueue::restore(&queue.snapshot()), Ok(queue));
    }
    let Ok(mut machine) = Machine::restore(&snapshot) else { return };
    let again = Machine::restore(&machine.snapshot()).expect("what was restored can be saved");
    assert_eq!(again.snapshot(), machine.snapshot());
    for _ in 0..100 {
        let Some(at) = machine.next_wakeup() else { break };
        while let Some(dispatch) = machine.poll(at.max(machine.now())) {
            let _ = machine.fail(Time::ZERO, &dispatch, &Failure::new("timeout", ""));
        }
        machine.recover(Time::ZERO, Recovery::Retry);
    }
});
