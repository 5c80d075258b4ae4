//! The own configuration of every library, for every measured case of `tests/vectors`: what an importer is
//! given where the library itself was run.
//!
//! A row is a file of measurements, and then its cases in their order. Where the measurement changed a
//! default, the configuration says so; the number of retries is at least what was measured.

/// What the importer makes of a case.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Own {
    /// The policy of this system (and the name of a variant after a `#`) in this text, exactly.
    Exact(&'static str, &'static str),
    /// The system says itself that it is something else, for a reason with these words in it.
    Approximate(&'static str, &'static str, &'static str),
    /// It is refused, with these words.
    Refused(&'static str, &'static str, &'static str),
    /// There is no configuration that does it, since:
    None(&'static str),
}

use Own::{Approximate, Exact, None, Refused};

const FORMULA: &str = "a formula of an article: the presets none, equal and decorrelated";
const CEILING: &str = "the random number was fixed at 1, which no configuration does";
const WHOLE: &str = "one file for all SDKs; that of JavaScript rounds down to whole milliseconds";
const STANDARD: &str = "[default]\nretry_mode = standard\nmax_attempts = 3\n";
const RESEQUENCED: &str = "all sessions draw the same delays";

pub(crate) const ALL: &[(&str, &[Own])] = &[
    ("aws_arch_backoff_simulator", &[None(FORMULA), None(FORMULA), None(FORMULA)]),
    (
        "axios_retry",
        &[
            Exact("axios-retry", "retries: 8\nretryDelay: exponentialDelay\ndelayFactor: 100"),
            Exact("axios-retry", "retries: 4\nretryDelay: linearDelay\ndelayFactor: 100"),
        ],
    ),
    (
        "backoff_python",
        &[
            Exact("backoff-python", "wait_gen: expo\njitter: null\nmax_tries: 11"),
            Exact(
                "backoff-python",
                "{wait_gen: expo, jitter: null, max_tries: 11, base: 3, factor: 0.5, max_value: 20}",
            ),
            Exact(
                "backoff-python",
                "{wait_gen: expo, jitter: null, max_tries: 11, base: 2, factor: 0.1}",
            ),
            Exact("backoff-python", "{wait_gen: fibo, jitter: null, max_tries: 11}"),
            Exact("backoff-python", "{wait_gen: fibo, jitter: null, max_tries: 11, max_value: 20}"),
            Exact(
                "backoff-python",
                "{wait_gen: constant, jitter: null, max_tries: 5, interval: 2}",
            ),
            Exact("backoff-python", "{wait_gen: constant, jitter: null, interval: [1, 5, 10]}"),
            Exact("backoff-python", "{wait_gen: expo, max_tries: 12, max_value: 60}"),
            Exact(
                "backoff-python",
                "{wait_gen: expo, max_tries: 12, max_value: 60, jitter: random_jitter}",
            ),
        ],
    ),
    (
        "backoff_rust",
        &[
            Exact(
                "backoff-rs",
                "{initial_interval: 500, max_interval: 60000, multiplier: 1.5, randomization_factor: 0}",
            ),
            Exact(
                "backoff-rs",
                "{initial_interval: 100, max_interval: 2000, multiplier: 2.0, randomization_factor: 0}",
            ),
            Exact(
                "backoff-rs",
                "{initial_interval: 5000, max_interval: 2000, multiplier: 2.0, randomization_factor: 0}",
            ),
        ],
    ),
    (
        "backon",
        &[
            Exact("backon", "{builder: exponential, max_times: 3}"),
            Exact(
                "backon",
                "{builder: exponential, factor: 1.5, max_delay: 10s, max_times: 12, min_delay: 100ms}",
            ),
            Exact("backon", "{builder: fibonacci, max_delay: 10s, max_times: 10, min_delay: 1s}"),
            Exact("backon", "{builder: constant, delay: 1s, max_times: 3}"),
            Exact("backon", "{builder: constant, delay: 1s, max_times: 3, jitter: true}"),
        ],
    ),
    (
        "botocore",
        &[
            None(CEILING),
            Exact("aws", STANDARD),
            None(CEILING),
            Exact("aws#default/dynamodb", STANDARD),
            None(CEILING),
            Exact("aws#default/dynamodb", STANDARD),
            Exact("aws", STANDARD),
            Exact("aws", STANDARD),
            Exact("aws", "[default]\nretry_mode = legacy\n"),
        ],
    ),
    ("botocore_pre2026", &[Exact("aws#default/before-2026-11-10", STANDARD)]),
    (
        "bullmq",
        &[
            Exact("bullmq", "{attempts: 9, backoff: {type: fixed, delay: 1000}}"),
            Exact("bullmq", "{attempts: 9, backoff: {type: exponential, delay: 1000}}"),
            Exact("bullmq", "{attempts: 9, backoff: {type: exponential, delay: 3}}"),
            Exact("bullmq", "{attempts: 9, backoff: {type: fixed, delay: 1000, jitter: 0.5}}"),
            Exact("bullmq", "{attempts: 9, backoff: {type: exponential, delay: 1000, jitter: 1}}"),
            Exact(
                "bullmq",
                "{attempts: 9, backoff: {type: exponential, delay: 1000, jitter: 0.25}}",
            ),
        ],
    ),
    (
        "celery",
        &[
            Exact(
                "celery",
                "{max_retries: 12, retry_backoff: 1, retry_backoff_max: 600, retry_jitter: false}",
            ),
            Exact(
                "celery",
                "{max_retries: 12, retry_backoff: 5, retry_backoff_max: 600, retry_jitter: false}",
            ),
            Exact(
                "celery",
                "{max_retries: 12, retry_backoff: 3, retry_backoff_max: 100, retry_jitter: false}",
            ),
            Exact("celery", "{max_retries: 12, retry_backoff: 5, retry_backoff_max: 600}"),
        ],
    ),
    (
        "cockatiel",
        &[
            Exact(
                "cockatiel",
                "{maxAttempts: 9, backoff: {initialDelay: 100, maxDelay: 2000, exponent: 2, generator: noJitterGenerator}}",
            ),
            Exact(
                "cockatiel",
                "{maxAttempts: 9, backoff: {initialDelay: 100, maxDelay: 20000, exponent: 3, generator: noJitterGenerator}}",
            ),
            Exact(
                "cockatiel",
                "{maxAttempts: 9, backoff: {initialDelay: 100, maxDelay: 2000, generator: fullJitterGenerator}}",
            ),
            Exact(
                "cockatiel",
                "{maxAttempts: 9, backoff: {initialDelay: 100, maxDelay: 2000, generator: halfJitterGenerator}}",
            ),
            Exact(
                "cockatiel",
                "{maxAttempts: 9, backoff: {initialDelay: 128, maxDelay: 30000, exponent: 2}}",
            ),
            Exact(
                "cockatiel",
                "{maxAttempts: 9, backoff: {initialDelay: 1000, maxDelay: 1000000000, exponent: 2}}",
            ),
        ],
    ),
    (
        "dramatiq",
        &[
            Exact(
                "dramatiq",
                "{max_retries: 20, min_backoff: 15000, max_backoff: 604800000, jitter: false}",
            ),
            Exact("dramatiq", "{max_retries: 20, min_backoff: 15000, max_backoff: 604800000}"),
            Exact("dramatiq", "{max_retries: 20, min_backoff: 15000, max_backoff: 60000}"),
        ],
    ),
    (
        "effect_schedule",
        &[
            Exact("effect", "{schedule: exponential, base: 100 millis, recurs: 10}"),
            Exact("effect", "{schedule: fibonacci, base: 100 millis, recurs: 10}"),
            Exact(
                "effect",
                "{schedule: exponential, base: 100 millis, jittered: true, recurs: 10}",
            ),
        ],
    ),
    (
        "exponential_backoff_npm",
        &[
            Exact("exponential-backoff", "numOfAttempts: 10"),
            Refused(
                "exponential-backoff",
                "{delayFirstAttempt: true, numOfAttempts: 5}",
                "before the first attempt",
            ),
        ],
    ),
    (
        "failsafe",
        &[
            Exact("failsafe", "{maxRetries: 2, delay: 1ms, jitterFactor: 0.25}"),
            Exact("failsafe", "{maxRetries: 2, delay: 1ms, jitter: 300us}"),
            Exact("failsafe", "{maxRetries: 2, delayMin: 1000ns, delayMax: 5000ns}"),
        ],
    ),
    (
        "google_api_core",
        &[
            Exact("google-api-core", "{initial: 1.0, maximum: 60.0, multiplier: 2.0}"),
            Exact("google-api-core", "{initial: 0.1, maximum: 60.0, multiplier: 1.3}"),
        ],
    ),
    (
        "google_gax_node",
        &[Exact(
            "gax",
            "{initialRetryDelayMillis: 100, retryDelayMultiplier: 1.3, maxRetryDelayMillis: 60000, maxRetries: 9}",
        )],
    ),
    ("got", &[Exact("got", "{limit: 8, backoffLimit: 10000, noise: 100}")]),
    (
        "grpc_js",
        &[
            Exact(
                "grpc",
                "methodConfig: [{name: [{service: a.B}], retryPolicy: {maxAttempts: 5, initialBackoff: 0.1s, \
                 maxBackoff: 1s, backoffMultiplier: 2, retryableStatusCodes: [14]}}]",
            ),
            Exact(
                "grpc-connection",
                "{initialDelay: 1000, multiplier: 1.6, maxDelay: 120000, jitter: 0.2}",
            ),
        ],
    ),
    (
        "huey",
        &[
            Exact("huey", "retries: 3"),
            Exact("huey", "{retries: 3, retry_delay: 10}"),
            Exact("huey", "{retries: 5, retry_delay: 1, retry_backoff: 1.5}"),
        ],
    ),
    (
        "kombu",
        &[Exact(
            "kombu",
            "{max_retries: 6, interval_start: 0, interval_step: 0.2, interval_max: 0.2}",
        )],
    ),
    (
        "opnieuw",
        &[Exact("opnieuw", "{max_calls_total: 4, retry_window_after_first_call_in_seconds: 120}")],
    ),
    (
        "p_retry",
        &[
            Exact("p-retry", "retries: 10"),
            Exact("p-retry", "{retries: 8, minTimeout: 100, maxTimeout: 2000}"),
            Exact("p-retry", "{retries: 4, factor: 0, minTimeout: 50}"),
            Exact("p-retry", "{retries: 8, minTimeout: 100, maxTimeout: 2000, randomize: true}"),
        ],
    ),
    (
        "resilience4j",
        &[
            Exact("resilience4j", "{maxAttempts: 4, waitDuration: 500ms}"),
            Exact(
                "resilience4j",
                "{maxAttempts: 20, waitDuration: 500, enableExponentialBackoff: true, exponentialBackoffMultiplier: 1.5}",
            ),
            Exact(
                "resilience4j",
                "{maxAttempts: 9, waitDuration: 100, enableExponentialBackoff: true, exponentialBackoffMultiplier: 2, \
                 exponentialMaxWaitDuration: 2s}",
            ),
            Exact(
                "resilience4j",
                "{maxAttempts: 9, waitDuration: 1, enableExponentialBackoff: true, exponentialBackoffMultiplier: 1.5}",
            ),
            Exact(
                "resilience4j",
                "{maxAttempts: 9, waitDuration: 500, enableExponentialBackoff: true, exponentialBackoffMultiplier: 2, \
                 exponentialMaxWaitDuration: 2s, enableRandomizedWait: true, randomizedWaitFactor: 0.5}",
            ),
        ],
    ),
    (
        "retry_npm",
        &[
            Exact("retry", "retries: 10"),
            Exact("retry", "{retries: 8, minTimeout: 100, maxTimeout: 2000}"),
            Exact("retry", "{retries: 6, factor: 3, minTimeout: 10}"),
            Exact("retry", "{retries: 5, factor: 1.5, minTimeout: 1000, maxTimeout: 3000}"),
        ],
    ),
    (
        "retry_policies",
        &[
            Exact(
                "retry-policies",
                "{max_n_retries: 12, base: 2, min_retry_interval: 1s, max_retry_interval: 60s, jitter: None}",
            ),
            Exact(
                "retry-policies",
                "{max_n_retries: 12, base: 2, min_retry_interval: 1s, max_retry_interval: 60s, jitter: Bounded}",
            ),
        ],
    ),
    (
        "rq",
        &[
            Exact("rq", "{max: 3, interval: 0}"),
            Exact("rq", "{max: 3, interval: 10}"),
            Exact("rq", "{max: 3, interval: [10, 30, 60]}"),
            Exact("rq", "{max: 2, interval: [10, 30, 60]}"),
            Exact("rq#rq/returned", "{max: 6, interval: [10, 30, 60]}"),
        ],
    ),
    ("sidekiq", &[Exact("sidekiq", "retry: true")]),
    (
        "smithy_util_retry",
        &[None(WHOLE), None(WHOLE), Exact("aws", STANDARD), Exact("aws", STANDARD), None(WHOLE)],
    ),
    (
        "spring_backoff",
        &[
            Exact("spring", "{initialInterval: 2000, maxAttempts: 20}"),
            Exact(
                "spring",
                "{initialInterval: 5000, multiplier: 2, maxInterval: 2000, maxAttempts: 20}",
            ),
            Exact(
                "spring",
                "{initialInterval: 1000, multiplier: 2, maxInterval: 10000, maxAttempts: 5}",
            ),
            Exact("spring", "{interval: 1000, maxAttempts: 3}"),
            Exact(
                "spring",
                "{initialInterval: 1000, multiplier: 2.0, jitter: 200, maxInterval: 10000, maxAttempts: 20}",
            ),
        ],
    ),
    (
        "stamina",
        &[
            Exact(
                "stamina",
                "{attempts: 20, wait_initial: 0.1, wait_max: 5.0, wait_exp_base: 2, wait_jitter: 0}",
            ),
            Exact("stamina", "{attempts: 10}"),
        ],
    ),
    (
        "tenacity",
        &[
            Exact("tenacity", "{stop: {stop_after_attempt: 12}, wait: {wait_fixed: 3}}"),
            Exact("tenacity", "{stop: {stop_after_attempt: 12}, wait: wait_exponential}"),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_exponential: {multiplier: 1, max: 10}}}",
            ),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_exponential: {multiplier: 2, max: 5, min: 7}}}",
            ),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_incrementing: {start: 1, increment: 2}}}",
            ),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_incrementing: {start: 1, increment: 2, max: 6}}}",
            ),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_chain: [{wait_fixed: 3}, {wait_fixed: 3}, {wait_fixed: 3}, \
                 {wait_fixed: 7}, {wait_fixed: 7}, {wait_fixed: 9}]}}",
            ),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_random_exponential: {multiplier: 0.5, max: 60}}}",
            ),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_random_exponential: {multiplier: 1, max: 10, min: 3}}}",
            ),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_exponential_jitter: {multiplier: 1, max: 10, jitter: 1}}}",
            ),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_exponential_jitter: {multiplier: 1, max: 10, jitter: 5}}}",
            ),
            Exact(
                "tenacity",
                "{stop: {stop_after_attempt: 12}, wait: {wait_exponential_jitter: {multiplier: 0.1, exp_base: 2, max: 5, \
                 jitter: 1, min: 0.5}}}",
            ),
        ],
    ),
    (
        "tokio_retry",
        &[
            Exact("tokio-retry", "{strategy: ExponentialBackoff, from_millis: 10, take: 12}"),
            Exact(
                "tokio-retry",
                "{strategy: ExponentialBackoff, from_millis: 2, factor: 100, max_delay: 2000, take: 12}",
            ),
            Exact("tokio-retry", "{strategy: FibonacciBackoff, from_millis: 10, take: 12}"),
            Exact(
                "tokio-retry",
                "{strategy: ExponentialBackoff, from_millis: 2, factor: 500, jitter: true, take: 12}",
            ),
        ],
    ),
    (
        "tokio_retry2",
        &[
            Exact("tokio-retry2", "{strategy: ExponentialBackoff, from_millis: 10, take: 12}"),
            Exact(
                "tokio-retry2",
                "{strategy: ExponentialFactorBackoff, from_millis: 500, factor: 1.5, max_delay: 5000, take: 12}",
            ),
            Exact(
                "tokio-retry2",
                "{strategy: LinearBackoff, from_millis: 100, increment_millis: 200, max_delay: 700, take: 12}",
            ),
            Exact(
                "tokio-retry2",
                "{strategy: ExponentialFactorBackoff, from_millis: 1000, factor: 2.0, jitter: true, take: 12}",
            ),
        ],
    ),
    (
        "tower",
        &[
            Approximate("tower", "{jitter: 0.99, max: 10000, min: 50, attempts: 9}", RESEQUENCED),
            Approximate("tower", "{jitter: 0.5, max: 60000, min: 1000, attempts: 9}", RESEQUENCED),
            Approximate("tower", "{jitter: 0.99, max: 60000, min: 1000, attempts: 9}", RESEQUENCED),
            Approximate("tower", "{jitter: 0.99, max: 10000, min: 50, attempts: 9}", RESEQUENCED),
            Approximate("tower", "{jitter: 0.5, max: 60000, min: 1000, attempts: 9}", RESEQUENCED),
            Approximate("tower", "{jitter: 0.99, max: 60000, min: 1000, attempts: 9}", RESEQUENCED),
        ],
    ),
    (
        "trigger_dev",
        &[
            Exact("trigger-dev", "{maxAttempts: 12, randomize: false}"),
            Exact(
                "trigger-dev",
                "{maxAttempts: 12, factor: 2, minTimeoutInMs: 1000, maxTimeoutInMs: 60000, randomize: true}",
            ),
        ],
    ),
    (
        "urllib3",
        &[
            Exact("urllib3", "{total: 10, backoff_factor: 0}"),
            Exact("urllib3", "{total: 10, backoff_factor: 0.1}"),
            Exact("urllib3", "{total: 10, backoff_factor: 1}"),
            Exact("urllib3", "{total: 10, backoff_factor: 1, backoff_jitter: 2, backoff_max: 10}"),
        ],
    ),
];

