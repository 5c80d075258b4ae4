//! The event queue: a calendar of buckets on integer time.
//!
//! **Why not a heap.** A binary heap of a million pending retries misses the cache at every level
//! of every operation; measured on one million tasks it is four times slower than the whole rest of
//! the simulation. Retry simulations have an easier shape: almost all events lie within a few
//! minutes, in great numbers. So pending events lie unsorted in buckets of time; a bucket is sorted
//! once, when its time has come, while it is small enough for the first-level cache.
//!
//! * A ring of [`RING`] buckets of 2^`shift` nanoseconds; each is a chain of blocks from one pool,
//!   so that no event allocates; a bit for each bucket finds the next one that holds anything.
//! * An event takes 8 bytes: its offset in the bucket (32 bits) and its entity (32 bits). The
//!   bucket knows the rest of the time, so nanoseconds are exact without a 16-byte key.
//! * A bucket is sorted by one distribution over its time, see [`sorter`].
//! * Events for the current bucket go to a small 4-ary heap beside the sorted rest; events beyond
//!   the ring wait in a spill list, which is looked through once in a turn of the ring at most.
//! * The width follows the load: when buckets come out nearly empty or overfull, the calendar is
//!   rebuilt with wider or narrower ones, in place.
//!
//! **The order is total**: time, then entity, and an entity's upper bits are the class of the event
//! (see `model::event`). Never the order of insertion: that changes when a policy changes, and then
//! two policies could not be compared event by event. Width and rebuilds therefore cannot be seen
//! from outside; a differential test against a plain heap says so.

mod heap;
mod sorter;

use self::{heap::Heap, sorter::Sorter};

/// Buckets in the ring, a power of two.
const RING: u64 = 4096;
/// The widest bucket: the offset in it has 32 bits.
const MAX_SHIFT: u32 = 32;
/// The narrowest bucket, about a microsecond.
const MIN_SHIFT: u32 = 10;
/// Keys in a block of 256 bytes.
const BLOCK: usize = 32;
const NONE: u32 = u32::MAX;
/// The width is judged after so many buckets.
const JUDGED: u32 = 64;

/// Keys side by side, in lines of the cache of their own.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Block([u64; BLOCK]);

/// A bucket: its newest block, and how many keys that holds. The other blocks are full. The count
/// lies here and not in the block, so that adding a key reads nothing from there.
#[derive(Clone, Copy)]
struct Bucket {
    block: u32,
    len: u32,
}

const EMPTY: Bucket = Bucket { block: NONE, len: 0 };

/// Pending events in order of (time, entity).
pub(crate) struct Calendar {
    shift: u32,
    /// Narrower buckets than these would not reach as far as events are expected to lie.
    least_shift: u32,
    /// Number of the current bucket: `rest` and `late` hold its events, offsets from its start.
    base: u64,
    /// When it begins.
    start: u64,
    /// The current bucket, rising; what is before `head` is done.
    rest: Vec<u64>,
    head: usize,
    /// Events that were added to the current bucket after it was sorted.
    late: Heap,
    /// What sorting a bucket needs.
    sorter: Sorter,
    /// The blocks of the bucket that is being sorted.
    chain: Vec<u32>,
    ring: Box<[Bucket; RING as usize]>,
    occupied: Vec<u64>,
    pool: Vec<Block>,
    /// The block after each: an older one of its bucket, or the next free one.
    links: Vec<u32>,
    free: u32,
    /// Events beyond the ring, and the first bucket among them.
    spill: Vec<(u64, u32)>,
    spill_first: u64,
    /// How many events lie in the ring and in the spill list.
    ahead: usize,
    /// Nothing in the ring or the spill list is due before this: looking is in vain.
    idle_until: u64,
    judged: u32,
    drained: usize,
}

impl Calendar {
    /// An empty queue whose events are expected to lie about `spacing` nanoseconds apart and up to
    /// `reach` ahead, about `pending` at a time. A wrong guess costs time or memory, never
    /// correctness.
    #[must_use]
    pub(crate) fn new(spacing: u64, reach: u64, pending: usize) -> Self {
        // Room from the start, and for a block that is not full in every bucket: a pool that grows
        // is copied, and for a moment there are two.
        let blocks = pending / BLOCK + pending.min(RING as usize) + 64;
        let width = spacing.saturating_mul(64).max(reach / (RING / 2)).max(1);
        let shift = (63 - width.leading_zeros()).clamp(MIN_SHIFT, MAX_SHIFT);
        let least = 64 - (reach / RING).leading_zeros();
        Self {
            shift,
            least_shift: least.clamp(MIN_SHIFT, MAX_SHIFT),
            base: 0,
            start: 0,
            rest: Vec::new(),
            head: 0,
            late: Heap::new(),
            sorter: Sorter::new(),
            chain: Vec::new(),
            ring: Box::new([EMPTY; RING as usize]),
            occupied: vec![0; RING as usize / 64],
            pool: Vec::with_capacity(blocks),
            links: Vec::with_capacity(blocks),
            free: NONE,
            spill: Vec::new(),
            spill_first: u64::MAX,
            ahead: 0,
            idle_until: 0,
            judged: 0,
            drained: 0,
        }
    }

