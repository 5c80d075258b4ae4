//! Policies from and for other systems and languages, one behaviour a file: all of them in one binary.

#![allow(missing_docs, reason = "tests")]

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/common/vectors.rs"]
mod vectors;

mod cases;
mod code;
mod configurations;
mod identity;
mod libraries;
mod proof;
mod systems;
mod systems_page;
mod trees;
