//! The name of a task.

use alloc::{
    boxed::Box,
    string::{String, ToString},
    sync::Arc,
};
use core::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use crate::random::key_of;

/// The name of a task: a number, or a text.
///
/// A key is its text: two keys are equal when their texts are. Only the random draws and the order of
/// tasks that are due at one instant work with a number, the 64-bit [`id`](Key::id) that one rule makes
/// of the text ([`key_of`]): a decimal number means itself, so `Key::from(17)` and `Key::from("17")` are
/// the same key. Two texts with one id are two tasks that draw the same delays. Cloning copies no text.
///
/// ```
/// use redrive::Key;
///
/// assert_eq!(Key::from(17), Key::from("17"));
/// assert_eq!(Key::from("order-17").to_string(), "order-17");
/// assert_ne!(Key::from("!0IC=VloaY"), Key::from("77kepQFQ8Kl"), "though both have the id 0");
/// ```
#[derive(Clone)]
pub struct Key(Name);

#[derive(Clone)]
enum Name {
    /// The text is the decimal form of the number.
    Number(u64),
    Text(Arc<Text>),
}

struct Text {
    id: u64,
    text: Box<str>,
}

impl Key {
    /// The number that this key draws its delays with.
    pub fn id(&self) -> u64 {
        match &self.0 {
            Name::Number(id) => *id,
            Name::Text(text) => text.id,
        }
    }

    /// The text, unless the key is a number.
    pub fn as_text(&self) -> Option<&str> {
        match &self.0 {
            Name::Number(_) => None,
            Name::Text(text) => Some(&text.text),
        }
    }
}

impl Default for Key {
    fn default() -> Key {
        Key(Name::Number(0))
    }
}

impl From<u64> for Key {
    fn from(id: u64) -> Key {
        Key(Name::Number(id))
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        let id = key_of(text);
        if text.len() <= 20 && id.to_string() == text {
            return Key(Name::Number(id));
        }
        Key(Name::Text(Arc::new(Text { id, text: text.into() })))
    }
}

impl From<String> for Key {
    fn from(text: String) -> Key {
        Key::from(text.as_str())
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Key {
        Key::from(text.as_str())
    }
}

impl From<&Key> for Key {
    fn from(key: &Key) -> Key {
        key.clone()
    }
}

impl PartialEq for Key {
    #[inline]
    fn eq(&self, other: &Key) -> bool {
        match (&self.0, &other.0) {
            (Name::Number(a), Name::Number(b)) => a == b,
            (Name::Text(a), Name::Text(b)) => Arc::ptr_eq(a, b) || a.text == b.text,
            (Name::Number(_), Name::Text(_)) | (Name::Text(_), Name::Number(_)) => false,
        }
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
        self.as_text().hash(state);
    }
}

impl Ord for Key {
    /// By id, the order in which due tasks are handed out; texts only part what the hash unites.
    fn cmp(&self, other: &Key) -> Ordering {
        (self.id(), self.as_text()).cmp(&(other.id(), other.as_text()))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Name::Number(id) => write!(f, "{id}"),
            Name::Text(text) => f.write_str(&text.text),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

#[cfg(feature = "serde")]
mod serde_impls {
    use core::fmt;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use super::Key;

    impl Serialize for Key {
        /// As its text, numbers too: a JavaScript number would round a large one.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Key {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
            deserializer.deserialize_any(Visitor)
        }
    }

    struct Visitor;

    impl de::Visitor<'_> for Visitor {
        type Value = Key;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string, or an integer from 0")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
            Ok(Key::from(text))
        }

        fn visit_u64<E: de::Error>(self, id: u64) -> Result<Key, E> {
            Ok(Key::from(id))
        }

        fn visit_i64<E: de::Error>(self, id: i64) -> Result<Key, E> {
            let wrong = |_| E::invalid_value(de::Unexpected::Signed(id), &self);
            u64::try_from(id).map(Key::from).map_err(wrong)
        }
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
            assert_eq!(Key::from(key.to_string()), key);
        }
        assert_eq!(Key::from(u64::MAX), Key::from("18446744073709551615"));
        assert_eq!(size_of::<Key>(), 16);
    }

    #[test]
    fn texts_that_share_a_hash_are_different_keys() {
        // FNV-1a gives all three of these the hash 0.
        let texts = ["!0IC=VloaY", "QvXtM>@Fp%", "77kepQFQ8Kl", "0"];
        for (i, a) in texts.iter().enumerate() {
            assert_eq!(Key::from(*a).id(), 0);
            for b in &texts[..i] {
                assert_ne!(Key::from(*a), Key::from(*b));
                assert_ne!(Key::from(*a).cmp(&Key::from(*b)), Ordering::Equal);
            }
        }
    }
}
