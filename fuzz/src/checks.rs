//! What must hold of any input, one function a reader. The targets call them with what the fuzzer makes up,
//! and an ordinary test with the seeds.

use redrive::{
    DeadLetter, DeadLetterQueue, Failure, Machine, RedrivePlan, RetryPolicy, Snapshot, Task, Time,
    dead_letter::{LetterFile, MAX_PATTERN, QueueConfig, Redriven, pattern},
    failure::{Kind, kind_of, matches, retry_after},
    machine::Recovery,
    policy::CapStage,
    random::Stream,
    wire::Value,
};
use redrive_page::Page;
use redrive_sim::{files::Loader, scenario::Scenario};

/// One check by its name.
pub type Check = fn(&[u8]);

/// Every check that takes bytes.
pub const CHECKS: &[(&str, Check)] = &[
    ("dead_letter", dead_letter),
    ("importers", importers),
    ("letter_file", letter_file),
    ("page_link", page_link),
    ("policy", policy),
    ("retry_after", retry_after_of),
    ("snapshot", snapshot),
    ("trace", trace),
];

fn text(data: &[u8]) -> Option<&str> {
    core::str::from_utf8(data).ok()
}

/// Any line as a dead letter: it is refused, or it is written and read again as the same letter.
pub fn dead_letter(data: &[u8]) {
    let Some(Ok(letter)) = text(data).map(serde_json::from_str::<DeadLetter>) else { return };
    let written = serde_json::to_string(&letter).expect("a letter can be written");
    let read: DeadLetter = serde_json::from_str(&written).expect("and read again");
    assert_eq!(read, letter);
    let error = letter.last_error().map_or("", Failure::message);
    assert!(pattern(error).len() <= MAX_PATTERN);
    let mut queue = DeadLetterQueue::default();
    let Ok(_) = queue.insert(Time::ZERO, letter) else { return };
    assert_eq!(DeadLetterQueue::restore(&queue.snapshot()).as_ref(), Ok(&queue));
    let _ = queue.redrive(Time::MAX, &RedrivePlan::default(), Stream::new(1));
}

/// Any bytes as a file of letters: every line is a letter, or damaged, or blank, and what was read is what
/// is read again.
pub fn letter_file(data: &[u8]) {
    let file = LetterFile::read(data);
    let lines = data.split(|byte| *byte == b'\n').count();
    assert!(file.letters.len() + file.damaged.len() <= lines);
    let mut ids: Vec<u64> = file.letters.iter().map(|letter| letter.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), file.letters.len(), "every letter has a number of its own");
    let mut queue = DeadLetterQueue::new(QueueConfig::new().capacity(None));
    let mut written = String::new();
    for letter in &file.letters {
        written += &letter.to_line();
        let _pushed =
            queue.insert(Time::ZERO, letter.clone()).expect("a letter of a file has a place");
    }
    let again = LetterFile::read(written.as_bytes());
    assert_eq!(again.letters, file.letters);
    assert!(again.damaged.is_empty(), "{:?}", again.damaged);
    let (tasks, _) = queue.redrive(Time::MAX, &RedrivePlan::default(), Stream::new(1));
    for task in tasks {
        assert_eq!(Redriven::from_value(&task.to_value()).as_ref(), Ok(&task));
    }
}

/// Any JSON as a policy: it is refused, or it is written and read again as the same policy, and none of its
/// delays panics or, by the rule `fit`, passes the cap.
pub fn policy(data: &[u8]) {
    let Some(Ok(value)) = text(data).map(Value::from_json) else { return };
    let Ok(policy) = RetryPolicy::from_value(&value) else { return };
    assert_eq!(RetryPolicy::from_value(&policy.to_value()).as_ref(), Ok(&policy));
    let cap = policy.max_delay().filter(|_| policy.compat().cap_stage == CapStage::Fit);
    for retry in policy.schedule(42, 7).take(50) {
        assert!(cap.is_none_or(|cap| retry.delay <= cap), "{} > {cap:?}", retry.delay.as_nanos());
    }
}

