use redrive::{
    Reason, RetryPolicy,
    dead_letter::{FullPolicy, QueueConfig},
    run::{
        DeadLetters, Fault,
        testing::{VirtualTimer, script},
    },
    wire::Value,
};

fn give_up(queue: &DeadLetters, key: &str) -> redrive::GaveUp<&'static str> {
    let policy = RetryPolicy::classic(3, 2.0).unwrap();
    policy
        .retry(script::<(), _>([Err("no route"), Err("connection refused")]))
        .classify(|_: &&str| Fault::code("ECONNREFUSED"))
        .key(key)
        .seed(42)
        .dead_letters(queue, || "17 EUR")
        .call_on(&VirtualTimer::new())
        .unwrap_err()
}

#[test]
fn what_is_given_up_is_kept_with_its_history() {
    let queue = DeadLetters::default();
    let gave_up = give_up(&queue, "order-17");
    assert_eq!(gave_up.unsaved, None);
    let queue = queue.lock();
    let letter = queue.iter().next().unwrap();
    assert_eq!((letter.key.to_string(), letter.reason), ("order-17".to_owned(), Reason::Exhausted));
    assert_eq!((letter.attempts, letter.seed), (3, 42));
    assert_eq!(letter.payload, Value::from("17 EUR"));
    let messages: Vec<_> = letter.history.iter().map(|r| r.failure.to_string()).collect();
    assert_eq!(
        messages,
        [
            "connection (ECONNREFUSED): no route",
            "connection (ECONNREFUSED): connection refused",
            "connection (ECONNREFUSED): connection refused",
        ]
    );
}

#[test]
fn a_letter_that_a_full_queue_refuses_comes_back_with_the_error() {
    let queue = DeadLetters::new(QueueConfig::new().capacity(Some(1)).full(FullPolicy::Reject));
    assert!(give_up(&queue, "first").unsaved.is_none());
    let letter = give_up(&queue, "second").unsaved.unwrap();
    assert_eq!((letter.key.to_string(), letter.payload), ("second".to_owned(), "17 EUR".into()));
    assert_eq!(queue.lock().len(), 1);
}

#[test]
fn a_success_leaves_no_letter() {
    let queue = DeadLetters::default();
    let policy = RetryPolicy::classic(3, 2.0).unwrap();
    let call = policy.retry(script([Err("no"), Ok(1)])).dead_letters(&queue, || "unused");
    assert_eq!(call.call_on(&VirtualTimer::new()), Ok(1));
    assert!(queue.lock().is_empty());
}
