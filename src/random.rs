//! Addressed randomness: `(seed, key, attempt)` in, numbers out, and no state anywhere.
//!
//! A generator that is shared makes every draw depend on who drew before; one that is cloned gives
//! two tasks the same "random" waits (tower 0.5.3 clones its generator for each session, and fifty
//! thousand sessions wait in step). Here a draw has an address instead. The same address gives the
//! same number on every target and in every order, two policies can be compared under common random
//! numbers, a task can be replayed from its seed and key alone, and clones of a policy are
//! not correlated.
//!
//! The generator is `SplitMix64` of the rand family, which is value-stable; it is seeded from rounds of
//! its own finaliser over seed and key, with the attempt spread over all bits, and its output step mixes
//! once more. The map to a unit number (53 bits) and the
//! hash of text keys are ours. All of it is frozen by golden vectors (`tests/golden/random.json`):
//! a change of this stream is a breaking change.

use rand_xoshiro::{
    SplitMix64,
    rand_core::{Rng, SeedableRng},
};

/// 2^64 divided by the golden ratio, odd: consecutive multiples of it spread over all 64 bits.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// A second odd constant, so that (key, attempt) and (attempt, key) do not meet.
const SILVER: u64 = 0xd1b5_4a32_d192_ed03;

/// The finaliser of `SplitMix64` (variant 13 of David Stafford's): a bijection that avalanches.
// By word: a build for size would call it, twice a draw.
#[inline(always)]
pub(crate) const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// All the draws of one seed. `Copy`, and it never changes: draws are looked up, not consumed.
///
/// ```
/// use redrive::random::Stream;
///
/// let stream = Stream::new(42);
/// let first = stream.draws(7, 1).unit();
/// assert_eq!(first, stream.draws(7, 1).unit(), "the same address, the same number");
/// assert_ne!(first, stream.draws(7, 2).unit());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    root: u64,
}

impl Stream {
    /// The stream of `seed`.
    pub const fn new(seed: u64) -> Stream {
        Stream { root: mix(seed.wrapping_add(GOLDEN)) }
    }

    /// A stream of its own for another purpose (arrivals, service times, ...) under the same seed:
    /// what one purpose draws never shifts what another one draws.
    #[must_use]
    pub const fn substream(self, domain: u64) -> Stream {
        Stream { root: mix(self.root ^ mix(domain.wrapping_mul(SILVER).wrapping_add(GOLDEN))) }
    }

    /// The draws at `(key, attempt)`.
    #[inline]
    pub fn draws(self, key: u64, attempt: u32) -> Draws {
        let task = mix(self.root.wrapping_add(key.wrapping_mul(GOLDEN)));
        let seed = task ^ u64::from(attempt).wrapping_mul(SILVER);
        Draws(SplitMix64::from_seed(seed.to_le_bytes()))
    }
}

/// The numbers at one address, in order.
#[derive(Clone, Debug)]
pub struct Draws(SplitMix64);

impl Draws {
    /// The next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// The next number of U[0, 1): a multiple of 2^-53, never 1.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        // Below 2^63, so that the signed conversion gives the same; it is the one machines have.
        (self.next_u64() >> 11) as i64 as f64 * (1.0 / (1_u64 << 53) as f64)
    }
}

/// The first unit number at `(seed, key, attempt)`: the one that decides the delay after the failure
/// of that attempt.
pub fn draw(seed: u64, key: u64, attempt: u32) -> f64 {
    Stream::new(seed).draws(key, attempt).unit()
}

/// The key (or seed) that a string denotes: a decimal number without sign or leading zeros means
/// itself, any other text its hash (FNV-1a, 64 bits, finalised).
///
/// One rule for all doors: `--key 17`, `key: 17` and `key: '17'` are the same task.
///
/// ```
/// use redrive::random::key_of;
///
/// assert_eq!(key_of("17"), 17);
/// assert_ne!(key_of("017"), 17);
/// ```
pub fn key_of(text: &str) -> u64 {
    key_of_bytes(text.as_bytes())
}

/// [`key_of`] the text whose UTF-8 bytes these are.
pub fn key_of_bytes(bytes: &[u8]) -> u64 {
    decimal(bytes).unwrap_or_else(|| hash(bytes))
}

/// The number that `bytes` write, if they are digits only, without leading zeros, and fit.
fn decimal(bytes: &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first()?;
    if *first == b'0' && !rest.is_empty() {
        return None;
    }
    let mut number = 0_u64;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(digit.into())?;
    }
    Some(number)
}

