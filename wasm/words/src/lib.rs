//! What reads texts: how long a server asks to wait, the pattern of a message, when a letter is redriven.
//!
//! The npm package's second module, beside the numeric one: only `retryHttp` and `DeadLetterQueue` carry
//! it. Like that one it has no glue and no imports: a text goes through one buffer of bytes that
//! JavaScript sees, and what comes back is a number, or the length of a text in the same buffer.

#![cfg(target_family = "wasm")]
#![no_std]

mod allocator;

use core::{cell::UnsafeCell, str};

use redrive::dead_letter::pattern;

/// How many bytes the buffer has: the headers of a response, or a key.
const LENGTH: usize = 65_536;

struct Shared(UnsafeCell<[u8; LENGTH]>);

// SAFETY: the module has one thread: wasm32-unknown-unknown without atomics has no others, and every
// instance has a memory of its own.
#[allow(unsafe_code, reason = "a static that changes, without threads")]
unsafe impl Sync for Shared {}

static BUFFER: Shared = Shared(UnsafeCell::new([0; LENGTH]));

/// Lends the buffer. Never nested: only exported functions call this, and none of them is called from
/// within.
#[allow(unsafe_code, reason = "a static that changes, without threads")]
fn with<T>(work: impl FnOnce(&mut [u8; LENGTH]) -> T) -> T {
    allocator::reset();
    // SAFETY: one thread, and never nested, so this is the only reference.
    work(unsafe { &mut *BUFFER.0.get() })
}

/// The address of the buffer.
#[allow(unsafe_code, reason = "an exported name; there is one module, so nothing else bears it")]
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    BUFFER.0.get().cast_const().cast()
}

/// Puts the pattern of the message in the buffer in its place; its length.
#[allow(unsafe_code, reason = "as above")]
#[unsafe(no_mangle)]
pub extern "C" fn shape(bytes: usize) -> usize {
    with(|buffer| {
        let text = pattern(read(buffer, bytes));
        let length = text.len().min(LENGTH);
        if let (Some(place), Some(text)) = (buffer.get_mut(..length), text.as_bytes().get(..length))
        {
            place.copy_from_slice(text);
        }
        length
    })
}

/// The text in the buffer; JavaScript writes nothing else.
fn read(buffer: &[u8; LENGTH], bytes: usize) -> &str {
    buffer.get(..bytes).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
}
