//! The one place where a delay comes from: curve, cap, jitter, rounding, in the order that the policy
//! says.
//!
//! [`Delays`] is compiled once, when a policy is built. [`Delays::draw`] is what every retry runs,
//! here and in WebAssembly; [`Delays::law`] is the same arithmetic as a distribution, for bands. They
//! share [`Delays::range`], so that the picture and the run cannot differ.

use super::{
    backoff::{Curve, polly_curve},
    compat::{CapStage, Compat, Resample, Rounding},
    jitter::{Spread, scale},
    kinds::{Backoff, Jitter},
};
use crate::{
    random::Stream,
    time::{Duration, nanos},
};

/// Where a draw is looked up, and what came before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address {
    pub(crate) stream: Stream,
    pub(crate) key: u64,
    /// The attempt that failed, from 1: the address of the draw.
    pub(crate) attempt: u32,
    /// Retries already made, for the curve.
    pub(crate) retries: u32,
    /// The delay before, for kinds that walk; `None` for the first.
    pub(crate) previous: Option<u64>,
}

/// How many ranges are worked out ahead. Few policies retry more often. A build for size computes all of
/// them when they are needed: the same numbers, a little later.
const AHEAD: usize = if cfg!(feature = "small") { 0 } else { 12 };

/// Backoff, cap and jitter of a policy (or of one failure class of it), compiled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delays {
    /// The ranges of the first retries, worked out when the policy is built: what nearly every draw
    /// needs: with them a verdict takes 5 to 10 ns. Unused for curves that depend on the delay before.
    ahead: [Range; AHEAD],
    known: u32,
    curve: Curve,
    spread: Spread,
    first: Option<u64>,
    min: u64,
    max: u64,
    stage: CapStage,
    rounding: Option<Rounding>,
    feedback: bool,
    resample: Option<Resample>,
    uncapped_first: bool,
    falling: bool,
    draw: Drawing,
}

/// How a share of a range is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drawing {
    /// Once for all retries of a task.
    once: bool,
    /// In so many equal steps; 0 for any share.
    steps: u32,
}

impl Drawing {
    /// No attempt has this number.
    const OF_THE_TASK: u32 = 0;

    /// The attempt whose draw counts.
    fn address(self, attempt: u32) -> u32 {
        if self.once { Self::OF_THE_TASK } else { attempt }
    }
}

/// What one delay is drawn from, uniformly, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Range {
    low: u64,
    high: u64,
    /// `high - low`: the conversion costs as much as the rest of a draw.
    width: f64,
}

impl Range {
    /// Ranges that end later need the care of [`within`]: below it, sums do not overflow, and floats
    /// that are moved up by as much are whole numbers.
    const PLAIN: u64 = 1 << 52;

    fn new((low, high): (u64, u64)) -> Range {
        Range { low, high, width: (high - low) as f64 }
    }

    /// The number a share `u` of the way through a plain range: what [`within`] says, in fewer steps.
    /// A conversion to an integer has to mind numbers that have none, which takes WebAssembly as long
    /// as the rest; here the float's own bits hold the integer, once it is moved to where floats lie
    /// one apart.
    #[inline(always)]
    pub(crate) fn at(&self, u: f64) -> u64 {
        let one_apart = Self::PLAIN as f64;
        let exact = u * self.width;
        let near = exact + one_apart;
        let is_above = near - one_apart > exact;
        let whole = (near.to_bits() & (Self::PLAIN - 1)) - u64::from(is_above);
        (self.low + whole).min(self.high)
    }
}

/// The distribution of one delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Law {
    /// Uniform over `low..=high`, then rounded, then held within `floor..=cap`.
    /// In so many equal `steps`, if any.
    Uniform { low: u64, high: u64, steps: u32, rounding: Option<Rounding>, floor: u64, cap: u64 },
    /// No closed form: it depends on the delays before.
    Unknown,
}