/// The frozen 64-bit hash of `bytes`: FNV-1a and one finaliser. Not for adversarial input.
pub const fn hash(bytes: &[u8]) -> u64 {
    mix(fold(0xcbf2_9ce4_8422_2325, bytes))
}

/// [`hash`] of `parts` one after the other.
pub(crate) fn hash_of(parts: &[&[u8]]) -> u64 {
    mix(parts.iter().fold(0xcbf2_9ce4_8422_2325, |state, part| fold(state, part)))
}

/// [`hash`] of a text while it is written.
#[derive(Debug)]
pub(crate) struct Hasher(u64);

impl Default for Hasher {
    fn default() -> Hasher {
        Hasher(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher {
    pub(crate) fn hash(&self) -> u64 {
        mix(self.0)
    }
}

impl core::fmt::Write for Hasher {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0 = fold(self.0, text.as_bytes());
        Ok(())
    }
}

const fn fold(mut state: u64, bytes: &[u8]) -> u64 {
    let mut i = 0;
    while i < bytes.len() {
        state = (state ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    state
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const N: usize = 40_000;

    fn correlation(pairs: &[(f64, f64)]) -> f64 {
        let n = pairs.len() as f64;
        let (mx, my) = pairs.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
        let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in pairs {
            xy += (x - mx) * (y - my);
            xx += (x - mx) * (x - mx);
            yy += (y - my) * (y - my);
        }
        xy / libm::sqrt(xx * yy)
    }

    #[test]
    fn draws_are_uniform_by_chi_square_and_kolmogorov_smirnov() {
        for attempt in [1, 2, u32::MAX] {
            let mut units: Vec<f64> = (0..N as u64).map(|key| draw(1, key, attempt)).collect();
            let mut bins = [0_f64; 100];
            for unit in &units {
                bins[(unit * 100.0) as usize] += 1.0;
            }
            let expected = N as f64 / 100.0;
            let chi2: f64 = bins.iter().map(|b| (b - expected) * (b - expected) / expected).sum();
            // 99 degrees of freedom: mean 99, sd 14.07; 3 sigma.
            assert!((56.8..141.3).contains(&chi2), "attempt {attempt}: chi2 {chi2}");
            units.sort_unstable_by(f64::total_cmp);
            let ks = units.iter().enumerate().fold(0_f64, |worst, (i, unit)| {
                worst
                    .max((unit - i as f64 / N as f64).abs())
                    .max((unit - (i + 1) as f64 / N as f64).abs())
            });
            assert!(ks * libm::sqrt(N as f64) < 1.95, "attempt {attempt}: KS {ks}");
        }
    }

    #[test]
    fn neighbouring_keys_attempts_and_seeds_are_uncorrelated() {
        let limit = 3.0 / libm::sqrt(N as f64);
        let along =
            |f: &dyn Fn(u64) -> (f64, f64)| -> Vec<(f64, f64)> { (0..N as u64).map(f).collect() };
        for (name, pairs) in [
            ("keys", along(&|k| (draw(9, k, 1), draw(9, k + 1, 1)))),
            ("attempts", along(&|k| (draw(9, k, 1), draw(9, k, 2)))),
            ("attempts of one key", along(&|a| (draw(9, 5, a as u32), draw(9, 5, a as u32 + 1)))),
            ("seeds", along(&|k| (draw(k, 5, 1), draw(k + 1, 5, 1)))),
            ("swapped", along(&|k| (draw(9, k, 77), draw(9, 77, k as u32)))),
        ] {
            let r = correlation(&pairs);
            assert!(r.abs() < limit, "{name}: {r}");
        }
    }

    #[test]
    fn second_draws_do_not_repeat_the_next_attempts_first() {
        let stream = Stream::new(3);
        let (mut draws, mut next) = (stream.draws(1, 1), stream.draws(1, 2));
        draws.unit();
        assert_ne!(draws.unit(), next.unit());
    }

    #[test]
    fn one_rule_turns_text_into_keys() {
        assert_eq!(key_of("18446744073709551615"), u64::MAX);
        assert_eq!(key_of("18446744073709551616"), hash(b"18446744073709551616"));
        assert_eq!(key_of("+1"), hash(b"+1"));
        assert_eq!(key_of(""), hash(b""));
    }
}
