//! Backoff: how the delay grows from retry to retry, before any jitter.
//!
//! Two halves. [`Backoff`] is what people write, with durations, a row of the [kinds](super::kinds).
//! [`Curve`] is the law, in integer nanoseconds.
//! Growth saturates: attempt 10^9 of a doubling curve is `u64::MAX` nanoseconds, which the cap then
//! lowers. No power function of std is used anywhere: it differs between native and wasm.

use alloc::boxed::Box;

#[cfg(not(feature = "small"))]
use libm::exp;

#[cfg(feature = "small")]
use super::exp::exp;
use super::{
    compat::Rounding,
    jitter::scale,
    kinds::{Backoff, BackoffTag},
    parameter::Argument,
};
use crate::time::{Duration, nanos};

/// A backoff compiled to nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Curve {
    /// The delay depends on n alone.
    Fixed(Steps),
    /// `U[initial, multiplier * previous]`.
    Decorrelated { initial: u64, multiplier: f64 },
    /// Polly's.
    DecorrelatedV2 { initial: u64 },
}

/// A curve that depends on n alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Steps {
    law: StepLaw,
    /// Rounding of every step, where a system truncates as it goes (resilience4j).
    each_step: Option<Rounding>,
}

#[derive(Clone, Debug, PartialEq)]
enum StepLaw {
    Linear { initial: u64, increment: u64, falling: bool },
    Exponential { initial: u64, multiplier: f64 },
    Polynomial { initial: u64, power: f64, offset: u64 },
    Fibonacci { initial: u64 },
    Table(Box<[u64]>),
}

/// The parameters of a backoff by what they are: every kind has at most two durations and a factor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scalars {
    /// The first duration.
    pub(super) scale: u64,
    /// The number.
    pub(super) factor: f64,
    /// The second duration.
    pub(super) added: u64,
}

impl Scalars {
    fn of(backoff: &Backoff) -> Scalars {
        let mut scalars = Scalars::default();
        let mut durations = 0;
        for (_, argument) in backoff.arguments() {
            match argument {
                Argument::Duration(duration) if durations == 0 => {
                    scalars.scale = nanos(duration);
                    durations += 1;
                }
                Argument::Duration(duration) => scalars.added = nanos(duration),
                Argument::Number(number) => scalars.factor = number,
                Argument::Durations(_) | Argument::End(_) => {}
            }
        }
        scalars
    }
}

impl Curve {
    pub(crate) fn new(backoff: &Backoff, each_step: Option<Rounding>, falling: bool) -> Curve {
        let delays: &[Duration] = match backoff {
            Backoff::Table { delays } => delays,
            _ => &[],
        };
        Curve::of(backoff.tag(), Scalars::of(backoff), delays, each_step, falling)
    }

    /// The law of each kind. A table may come as the one delay that is asked for, its `scale`: to the
    /// power of 0 it is that delay at any retry.
    #[inline]
    pub(super) fn of(
        kind: BackoffTag,
        Scalars { scale: initial, factor, added }: Scalars,
        delays: &[Duration],
        each_step: Option<Rounding>,
        falling: bool,
    ) -> Curve {
        let law = match kind {
            BackoffTag::Constant => StepLaw::Linear { initial, increment: 0, falling },
            BackoffTag::Linear => StepLaw::Linear { initial, increment: added, falling },
            BackoffTag::Exponential => StepLaw::Exponential { initial, multiplier: factor },
            BackoffTag::Polynomial => StepLaw::Polynomial { initial, power: factor, offset: added },
            BackoffTag::Fibonacci => StepLaw::Fibonacci { initial },
            BackoffTag::Table if delays.is_empty() => {
                StepLaw::Polynomial { initial, power: 0.0, offset: 0 }
            }
            BackoffTag::Table => StepLaw::Table(delays.iter().map(|d| nanos(*d)).collect()),
            BackoffTag::Decorrelated => {
                return Curve::Decorrelated { initial, multiplier: factor };
            }
            BackoffTag::DecorrelatedV2 => return Curve::DecorrelatedV2 { initial },
        };
        Curve::Fixed(Steps { law, each_step })
    }
}

