//! `blobs`: where large mails are kept.

use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blobs {
    /// A folder; it need not exist yet.
    Folder(PathBuf),
}
