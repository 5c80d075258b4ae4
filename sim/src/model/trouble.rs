//! The faults of one tier: what a request meets that arrives now.

use redrive::{Duration, random::Stream};

use super::failure::Failure;
use crate::scenario::{Admission, Fault, Loses, Mode};

/// What a request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// It is refused at once.
    Refuse(Failure),
    /// It is swallowed.
    Swallow,
}

/// The faults of one tier, with what they remember.
pub(crate) struct Trouble {
    faults: Vec<Fault>,
    memory: Vec<Memory>,
    /// When faults begin and end, in order, and how many of these moments have passed.
    edges: Vec<(u64, u32)>,
    passed: usize,
    /// The active ones, in the order of the scenario: only they cost anything.
    active: Vec<u32>,
    stream: Stream,
    /// What operators let in, if not all.
    admission: Option<(Admission, Memory)>,
    /// Whether an active fault refuses everything: then nothing else is looked at.
    down: bool,
    /// What the last one that was throttled is told; it lies here and not in the answer, which
    /// is a word without it.
    pub(super) hint: Option<Duration>,
    /// What a brownout that cannot take a part of a worker does to the service times.
    slower: f64,
}

/// What a fault remembers between requests.
#[derive(Clone, Copy, Default)]
struct Memory {
    /// Rate limit: tokens left, and when they were counted.
    tokens: f64,
    counted: u64,
    /// Bursts: whether the state is bad, and how many requests there were.
    bad: bool,
    requests: u32,
}

impl Trouble {
    pub(crate) fn new(faults: Vec<Fault>, stream: Stream) -> Self {
        let memory = vec![Memory::default(); faults.len()];
        let spans = (0..).zip(&faults).map(|(i, fault)| (i, fault.span()));
        let mut edges: Vec<(u64, u32)> =
            spans.flat_map(|(i, (from, until))| [(from, i), (until, i)]).collect();
        edges.sort_unstable();
        Self {
            faults,
            memory,
            edges,
            passed: 0,
            active: Vec::new(),
            stream,
            admission: None,
            down: false,
            hint: None,
            slower: 1.0,
        }
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.active.is_empty() && self.admission.is_none() && self.slower == 1.0
    }

    /// From now on operators let in so much.
    pub(crate) fn admit(&mut self, now: u64, admission: Option<Admission>) {
        self.admission = admission.map(|admission| {
            let tokens = f64::from(admission.burst);
            (admission, Memory { tokens, counted: now, ..Memory::default() })
        });
    }

    pub(crate) fn is_down(&self) -> bool {
        self.down
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.faults.capacity() * size_of::<Fault>()
            + self.memory.capacity() * size_of::<Memory>()
            + self.edges.capacity() * size_of::<(u64, u32)>()
    }

    /// Faults begin or end, all of this moment. Returns what a fault that begins takes with it.
    pub(crate) fn turn(&mut self, now: u64) -> Loses {
        let mut loses = Loses::Nothing;
        while let Some((_, i)) = self.edges.get(self.passed).filter(|(at, _)| *at <= now) {
            self.passed += 1;
            let place = self.active.binary_search(i);
            let fault = self.faults[*i as usize];
            let (from, until) = fault.span();
            match (place, (from..until).contains(&now)) {
                (Err(place), true) => {
                    self.active.insert(place, *i);
                    let mut memory = Memory { counted: now, ..Memory::default() };
                    match fault.mode {
                        Mode::RateLimit { burst, .. } => memory.tokens = f64::from(burst),
                        Mode::Down { loses: more } => loses = loses.max(more),
                        _ => {}
                    }
                    self.memory[*i as usize] = memory;
                }
                (Ok(place), false) => {
                    self.active.remove(place);
                }
                (Ok(_), true) | (Err(_), false) => {}
            }
        }
        let down = self.modes().any(|mode| matches!(mode, Mode::Down { .. }));
        self.down = down;
        loses
    }

