//! Client-side adaptive throttling, after "Handling Overload" in Google's book on site reliability.
//!
//! Who throttles counts, over the last `window`, the requests that were wanted (those it refused
//! itself among them) and the accepts (those that the backend took on, whatever came of them), and
//! refuses the next with probability max(0, (requests - k accepts) / (requests + 1)). While the
//! backend takes all, nothing is refused. When it takes C a second of more than k C, what still
//! reaches it settles at k C: the other k C - C are how the client learns that things are better.
//!
//! The window slides by sixteenths: what is counted goes back between 15/16 of it and the whole.
//! So a client is a hundred and fifty bytes whatever its load, and to forget costs sixteen
//! subtractions at most, once in a sixteenth of the window. As the ratio of two counts decides, the
//! sixteenth that comes and goes is not seen in a steady state: only in how soon a change is.

use redrive::{random::Stream, time::nanos};

use crate::scenario::Throttle;

/// Parts of a window.
const PARTS: usize = 16;

/// What one throttle remembers.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    /// Requests and accepts in each part of the window.
    parts: [(u32, u32); PARTS],
    /// The sums of the parts.
    requests: u64,
    accepts: u64,
    /// The number of the newest part, from the beginning of time.
    newest: u64,
}

impl Memory {
    /// Forgets what is older than the window.
    fn turn(&mut self, rule: &Throttle, now: u64) {
        let part = now / (nanos(rule.window) / PARTS as u64).max(1);
        for old in 1..=part.saturating_sub(self.newest).min(PARTS as u64) {
            let place = (self.newest + old) as usize % PARTS;
            let (requests, accepts) = std::mem::take(&mut self.parts[place]);
            self.requests -= u64::from(requests);
            self.accepts -= u64::from(accepts);
        }
        self.newest = self.newest.max(part);
    }

    /// The chance that the next request is refused: below 1, so that some always pass.
    fn refusal(&self, k: f64) -> f64 {
        let requests = self.requests as f64;
        ((requests - k * self.accepts as f64) / (requests + 1.0)).max(0.0)
    }

    fn request(&mut self) {
        let (requests, _) = &mut self.parts[self.newest as usize % PARTS];
        let more = u32::from(*requests < u32::MAX);
        *requests += more;
        self.requests += u64::from(more);
    }

    fn accept(&mut self) {
        let (_, accepts) = &mut self.parts[self.newest as usize % PARTS];
        let more = u32::from(*accepts < u32::MAX);
        *accepts += more;
        self.accepts += u64::from(more);
    }
}

/// The throttles of a run, one for each that shares: those that were needed so far.
pub(super) struct Throttles {
    shares: Vec<Memory>,
    stream: Stream,
}

impl Throttles {
    /// Bytes of one.
    pub(super) const EACH: usize = size_of::<Memory>();

    pub(super) fn new(stream: Stream) -> Self {
        Self { shares: Vec::new(), stream }
    }

    pub(super) fn bytes(&self) -> usize {
        self.shares.capacity() * size_of::<Memory>()
    }

    fn at(&mut self, share: u32, rule: &Throttle, now: u64) -> &mut Memory {
        let place = share as usize;
        if self.shares.len() <= place {
            self.shares.resize(place + 1, Memory::default());
        }
        let memory = &mut self.shares[place];
        memory.turn(rule, now);
        memory
    }

    /// Whether the throttle of a share refuses an attempt, which it counts either way.
    pub(super) fn refuses(
        &mut self,
        rule: &Throttle,
        now: u64,
        share: u32,
        key: u64,
        attempt: u32,
    ) -> bool {
        let mut draws = self.stream.draws(key, attempt);
        let memory = self.at(share, rule, now);
        let refused = draws.unit() < memory.refusal(rule.k);
        memory.request();
        refused
    }

    /// The backend accepted an attempt that the throttle of a share let pass.
    pub(super) fn accepted(&mut self, rule: &Throttle, now: u64, share: u32) {
        self.at(share, rule, now).accept();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redrive::Duration;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn rule(k: f64, seconds: u64) -> Throttle {
        Throttle { k, window: Duration::from_secs(seconds) }
    }

    fn filled(rule: &Throttle, now: u64, requests: u32, accepts: u32) -> Memory {
        let mut memory = Memory::default();
        memory.turn(rule, now);
        (0..requests).for_each(|_| memory.request());
        (0..accepts).for_each(|_| memory.accept());
        memory
    }

    #[test]
    fn it_refuses_nothing_until_requests_are_k_times_the_accepts() {
        let rule = rule(2.0, 120);
        assert_eq!(Memory::default().refusal(2.0), 0.0);
        assert_eq!(filled(&rule, 0, 200, 100).refusal(2.0), 0.0);
        assert_eq!(filled(&rule, 0, 299, 100).refusal(2.0), 99.0 / 300.0);
        assert_eq!(filled(&rule, 0, 99, 0).refusal(2.0), 0.99);
    }

    #[test]
    fn a_request_is_counted_for_fifteen_sixteenths_of_the_window_to_the_whole() {
        let rule = rule(2.0, 16);
        for (at, forgotten) in [(0, 16), (SECOND - 1, 16), (SECOND, 17), (5 * SECOND / 2, 18)] {
            let mut memory = filled(&rule, at, 7, 3);
            memory.turn(&rule, forgotten * SECOND - 1);
            assert_eq!((memory.requests, memory.accepts), (7, 3), "{at}");
            memory.turn(&rule, forgotten * SECOND);
            assert_eq!((memory.requests, memory.accepts), (0, 0), "{at}");
        }
    }

    #[test]
    fn a_long_silence_empties_the_window() {
        let rule = rule(2.0, 1);
        let mut memory = filled(&rule, 3, 7, 3);
        memory.turn(&rule, 1 << 62);
        assert_eq!((memory.requests, memory.accepts), (0, 0));
        memory.request();
        memory.turn(&rule, 0);
        assert_eq!(memory.requests, 1, "time does not run back, and would do no harm");
    }

    proptest! {
        /// Whatever happens and whenever: the sums are those of the last sixteen parts, and the
        /// chance is one.
        #[test]
        fn the_chance_is_a_number_from_0_to_1(
            k in 1.0..1e3_f64,
            window in 1_000_000..1_000_000_000_000_u64,
            steps in prop::collection::vec((0..100_000_000_000_u64, 0..3_u8), 0..400),
        ) {
            let rule = Throttle { k, window: Duration::from_nanos(window) };
            let (mut memory, mut now, mut kept) = (Memory::default(), 0, Vec::new());
            for (gap, what) in steps {
                now += gap;
                memory.turn(&rule, now);
                match what {
                    0 => memory.request(),
                    1 => memory.accept(),
                    _ => {}
                }
                kept.push((now / (window / 16), what));
                kept.retain(|(part, _)| part + 16 > now / (window / 16));
                let count = |kind| kept.iter().filter(|(_, what)| *what == kind).count() as u64;
                prop_assert_eq!((memory.requests, memory.accepts), (count(0), count(1)));
                let chance = memory.refusal(k);
                prop_assert!((0.0..1.0).contains(&chance), "{}", chance);
            }
        }
    }
}