/// Called with three, the library called an always failing function so often: measured, but for the two
/// that were read in the source.
pub(crate) const CALLS: &[(&str, &str, usize)] = &[
    ("p-retry", "retries: 3", 4),
    ("async-retry", "retries: 3", 4),
    ("exponential-backoff", "numOfAttempts: 3", 3),
    ("cockatiel", "{maxAttempts: 3, backoff: 1}", 4),
    ("aws", STANDARD, 3),
    ("bullmq", "{attempts: 3, backoff: 1}", 3),
    ("trigger-dev", "maxAttempts: 3", 3),
    ("effect", "{schedule: spaced, base: 1 millis, recurs: 3}", 4),
    ("tenacity", "stop: {stop_after_attempt: 3}", 3),
    ("backoff-python", "{wait_gen: expo, max_tries: 3}", 3),
    ("stamina", "attempts: 3", 3),
    ("celery", "{max_retries: 3}", 4),
    ("huey", "retries: 3", 4),
    ("dramatiq", "max_retries: 3", 4),
    ("sidekiq", "retry: true", 26),
    ("polly", "MaxRetryAttempts: 3", 4),
    (
        "nservicebus",
        "{immediate: {NumberOfRetries: 5}, delayed: {NumberOfRetries: 3, TimeIncrease: '00:00:10'}}",
        24,
    ),
];
