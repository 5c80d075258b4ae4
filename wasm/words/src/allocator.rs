//! A heap for one call: what is handed out is never given back, and the next call begins anew.

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::Cell,
    panic::PanicInfo,
    ptr,
};

/// Enough for the longest pattern and the bytes of a `RetryInfo`, each of which grows by doubling.
const LENGTH: usize = 262_144;

struct Heap {
    used: Cell<usize>,
    bytes: core::cell::UnsafeCell<[u128; LENGTH / 16]>,
}

// SAFETY: one thread, as in lib.rs.
#[allow(unsafe_code, reason = "a static that changes, without threads")]
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap =
    Heap { used: Cell::new(0), bytes: core::cell::UnsafeCell::new([0; LENGTH / 16]) };

/// Gives everything back; nothing may be held from one call to the next.
pub(crate) fn reset() {
    HEAP.used.set(0);
}

// SAFETY: each block lies within the heap, at a multiple of 16, and beside the others until `reset`,
// which is called before anything is allocated in a call.
#[allow(unsafe_code, reason = "an allocator is unsafe by contract")]
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.used.get();
        let end = start + layout.size().next_multiple_of(16);
        if end > LENGTH || layout.align() > 16 {
            return ptr::null_mut();
        }
        self.used.set(end);
        // SAFETY: `start` is below LENGTH.
        unsafe { self.bytes.get().cast::<u8>().add(start) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// No input reaches this; were it reached, the module stops and JavaScript gets a `RuntimeError`.
#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
