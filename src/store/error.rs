//! What can go wrong in the store.

use super::refusal::Refusal;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database: {0}")]
    Database(sqlx::Error),
    #[error("database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database can't be used as it is.
    #[error("database: {0}")]
    Refused(Refusal),
    #[error("another Postroom is using this database ({0})")]
    InUse(String),
    /// The connection was lost, and meanwhile somebody else took the database over, or it became
    /// one that can't be used.
    #[error("the connection to the database was lost and can't be taken up again: {0}")]
    Lost(String),
    #[error("file: {0}")]
    File(#[from] std::io::Error),
    #[error("blob store: {0}")]
    Blob(#[from] object_store::Error),
    /// A row that this program can't have written, or a value that the database does not take.
    #[error("unexpected value in the database: {0}")]
    Value(String),
    /// The change itself panicked and was taken back: trying again would end the same way.
    #[error("the change failed by a fault in the program")]
    Panicked,
    /// The commit that this change was part of failed.
    #[error("not written: {0}")]
    NotWritten(String),
}

impl StoreError {
    /// Whether the reason lies with the database and not with what was asked of it, so that it may be
    /// gone in a moment.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Database(_) | Self::NotWritten(_) | Self::Refused(Refusal::Unreachable { .. })
        )
    }
}

impl From<sqlx::Error> for StoreError {
    /// What PostgreSQL has against a value (classes 22 and 54: a text that is no text, a key that
    /// is too long for an index) it will have against it the next time, too.
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        match code {
            Some(code) if code.len() == 5 && (code.starts_with("22") || code.starts_with("54")) => {
                Self::Value(error.to_string())
            }
            _ => Self::Database(error),
        }
    }
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Value(error.to_string())
    }
}
