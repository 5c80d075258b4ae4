//! From the tree to any type that serde knows.

use alloc::{format, string::ToString};
use core::fmt;

use ::serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, Expected, IntoDeserializer, MapAccess, SeqAccess,
        Unexpected, VariantAccess, Visitor, value::StrDeserializer,
    },
    forward_to_deserialize_any,
};

use super::{ConfigError, Value, suggest::unknown_field};

/// Reads a type of your own from the tree: a payload, say.
///
/// ```
/// use redrive::wire::{Value, from_value};
///
/// let payload = Value::map([("order", 17_u64.into()), ("items", vec!["book", "pen"].into())]);
/// #[derive(serde::Deserialize)]
/// struct Job {
///     order: u64,
///     items: Vec<String>,
/// }
/// let job: Job = from_value(&payload)?;
/// assert_eq!((job.order, job.items.len()), (17, 2));
/// # Ok::<(), redrive::wire::ConfigError>(())
/// ```
///
/// # Errors
/// When the tree does not fit the type; the error names the place.
pub fn from_value<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, ConfigError> {
    T::deserialize(Reader(value))
}

/// A tree to be read through serde.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'de>(pub(crate) &'de Value);

impl Error for ConfigError {
    /// An error of ours that went through serde begins with its place in a list.
    fn custom<T: fmt::Display>(message: T) -> ConfigError {
        let message = message.to_string();
        match message.split_once(' ').filter(|(place, _)| place.starts_with('[')) {
            Some((place, message)) => ConfigError::new(place, message),
            None => ConfigError::new("", message),
        }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> ConfigError {
        ConfigError::new("", format!("is {unexpected}; write {expected}"))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> ConfigError {
        ConfigError::new("", format!("is {unexpected}; write {expected}"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> ConfigError {
        unknown_field("", field, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> ConfigError {
        match super::one_of("", variant, expected) {
            Err(error) => error,
            Ok(word) => ConfigError::new("", format!("= \"{variant}\"; write \"{word}\"")),
        }
    }

    fn missing_field(field: &'static str) -> ConfigError {
        ConfigError::new(field, "is missing")
    }

    fn duplicate_field(field: &'static str) -> ConfigError {
        ConfigError::new(field, "is given twice; keep one")
    }
}

impl<'de> IntoDeserializer<'de, ConfigError> for Reader<'de> {
    type Deserializer = Reader<'de>;

    fn into_deserializer(self) -> Reader<'de> {
        self
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = ConfigError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Unsigned(number) => visitor.visit_u64(*number),
            Value::Signed(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Literal(_, number) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(Items { items: items.iter(), next: 0 }),
            Value::Map(entries) => {
                visitor.visit_map(Entries { entries: entries.iter(), value: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        match self.0 {
            Value::Text(text) => visitor.visit_enum(Variant { name: text, content: None }),
            Value::Map(entries) if entries.len() == 1 => {
                let (name, content) = &entries[0];
                visitor.visit_enum(Variant { name, content: Some(content) })
            }
            other => {
                let words = variants.join(", ");
                Err(ConfigError::new("", format!("is {}; write one of: {words}", other.kind())))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'de> {
    items: core::slice::Iter<'de, Value>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = ConfigError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ConfigError> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let place = self.next;
        self.next += 1;
        let read = seed.deserialize(Reader(item));
        read.map(Some).map_err(|error| error.inside(&format!("[{place}]")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'de> {
    entries: core::slice::Iter<'de, (alloc::string::String, Value)>,
    value: Option<(&'de str, &'de Value)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = ConfigError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ConfigError> {
        let Some((name, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some((name, value));
        let name: StrDeserializer<'_, ConfigError> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, ConfigError> {
        let Some((name, value)) = self.value.take() else {
            return Err(ConfigError::new("", "has a value without a name"));
        };
        seed.deserialize(Reader(value)).map_err(|error| error.inside(name))
    }
}

struct Variant<'de> {
    name: &'de str,
    content: Option<&'de Value>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = ConfigError;
    type Variant = Variant<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Variant<'de>), ConfigError> {
        let name: StrDeserializer<'_, ConfigError> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> Variant<'de> {
    fn content(&self) -> Reader<'de> {
        Reader(self.content.unwrap_or(&Value::Null))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = ConfigError;

    fn unit_variant(self) -> Result<(), ConfigError> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(other) => {
                Err(ConfigError::new(self.name, format!("has {}; leave it out", other.kind())))
            }
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, ConfigError> {
        seed.deserialize(self.content())
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        self.content().deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        self.content().deserialize_any(visitor)
    }
}
