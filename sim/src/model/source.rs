//! Where new tasks come from: the times of the arrivals, one after the other.
//!
//! Open arrivals (herd, Poisson, rate, trace) do not depend on what happens to the tasks, so their
//! times are produced as they are needed and nothing of them lies in the event queue. Closed ones
//! (serial) and periodic ones (cron) are events of their clients.

use redrive::{
    random::{Draws, Stream},
    time::nanos,
};

use super::event::Purpose;
use crate::{
    distribution::exponential,
    scenario::{Arrivals, arrivals::TraceSpan},
};

/// The times of open arrivals, in order.
pub(crate) struct Source {
    kind: Kind,
    stream: Stream,
    /// When the next task arrives; `u64::MAX` when none does.
    next: u64,
    /// How many have arrived.
    given: u64,
}

enum Kind {
    Herd { left: u32 },
    Rate { steps: Vec<(u64, f64)>, ramp: bool, until: u64, step: usize },
    Trace { spans: Vec<TraceSpan>, at: u64, row: usize, left: u32, place: f64 },
    Nothing,
}

impl Source {
    pub(crate) fn new(arrivals: &Arrivals, seed: Stream) -> Self {
        let stream = seed.substream(Purpose::Arrivals as u64);
        let kind = match arrivals {
            Arrivals::Herd { tasks, spread, .. } if spread.is_zero() && *tasks > 0 => {
                Kind::Herd { left: *tasks }
            }
            Arrivals::Rate { steps, ramp, until } => Kind::Rate {
                steps: steps.iter().map(|(at, rate)| (at.as_nanos(), rate / 1e9)).collect(),
                ramp: *ramp,
                until: until.map_or(u64::MAX, redrive::Time::as_nanos),
                step: 0,
            },
            Arrivals::Trace { spans, at, .. } => Kind::Trace {
                left: spans.first().map_or(0, |span| span.count),
                spans: spans.clone(),
                at: at.as_nanos(),
                row: 0,
                place: 0.0,
            },
            _ => Kind::Nothing,
        };
        let mut source = Self { kind, stream, next: u64::MAX, given: 0 };
        source.next = match (&source.kind, arrivals) {
            (Kind::Herd { .. }, Arrivals::Herd { at, .. }) => at.as_nanos(),
            (Kind::Rate { steps, .. }, _) => {
                let first = steps.first().map_or(u64::MAX, |step| step.0);
                source.following(first)
            }
            (Kind::Trace { .. }, _) => source.following(0),
            _ => u64::MAX,
        };
        source
    }

    /// When the next task arrives; `u64::MAX` when none does.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Takes the next task; afterwards `next` is the one after it.
    #[inline]
    pub(crate) fn take(&mut self) {
        self.given += 1;
        if let Kind::Herd { left } = &mut self.kind {
            *left -= 1;
            if *left == 0 {
                self.next = u64::MAX;
            }
            return;
        }
        self.next = self.following(self.next);
    }

    fn following(&mut self, now: u64) -> u64 {
        let mut draws = self.stream.draws(self.given, 0);
        match &mut self.kind {
            Kind::Rate { steps, ramp, until, step } => {
                let time = next_of_rate(steps, *ramp, step, now, &mut draws);
                if time < *until { time } else { u64::MAX }
            }
            Kind::Trace { spans, at, row, left, place } => {
                while *left == 0 {
                    *row += 1;
                    *place = 0.0;
                    match spans.get(*row) {
                        Some(span) => *left = span.count,
                        None => return u64::MAX,
                    }
                }
                let Some(span) = spans.get(*row) else { return u64::MAX };
                // The first of the `left` uniform times that remain above `place`.
                let root = libm::pow(1.0 - draws.unit(), 1.0 / f64::from(*left));
                *place = 1.0 - (1.0 - *place) * root;
                *left -= 1;
                let start = at.saturating_add(nanos(span.from));
                start.saturating_add((*place * nanos(span.length) as f64) as u64)
            }
            Kind::Herd { .. } | Kind::Nothing => u64::MAX,
        }
    }
}

