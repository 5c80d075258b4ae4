//! The policies that are searched: families by jitter, and eight axes.
//!
//! A policy is a point here: (first delay, growth, cap, attempts, kind of budget, its percentage, its
//! pace, attempt timeout) within a family. Points are rounded to figures that people would write: a
//! search that ends in 317.4 ms x 2.031 has found 320 ms x 2. What else the scenario's policy says
//! (classes of failures, Retry-After, deadline) is kept. A policy that somebody wrote is
//! [located](locate) in the space, so that a search begins beside what is known; one whose kind the
//! space does not have ([`outside`]) runs as it is and can win, but is not varied.

use redrive::{
    Backoff, BudgetRule, Duration, Jitter, RetryPolicy,
    policy::{Argument, OnEmpty},
    presets,
    wire::ConfigError,
};

/// Which jitter the policies of a family have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// U[0, d].
    Full,
    /// U[d/2, d].
    Equal,
    /// U[d, 1.1 d].
    Proportional,
    /// U[initial, growth x previous delay].
    Decorrelated,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Full, Self::Equal, Self::Proportional, Self::Decorrelated];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Equal => "equal",
            Self::Proportional => "proportional",
            Self::Decorrelated => "decorrelated",
        }
    }
}

impl Family {
    /// The family whose range the policy's own jitter has, or else the one with the narrowest.
    fn nearest(policy: &RetryPolicy) -> Family {
        if policy.backoff().is_random() {
            return Family::Decorrelated;
        }
        let ends = policy.jitter().ends();
        match [(Family::Full, Jitter::Full), (Family::Equal, Jitter::Equal)]
            .into_iter()
            .find(|(_, jitter)| jitter.ends() == ends)
        {
            Some((family, _)) => family,
            None => Family::Proportional,
        }
    }
}

/// One axis of the search.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// The least value, on the axis's own scale.
    pub from: f64,
    /// The largest.
    pub to: f64,
    /// Choices to count instead of a scale.
    pub choices: Option<usize>,
}

impl Axis {
    /// `value` inside the range, whose upper end is outside.
    #[must_use]
    pub fn clamped(&self, value: f64) -> f64 {
        value.clamp(self.from, self.to - 1e-9 * (self.to - self.from))
    }
}

const LN_10: f64 = core::f64::consts::LN_10;

/// A place in the space.
pub type Point = [f64; 8];

/// The axes: log10 of the first delay in seconds, growth, log10 of the cap over the first delay, log10
/// of the attempts, kind of budget, log10 of its percentage, log10 of its pace per second, attempt
/// timeout.
pub const AXES: [Axis; 8] = [
    Axis { from: -3.0, to: 1.5, choices: None },
    Axis { from: 1.0, to: 4.0, choices: None },
    Axis { from: 0.0, to: 3.0, choices: None },
    Axis { from: 0.0, to: 1.7, choices: None },
    Axis { from: 0.0, to: BUDGETS as f64, choices: Some(BUDGETS) },
    Axis { from: 0.0, to: 2.0, choices: None },
    Axis { from: -1.0, to: 4.0, choices: None },
    Axis { from: 0.0, to: 1.0, choices: None },
];

/// Below this on its axis an attempt timeout is the base's own, or none; above it lies from
/// [`SHORTEST`] on, four decades long.
const OWN_TIMEOUT: f64 = 0.25;
/// log10 of the shortest attempt timeout that is searched, in seconds.
const SHORTEST: f64 = -2.0;
/// Decades of attempt timeouts.
const DECADES: f64 = 4.0;

fn attempt_timeout(base: &RetryPolicy, place: f64) -> Option<Duration> {
    if place < OWN_TIMEOUT {
        return base.attempt_timeout();
    }
    let along = (place - OWN_TIMEOUT) / (1.0 - OWN_TIMEOUT);
    Some(seconds(power_of_ten(SHORTEST + DECADES * along)))
}

fn timeout_place(base: &RetryPolicy, timeout: Option<Duration>) -> f64 {
    match timeout {
        Some(timeout) if Some(timeout) != base.attempt_timeout() => {
            let along = (libm::log10(timeout.as_secs_f64().max(1e-9)) - SHORTEST) / DECADES;
            OWN_TIMEOUT + (1.0 - OWN_TIMEOUT) * along.clamp(0.0, 1.0)
        }
        _ => 0.0,
    }
}

/// How many kinds of budget there are to choose from, none among them.
const BUDGETS: usize = 7;

/// How long a ratio counts a first attempt.
const WINDOW: Duration = Duration::from_secs(10);
/// Retries that a pace lets through at once, as the preset `patient` does.
const BURST: u32 = 10;

