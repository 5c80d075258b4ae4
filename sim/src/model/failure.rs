//! What an attempt can fail with, and what each system would call it.
//!
//! A client sees one failure; which words it has for it depends on what it speaks. The simulator does
//! not know, so a failure goes by the words of every system, and a policy that was imported from one of
//! them acts here as it acts there: gRPC's `UNAVAILABLE` covers a refused connection, `States.ALL` all.

use redrive::{
    Duration, Hint, RetryPolicy,
    policy::{Action, Class},
    time::format_duration,
};

use crate::{
    distribution::Distribution,
    scenario::{Arrivals, Fault, Mode, OnFull, Scenario},
};

/// The kinds of failure that the model knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server is down.
    Connection,
    /// It answered with an error.
    Error,
    /// It has no room.
    Overloaded,
    /// It says that there were too many requests.
    Throttle,
    /// The client stopped waiting.
    Timeout,
    /// The task can never succeed.
    Poison,
    /// The next layer failed.
    Downstream,
    /// The client's breaker is open.
    Breaker,
    /// Somebody else wrote first.
    Conflict,
    /// The client's throttle holds back.
    ClientThrottle,
    /// The server went down with the request.
    Reset,
}

impl Failure {
    /// All, in the order of their numbers.
    pub(crate) const ALL: [Self; 11] = [
        Self::Connection,
        Self::Error,
        Self::Overloaded,
        Self::Throttle,
        Self::Timeout,
        Self::Poison,
        Self::Downstream,
        Self::Breaker,
        Self::Conflict,
        Self::ClientThrottle,
        Self::Reset,
    ];

    /// The words that a policy's rules see: its name, its code, and what gRPC, AWS, Step Functions and
    /// databases call it.
    pub(crate) const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Connection => &[
                "connection",
                "ECONNREFUSED",
                "UNAVAILABLE",
                "Lambda.SdkClientException",
                "EndpointConnectionError",
                "ConnectionError",
                "ConnectionRefusedError",
                "ConnectException",
                "08001",
            ],
            Self::Error => &[
                "error",
                "500",
                "INTERNAL",
                "UNKNOWN",
                "InternalError",
                "InternalServerError",
                "InternalFailure",
                "Lambda.ServiceException",
                "Lambda.AWSLambdaException",
            ],
            Self::Overloaded => &[
                "overloaded",
                "503",
                "UNAVAILABLE",
                "ServiceUnavailable",
                "ServiceUnavailableException",
                "Lambda.ServiceException",
                "53300",
            ],
            Self::Throttle => &[
                "throttle",
                "429",
                "RESOURCE_EXHAUSTED",
                "ThrottlingException",
                "Throttling",
                "TooManyRequestsException",
                "Lambda.TooManyRequestsException",
                "ProvisionedThroughputExceededException",
                "RateLimitError",
                "envoy-ratelimited",
            ],
            Self::Timeout => &[
                "timeout",
                "ETIMEDOUT",
                "DEADLINE_EXCEEDED",
                "RequestTimeout",
                "States.Timeout",
                "TimeoutError",
                "SocketTimeoutException",
            ],
            Self::Poison => &["poison", "400", "INVALID_ARGUMENT", "ValidationException"],
            Self::Downstream => &["downstream", "502", "UNAVAILABLE", "Lambda.ServiceException"],
            Self::Breaker => &["breaker", "EBREAKER", "CallNotPermittedException"],
            Self::Conflict => &[
                "conflict",
                "409",
                "ABORTED",
                "ConditionalCheckFailedException",
                "TransactionConflictException",
                "40001",
            ],
            Self::ClientThrottle => &["clientThrottle", "ETHROTTLE"],
            Self::Reset => &["reset", "ECONNRESET", "UNAVAILABLE", "ConnectionResetError", "EPIPE"],
        }
    }

    /// What it is called in results.
    pub(crate) const fn name(self) -> &'static str {
        self.words()[0]
    }

    /// What `policy` makes of each, by number.
    pub(crate) fn classes(policy: &RetryPolicy) -> [Class; Self::ALL.len()] {
        Self::ALL.map(|failure| policy.classify_words(failure.words()))
    }

    /// Whether the server refused it at once.
    pub(crate) const fn is_rejection(self) -> bool {
        matches!(self, Self::Overloaded | Self::Throttle)
    }

    /// Whether the backend took the request on and answered in time, whatever came of it.
    pub(crate) const fn is_accepted(self) -> bool {
        matches!(self, Self::Error | Self::Poison | Self::Downstream | Self::Conflict)
    }

    /// Whether an attempt in `scenario` can fail with it under `policy`.
    fn is_possible(self, scenario: &Scenario, policy: &RetryPolicy) -> bool {
        let fault = |wanted: fn(&Mode) -> bool| scenario.faults.iter().any(|f| wanted(&f.mode));
        let full = |on_full| {
            let layers = scenario.layers.iter().map(|layer| &layer.server);
            let mut servers = layers.chain([&scenario.server]);
            servers.any(|server| server.workers.is_some() && server.on_full == on_full)
        };
        match self {
            Self::Connection => fault(|mode| matches!(mode, Mode::Down { .. })),
            Self::Error => fault(|mode| matches!(mode, Mode::Errors { .. } | Mode::Bursts { .. })),
            Self::Overloaded => full(OnFull::Reject),
            Self::Throttle => fault(|mode| matches!(mode, Mode::RateLimit { .. })),
            Self::Timeout => {
                scenario.client.timeout.is_some() || policy.attempt_timeout().is_some()
            }
            Self::Poison => scenario.client.permanent_rate > 0.0,
            Self::Downstream => !scenario.layers.is_empty(),
            Self::Breaker => scenario.client.breaker.is_some(),
            Self::Conflict => scenario.contention.is_some(),
            Self::ClientThrottle => scenario.client.throttle.is_some(),
            Self::Reset => scenario.faults.iter().any(Fault::loses_requests),
        }
    }
}

