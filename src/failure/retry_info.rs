//! The wait in `google.rpc.RetryInfo`: as much of protocol buffers as it takes.

use alloc::vec::Vec;

use super::retry_after::SECOND;
use crate::time::Duration;

/// The delay that the `google.rpc.RetryInfo` among the details of a `google.rpc.Status` asks for; `status`
/// is that message as it is on the wire, which the metadata `grpc-status-details-bin` holds.
pub fn retry_info(status: &[u8]) -> Option<Duration> {
    of_status(status).map(super::retry_after::duration)
}

/// The same in base64, as metadata is written where only text goes.
pub(super) fn of_base64(text: &str) -> Option<u64> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    of_status(&bytes)
}

/// `Status { 3: repeated Any details }`, `Any { 1: type_url, 2: value }`,
/// `RetryInfo { 1: Duration retry_delay }`.
fn of_status(status: &[u8]) -> Option<u64> {
    let mut longest = None;
    for (number, detail) in Fields(status) {
        let Field::Bytes(detail) = detail else { continue };
        let url = bytes(detail, 1).unwrap_or_default();
        if number == 3 && url.ends_with(b"google.rpc.RetryInfo") {
            let delay = bytes(bytes(detail, 2).unwrap_or_default(), 1).unwrap_or_default();
            longest = longest.max(Some(of_duration(delay)));
        }
    }
    longest
}

/// `Duration { 1: int64 seconds, 2: int32 nanos }`; what is negative is 0.
fn of_duration(duration: &[u8]) -> u64 {
    let (mut seconds, mut nanos) = (0, 0);
    for (number, field) in Fields(duration) {
        match (number, field) {
            (1, Field::Number(value)) => seconds = value,
            (2, Field::Number(value)) => nanos = value,
            _ => {}
        }
    }
    let positive = |value: u64| if value > i64::MAX as u64 { 0 } else { value };
    let nanos = positive(nanos).min(SECOND - 1);
    positive(seconds).saturating_mul(SECOND).saturating_add(nanos)
}

fn bytes(message: &[u8], wanted: u64) -> Option<&[u8]> {
    Fields(message).find_map(|(number, field)| match field {
        Field::Bytes(bytes) if number == wanted => Some(bytes),
        _ => None,
    })
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The fields of a message, as far as it is one.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => self.take(8).map(|_| Field::Fixed)?,
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Field::Fixed)?,
            _ => return None,
        };
        Some((key >> 3, field))
    }
}
