//! Errors as JavaScript knows them.

use js_sys::{Error, Reflect};
use redrive::wire::ConfigError;
use wasm_bindgen::JsValue;

/// An `Error` whose `name` is `ConfigError`, with the field's path in `path`.
pub(crate) fn config_error(error: &ConfigError) -> JsValue {
    let js = Error::new(&error.to_string());
    js.set_name("ConfigError");
    // Setting a field of an object that we just made cannot fail.
    let _ = Reflect::set(&js, &"path".into(), &error.path().into());
    js.into()
}

/// An error about the argument `name`.
#[cfg(feature = "page")]
pub(crate) fn argument(name: &str, message: &str) -> JsValue {
    config_error(&ConfigError::new(name, message))
}
