//! Policies from and for other systems and languages, one behaviour a file: all of them in one binary.

#![allow(missing_docs, reason = "tests")]

#[path = "../../tests/common/mod.rs"]
mod common;

mod cases;
mod code;
mod systems;
mod trees;
