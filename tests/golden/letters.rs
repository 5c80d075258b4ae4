//! Letters: patterns, groups, filters, when a redrive sends each back, what it reports, what is kept.

use redrive::{
    DeadLetter, DeadLetterQueue, Failure, RedrivePlan, Time,
    dead_letter::{
        AttemptRecord, DEFAULT_HISTORY, Filter, GroupBy, History, LetterFile, MAX_ID, MAX_KIND,
        MAX_MESSAGE, MAX_PATTERN, Outcome, QueueConfig, Rollout, fingerprint, pattern,
    },
    random::{Stream, key_of},
    time::Duration,
    wire::Value,
};

use super::json;

/// When the redrives begin, in nanoseconds.
const NOW: u64 = 1_000_000_000_000;

const MESSAGES: &[&str] = &[
    "",
    "timeout after 31 ms",
    "timeout after 31ms",
    "took 1.5 s, limit 1,000",
    "10.0.0.7:8080 refused order-17",
    "[::1]:443 and fe80::1ff:fe23:4567:890a",
    "commit 3f9a1c22 is gone",
    "decade feedface cafe",
    "no row 8f14e45f-ceea-467a-9575-0b1c2d3e4f50",
    "no row 8F14E45F-CEEA-467A-9575-0B1C2D3E4F50.",
    "8f14e45f-ceea-467a-9575-0b1c2d3e4f50x",
    "at 2026-11-28T14:00:05.123Z",
    "  spaced\t\tout\u{a0}\n ",
    "x86 and # and ##",
    "7",
    "1.2.3.4.5-6/7:8,9",
    "1..2 1--2 -1 +1 1e9 0x1f",
    "naïve 7 ünits, \u{661}\u{662} stay",
    "Auftrag №17 – Größe 4½",
    "emoji 😀 1 😀 2",
    "\u{1b}[31mred\u{1b}[0m 5",
    "null\u{0}byte 5",
    "{\"id\":17,\"error\":\"12\"}",
    "GET https://example.test/orders/17?x=8f14e45fceea467a95750b1c2d3e4f50 500",
    "abcdefgh1 abcdef1 1abcdef0",
    "\u{202e}abc 7",
];

/// Texts that are cut: what is repeated, how often, and what is before it.
const LONG: &[(&str, &str, usize)] = &[
    ("", "a", 128),
    ("", "a", 129),
    ("", "ä", 64),
    ("", "ä", 65),
    ("x", "ä", 700),
    ("", "a", 1024),
    ("", "a", 1025),
    ("", "😀", 256),
    ("", "😀", 300),
    ("ab", "😀", 300),
];

