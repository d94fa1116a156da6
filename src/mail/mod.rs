//! Skeleton.
pub mod lmtp;
