//! A redrive whose canaries go first, and which stops when too many fail.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    DeadLetter, DeadLetterQueue, Duration, Failure, Machine, MachineConfig, Reason, RedrivePlan,
    RetryPolicy, Time,
    dead_letter::{
        AttemptRecord, Canary, Filter, Outcome, Redriven, Rollout, RolloutReport, Skip, StopWhen,
        Tried,
    },
    random::Stream,
    wire::Value,
};

fn letter(key: u64, kind: &str) -> DeadLetter {
    let mut letter = DeadLetter::new(key, Reason::Exhausted, Time::from_secs(key));
    let failure = Failure::new(kind, "");
    let (started, ended) = (Time::ZERO, Time::ZERO);
    let record = AttemptRecord { attempt: 1, started, ended, delay: Duration::ZERO, failure };
    letter.history.push(record, 10);
    letter
}

/// Letters 1 to `each` died of `a`, as many after them of `b`.
fn queue(each: u64) -> DeadLetterQueue {
    let mut queue = DeadLetterQueue::default();
    for key in 1..=2 * each {
        let letter = letter(key, if key <= each { "a" } else { "b" });
        assert!(queue.push(Time::ZERO, letter).is_ok());
    }
    queue
}

fn plan() -> RedrivePlan {
    RedrivePlan::default().every(Duration::from_secs(1)).spread(Duration::ZERO)
}

/// Sends all that goes until nothing goes any more; `well` says what becomes of a letter.
fn run(mut rollout: Rollout, well: impl Fn(u64) -> bool) -> (Vec<u64>, RolloutReport) {
    let mut sent = Vec::new();
    while let Some(now) = rollout.next_wakeup() {
        while let Some(letter) = rollout.poll(now) {
            sent.push(letter);
            let outcome = if well(letter) { Outcome::Succeeded } else { Outcome::Failed };
            rollout.tell(now, letter, outcome);
            let report = rollout.report();
            let sum = report.scheduled + report.parked + report.skipped + report.held_back;
            assert_eq!(report.selected, sum);
        }
    }
    assert!(rollout.is_over());
    (sent, rollout.report())
}

