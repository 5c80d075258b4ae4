//! Named policies: our own, the five that differ only in jitter, and the documented defaults of others.
//!
//! A default of others changes (the AWS SDKs' did on 2026-11-10, gRPC's jitter in 2024), so each preset
//! says which version it describes and when we looked.

use alloc::{vec, vec::Vec};

use super::{
    Action, Backoff, BudgetRule, CapStage, DebitOn, ElapsedRule, End, HintMode, Jitter,
    PolicyBuilder, Refund, RetryAfter, RetryPolicy, Rounding, RoundingMode, Rule, TokenBucket,
    WhenLonger,
};
use crate::{
    bounds::prose,
    time::Duration,
    wire::{ConfigError, unknown},
};

/// A named policy.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// The name to ask for it by.
    pub name: &'static str,
    /// One line on what it is.
    pub title: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// When that was so.
    pub date: &'static str,
    make: fn() -> PolicyBuilder,
}

impl Preset {
    /// The policy.
    pub fn policy(&self) -> RetryPolicy {
        (self.make)().assume_valid()
    }
}

/// Every preset.
pub fn all() -> &'static [Preset] {
    ALL
}

/// The preset called `name`.
///
/// # Errors
/// When there is none; with a guess at the one meant.
pub fn find(name: &str) -> Result<&'static Preset, ConfigError> {
    if let Some(preset) = ALL.iter().find(|preset| preset.name == name) {
        return Ok(preset);
    }
    let names: Vec<&str> = ALL.iter().map(|preset| preset.name).collect();
    Err(unknown("preset", name, &names))
}

const OURS: &str = "redrive";
const LOOKED: &str = "2026-11-23";

