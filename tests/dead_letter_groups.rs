//! Letters are found and grouped by what they died of.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    DeadLetter, DeadLetterQueue, Duration, Failure, Reason, Time,
    dead_letter::{AttemptRecord, Filter, GroupBy},
    wire::Value,
};

const NOW: Time = Time::from_secs(100_000);

fn letter(key: u64, reason: Reason, age: u64, kind: &str, message: &str) -> DeadLetter {
    let died_at = Time::from_nanos(NOW.as_nanos() - Duration::from_secs(age).as_nanos() as u64);
    let mut letter = DeadLetter::new(key, reason, died_at);
    letter.task_type = if key.is_multiple_of(2) { "mail".into() } else { "charge".into() };
    let failure = Failure::new(kind, message);
    let record = AttemptRecord {
        attempt: 1,
        started: died_at,
        ended: died_at,
        delay: Duration::ZERO,
        failure,
    };
    letter.history.push(record, 1);
    letter
}

fn queue() -> DeadLetterQueue {
    let mut queue = DeadLetterQueue::default();
    for letter in [
        letter(1, Reason::Exhausted, 90_000, "timeout", "timeout after 31 ms"),
        letter(2, Reason::Exhausted, 3_700, "timeout", "timeout after 47 ms"),
        letter(3, Reason::Permanent, 70, "validation", "no field \"name\" in order 17"),
        letter(4, Reason::Exhausted, 30, "timeout", "no answer from 10.0.0.7:8080"),
        letter(5, Reason::Exhausted, 10, "timeout", "timeout after 1.5 ms"),
        DeadLetter::new(6, Reason::Expired, NOW),
    ] {
        queue.push(NOW, letter).unwrap().id.unwrap();
    }
    queue
}

fn groups(by: GroupBy) -> Vec<(String, u64)> {
    queue().group(NOW, &Filter::new(), by).into_iter().map(|g| (g.label, g.count)).collect()
}

fn keys(filter: &Filter) -> Vec<u64> {
    queue().list(NOW, filter).map(|letter| letter.key.id()).collect()
}

fn pairs(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(label, count)| ((*label).to_owned(), *count)).collect()
}

#[test]
fn messages_that_differ_in_numbers_are_one_group() {
    let queue = queue();
    let groups = queue.group(NOW, &Filter::new(), GroupBy::Pattern);
    let first = &groups[0];
    assert_eq!((first.label.as_str(), first.count), ("timeout: timeout after # ms", 3));
    assert_eq!((first.example, first.newest), (5, Time::from_secs(99_990)));
    assert_eq!(first.oldest, Time::from_secs(10_000));
    let filter = Filter::new().fingerprint(first.fingerprint.unwrap());
    assert_eq!(keys(&filter), [1, 2, 5]);
    let labels: Vec<&str> = groups[1..].iter().map(|group| group.label.as_str()).collect();
    let others = ["", "timeout: no answer from #", "validation: no field \"name\" in order #"];
    assert_eq!(labels, others);
}

#[test]
fn groups_come_largest_first_and_ages_youngest_first() {
    assert_eq!(
        groups(GroupBy::Reason),
        pairs(&[("exhausted", 4), ("expired", 1), ("permanent", 1)])
    );
    assert_eq!(groups(GroupBy::Kind), pairs(&[("timeout", 4), ("", 1), ("validation", 1)]));
    assert_eq!(groups(GroupBy::Type), pairs(&[("charge", 3), ("mail", 2), ("", 1)]));
    let ages = [("under 1m", 3), ("1m to 1h", 1), ("1h to 1d", 1), ("1d to 7d", 1)];
    assert_eq!(groups(GroupBy::Age), pairs(&ages));
}

#[test]
fn every_condition_of_a_filter_counts() {
    assert_eq!(keys(&Filter::new()), [1, 2, 3, 4, 5, 6], "oldest first");
    let reasons = Filter::new().reason(Reason::Permanent).reason(Reason::Expired);
    assert_eq!(keys(&reasons), [3, 6]);
    assert_eq!(keys(&Filter::new().kind("timeout").task_type("mail")), [2, 4]);
    assert_eq!(keys(&Filter::new().older_than(Duration::from_secs(70))), [1, 2, 3]);
    assert_eq!(keys(&Filter::new().younger_than(Duration::from_secs(70))), [4, 5, 6]);
    assert_eq!(keys(&Filter::new().message("no answer")), [4]);
    assert_eq!(keys(&Filter::new().ids([5, 2, 99, 2])), [2, 5]);
    assert_eq!(keys(&Filter::new().key(4).ids([1])), Vec::<u64>::new());
    assert_eq!(keys(&Filter::new().parked(true)), Vec::<u64>::new());
}

#[test]
fn a_filter_is_read_from_data() {
    let list = |items: &[Value]| Value::List(items.to_vec());
    let value = Value::map([
        ("reason", list(&["exhausted".into(), "permanent".into()])),
        ("olderThan", "1m".into()),
        ("youngerThan", "1d".into()),
    ]);
    assert_eq!(keys(&Filter::from_value(&value).unwrap()), [2, 3]);
    for (field, value, expected) in [
        ("reson", Value::Null, "reson is not a field; did you mean \"reason\"?"),
        ("reason", Value::from("dead"), "reason = \"dead\" is not known"),
        ("ids", list(&[Value::from("x")]), "ids[0] is not a letter's number"),
        ("olderThan", Value::from("soon"), "olderThan"),
    ] {
        let error = Filter::from_value(&Value::map([(field, value)])).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn pages_walk_the_whole_queue() {
    let queue = queue();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = queue.page(after, 4);
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|letter| letter.id));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn stats_count_what_is_held() {
    let stats = queue().stats();
    assert_eq!((stats.letters, stats.parked), (6, 0));
    let reasons = [(Reason::Exhausted, 4), (Reason::Permanent, 1), (Reason::Expired, 1)];
    assert_eq!(stats.by_reason, reasons);
    assert_eq!(stats.newest, Some(NOW));
}
