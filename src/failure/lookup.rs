//! From a code to its kind: one hash of the text and a comparison, without allocating.

use super::{
    Kind, System,
    table::{GRPC, PREFIXES, ROWS, Row},
};

/// Places of the index: a power of two, at least twice as many as there are codes.
const PLACES: usize = 2048;
const EMPTY: u16 = u16::MAX;

/// Where each code is in the table: its row in the upper byte, its place there in the lower one.
static INDEX: [u16; PLACES] = index();

const fn hash(text: &[u8]) -> usize {
    // FNV-1a: short texts, no hostile ones inside; a hostile one outside costs one more comparison.
    let mut hash = 0x811c_9dc5_u32;
    let mut at = 0;
    while at < text.len() {
        hash = (hash ^ text[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (hash ^ (hash >> 15)) as usize % PLACES
}

const fn index() -> [u16; PLACES] {
    let mut index = [EMPTY; PLACES];
    let mut row = 0;
    while row < ROWS.len() {
        let codes = ROWS[row].codes;
        let mut code = 0;
        while code < codes.len() {
            let mut place = hash(codes[code].as_bytes());
            while index[place] != EMPTY {
                place = (place + 1) % PLACES;
            }
            index[place] = (row as u16) << 8 | code as u16;
            code += 1;
        }
        row += 1;
    }
    index
}

/// The row that lists exactly this code.
fn listed(code: &str) -> Option<&'static Row> {
    let mut place = hash(code.as_bytes());
    loop {
        let entry = INDEX[place];
        if entry == EMPTY {
            return None;
        }
        let row = &ROWS[usize::from(entry >> 8)];
        if row.codes[usize::from(entry & 0xff)] == code {
            return Some(row);
        }
        place = (place + 1) % PLACES;
    }
}

/// The kind of failure that a kind's name, a code, or a class name denotes; `None` for what the
/// vocabulary does not know.
///
/// HTTP statuses from 400 to 599 that are not listed count as [`Invalid`](Kind::Invalid) and
/// [`Server`](Kind::Server). Numbers from 1 to 16 are gRPC's. Of a name with a package
/// (`java.net.ConnectException`, `Errno::ECONNREFUSED`) the last part counts. Upper and lower case
/// differ.
pub fn kind_of(word: &str) -> Option<Kind> {
    if let Some(kind) = Kind::parse(word) {
        return Some(kind);
    }
    if let Some(row) = listed(word) {
        return Some(row.kind);
    }
    if let Some(number) = grpc_number(word) {
        return listed(GRPC[usize::from(number)]).map(|row| row.kind);
    }
    if let Some(status) = status(word) {
        return kind_of_status(status);
    }
    if let Some((_, kind)) = PREFIXES.iter().find(|(prefix, _)| word.starts_with(prefix)) {
        return Some(*kind);
    }
    let (_, last) = word.rsplit_once(['.', ':', '#', '$', '/', '\\'])?;
    // A last part that is a number is a version or a port.
    let is_name = last.starts_with(|c: char| c.is_ascii_alphabetic());
    listed(last).filter(|_| is_name).map(|row| row.kind)
}

/// The kind of failure that an HTTP status or the number of a gRPC code denotes.
pub fn kind_of_number(number: u32) -> Option<Kind> {
    match number {
        1..=16 => listed(GRPC[number as usize]).map(|row| row.kind),
        _ => u16::try_from(number).ok().and_then(kind_of_status),
    }
}

/// The system that a code belongs to; `None` for what is not listed.
pub fn system_of(code: &str) -> Option<System> {
    match grpc_number(code) {
        Some(_) => Some(System::Grpc),
        None if status(code).is_some() => Some(System::Http),
        None => listed(code).map(|row| row.system),
    }
}

fn kind_of_status(status: u16) -> Option<Kind> {
    let digit = |place: u16| b'0' + (status / place % 10) as u8;
    let digits = [digit(100), digit(10), digit(1)];
    let listed = core::str::from_utf8(&digits).ok().and_then(listed);
    match (listed, status) {
        (Some(row), 400..=599) => Some(row.kind),
        (None, 400..=499) => Some(Kind::Invalid),
        (None, 500..=599) => Some(Kind::Server),
        _ => None,
    }
}

/// The HTTP status that a word is: `503` or `http503`.
pub(super) fn status(word: &str) -> Option<u16> {
    let digits = word.strip_prefix("http").unwrap_or(word);
    if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|status| (100..600).contains(status))
}

/// The number of the gRPC code that a word is, by name or by number. 0 (OK) is not a failure and gives `None`.
pub(super) fn grpc_number(word: &str) -> Option<u8> {
    if word.len() <= 2 && !word.starts_with(['0', '+']) {
        return word.parse().ok().filter(|number| *number < GRPC.len() as u8);
    }
    let number = GRPC.iter().position(|name| *name == word)?;
    u8::try_from(number).ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeSet, format};

    use super::*;

    #[test]
    fn every_code_is_listed_once_and_found() {
        let mut seen = BTreeSet::new();
        for row in ROWS {
            assert!(row.codes.len() < 256 && !row.codes.is_empty());
            for code in row.codes {
                assert!(seen.insert(*code), "{code} is in two rows");
                assert_eq!(kind_of(code), Some(row.kind), "{code}");
                assert_eq!(system_of(code), Some(row.system), "{code}");
            }
        }
        assert!(seen.len() * 2 < PLACES && ROWS.len() < 255);
    }

    #[test]
    fn every_grpc_code_is_a_failure_of_some_kind() {
        for (number, name) in GRPC.iter().enumerate().skip(1) {
            assert_eq!(kind_of(&format!("{number}")), kind_of(name));
            assert_eq!(kind_of_number(number as u32), kind_of(name));
            assert!(kind_of(name).is_some(), "{name}");
        }
        assert_eq!((kind_of("0"), kind_of("OK"), kind_of("17")), (None, None, None));
    }

    #[test]
    fn statuses_that_are_not_listed_go_by_their_first_digit() {
        assert_eq!(kind_of("418"), Some(Kind::Invalid));
        assert_eq!(kind_of("http507"), Some(Kind::Server));
        assert_eq!(kind_of_number(599), Some(Kind::Timeout));
        assert_eq!((kind_of("200"), kind_of("600"), kind_of_number(304)), (None, None, None));
    }

    #[test]
    fn of_a_name_with_a_package_the_last_part_counts() {
        for (name, kind) in [
            ("java.net.ConnectException", Some(Kind::Connection)),
            ("Errno::ECONNREFUSED", Some(Kind::Connection)),
            ("com.amazonaws.dynamodb.v20120810#ThrottlingException", Some(Kind::Throttle)),
            ("requests.exceptions.ReadTimeout", Some(Kind::Timeout)),
            ("CERT_HAS_EXPIRED", Some(Kind::Connection)),
            ("v1.429", None),
            ("app.", None),
        ] {
            assert_eq!(kind_of(name), kind, "{name}");
        }
    }
}
