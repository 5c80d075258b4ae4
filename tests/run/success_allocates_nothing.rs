use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use redrive::{RetryPolicy, run::Fault};

fn allocations(run: impl FnOnce()) -> u64 {
    allocation_counter::measure(run).count_total
}

#[test]
fn blocking() {
    let policy = RetryPolicy::recommended();
    let call = || {
        let call = policy.retry(|| std::io::Result::Ok(7)).classify(Fault::io).key(17);
        assert_eq!(call.call().ok(), Some(7));
    };
    call();
    assert_eq!(allocations(call), 0);
}

#[test]
fn awaited() {
    let policy = RetryPolicy::recommended();
    let call = || {
        let call = policy.retry(|| async { std::io::Result::Ok(7) }).classify(Fault::io).key(17);
        let mut call = pin!(call.into_future());
        let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(Ok(7))));
    };
    call();
    assert_eq!(allocations(call), 0);
}
