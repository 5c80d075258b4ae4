//! The event queues of the hand-written loops: a binary heap, and a calendar tuned for the workload.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Bits of a key below the time: the task, 0 for a completion, which so goes first.
pub const ID_BITS: u32 = 24;

/// Pending events as single words: time above, task below.
pub trait Queue {
    /// An empty one.
    fn new() -> Self;
    /// Adds an event.
    fn push(&mut self, key: u64);
    /// Takes the first event.
    fn pop(&mut self) -> Option<u64>;
}

/// The standard library's heap.
pub struct Heap(BinaryHeap<Reverse<u64>>);

impl Queue for Heap {
    fn new() -> Self {
        Self(BinaryHeap::new())
    }

    #[inline]
    fn push(&mut self, key: u64) {
        self.0.push(Reverse(key));
    }

    #[inline]
    fn pop(&mut self) -> Option<u64> {
        self.0.pop().map(|Reverse(key)| key)
    }
}

/// A heap of four children a node, for the few events of the current bucket.
struct Heap4(Vec<u64>);

impl Heap4 {
    #[inline]
    fn push(&mut self, key: u64) {
        let keys = &mut self.0;
        keys.push(key);
        let mut i = keys.len() - 1;
        while i > 0 && keys[(i - 1) / 4] > key {
            keys[i] = keys[(i - 1) / 4];
            i = (i - 1) / 4;
        }
        keys[i] = key;
    }

    #[inline]
    fn pop(&mut self) -> Option<u64> {
        let keys = &mut self.0;
        let last = keys.pop()?;
        let Some(first) = keys.first().copied() else { return Some(last) };
        let mut i = 0;
        while let Some(children) = keys.get(4 * i + 1..).filter(|children| !children.is_empty()) {
            let children = children.iter().take(4).zip(4 * i + 1..);
            let Some((least, child)) = children.min_by_key(|(key, _)| **key) else { break };
            if *least >= last {
                break;
            }
            keys[i] = *least;
            i = child;
        }
        keys[i] = last;
        Some(first)
    }
}

/// Keys in a block.
const BLOCK: usize = 31;
const NONE: u32 = u32::MAX;
/// Buckets in the ring, and the width of one: 16 ms, the best of those that were tried.
const RING: usize = 4096;
const SHIFT: u32 = ID_BITS + 14;

struct Block {
    keys: [u64; BLOCK],
    next: u32,
    len: u32,
}

/// A ring of buckets, each a chain of blocks; a bucket is sorted when its time comes. What it lacks of
/// redrive's: it cannot adapt its width, and its times reach 34 years and not 584.
pub struct Calendar {
    ring: Vec<u32>,
    pool: Vec<Block>,
    free: u32,
    /// The current bucket, falling.
    current: Vec<u64>,
    /// What was added to the current bucket since.
    late: Heap4,
    /// A bit for each bucket that holds anything.
    occupied: Vec<u64>,
    /// The current bucket, counted from 1: before the first one it is 0.
    base: u64,
    spill: Vec<u64>,
    len: usize,
}

impl Calendar {
    #[inline]
    fn put(&mut self, key: u64) {
        let slot = ((key >> SHIFT) + 1) as usize % RING;
        let head = self.ring[slot];
        if head != NONE {
            let block = &mut self.pool[head as usize];
            if (block.len as usize) < BLOCK {
                block.keys[block.len as usize] = key;
                block.len += 1;
                return;
            }
        } else {
            self.occupied[slot / 64] |= 1 << (slot % 64);
        }
        let index = if self.free == NONE {
            self.pool.push(Block { keys: [0; BLOCK], next: NONE, len: 0 });
            (self.pool.len() - 1) as u32
        } else {
            let index = self.free;
            self.free = self.pool[index as usize].next;
            index
        };
        let block = &mut self.pool[index as usize];
        block.keys[0] = key;
        block.len = 1;
        block.next = head;
        self.ring[slot] = index;
    }

    #[cold]
    #[inline(never)]
    fn advance(&mut self) {
        loop {
            self.base += 1;
            let slot = self.base as usize % RING;
            if slot == 0 && !self.spill.is_empty() {
                for key in std::mem::take(&mut self.spill) {
                    if (key >> SHIFT) + 1 < self.base + RING as u64 {
                        self.put(key);
                    } else {
                        self.spill.push(key);
                    }
                }
            }
            if self.occupied[slot / 64] == 0 {
                // On to the last of these 64.
                self.base |= 63;
                continue;
            }
            let mut index = std::mem::replace(&mut self.ring[slot], NONE);
            if index == NONE {
                continue;
            }
            self.occupied[slot / 64] &= !(1 << (slot % 64));
            while index != NONE {
                let block = &mut self.pool[index as usize];
                self.current.extend_from_slice(&block.keys[..block.len as usize]);
                let next = std::mem::replace(&mut block.next, self.free);
                self.free = index;
                index = next;
            }
            break;
        }
        self.current.sort_unstable_by(|a, b| b.cmp(a));
    }
}

impl Queue for Calendar {
    fn new() -> Self {
        Self {
            ring: vec![NONE; RING],
            pool: Vec::new(),
            free: NONE,
            current: Vec::new(),
            late: Heap4(Vec::new()),
            occupied: vec![0; RING / 64],
            base: 0,
            spill: Vec::new(),
            len: 0,
        }
    }

    #[inline]
    fn push(&mut self, key: u64) {
        self.len += 1;
        let bucket = (key >> SHIFT) + 1;
        if bucket <= self.base {
            self.late.push(key);
        } else if bucket - self.base < RING as u64 {
            self.put(key);
        } else {
            self.spill.push(key);
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        if self.current.is_empty() && self.late.0.is_empty() {
            self.advance();
        }
        match (self.current.last(), self.late.0.first()) {
            (Some(next), Some(late)) if late < next => self.late.pop(),
            (Some(_), _) => self.current.pop(),
            _ => self.late.pop(),
        }
    }
}
