//! A budget that threads share: however many tasks fail together, retries stay below a share of the
//! requests.

use std::{error::Error, sync::Mutex, thread};

use redrive::{
    Backoff, Budget, BudgetRule, Context, Duration, RetryPolicy, Task, Verdict, random::Stream,
};
use redrive_examples::Clock;

const THREADS: u64 = 4;
const TASKS: u64 = 250;

fn main() -> Result<(), Box<dyn Error>> {
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Exponential { initial: Duration::from_micros(100), multiplier: 2.0 })
        .max_attempts(5)
        .budget(BudgetRule::ratio(20.0, 10.0, Duration::from_secs(10)))
        .build()?;
    let rule = policy.budget().ok_or("the policy has a budget")?;
    let budget = Mutex::new(Budget::new(rule));
    let clock = Clock::start();
    let attempts: u64 = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (policy, budget, clock) = (&policy, &budget, &clock);
                scope.spawn(move || {
                    let keys = (0..TASKS).map(|task| thread * TASKS + task);
                    keys.map(|key| fail_always(policy, budget, clock, key)).sum::<u64>()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(0)).sum()
    });
    let tasks = THREADS * TASKS;
    println!("{tasks} tasks, {attempts} attempts: {:.2} a task", attempts as f64 / tasks as f64);
    Ok(())
}

/// One task against a server that is down; how many attempts it made.
fn fail_always(policy: &RetryPolicy, budget: &Mutex<Budget>, clock: &Clock, key: u64) -> u64 {
    let context = Context { policy, stream: Stream::new(42), key };
    let class = policy.classify("unavailable", Some("503"));
    let mut task = Task::new();
    let mut attempts = 0;
    loop {
        // The lock is held for a decision, never for a call or a sleep.
        let Ok(mut shared) = budget.lock() else { return attempts };
        let now = clock.now();
        let Ok(_) = task.start(now) else { return attempts };
        shared.on_attempt(now, attempts > 0);
        attempts += 1;
        let verdict = task.fail(now, &context, class, None, Some(&mut shared));
        match verdict {
            Ok(Verdict::Retry { at, .. }) => {
                drop(shared);
                clock.sleep_until(at);
            }
            _ => {
                shared.on_end(attempts > 1);
                return attempts;
            }
        }
    }
}
