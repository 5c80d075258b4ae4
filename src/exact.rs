//! Whole numbers that survive every reader of JSON.
//!
//! A JavaScript number is exact up to 2^53 - 1; nanoseconds since 1970 and most seeds lie beyond. So
//! that a record means the same after a pass through `JSON.parse`, a whole number in our records is a
//! JSON number as long as that is exact and decimal text above; both are read everywhere.

use alloc::{format, string::ToString};

use crate::{
    time::{Duration, Time},
    wire::{ConfigError, Fields, Value, quoted},
};

/// The largest number that every JSON reader holds exactly: 2^53 - 1.
pub(crate) const MAX_EXACT: u64 = (1 << 53) - 1;

/// `number` as it is written in a record.
pub(crate) fn whole(number: u64) -> Value {
    if number <= MAX_EXACT { Value::Unsigned(number) } else { Value::Text(number.to_string()) }
}

/// `time` as it is written in a record.
pub(crate) fn time(time: Time) -> Value {
    whole(time.as_nanos())
}

/// `bits` as 16 hexadecimal digits: fingerprints, never used as numbers.
pub(crate) fn hex(bits: u64) -> Value {
    Value::Text(format!("{bits:016x}"))
}

/// Reads an integer, written as a number or as a decimal string.
pub(crate) fn read_whole(fields: &Fields<'_>, name: &str) -> Result<Option<u64>, ConfigError> {
    let Some(Value::Text(text)) = fields.get(name) else { return fields.unsigned(name) };
    match text.parse::<u64>() {
        Ok(number) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(number)),
        _ => {
            let message = format!("= {} is not a whole number from 0 to 2^64 - 1", quoted(text));
            Err(fields.error(name, message))
        }
    }
}

/// Reads a whole number that has to be there.
pub(crate) fn required_whole(fields: &Fields<'_>, name: &str) -> Result<u64, ConfigError> {
    read_whole(fields, name)?
        .ok_or_else(|| fields.error(name, "is missing; write a whole number from 0 up"))
}

/// Reads a whole number of at most 2^32 - 1.
pub(crate) fn read_u32(fields: &Fields<'_>, name: &str) -> Result<Option<u32>, ConfigError> {
    let Some(number) = read_whole(fields, name)? else { return Ok(None) };
    match u32::try_from(number) {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(fields.error(name, format!("= {number} is above {}", u32::MAX))),
    }
}

/// Reads a whole number of at most 2^32 - 1 that has to be there.
pub(crate) fn required_u32(fields: &Fields<'_>, name: &str) -> Result<u32, ConfigError> {
    read_u32(fields, name)?
        .ok_or_else(|| fields.error(name, "is missing; write a whole number from 0 up"))
}

/// Reads a time in nanoseconds; `null` reads as `None`.
pub(crate) fn read_time(fields: &Fields<'_>, name: &str) -> Result<Option<Time>, ConfigError> {
    if fields.is_null(name) {
        return Ok(None);
    }
    Ok(read_whole(fields, name)?.map(Time::from_nanos))
}

/// Reads a duration in nanoseconds; `null` is none.
pub(crate) fn read_nanos(fields: &Fields<'_>, name: &str) -> Result<Option<Duration>, ConfigError> {
    if fields.is_null(name) {
        return Ok(None);
    }
    Ok(read_whole(fields, name)?.map(Duration::from_nanos))
}

/// Reads 16 hexadecimal digits.
pub(crate) fn read_hex(fields: &Fields<'_>, name: &str) -> Result<Option<u64>, ConfigError> {
    let Some(text) = fields.text(name)? else { return Ok(None) };
    let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    match u64::from_str_radix(text, 16) {
        Ok(bits) if digits => Ok(Some(bits)),
        _ => Err(fields.error(name, format!("= {} is not 16 hexadecimal digits", quoted(text)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_a_double_cannot_hold_are_written_as_text() {
        assert_eq!(whole(MAX_EXACT), Value::Unsigned(9_007_199_254_740_991));
        assert_eq!(whole(MAX_EXACT + 1), Value::from("9007199254740992"));
        for number in [0, MAX_EXACT, MAX_EXACT + 1, u64::MAX] {
            let record = Value::map([("n", whole(number)), ("h", hex(number))]);
            let fields = Fields::read(&record, "", &["n", "h"]).unwrap();
            assert_eq!(read_whole(&fields, "n"), Ok(Some(number)));
            assert_eq!(read_hex(&fields, "h"), Ok(Some(number)));
        }
    }

    #[test]
    fn texts_that_are_not_numbers_are_refused() {
        for text in ["", "+1", "-1", "1.0", "0x10", "18446744073709551616", " 1"] {
            let record = Value::map([("n", Value::from(text))]);
            let fields = Fields::read(&record, "letter", &["n"]).unwrap();
            let error = read_whole(&fields, "n").unwrap_err();
            assert_eq!(error.path(), "letter.n", "{text}");
        }
    }
}