impl Law {
    /// The p-quantile, exact; `None` where there is no closed form.
    pub(crate) fn quantile(&self, p: f64) -> Option<u64> {
        match *self {
            Law::Uniform { low, high, steps, rounding, floor, cap } => {
                // A draw comes as near to the upper end as to within a nanosecond and never to it.
                // Where delays are rounded down that is a whole unit. (Wider ranges than a float
                // counts in are clipped to their end.)
                let whole = rounding.is_some() && (1..1 << 53).contains(&(high - low));
                let at = if steps > 0 {
                    stepped(low, high, p, steps)
                } else if whole && p >= 1.0 {
                    high - 1
                } else {
                    within(low, high, p)
                };
                Some(finish(at, rounding, floor, cap))
            }
            Law::Unknown => None,
        }
    }
}

/// The number a share `u` of the way from `low` to `high`.
#[cfg_attr(not(feature = "small"), inline)]
#[cfg_attr(feature = "small", inline(never))]
pub(crate) fn within(low: u64, high: u64, u: f64) -> u64 {
    if low == high {
        return low;
    }
    let width = (high - low) as f64;
    low.saturating_add((u * width) as u64).min(high)
}

/// The same in equal steps: from `low` to a step below `high`.
fn stepped(low: u64, high: u64, u: f64, steps: u32) -> u64 {
    let step = ((u * f64::from(steps)) as u32).min(steps - 1);
    let width = (high - low) as f64;
    low.saturating_add((width * f64::from(step) / f64::from(steps)) as u64).min(high)
}

#[cfg_attr(not(feature = "small"), inline)]
#[cfg_attr(feature = "small", inline(never))]
fn finish(delay: u64, rounding: Option<Rounding>, floor: u64, cap: u64) -> u64 {
    let delay = match rounding {
        Some(rounding) => rounding.apply(delay),
        None => delay,
    };
    delay.max(floor).min(cap)
}

impl Delays {
    pub(crate) fn new(
        backoff: &Backoff,
        jitter: &Jitter,
        first: Option<Duration>,
        limits: (Duration, Option<Duration>),
        compat: &Compat,
    ) -> Delays {
        let each_step = compat.rounding.filter(|rounding| rounding.each_step);
        let curve = Curve::new(backoff, each_step, compat.falling);
        let limits = (nanos(limits.0), limits.1.map(nanos));
        Delays::of_parts(curve, Spread::new(jitter), first.map(nanos), limits, compat)
    }

    pub(super) fn of_parts(
        curve: Curve,
        spread: Spread,
        first: Option<u64>,
        (min, max): (u64, Option<u64>),
        compat: &Compat,
    ) -> Delays {
        let mut delays = Delays {
            ahead: [Range::default(); AHEAD],
            known: 0,
            curve,
            spread,
            first,
            min,
            max: max.unwrap_or(u64::MAX),
            stage: compat.cap_stage,
            rounding: compat.rounding,
            feedback: compat.feedback,
            resample: compat.resample_above,
            uncapped_first: compat.uncapped_first,
            falling: compat.falling,
            draw: Drawing { once: compat.jitter_once, steps: compat.jitter_steps },
        };
        if !delays.walks() {
            for n in 0..AHEAD as u32 {
                delays.ahead[n as usize] = Range::new(delays.range(n, None));
            }
            delays.known = AHEAD as u32;
        }
        delays
    }

    /// The same along another curve. Nothing is worked out ahead: it is for one verdict.
    pub(super) fn with_backoff(&self, backoff: &Backoff) -> Delays {
        let each_step = self.rounding.filter(|rounding| rounding.each_step);
        let curve = Curve::new(backoff, each_step, self.falling);
        Delays { ahead: [Range::default(); AHEAD], known: 0, curve, ..self.clone() }
    }

    /// Whether a delay depends on the one before it.
    pub(crate) fn walks(&self) -> bool {
        match self.curve {
            Curve::Fixed(_) => self.feedback,
            Curve::Decorrelated { .. } => true,
            // It looks its predecessor's draw up by address.
            Curve::DecorrelatedV2 { .. } => false,
        }
    }

