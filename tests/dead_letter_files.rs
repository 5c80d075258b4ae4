//! Files of dead letters as the world leaves them: what can be read is read, what cannot is set aside.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use redrive::{
    DeadLetter, Reason, Time,
    dead_letter::{LetterFile, MAX_ID},
    wire::Value,
};

/// A file of the kinds that were found in the wild, from `tests/golden/letters`.
macro_rules! case {
    ($name:literal) => {
        LetterFile::read(include_bytes!(concat!("golden/letters/", $name, ".ndjson")))
    };
}

fn ids(file: &LetterFile) -> Vec<u64> {
    file.letters.iter().map(|letter| letter.id).collect()
}

fn damaged(file: &LetterFile) -> Vec<(u64, bool)> {
    file.damaged.iter().map(|damaged| (damaged.line, damaged.is_cut_off)).collect()
}

#[test]
fn a_header_of_the_year_9999_spoils_no_letter() {
    let file = case!("poison-header");
    assert_eq!((ids(&file), damaged(&file)), (vec![1, 2], vec![]));
    let wait = file.letters[0].last_error().unwrap().retry_after().unwrap();
    assert_eq!(wait.as_nanos(), u128::from(u64::MAX), "the longest wait there is");
    assert!(file.notes[0].what.contains("retryAfterNs"), "{:?}", file.notes);
}

#[test]
fn a_torn_last_line_is_set_aside() {
    let file = case!("torn");
    assert_eq!((ids(&file), damaged(&file)), (vec![1, 2, 3], vec![(4, true)]));
    assert_eq!(file.damaged[0].why, "ends in the middle of a record: cut off while it was written");
    let whole = include_bytes!("golden/letters/torn.ndjson");
    assert!(whole.ends_with(&file.damaged[0].bytes), "as read");
}

#[test]
fn a_byte_order_mark_is_skipped_and_depth_is_not_a_reason_to_refuse() {
    let file = case!("bom");
    assert_eq!((ids(&file), damaged(&file)), (vec![1, 2, 3], vec![]));
    let file = case!("deep");
    assert_eq!((ids(&file), damaged(&file)), (vec![1], vec![]));
    assert!(file.letters[0].to_line().contains(&"{\"a\":".repeat(200)));
}

#[test]
fn two_queues_in_one_file_get_numbers_of_their_own() {
    let file = case!("merged");
    assert_eq!((ids(&file), damaged(&file)), (vec![1, 2, 3, 4, 5], vec![]));
    let lineages: Vec<u64> = file.letters.iter().map(|letter| letter.lineage).collect();
    assert_eq!(lineages, [1, 2, 3, 4, 5]);
    let notes: Vec<_> = file.notes.iter().map(|n| (n.line, n.what.as_str())).collect();
    assert_eq!(
        notes,
        [
            (4, "has the number 1 of a letter before it: it is 4 here"),
            (5, "has the number 2 of a letter before it: it is 5 here")
        ]
    );
}

#[test]
fn numbers_and_characters_come_out_as_they_went_in() {
    for (name, bytes) in [
        ("nums", &include_bytes!("golden/letters/nums.ndjson")[..]),
        ("nul", include_bytes!("golden/letters/nul.ndjson")),
        ("uni", include_bytes!("golden/letters/uni.ndjson")),
    ] {
        let file = LetterFile::read(bytes);
        assert!(file.damaged.is_empty() && file.notes.is_empty(), "{name}: {file:?}");
        for (line, letter) in core::str::from_utf8(bytes).unwrap().lines().zip(&file.letters) {
            let (written, again) = (letter.to_line(), Value::from_json(line).unwrap());
            let payload = again.get("payload").unwrap().to_json();
            assert!(written.contains(&format!("\"payload\":{payload}")), "{name}: {written}");
            let key = again.get("key").unwrap().to_json();
            assert!(written.contains(&format!("\"key\":{key}")), "{name}: {written}");
            let read = LetterFile::read(written.as_bytes());
            assert_eq!(read.letters, std::slice::from_ref(letter), "{name}");
        }
    }
    let digits = include_str!("golden/letters/nums.ndjson");
    for number in ["1.0", "1e2", "-0.0", "12345678901234567890123", "1e-400"] {
        assert!(case!("nums").letters[0].to_line().contains(number) && digits.contains(number));
    }
}

