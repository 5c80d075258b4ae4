//! Where the live tasks lie: numbered slots in blocks, found by key through an index.

use alloc::{sync::Arc, vec::Vec};

use crate::{
    Key,
    machine::{Entry, index::Index},
};

/// Tasks in one block: a growing store moves none of them, and wastes at most one block.
const BLOCK: usize = 1024;

/// The live tasks. A slot keeps its number for as long as its task lives.
#[derive(Clone, Debug)]
pub(crate) struct Slab {
    blocks: Vec<Vec<Place>>,
    free: Vec<u32>,
    index: Index,
    len: usize,
}

#[derive(Clone, Debug)]
enum Place {
    Taken(Entry),
    /// With the stamp that its next task starts from, so that no old timer fits that one.
    Vacant(u32),
}

impl Slab {
    /// An empty one; `salt` is what an attacker would have to know to have keys collide.
    pub(crate) fn new(salt: u64) -> Slab {
        Slab { blocks: Vec::new(), free: Vec::new(), index: Index::new(salt), len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Sorts the index anew under another salt.
    pub(crate) fn salt(&mut self, salt: u64) {
        self.index = Index::new(salt);
        self.make_room();
    }

    fn make_room(&mut self) {
        self.index.make_room(self.len, || {
            // Spelt out, since the index is borrowed.
            let places = self.blocks.iter().flatten().zip(0..);
            places.filter_map(|(place, slot): (&Place, u32)| match place {
                Place::Taken(entry) => Some((&entry.key, slot)),
                Place::Vacant(_) => None,
            })
        });
    }

    #[inline]
    fn place(&self, slot: u32) -> Option<&Place> {
        self.blocks.get(slot as usize / BLOCK)?.get(slot as usize % BLOCK)
    }

    #[inline]
    fn place_mut(&mut self, slot: u32) -> Option<&mut Place> {
        self.blocks.get_mut(slot as usize / BLOCK)?.get_mut(slot as usize % BLOCK)
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&Entry> {
        match self.place(slot) {
            Some(Place::Taken(entry)) => Some(entry),
            Some(Place::Vacant(_)) | None => None,
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        match self.place_mut(slot) {
            Some(Place::Taken(entry)) => Some(entry),
            Some(Place::Vacant(_)) | None => None,
        }
    }

    /// Whether a timer with that stamp is the task's in `slot`.
    #[inline]
    pub(crate) fn is_current(&self, slot: u32, stamp: u32) -> bool {
        self.get(slot).is_some_and(|entry| entry.stamp == stamp)
    }

    /// The slot of the task with this key.
    pub(crate) fn find(&self, key: &Key) -> Option<u32> {
        self.index.find(key, |slot| self.get(slot).is_some_and(|entry| entry.key == *key))
    }

    /// Puts a task whose key is free in a slot.
    pub(crate) fn insert(&mut self, mut entry: Entry) -> u32 {
        self.make_room();
        self.len += 1;
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => self.next_slot(),
        };
        self.index.insert(&entry.key, slot);
        match self.place_mut(slot) {
            Some(place) => {
                if let Place::Vacant(stamp) = place {
                    entry.stamp = *stamp;
                }
                *place = Place::Taken(entry);
            }
            None => {
                if let Some(block) = self.blocks.last_mut() {
                    block.push(Place::Taken(entry));
                }
            }
        }
        slot
    }

    /// The first slot behind all others, with a block that has room for it.
    fn next_slot(&mut self) -> u32 {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            // The first block grows with a small machine.
            let room = if self.blocks.is_empty() { 0 } else { BLOCK };
            self.blocks.push(Vec::with_capacity(room));
        }
        let last = self.blocks.last().map_or(0, Vec::len);
        ((self.blocks.len() - 1) * BLOCK + last) as u32
    }

    /// Takes the task in `slot` out.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<Entry> {
        let stamp = self.get(slot)?.stamp.wrapping_add(1);
        let place = self.place_mut(slot)?;
        match core::mem::replace(place, Place::Vacant(stamp)) {
            Place::Taken(entry) => {
                self.index.remove(&entry.key, slot);
                self.free.push(slot);
                self.len -= 1;
                Some(entry)
            }
            Place::Vacant(_) => None,
        }
    }

    /// All tasks with their slots, in the order of the slots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Entry)> {
        let places = self.blocks.iter().flatten().zip(0..);
        places.filter_map(|(place, slot)| match place {
            Place::Taken(entry) => Some((slot, entry)),
            Place::Vacant(_) => None,
        })
    }

    /// The same, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Entry)> {
        let places = self.blocks.iter_mut().flatten().zip(0..);
        places.filter_map(|(place, slot)| match place {
            Place::Taken(entry) => Some((slot, entry)),
            Place::Vacant(_) => None,
        })
    }

    /// The slots of the tasks that `wanted` chooses, in the order of their keys.
    pub(crate) fn slots_by_key(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<u32> {
        let chosen = self.iter().filter(|(_, entry)| wanted(entry));
        let mut slots: Vec<(&Key, u32)> = chosen.map(|(slot, entry)| (&entry.key, slot)).collect();
        slots.sort_unstable();
        slots.into_iter().map(|(_, slot)| slot).collect()
    }

    /// The type text of `task_type`, shared with the task before, if that has the same.
    pub(crate) fn share_type(&self, task_type: Arc<str>) -> Arc<str> {
        let last = self.blocks.last().and_then(|block| block.last());
        match last {
            Some(Place::Taken(entry)) if entry.task_type == task_type => {
                Arc::clone(&entry.task_type)
            }
            _ => task_type,
        }
    }
}
