//! The quirks of other systems, in one place, off the common path.
//!
//! A policy of our own has none of them. They exist so that a policy imported from elsewhere behaves
//! here as it does there. A handful of switches is enough for 130 of the 135 configurations of 36
//! libraries that were measured (`tests/real_systems.rs` checks this crate against each of them).

use crate::time::{Duration, nanos};

/// When the cap applies, relative to the jitter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CapStage {
    /// Ours: the un-jittered delay is lowered until the whole jitter range lies under the cap. Spread
    /// survives at the cap: U[d, 1.1 d] at a cap of 60 s is U[54.5 s, 60 s].
    #[default]
    Fit,
    /// The delay is held within minimum and cap, then jittered: it may pass both (backon, gRPC, got).
    Before,
    /// The jittered delay is capped: many delays are the cap exactly (tenacity, p-retry, resilience4j).
    After,
    /// Both.
    Both,
    /// The delay is capped and the ends of its range are clipped (Spring).
    Clip,
}

impl CapStage {
    /// The names on the wire, in order.
    pub(crate) const NAMES: [&'static str; 5] = ["fit", "before", "after", "both", "clip"];
    pub(crate) const ALL: [CapStage; 5] =
        [Self::Fit, Self::Before, Self::After, Self::Both, Self::Clip];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Which way delays are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoundingMode {
    /// Down.
    Floor,
    /// To the nearest, halves up.
    Nearest,
    /// Up.
    Ceil,
}

impl RoundingMode {
    pub(crate) const NAMES: [&'static str; 3] = ["floor", "nearest", "ceil"];
    pub(crate) const ALL: [RoundingMode; 3] = [Self::Floor, Self::Nearest, Self::Ceil];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Delays as whole multiples of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounding {
    pub(crate) unit: u64,
    pub(crate) mode: RoundingMode,
    pub(crate) each_step: bool,
    pub(crate) amplitude: bool,
}

impl Rounding {
    /// Rounding to `unit`, a nanosecond or more: a policy with less is refused. With `each_step` the curve is rounded at each of
    /// its steps too, and the error compounds (resilience4j: 1 ms x 1.5 never grows).
    pub const fn new(unit: Duration, mode: RoundingMode, each_step: bool) -> Rounding {
        Rounding { unit: nanos(unit), mode, each_step, amplitude: false }
    }

    /// The same, with the ends of the jitter's range at whole units from the delay: how far a delay is
    /// moved at most is rounded, too (Spring: 20 % of 1,687 ms is 337 ms).
    #[must_use]
    pub const fn with_amplitude(mut self, rounded: bool) -> Rounding {
        self.amplitude = rounded;
        self
    }

    /// `delay`, in nanoseconds and from 0 up, rounded as [`apply`](Rounding::apply) does: what lies
    /// between two nanoseconds counts.
    pub(crate) fn apply_real(self, delay: f64) -> u64 {
        self.apply(match self.mode {
            RoundingMode::Floor => delay as u64,
            RoundingMode::Nearest => (delay + 0.5) as u64,
            RoundingMode::Ceil => libm::ceil(delay) as u64,
        })
    }

    /// `delay` rounded, saturating at the last multiple below 2^64.
    pub(crate) fn apply(self, delay: u64) -> u64 {
        let unit = self.unit.max(1);
        let down = delay - delay % unit;
        let above = delay - down;
        let up = match self.mode {
            RoundingMode::Floor => false,
            RoundingMode::Nearest => above >= unit.div_ceil(2),
            RoundingMode::Ceil => above > 0,
        };
        if up { down.checked_add(unit).unwrap_or(down) } else { down }
    }
}

/// What `maxElapsed` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElapsedMeasure {
    /// The time since the first attempt began.
    #[default]
    Wall,
    /// The sum of the delays handed out (backon, Spring): execution does not count.
    Sleeps,
}

impl ElapsedMeasure {
    pub(crate) const NAMES: [&'static str; 2] = ["wall", "sleeps"];
    pub(crate) const ALL: [ElapsedMeasure; 2] = [Self::Wall, Self::Sleeps];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A delay above the cap is replaced by a draw from a share of the cap (dramatiq).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resample {
    /// From this share of the cap,
    pub low: f64,
    /// up to this one.
    pub high: f64,
}

/// All the quirks of a policy; the default has none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Compat {
    /// When the cap applies.
    pub cap_stage: CapStage,
    /// Whole multiples of a unit.
    pub rounding: Option<Rounding>,
    /// What `maxElapsed` counts.
    pub elapsed_measure: ElapsedMeasure,
    /// The jittered delay is the base of the next one (grpc-js connections, client-go): a random walk.
    pub feedback: bool,
    /// How a draw above the cap is redrawn instead of capped.
    pub resample_above: Option<Resample>,
    /// The first delay of the curve is jittered and not capped (backon, gRPC, gax).
    pub uncapped_first: bool,
    /// A linear curve falls by its increment, down to 0 (tenacity).
    pub falling: bool,
    /// The jitter is drawn once for all retries of a task (tokio-retry2): every delay lies at the same
    /// share of its range.
    pub jitter_once: bool,
    /// In how many equal steps a jitter moves through its range, from the low end to a step below the
    /// high one (Faktory: 30); 0 for any share of it.
    pub jitter_steps: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_each_way_and_saturates() {
        let unit = Duration::from_nanos(10);
        let round = |mode, n| Rounding::new(unit, mode, false).apply(n);
        assert_eq!([14, 15, 20].map(|n| round(RoundingMode::Floor, n)), [10, 10, 20]);
        assert_eq!([14, 15, 20].map(|n| round(RoundingMode::Nearest, n)), [10, 20, 20]);
        assert_eq!([11, 15, 20].map(|n| round(RoundingMode::Ceil, n)), [20, 20, 20]);
        assert_eq!(round(RoundingMode::Ceil, u64::MAX), u64::MAX - 5);
    }
}