    /// Bytes held.
    #[must_use]
    pub(crate) fn bytes(&self) -> usize {
        self.pool.capacity() * size_of::<Block>()
            + (self.rest.capacity() + self.occupied.len()) * 8
            + self.late.bytes()
            + self.sorter.bytes()
            + self.ring.len() * size_of::<Bucket>()
            + (self.links.capacity() + self.chain.capacity()) * 4
            + self.spill.capacity() * 16
    }

    /// Adds an event. `time` must not lie before the last popped event, nor before a `limit` for
    /// which there was nothing left.
    pub(crate) fn push(&mut self, time: u64, entity: u32) {
        self.push_here(time, entity);
    }

    /// [`push`](Self::push) inlined, for the one place that needs it.
    #[inline(always)]
    pub(crate) fn push_here(&mut self, time: u64, entity: u32) {
        let bucket = time >> self.shift;
        // For the current bucket and those before it this wraps around to a large number.
        if bucket.wrapping_sub(self.base + 1) < RING - 1 {
            let offset = time & ((1 << self.shift) - 1);
            self.put(bucket, offset << 32 | u64::from(entity));
        } else {
            self.push_aside(time, entity);
        }
    }

    /// Adds an event to the current bucket, or beyond the ring.
    #[inline(never)]
    fn push_aside(&mut self, time: u64, entity: u32) {
        let bucket = time >> self.shift;
        if bucket <= self.base {
            debug_assert!(time >= self.start, "an event in the past");
            self.late.push(time.saturating_sub(self.start) << 32 | u64::from(entity));
        } else {
            self.ahead += 1;
            self.spill_first = self.spill_first.min(bucket);
            self.idle_until = self.idle_until.min(bucket << self.shift);
            self.spill.push((time, entity));
        }
    }

    #[inline(always)]
    fn put(&mut self, bucket: u64, key: u64) {
        self.ahead += 1;
        let slot = (bucket % RING) as usize;
        let Bucket { block, len } = self.ring[slot];
        let place = len as usize % BLOCK;
        // An empty bucket has no block, and a full block no room: both need a new one.
        if place != 0 {
            self.pool[block as usize].0[place] = key;
            self.ring[slot].len = len + 1;
            return;
        }
        self.chain(bucket, block, key);
    }

    #[inline(never)]
    fn chain(&mut self, bucket: u64, next: u32, key: u64) {
        self.idle_until = self.idle_until.min(bucket << self.shift);
        let slot = (bucket % RING) as usize;
        let index = if self.free == NONE {
            if self.pool.len() == self.pool.capacity() {
                // By an eighth and not by half: the pool is what a run of millions holds most of.
                let more = (self.pool.len() / 8).max(64);
                self.pool.reserve_exact(more);
                self.links.reserve_exact(more);
            }
            self.pool.push(Block([0; BLOCK]));
            self.links.push(NONE);
            (self.pool.len() - 1) as u32
        } else {
            let index = self.free;
            self.free = self.links[index as usize];
            index
        };
        self.pool[index as usize].0[0] = key;
        self.links[index as usize] = next;
        self.ring[slot] = Bucket { block: index, len: 1 };
        self.occupied[slot / 64] |= 1 << (slot % 64);
    }

    /// Frees a block and returns the one after it.
    fn unchain(&mut self, index: u32) -> u32 {
        let next = self.links[index as usize];
        self.links[index as usize] = self.free;
        self.free = index;
        next
    }

    /// The first event of the current bucket, if its time is not after `limit`. When there is none,
    /// [`turn`](Self::turn) may bring more.
    #[inline(always)]
    pub(crate) fn pop(&mut self, limit: u64) -> Option<(u64, u32)> {
        let next = self.rest.get(self.head).copied().unwrap_or(u64::MAX);
        let late = self.late.first();
        let key = next.min(late);
        let time = self.start + (key >> 32);
        if time > limit || key == u64::MAX {
            return None;
        }
        if late < next {
            self.late.pop();
        } else {
            self.head += 1;
        }
        Some((time, key as u32))
    }

    /// After the last event of the current bucket: makes the next bucket that holds anything the
    /// current one, unless it begins after `limit`. Returns whether it did.
    #[inline]
    pub(crate) fn turn(&mut self, limit: u64) -> bool {
        self.head == self.rest.len()
            && self.late.is_empty()
            && limit >= self.idle_until
            && self.advance(limit)
    }

    /// Entities of the current bucket that will be popped soon, in order, so that a caller can
    /// fetch memory for all of them together.
    pub(crate) fn soon(&self) -> impl Iterator<Item = u32> + Clone {
        self.rest.get(self.head..).unwrap_or_default().iter().map(|key| *key as u32)
    }