#[test]
fn the_rest_of_a_group_follows_only_if_its_first_succeed() {
    let plan = plan().canary(Canary::first(2));
    let rollout = Rollout::new(Time::ZERO, &plan, Stream::new(1), &queue(10));
    // What died of `a` is mended, what died of `b` is not.
    let (sent, report) = run(rollout, |letter| letter <= 10);
    assert_eq!(sent, [1, 2, 11, 12, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!((report.succeeded, report.failed, report.held_back), (10, 2, 8));
    assert_eq!(
        report.to_string(),
        "20 letters selected: 12 scheduled, 10 succeeded, 2 failed, 8 held back"
    );
}

#[test]
fn enough_need_not_be_all() {
    for (share, followed) in [(1.0, false), (0.8, true), (0.5, true)] {
        let plan = plan().canary(Canary::first(5).succeed(share)).limit(10);
        let rollout = Rollout::new(Time::ZERO, &plan, Stream::new(1), &queue(10));
        let (sent, _) = run(rollout, |letter| letter != 3);
        assert_eq!(sent.len() == 10, followed, "{share}: {sent:?}");
    }
}

#[test]
fn it_stops_when_too_many_of_the_last_fail() {
    let plan = plan().stop_when(StopWhen::failed(0.2).of(10));
    let rollout = Rollout::new(Time::ZERO, &plan, Stream::new(1), &queue(20));
    let (sent, report) = run(rollout, |letter| letter % 2 == 0);
    assert_eq!(sent, [1, 2, 3, 4, 5], "the third failure of the last ten is too much");
    assert!(report.stopped);
    assert_eq!((report.scheduled, report.held_back), (5, 35));
    // One in ten is not.
    let plan = plan.clone();
    let rollout = Rollout::new(Time::ZERO, &plan, Stream::new(1), &queue(20));
    let (sent, report) = run(rollout, |letter| letter % 10 != 0);
    assert_eq!((sent.len(), report.stopped), (40, false));
}

#[test]
fn a_rollout_of_nothing_says_so_and_a_letter_that_is_gone_is_replaced() {
    let none = plan().canary(Canary::first(1));
    let rollout = Rollout::new(Time::ZERO, &none, Stream::new(1), &DeadLetterQueue::default());
    assert!(rollout.is_over());
    assert_eq!(rollout.report().to_string(), "no letter selected: nothing redriven");
    let mut rollout = Rollout::new(Time::ZERO, &none, Stream::new(1), &queue(3));
    let now = Time::from_secs(100);
    let first = rollout.poll(now).unwrap();
    rollout.skip(now, first, Skip::Gone);
    assert_eq!(rollout.skipped(), [(1, Skip::Gone)]);
    let mut next: Vec<u64> = Vec::new();
    while let Some(letter) = rollout.poll(rollout.next_wakeup().unwrap_or(now)) {
        next.push(letter);
    }
    assert_eq!(next, [4, 2], "the next of its group is its canary");
}

#[test]
fn a_redrive_that_hands_all_out_at_once_holds_back_behind_the_canaries() {
    let mut queue = queue(10);
    let plan = plan().canary(Canary::first(3));
    let (tasks, report) = queue.redrive(Time::ZERO, &plan, Stream::new(1));
    assert_eq!((tasks.len(), report.held_back, queue.len()), (6, 14, 14));
    assert_eq!(
        report.to_string(),
        "20 letters selected: 6 scheduled within 5s, 14 held back behind the first of their group"
    );
}

/// What became of `tasks`; letters up to `well` succeed.
fn tried(tasks: &[Redriven], well: u64) -> Tried {
    let mut tried = Tried::new();
    for task in tasks {
        let outcome = if task.letter.id <= well { Outcome::Succeeded } else { Outcome::Failed };
        tried.tell(&task.letter, Some(outcome));
    }
    tried
}

#[test]
fn a_redrive_in_several_calls_goes_on_where_the_first_did_well() {
    let mut queue = queue(10);
    let plan = plan().canary(Canary::first(3));
    let (first, _) = queue.redrive(Time::ZERO, &plan, Stream::new(1));
    // What failed died again, as a worker tells the queue.
    let back = first.iter().filter(|task| task.letter.id > 10);
    for task in back {
        assert!(queue.push(Time::from_secs(1_000), task.letter.clone()).is_ok());
    }
    let (rest, report) =
        queue.redrive_after(Time::from_secs(1_001), &plan, Stream::new(1), &tried(&first, 10));
    let ids: Vec<u64> = rest.iter().map(|task| task.letter.id).collect();
    assert_eq!(ids, [4, 5, 6, 7, 8, 9, 10]);
    assert_eq!((report.held_back, report.skipped.len()), (7, 3), "{report}");
    assert_eq!(queue.len(), 10);
}

#[test]
fn a_task_whose_end_is_not_known_lets_its_group_wait() {
    let mut queue = queue(10);
    let plan = plan().canary(Canary::first(3));
    let (first, _) = queue.redrive(Time::ZERO, &plan, Stream::new(1));
    let mut tried = Tried::new();
    first.iter().for_each(|task| tried.tell(&task.letter, None));
    assert_eq!((tried.sent(), tried.known()), (6, 0));
    let (rest, report) = queue.redrive_after(Time::ZERO, &plan, Stream::new(1), &tried);
    assert_eq!((rest.len(), report.held_back), (0, 14));
}

#[test]
fn nothing_more_goes_once_too_many_of_the_tried_failed() {
    let mut queue = queue(10);
    let (first, _) = queue.redrive(Time::ZERO, &plan().limit(15), Stream::new(1));
    let tried = tried(&first, 10);
    let plan = plan().stop_when(StopWhen::failed(0.2));
    let (rest, report) = queue.redrive_after(Time::ZERO, &plan, Stream::new(1), &tried);
    assert_eq!((rest.len(), report.stopped, report.held_back, queue.len()), (0, true, 5, 5));
    let plan = plan.stop_when(StopWhen::failed(0.25));
    let (rest, report) = queue.redrive_after(Time::ZERO, &plan, Stream::new(1), &tried);
    assert_eq!((rest.len(), report.stopped), (5, false));
}

#[test]
fn a_task_carries_its_outcome_in_its_record() {
    let (tasks, _) = queue(1).redrive(Time::ZERO, &plan(), Stream::new(1));
    let mut task = tasks[0].clone();
    assert!(!task.to_line().contains("outcome"));
    for outcome in [Outcome::Succeeded, Outcome::Failed] {
        task.outcome = Some(outcome);
        assert!(task.to_line().contains(outcome.as_str()));
        assert_eq!(Redriven::from_value(&task.to_value()), Ok(task.clone()));
    }
    let wrong = task.to_line().replace("failed", "faild");
    let error = Redriven::from_value(&Value::from_json(&wrong).unwrap()).unwrap_err();
    assert!(error.to_string().contains("failed"), "{error}");
}

#[test]
fn a_plan_with_both_is_read_and_written() {
    let text = r#"{"canary":5,"stopWhen":"failed > 20 %"}"#;
    let plan = RedrivePlan::from_value(&Value::from_json(text).unwrap()).unwrap();
    assert_eq!(plan.canaries(), Some(Canary::first(5)));
    assert_eq!(plan.stops_when(), Some(StopWhen::failed(0.2)));
    assert_eq!(RedrivePlan::from_value(&plan.to_value()), Ok(plan));
    for (text, stop) in [
        ("failed > 20 %", StopWhen::failed(0.2)),
        ("failed>5%", StopWhen::failed(0.05)),
        (" failed > 12.5% of 40 ", StopWhen::failed(0.125).of(40)),
        ("failed > 0 % of the last 7", StopWhen::failed(0.0).of(7)),
    ] {
        assert_eq!(StopWhen::parse(text), Ok(stop), "{text}");
        assert_eq!(StopWhen::parse(&stop.to_string()), Ok(stop));
    }
    for text in [
        "",
        "failed",
        "failed > 20",
        "failed > 101 %",
        "succeeded < 80 %",
        "failed > -1 %",
        "failed > 5 % of 0",
        "failed >= 5 %",
    ] {
        assert!(StopWhen::parse(text).is_err(), "{text}");
    }
    for wrong in [
        r#"{"canary":0}"#,
        r#"{"canary":{}}"#,
        r#"{"canary":{"first":2,"succeed":1.5}}"#,
        r#"{"stopWhen":{"failed":2}}"#,
        r#"{"stopWhen":{"failed":0.1,"of":0}}"#,
        r#"{"stopWhen":"never"}"#,
    ] {
        let error = RedrivePlan::from_value(&Value::from_json(wrong).unwrap()).unwrap_err();
        assert!(
            error.path().starts_with("canary") || error.path().starts_with("stopWhen"),
            "{error}"
        );
    }
}

fn machine() -> Machine {
    let policy = RetryPolicy::classic(1, 2.0).unwrap();
    let config = MachineConfig::default().policy(policy);
    let mut machine = Machine::new(config);
    for key in 1..=20 {
        let letter = letter(key, if key <= 10 { "a" } else { "b" });
        assert!(machine.dead_letters_mut().push(Time::ZERO, letter).is_ok());
    }
    machine
}

/// Works until nothing is due; keys up to 10 succeed.
fn work(machine: &mut Machine) -> Time {
    let mut now = machine.now();
    while let Some(at) = machine.next_wakeup() {
        now = now.max(at);
        while let Some(dispatch) = machine.poll(now) {
            match dispatch.key.id() <= 10 {
                true => machine.succeed(now, &dispatch).unwrap(),
                false => drop(machine.fail(now, &dispatch, &Failure::new("b", "")).unwrap()),
            }
        }
    }
    now
}

#[test]
fn a_machine_runs_a_rollout_by_itself() {
    let mut machine = machine();
    let plan = plan().canary(Canary::first(2));
    let number = machine.start_rollout(Time::ZERO, &plan);
    work(&mut machine);
    let report = machine.rollout(number).unwrap().report();
    assert_eq!((report.succeeded, report.failed, report.held_back), (10, 2, 8));
    assert_eq!(machine.dead_letters().len(), 10);
    let again = Filter::new().kind("b");
    let redriven = machine.dead_letters().list(Time::ZERO, &again).filter(|l| l.redrives == 1);
    assert_eq!(redriven.count(), 2);
    assert_eq!(machine.stats().counters.redriven, 12);
}

#[test]
fn what_is_left_stays_when_it_stops() {
    let mut machine = machine();
    let plan = RedrivePlan::new(Filter::new().kind("b")).stop_when(StopWhen::failed(0.1).of(10));
    let number = machine.start_rollout(Time::ZERO, &plan);
    work(&mut machine);
    let report = machine.rollout(number).unwrap().report();
    assert!(report.stopped && report.scheduled == 2, "{report}");
    assert_eq!(machine.dead_letters().len(), 20);
    assert!(machine.is_empty());
    assert_eq!(machine.stop_rollout(99), None);
}

#[cfg(feature = "serde")]
#[test]
fn a_snapshot_carries_it_on() {
    let mut machine = machine();
    let plan = plan().canary(Canary::first(2)).stop_when(StopWhen::failed(0.9));
    let number = machine.start_rollout(Time::ZERO, &plan);
    let first = machine.poll(machine.next_wakeup().unwrap()).unwrap();
    let text = serde_json::to_string(&machine).unwrap();
    let mut restored: Machine = serde_json::from_str(&text).unwrap();
    for machine in [&mut machine, &mut restored] {
        machine.succeed(machine.now(), &first).unwrap();
        work(machine);
    }
    let report = |machine: &Machine| machine.rollout(number).unwrap().report();
    assert_eq!(report(&restored), report(&machine));
    assert_eq!(report(&machine).succeeded, 10);
    assert!(restored.snapshot() == machine.snapshot());
}
