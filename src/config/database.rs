//! `database`: where the state is kept.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::section::{Section, Wrong};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file; it need not exist yet, its folder must.
    Sqlite(PathBuf),
}

impl Database {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Sqlite(path) => path,
        }
    }

    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let url = section.secret("url", "url_file");
        if !section.has("url") && !section.has("url_file") {
            section.note_missing("url", EXAMPLE);
        }
        let key = if section.has("url") {
            "url"
        } else {
            "url_file"
        };
        let path = sqlite_path(&url?).map(|path| section.path(&path));
        match path.and_then(folder_is_there) {
            Ok(path) => Some(Self::Sqlite(path)),
            Err(wrong) => {
                section.wrong_value(key, wrong, EXAMPLE);
                None
            }
        }
    }
}

const EXAMPLE: &str = "sqlite:postroom.db";

/// The path in `sqlite:path` or `sqlite://path`. The URL may hold a password: it is not repeated.
fn sqlite_path(url: &SecretString) -> Result<String, Wrong> {
    let url = url.expose_secret();
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return Err(Wrong::new(
            "PostgreSQL is not supported yet",
            format!("write \"{EXAMPLE}\" for now"),
        ));
    }
    let path = url
        .strip_prefix("sqlite:")
        .ok_or("is not the URL of a database")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    if path == ":memory:" {
        return Err("a database in memory would forget mail that was acknowledged".into());
    }
    if path.is_empty() || path.ends_with('/') {
        return Err("names no file".into());
    }
    if path.contains('?') {
        return Err(Wrong::new(
            "takes no options",
            "take out what follows the \"?\"",
        ));
    }
    Ok(path.to_owned())
}

fn folder_is_there(path: PathBuf) -> Result<PathBuf, Wrong> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !Path::is_dir(folder) => Err(Wrong::new(
            format!("there is no folder {}", folder.display()),
            "create it, so that only the user who runs Postroom may read it",
        )),
        _ => Ok(path),
    }
}