/// The next time of a Poisson process: an exponential amount of expected arrivals after `now`.
/// Exact for rates that are constant or run in a line between the steps.
fn next_of_rate(
    steps: &[(u64, f64)],
    ramp: bool,
    step: &mut usize,
    now: u64,
    draws: &mut Draws,
) -> u64 {
    let mut need = exponential(draws);
    let mut now = now;
    loop {
        let Some((from, rate)) = steps.get(*step).copied() else { return u64::MAX };
        let (to, next_rate) = match steps.get(*step + 1) {
            Some((to, next)) => (*to, if ramp { *next } else { rate }),
            None => (u64::MAX, rate),
        };
        let (length, left) = ((to - from) as f64, (to - now.min(to)) as f64);
        let slope = (next_rate - rate) / length;
        let here = rate + slope * (now.saturating_sub(from)) as f64;
        let expected = left * (here + slope * left / 2.0);
        if need <= expected && here + slope * left + here > 0.0 {
            let ahead = if slope == 0.0 {
                need / here
            } else {
                // The smaller root of slope/2 x^2 + here x = need.
                2.0 * need / (here + libm::sqrt((here * here + 2.0 * slope * need).max(0.0)))
            };
            return now.saturating_add((ahead + 0.5) as u64);
        }
        if to == u64::MAX {
            return u64::MAX;
        }
        need -= expected;
        now = to;
        *step += 1;
    }
}

#[cfg(test)]
mod tests {
    use redrive::{Duration, Time};

    use super::*;

    fn times(arrivals: &Arrivals) -> Vec<f64> {
        let mut source = Source::new(arrivals, Stream::new(5));
        let mut times = Vec::new();
        while source.next() != u64::MAX {
            times.push(source.next() as f64 / 1e9);
            source.take();
        }
        assert!(times.is_sorted());
        times
    }

    #[test]
    fn a_rate_gives_as_many_as_it_says_in_every_part() {
        let steps = vec![(Time::from_secs(10), 50.0), (Time::from_secs(110), 200.0)];
        let until = Some(Time::from_secs(210));
        for (ramp, early, late) in [(false, 5_000.0, 20_000.0), (true, 12_500.0, 20_000.0)] {
            let times = times(&Arrivals::Rate { steps: steps.clone(), ramp, until });
            assert!(times[0] >= 10.0);
            let first = times.iter().filter(|time| **time < 110.0).count() as f64;
            let second = times.len() as f64 - first;
            assert!((first - early).abs() < 3.5 * libm::sqrt(early), "{ramp} {first}");
            assert!((second - late).abs() < 3.5 * libm::sqrt(late), "{ramp} {second}");
            if ramp {
                // Half of the way up a line from 50 to 200, 43 % of the arrivals.
                let half = times.iter().filter(|time| **time < 60.0).count() as f64;
                assert!((half - 4_375.0).abs() < 3.5 * 66.0, "{half}");
            }
        }
    }

    #[test]
    fn a_pause_and_a_stop_are_kept() {
        let steps = vec![
            (Time::ZERO, 100.0),
            (Time::from_secs(10), 0.0),
            (Time::from_secs(20), 100.0),
            (Time::from_secs(30), 0.0),
        ];
        for ramp in [false, true] {
            let times = times(&Arrivals::Rate { steps: steps.clone(), ramp, until: None });
            let last = times.last().copied().unwrap();
            assert!(last < 30.0 && last > 25.0, "{last}");
            if !ramp {
                assert!(!times.iter().any(|time| (10.0..20.0).contains(time)));
            }
        }
    }

    #[test]
    fn a_trace_has_its_counts_spread_over_their_bins() {
        let span = |(row, count): (u64, u32)| TraceSpan {
            from: Duration::from_secs(60 * row),
            length: Duration::from_secs(60),
            count,
        };
        let spans = (0..).zip([0, 3, 0, 1_000]).map(span).collect();
        let arrivals = Arrivals::Trace { spans, at: Time::from_secs(5), notes: Vec::new() };
        let times = times(&arrivals);
        assert_eq!(times.len(), 1_003);
        assert_eq!(times.iter().filter(|time| (65.0..125.0).contains(*time)).count(), 3);
        let early = times.iter().filter(|time| (185.0..215.0).contains(*time)).count() as f64;
        assert!((early - 500.0).abs() < 3.5 * libm::sqrt(250.0), "{early}");
    }
}