    /// The delay in nanoseconds at an address.
    #[inline]
    pub(crate) fn draw(&self, at: &Address) -> u64 {
        if at.retries == 0
            && let Some(first) = self.first
        {
            return first;
        }
        if let Curve::DecorrelatedV2 { initial } = self.curve {
            return self.draw_polly(initial, at);
        }
        let (low, high) = match self.ahead.get(at.retries as usize) {
            Some(range) if at.retries < self.known => (range.low, range.high),
            _ => self.range(at.retries, at.previous),
        };
        let (floor, cap) = self.limits(at.retries);
        if self.resample.is_none() && low == high {
            return finish(low, self.rounding, floor, cap);
        }
        let mut draws = at.stream.draws(at.key, self.draw.address(at.attempt));
        let mut delay = match self.draw.steps {
            0 => within(low, high, draws.unit()),
            steps => stepped(low, high, draws.unit(), steps),
        };
        if let Some(Resample { low, high }) = self.resample
            && delay > self.max
        {
            delay = within(scale(self.max, low), scale(self.max, high), draws.unit());
        }
        finish(delay, self.rounding, floor, cap)
    }

    /// The range of a retry that was worked out ahead.
    #[inline]
    pub(crate) fn ahead(&self, retries: u32) -> Option<&Range> {
        self.ahead.get(retries as usize)
    }

    /// For how many of the first retries a draw from [`ahead`](Self::ahead) is the whole delay: nothing
    /// is rounded, drawn again or held within limits afterwards.
    pub(crate) fn straight(&self) -> u32 {
        let (floor, cap) = self.limits(1);
        let whole = self.first.is_none()
            && !self.uncapped_first
            && self.draw == Drawing { once: false, steps: 0 }
            && self.rounding.is_none()
            && self.resample.is_none()
            && !matches!(self.curve, Curve::DecorrelatedV2 { .. });
        let is_straight =
            |range: &&Range| range.low >= floor && range.high <= cap && range.high < Range::PLAIN;
        let known = self.ahead.iter().take(self.known as usize);
        if whole { known.take_while(is_straight).count() as u32 } else { 0 }
    }

    /// The distribution of the delay after `retries` retries, over all keys.
    pub(crate) fn law(&self, retries: u32) -> Law {
        if retries == 0
            && let Some(first) = self.first
        {
            return Law::Uniform {
                low: first,
                high: first,
                steps: 0,
                rounding: None,
                floor: 0,
                cap: u64::MAX,
            };
        }
        let walks = self.walks() && retries > 0;
        if walks || self.resample.is_some() || matches!(self.curve, Curve::DecorrelatedV2 { .. }) {
            return Law::Unknown;
        }
        let (low, high) = self.range(retries, None);
        let (floor, cap) = self.limits(retries);
        Law::Uniform { low, high, steps: self.draw.steps, rounding: self.rounding, floor, cap }
    }

    /// What holds the delay at the very end, after jitter and rounding.
    #[inline]
    fn limits(&self, retries: u32) -> (u64, u64) {
        match self.stage {
            CapStage::Before => (0, u64::MAX),
            _ => (self.min.min(self.max), self.cap(retries)),
        }
    }

    /// What holds the delay of that retry from above.
    #[inline]
    fn cap(&self, retries: u32) -> u64 {
        if retries == 0 && self.uncapped_first { u64::MAX } else { self.max }
    }

    /// The jitter's range around a delay.
    #[inline]
    fn around(&self, delay: u64, retry: u32) -> (u64, u64) {
        let (low, high) = self.spread.range(delay, retry);
        match self.rounding {
            Some(rounding) if rounding.amplitude && low <= delay && delay <= high => (
                delay - rounding.apply(delay - low).min(delay),
                delay.saturating_add(rounding.apply(high - delay)),
            ),
            _ => (low, high),
        }
    }

    /// The range that the delay is drawn from, uniformly.
    #[inline]
    fn range(&self, retries: u32, previous: Option<u64>) -> (u64, u64) {
        let (retry, max) = (retries.saturating_add(1), self.cap(retries));
        let steps = match &self.curve {
            Curve::Fixed(steps) => steps,
            Curve::Decorrelated { initial, multiplier } => {
                return self.walking_range(*initial, *multiplier, previous);
            }
            Curve::DecorrelatedV2 { .. } => return (self.min, self.max),
        };
        let base = match previous {
            Some(previous) if self.feedback => steps.after(retries, previous),
            _ => steps.at(retries),
        };
        // One call for all stages: a range is most of the code.
        let held = match self.stage {
            CapStage::Fit => base.min(self.spread.fit(max, retry)),
            CapStage::Clip => base.min(max),
            CapStage::Before | CapStage::Both => base.min(max).max(self.min),
            CapStage::After => base,
        };
        let (low, high) = self.around(held, retry);
        match self.stage {
            CapStage::Fit | CapStage::Clip => self.clip(low, high, max),
            CapStage::Before | CapStage::Both | CapStage::After => (low, high),
        }
    }

