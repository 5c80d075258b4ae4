//! No allocator. The engine's types can hold lists and texts, so the linker asks for one; nothing that
//! this module does ever creates a list or a text.

use core::{
    alloc::{GlobalAlloc, Layout},
    panic::PanicInfo,
    ptr,
};

struct Nothing;

#[global_allocator]
static NOTHING: Nothing = Nothing;

// SAFETY: a null pointer reports that memory ran out, which is always allowed; so no block is ever
// handed out, and none can come back.
#[allow(unsafe_code, reason = "an allocator is unsafe by contract")]
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// No input reaches this; were it reached, the module stops and JavaScript gets a `RuntimeError`.
#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