/// Real waves are about as wide: 500 clients of one thread each took 60 to 130 ms to send a request.
const WAVE: Duration = Duration::from_millis(100);

impl Scenario {
    /// The code of the hint that a policy retries nothing that can happen.
    pub const RETRIES_NOTHING: &str = "retriesNothingHere";
    /// The code of the hint that the waves of a herd are sharper than real ones.
    pub const SHARP_HERD: &str = "sharpHerd";

    /// What is legal in `policy` and probably not meant in this scenario: the [hints of the
    /// policy](RetryPolicy::hints), and whether it retries nothing that can happen here.
    pub fn hints(&self, policy: &RetryPolicy) -> Vec<Hint> {
        let mut hints = policy.hints();
        let possible = Failure::ALL.into_iter().filter(|failure| failure.is_possible(self, policy));
        // A task that can never succeed is rightly given up, and a breaker only follows other failures.
        let failures: Vec<Failure> = possible
            .filter(|failure| !matches!(failure, Failure::Poison | Failure::Breaker))
            .collect();
        let is_retried = |failure: &Failure| {
            let action = policy.action(policy.classify_words(failure.words()));
            matches!(action, Action::Retry | Action::RetryFree)
        };
        let retries = policy.max_attempts().is_none_or(|max| max.get() > 1);
        if retries && !failures.is_empty() && !failures.iter().any(is_retried) {
            let names: Vec<String> = failures
                .iter()
                .map(|failure| format!("{} ({})", failure.name(), failure.words()[1]))
                .collect();
            hints.push(Hint::new(Self::RETRIES_NOTHING, "classify", format!(
                    "No attempt is ever retried here: the rules retry none of the failures that this scenario \
                     makes, which are: {}.",
                    names.join(", ")
                )));
        }
        hints.extend(self.sharp_herd(policy));
        hints
    }

    /// A herd of which each wave is an instant, under delays that are as short as real waves are wide.
    fn sharp_herd(&self, policy: &RetryPolicy) -> Option<Hint> {
        let spread = match &self.arrivals {
            Arrivals::Herd { spread, .. } if self.clients.is_empty() => *spread,
            _ => return None,
        };
        let first = policy.bands(0, Some(64)).next()?;
        let width = first.max.saturating_sub(first.min).max(spread);
        let sharp = first.max < Duration::from_secs(1) && width < WAVE;
        (sharp && self.network.latency == Distribution::ZERO).then(|| Hint::new(Self::SHARP_HERD, "backoff", format!(
                "Waves of this herd are sharper than real ones: its clients all act in one instant, \
                 messages take no time, and the first delay is {}. Real clients are about 100 ms \
                 apart; set network.latency or arrivals.spread.",
                format_duration(first.max)
            )))
    }
}

#[cfg(test)]
mod tests {
    use redrive::failure::{Kind, knows};

    use super::*;

    #[test]
    fn every_word_of_a_failure_is_of_its_kind_or_says_nothing() {
        for failure in Failure::ALL {
            for word in &failure.words()[1..] {
                assert!(knows(word), "{word} of {failure:?}");
            }
        }
        assert_eq!(Kind::of(Failure::Error.words()), Kind::Server);
        assert_eq!(Kind::of(Failure::Poison.words()), Kind::Invalid);
        assert_eq!(Kind::of(Failure::Overloaded.words()), Kind::Unavailable);
    }
}
