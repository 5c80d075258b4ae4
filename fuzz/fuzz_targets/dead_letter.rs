//! Any line as a dead letter: it is refused, or it is written and read again as the same letter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redrive::{DeadLetter, DeadLetterQueue, RedrivePlan, Time, random::Stream};

fuzz_target!(|line: &str| {
    let Ok(letter) = serde_json::from_str::<DeadLetter>(line) else { return };
    let written = serde_json::to_string(&letter).expect("a letter can be written");
    let read: DeadLetter = serde_json::from_str(&written).expect("and read again");
    assert_eq!(read, letter);
    let mut queue = DeadLetterQueue::default();
    let Ok(_) = queue.insert(Time::ZERO, letter) else { return };
    assert_eq!(DeadLetterQueue::restore(&queue.snapshot()).as_ref(), Ok(&queue));
    let _ = queue.redrive(Time::MAX, &RedrivePlan::default(), Stream::new(1));
});
