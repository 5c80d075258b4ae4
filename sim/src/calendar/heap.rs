//! A 4-ary heap, for the few events that come while their bucket is the current one.

/// A 4-ary heap of keys: half the levels of a binary one, the children side by side.
pub(super) struct Heap(Vec<u64>);

impl Heap {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The least key.
    #[inline]
    pub(super) fn first(&self) -> Option<u64> {
        self.0.first().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }

    /// Adds a key.
    #[inline]
    pub(super) fn push(&mut self, key: u64) {
        let keys = &mut self.0;
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
    #[inline]
    pub(super) fn pop(&mut self) {
        let keys = &mut self.0;
        let Some(last) = keys.pop() else { return };
        let len = keys.len();
        let mut i = 0;
        if len == 0 {
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
    }
}
