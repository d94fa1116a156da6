//! Skeleton.

pub mod compose;
mod punycode;
pub mod smtp;
