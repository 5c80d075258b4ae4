//! Sorting a bucket.
//!
//! Within a bucket times are spread evenly more often than not. One distribution by their upper bits
//! then leaves hardly more than an insertion here and there: on the workload of the benchmark half the
//! instructions of a comparison sort, which does what is not spread so.

/// Sorts buckets, and keeps the room that it takes.
pub(super) struct Sorter {
    ends: Box<[u32; Sorter::MOST_PARTS]>,
    spare: Vec<u64>,
}

impl Sorter {
    const MOST_PARTS: usize = 1 << 11;
    /// Fewer keys are sorted by insertion anyway; more would not fit the cache twice.
    const KEYS: std::ops::Range<usize> = 32..1 << 14;
    /// When more keys than this fall into one part the times are not spread.
    const CROWD: u32 = 48;

    pub(super) fn new() -> Self {
        Self { ends: Box::new([0; Self::MOST_PARTS]), spare: Vec::new() }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.ends) + self.spare.capacity() * size_of::<u64>()
    }

    /// Sorts `keys`, each of which is below 2^`bits`.
    pub(super) fn sort(&mut self, keys: &mut Vec<u64>, bits: u32) {
        if !Self::KEYS.contains(&keys.len()) {
            keys.sort_unstable();
            return;
        }
        if self.spare.len() < keys.len() {
            self.spare.resize(keys.len(), 0);
        }
        if distribute(keys, &mut self.spare, &mut self.ends, bits) {
            std::mem::swap(keys, &mut self.spare);
            keys.truncate(self.spare.len());
            insertion_sort(keys);
        } else {
            keys.sort_unstable();
        }
    }
}

/// Brings the keys, in `sorted`, into the order of their upper bits: as many parts as there are keys.
/// `false` when they are too unevenly spread; then nothing was moved.
fn distribute(
    keys: &[u64],
    sorted: &mut [u64],
    ends: &mut [u32; Sorter::MOST_PARTS],
    bits: u32,
) -> bool {
    let parts = 1_usize << keys.len().ilog2().min(Sorter::MOST_PARTS.ilog2());
    let down = bits - parts.ilog2();
    let part = |key: u64| (key >> down) as usize % Sorter::MOST_PARTS;
    ends[..parts].fill(0);
    for key in keys {
        ends[part(*key)] += 1;
    }
    let (mut start, mut most) = (0, 0);
    for end in &mut ends[..parts] {
        let count = *end;
        *end = start;
        start += count;
        most = most.max(count);
    }
    if most > Sorter::CROWD {
        return false;
    }
    for key in keys {
        let end = &mut ends[part(*key)];
        sorted[*end as usize] = *key;
        *end += 1;
    }
    true
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
        let (mut sorted, mut expected) = (keys.clone(), keys);
        Sorter::new().sort(&mut sorted, bits);
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
        let mut sorter = Sorter::new();
        for len in [5_000_u64, 40, 3_000, 32, 20_000, 100] {
            let mut keys: Vec<u64> =
                (0..len).map(|i| i.wrapping_mul(0x9e37_79b9) % 65_536).collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            sorter.sort(&mut keys, 16);
            assert_eq!(keys, expected);
        }
    }
}