static ALL: &[Preset] = &[
    Preset {
        name: "classic",
        title: prose(
            "the specification's: 3 attempts, 2 s and 4 s apart, + U[0, 10 %], then the dead-letter queue",
        ),
        source: prose(OURS),
        date: prose(LOOKED),
        make: PolicyBuilder::default,
    },
    Preset {
        name: "recommended",
        title: prose("full jitter from 500 ms, 30 s cap, 5 attempts, a retry budget of 20 %"),
        source: prose(OURS),
        date: prose(LOOKED),
        make: || RetryPolicy::recommended().to_builder(),
    },
    Preset {
        name: "patient",
        title: prose(
            "for queues: full jitter from 1 s, 5 min cap, 50 attempts, ten retries a second that wait for their turn",
        ),
        source: prose(OURS),
        date: prose("2026-11-28"),
        make: || RetryPolicy::patient().to_builder(),
    },
    Preset {
        name: "none",
        title: prose("exponential 1 s x 2, 60 s cap, 10 attempts, no jitter: the herd"),
        source: prose(OURS),
        date: prose(LOOKED),
        make: || herd(Jitter::None),
    },
    Preset {
        name: "proportional",
        title: prose("the same with U[d, 1.1 d], the specification's jitter"),
        source: prose(OURS),
        date: prose(LOOKED),
        make: || herd(Jitter::Proportional { factor: 0.1 }),
    },
    Preset {
        name: "equal",
        title: prose("the same with U[d/2, d]"),
        source: prose("AWS Architecture Blog, Exponential Backoff And Jitter"),
        date: prose("2015-03-04"),
        make: || herd(Jitter::Equal),
    },
    Preset {
        name: "full",
        title: prose("the same with U[0, d]"),
        source: prose("AWS Architecture Blog, Exponential Backoff And Jitter"),
        date: prose("2015-03-04"),
        make: || herd(Jitter::Full),
    },
    Preset {
        name: "decorrelated",
        title: prose("the same with U[1 s, 3 x the previous delay]"),
        source: prose("AWS Architecture Blog, Exponential Backoff And Jitter"),
        date: prose("2015-03-04"),
        make: || {
            let initial = secs(1);
            herd(Jitter::None).backoff(Backoff::Decorrelated { initial, multiplier: 3.0 })
        },
    },
    Preset {
        name: "aws-standard",
        title: prose(
            "AWS SDKs, standard mode: 50 ms (1 s throttled) x 2, 20 s cap, full jitter, 3 attempts, 500 tokens",
        ),
        source: prose("botocore 1.44.5, retries/standard.py; default since 2026-11-10"),
        date: prose(LOOKED),
        make: || aws(50, 14, ("throttle", 5)).rule(throttle(1_000)).retry_after(AWS_HINT),
    },
    Preset {
        name: "aws-standard-2025",
        title: prose(
            "AWS SDKs, standard mode before 2026-11-10: 1 s x 2, 20 s cap, full jitter, 3 attempts, 500 tokens",
        ),
        source: prose("botocore 1.40.0, retries/standard.py"),
        date: prose(LOOKED),
        make: || aws(1_000, 5, ("timeout", 10)).retry_after(no_hint()),
    },
    Preset {
        name: "grpc",
        title: prose(
            "gRPC retryPolicy of gRFC A6's example: 100 ms x 2, 1 s cap, x U[0.8, 1.2), 4 attempts, throttling",
        ),
        source: prose("gRFC A6 as of 2024-08-29, grpc-js 1.14.7"),
        date: prose(LOOKED),
        make: grpc,
    },
    Preset {
        name: "temporal",
        title: prose(
            "Temporal activities: 1 s x 2, 100 s cap, no jitter, unlimited (here for a day, since redrive wants an end)",
        ),
        source: prose("Temporal server, retry.go"),
        date: prose(LOOKED),
        make: || {
            exponential(1_000, 2.0)
                .jitter(Jitter::None)
                .max_delay(secs(100))
                .unlimited_attempts()
                .max_elapsed(secs(86_400))
                .retry_after(replace_hint())
        },
    },
    Preset {
        name: "polly",
        title: prose(
            "Polly v8, exponential with UseJitter: decorrelated jitter V2 from 2 s, 4 attempts, no cap",
        ),
        source: prose("Polly.Core, Retry/RetryHelper.cs at 173d6d1d"),
        date: prose(LOOKED),
        make: || {
            RetryPolicy::builder()
                .backoff(Backoff::DecorrelatedV2 { initial: secs(2) })
                .cap_stage(CapStage::After)
                .max_attempts(4)
                .retry_after(no_hint())
        },
    },
    Preset {
        name: "sidekiq",
        title: prose("Sidekiq: n^4 + 15 s + up to 10 s a retry, 26 attempts over three weeks"),
        source: prose("Sidekiq 8.1.7, job_retry.rb"),
        date: prose(LOOKED),
        make: sidekiq,
    },
    Preset {
        name: "p-retry",
        title: prose("p-retry: 1 s x 2, no jitter, no cap, 11 attempts over 17 minutes"),
        source: prose("p-retry 9.0.0, index.js"),
        date: prose(LOOKED),
        make: || {
            exponential(1_000, 2.0).jitter(Jitter::None).max_attempts(11).retry_after(no_hint())
        },
    },
    Preset {
        name: "tenacity",
        title: prose("tenacity, wait_random_exponential(min=1, max=60), stop_after_attempt(6)"),
        source: prose("tenacity 9.2.1, wait.py"),
        date: prose(LOOKED),
        make: || {
            exponential(1_000, 2.0)
                .jitter(Jitter::Full)
                .min_delay(secs(1))
                .max_delay(secs(60))
                .max_attempts(6)
                .retry_after(no_hint())
        },
    },
    Preset {
        name: "stamina",
        title: prose(
            "stamina: 100 ms x 2 + U[0, 1 s], 5 s cap after the jitter, 10 attempts, 45 s",
        ),
        source: prose("stamina 26.1.0, _core.py"),
        date: prose(LOOKED),
        make: || {
            exponential(100, 2.0)
                .jitter(added(secs(1)))
                .max_delay(secs(5))
                .cap_stage(CapStage::After)
                .max_attempts(10)
                .max_elapsed(secs(45))
                .elapsed_rule(ElapsedRule::StopIfReached)
                .retry_after(no_hint())
        },
    },
    Preset {
        name: "celery",
        title: prose(
            "Celery autoretry with retry_backoff: whole seconds of U[0, 2^n], 600 s cap, 4 attempts",
        ),
        source: prose("Celery 5.7.0, utils/time.py"),
        date: prose(LOOKED),
        make: || {
            let high = End { factor: 1.0, add: secs(1), add_per_retry: Duration::ZERO };
            exponential(1_000, 2.0)
                .jitter(Jitter::Uniform { low: End::times(0.0), high })
                .max_delay(secs(600))
                .cap_stage(CapStage::Both)
                .rounding(Rounding::new(secs(1), RoundingMode::Floor, false))
                .max_attempts(4)
                .retry_after(no_hint())
        },
    },
    Preset {
        name: "resilience4j",
        title: prose("resilience4j, exponential random backoff: 500 ms x 1.5 +- 50 %, 3 attempts"),
        source: prose("resilience4j at af9e7c97, IntervalFunction.java"),
        date: prose(LOOKED),
        make: || {
            // floor(d (1 - f) + U (2 f d + 1)): both ends in whole milliseconds.
            let add = Duration::from_millis(1);
            let high = End { add, ..End::times(1.5) };
            exponential(500, 1.5)
                .jitter(Jitter::Uniform { low: End::times(0.5), high })
                .cap_stage(CapStage::After)
                .rounding(Rounding::new(Duration::from_millis(1), RoundingMode::Floor, true))
                .max_attempts(3)
                .retry_after(no_hint())
        },
    },
    Preset {
        name: "google-api",
        title: prose("google-api-core: U[0, 2^n s], 60 s cap, unlimited for 120 s"),
        source: prose("google-api-core 2.44, retry/retry_base.py"),
        date: prose(LOOKED),
        make: || {
            exponential(1_000, 2.0)
                .jitter(Jitter::Full)
                .max_delay(secs(60))
                .unlimited_attempts()
                .max_elapsed(secs(120))
                .retry_after(no_hint())
        },
    },
    Preset {
        name: "envoy",
        title: prose(
            "Envoy: 25 ms x 2, 250 ms cap, full jitter, one retry, at most 20 % of what is in flight",
        ),
        source: prose("Envoy, backoff_strategy.cc and the RetryPolicy API of 2026-01"),
        date: prose(LOOKED),
        make: || {
            exponential(25, 2.0)
                .jitter(Jitter::Full)
                .max_delay(Duration::from_millis(250))
                .rounding(Rounding::new(Duration::from_millis(1), RoundingMode::Floor, false))
                .max_attempts(2)
                .retry_after(no_hint())
                .budget(BudgetRule::Concurrency { percent: 20.0, min: 3 })
        },
    },
    Preset {
        name: "kubernetes-job",
        title: prose("Kubernetes Job: 10 s x 2, 10 min cap, no jitter, backoffLimit 6"),
        source: prose("Kubernetes, job_controller.go and backoff_utils.go"),
        date: prose(LOOKED),
        make: || {
            exponential(10_000, 2.0)
                .jitter(Jitter::None)
                .max_delay(secs(600))
                .max_attempts(7)
                .retry_after(no_hint())
        },
    },
];

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn exponential(initial_ms: u64, multiplier: f64) -> PolicyBuilder {
    let initial = Duration::from_millis(initial_ms);
    RetryPolicy::builder().backoff(Backoff::Exponential { initial, multiplier })
}

