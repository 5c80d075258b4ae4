//! JSON, read and written so that nothing of it changes.
//!
//! Readers of JSON turn numbers into doubles, `1.0` into `1`, and stop at 128 levels. What lies in a
//! dead-letter file belongs to somebody else: it comes out as it went in. Neither direction recurses.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::fmt;

use super::{MAX_DEPTH, Value};

/// Levels that a record has around its payload.
const AROUND: usize = 16;

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    message: &'static str,
    /// In bytes, from 0.
    offset: usize,
    ends_early: bool,
}

impl JsonError {
    /// Where, in bytes from 0.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the text ends before its value does: cut off while it was written.
    pub fn is_cut_off(&self) -> bool {
        self.ends_early
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is not JSON: {} (byte {})", self.message, self.offset + 1)
    }
}

impl core::error::Error for JsonError {}

impl Value {
    /// Reads JSON. Numbers that would be written differently are [literals](Value::Literal).
    ///
    /// # Errors
    /// When it is not one JSON value, or nested deeper than [`MAX_DEPTH`] and a record around it.
    pub fn from_json(text: &str) -> Result<Value, JsonError> {
        Reader { text, at: 0 }.document()
    }

    /// Writes compact JSON, and numbers as they were read. Numbers that are not finite become `null`.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        write(self, &mut out);
        out
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

/// A list or map that is not closed yet.
enum Open {
    List(Vec<Value>),
    /// With the name of the value that comes next.
    Map(Vec<(String, Value)>, String),
}

impl Reader<'_> {
    fn document(mut self) -> Result<Value, JsonError> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            self.space();
            let mut value = match self.next() {
                Some(b'[') => {
                    self.step();
                    if !self.closes(b']') {
                        self.opened(&mut open, Open::List(Vec::new()))?;
                        continue;
                    }
                    Value::List(Vec::new())
                }
                Some(b'{') => {
                    self.step();
                    if !self.closes(b'}') {
                        let name = self.name()?;
                        self.opened(&mut open, Open::Map(Vec::new(), name))?;
                        continue;
                    }
                    Value::Map(Vec::new())
                }
                _ => self.scalar()?,
            };
            // The value may end all that is open around it.
            loop {
                let Some(around) = open.pop() else { return self.end(value) };
                match self.place(around, value)? {
                    Placed::Closed(whole) => value = whole,
                    Placed::Open(around) => {
                        open.push(around);
                        break;
                    }
                }
            }
        }
    }

    fn opened(&self, open: &mut Vec<Open>, new: Open) -> Result<(), JsonError> {
        if open.len() >= MAX_DEPTH + AROUND {
            return Err(self.error("nested deeper than 1000 levels"));
        }
        open.push(new);
        Ok(())
    }

    fn place(&mut self, around: Open, value: Value) -> Result<Placed, JsonError> {
        match around {
            Open::List(mut items) => {
                items.push(value);
                if self.closes(b']') {
                    return Ok(Placed::Closed(Value::List(items)));
                }
                self.expect(b',', "expected a comma or ]")?;
                Ok(Placed::Open(Open::List(items)))
            }
            Open::Map(mut entries, name) => {
                entries.push((name, value));
                if self.closes(b'}') {
                    return Ok(Placed::Closed(Value::Map(entries)));
                }
                self.expect(b',', "expected a comma or }")?;
                let name = self.name()?;
                Ok(Placed::Open(Open::Map(entries, name)))
            }
        }
    }

    fn end(mut self, value: Value) -> Result<Value, JsonError> {
        self.space();
        match self.next() {
            None => Ok(value),
            Some(_) => Err(self.error("something follows the value")),
        }
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at += 1;
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.next() {
            self.step();
        }
    }

    fn closes(&mut self, with: u8) -> bool {
        self.space();
        let closes = self.next() == Some(with);
        self.at += usize::from(closes);
        closes
    }

    fn expect(&mut self, byte: u8, otherwise: &'static str) -> Result<(), JsonError> {
        if self.closes(byte) { Ok(()) } else { Err(self.error(otherwise)) }
    }

    fn name(&mut self) -> Result<String, JsonError> {
        self.expect(b'"', "expected a name in double quotes")?;
        let name = self.string()?;
        self.expect(b':', "expected a colon")?;
        Ok(name)
    }

    fn scalar(&mut self) -> Result<Value, JsonError> {
        for (word, value) in
            [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))]
        {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        match self.next() {
            Some(b'"') => {
                self.step();
                self.string().map(Value::Text)
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) if ["null", "true", "false"].iter().any(|w| w.starts_with(self.rest())) => {
                self.at = self.text.len();
                Err(self.error("the text ends early"))
            }
            Some(_) => Err(self.error("expected a value")),
            None => Err(self.error("the text ends early")),
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What follows the opening quotes.
    fn string(&mut self) -> Result<String, JsonError> {
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | 0..0x20));
            let Some(plain) = plain else {
                self.at = self.text.len();
                return Err(self.error("the text ends early"));
            };
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.next() {
                Some(b'"') => {
                    self.step();
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.step();
                    out.push(self.escape()?);
                }
                _ => return Err(self.error("a control character in a text")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let escaped = self.next();
        self.step();
        Ok(match escaped {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.code_point()?,
            Some(_) => return Err(self.error("an unknown escape")),
            None => return Err(self.error("the text ends early")),
        })
    }

    fn code_point(&mut self) -> Result<char, JsonError> {
        let high = self.hex()?;
        if (0xd800..0xdc00).contains(&high) && self.rest().starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        // Half of a pair, which JavaScript can write and no text can hold.
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at..self.at + 4);
        let Some(digits) = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())) else {
            if self.text.len() < self.at + 4 {
                self.at = self.text.len();
                return Err(self.error("the text ends early"));
            }
            return Err(self.error("\\u without four hexadecimal digits"));
        };
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.error("not hexadecimal"))
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        self.at += usize::from(self.next() == Some(b'-'));
        let whole = self.digits()?;
        if whole > 1 && self.text.as_bytes()[self.at - whole] == b'0' {
            return Err(self.error("a number that begins with 0"));
        }
        let mut is_whole = true;
        if self.next() == Some(b'.') {
            self.step();
            self.digits()?;
            is_whole = false;
        }
        if let Some(b'e' | b'E') = self.next() {
            self.step();
            self.at += usize::from(matches!(self.next(), Some(b'+' | b'-')));
            self.digits()?;
            is_whole = false;
        }
        Ok(number(&self.text[start..self.at], is_whole))
    }

    fn digits(&mut self) -> Result<usize, JsonError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.next() {
            self.step();
        }
        if self.at > start { Ok(self.at - start) } else { Err(self.error("expected a digit")) }
    }

    #[cold]
    fn error(&self, message: &'static str) -> JsonError {
        JsonError { message, offset: self.at, ends_early: self.at >= self.text.len() }
    }
}