const WHOLE: &str =
    r#""schema":"redrive-dead-letter/1","id":7,"key":"k","reason":"exhausted","diedAtNs":5"#;

/// A letter with these fields besides the usual ones, each of which they may replace.
fn with(fields: &str) -> LetterFile {
    let Ok(Value::Map(mut letter)) = Value::from_json(&format!("{{{WHOLE}}}")) else { panic!() };
    let Ok(Value::Map(given)) = Value::from_json(&format!("{{{fields}}}")) else {
        panic!("{fields}")
    };
    letter.retain(|(name, _)| given.iter().all(|(other, _)| other != name));
    letter.extend(given);
    LetterFile::read(Value::Map(letter).to_json().as_bytes())
}

#[test]
fn what_other_writers_write_is_taken() {
    let one = |fields: &str, noted: &str| -> DeadLetter {
        let file = with(fields);
        assert!(file.damaged.is_empty(), "{fields}: {:?}", file.damaged);
        let notes: Vec<&str> = file.notes.iter().map(|note| note.what.as_str()).collect();
        match noted {
            "" => assert!(notes.is_empty(), "{fields}: {notes:?}"),
            noted => assert!(notes.iter().any(|note| note.contains(noted)), "{fields}: {notes:?}"),
        }
        file.letters.into_iter().next().unwrap()
    };
    assert_eq!(one(r#""attempts":2.5"#, "attempts = 2.5, which is read as 2").attempts, 2);
    assert_eq!(one(r#""attempts":3.0"#, "").attempts, 3);
    assert_eq!(one(r#""attempts":"4""#, "").attempts, 4);
    assert_eq!(one(r#""attempts":-1"#, "attempts = -1, which is read as 0").attempts, 0);
    assert_eq!(one(r#""attempts":99999999999"#, "attempts").attempts, u32::MAX);
    assert_eq!(one(r#""redrives":1e99"#, "redrives = 1e99").redrives, u32::MAX);
    assert_eq!(one(r#""diedAtNs":"253402300799000000000""#, "diedAtNs").died_at, Time::MAX);
    assert_eq!(one(r#""diedAtNs":-5"#, "diedAtNs = -5").died_at, Time::ZERO);
    assert_eq!(
        one(r#""diedAtNs":1763900001000000000.0"#, "").died_at.as_nanos() / 1_000,
        1_763_900_001_000_000
    );
    assert_eq!(one(r#""diedAtNs":null,"lastFailedAtNs":9"#, "no diedAtNs").died_at.as_nanos(), 9);
    assert_eq!(one(r#""id":9007199254740993"#, "id = 9007199254740993").id, MAX_ID);
    assert_eq!(one(r#""id":0"#, "").id, 1);
    assert_eq!(one(r#""id":null"#, "").id, 1);
    assert_eq!(one(r#""lineage":18446744073709551616"#, "lineage").lineage, MAX_ID);
    assert_ne!(one(r#""seed":"abc""#, "seed \"abc\"").seed, 0);
    assert_eq!(one(r#""seed":"17""#, "").seed, 17);
    assert_eq!(one(r#""key":17"#, "").key, 17.into());
    assert_eq!(one(r#""key":"""#, "").key, "".into());
    assert_eq!(one(r#""reason":"budget_exhausted""#, "").reason, Reason::BudgetExhausted);

    let kept = one(r#""traceId":"4bf9","tags":[1.0,"x"]"#, "traceId");
    assert!(kept.to_line().ends_with("\"traceId\":\"4bf9\",\"tags\":[1.0,\"x\"]}\n"));

    let failed = r#""lastError":{"kind":"E","message":"m","retryAfterNs":1e30,"stack":"at f"}"#;
    let letter = one(failed, "stack in lastError");
    let error = letter.last_error().unwrap();
    assert_eq!((error.kind(), error.message()), ("E", "m"));
    let history = r#""history":[{"attempt":1,"startedAtNs":-3,"endedAtNs":"99999999999999999999","delayNs":null,"error":{"kind":"A"},"span":"s"}],"lastError":{"kind":"B"}"#;
    let letter = one(history, "lastError that the history does not end with");
    assert_eq!(letter.last_error().unwrap().kind(), "A");
    let policy = r#""policy":{"maxAttempts":2},"policyFingerprint":"0000000000000000""#;
    let letter = one(policy, "");
    assert_eq!(letter.policy_fingerprint, letter.policy.unwrap().fingerprint());
}

#[test]
fn what_is_not_a_letter_is_set_aside_with_its_reason() {
    for (fields, why) in [
        (r#""reason":"nonsense""#, "reason = \"nonsense\" is not known"),
        (r#""schema":"redrive-dead-letter/2""#, "schema = \"redrive-dead-letter/2\""),
        (r#""schema":null"#, "schema"),
        (r#""died_at_ns":6,"diedAtNs":6"#, "twice"),
        (r#""attempts":"many""#, "attempts = \"many\""),
        (r#""attempts":[3]"#, "attempts"),
        (r#""diedAtNs":null"#, "diedAtNs"),
        (r#""diedAtNs":"yesterday""#, "diedAtNs = \"yesterday\""),
        (r#""parked":"yes""#, "parked"),
        (r#""policy":{"maxAttemts":2}"#, "did you mean \"maxAttempts\""),
        (r#""policy":{"maxAttempts":0}"#, "policy.maxAttempts = 0"),
        (r#""history":{}"#, "history"),
        (r#""history":[{"attempt":1}]"#, "history[0]"),
        (r#""key":{"id":1}"#, "key"),
        (r#""type":5"#, "type"),
    ] {
        let file = with(fields);
        assert!(file.letters.is_empty(), "{fields}");
        assert!(file.damaged[0].why.contains(why), "{fields}: {}", file.damaged[0].why);
    }
    let good = format!("{{{WHOLE}}}");
    for (line, why) in [
        (&b"not json"[..], "not JSON"),
        (b"[1]", "is not a record"),
        (b"17", "is not a record"),
        (b"\"text\"", "is not a record"),
        (b"{} {}", "something follows"),
        (b"{\"a\":\"\xff\xfe\"}", "not UTF-8 (byte 7)"),
        (b"\x00\x00\x00", "not JSON"),
        (b"{\"schema\":\"redrive-redriven/1\"}", "letter is missing"),
        (b"<<<<<<< HEAD", "not JSON"),
    ] {
        let bytes = [good.as_bytes(), b"\n", line, b"\r\n\n", good.as_bytes(), b"\r\n"].concat();
        let file = LetterFile::read(&bytes);
        assert_eq!((ids(&file), damaged(&file)), (vec![7, 8], vec![(2, false)]));
        assert_eq!(file.damaged[0].bytes, line);
        assert!(file.damaged[0].why.contains(why), "{}", file.damaged[0].why);
    }
    let deep = format!("{{{WHOLE},\"payload\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(damaged(&LetterFile::read(deep.as_bytes())), [(1, false)]);
    assert_eq!(LetterFile::read(b""), LetterFile::read(b"\xef\xbb\xbf\n\r\n  \n").letters_only());
}

trait LettersOnly {
    fn letters_only(self) -> LetterFile;
}

impl LettersOnly for LetterFile {
    fn letters_only(mut self) -> LetterFile {
        self.notes.clear();
        self
    }
}

#[test]
fn every_cut_of_a_file_leaves_the_lines_before_it() {
    let text = include_bytes!("golden/letters/uni.ndjson");
    let whole = case!("uni").letters.len();
    for end in 0..text.len() {
        let file = LetterFile::read(&text[..end]);
        let lines = text[..end].iter().filter(|byte| **byte == b'\n').count();
        assert!(file.letters.len() >= lines, "{end}");
        assert!(file.damaged.iter().all(|damaged| damaged.is_cut_off), "{end}: {:?}", file.damaged);
        assert!(file.letters.len() + file.damaged.len() <= whole);
    }
}

#[test]
fn tasks_on_their_way_are_letters_still() {
    let letter = with("").letters.remove(0);
    let mut queue = redrive::DeadLetterQueue::default();
    assert!(queue.insert(Time::ZERO, letter).is_ok());
    let plan = redrive::RedrivePlan::default();
    let (tasks, _) = queue.redrive(Time::ZERO, &plan, redrive::random::Stream::new(1));
    let file = LetterFile::read(tasks[0].to_line().as_bytes());
    assert_eq!(file.letters, [tasks[0].letter.clone()]);
    assert!(file.notes[0].what.contains("on its way back to work"));
}