impl Steps {
    /// The delay before jitter and cap, in nanoseconds, after `n` retries.
    pub(crate) fn at(&self, n: u32) -> u64 {
        match (&self.law, self.each_step) {
            (StepLaw::Exponential { initial, multiplier }, Some(rounding)) => {
                rounded_growth(*initial, *multiplier, n, rounding)
            }
            (law, Some(rounding)) => rounding.apply(law.at(n)),
            (law, None) => law.at(n),
        }
    }

    /// What follows when `previous` was the last delay: for curves whose jittered value is the next
    /// one's base (grpc-js, client-go).
    pub(crate) fn after(&self, n: u32, previous: u64) -> u64 {
        match self.law {
            StepLaw::Exponential { multiplier, .. } => scale(previous, multiplier),
            StepLaw::Linear { increment, falling: false, .. } => previous.saturating_add(increment),
            StepLaw::Linear { increment, falling: true, .. } => previous.saturating_sub(increment),
            StepLaw::Polynomial { .. } | StepLaw::Fibonacci { .. } | StepLaw::Table(_) => {
                self.at(n)
            }
        }
    }
}

impl StepLaw {
    fn at(&self, n: u32) -> u64 {
        match self {
            StepLaw::Linear { initial, increment, falling } => {
                let moved = increment.saturating_mul(n.into());
                if *falling { initial.saturating_sub(moved) } else { initial.saturating_add(moved) }
            }
            StepLaw::Exponential { initial, multiplier } => {
                scale(*initial, whole_power(*multiplier, n))
            }
            StepLaw::Polynomial { initial, power, offset } => {
                offset.saturating_add(scale(*initial, real_power(n.into(), *power)))
            }
            StepLaw::Fibonacci { initial } => initial.saturating_mul(fibonacci(n)),
            StepLaw::Table(delays) => {
                delays.get(n as usize).or(delays.last()).copied().unwrap_or_default()
            }
        }
    }
}

/// A curve that is rounded step by step is followed this far, then it stays: a multiplier a hair
/// above 1 would otherwise walk four thousand million steps to the last attempt.
const MAX_STEPS: u32 = 100_000;

/// `initial * multiplier^n` where every product is rounded before the next.
fn rounded_growth(initial: u64, multiplier: f64, n: u32, rounding: Rounding) -> u64 {
    let mut delay = rounding.apply(initial);
    for _ in 0..n.min(MAX_STEPS) {
        let next = rounding.apply_real(delay as f64 * multiplier);
        // Rounded down to where it was, it grows no more (1 ms x 1.5 in whole milliseconds).
        if next == delay {
            break;
        }
        delay = next;
    }
    delay
}

/// The (n + 1)-th Fibonacci number, 1 1 2 3 5, saturating.
fn fibonacci(n: u32) -> u64 {
    let (mut current, mut next) = (1_u64, 1_u64);
    // F(94) is above u64: more steps change nothing.
    for _ in 0..n.min(94) {
        (current, next) = (next, current.saturating_add(next));
    }
    current
}

