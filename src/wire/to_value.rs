//! From any type that serde knows to the tree.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use ::serde::{
    Serialize, Serializer,
    ser::{self, Error},
};

use super::{ConfigError, Value};

/// The tree of a value of your own: a payload, say.
///
/// ```
/// use redrive::wire::{Value, to_value};
///
/// let payload = to_value(&("order", 17))?;
/// assert_eq!(payload, Value::List(vec!["order".into(), 17_u64.into()]));
/// # Ok::<(), redrive::wire::ConfigError>(())
/// ```
///
/// # Errors
/// When a map has keys that are neither texts nor numbers, or the type refuses to be written.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, ConfigError> {
    value.serialize(Writer)
}

struct Writer;

impl Error for ConfigError {
    fn custom<T: fmt::Display>(message: T) -> ConfigError {
        ConfigError::new("", message.to_string())
    }
}

/// Under the name of its variant, if it is one.
fn named(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(name) => Value::Map(Vec::from([(name.to_owned(), value)])),
        None => value,
    }
}

struct Items {
    variant: Option<&'static str>,
    items: Vec<Value>,
}

struct Entries {
    variant: Option<&'static str>,
    entries: Vec<(String, Value)>,
    name: String,
}

impl Items {
    fn new(variant: Option<&'static str>) -> Items {
        Items { variant, items: Vec::new() }
    }

    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ConfigError> {
        let place = self.items.len();
        let item = item.serialize(Writer).map_err(|error| error.inside(&format!("[{place}]")))?;
        self.items.push(item);
        Ok(())
    }

    fn finish(self) -> Value {
        named(self.variant, Value::List(self.items))
    }
}

impl Entries {
    fn new(variant: Option<&'static str>) -> Entries {
        Entries { variant, entries: Vec::new(), name: String::new() }
    }

    fn push<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), ConfigError> {
        let value = value.serialize(Writer).map_err(|error| error.inside(&name))?;
        self.entries.push((name, value));
        Ok(())
    }

    fn finish(self) -> Value {
        named(self.variant, Value::Map(self.entries))
    }
}

type Written = Result<Value, ConfigError>;

impl Serializer for Writer {
    type Ok = Value;
    type Error = ConfigError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    fn serialize_bool(self, flag: bool) -> Written {
        Ok(Value::Bool(flag))
    }

    fn serialize_i8(self, number: i8) -> Written {
        self.serialize_i64(number.into())
    }

    fn serialize_i16(self, number: i16) -> Written {
        self.serialize_i64(number.into())
    }

    fn serialize_i32(self, number: i32) -> Written {
        self.serialize_i64(number.into())
    }

    fn serialize_i64(self, number: i64) -> Written {
        Ok(number.into())
    }

    fn serialize_i128(self, number: i128) -> Written {
        match (u64::try_from(number), i64::try_from(number)) {
            (Ok(number), _) => Ok(Value::Unsigned(number)),
            (_, Ok(number)) => Ok(Value::Signed(number)),
            _ => Ok(Value::Literal(number.to_string(), number as f64)),
        }
    }

    fn serialize_u8(self, number: u8) -> Written {
        self.serialize_u64(number.into())
    }

    fn serialize_u16(self, number: u16) -> Written {
        self.serialize_u64(number.into())
    }

    fn serialize_u32(self, number: u32) -> Written {
        self.serialize_u64(number.into())
    }

    fn serialize_u64(self, number: u64) -> Written {
        Ok(Value::Unsigned(number))
    }

    fn serialize_u128(self, number: u128) -> Written {
        match u64::try_from(number) {
            Ok(number) => Ok(Value::Unsigned(number)),
            Err(_) => Ok(Value::Literal(number.to_string(), number as f64)),
        }
    }

    fn serialize_f32(self, number: f32) -> Written {
        // The shortest that reads back as the same, not the double with all its digits.
        Ok(number.to_string().parse().map_or(Value::Null, Value::Float))
    }

    fn serialize_f64(self, number: f64) -> Written {
        Ok(Value::Float(number))
    }

    fn serialize_char(self, c: char) -> Written {
        Ok(Value::Text(c.to_string()))
    }

    fn serialize_str(self, text: &str) -> Written {
        Ok(text.into())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Written {
        Ok(Value::List(bytes.iter().map(|byte| u64::from(*byte).into()).collect()))
    }

    fn serialize_none(self) -> Written {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Written {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _n: &'static str, _i: u32, variant: &'static str) -> Written {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        Ok(named(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items, ConfigError> {
        Ok(Items::new(None))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Items, ConfigError> {
        Ok(Items::new(None))
    }

    fn serialize_tuple_struct(self, _n: &'static str, _len: usize) -> Result<Items, ConfigError> {
        Ok(Items::new(None))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Items, ConfigError> {
        Ok(Items::new(Some(variant)))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Entries, ConfigError> {
        Ok(Entries::new(None))
    }

    fn serialize_struct(self, _n: &'static str, _len: usize) -> Result<Entries, ConfigError> {
        Ok(Entries::new(None))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Entries, ConfigError> {
        Ok(Entries::new(Some(variant)))
    }
}

/// The traits differ in the names of their methods only.
macro_rules! items {
    ($($trait:ident $method:ident)*) => {$(
        impl ser::$trait for Items {
            type Ok = Value;
            type Error = ConfigError;

            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ConfigError> {
                self.push(item)
            }

            fn end(self) -> Written {
                Ok(self.finish())
            }
        }
    )*};
}

items! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! entries {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Entries {
            type Ok = Value;
            type Error = ConfigError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), ConfigError> {
                self.push(name.to_owned(), value)
            }

            fn end(self) -> Written {
                Ok(self.finish())
            }
        }
    )*};
}

entries!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Entries {
    type Ok = Value;
    type Error = ConfigError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), ConfigError> {
        self.name = match name.serialize(Writer)? {
            Value::Text(name) => name,
            number @ (Value::Unsigned(_) | Value::Signed(_)) => number.to_string(),
            other => {
                let message = format!("has {} as a name; names are texts", other.kind());
                return Err(ConfigError::new("", message));
            }
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConfigError> {
        let name = core::mem::take(&mut self.name);
        self.push(name, value)
    }

    fn end(self) -> Written {
        Ok(self.finish())
    }
}
