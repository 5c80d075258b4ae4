//! Text that somebody else wrote, as people may see it.
//!
//! A name in a scenario or the message of a remote error can hold what moves the cursor of a terminal,
//! turns the direction of the text around it, or cannot be seen. All of that is shown as an escape.

use alloc::{borrow::Cow, format, string::String};

/// Characters of a value that an error repeats.
const REPEATED: usize = 120;

/// Whether a character is a control character (C0, DEL, C1), ends a line, turns the direction of text,
/// or takes no room: what does more, or less, than show itself.
#[must_use]
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// `text` with an escape like `\n` or `\u{202e}` for every character that is hidden.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if is_hidden(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// The first `most` characters of `text`, and how many there are where that is not all.
#[must_use]
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let start = text.get(..end).unwrap_or_default();
            Cow::Owned(format!("{start}\u{2026} ({} characters)", text.chars().count()))
        }
    }
}

/// A value as an error repeats it: in quotes, visible, and not at any length.
#[must_use]
pub fn quoted(value: &str) -> String {
    format!("\"{}\"", visible(&shortened(value, REPEATED)))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn what_cannot_be_seen_becomes_an_escape() {
        for (text, shown) in [
            ("plain – “Ω” 日本 é", "plain – “Ω” 日本 é"),
            ("\x1b[31m", "\\u{1b}[31m"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{7f}\u{9b}\u{202e}\u{200b}\u{feff}", "\\u{7f}\\u{9b}\\u{202e}\\u{200b}\\u{feff}"),
        ] {
            assert_eq!(visible(text), shown);
            assert!(!visible(text).chars().any(is_hidden));
        }
    }

    #[test]
    fn long_values_are_cut_with_their_length() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("äöüß", 3), "äöü… (4 characters)");
        assert!(quoted(&"x".repeat(1_000_000)).len() < 200);
        assert_eq!(quoted("a\u{1b}"), "\"a\\u{1b}\"".to_string());
    }
}
