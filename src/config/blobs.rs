//! `blobs`: where large mails are kept.

use std::path::{Path, PathBuf};

use super::{section::Section, wrong::Wrong};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blobs {
    /// A folder; it need not exist yet.
    Folder(PathBuf),
}

impl Blobs {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder(path) => path,
        }
    }

    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let folder = section.required("url", "file:blobs", folder)?;
        Some(Self::Folder(section.path(&folder)))
    }
}

/// The path in `file:path` or `file://path`.
fn folder(url: &str) -> Result<String, Wrong> {
    if url.starts_with("s3:") {
        return Err(Wrong::new(
            "object stores are not supported yet",
            "write \"file:blobs\" for now",
        ));
    }
    let path = url.strip_prefix("file:").ok_or("is not a file URL")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err("names no folder".into());
    }
    Ok(path.to_owned())
}
