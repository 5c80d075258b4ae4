//! One task: attempt, verdict, sleep, until it succeeds or the policy gives up.

use std::error::Error;

use redrive::{
    Backoff, Context, Duration, Jitter, RetryPolicy, State, Task, Verdict, random::Stream,
};
use redrive_examples::Clock;

/// Fails twice, as a server that restarts would.
fn call(attempt: u32) -> Result<&'static str, &'static str> {
    if attempt < 3 { Err("ECONNREFUSED") } else { Ok("200 OK") }
}

fn main() -> Result<(), Box<dyn Error>> {
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Exponential { initial: Duration::from_millis(10), multiplier: 2.0 })
        .jitter(Jitter::Full)
        .max_attempts(5)
        .build()?;
    // A real program draws its seed from the system's entropy: no two processes then retry together.
    let context = Context { policy: &policy, stream: Stream::new(42), key: 17 };
    let clock = Clock::start();
    let mut task = Task::new();
    loop {
        let attempt = task.start(clock.now())?;
        let code = match call(attempt) {
            Ok(answer) => {
                task.succeed(clock.now())?;
                println!("attempt {attempt}: {answer}");
                break;
            }
            Err(code) => code,
        };
        let class = policy.classify("connection", Some(code));
        match task.fail(clock.now(), &context, class, None, None)? {
            Verdict::Retry { at, delay } => {
                println!("attempt {attempt}: {code}, again in {delay:.1?}");
                clock.sleep_until(at);
            }
            verdict => {
                println!("attempt {attempt}: {code}, {verdict:?}");
                break;
            }
        }
    }
    assert_eq!(task.state(), State::Succeeded);
    Ok(())
}