/// The budgets: none, the policy's own, a ratio that fails or that waits, a pace that waits, and the
/// token buckets of the presets.
fn budget(base: &RetryPolicy, choice: usize, percent: f64, pace: f64) -> Option<BudgetRule> {
    let percent = humane(power_of_ten(percent));
    let pace = humane(power_of_ten(pace));
    let of_preset = |name| presets::find(name).ok()?.policy().budget().cloned();
    match choice {
        0 => None,
        1 => base.budget().cloned(),
        2 => Some(BudgetRule::ratio(percent, pace, WINDOW)),
        3 => Some(BudgetRule::Ratio {
            percent,
            min_per_second: pace,
            window: WINDOW,
            on_empty: OnEmpty::Wait,
        }),
        4 => Some(BudgetRule::rate(pace, BURST)),
        5 => of_preset("aws-standard"),
        _ => of_preset("grpc"),
    }
}

/// The kind, percentage and pace of a budget, as places on their axes, about.
fn budget_place(base: &RetryPolicy, rule: Option<&BudgetRule>) -> (usize, f64, f64) {
    let (usual_percent, usual_pace) = (libm::log10(20.0), 1.0);
    let log = |value: f64| libm::log10(value.max(1e-9));
    match rule {
        None => (0, usual_percent, usual_pace),
        Some(BudgetRule::Ratio { percent, min_per_second, on_empty, .. }) => {
            let kind = if *on_empty == OnEmpty::Wait { 3 } else { 2 };
            (kind, log(*percent), log(*min_per_second))
        }
        Some(BudgetRule::Rate { per_second, .. }) => (4, usual_percent, log(*per_second)),
        Some(_) if rule == base.budget() => (1, usual_percent, usual_pace),
        Some(_) => {
            let same = |choice: &usize| budget(base, *choice, 0.0, 0.0).as_ref() == rule;
            ([5, 6].into_iter().find(same).unwrap_or(2), usual_percent, usual_pace)
        }
    }
}

/// What of a policy the space cannot vary, in words; `None` where the search goes on from it.
#[must_use]
pub fn outside(policy: &RetryPolicy) -> Option<String> {
    let backoff = policy.backoff();
    let known = matches!(
        backoff,
        Backoff::Exponential { .. } | Backoff::Constant { .. } | Backoff::Decorrelated { .. }
    );
    if !known {
        return Some(format!("its backoff, {}", backoff.row().name));
    }
    match policy.budget() {
        Some(rule @ BudgetRule::Concurrency { .. }) => Some(format!("its budget, {}", rule.kind())),
        _ => None,
    }
}

/// The longest cap that is searched.
const LONGEST: f64 = 600.0;

fn power_of_ten(exponent: f64) -> f64 {
    libm::exp(exponent * LN_10)
}

/// `value` to two significant digits.
fn humane(value: f64) -> f64 {
    let magnitude = power_of_ten(libm::floor(libm::log10(value.max(1e-9))) - 1.0);
    libm::round(value / magnitude) * magnitude
}

fn seconds(value: f64) -> Duration {
    Duration::from_millis(libm::round(humane(value) * 1e3).max(1.0) as u64)
}

/// The policy at a point of a family, with everything else as in `base`.
///
/// # Errors
/// Never for points within [`AXES`]; the builder's checks are passed on.
pub fn policy(
    base: &RetryPolicy,
    family: Family,
    point: &Point,
) -> Result<RetryPolicy, ConfigError> {
    let initial = power_of_ten(point[0]);
    let multiplier = (libm::round(point[1] * 10.0) / 10.0).max(1.0);
    let cap = (initial * power_of_ten(point[2])).min(LONGEST).max(initial);
    let attempts = libm::round(power_of_ten(point[3])).max(1.0) as u32;
    let (initial, cap) = (seconds(initial), seconds(cap));
    let mut builder = RetryPolicy::builder()
        .max_delay(cap.max(initial))
        .max_attempts(attempts)
        .max_elapsed(base.max_elapsed())
        .elapsed_rule(base.limits().elapsed_rule)
        .attempt_timeout(attempt_timeout(base, point[7]))
        .retry_after(*base.retry_after())
        .default_action(base.default_action());
    builder = match family {
        Family::Decorrelated => builder.backoff(Backoff::Decorrelated { initial, multiplier }),
        _ => builder.backoff(Backoff::Exponential { initial, multiplier }),
    };
    builder = match family {
        Family::Full => builder.jitter(Jitter::Full),
        Family::Equal => builder.jitter(Jitter::Equal),
        Family::Proportional => builder.jitter(Jitter::Proportional { factor: 0.1 }),
        Family::Decorrelated => builder,
    };
    for rule in base.rules() {
        builder = builder.rule(rule.clone());
    }
    builder.budget(budget(base, point[4] as usize, point[5], point[6])).build()
}