    /// Makes the next bucket that holds anything the current one, unless it begins after `limit`.
    #[cold]
    #[inline(never)]
    fn advance(&mut self, limit: u64) -> bool {
        if self.ahead == 0 {
            return false;
        }
        let mut next = self.next_occupied();
        if self.spill_first <= next.unwrap_or(u64::MAX) {
            if self.spill_first > limit >> self.shift {
                self.idle_until = self.spill_first << self.shift;
                return false;
            }
            // Everything before the spill's first bucket is done: the ring may turn there.
            self.go_to(self.spill_first - 1);
            self.respill();
            next = self.next_occupied();
        }
        let Some(mut bucket) = next else { return false };
        if bucket > limit >> self.shift {
            self.idle_until = bucket << self.shift;
            return false;
        }
        if self.judged >= JUDGED && self.rebuild(bucket) {
            match self.next_occupied() {
                Some(next) => bucket = next,
                // All of it fell into the current bucket.
                None => return true,
            }
            if !self.late.is_empty() {
                return true;
            }
            if bucket > limit >> self.shift {
                return false;
            }
        }
        self.drain(bucket);
        true
    }

    fn go_to(&mut self, bucket: u64) {
        self.base = bucket;
        self.start = bucket << self.shift;
    }

    /// Sorts a bucket of the ring into the current place.
    fn drain(&mut self, bucket: u64) {
        self.go_to(bucket);
        let slot = (bucket % RING) as usize;
        self.head = 0;
        let Bucket { block: mut index, len } = std::mem::replace(&mut self.ring[slot], EMPTY);
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        self.chain.clear();
        while index != NONE {
            self.chain.push(index);
            index = self.unchain(index);
        }
        // The newest block is the one that may not be full. Freed blocks keep their keys till then.
        let lens = std::iter::once(len as usize).chain(std::iter::repeat(BLOCK));
        let pool = &self.pool;
        let blocks = self.chain.iter().zip(lens);
        let keys = blocks.map(|(index, len)| &pool[*index as usize].0[..len]);
        self.sorter.sort(keys, &mut self.rest, 32 + self.shift);
        self.ahead -= self.rest.len();
        self.judged += 1;
        self.drained += self.rest.len();
    }

    /// The number of the first bucket after the current one that holds anything.
    fn next_occupied(&self) -> Option<u64> {
        let words = self.occupied.len();
        let first = ((self.base + 1) % RING) as usize;
        for step in 0..=words {
            let word = (first / 64 + step) % words;
            let mut bits = self.occupied[word];
            if step == 0 {
                bits &= u64::MAX << (first % 64);
            } else if step == words {
                bits &= !(u64::MAX << (first % 64));
            }
            if bits != 0 {
                let slot = (word * 64) as u64 + u64::from(bits.trailing_zeros());
                let ahead = (slot + RING - first as u64) % RING;
                return Some(self.base + 1 + ahead);
            }
        }
        None
    }

    /// Moves what the ring now covers out of the spill list.
    fn respill(&mut self) {
        self.spill_first = u64::MAX;
        let mut kept = 0;
        for i in 0..self.spill.len() {
            let (time, entity) = self.spill[i];
            let bucket = time >> self.shift;
            if bucket < self.base + RING {
                self.ahead -= 1;
                self.push(time, entity);
            } else {
                self.spill_first = self.spill_first.min(bucket);
                self.spill[kept] = (time, entity);
                kept += 1;
            }
        }
        self.spill.truncate(kept);
    }

    /// Whether everything lies in the first eighth of the ring, so that narrower buckets hold it.
    fn lies_near(&self, bucket: u64) -> bool {
        let near = RING / 8;
        let is_far = |ahead: u64| self.ring[((bucket + ahead) % RING) as usize].block != NONE;
        self.spill.is_empty() && !(near..RING - (bucket - self.base)).any(is_far)
    }

    /// Judges the width by the buckets since the last time; when it is wrong, distributes
    /// everything anew. Only between two buckets: nothing is pending before `bucket`.
    fn rebuild(&mut self, bucket: u64) -> bool {
        let mean = self.drained / self.judged as usize;
        (self.judged, self.drained) = (0, 0);
        let shift = if mean < 64 && self.ahead > 16 * (mean + 1) && self.shift < MAX_SHIFT {
            self.shift + if mean < 16 { 2 } else { 1 }
        } else if mean > 4096 && self.shift > self.least_shift && self.lies_near(bucket) {
            self.shift - 2
        } else {
            return false;
        };
        let shift = shift.clamp(self.least_shift, MAX_SHIFT);
        let old_shift = self.shift;
        let old_ring = std::mem::replace(&mut self.ring, Box::new([EMPTY; RING as usize]));
        self.occupied.fill(0);
        let old_base = self.base;
        self.shift = shift;
        self.go_to(((bucket << old_shift) >> shift).saturating_sub(1));
        self.rest.clear();
        self.head = 0;
        for ahead in 1..RING {
            let old = old_base + ahead;
            let Bucket { block: mut index, len } = old_ring[(old % RING) as usize];
            let mut len = len as usize;
            while index != NONE {
                // Freed before its keys are placed again, so that the pool does not grow.
                let block = self.pool[index as usize];
                index = self.unchain(index);
                self.ahead -= len;
                for key in &block.0[..len] {
                    self.push((old << old_shift) + (key >> 32), *key as u32);
                }
                len = BLOCK;
            }
        }
        self.respill();
        true
    }
}

#[cfg(test)]
mod tests;
