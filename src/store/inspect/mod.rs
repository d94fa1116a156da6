//! Looks into a database from outside, beside a Postroom that may be running on it: takes no lock of
//! Postroom's, migrates nothing, and leaves nothing written.
//!
//! May be imported by `cli`, where `doctor` asks; one file per kind of database.

pub mod postgres;
pub mod sqlite;

use super::{Connection, StoreError, sqlite::MIGRATIONS};

/// The version of the database: the number of the migration that was applied last; `None` if there
/// was none yet.
pub async fn version(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    let tables = match connection {
        Connection::Sqlite(_) => {
            "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'"
        }
        Connection::Postgres(_) => "SELECT count(to_regclass('_sqlx_migrations'))",
    };
    if fetch_one!(connection, (i64,), tables).0 == 0 {
        return Ok(None);
    }
    let newest = "SELECT max(version) FROM _sqlx_migrations WHERE success";
    Ok(fetch_one!(connection, (Option<i64>,), newest).0)
}

/// The version that this program makes of a database; the migrations of both kinds have the same
/// numbers.
#[must_use]
pub fn own_version() -> i64 {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    versions.max().unwrap_or_default()
}
