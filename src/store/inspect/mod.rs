//! Looks into a database from outside, beside a Postroom that may be running on it: takes no lock of
//! Postroom's, migrates nothing, and leaves nothing written.
//!
//! May be imported by `cli`, where `doctor` asks; one file per kind of database.

pub mod postgres;
pub mod sqlite;