/// The first delay of a backoff and how fast it grows, about.
fn start(backoff: &Backoff) -> (Duration, f64) {
    let mut initial = None;
    let mut growth = None;
    let arguments = backoff.arguments();
    for (parameter, argument) in &arguments {
        match argument {
            Argument::Duration(delay) => initial = initial.or(Some(*delay)),
            Argument::Durations(delays) => initial = initial.or(delays.first().copied()),
            Argument::Number(number) if parameter.name == "multiplier" => growth = Some(*number),
            Argument::Number(_) | Argument::End(_) => {}
        }
    }
    // A kind of one parameter that is a delay does not grow.
    let constant = matches!(arguments[..], [(parameter, _)] if parameter.name == "delay");
    let usual = if constant { 1.0 } else { 2.0 };
    (initial.unwrap_or(Duration::from_secs(1)), growth.unwrap_or(usual))
}

/// Where a policy lies, roughly: in its family, or in that of the jitter nearest to its own.
#[must_use]
pub fn locate(base: &RetryPolicy, known: &RetryPolicy) -> (Family, Point) {
    let (initial, growth) = start(known.backoff());
    let family = Family::nearest(known);
    let first = initial.as_secs_f64().max(1e-3);
    let cap = known.max_delay().map_or(LONGEST, |cap| cap.as_secs_f64()).max(first);
    let attempts = known.max_attempts().map_or(50.0, |attempts| f64::from(attempts.get()));
    let (budget, percent, pace) = budget_place(base, known.budget());
    let mut point = [
        libm::log10(first),
        growth,
        libm::log10(cap / first),
        libm::log10(attempts),
        budget as f64 + 0.5,
        percent,
        pace,
        timeout_place(base, known.attempt_timeout()),
    ];
    for (value, axis) in point.iter_mut().zip(&AXES) {
        *value = axis.clamped(*value);
    }
    (family, point)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_corner_is_a_policy() {
        let base = RetryPolicy::default();
        for corner in 0..256_u32 {
            let mut point = [0.0; 8];
            for (i, axis) in AXES.iter().enumerate() {
                point[i] = if corner >> i & 1 == 1 { axis.to } else { axis.from };
            }
            for family in Family::ALL {
                let policy = policy(&base, family, &point).unwrap();
                assert!(policy.max_delay().unwrap() <= Duration::from_secs(600));
            }
        }
    }

    #[test]
    fn a_known_policy_is_found_again_where_it_lies() {
        for name in ["full", "equal", "proportional", "decorrelated"] {
            let known = presets::find(name).unwrap().policy();
            let (family, point) = locate(&known, &known);
            assert_eq!(family.as_str(), name);
            let again = policy(&known, family, &point).unwrap();
            assert_eq!(again.backoff(), known.backoff(), "{name}");
            assert_eq!(again.max_attempts(), known.max_attempts(), "{name}");
            assert_eq!(again.max_delay(), known.max_delay(), "{name}");
        }
        for name in ["patient", "finagle", "aws-standard", "grpc"] {
            let Ok(known) = presets::find(name).map(presets::Preset::policy) else { continue };
            let (family, point) = locate(&RetryPolicy::default(), &known);
            let again = policy(&RetryPolicy::default(), family, &point).unwrap();
            assert_eq!(again.budget(), known.budget(), "{name}");
        }
        let known = RetryPolicy::builder().attempt_timeout(Duration::from_millis(300)).build();
        let (family, point) = locate(&RetryPolicy::default(), known.as_ref().unwrap());
        let again = policy(&RetryPolicy::default(), family, &point).unwrap();
        assert_eq!(again.attempt_timeout(), Some(Duration::from_millis(300)));
        for preset in presets::all() {
            let (family, point) = locate(&RetryPolicy::default(), &preset.policy());
            assert!(policy(&RetryPolicy::default(), family, &point).is_ok(), "{}", preset.name);
            for (value, axis) in point.iter().zip(&AXES) {
                assert!((axis.from..axis.to).contains(value), "{} {value}", preset.name);
            }
        }
    }

    #[test]
    fn figures_are_rounded_as_people_write_them() {
        assert_eq!(seconds(0.317_4), Duration::from_millis(320));
        assert_eq!(seconds(0.010_4), Duration::from_millis(10));
        assert_eq!(seconds(61.7), Duration::from_secs(62));
    }
}
