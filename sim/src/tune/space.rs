//! The policies that are searched: families by jitter, four numbers and a budget each.
//!
//! A policy is a point here: (first delay, growth, cap, attempts, budget) within a family. Points are
//! rounded to figures that people would write: a search that ends in 317.4 ms x 2.031 has found 320 ms
//! x 2. What else the scenario's policy says (classes of failures, Retry-After, deadline, attempt
//! timeout) is kept. A policy that somebody wrote is [located](locate) in the space, so that a search
//! begins beside what is known.

use redrive::{
    Backoff, BudgetRule, Duration, Jitter, RetryPolicy, policy::Argument, presets,
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

/// The axes: log10 of the first delay in seconds, growth, log10 of the cap over the first delay, log10
/// of the attempts, budget.
pub const AXES: [Axis; 5] = [
    Axis { from: -3.0, to: 1.5, choices: None },
    Axis { from: 1.0, to: 4.0, choices: None },
    Axis { from: 0.0, to: 3.0, choices: None },
    Axis { from: 0.0, to: 1.7, choices: None },
    Axis { from: 0.0, to: BUDGETS as f64, choices: Some(BUDGETS) },
];

/// How many budgets there are to choose from, none among them.
const BUDGETS: usize = 7;

/// The budgets: none, the policy's own, ratios with a small and a large floor, and those of the
/// presets whose budgets are of another kind.
fn budget(base: &RetryPolicy, choice: usize) -> Option<BudgetRule> {
    let ratio = |percent, min_per_second| {
        Some(BudgetRule::ratio(percent, min_per_second, Duration::from_secs(10)))
    };
    let of_preset = |name| presets::find(name).ok()?.policy().budget().cloned();
    match choice {
        0 => None,
        1 => base.budget().cloned(),
        2 => ratio(10.0, 1.0),
        3 => ratio(20.0, 1.0),
        4 => ratio(20.0, 10.0),
        5 => of_preset("aws-standard"),
        _ => of_preset("grpc"),
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
    point: &[f64; 5],
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
        .attempt_timeout(base.attempt_timeout())
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
    builder.budget(budget(base, point[4] as usize)).build()
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
pub fn locate(base: &RetryPolicy, known: &RetryPolicy) -> (Family, [f64; 5]) {
    let (initial, growth) = start(known.backoff());
    let family = Family::nearest(known);
    let first = initial.as_secs_f64().max(1e-3);
    let cap = known.max_delay().map_or(LONGEST, |cap| cap.as_secs_f64()).max(first);
    let attempts = known.max_attempts().map_or(50.0, |attempts| f64::from(attempts.get()));
    let same = |choice: &usize| budget(base, *choice).as_ref() == known.budget();
    let choice = (0..BUDGETS).find(same).unwrap_or(3);
    let mut point = [
        libm::log10(first),
        growth,
        libm::log10(cap / first),
        libm::log10(attempts),
        choice as f64 + 0.5,
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
        for corner in 0..32_u32 {
            let mut point = [0.0; 5];
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
