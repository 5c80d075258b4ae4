//! Ways of single libraries that were not measured, or not so: first delays above the cap, lines that fall,
//! whole factors, tables, wrappers of their files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use redrive::{Action, Duration, RetryPolicy};
use redrive_interop::{find, systems};

use crate::proof::import;

fn policy(system: &str, text: &str) -> RetryPolicy {
    import(system, text).unwrap_or_else(|error| panic!("{system} {text}: {error}")).policy
}

/// The longest delays, in milliseconds.
fn longest(system: &str, text: &str, retries: usize) -> Vec<u128> {
    policy(system, text).bands(1, None).take(retries).map(|band| band.max.as_millis()).collect()
}

fn attempts(system: &str, text: &str) -> Option<u32> {
    policy(system, text).max_attempts().map(core::num::NonZero::get)
}

#[test]
fn a_first_delay_above_the_cap_is_not_capped_where_the_library_does_not() {
    for (system, text, expected) in [
        (
            "backon",
            "{builder: exponential, min_delay: 5s, max_delay: 2s, max_times: 5}",
            [5_000, 2_000, 2_000],
        ),
        (
            "backoff-rs",
            "{initial_interval: 5s, max_interval: 2s, randomization_factor: 0}",
            [5_000, 2_000, 2_000],
        ),
        (
            "cenkalti-backoff",
            "{InitialInterval: 5s, MaxInterval: 2s, RandomizationFactor: 0}",
            [5_000, 2_000, 2_000],
        ),
        (
            "gax",
            "{initialRetryDelayMillis: 5000, maxRetryDelayMillis: 2000}",
            [5_000, 2_000, 2_000],
        ),
        (
            "grpc",
            "methodConfig: [{name: [{}], retryPolicy: {maxAttempts: 5, initialBackoff: 5s, maxBackoff: 2s, \
             backoffMultiplier: 2, retryableStatusCodes: [UNAVAILABLE]}}]",
            [6_000, 2_400, 2_400],
        ),
    ] {
        assert_eq!(longest(system, text, 3), expected, "{system}");
    }
}

#[test]
fn delays_are_those_of_the_source() {
    for (system, text, expected) in [
        (
            "tenacity",
            "{stop: {stop_after_attempt: 9}, wait: {wait_incrementing: {start: 10, increment: -4}}}",
            [10_000, 6_000, 2_000, 0],
        ),
        ("faktory", "retry: 25", [44_000, 74_000, 118_000, 212_000]),
        ("hangfire", "Attempts: 10", [44_000, 74_000, 118_000, 212_000]),
        ("hangfire", "{Attempts: 10, DelaysInSeconds: [1, 5]}", [1_000, 5_000, 5_000, 5_000]),
        ("oban", "max_attempts: 20", [18_000, 20_000, 25_000, 34_000]),
        ("graphile-worker", "maxAttempts: 25", [2_718, 7_389, 20_085, 54_598]),
        ("pg-boss", "{retryLimit: 9, retryBackoff: true}", [2_000, 4_000, 8_000, 16_000]),
        ("kubernetes-crash-loop", "spec: {restartPolicy: Always}", [0, 10_000, 20_000, 40_000]),
        ("kubernetes-job", "kind: Job\nspec: {}", [10_000, 20_000, 40_000, 80_000]),
        (
            "nservicebus",
            "{immediate: {NumberOfRetries: 1}, delayed: {NumberOfRetries: 2}}",
            [0, 10_000, 0, 20_000],
        ),
        (
            "polly",
            "{MaxRetryAttempts: 9, BackoffType: Linear, Delay: '00:00:02'}",
            [2_000, 4_000, 6_000, 8_000],
        ),
        (
            "masstransit",
            "{incremental: {retryLimit: 9, initialInterval: '00:00:01', intervalIncrement: '00:00:02'}}",
            [1_000, 3_000, 5_000, 7_000],
        ),
        ("go-retryablehttp", "{RetryMax: 9}", [1_000, 2_000, 4_000, 8_000]),
        ("retry-go", "{Attempts: 9, MaxDelay: 500ms}", [200, 300, 500, 500]),
        ("ky", "{limit: 9, backoffLimit: 1000}", [300, 600, 1_000, 1_000]),
        (
            "opnieuw",
            "{max_calls_total: 9, retry_window_after_first_call_in_seconds: 255}",
            [1_000, 2_000, 4_000, 8_000],
        ),
        ("rq", "{max: 5, interval: [10, 30, 60]}", [10_000, 10_000, 10_000, 30_000]),
        ("masstransit", "{intervals: [100, 200]}", [100, 200, 200, 200]),
    ] {
        assert_eq!(longest(system, text, 4), expected, "{system} {text}");
    }
}