/// Any JSON as a snapshot: it is refused, or what is restored from it works and saves itself.
pub fn snapshot(data: &[u8]) {
    let Some(Ok(snapshot)) = text(data).map(serde_json::from_str::<Snapshot>) else { return };
    if let Ok(task) = Task::restore(&snapshot) {
        assert_eq!(Task::restore(&task.snapshot()), Ok(task));
    }
    if let Ok(queue) = DeadLetterQueue::restore(&snapshot) {
        assert_eq!(DeadLetterQueue::restore(&queue.snapshot()), Ok(queue));
    }
    let Ok(mut machine) = Machine::restore(&snapshot) else { return };
    let again = Machine::restore(&machine.snapshot()).expect("what was restored can be saved");
    assert!(again.snapshot() == machine.snapshot());
    for _ in 0..100 {
        let Some(at) = machine.next_wakeup() else { break };
        while let Some(dispatch) = machine.poll(at.max(machine.now())) {
            let _ = machine.fail(Time::ZERO, &dispatch, &Failure::new("timeout", ""));
        }
        machine.recover(Time::ZERO, Recovery::Retry);
    }
}

/// Any answer: a status in two bytes, then a header a line. How long it asks to wait depends on nothing but
/// the answer, and its words are of one kind.
pub fn retry_after_of(data: &[u8]) {
    let Some((status, rest)) = data.split_at_checked(2) else { return };
    let status = u16::from_be_bytes([status[0], status[1]]) % 1_000;
    let Some(rest) = text(rest) else { return };
    let headers: Vec<(&str, &str)> = rest.lines().filter_map(|line| line.split_once(':')).collect();
    let now = Some(Time::from_secs(1_795_824_000));
    let status = (status > 0).then_some(status);
    let asked = |headers: &[(&str, &str)]| retry_after(status, headers.iter().copied(), now);
    let shouted: Vec<String> = headers.iter().map(|(name, _)| name.to_ascii_uppercase()).collect();
    let loud: Vec<(&str, &str)> =
        shouted.iter().map(String::as_str).zip(headers.iter().map(|(_, value)| *value)).collect();
    assert_eq!(asked(&headers), asked(&loud));
    for (name, value) in headers {
        let kind = kind_of(name).unwrap_or(Kind::Other);
        assert_eq!(matches(kind.as_str(), &[name]), kind == Kind::of(&[name]));
        let _ = matches(value, &[name, value]);
    }
}

/// Any text as the configuration of each system: it is refused, or what comes of it is a policy that can be
/// written, read and exported.
pub fn importers(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let trees = [Value::from_json(text).ok(), redrive_interop::read_yaml(text).ok()];
    let ini = redrive_interop::read_ini(text).ok();
    for tree in trees.into_iter().flatten().chain(ini) {
        for system in redrive_interop::systems() {
            for imported in system.import(&tree).unwrap_or_default() {
                let policy = imported.policy;
                assert_eq!(RetryPolicy::from_value(&policy.to_value()).as_ref(), Ok(&policy));
                for other in redrive_interop::systems() {
                    let _ = other.export(&policy);
                }
            }
        }
    }
}

/// A loader whose only file is what the fuzzer makes up.
struct OneFile<'d>(&'d [u8]);

impl Loader for OneFile<'_> {
    fn text(&mut self, _: &str) -> Result<String, String> {
        text(self.0).map(str::to_owned).ok_or_else(|| "is not UTF-8".to_owned())
    }

    fn bytes(&mut self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.to_vec())
    }

    fn tree(&mut self, _: &str) -> Result<Value, String> {
        Err("is not read here".to_owned())
    }
}

/// Any bytes as a trace: they are refused by name, or the scenario is one that can be written and read.
pub fn trace(data: &[u8]) {
    for more in ["", r#","column":"value","bin":"1s""#, r#","column":"2""#] {
        let scenario = format!(
            r#"{{"arrivals":{{"kind":"trace","file":"t.csv"{more}}},"policies":[{{"preset":"full"}}]}}"#
        );
        let tree = Value::from_json(&scenario).expect("a scenario");
        if let Err(error) = Scenario::read(&tree, &mut OneFile(data)) {
            let said = error.to_string();
            assert!(said.len() < 4_000, "{} bytes are said of a trace", said.len());
        }
    }
}

/// Any query as a link of the page: it is read, with notices, and what it stands for is written so that it is
/// read as the same.
pub fn page_link(data: &[u8]) {
    let Some(query) = text(data) else { return };
    let Ok(page) = Page::read(query) else { return };
    let again = Page::read(&page.query()).expect("a page's own link is read");
    assert_eq!(again.query(), page.query());
    assert_eq!(again.scenario(), page.scenario());
}
