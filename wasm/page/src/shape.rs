//! What crosses to JavaScript, declared once: the struct, its conversion and its TypeScript type.
//!
//! [`shapes!`](crate::shape) makes all three from one declaration, and `tests/shapes.rs` holds
//! `www/src/shapes.ts` against them. The bindings turn a [`Piece`] into JavaScript's own values, and know
//! nothing of any shape.

use redrive::wire::Value;

/// A value on its way to JavaScript.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// A `Float64Array`.
    Floats(Vec<f64>),
    /// A `Uint8Array`.
    Bytes(Vec<u8>),
    /// An array.
    List(Vec<Piece>),
    /// An object.
    Map(Vec<(String, Piece)>),
    /// Plain data, as the wire format has it.
    Tree(Value),
}

/// What can cross.
pub trait Shape: Sized {
    /// Its type in TypeScript.
    fn describe() -> String;
    /// Itself, on its way.
    fn piece(self) -> Piece;
}

/// Numbers that become a `Float64Array`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Floats(pub Vec<f64>);

/// Numbers that become a `Uint8Array`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bytes(pub Vec<u8>);

/// Plain data of a form that others define.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree(pub Value);

macro_rules! simple {
    ($($type:ty: $name:literal, $self:ident => $piece:expr;)*) => {$(
        impl Shape for $type {
            fn describe() -> String {
                $name.to_owned()
            }
            fn piece($self) -> Piece {
                $piece
            }
        }
    )*};
}

simple! {
    bool: "boolean", self => Piece::Bool(self);
    f64: "number", self => Piece::Number(self);
    u32: "number", self => Piece::Number(f64::from(self));
    usize: "number", self => Piece::Number(self as f64);
    String: "string", self => Piece::Text(self);
    &'static str: "string", self => Piece::Text(self.to_owned());
    Floats: "Float64Array", self => Piece::Floats(self.0);
    Bytes: "Uint8Array", self => Piece::Bytes(self.0);
    Tree: "any", self => Piece::Tree(self.0);
}

impl<T: Shape> Shape for Option<T> {
    fn describe() -> String {
        format!("{} | null", T::describe())
    }
    fn piece(self) -> Piece {
        self.map_or(Piece::Null, Shape::piece)
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn describe() -> String {
        let item = T::describe();
        if item.contains(' ') { format!("({item})[]") } else { format!("{item}[]") }
    }
    fn piece(self) -> Piece {
        Piece::List(self.into_iter().map(Shape::piece).collect())
    }
}

impl<T: Shape, U: Shape> Shape for (T, U) {
    fn describe() -> String {
        format!("[{}, {}]", T::describe(), U::describe())
    }
    fn piece(self) -> Piece {
        Piece::List(vec![self.0.piece(), self.1.piece()])
    }
}

/// `band_text` as `bandText`.
#[must_use]
pub fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut up = false;
    for letter in name.chars() {
        match letter {
            '_' => up = true,
            letter if up => {
                out.extend(letter.to_uppercase());
                up = false;
            }
            letter => out.push(letter),
        }
    }
    out
}

/// One interface of TypeScript: its name, what it is, its fields with their meaning and type.
#[must_use]
pub fn interface(name: &str, about: &str, fields: &[(&str, &str, String)]) -> String {
    let mut text = format!("/**{about} */\nexport interface {name} {{\n");
    for (field, doc, kind) in fields {
        text += &format!("  /**{doc} */\n  {}: {kind}\n", camel(field));
    }
    text + "}\n"
}

/// Structs that cross to JavaScript.
macro_rules! shapes {
    ($(
        $(#[doc = $about:literal])+
        pub struct $name:ident { $($(#[doc = $doc:literal])+ pub $field:ident: $type:ty,)* }
    )*) => {$(
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[doc = $doc])+ pub $field: $type,)* }

        impl $crate::shape::Shape for $name {
            fn describe() -> String {
                stringify!($name).to_owned()
            }
            fn piece(self) -> $crate::shape::Piece {
                $crate::shape::Piece::Map(vec![$(
                    ($crate::shape::camel(stringify!($field)), $crate::shape::Shape::piece(self.$field)),
                )*])
            }
        }

        impl $name {
            /// Its type in TypeScript.
            #[must_use]
            pub fn declaration() -> String {
                let fields = [$((
                    stringify!($field),
                    concat!($($doc),+),
                    <$type as $crate::shape::Shape>::describe(),
                ),)*];
                $crate::shape::interface(stringify!($name), concat!($($about),+), &fields)
            }
        }
    )*};
}

pub(crate) use shapes;
