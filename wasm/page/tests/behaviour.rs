//! What the page shows, one behaviour a file: all of them in one binary.

#![allow(missing_docs, reason = "tests")]

mod golden;
mod shapes;
