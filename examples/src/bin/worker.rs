//! A worker over [`Machine`]: threads do the work, the machine says what is due and what becomes of a
//! failure; dead letters go back to work when the cause is mended.

use std::{
    error::Error,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration as Wait,
};

use redrive::{
    Backoff, Dispatch, Duration, Failure, Machine, MachineConfig, RedrivePlan, RetryPolicy,
    TaskSpec, dead_letter::Filter, wire::Value,
};
use redrive_examples::Clock;

const WORKERS: usize = 3;

/// A job handed to a thread, and what comes back.
struct Job {
    dispatch: Dispatch,
    payload: Value,
}
type Done = (Dispatch, Result<(), Failure>);

/// The work: a mailbox that does not exist fails for good, until somebody creates it.
fn send_mail(payload: &Value, mended: bool) -> Result<(), Failure> {
    match payload {
        Value::Text(to) if to == "zoe@example.com" && !mended => {
            Err(Failure::new("missing", "550 no such mailbox").with_code("550"))
        }
        _ => Ok(()),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Exponential { initial: Duration::from_millis(5), multiplier: 2.0 })
        .max_attempts(3)
        .build()?;
    let mut machine = Machine::new(MachineConfig::default().policy(policy).seed(42));
    let clock = Clock::start();
    for (key, to) in [("mail-1", "ann@example.com"), ("mail-2", "zoe@example.com")] {
        machine.submit(clock.now(), key, TaskSpec::new("mail").payload(Value::from(to)))?;
    }

    work(&mut machine, &clock, false)?;
    for letter in machine.dead_letters().iter() {
        let why = letter.last_error().map_or("", Failure::message);
        println!("dead letter {}: {why}", letter.key);
    }

    // Somebody has created the mailbox.
    let report = machine.redrive(clock.now(), &RedrivePlan::new(Filter::new().kind("missing")));
    println!("redriven: {}", report.scheduled.len());
    work(&mut machine, &clock, true)?;
    println!("succeeded: {}", machine.stats().counters.succeeded);
    Ok(())
}

/// Runs the machine until nothing is left to do.
fn work(machine: &mut Machine, clock: &Clock, mended: bool) -> Result<(), Box<dyn Error>> {
    let (jobs, queue) = mpsc::channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    let (results, done) = mpsc::channel::<Done>();
    for _ in 0..WORKERS {
        let (queue, results) = (Arc::clone(&queue), results.clone());
        thread::spawn(move || {
            loop {
                let job = queue.lock().map(|queue| queue.recv());
                let Ok(Ok(Job { dispatch, payload })) = job else { return };
                let _ = results.send((dispatch, send_mail(&payload, mended)));
            }
        });
    }
    let mut running = 0;
    while !machine.is_empty() {
        // Everything that is due, while a worker is free.
        while running < WORKERS
            && let Some(dispatch) = machine.poll(clock.now())
        {
            let task = machine.task(&dispatch.key).ok_or("what is dispatched is live")?;
            let payload = task.payload().clone();
            jobs.send(Job { dispatch, payload })?;
            running += 1;
        }
        // Until a result comes, or the next attempt is due.
        let now = clock.now().as_nanos();
        let wait = machine.next_wakeup().map_or(0, |at| at.as_nanos().saturating_sub(now));
        let wait = Wait::from_nanos(if running > 0 { wait.max(1_000_000) } else { wait });
        if let Ok((dispatch, result)) = done.recv_timeout(wait) {
            running -= 1;
            match result {
                Ok(()) => machine.succeed(clock.now(), &dispatch)?,
                Err(failure) => {
                    let _verdict = machine.fail(clock.now(), &dispatch, &failure)?;
                }
            }
        }
        while let Some(event) = machine.poll_event() {
            println!("{}: {}", event.key, event.what.as_str());
        }
    }
    Ok(())
}
