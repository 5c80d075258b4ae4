//! The types of `www/src/shapes.ts` are those of the structs that cross to JavaScript.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::{fs, path::Path};

#[test]
fn the_types_of_the_page_are_those_of_the_engine() {
    let made = redrive_page::typescript();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/src/shapes.ts");
    if std::env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, made, "REDRIVE_BLESS=1 cargo test -p redrive-page writes it anew");
}