    fn clip(&self, low: u64, high: u64, max: u64) -> (u64, u64) {
        let high = high.min(max).max(self.min);
        (low.max(self.min).min(high), high)
    }

    /// `U[initial, multiplier * previous]`. Under the cap stages that spare the spread the top of the
    /// range is lowered to the cap, so that no delay is the cap by clamping.
    fn walking_range(&self, initial: u64, multiplier: f64, previous: Option<u64>) -> (u64, u64) {
        let top = scale(previous.unwrap_or(initial), multiplier).max(initial);
        match self.stage {
            CapStage::After | CapStage::Both => (initial, top),
            CapStage::Fit | CapStage::Clip | CapStage::Before => self.clip(initial, top, self.max),
        }
    }

    /// Polly's decorrelated jitter. The draw of the retry before is looked up by its address, which
    /// is why this kind needs no memory. Under `fit` the scale is lowered until the longest possible
    /// delay is the cap.
    fn draw_polly(&self, initial: u64, at: &Address) -> u64 {
        let n = at.retries;
        // Beyond 2^32 times the start only ratios matter, and they no longer change.
        let scale_down = n.saturating_sub(32);
        let here = polly_curve(n, at.stream.draws(at.key, at.attempt).unit(), scale_down);
        let before = match n {
            0 => 0.0,
            n => {
                let unit = at.stream.draws(at.key, at.attempt.saturating_sub(1)).unit();
                polly_curve(n - 1, unit, scale_down)
            }
        };
        let unscaled = (here - before) / POLLY_MEDIAN;
        let longest = (polly_curve(n, 1.0, scale_down)
            - if n == 0 { 0.0 } else { polly_curve(n - 1, 0.0, scale_down) })
            / POLLY_MEDIAN;
        let mut unit = initial as f64 * super::backoff::whole_power(2.0, scale_down);
        if self.stage == CapStage::Fit && unit * longest > self.max as f64 {
            unit = self.max as f64 / longest;
        }
        let delay = if initial == 0 { 0 } else { (unit * unscaled + 0.5) as u64 };
        finish(delay, self.rounding, self.min.min(self.max), self.max)
    }
}

/// Polly scales its curve so that the median of the first delay is about the initial delay.
const POLLY_MEDIAN: f64 = 1.4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::RoundingMode;

    proptest! {
        #[test]
        fn a_plain_range_says_what_any_range_says(
            low in 0..Range::PLAIN,
            high in 0..Range::PLAIN,
            narrow in 0..52_u32,
            draw in 0..1_u64 << 53,
        ) {
            let high = (low + (high >> narrow)).min(Range::PLAIN - 1);
            let range = Range::new((low, high));
            for draw in [draw, draw >> narrow, 0, (1 << 53) - 1] {
                let u = draw as f64 / (1_u64 << 53) as f64;
                prop_assert_eq!(range.at(u), within(low, high, u), "{}", u);
            }
        }
    }

    #[test]
    fn the_band_of_whole_units_ends_at_the_last_one_that_is_drawn() {
        let rounding = Some(Rounding::new(Duration::from_nanos(10), RoundingMode::Floor, false));
        let law = |low, high, rounding| Law::Uniform {
            low,
            high,
            steps: 0,
            rounding,
            floor: 0,
            cap: 1_000,
        };
        assert_eq!(law(250, 750, rounding).quantile(1.0), Some(740));
        assert_eq!(law(250, 751, rounding).quantile(1.0), Some(750));
        assert_eq!(law(250, 250, rounding).quantile(1.0), Some(250));
        let (low, high) = (u64::MAX, u64::MAX);
        let end = Law::Uniform { low, high, steps: 0, rounding, floor: 0, cap: u64::MAX };
        assert_eq!(end.quantile(1.0), Some(u64::MAX - 5));
        assert_eq!(law(250, 750, None).quantile(1.0), Some(750));
    }
}
