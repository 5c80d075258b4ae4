//! Sorting a bucket.
//!
//! Within a bucket times are spread evenly more often than not. One distribution by their upper bits
//! then leaves hardly more than an insertion here and there. Where they are not spread so (all tasks of
//! a herd come back at one moment; a bucket is filled at one end) the keys are distributed over the
//! range that they do take, and crowds among them again, until there are none: no comparison sort is
//! needed, and each round deals with eleven bits.

/// Sorts buckets, and keeps the room that it takes.
pub(super) struct Sorter {
    ends: Box<[u32; Sorter::MOST_PARTS]>,
    copy: Vec<u64>,
}

impl Sorter {
    const MOST_PARTS: usize = 1 << 11;
    /// Fewer keys are sorted by insertion anyway; more would not fit the cache.
    const KEYS: std::ops::Range<usize> = 32..1 << 14;
    /// More keys than this in one part are a crowd.
    const CROWD: usize = 48;

    pub(super) fn new() -> Self {
        Self { ends: Box::new([0; Self::MOST_PARTS]), copy: Vec::new() }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.ends) + self.copy.capacity() * size_of::<u64>()
    }

    /// Brings the keys of all `blocks`, each below 2^`bits`, into `sorted`, in place of what is there.
    pub(super) fn sort<'k>(
        &mut self,
        blocks: impl Iterator<Item = &'k [u64]> + Clone,
        sorted: &mut Vec<u64>,
        bits: u32,
    ) {
        let count = blocks.clone().map(<[u64]>::len).sum();
        if Self::KEYS.contains(&count) {
            // Only what it has never been long enough for is written twice.
            sorted.resize(count, 0);
            let parts = parts(count);
            let down = bits - parts.ilog2();
            let part = |key: u64| (key >> down) as usize;
            if !distribute(blocks, sorted, &mut self.ends, parts, part) {
                self.spread(sorted);
            }
        } else {
            sorted.clear();
            for block in blocks {
                sorted.extend_from_slice(block);
            }
            self.spread(sorted);
        }
        insertion_sort(sorted);
    }

    /// Brings keys, however they lie, so near to their places that insertion does the rest.
    fn spread(&mut self, keys: &mut [u64]) {
        if keys.len() <= Self::CROWD {
            return;
        }
        let (least, most) = keys.iter().fold((u64::MAX, 0), |(a, b), k| (a.min(*k), b.max(*k)));
        let bits = 64 - (most - least).leading_zeros();
        let parts = parts(keys.len());
        let down = bits.saturating_sub(parts.ilog2());
        let part = |key: u64| ((key - least) >> down) as usize;
        self.copy.clear();
        self.copy.extend_from_slice(keys);
        let blocks = std::iter::once(&self.copy[..]);
        if distribute(blocks, keys, &mut self.ends, parts, part) || least == most {
            return;
        }
        for crowd in keys.chunk_by_mut(|a, b| part(*a) == part(*b)) {
            self.spread(crowd);
        }
    }
}

/// As many parts as there are keys, or nearly.
fn parts(keys: usize) -> usize {
    1 << keys.max(1).ilog2().min(Sorter::MOST_PARTS.ilog2())
}

/// Brings the keys, in `sorted`, into the order of their parts, which are below `parts`. Whether none of
/// them is crowded.
#[inline]
fn distribute<'k>(
    blocks: impl Iterator<Item = &'k [u64]> + Clone,
    sorted: &mut [u64],
    ends: &mut [u32; Sorter::MOST_PARTS],
    parts: usize,
    part: impl Fn(u64) -> usize,
) -> bool {
    // What it is already, but now the compiler knows.
    let part = |key| part(key) % Sorter::MOST_PARTS;
    ends[..parts].fill(0);
    for block in blocks.clone() {
        for key in block {
            ends[part(*key)] += 1;
        }
    }
    let (mut start, mut most) = (0, 0);
    for end in &mut ends[..parts] {
        let count = *end;
        *end = start;
        start += count;
        most = most.max(count);
    }
    for block in blocks {
        for key in block {
            let end = &mut ends[part(*key)];
            sorted[*end as usize] = *key;
            *end += 1;
        }
    }
    most as usize <= Sorter::CROWD
}

/// For keys that hardly lie wrong.
fn insertion_sort(keys: &mut [u64]) {
    for i in 1..keys.len() {
        let key = keys[i];
        let mut place = i;
        while place > 0 && keys[place - 1] > key {
            keys[place] = keys[place - 1];
            place -= 1;
        }
        keys[place] = key;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(keys: Vec<u64>, bits: u32) {
        let (mut sorted, mut expected) = (vec![7; 50], keys.clone());
        Sorter::new().sort(keys.chunks(32), &mut sorted, bits);
        expected.sort_unstable();
        assert_eq!(sorted, expected);
    }

    proptest! {
        #[test]
        fn keys_come_out_in_order_however_they_are_spread(
            len in 0..6_000_usize,
            bits in 11..=64_u32,
            crowd in 0..64_u32,
            seed: u64,
        ) {
            let stream = redrive::random::Stream::new(seed);
            // The upper bits cleared as far as `crowd` says: the keys crowd at the beginning.
            let key = |i| stream.draws(i, 0).next_u64() >> (64 - bits) >> crowd.min(bits - 1);
            check((0..len as u64).map(key).collect(), bits);
        }
    }

    #[test]
    fn a_sorter_that_has_sorted_many_sorts_few() {
        let (mut sorter, mut sorted) = (Sorter::new(), Vec::new());
        for len in [5_000_u64, 40, 3_000, 32, 20_000, 100] {
            let keys: Vec<u64> = (0..len).map(|i| i.wrapping_mul(0x9e37_79b9) % 65_536).collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            sorter.sort(keys.chunks(32), &mut sorted, 16);
            assert_eq!(sorted, expected);
        }
    }
}
