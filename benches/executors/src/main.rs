//! The cost of a call that succeeds at once: what every call pays for the retries that it may need.
//!
//! Programs take turns; a line is the median of its rounds, in nanoseconds a call.

use std::{
    convert::Infallible,
    future::Future,
    hint::black_box,
    time::{Duration, Instant},
};

use backon::{BlockingRetryable, ConstantBuilder, Retryable};
use redrive::{Backoff, Jitter, RetryPolicy};

const CALLS: u32 = 200_000;
const ROUNDS: usize = 15;

async fn succeed() -> Result<u32, Infallible> {
    black_box(Ok(7))
}

fn policy() -> RetryPolicy {
    RetryPolicy::builder()
        .backoff(Backoff::Constant { delay: Duration::ZERO })
        .jitter(Jitter::None)
        .max_attempts(5)
        .build()
        .expect("a policy")
}

type Lane<'a> = (&'static str, Box<dyn Fn() -> f64 + 'a>);

fn time(calls: impl FnOnce()) -> f64 {
    let began = Instant::now();
    calls();
    began.elapsed().as_nanos() as f64 / f64::from(CALLS)
}

fn awaited<F: Future<Output = ()>>(runtime: &tokio::runtime::Runtime, one: impl Fn() -> F) -> f64 {
    time(|| {
        runtime.block_on(async {
            for _ in 0..CALLS {
                one().await;
            }
        });
    })
}

fn report(title: &str, lanes: &[Lane<'_>]) {
    let mut rounds = vec![Vec::new(); lanes.len()];
    for _ in 0..ROUNDS {
        for ((_, lane), times) in lanes.iter().zip(&mut rounds) {
            times.push(lane());
        }
    }
    println!("{title}");
    let ratio = |lane: usize| {
        let mut ratios: Vec<f64> =
            rounds[lane].iter().zip(&rounds[1]).map(|(a, b)| a / b).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    };
    for (lane, (name, _)) in lanes.iter().enumerate() {
        let mut times = rounds[lane].clone();
        times.sort_unstable_by(f64::total_cmp);
        println!("  {name:24}{:8.1} ns  {:.2} x backon", times[times.len() / 2], ratio(lane));
    }
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let runtime = &runtime;
    let policy = policy();
    let policy = &policy;
    let backoff = ConstantBuilder::default().with_delay(Duration::ZERO).with_max_times(4);
    report(
        "a success at once, awaited",
        &[
            (
                "a plain await",
                Box::new(|| awaited(runtime, || async { drop(black_box(succeed().await)) })),
            ),
            (
                "backon",
                Box::new(|| {
                    awaited(runtime, || async { drop(black_box(succeed.retry(backoff).await)) })
                }),
            ),
            (
                "mettle",
                Box::new(|| {
                    awaited(runtime, || async { drop(black_box(mettle::retry(succeed).await)) })
                }),
            ),
            (
                "redrive",
                Box::new(|| {
                    awaited(runtime, || async { drop(black_box(policy.retry(succeed).await)) })
                }),
            ),
        ],
    );
    let fine = || -> Result<u32, Infallible> { black_box(Ok(7)) };
    report(
        "a success at once, blocking",
        &[
            (
                "a plain call",
                Box::new(|| time(|| (0..CALLS).for_each(|_| drop(black_box(fine()))))),
            ),
            (
                "backon",
                Box::new(|| {
                    time(|| (0..CALLS).for_each(|_| drop(black_box(fine.retry(backoff).call()))))
                }),
            ),
            (
                "redrive",
                Box::new(|| {
                    time(|| (0..CALLS).for_each(|_| drop(black_box(policy.retry(fine).call()))))
                }),
            ),
        ],
    );
}
