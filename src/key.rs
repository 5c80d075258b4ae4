//! The name of a task.

use alloc::{string::ToString, sync::Arc};
use core::{cmp::Ordering, fmt};

use crate::random::key_of;

/// The name of a task: a number, or a text that stands for one.
///
/// Everything that decides (draws, timers, order) works with the 64-bit [`id`](Key::id); the text is
/// kept so that people find `order-17` in the dead letters. One rule turns text into ids
/// ([`key_of`]): a decimal number means itself, so `Key::from(17)` and `Key::from("17")` are the same
/// key, and a record that holds keys as text gives every key back. Cloning copies no text.
///
/// ```
/// use redrive::Key;
///
/// assert_eq!(Key::from(17), Key::from("17"));
/// assert_eq!(Key::from("order-17").to_string(), "order-17");
/// ```
#[derive(Clone, Default)]
pub struct Key {
    id: u64,
    /// Absent when the text is the decimal form of `id`.
    text: Option<Arc<str>>,
}

impl Key {
    /// The number that this key stands for.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl From<u64> for Key {
    fn from(id: u64) -> Key {
        Key { id, text: None }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        let id = key_of(text);
        let plain = text.len() <= 20 && id.to_string() == text;
        Key { id, text: (!plain).then(|| text.into()) }
    }
}

impl From<&Key> for Key {
    fn from(key: &Key) -> Key {
        key.clone()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.id == other.id && self.text == other.text
    }
}

impl Eq for Key {}

impl Ord for Key {
    /// By id, the order in which due tasks are handed out; texts only part what the hash unites.
    fn cmp(&self, other: &Key) -> Ordering {
        (self.id, &self.text).cmp(&(other.id, &other.text))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => f.write_str(text),
            None => write!(f, "{}", self.id),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_key_gives_the_key_back() {
        for text in
            ["0", "17", "18446744073709551615", "order-17", "017", "", "18446744073709551616"]
        {
            let key = Key::from(text);
            assert_eq!(key.to_string(), text);
            assert_eq!(key.id(), key_of(text));
            assert_eq!(Key::from(key.to_string().as_str()), key);
        }
        assert_eq!(Key::from(u64::MAX), Key::from("18446744073709551615"));
    }
}
