//! From keys to slots: a hash table, since a tree costs a cache miss a level at a million tasks.
//!
//! Open addressing with linear probing. A byte beside each bucket holds eight bits of the hash, so that a
//! probe that passes strangers seldom looks at their keys. The hash is of the whole text and salted: keys
//! come from users, and texts that share the frozen hash of their [id](crate::Key::id) can be made up.

use alloc::{vec, vec::Vec};

use crate::{Key, random::mix};

/// A bucket that was never used, and one whose task left.
const EMPTY: u8 = 0;
const LEFT: u8 = 1;

#[derive(Clone, Debug)]
pub(crate) struct Index {
    salt: u64,
    tags: Vec<u8>,
    slots: Vec<u32>,
    /// Buckets that are not empty.
    used: usize,
}

impl Index {
    pub(crate) fn new(salt: u64) -> Index {
        Index { salt, tags: Vec::new(), slots: Vec::new(), used: 0 }
    }

    fn hash(&self, key: &Key) -> u64 {
        let start = mix(key.id() ^ self.salt);
        let Some(text) = key.as_text() else { return start };
        let words = text.as_bytes().chunks(8);
        words.fold(start ^ text.len() as u64, |hash, chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(hash ^ u64::from_le_bytes(word))
        })
    }

    /// The buckets that a key with this hash may be in, and its tag.
    fn probe(&self, hash: u64) -> (impl Iterator<Item = usize> + use<>, u8) {
        let mask = self.tags.len().wrapping_sub(1);
        let start = hash as usize;
        let tag = ((hash >> 56) as u8).max(LEFT + 1);
        ((0..self.tags.len()).map(move |step| start.wrapping_add(step) & mask), tag)
    }

    /// The slot of the key, which `is_it` knows.
    pub(crate) fn find(&self, key: &Key, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let (buckets, tag) = self.probe(self.hash(key));
        for bucket in buckets {
            match self.tags[bucket] {
                EMPTY => return None,
                found if found == tag && is_it(self.slots[bucket]) => {
                    return Some(self.slots[bucket]);
                }
                _ => {}
            }
        }
        None
    }

    /// Has room for one more than `len` keys, which `all` lists.
    pub(crate) fn make_room<'k, I: Iterator<Item = (&'k Key, u32)>>(
        &mut self,
        len: usize,
        all: impl FnOnce() -> I,
    ) {
        // At most four fifths full, those that left included.
        if (self.used + 1) * 5 <= self.tags.len() * 4 {
            return;
        }
        let mut buckets = 8;
        while (len + 1) * 5 > buckets * 4 || len * 2 > buckets {
            buckets *= 2;
        }
        self.tags = vec![EMPTY; buckets];
        self.slots = vec![0; buckets];
        self.used = 0;
        for (key, slot) in all() {
            self.insert(key, slot);
        }
    }

    /// Adds a key that is not there; there has to be room.
    pub(crate) fn insert(&mut self, key: &Key, slot: u32) {
        let (mut buckets, tag) = self.probe(self.hash(key));
        let Some(bucket) = buckets.find(|bucket| self.tags[*bucket] <= LEFT) else { return };
        self.used += usize::from(self.tags[bucket] == EMPTY);
        self.tags[bucket] = tag;
        self.slots[bucket] = slot;
    }

    /// Takes the key of the task in `slot` out.
    pub(crate) fn remove(&mut self, key: &Key, slot: u32) {
        let (buckets, tag) = self.probe(self.hash(key));
        for bucket in buckets {
            if self.tags[bucket] == EMPTY {
                return;
            }
            if self.tags[bucket] == tag && self.slots[bucket] == slot {
                // The end of a chain leaves no trace.
                let next = (bucket + 1) & (self.tags.len() - 1);
                let ends = self.tags[next] == EMPTY;
                self.used -= usize::from(ends);
                self.tags[bucket] = if ends { EMPTY } else { LEFT };
                return;
            }
        }
    }
}
