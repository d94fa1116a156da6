//! `database`: where the state is kept.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{section::Section, wrong::Wrong};

#[derive(Debug, Clone)]
pub enum Database {
    /// A SQLite file; it need not exist yet, its folder must.
    Sqlite(PathBuf),
    /// The URL of a PostgreSQL database, which may hold a password.
    Postgres(SecretString),
}

impl Database {
    /// Reads a URL that doesn't stand in a file.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL, and what to do about it.
    pub fn parse(url: SecretString) -> Result<Self, String> {
        locate(url, PathBuf::from).map_err(|wrong| wrong.sentence(EXAMPLE))
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
        match locate(url?, |path| section.path(&path)) {
            Ok(database) => Some(database),
            Err(wrong) => {
                section.wrong_value(key, wrong, EXAMPLE);
                None
            }
        }
    }
}

/// The URL may hold a password: it is not repeated.
fn locate(url: SecretString, place: impl FnOnce(String) -> PathBuf) -> Result<Database, Wrong> {
    let text = url.expose_secret();
    let scheme = text.split(':').next().unwrap_or_default();
    if scheme == "postgres" || scheme == "postgresql" {
        check_postgres(text)?;
        return Ok(Database::Postgres(url));
    }
    let path = place(sqlite_path(text)?);
    folder_is_there(path).map(Database::Sqlite)
}

const EXAMPLE: &str = "sqlite:postroom.db";

const POSTGRES_EXAMPLE: &str = "postgres://postroom:PASSWORD@localhost/postroom";
const SSL_MODES: &[&str] = &[
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

fn check_postgres(url: &str) -> Result<(), Wrong> {
    let such_as = || format!("write something such as `{POSTGRES_EXAMPLE}`");
    let url = Url::parse(url).map_err(|_| {
        Wrong::new(
            "is not a URL that can be read",
            format!(
                "{}; in a password write % followed by two hexadecimal digits for what is \
                 neither letter nor digit",
                such_as()
            ),
        )
    })?;
    if url.path().trim_matches('/').is_empty() {
        return Err(Wrong::new("names no database", such_as()));
    }
    let asked = |wanted: &str| url.query_pairs().find(|(key, _)| key == wanted);
    let mode = asked("sslmode").or_else(|| asked("ssl-mode"));
    if let Some((_, mode)) = mode.filter(|(_, mode)| !SSL_MODES.contains(&mode.as_ref())) {
        return Err(Wrong::new(
            format!("has the unknown sslmode \"{mode}\""),
            format!("take one of {}", SSL_MODES.join(", ")),
        ));
    }
    Ok(())
}

/// The path in `sqlite:path` or `sqlite://path`.
fn sqlite_path(url: &str) -> Result<String, Wrong> {
    let path = url.strip_prefix("sqlite:").ok_or_else(|| {
        Wrong::new(
            "is not the URL of a database that Postroom can use",
            format!("write `{EXAMPLE}`, or `{POSTGRES_EXAMPLE}`"),
        )
    })?;
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