enum Placed {
    Closed(Value),
    Open(Open),
}

/// The number that `text` is, in a kind that writes it the same.
fn number(text: &str, is_whole: bool) -> Value {
    // What the grammar lets through is a number, so it parses.
    let nearest = || text.parse().unwrap_or(f64::NAN);
    let literal = || Value::Literal(text.to_owned(), nearest());
    if is_whole {
        if let Ok(number) = text.parse() {
            return Value::Unsigned(number);
        }
        // "-0" is not 0.
        return match text.parse() {
            Ok(number) if number != 0 => Value::Signed(number),
            _ => literal(),
        };
    }
    let number = nearest();
    if number.is_finite() && format!("{number:?}") == text {
        return Value::Float(number);
    }
    Value::Literal(text.to_owned(), number)
}

/// What is still to be written.
enum Rest<'v> {
    Items(core::slice::Iter<'v, Value>, bool),
    Entries(core::slice::Iter<'v, (String, Value)>, bool),
}

fn write(value: &Value, out: &mut String) {
    let mut rest: Vec<Rest<'_>> = Vec::new();
    rest.extend(begin(value, out));
    while let Some(last) = rest.last_mut() {
        let next = match last {
            Rest::Items(items, first) => items.next().inspect(|_| {
                if !core::mem::take(first) {
                    out.push(',');
                }
            }),
            Rest::Entries(entries, first) => entries.next().map(|(name, value)| {
                if !core::mem::take(first) {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                value
            }),
        };
        match next {
            Some(value) => rest.extend(begin(value, out)),
            None => {
                out.push(if let Rest::Items(..) = last { ']' } else { '}' });
                rest.pop();
            }
        }
    }
}

/// Writes a scalar whole, and the beginning of a list or map.
fn begin<'v>(value: &'v Value, out: &mut String) -> Option<Rest<'v>> {
    use core::fmt::Write as _;
    // Writing to a text cannot fail.
    let _ = match value {
        Value::Null => out.write_str("null"),
        Value::Bool(flag) => write!(out, "{flag}"),
        Value::Unsigned(number) => write!(out, "{number}"),
        Value::Signed(number) => write!(out, "{number}"),
        Value::Float(number) if number.is_finite() => write!(out, "{number:?}"),
        Value::Float(_) => out.write_str("null"),
        Value::Literal(text, _) => out.write_str(text),
        Value::Text(text) => {
            write_text(text, out);
            Ok(())
        }
        Value::List(items) => {
            out.push('[');
            return Some(Rest::Items(items.iter(), true));
        }
        Value::Map(entries) => {
            out.push('{');
            return Some(Rest::Entries(entries.iter(), true));
        }
    };
    None
}