/// `base^exponent` by squaring: multiplications only, the same on every target.
pub(crate) fn whole_power(base: f64, exponent: u32) -> f64 {
    let (mut result, mut square, mut left) = (1.0, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    result
}

/// `base^power` for a base of 0 or more and a power of 0 or more: a whole power by squaring, the
/// binary fraction by square roots, which IEEE 754 rounds the same everywhere.
fn real_power(base: f64, power: f64) -> f64 {
    if power == 0.0 {
        return 1.0;
    }
    let whole = power as u32;
    let mut fraction = power - f64::from(whole);
    let (mut result, mut root) = (whole_power(base, whole), base);
    while fraction > 0.0 {
        root = libm::sqrt(root);
        fraction *= 2.0;
        if fraction >= 1.0 {
            result *= root;
            fraction -= 1.0;
        }
    }
    result
}

/// Polly's `F(t) = 2^t * tanh(sqrt(4 t))` at `t = n + u`, in units of `2^scale_down`.
pub(crate) fn polly_curve(n: u32, u: f64, scale_down: u32) -> f64 {
    let t = f64::from(n) + u;
    let power = if n >= scale_down {
        whole_power(2.0, n - scale_down)
    } else {
        whole_power(0.5, scale_down - n)
    };
    let two_to_u = exp(u * core::f64::consts::LN_2);
    // tanh(x) = 1 - 2 / (e^2x + 1): one transcendental function instead of two keeps the wasm small.
    let tanh = 1.0 - 2.0 / (exp(4.0 * libm::sqrt(t)) + 1.0);
    power * two_to_u * tanh
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;
    use crate::policy::RoundingMode;

    const SECOND: u64 = 1_000_000_000;

    fn curve(backoff: Backoff) -> Steps {
        match Curve::new(&backoff, None, false) {
            Curve::Fixed(steps) => steps,
            _ => unreachable!("only fixed curves are asked for"),
        }
    }

    fn seconds(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn every_kind_grows_by_its_formula() {
        let initial = seconds(1);
        let at = |backoff: Backoff| -> Vec<u64> {
            let steps = curve(backoff);
            (0..6).map(|n| steps.at(n) / SECOND).collect()
        };
        assert_eq!(at(Backoff::Constant { delay: seconds(3) }), [3; 6]);
        assert_eq!(at(Backoff::Linear { initial, increment: seconds(2) }), [1, 3, 5, 7, 9, 11]);
        assert_eq!(at(Backoff::Exponential { initial, multiplier: 3.0 }), [1, 3, 9, 27, 81, 243]);
        let sidekiq = Backoff::Polynomial { initial, power: 4.0, offset: seconds(15) };
        assert_eq!(at(sidekiq), [15, 16, 31, 96, 271, 640]);
        assert_eq!(at(Backoff::Fibonacci { initial }), [1, 1, 2, 3, 5, 8]);
        let delays = vec![seconds(10), seconds(30), seconds(60)];
        assert_eq!(at(Backoff::Table { delays }), [10, 30, 60, 60, 60, 60]);
    }

    #[test]
    fn far_attempts_saturate_and_never_wrap() {
        let initial = Duration::from_nanos(1);
        for backoff in [
            Backoff::Exponential { initial, multiplier: 2.0 },
            Backoff::Fibonacci { initial },
            Backoff::Polynomial { initial: seconds(1), power: 9.5, offset: Duration::ZERO },
            Backoff::Linear { initial, increment: seconds(10_000) },
        ] {
            let steps = curve(backoff);
            assert_eq!(steps.at(u32::MAX), u64::MAX);
            assert!((0..200).all(|n| steps.at(n) <= steps.at(n + 1)));
        }
        let nothing = curve(Backoff::Exponential { initial: Duration::ZERO, multiplier: 1000.0 });
        assert_eq!(nothing.at(u32::MAX), 0);
    }

    #[test]
    fn steps_are_rounded_from_the_product_itself_and_not_from_its_nearest_nanosecond() {
        let steps = |initial, multiplier, unit| {
            let rounding = Rounding::new(unit, RoundingMode::Floor, true);
            let backoff = Backoff::Exponential { initial, multiplier };
            match Curve::new(&backoff, Some(rounding), false) {
                Curve::Fixed(steps) => (0..4).map(|n| steps.at(n)).collect::<Vec<u64>>(),
                _ => unreachable!("exponential is fixed"),
            }
        };
        let (nano, milli) = (Duration::from_nanos(1), Duration::from_millis(1));
        // As in the Rust crate backoff 0.4.0, which truncates to nanoseconds at each step.
        assert_eq!(steps(Duration::from_nanos(5), 1.5, nano), [5, 7, 10, 15]);
        // As in Java: (long) (100 * 1.15) is 114, since 1.15 is a little less than that.
        assert_eq!(steps(Duration::from_millis(100), 1.15, milli)[1], 114_000_000);
    }

    #[test]
    fn fractional_powers_match_the_reference() {
        for base in [0.0, 1.0, 2.0, 7.0, 24.0, 1e6] {
            for power in [0.0, 0.5, 1.0, 1.5, 2.75, 3.3, 10.0] {
                let (ours, reference) = (real_power(base, power), libm::pow(base, power));
                assert!((ours - reference).abs() <= reference * 1e-13, "{base}^{power}: {ours}");
            }
        }
    }

    #[test]
    fn polly_curve_matches_tanh() {
        for t in [0.01, 0.5, 0.99] {
            for n in [0, 1, 5] {
                let x = f64::from(n) + t;
                let reference = libm::pow(2.0, x) * libm::tanh(libm::sqrt(4.0 * x));
                assert!((polly_curve(n, t, 0) - reference).abs() < reference * 1e-12);
            }
        }
    }
}