    fn modes(&self) -> impl Iterator<Item = &Mode> {
        self.active.iter().map(|i| &self.faults[*i as usize].mode)
    }

    /// What service times are multiplied by.
    pub(crate) fn slow_factor(&self) -> f64 {
        let slow = self.modes().fold(1.0, |product, mode| match mode {
            Mode::Slow { factor } => product * factor,
            _ => product,
        });
        slow * self.slower
    }

    pub(crate) fn set_slower(&mut self, slower: f64) {
        self.slower = slower;
    }

    /// The share of the capacity that is left.
    pub(crate) fn capacity_factor(&self) -> f64 {
        self.modes().fold(1.0, |product, mode| match mode {
            Mode::Brownout { capacity_factor } => product * capacity_factor,
            _ => product,
        })
    }

    /// A request arrives.
    #[inline]
    pub(crate) fn meets(&mut self, now: u64, key: u64, attempt: u32) -> Effect {
        if self.down {
            return Effect::Refuse(Failure::Connection);
        }
        self.meets_some(now, key, attempt)
    }

    #[inline(never)]
    fn meets_some(&mut self, now: u64, key: u64, attempt: u32) -> Effect {
        let mut effect = Effect::None;
        for i in &self.active {
            let (mode, memory) = (self.faults[*i as usize].mode, &mut self.memory[*i as usize]);
            let new = match mode {
                Mode::Hang => Effect::Swallow,
                Mode::Errors { rate, served: false } => {
                    let unit = self.stream.substream(u64::from(*i)).draws(key, attempt).unit();
                    refuse_if(unit < rate)
                }
                Mode::RateLimit { per_second, burst, retry_after } => {
                    if memory.passes(now, per_second, burst) {
                        Effect::None
                    } else {
                        self.hint = retry_after;
                        Effect::Refuse(Failure::Throttle)
                    }
                }
                Mode::Bursts { enter, exit, good_rate, bad_rate } => {
                    // The chain goes by requests, so its draws are addressed by their number.
                    let stream = self.stream.substream(u64::from(*i));
                    let mut draws = stream.draws(u64::from(memory.requests), 0);
                    memory.requests = memory.requests.wrapping_add(1);
                    let change = if memory.bad { exit } else { enter };
                    memory.bad ^= draws.unit() < change;
                    let rate = if memory.bad { bad_rate } else { good_rate };
                    refuse_if(draws.unit() < rate)
                }
                Mode::Down { .. }
                | Mode::Errors { served: true, .. }
                | Mode::Slow { .. }
                | Mode::Brownout { .. } => Effect::None,
            };
            if effect == Effect::None {
                effect = new;
            }
        }
        if let (Effect::None, Some((admission, memory))) = (effect, &mut self.admission)
            && !memory.passes(now, admission.per_second, admission.burst)
        {
            self.hint = admission.retry_after;
            return Effect::Refuse(Failure::Throttle);
        }
        effect
    }

    /// Whether a request that has been served is answered with an error.
    pub(crate) fn fails_served(&self, key: u64, attempt: u32) -> bool {
        self.active.iter().any(|i| match self.faults[*i as usize].mode {
            Mode::Errors { rate, served: true } => {
                self.stream.substream(u64::from(*i)).draws(key, attempt).unit() < rate
            }
            _ => false,
        })
    }
}

impl Memory {
    /// A token bucket: `burst` at most, refilled at the rate.
    fn passes(&mut self, now: u64, per_second: f64, burst: u32) -> bool {
        let refill = (now - self.counted) as f64 * per_second / 1e9;
        self.tokens = (self.tokens + refill).min(f64::from(burst));
        self.counted = now;
        let passes = self.tokens >= 1.0;
        if passes {
            self.tokens -= 1.0;
        }
        passes
    }
}

fn refuse_if(fails: bool) -> Effect {
    if fails { Effect::Refuse(Failure::Error) } else { Effect::None }
}
