//! Skeleton.

pub mod compose;
mod punycode;
