//! Skeleton.

pub mod init;
pub mod registration;
