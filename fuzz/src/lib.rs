//! The checks that the targets make.

pub mod checks;
