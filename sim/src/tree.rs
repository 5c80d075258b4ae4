//! Trees of values written down as they look: the built-in scenarios are data, like a user's.

/// A [`redrive::wire::Value`] in the look of JSON.
macro_rules! tree {
    ({ $($name:ident : $value:tt),* $(,)? }) => {
        redrive::wire::Value::Map(vec![$((stringify!($name).to_owned(), $crate::tree::tree!($value))),*])
    };
    ([ $($item:tt),* $(,)? ]) => {
        redrive::wire::Value::List(vec![$($crate::tree::tree!($item)),*])
    };
    (null) => { redrive::wire::Value::Null };
    ($value:expr) => { redrive::wire::Value::from($value) };
}

pub(crate) use tree;
