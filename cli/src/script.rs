//! A script of failures, and what a policy says to each of them: `redrive schedule --failure ...`.

use redrive::{
    Band, Context, RetryPolicy, ScheduledRetry, Task, Time, Verdict,
    failure::read_retry_after,
    random::Stream,
    schedule::End,
    task::TaskError,
    time::{Duration, nanos, parse_duration},
};

use crate::error::CliError;

/// Keys that the ranges are measured over unless told otherwise.
const KEYS: u32 = 1_000;
/// Retries at most: a script is looked at, and each of them is measured.
const MOST: usize = 200;

/// How a task fails, attempt by attempt; the last failure repeats.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    failures: Vec<String>,
    hints: Vec<Option<Duration>>,
}

/// One retry under a script.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The retry of the task that was asked for.
    pub(crate) retry: ScheduledRetry,
    /// Where its delay was drawn from, over many keys.
    pub(crate) band: Band,
    /// What it follows.
    pub(crate) failure: String,
    /// The rule that matched.
    pub(crate) rule: Option<usize>,
    /// The wait that the server asked for.
    pub(crate) retry_after: Option<Duration>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// As a dead letter.
    Dead(End),
    /// Dropped by a rule, after so many attempts.
    Discarded(u32),
    /// Failed by a rule, after so many attempts.
    Failed(u32),
}

impl Script {
    /// Reads what was typed; `None` if it is not a script.
    ///
    /// # Errors
    /// For a wait that is none.
    pub(crate) fn read(failures: &[String], hints: &[String]) -> Result<Option<Self>, CliError> {
        if failures.is_empty() && hints.is_empty() {
            return Ok(None);
        }
        let read = |text: &String| match text.as_str() {
            "none" => Ok(None),
            text => {
                let wait = parse_duration(text).ok().or_else(|| read_retry_after(text, None));
                let refused = || {
                    let why = "write seconds like 120, a duration like 1m30s, or none";
                    CliError::option(format!("--retry-after {text}"), why)
                };
                wait.map(Some).ok_or_else(refused)
            }
        };
        let failures =
            if failures.is_empty() { vec!["other".to_owned()] } else { failures.to_vec() };
        Ok(Some(Self { failures, hints: hints.iter().map(read).collect::<Result<_, _>>()? }))
    }

    /// The failure of that attempt, counted from 1, and what the server asks for then.
    fn at(&self, attempt: u32) -> (&str, Option<Duration>) {
        let of = |length: usize| (attempt as usize).min(length).saturating_sub(1);
        let failure = self.failures.get(of(self.failures.len())).map_or("", String::as_str);
        (failure, self.hints.get(of(self.hints.len())).copied().flatten())
    }

    /// The retries of one task under it, with their ranges over `samples` keys, and how it ends;
    /// at most `limit` retries.
    ///
    /// # Errors
    /// None that a script can bring about.
    pub(crate) fn play(
        &self,
        policy: &RetryPolicy,
        (seed, key): (u64, u64),
        samples: Option<u32>,
        limit: usize,
    ) -> Result<(Vec<Step>, Option<Ending>), TaskError> {
        let limit = limit.min(MOST);
        let (own, ending) = self.walk(policy, (seed, key), limit)?;
        let mut delays = vec![Vec::new(); own.len()];
        for key in 0..samples.unwrap_or(KEYS) {
            let (retries, _) = self.walk(policy, (seed, key.into()), own.len())?;
            for (all, retry) in delays.iter_mut().zip(retries) {
                all.push(nanos(retry.delay));
            }
        }
        let steps = own.into_iter().zip(delays).map(|(retry, delays)| {
            let (failure, retry_after) = self.at(retry.retry);
            let words: Vec<&str> = failure.split(',').map(str::trim).collect();
            Step {
                rule: policy.classify_words(&words).rule(),
                failure: failure.to_owned(),
                // A deadline may end the task of every key earlier than this one's.
                band: Band::measured(if delays.is_empty() {
                    vec![nanos(retry.delay)]
                } else {
                    delays
                }),
                retry,
                retry_after,
            }
        });
        Ok((steps.collect(), ending))
    }

    fn walk(
        &self,
        policy: &RetryPolicy,
        (seed, key): (u64, u64),
        limit: usize,
    ) -> Result<(Vec<ScheduledRetry>, Option<Ending>), TaskError> {
        let context = Context { policy, stream: Stream::new(seed), key };
        let (mut task, mut now, mut retries) = (Task::new(), Time::ZERO, Vec::new());
        while retries.len() < limit || task.attempts() == 0 {
            let attempts = task.start(now)?;
            let (failure, hint) = self.at(attempts);
            let words: Vec<&str> = failure.split(',').map(str::trim).collect();
            let class = policy.classify_words(&words);
            let ending = match task.fail(now, &context, class, hint, None)? {
                Verdict::Retry { at, delay } => {
                    now = at;
                    retries.push(ScheduledRetry { retry: attempts, delay, at });
                    continue;
                }
                Verdict::DeadLetter(reason) => Ending::Dead(End { reason, attempts }),
                Verdict::Discard => Ending::Discarded(attempts),
                _ => Ending::Failed(attempts),
            };
            return Ok((retries, Some(ending)));
        }
        Ok((retries, None))
    }
}

impl Ending {
    /// As `redrive-schedule/1` has it.
    pub(crate) fn json(self) -> String {
        let (what, attempts) = match self {
            Self::Dead(end) => {
                (format!("\"deadLetter\":\"{}\"", end.reason.as_str()), end.attempts)
            }
            Self::Discarded(attempts) => ("\"discarded\":true".to_owned(), attempts),
            Self::Failed(attempts) => ("\"failed\":true".to_owned(), attempts),
        };
        format!("{{{what},\"attempts\":{attempts}}}")
    }

    /// The beginning of a sentence.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::Dead(end) => format!("Then it is a dead letter, reason {}", end.reason.as_str()),
            Self::Discarded(_) => "Then a rule discards it".to_owned(),
            Self::Failed(_) => "Then a rule fails it".to_owned(),
        }
    }

    pub(crate) fn attempts(self) -> u32 {
        match self {
            Self::Dead(end) => end.attempts,
            Self::Discarded(attempts) | Self::Failed(attempts) => attempts,
        }
    }
}