#[test]
fn springs_jitter_is_cut_to_whole_milliseconds_and_held_within_its_limits() {
    let text =
        "{initialInterval: 1000, multiplier: 1.5, jitter: 333, maxInterval: 2000, maxAttempts: 9}";
    let bands: Vec<_> = policy("spring", text).bands(1, None).take(3).collect();
    let ends = |n: usize| (bands[n].min.as_millis(), bands[n].max.as_millis());
    // 1500 -+ 499.5, 2000 + 666 above the cap; the upper end itself is not drawn.
    assert_eq!((ends(0), ends(1), ends(2)), ((1_000, 1_332), (1_001, 1_998), (1_334, 1_999)));
}

#[test]
fn a_whole_factor_is_drawn_once_for_a_task() {
    let text = "{strategy: ExponentialFactorBackoff, from_millis: 100, factor: 2, jitter_range: {min: 1, max: 4}, take: 3}";
    let policy = policy("tokio-retry2", text);
    for key in 0..50 {
        let delays: Vec<u128> =
            policy.schedule(1, key).map(|retry| retry.delay.as_millis()).collect();
        let factor = delays[0] / 100;
        assert!(
            (1..4).contains(&factor) && delays == [100, 200, 400].map(|d| d * factor),
            "{delays:?}"
        );
    }
}

#[test]
fn instances_take_what_they_do_not_say_from_their_config() {
    let yaml = "
resilience4j:
  circuitbreaker:
    instances: {pay: {slidingWindowSize: 100}}
  retry:
    configs:
      default: {maxAttempts: 5}
      slow: {maxAttempts: 4, waitDuration: 2s}
    instances:
      pay: {baseConfig: slow, enableExponentialBackoff: true}
      mail: {waitDuration: 100}
";
    let lines = "resilience4j.retry.configs.default.max-attempts=5\n\
        resilience4j.retry.configs.slow.maxAttempts=4\nresilience4j.retry.configs.slow.waitDuration=2s\n\
        resilience4j.retry.instances.pay.baseConfig=slow\n\
        resilience4j.retry.instances.pay.enableExponentialBackoff=true\n\
        resilience4j.retry.instances.mail.waitDuration=100\n";
    for text in [yaml, lines] {
        let system = find("resilience4j").unwrap();
        let read = system.import(&system.read(text).unwrap()).unwrap();
        let shown: Vec<_> = read
            .iter()
            .map(|one| {
                let first = one.policy.bands(1, None).nth(1).unwrap().max;
                (one.name.as_str(), one.policy.max_attempts().unwrap().get(), first)
            })
            .collect();
        let millis = Duration::from_millis;
        assert_eq!(shown, [("pay", 4, millis(3_000)), ("mail", 5, millis(100))]);
    }
    let wrong = "resilience4j.retry.instances.pay.baseConfig=fast\n";
    assert!(import("resilience4j", wrong).unwrap_err().contains("is not one of the configs"));
}

