use redrive_worker::{Job, MemoryStore, Worker};

use crate::common::{Order, Seen, every, order, orders};

#[tokio::test(start_paused = true)]
async fn a_type_without_a_handler_is_named() {
    let seen = Seen::default();
    let worker = orders(every(10, 1), &seen, |_, _| false).start().await.unwrap();
    let error = worker.submit(Job::new("ordre", "k", &Order { n: 1 }).unwrap()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no handler for the type \"ordre\"; this worker has handlers for: order"
    );
}

#[tokio::test(start_paused = true)]
async fn jobs_that_no_handler_would_take_keep_the_worker_from_starting() {
    let store = MemoryStore::new();
    let seen = Seen::default();
    let worker = orders(every(60_000, 2), &seen, |_, _| true).store(store.clone());
    let worker = worker.start().await.unwrap();
    worker.submit(order(1)).await.unwrap();
    worker.shutdown(std::time::Duration::ZERO).await.unwrap();
    let other = Worker::builder(every(10, 1)).store(store);
    let other = other.handle("mail", async |_: Order, _| Ok::<(), &str>(()));
    let error = other.start().await.unwrap_err().to_string();
    assert!(error.starts_with("the store has jobs of types without a handler: order;"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_type_has_one_handler() {
    let seen = Seen::default();
    let worker = orders(every(10, 1), &seen, |_, _| false);
    let worker = worker.handle("order", async |_: Order, _| Ok::<(), &str>(()));
    let error = worker.start().await.unwrap_err();
    assert_eq!(error.to_string(), "the type \"order\" has two handlers; give it one");
}

#[tokio::test(start_paused = true)]
async fn two_live_jobs_of_one_key_are_refused() {
    let seen = Seen::default();
    let worker = orders(every(60_000, 2), &seen, |_, _| true).start().await.unwrap();
    worker.submit(order(1)).await.unwrap();
    let error = worker.submit(order(1)).await.unwrap_err();
    assert!(error.to_string().contains("order-1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_payload_of_another_shape_is_a_dead_letter_that_says_so() {
    let seen = Seen::default();
    let worker = orders(every(10, 1), &seen, |_, _| false).start().await.unwrap();
    worker.submit(Job::new("order", "k", &"not an order").unwrap()).await.unwrap();
    worker.idle().await.unwrap();
    let letter =
        worker.inspect(|m| m.dead_letters().iter().next().cloned()).await.unwrap().unwrap();
    let failure = &letter.history.last().unwrap().failure;
    assert_eq!(failure.kind(), "invalid");
    assert!(failure.message().starts_with("the payload cannot be read"), "{}", failure.message());
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_its_own_that_is_wrong_is_refused() {
    let seen = Seen::default();
    let worker = orders(every(10, 1), &seen, |_, _| false).start().await.unwrap();
    let error = worker.submit(order(1).multiplier(3.0)).await.unwrap_err();
    assert!(error.to_string().contains("multiplier"), "{error}");
    assert_eq!(worker.inspect(redrive::Machine::len).await.unwrap(), 0);
}
