//! What happened to a machine, one line each: submitted, started, succeeded, failed, redriven.
//!
//! The machine is deterministic, so its acts are all that has to be kept: a machine that goes through them
//! again is the same.

use std::sync::Arc;

use redrive::{
    Duration, Failure, Key, Machine, MachineError, RedrivePlan, RetryPolicy, TaskSpec, Time,
    dead_letter::{Filter, QueueConfig, RedriveReport},
    machine::{Dispatch, Recovery},
    wire::{ConfigError, Value},
};
use serde::{Deserialize, Serialize};

/// One act, at one time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// Its number: no line may be missing.
    pub(crate) n: u64,
    /// When, in nanoseconds since 1970.
    pub(crate) at: u64,
    pub(crate) act: Act,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum Act {
    Submit(Box<Submission>),
    /// Time passed: something timed out or expired.
    Advance,
    /// The next task that was due was started, if it could be.
    Poll,
    Succeed {
        run: u64,
    },
    Fail {
        run: u64,
        failure: Failed,
    },
    Cancel {
        key: Key,
    },
    Redrive {
        plan: Value,
    },
    Purge {
        filter: Value,
    },
    /// The process had ended; what ran then failed, or went to the dead letters.
    Recover {
        retry: bool,
    },
    /// The rules of a worker that was started with others.
    Configure {
        policy: Value,
        queue: Value,
    },
    /// An attempt that ran while the snapshot was written.
    Running {
        dispatch: Value,
    },
}

/// A job as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Submission {
    pub(crate) key: Key,
    #[serde(rename = "type")]
    pub(crate) task_type: String,
    /// As JSON in a text: numbers stay as they were written.
    pub(crate) payload: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_attempts: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) multiplier: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delay_ns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at_ns: Option<u64>,
}

impl Submission {
    pub(crate) fn spec(&self) -> Result<TaskSpec, ConfigError> {
        let mut spec = TaskSpec::new(self.task_type.as_str());
        spec = spec.payload(Value::from_json(&self.payload).map_err(|e| wrong("payload", &e))?);
        if let Some(policy) = &self.policy {
            spec = spec.policy(RetryPolicy::from_value_until_stopped(policy)?);
        }
        if let Some(attempts) = self.max_attempts {
            spec = spec.max_attempts(attempts);
        }
        if let Some(multiplier) = self.multiplier {
            spec = spec.multiplier(multiplier);
        }
        if let Some(delay) = self.delay_ns {
            spec = spec.delay(Duration::from_nanos(delay));
        }
        if let Some(at) = self.expires_at_ns {
            spec = spec.expires_at(Time::from_nanos(at));
        }
        Ok(spec)
    }
}

/// A failure as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Failed {
    kind: String,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ns: Option<u64>,
}

impl From<&Failure> for Failed {
    fn from(failure: &Failure) -> Failed {
        let nanos = |wait: Duration| u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        Failed {
            kind: failure.kind().to_owned(),
            message: failure.message().to_owned(),
            code: failure.code().map(str::to_owned),
            retry_after_ns: failure.retry_after().map(nanos),
        }
    }
}

impl From<&Failed> for Failure {
    fn from(failed: &Failed) -> Failure {
        let mut failure = Failure::new(&failed.kind, &failed.message);
        if let Some(code) = &failed.code {
            failure = failure.with_code(code);
        }
        if let Some(wait) = failed.retry_after_ns {
            failure = failure.with_retry_after(Duration::from_nanos(wait));
        }
        failure
    }
}

/// What an act gave.
pub(crate) enum Gave {
    Nothing,
    Dispatch(Dispatch),
    Report(Box<RedriveReport>),
    Count(u64),
}

/// Why an act could not be done.
#[derive(Debug)]
pub(crate) enum Refused {
    Machine(MachineError),
    Config(ConfigError),
    /// A result for an attempt that this worker has not under way.
    NotRunning,
}

impl From<MachineError> for Refused {
    fn from(error: MachineError) -> Refused {
        Refused::Machine(error)
    }
}

impl From<ConfigError> for Refused {
    fn from(error: ConfigError) -> Refused {
        Refused::Config(error)
    }
}

impl Act {
    /// Does it to `machine`; the same act at the same time does the same to equal machines.
    pub(crate) fn apply(
        &self,
        machine: &mut Machine,
        running: &mut std::collections::BTreeMap<u64, Dispatch>,
        now: Time,
    ) -> Result<Gave, Refused> {
        match self {
            Act::Submit(job) => machine.submit(now, job.key.clone(), job.spec()?)?,
            Act::Advance => machine.advance(now),
            Act::Poll => {
                let Some(dispatch) = machine.poll(now) else { return Ok(Gave::Nothing) };
                running.insert(dispatch.run, dispatch.clone());
                return Ok(Gave::Dispatch(dispatch));
            }
            Act::Succeed { run } => {
                let dispatch = running.remove(run).ok_or(Refused::NotRunning)?;
                machine.succeed(now, &dispatch)?;
            }
            Act::Fail { run, failure } => {
                let dispatch = running.remove(run).ok_or(Refused::NotRunning)?;
                let _verdict = machine.fail(now, &dispatch, &failure.into())?;
            }
            Act::Cancel { key } => machine.cancel(now, key.clone())?,
            Act::Redrive { plan } => {
                return Ok(Gave::Report(Box::new(
                    machine.redrive(now, &RedrivePlan::from_value(plan)?),
                )));
            }
            Act::Purge { filter } => {
                let filter = Filter::from_value(filter)?;
                machine.advance(now);
                let purged = machine.dead_letters_mut().purge(now, &filter).len();
                machine.advance(now);
                return Ok(Gave::Count(purged as u64));
            }
            Act::Recover { retry } => {
                running.clear();
                let choice = if *retry { Recovery::Retry } else { Recovery::DeadLetter };
                return Ok(Gave::Count(machine.recover(now, choice) as u64));
            }
            Act::Configure { policy, queue } => {
                let policy = RetryPolicy::from_value_until_stopped(policy)?;
                machine.set_policy(now, Arc::new(policy));
                machine.set_queue(now, QueueConfig::from_value(queue)?);
            }
            Act::Running { dispatch } => {
                let dispatch = Dispatch::from_value(dispatch)?;
                running.insert(dispatch.run, dispatch);
            }
        }
        Ok(Gave::Nothing)
    }
}

fn wrong(field: &str, why: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::new(field, why.to_string())
}
