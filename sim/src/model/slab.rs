//! Things in flight, numbered; numbers are used again.

/// No number.
pub(crate) const NONE: u32 = u32::MAX;

/// Things by number.
pub(crate) struct Slab<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T: Copy> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn insert(&mut self, item: T) -> u32 {
        if let Some(number) = self.free.pop() {
            self.items[number as usize] = item;
            return number;
        }
        self.items.push(item);
        (self.items.len() - 1) as u32
    }

    /// One more than the highest number so far.
    pub(crate) fn len(&self) -> u32 {
        self.items.len() as u32
    }

    pub(crate) fn remove(&mut self, number: u32) {
        self.free.push(number);
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> T {
        self.items[number as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: u32) -> &mut T {
        &mut self.items[number as usize]
    }

    pub(crate) fn bytes(&self) -> usize {
        self.items.capacity() * size_of::<T>() + self.free.capacity() * 4
    }
}
