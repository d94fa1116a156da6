//! Skeleton.
pub mod lmtp;
pub mod parse;