fn record(id: u64, more: &str) -> String {
    format!(r#"{{"schema":"redrive-dead-letter/1","id":{id},"lineage":{id},{more}}}"#)
}

/// Two causes (timeouts and a missing row), three of a third, one without an error; two letters parked
/// before, one redriven too often.
fn records() -> Vec<String> {
    let letter = |id: u64| {
        let (kind, message) = match id {
            17 => {
                return format!(
                    r#""key":"expired","type":"mail","reason":"expired","diedAtNs":{NOW}"#
                );
            }
            id if id % 3 == 0 => ("missing", format!("no row {id}")),
            id if id % 5 == 0 => ("missing", format!("timeout after {id} ms")),
            id => ("timeout", format!("timeout after {id} ms")),
        };
        let key = if id.is_multiple_of(4) { id.to_string() } else { format!("\"order-{id}\"") };
        let task = if id.is_multiple_of(2) { "charge" } else { "mail" };
        let reason = if kind == "missing" { "permanent" } else { "exhausted" };
        let redrives = if id == 7 { 3 } else { u64::from(id.is_multiple_of(6)) };
        let at = NOW - (25 - id) * 30_000_000_000;
        format!(
            r#""key":{key},"type":"{task}","payload":{{"n":{id}}},"reason":"{reason}","attempts":3,"redrives":{redrives},"parked":{},"firstFailedAtNs":{at},"lastFailedAtNs":{at},"diedAtNs":{at},"history":[{{"attempt":3,"startedAtNs":{at},"endedAtNs":{at},"delayNs":0,"error":{{"kind":"{kind}","message":"{message}"}}}}],"seed":{}"#,
            id == 10 || id == 11,
            id * 1_000_003,
        )
    };
    (1..=20).map(|id| record(id, &letter(id))).collect()
}

fn queue() -> DeadLetterQueue {
    let mut queue = DeadLetterQueue::new(QueueConfig::default());
    for record in records() {
        let letter = DeadLetter::from_value(&json(&record)).unwrap();
        assert!(queue.insert(Time::ZERO, letter).is_ok());
    }
    queue
}

const FILTERS: &[&str] = &[
    r#"{}"#,
    r#"{"ids":[3,1,99,11]}"#,
    r#"{"key":"order-3"}"#,
    r#"{"key":"8"}"#,
    r#"{"reason":"permanent"}"#,
    r#"{"reason":["expired","exhausted"]}"#,
    r#"{"kind":"missing"}"#,
    r#"{"type":"charge"}"#,
    r#"{"message":"row 1"}"#,
    r#"{"olderThan":"5m"}"#,
    r#"{"olderThan":"150s","youngerThan":"4m30s"}"#,
    r#"{"parked":true}"#,
    r#"{"parked":false,"kind":"timeout","type":"mail"}"#,
];

/// A plan, and which letters fail again.
const REDRIVES: &[(&str, &[u64])] = &[
    (r#"{"every":"20ms"}"#, &[]),
    (r#"{"every":"20ms","spread":"5s"}"#, &[]),
    (r#"{"every":"0s","spread":"1m"}"#, &[]),
    (r#"{"every":"1s","spread":"0s","limit":6}"#, &[2, 4]),
    (r#"{"filter":{"ids":[7,1,11,2]},"every":"1s","spread":"0s","limit":3}"#, &[]),
    (r#"{"filter":{"parked":true},"every":"1s","spread":"0s"}"#, &[10]),
    (r#"{"filter":{"type":"nothing"}}"#, &[]),
    (r#"{"maxRedrives":1,"every":"1s","spread":"0s"}"#, &[1]),
    (r#"{"maxRedrives":null,"every":"1s","spread":"0s"}"#, &[]),
    (r#"{"canary":2,"every":"1s","spread":"0s"}"#, &[3, 6, 9, 12, 15, 18]),
    (r#"{"canary":2,"every":"1s","spread":"0s"}"#, &[3]),
    (r#"{"canary":{"first":2,"succeed":0.5},"every":"1s","spread":"0s"}"#, &[3, 1]),
    (r#"{"canary":{"first":3,"succeed":1},"every":"1s","spread":"0s"}"#, &[4]),
    (r#"{"canary":50,"every":"1s","spread":"0s"}"#, &[1, 2, 3]),
    (r#"{"canary":1,"every":"1s","spread":"0s","limit":5}"#, &[]),
    (r#"{"stopWhen":"failed > 20 %","every":"1s","spread":"0s"}"#, &[1, 2, 3, 4, 5]),
    (r#"{"stopWhen":"failed > 20 % of 5","every":"1s","spread":"0s"}"#, &[2, 6, 12, 13, 14]),
    (r#"{"stopWhen":"failed > 0 % of 3","every":"1s","spread":"0s"}"#, &[5]),
    (
        r#"{"canary":2,"stopWhen":"failed > 50 % of 4","every":"1s","spread":"0s"}"#,
        &[1, 3, 5, 6, 8, 9, 12, 13],
    ),
];

/// Runs a redrive in which every task ends as soon as it begins: the letters and when each went, and the
/// report.
fn redriven(plan: &RedrivePlan, fail: &[u64]) -> (Value, Value) {
    let now = Time::from_nanos(NOW);
    let mut rollout = Rollout::new(now, plan, Stream::new(key_of("42")), &queue());
    let mut sent = Vec::new();
    while let Some(at) = rollout.next_wakeup() {
        while let Some(letter) = rollout.poll(at) {
            let from_start = (at.as_nanos() - NOW).to_string();
            sent.push(Value::List(vec![letter.into(), from_start.into()]));
            let failed = fail.contains(&letter);
            rollout.tell(at, letter, if failed { Outcome::Failed } else { Outcome::Succeeded });
        }
    }
    assert!(rollout.is_over());
    (Value::List(sent), rollout.report().to_value())
}

fn groups() -> impl Iterator<Item = Value> {
    let queue = queue();
    GroupBy::ALL.iter().map(move |&by| {
        let groups = queue.group(Time::from_nanos(NOW), &Filter::new(), by).into_iter();
        let groups = groups.map(|group| {
            Value::List(vec![group.label.into(), group.count.into(), group.example.into()])
        });
        Value::List(vec![by.as_str().into(), Value::List(groups.collect())])
    })
}

/// The bytes that are kept of a text as a kind and as a message, and the last characters of the latter.
fn cut(&(before, part, times): &(&str, &str, usize)) -> Value {
    let text = before.to_owned() + &part.repeat(times);
    let failure = Failure::new(&text, &text);
    let end: Vec<char> = failure.message().chars().rev().take(2).collect();
    let end: String = end.into_iter().rev().collect();
    Value::List(vec![
        before.into(),
        part.into(),
        (times as u64).into(),
        (failure.kind().len() as u64).into(),
        (failure.message().len() as u64).into(),
        end.into(),
    ])
}

/// How many attempts are remembered and forgotten of so many.
fn remembered(attempts: u32) -> Value {
    let mut history = History::default();
    for attempt in 1..=attempts {
        let (started, ended, delay) = (Time::ZERO, Time::ZERO, Duration::ZERO);
        let failure = Failure::new("e", "");
        history.push(AttemptRecord { attempt, started, ended, delay, failure }, DEFAULT_HISTORY);
    }
    Value::List(vec![
        attempts.into(),
        (history.len() as u64).into(),
        history.forgotten().into(),
        history.iter().next().map_or(0, |first| first.attempt).into(),
    ])
}

/// The numbers of letters in a file, and those that they get.
fn numbers(ids: &[u64]) -> Value {
    let line = |id: &u64| record(*id, r#""key":1,"reason":"exhausted","diedAtNs":1"#);
    let lines: Vec<String> = ids.iter().map(line).collect();
    let read = LetterFile::read(lines.join("\n").as_bytes());
    let given = read.letters.iter().map(|letter| letter.id.into());
    let ids = ids.iter().map(|id| (*id).into());
    Value::List(vec![Value::List(ids.collect()), Value::List(given.collect())])
}

pub(crate) fn file() -> String {
    let patterns = MESSAGES.iter().map(|message| {
        let print = format!("{:016x}", fingerprint("e", message));
        Value::List(vec![(*message).into(), pattern(message).into(), print.into()])
    });
    let queue = queue();
    let chosen = FILTERS.iter().map(|text| {
        let filter = Filter::from_value(&json(text)).unwrap();
        let ids = queue.list(Time::from_nanos(NOW), &filter).map(|letter| letter.id.into());
        Value::List(vec![json(text), Value::List(ids.collect())])
    });
    let redrives = REDRIVES.iter().map(|(text, fail)| {
        let (sent, report) = redriven(&RedrivePlan::from_value(&json(text)).unwrap(), fail);
        let fail = fail.iter().map(|id| (*id).into());
        Value::List(vec![json(text), Value::List(fail.collect()), sent, report])
    });
    let limits = [
        ("history", u64::from(DEFAULT_HISTORY)),
        ("kindBytes", MAX_KIND as u64),
        ("messageBytes", MAX_MESSAGE as u64),
        ("patternBytes", MAX_PATTERN as u64),
        ("id", MAX_ID),
    ];
    let limits = limits.map(|(name, limit)| Value::List(vec![name.into(), limit.into()]));
    super::file(
        "patterns: a message, its pattern, and the fingerprint of it with the kind e. letters: the records of a \
         queue. filters: a filter, and the letters that it chooses at 1,000 s. groups of them by each field: label, \
         how many, the newest. redrives that begin at 1,000 s with the seed 42: a plan, the letters that fail again, \
         each letter that went and when (nanoseconds from the beginning), the report; every task ends as soon as it \
         begins. limits. cuts: a text (a beginning, a part, how often it is repeated), the bytes that are kept of it \
         as a kind and as a message, and the last characters of the latter. histories: attempts made, remembered, \
         forgotten, the first that is remembered. numbers: those in a file, and those that the letters get.",
        &[
            ("patterns", patterns.collect()),
            ("letters", records().iter().map(|record| json(record)).collect()),
            ("filters", chosen.collect()),
            ("groups", groups().collect()),
            ("redrives", redrives.collect()),
            ("limits", limits.into_iter().collect()),
            ("cuts", LONG.iter().map(cut).collect()),
            ("histories", [0, 1, 9, 10, 11, 25].into_iter().map(remembered).collect()),
            (
                "numbers",
                [&[1, 2, 3][..], &[1, 2, 2, 5, 1], &[7, 7, 7], &[3, 0, 0, 1]]
                    .into_iter()
                    .map(numbers)
                    .collect(),
            ),
        ],
    )
}
