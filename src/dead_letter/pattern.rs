//! What a message says without the numbers in it, so that letters that died of one thing meet.
//!
//! `timeout after 31 ms` and `timeout after 47 ms` are one problem, and so are two messages that
//! differ in an order number, a UUID or an address. Everything that names an instance becomes `#`;
//! what is left is the *pattern*, and its hash with the failure's kind is the *fingerprint*. This is
//! what makes a queue of ten thousand letters readable: usually it holds three groups.
//!
//! The rules, frozen because fingerprints are stored: a UUID is `#`; a word of hexadecimal digits
//! that is at least eight long and has a digit in it is `#`; every other run of digits is `#`;
//! numbers joined by one of `. , : - /` are one `#`; runs of space are one space; at most
//! [`MAX_PATTERN`] bytes.

use alloc::{borrow::ToOwned, string::String};

use crate::random::hash_of;

/// The longest pattern, in bytes.
pub const MAX_PATTERN: usize = 256;

/// `message` with `#` in the place of numbers and ids.
///
/// ```
/// use redrive::dead_letter::pattern;
///
/// assert_eq!(pattern("timeout after 31 ms"), "timeout after # ms");
/// assert_eq!(pattern("10.0.0.7:8080 refused order-17"), "# refused order-#");
/// assert_eq!(pattern("no row 8f14e45f-ceea-467a-9575-0b1c2d3e4f50"), "no row #");
/// ```
pub fn pattern(message: &str) -> String {
    Pattern::of(message).as_str().to_owned()
}

fn read(message: &str, out: &mut Pattern) {
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        if out.length >= MAX_PATTERN {
            break;
        }
        if !first.is_ascii_alphanumeric() {
            out.other(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        if is_uuid(rest.as_bytes()) {
            out.number();
            rest = &rest[UUID..];
            continue;
        }
        let end = rest.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
        out.word(&rest[..end]);
        rest = &rest[end..];
    }
    out.flush();
}

/// The fingerprint of a failure: the same for all failures of one kind whose messages have one
/// [`pattern`].
pub fn fingerprint(kind: &str, message: &str) -> u64 {
    let pattern = Pattern::of(message);
    // No message and no kind is confused with another split of the same letters.
    hash_of(&[kind.as_bytes(), b"\0", pattern.as_str().as_bytes()])
}

/// The length of a UUID in text.
const UUID: usize = 36;

fn is_uuid(bytes: &[u8]) -> bool {
    let ends = bytes.get(UUID).is_none_or(|b| !b.is_ascii_alphanumeric());
    ends && bytes.len() >= UUID
        && bytes[..UUID].iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// What is written beyond the longest pattern, to see where a character ends.
const SLACK: usize = 4;

/// The pattern so far. A mark that may join two numbers (`joint`) waits for what follows it. On the stack:
/// a million letters are grouped in a third of a second.
struct Pattern {
    bytes: [u8; MAX_PATTERN + SLACK],
    length: usize,
    is_full: bool,
    joint: Option<char>,
}

impl Pattern {
    fn of(message: &str) -> Pattern {
        let mut pattern =
            Pattern { bytes: [0; MAX_PATTERN + SLACK], length: 0, is_full: false, joint: None };
        read(message, &mut pattern);
        pattern
    }

    fn as_str(&self) -> &str {
        let bytes = &self.bytes[..self.length.min(MAX_PATTERN)];
        // Whole characters were written; the cut may fall into one.
        match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        }
    }

    fn push(&mut self, c: char) {
        let room = &mut self.bytes[self.length..];
        if self.is_full || c.len_utf8() > room.len() {
            self.is_full = true;
            return;
        }
        self.length += c.encode_utf8(room).len();
    }

    fn ends_with(&self, byte: u8) -> bool {
        self.bytes[..self.length].last() == Some(&byte)
    }

    fn number(&mut self) {
        if self.joint.take().is_none() {
            self.push('#');
        }
    }

    fn word(&mut self, word: &str) {
        let digits = word.bytes().any(|b| b.is_ascii_digit());
        if digits && word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit()) {
            return self.number();
        }
        let mut in_number = false;
        for c in word.chars() {
            let digit = c.is_ascii_digit();
            if digit && !in_number {
                self.number();
            } else if !digit {
                self.flush();
                self.push(c);
            }
            in_number = digit;
        }
    }

    fn other(&mut self, c: char) {
        self.flush();
        if c.is_whitespace() {
            if !self.ends_with(b' ') {
                self.push(' ');
            }
        } else if matches!(c, '.' | ',' | ':' | '-' | '/') && self.ends_with(b'#') {
            self.joint = Some(c);
        } else {
            self.push(c);
        }
    }

    fn flush(&mut self) {
        if let Some(mark) = self.joint.take() {
            self.push(mark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_an_instance_is_taken_out() {
        for (message, expected) in [
            ("timeout after 31 ms", "timeout after # ms"),
            ("timeout after 31ms", "timeout after #ms"),
            ("took 1.5 s, limit 1,000", "took # s, limit #"),
            ("commit 3f9a1c22 is gone", "commit # is gone"),
            ("decade feedface cafe", "decade feedface cafe"),
            ("at 2026-11-23 14:00:05.", "at # #."),
            ("  spaced\t\tout  ", " spaced out "),
            ("x86 and #", "x# and #"),
            ("8f14e45f-ceea-467a-9575-0b1c2d3e4f50x", "#-ceea-#a-#b#c#d#e#f#x"),
            ("naïve 7 ünits", "naïve # ünits"),
            ("", ""),
        ] {
            assert_eq!(pattern(message), expected, "{message}");
        }
    }

    #[test]
    fn patterns_are_bounded_at_a_character() {
        let long = pattern(&"ä ".repeat(1000));
        assert!(long.len() <= MAX_PATTERN && long.len() >= MAX_PATTERN - 1);
    }

    #[test]
    fn the_kind_is_part_of_the_fingerprint() {
        assert_eq!(fingerprint("timeout", "after 31 ms"), fingerprint("timeout", "after 47 ms"));
        assert_ne!(fingerprint("timeout", "after 31 ms"), fingerprint("db", "after 31 ms"));
        assert_ne!(fingerprint("ab", "c"), fingerprint("a", "bc"));
    }
}
