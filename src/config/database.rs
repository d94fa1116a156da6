//! `database`: where the state is kept.

use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file; it need not exist yet, its folder must.
    Sqlite(PathBuf),
}
