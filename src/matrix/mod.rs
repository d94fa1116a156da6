//! Skeleton.

pub mod registration;
