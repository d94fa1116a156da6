//! Looks into a database from outside, beside a Postroom that may be running on it: takes no lock of
//! Postroom's, migrates nothing, and leaves nothing written.
//!
//! May be imported by `cli`, where `doctor` asks; one file per kind of database.

pub mod postgres;
pub mod sqlite;

use crate::config::Database;

use super::{Connection, StoreError, sqlite::MIGRATIONS};

/// A connection that can also write, beside a Postroom that may be running: for a row that it is to see
/// to. The database has to be of this program's version.
pub async fn to_write(database: &Database) -> Result<Connection, StoreError> {
    let mut connection = match database {
        Database::Sqlite(path) => sqlite::to_write(path).await?,
        Database::Postgres(url) => postgres::to_write(url).await?,
    };
    let found = version(&mut connection).await?;
    if found != Some(own_version()) {
        return Err(StoreError::Value(format!(
            "the database is of version {}, and this program of {}: start Postroom once, then ask again",
            found.unwrap_or_default(),
            own_version()
        )));
    }
    Ok(connection)
}

/// A connection that can only read.
pub async fn look(database: &Database) -> Result<Connection, StoreError> {
    match database {
        Database::Sqlite(path) => sqlite::look(path).await,
        Database::Postgres(url) => postgres::look(url).await,
    }
}

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
