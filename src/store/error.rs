//! What can go wrong in the store.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("database: {0}; a database that a newer Postroom has used can't be opened by this one")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("another Postroom is using this database ({0} is locked)")]
    InUse(PathBuf),
    #[error("file: {0}")]
    File(#[from] std::io::Error),
    #[error("blob store: {0}")]
    Blob(#[from] object_store::Error),
    /// A row that this program can't have written.
    #[error("unexpected value in the database: {0}")]
    Value(String),
    /// The change itself panicked and was taken back: trying again would end the same way.
    #[error("the change failed by a fault in the program")]
    Panicked,
    /// The commit that this change was part of failed.
    #[error("not written: {0}")]
    NotWritten(String),
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Value(error.to_string())
    }
}
