//! The floats that JavaScript writes before a call and reads after it.

use core::{cell::UnsafeCell, mem::MaybeUninit};

use redrive::{
    Budget,
    policy::{numbers::new_budget, places},
};

/// How many floats there are: a table of delays and a long key have to fit.
const LENGTH: usize = places::LENGTH;

/// The shared floats.
pub(crate) struct Buffer([f64; LENGTH]);

impl Buffer {
    pub(crate) fn address(&self) -> *const f64 {
        self.0.as_ptr()
    }

    /// 0 behind the end.
    pub(crate) fn get(&self, index: usize) -> f64 {
        self.0.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn put(&mut self, index: usize, number: f64) {
        if let Some(slot) = self.0.get_mut(index) {
            *slot = number;
        }
    }

    /// A 64-bit number from its high and its low half.
    pub(crate) fn halves(&self, index: usize) -> u64 {
        let (high, low) = (self.get(index) as u32, self.get(index + 1) as u32);
        u64::from(high) << 32 | u64::from(low)
    }

    pub(crate) fn put_halves(&mut self, index: usize, number: u64) {
        self.put(index, ((number >> 32) as u32).into());
        self.put(index + 1, (number as u32).into());
    }

    /// `N` numbers; all zero where there are not so many, which no caller asks for.
    pub(crate) fn row<const N: usize>(&self, index: usize) -> [f64; N] {
        self.0.get(index..index + N).and_then(|row| row.try_into().ok()).unwrap_or([0.0; N])
    }

    /// The budget in the buffer. It begins as the numbers of a rule; in use it lies there as it is, and
    /// JavaScript keeps its bytes from one call to the next without reading them.
    #[allow(unsafe_code, reason = "floats seen as a budget")]
    pub(crate) fn budget(&mut self) -> &mut Budget {
        const { assert!(size_of::<Budget>() <= 8 * (places::REST - places::BUDGET_STATE)) };
        let begins = self.get(places::BUDGET) >= 0.0;
        let rule = self.row(places::BUDGET);
        if begins {
            self.put(places::BUDGET, -1.0);
        }
        // SAFETY: so many bytes are there, see above, and a float is aligned as a budget is.
        let slot = unsafe {
            let place = self.0.as_mut_ptr().add(places::BUDGET_STATE);
            &mut *place.cast::<MaybeUninit<Budget>>()
        };
        if begins {
            return slot.write(new_budget(&rule));
        }
        // SAFETY: -1 is written above alone, where a budget follows; its bytes come back as they went,
        // and they own nothing: a rule of numbers has no costs by class.
        unsafe { slot.assume_init_mut() }
    }

    /// The numbers as bytes from that number on; `None` where there are not so many.
    #[allow(unsafe_code, reason = "floats seen as bytes")]
    pub(crate) fn bytes(&self, index: usize, length: usize) -> Option<&[u8]> {
        let floats = self.0.get(index..)?;
        if length > size_of_val(floats) {
            return None;
        }
        // SAFETY: initialised memory of at least that many bytes, borrowed for as long as the bytes,
        // and every byte is a valid u8.
        Some(unsafe { core::slice::from_raw_parts(floats.as_ptr().cast::<u8>(), length) })
    }
}

struct Shared(UnsafeCell<Buffer>);

// SAFETY: the module has one thread: wasm32-unknown-unknown without atomics has no others, and every
// instance has a memory of its own.
#[allow(unsafe_code, reason = "a static that changes, without threads")]
unsafe impl Sync for Shared {}

static BUFFER: Shared = Shared(UnsafeCell::new(Buffer([0.0; LENGTH])));

/// Lends the buffer. Never nested: only exported functions call this, and none of them is called from
/// within.
#[allow(unsafe_code, reason = "a static that changes, without threads")]
pub(crate) fn with<T>(work: impl FnOnce(&mut Buffer) -> T) -> T {
    // SAFETY: one thread, and never nested, so this is the only reference.
    work(unsafe { &mut *BUFFER.0.get() })
}
