//! Jobs: what is submitted, and what works on them.

use std::{
    any::Any, collections::BTreeMap, fmt, future::Future, panic::AssertUnwindSafe, pin::Pin,
    sync::Arc,
};

use redrive::{
    Failure, Key, RetryPolicy, Time,
    run::Fault,
    wire::{self, ConfigError, Value},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::act::Submission;

/// A job to be submitted: its type, its key, what it works on, and what it does differently from the
/// worker's policy.
///
/// ```
/// use redrive_worker::Job;
///
/// # #[derive(serde::Serialize)] struct Email { to: String }
/// let job = Job::new("email", "order-17", &Email { to: "ada@example.com".into() })?
///     .max_attempts(5)
///     .delay(std::time::Duration::from_secs(60));
/// # Ok::<(), redrive::wire::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a job does nothing before it is submitted"]
pub struct Job(pub(crate) Submission);

impl Job {
    /// A job of this type. Its key names it: no two live jobs have one, and the delays of its retries
    /// are drawn from it.
    ///
    /// # Errors
    /// When `payload` cannot be written as data, such as a map whose keys are not texts.
    pub fn new<T: Serialize + ?Sized>(
        task_type: impl Into<String>,
        key: impl Into<Key>,
        payload: &T,
    ) -> Result<Job, ConfigError> {
        let payload = wire::to_value(payload)?;
        Ok(Job(Submission {
            key: key.into(),
            task_type: task_type.into(),
            payload: payload.to_json(),
            policy: None,
            max_attempts: None,
            multiplier: None,
            delay_ns: None,
            expires_at_ns: None,
        }))
    }

    /// A whole policy of its own.
    pub fn policy(mut self, policy: &RetryPolicy) -> Job {
        self.0.policy = Some(policy.to_value());
        self
    }

    /// Its own number of attempts at most, the first included.
    pub fn max_attempts(mut self, attempts: u32) -> Job {
        self.0.max_attempts = Some(attempts);
        self
    }

    /// Its own multiplier, for exponential policies.
    pub fn multiplier(mut self, multiplier: f64) -> Job {
        self.0.multiplier = Some(multiplier);
        self
    }

    /// How long it waits before its first attempt.
    pub fn delay(mut self, delay: std::time::Duration) -> Job {
        self.0.delay_ns = Some(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX));
        self
    }

    /// When it is of no use any more, since 1970: no attempt starts then or later.
    pub fn expires_at(mut self, at: Time) -> Job {
        self.0.expires_at_ns = Some(at.as_nanos());
        self
    }
}

/// One attempt at a job, as its handler gets it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The job's key.
    pub key: Key,
    /// Which attempt this is, from 1.
    pub number: u32,
}

type Work = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;
type Handler = Arc<dyn Fn(Attempt, Value) -> Work + Send + Sync>;

/// What works on the jobs, by their types.
#[derive(Clone, Default)]
pub(crate) struct Handlers {
    by_type: BTreeMap<String, Handler>,
    /// The first type that was given two.
    twice: Option<String>,
}

impl Handlers {
    pub(crate) fn add<T, E, F, Fut, C>(&mut self, task_type: String, handler: F, classify: C)
    where
        T: DeserializeOwned,
        E: fmt::Display,
        F: Fn(T, Attempt) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        C: Fn(&E) -> Fault<'_> + Send + Sync + 'static,
    {
        let classify = Arc::new(classify);
        let run = move |attempt: Attempt, payload: Value| -> Work {
            let job = match wire::from_value::<T>(&payload) {
                Ok(job) => job,
                Err(error) => {
                    // It will be no other at the next attempt; the policy's rules for `invalid` decide.
                    let failure =
                        Failure::new("invalid", &format!("the payload cannot be read: {error}"));
                    return Box::pin(std::future::ready(Err(failure)));
                }
            };
            let work = handler(job, attempt);
            let classify = Arc::clone(&classify);
            Box::pin(async move { work.await.map_err(|error| classify(&error).to_failure(&error)) })
        };
        if self.by_type.insert(task_type.clone(), Arc::new(run)).is_some() {
            self.twice.get_or_insert(task_type);
        }
    }

    pub(crate) fn knows(&self, task_type: &str) -> bool {
        self.by_type.contains_key(task_type)
    }

    /// The first type that was given two handlers.
    pub(crate) fn twice(&self) -> Option<&str> {
        self.twice.as_deref()
    }

    /// The types, for messages.
    pub(crate) fn names(&self) -> String {
        match self.by_type.is_empty() {
            true => "none".to_owned(),
            false => self.by_type.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        }
    }

    /// Starts one attempt. A handler that panics before its first await panics in here.
    pub(crate) fn start(&self, task_type: &str, attempt: Attempt, payload: Value) -> Work {
        let Some(handler) = self.by_type.get(task_type).cloned() else {
            let failure =
                Failure::new("unsupported", &format!("no handler for the type {task_type}"));
            return Box::pin(std::future::ready(Err(failure)));
        };
        Box::pin(async move {
            let started = std::panic::catch_unwind(AssertUnwindSafe(|| handler(attempt, payload)));
            match started {
                Ok(work) => work.await,
                Err(panic) => Err(panicked(&*panic)),
            }
        })
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_type.keys()).finish()
    }
}

/// The failure of an attempt that panicked.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Failure::new("panic", text.unwrap_or("the handler panicked"))
}