/// The policy of the built-in `herd` scenario: only the jitter differs.
fn herd(jitter: Jitter) -> PolicyBuilder {
    exponential(1_000, 2.0).jitter(jitter).max_delay(secs(60)).max_attempts(10)
}

/// U[d, d + add].
fn added(add: Duration) -> Jitter {
    let high = End { factor: 1.0, add, add_per_retry: Duration::ZERO };
    Jitter::Uniform { low: End::times(1.0), high }
}

/// A retry costs `cost` tokens, and another number of them after failures of one kind.
fn aws(initial_ms: u64, cost: u32, (kind, other): (&str, u32)) -> PolicyBuilder {
    exponential(initial_ms, 2.0).jitter(Jitter::Full).max_delay(secs(20)).max_attempts(3).budget(
        BudgetRule::TokenBucket(TokenBucket {
            cost,
            cost_by_class: vec![(kind.into(), other)],
            ..TokenBucket::default()
        }),
    )
}

fn throttle(initial_ms: u64) -> Rule {
    let initial = Duration::from_millis(initial_ms);
    Rule::new("throttle", Action::Retry).backoff(Backoff::Exponential { initial, multiplier: 2.0 })
}

/// AWS: the hint is held within the delay and five seconds more.
const AWS_HINT: RetryAfter = RetryAfter {
    mode: HintMode::Clamp,
    max: Duration::from_secs(5),
    when_longer: WhenLonger::Cap,
    jitter: Jitter::None,
};

/// Systems that do not look at Retry-After unless they are told to.
fn no_hint() -> RetryAfter {
    RetryAfter { mode: HintMode::Ignore, ..RetryAfter::default() }
}

fn replace_hint() -> RetryAfter {
    RetryAfter {
        mode: HintMode::Replace,
        max: Duration::from_secs(86_400),
        jitter: Jitter::None,
        ..RetryAfter::default()
    }
}

fn grpc() -> PolicyBuilder {
    exponential(100, 2.0)
        .jitter(Jitter::Symmetric { factor: 0.2 })
        .max_delay(secs(1))
        .cap_stage(CapStage::Before)
        .max_attempts(4)
        .retry_after(replace_hint())
        .budget(BudgetRule::TokenBucket(TokenBucket {
            capacity: 10,
            cost: 1,
            refund_on_success: 0.1,
            refund_on_retry_success: Refund::Tokens(0.1),
            debit_on: DebitOn::Failure,
            threshold: Some(5.0),
            ..TokenBucket::default()
        }))
}

fn sidekiq() -> PolicyBuilder {
    let high = End { factor: 1.0, add: Duration::ZERO, add_per_retry: secs(10) };
    RetryPolicy::builder()
        .backoff(Backoff::Polynomial { initial: secs(1), power: 4.0, offset: secs(15) })
        .jitter(Jitter::Uniform { low: End::times(1.0), high })
        .rounding(Rounding::new(secs(1), RoundingMode::Floor, false))
        .max_attempts(26)
        .retry_after(no_hint())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_passes_its_own_validation() {
        for preset in all() {
            let built = (preset.make)().build();
            assert_eq!(built.as_ref(), Ok(&preset.policy()), "{}", preset.name);
            assert!(!preset.source.is_empty() && preset.date.len() == 10);
        }
    }

    #[test]
    fn a_wrong_name_is_guessed() {
        let text = alloc::string::ToString::to_string(&find("clasic").unwrap_err());
        assert!(text.contains("did you mean \"classic\"?"), "{text}");
    }
}
