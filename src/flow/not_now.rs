//! Why something has to wait.

use crate::{matrix::client::Fault, store::StoreError};

/// Why what is asked for can't be done yet.
#[derive(Debug, thiserror::Error)]
pub enum NotNow {
    #[error(transparent)]
    Homeserver(#[from] Fault),
    #[error(transparent)]
    Store(#[from] StoreError),
}