fn write_text(text: &str, out: &mut String) {
    use core::fmt::Write as _;
    out.push('"');
    let mut rest = text;
    while let Some(place) = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | 0..0x20 | 0x7f)) {
        out.push_str(&rest[..place]);
        let byte = rest.as_bytes()[place];
        let _ = match byte {
            b'"' => out.write_str("\\\""),
            b'\\' => out.write_str("\\\\"),
            b'\n' => out.write_str("\\n"),
            b'\r' => out.write_str("\\r"),
            b'\t' => out.write_str("\\t"),
            byte => write!(out, "\\u{byte:04x}"),
        };
        rest = &rest[place + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn what_is_read_is_written_as_it_was() {
        for text in [
            r#"{"f":1.0,"e":1e2,"E":1E+2,"nz":-0.0,"zero":-0,"big":12345678901234567890123}"#,
            r#"{"u":18446744073709551615,"v":18446744073709551616,"i":-9223372036854775809}"#,
            r#"[0.1000000000000000055511151231257827,1e308,1e400,1e-400,9007199254740993,0.5,-7]"#,
            r#"["\u0000\u001f\u007f\n\r\t\"\\","é","😀",[],{},[[]],null,true,false]"#,
            r#"{"a":1,"a":2,"":3}"#,
        ] {
            assert_eq!(Value::from_json(text).unwrap().to_json(), text);
        }
        let line_separator = "[\"\u{2028}\u{2029}\"]";
        assert_eq!(Value::from_json(line_separator).unwrap().to_json(), line_separator);
        assert_eq!(Value::from_json(r#""😀\/""#).unwrap(), Value::from("😀/"));
        assert_eq!(Value::from_json(r#""\ud83dx""#).unwrap(), Value::from("\u{fffd}x"));
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for (text, offset) in [
            ("[1,]", 3),
            ("{a:1}", 1),
            ("01", 2),
            ("1.", 2),
            ("-", 1),
            ("[1 2]", 3),
            ("nul", 3),
            ("\"a\nb\"", 2),
            ("1 1", 2),
            ("{\"a\"}", 4),
            ("NaN", 0),
            ("", 0),
        ] {
            assert_eq!(Value::from_json(text).unwrap_err().offset(), offset, "{text}");
        }
        for cut in ["{\"a\":1", "[", "\"abc", "tru", "\"\\u00", "{\"a\":", "1e"] {
            assert!(Value::from_json(cut).unwrap_err().is_cut_off(), "{cut}");
        }
    }

    #[test]
    fn no_depth_overflows_a_stack() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth: usize| open.repeat(depth) + "1" + &close.repeat(depth);
            let fits = nested(MAX_DEPTH);
            assert_eq!(Value::from_json(&fits).unwrap().to_json(), fits);
            assert!(Value::from_json(&nested(100_000)).is_err());
        }
        let mut deep = Value::Null;
        for _ in 0..100_000 {
            deep = Value::List(vec![deep]);
        }
        assert!(deep.fault().is_some());
        assert_eq!(deep.to_json().len(), 200_004);
        deep.dismantle();
    }

    #[test]
    fn a_whole_number_is_equal_whichever_kind_holds_it() {
        assert_eq!(Value::Signed(5), Value::Unsigned(5));
        assert_ne!(Value::Signed(-5), Value::Unsigned(5));
        assert_eq!(Value::from_json(&Value::Signed(5).to_json()).unwrap(), Value::Signed(5));
        assert_eq!(Value::from(5_i64), Value::Unsigned(5));
    }
}
