//! A 4-ary heap, for the few events that come while their bucket is the current one.

/// A 4-ary heap of keys: half the levels of a binary one, the children side by side.
pub(super) struct Heap {
    keys: Vec<u64>,
    /// The least of them, or `u64::MAX`: it is looked at once an event, and mostly there is none.
    first: u64,
}

impl Heap {
    pub(super) const fn new() -> Self {
        Self { keys: Vec::new(), first: u64::MAX }
    }

    /// The least key, or `u64::MAX`, which is none.
    #[inline(always)]
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<u64>()
    }

    /// Adds a key.
    #[inline]
    pub(super) fn push(&mut self, key: u64) {
        self.first = self.first.min(key);
        let keys = &mut self.keys;
        keys.push(key);
        let mut i = keys.len() - 1;
        while i > 0 {
            let parent = (i - 1) / 4;
            if keys[parent] <= key {
                break;
            }
            keys[i] = keys[parent];
            i = parent;
        }
        keys[i] = key;
    }

    /// Takes the least key out.
    #[inline(never)]
    pub(super) fn pop(&mut self) {
        let keys = &mut self.keys;
        let Some(last) = keys.pop() else { return };
        let len = keys.len();
        let mut i = 0;
        if len == 0 {
            self.first = u64::MAX;
            return;
        }
        loop {
            let first = i * 4 + 1;
            if first >= len {
                break;
            }
            let mut child = first;
            for other in first + 1..(first + 4).min(len) {
                if keys[other] < keys[child] {
                    child = other;
                }
            }
            if keys[child] >= last {
                break;
            }
            keys[i] = keys[child];
            i = child;
        }
        keys[i] = last;
        self.first = keys[0];
    }
}