#[test]
fn policies_are_found_where_files_wrap_them() {
    let template = "
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 45
      RedrivePolicy: {deadLetterTargetArn: {Ref: Dead}, maxReceiveCount: 3}
";
    assert_eq!((attempts("sqs", template), longest("sqs", template, 1)), (Some(3), vec![45_000]));
    let attributes = r#"{"Attributes": {"RedrivePolicy": "{\"maxReceiveCount\":\"7\",\"deadLetterTargetArn\":\"x\"}"}}"#;
    assert_eq!(attempts("sqs", attributes), Some(7));
    let cron = "
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: '0 3 * * *'
  jobTemplate: {spec: {activeDeadlineSeconds: 600, template: {spec: {restartPolicy: Never}}}}
";
    let imported = import("kubernetes-job", cron).unwrap();
    assert_eq!((imported.name.as_str(), attempts("kubernetes-job", cron)), ("nightly", Some(7)));
    assert_eq!(imported.policy.max_elapsed(), Some(Duration::from_secs(600)));
    let mesh = "{kind: VirtualService, spec: {http: [{route: [{}], retries: {attempts: 0}}]}}";
    assert_eq!((attempts("istio", mesh), attempts("istio", "retryOn: 5xx")), (Some(1), Some(3)));
    let client = r#"{"interfaces": {"google.pubsub.v1.Publisher": {
        "retry_codes": {"idempotent": ["DEADLINE_EXCEEDED", "UNAVAILABLE"]},
        "retry_params": {"default": {"initial_retry_delay_millis": 100, "retry_delay_multiplier": 1.3,
            "max_retry_delay_millis": 60000, "initial_rpc_timeout_millis": 5000, "rpc_timeout_multiplier": 1.0,
            "max_rpc_timeout_millis": 600000, "total_timeout_millis": 600000}},
        "methods": {"Publish": {"timeout_millis": 60000, "retry_codes_name": "idempotent",
            "retry_params_name": "default"}}}}}"#;
    let gax = policy("gax", client);
    assert_eq!(gax.max_elapsed(), Some(Duration::from_secs(600)));
    let action = |code: &str| gax.action(gax.classify(code, None));
    assert_eq!((action("UNAVAILABLE"), action("NOT_FOUND")), (Action::Retry, Action::DeadLetter));
    let task = "retries:\n  default: {maxAttempts: 4, randomize: false}\n  enabledInDev: false\n";
    assert_eq!(attempts("trigger-dev", task), Some(4));
}

#[test]
fn hidden_defaults_are_told_and_unknown_options_refused_by_name() {
    let remarks = import("p-retry", "retries: 3").unwrap().remarks;
    assert!(remarks[0].contains("factor = 2, minTimeout = 1000 milliseconds"), "{remarks:?}");
    for (system, text, words) in [
        (
            "p-retry",
            "{retries: 3, minTimeOuts: 5}",
            "minTimeOuts is not known here; did you mean minTimeout?",
        ),
        ("bullmq", "{attempts: 3, backoff: {type: mine}}", "a strategy of your own code"),
        ("effect", "{schedule: spaced, base: 1s, step: 2}", "step is not known here"),
        ("backoff-python", "{wait_gen: fibo, base: 3}", "base has no place in fibo"),
        ("retry", "{retries: 3, factor: 0.5}", "is below 1"),
        ("gax", "{maxRetries: 3, totalTimeoutMillis: 5}", "exclude each other"),
        ("failsafe", "{maxRetries: 3, delay: 1s, maxDelay: 9s, jitter: 5ms}", "use jitterFactor"),
        ("cockatiel", "{maxAttempts: 3, backoff: {exponent: 3}}", "is 2 here"),
        ("huey", "{retries: -1}", "whole number"),
        ("stamina", "{attempts: 3, wait_max: soon}", "is not a duration"),
    ] {
        let error = import(system, text).unwrap_err();
        assert!(error.contains(words), "{system} {text}: {error}");
    }
    let empty = redrive::wire::Value::Map(Vec::new());
    for system in systems() {
        assert!(system.import(&empty).is_err(), "{} takes nothing for its defaults", system.name);
    }
}

#[test]
fn an_export_that_cannot_be_held_is_refused_with_the_nearest_that_can() {
    let half = RetryPolicy::builder().backoff(redrive::Backoff::Exponential {
        initial: Duration::from_millis(1_500),
        multiplier: 2.0,
    });
    let half = half.build().unwrap();
    let refused = |system: &str, policy: &RetryPolicy| {
        find(system).unwrap().export(policy).unwrap_err().to_string()
    };
    let error = refused("celery", &half);
    assert!(
        error.starts_with("backoff = ") && error.contains("the nearest that can is"),
        "{error}"
    );
    assert!(
        error.contains("\"initial\":\"2s\"") || error.contains("\"initial\": \"2s\""),
        "{error}"
    );
    for system in ["kubernetes-job", "got", "ky", "opnieuw", "faktory", "oban", "sqs", "rq"] {
        assert!(refused(system, &half).starts_with("backoff") || system == "opnieuw", "{system}");
    }
    let random = half.to_builder().jitter(redrive::Jitter::Full).build().unwrap();
    assert!(refused("polly", &random).contains("the nearest is"));
}
