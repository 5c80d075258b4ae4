//! Colours, and text that is safe to show.
//!
//! What is printed for people is put together from our own words and from names that somebody else
//! chose. A [`Style`] writes a mark that no text can contain by the time it is printed, so whatever
//! else a terminal could take for a command is not ours, and is shown as an escape.

use std::fmt;

use redrive::wire::is_hidden;

/// How a piece of text looks. `{style}` begins it, `{style:#}` ends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// As the rest.
    #[default]
    Plain,
    Bold,
    Dim,
    Cyan,
    Green,
    Red,
    Yellow,
    Blue,
    BoldGreen,
    BoldRed,
}

/// Every style that is seen, and what a terminal takes to show it.
const CODES: [(Style, &str); 9] = [
    (Style::Bold, "\x1b[1m"),
    (Style::Dim, "\x1b[2m"),
    (Style::Cyan, "\x1b[36m"),
    (Style::Green, "\x1b[32m"),
    (Style::Red, "\x1b[31m"),
    (Style::Yellow, "\x1b[33m"),
    (Style::Blue, "\x1b[34m"),
    (Style::BoldGreen, "\x1b[1m\x1b[32m"),
    (Style::BoldRed, "\x1b[1m\x1b[31m"),
];
const RESET: &str = "\x1b[0m";

/// Marks are noncharacters: Unicode keeps them for use inside a program, and text from outside that
/// has one is shown with an escape.
const FIRST: u32 = 0xfdd0;
const END: char = '\u{fdef}';

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = CODES.iter().position(|(style, _)| style == self) else { return Ok(()) };
        let begin = char::from_u32(FIRST + place as u32).unwrap_or(END);
        fmt::Write::write_char(f, if f.alternate() { END } else { begin })
    }
}

/// `text` as a terminal may get it: marks become colours, if they are wanted, and everything hidden
/// but newlines and tabs becomes an escape.
pub(crate) fn painted(text: &str, colours: bool) -> String {
    let mut shown = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        let code = match c {
            '\n' | '\t' => None,
            END => Some(RESET),
            c => CODES.get((c as u32).wrapping_sub(FIRST) as usize).map(|(_, code)| *code),
        };
        match code {
            Some(code) if colours => shown.push_str(code),
            Some(_) => {}
            None if is_hidden(c) && c != '\n' && c != '\t' => shown.extend(c.escape_default()),
            None => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_styles_reach_a_terminal() {
        let text = format!("{}a{:#}\x1b[2J\u{9b}31m\u{202e}\tb\n", Style::Bold, Style::Bold);
        assert_eq!(painted(&text, true), "\x1b[1ma\x1b[0m\\u{1b}[2J\\u{9b}31m\\u{202e}\tb\n");
        assert_eq!(painted(&text, false), "a\\u{1b}[2J\\u{9b}31m\\u{202e}\tb\n");
        assert_eq!(painted(&format!("{}x{:#}", Style::Plain, Style::Plain), true), "x");
    }
}
