//! A redrive is paced and spread, the same for the same seed, and no herd of its own.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    DeadLetter, DeadLetterQueue, Duration, Reason, RedrivePlan, Time,
    dead_letter::{Attempts, Filter, QueueConfig, Redriven},
    random::Stream,
    wire::Value,
};

const NOW: Time = Time::from_secs(1_000);

fn queue(letters: u64) -> DeadLetterQueue {
    let mut queue = DeadLetterQueue::new(QueueConfig::new().capacity(None));
    for key in 0..letters {
        let mut letter = DeadLetter::new(key, Reason::Exhausted, Time::from_secs(key));
        letter.attempts = 3;
        queue.push(Time::ZERO, letter).unwrap().id.unwrap();
    }
    queue
}

fn redrive(letters: u64, plan: &RedrivePlan, seed: u64) -> Vec<Redriven> {
    queue(letters).redrive(NOW, plan, Stream::new(seed)).0
}

/// Seconds after now.
fn seconds(tasks: &[Redriven]) -> Vec<f64> {
    tasks.iter().map(|task| task.at.saturating_since(NOW).as_secs_f64()).collect()
}

#[test]
fn each_letter_has_a_slot_of_its_own() {
    let plan = RedrivePlan::default().per_second(10.0).unwrap();
    for (i, at) in seconds(&redrive(1_000, &plan, 42)).into_iter().enumerate() {
        let slot = i as f64 * 0.1;
        assert!((slot..slot + 0.1).contains(&at), "letter {i} at {at} s");
    }
}

#[test]
fn the_spread_is_uniform() {
    // All at once, spread over 100 s: Kolmogorov-Smirnov against U[0, 100), 5,000 letters.
    let plan = RedrivePlan::default().every(Duration::ZERO).spread(Duration::from_secs(100));
    let mut at = seconds(&redrive(5_000, &plan, 42));
    at.sort_by(f64::total_cmp);
    let n = at.len() as f64;
    let distance = |(i, at): (usize, &f64)| {
        (at / 100.0 - i as f64 / n).abs().max((at / 100.0 - (i + 1) as f64 / n).abs())
    };
    let ks = at.iter().enumerate().map(distance).fold(0.0, f64::max);
    assert!(ks * n.sqrt() < 1.95, "KS {ks}");
}

#[test]
fn no_spread_and_no_pace_is_a_herd_that_was_asked_for() {
    let plan = RedrivePlan::default().every(Duration::ZERO);
    assert!(seconds(&redrive(100, &plan, 42)).iter().all(|at| *at == 0.0));
}

#[test]
fn the_same_seed_gives_the_same_schedule_and_another_life_another_one() {
    let plan = RedrivePlan::default();
    assert_eq!(redrive(50, &plan, 42), redrive(50, &plan, 42));
    assert_ne!(seconds(&redrive(50, &plan, 42)), seconds(&redrive(50, &plan, 43)));

    let mut again = DeadLetterQueue::default();
    let first = redrive(50, &plan, 42);
    for task in &first {
        again.push(NOW, task.letter.clone()).unwrap().id.unwrap();
    }
    let (second, _) = again.redrive(NOW, &plan, Stream::new(42));
    assert_eq!(second[0].letter.redrives, 2);
    assert_ne!(seconds(&first), seconds(&second));
}

#[test]
fn the_pace_is_never_exceeded_by_rounding() {
    let plan = RedrivePlan::default().per_second(3.0).unwrap().spread(Duration::ZERO);
    let tasks = redrive(31, &plan, 42);
    assert!(tasks[30].at.saturating_since(NOW) >= Duration::from_secs(10));
}

#[test]
fn the_limit_takes_the_oldest_and_says_that_there_are_more() {
    let mut queue = queue(10);
    let (tasks, report) = queue.redrive(NOW, &RedrivePlan::default().limit(3), Stream::new(1));
    let keys: Vec<u64> = tasks.iter().map(|task| task.letter.key.id()).collect();
    assert_eq!(keys, [0, 1, 2]);
    assert_eq!((report.selected, report.limited, queue.len()), (3, true, 7));
    assert_eq!(
        report.to_string(),
        "3 letters selected: 3 scheduled within 60ms, more left by the limit"
    );
}

#[test]
fn parked_letters_do_not_use_up_the_limit() {
    let mut queue = queue(5);
    for id in [1, 2, 3] {
        assert!(queue.park(id, true));
    }
    let (tasks, report) = queue.redrive(NOW, &RedrivePlan::default().limit(2), Stream::new(1));
    assert_eq!((tasks.len(), report.selected, report.set_aside, report.limited), (2, 2, 3, false));
    assert_eq!(report.to_string(), "2 letters selected: 2 scheduled within 40ms");
}

#[test]
fn attempts_are_reset_kept_or_added_to() {
    for (attempts, expected) in [
        (Attempts::Reset, (0, 3, None)),
        (Attempts::Keep, (3, 0, None)),
        (Attempts::Add(2), (3, 0, Some(2))),
        (Attempts::Add(0), (3, 0, Some(1))),
    ] {
        let task = &redrive(1, &RedrivePlan::default().attempts(attempts), 1)[0];
        let letter = &task.letter;
        assert_eq!((letter.attempts, letter.earlier_attempts, task.more), expected, "{attempts:?}");
        assert_eq!(letter.total_attempts(), 3);
    }
}

#[test]
fn a_plan_is_read_from_data() {
    let value = Value::map([
        ("filter", Value::map([("reason", "exhausted".into())])),
        ("limit", 5_u64.into()),
        ("perSecond", 100.0.into()),
        ("spread", "2s".into()),
        ("attempts", Value::map([("add", 2_u64.into())])),
        ("maxRedrives", Value::Null),
    ]);
    let expected = RedrivePlan::new(Filter::new().reason(Reason::Exhausted))
        .limit(5)
        .every(Duration::from_millis(10))
        .spread(Duration::from_secs(2))
        .attempts(Attempts::Add(2))
        .max_redrives(None);
    assert_eq!(RedrivePlan::from_value(&value), Ok(expected));
    assert_eq!(RedrivePlan::from_value(&Value::Map(Vec::new())), Ok(RedrivePlan::default()));
    for (fields, expected) in [
        (vec![("rate", 5_u64.into())], "rate is not a field"),
        (vec![("perSecond", 0_u64.into())], "perSecond = 0 is not a number above 0"),
        (vec![("perSecond", f64::NAN.into())], "perSecond = NaN is not a finite number"),
        (vec![("perSecond", 5_u64.into()), ("every", "1s".into())], "every and perSecond both"),
        (vec![("attempts", "restart".into())], "attempts = \"restart\" is not known"),
        (vec![("attempts", Value::map([("add", 0_u64.into())]))], "attempts.add is missing or 0"),
        (vec![("filter", Value::map([("kid", Value::Null)]))], "filter.kid is not a field"),
    ] {
        let entries = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let error = RedrivePlan::from_value(&Value::Map(entries)).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
