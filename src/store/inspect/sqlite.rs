//! A SQLite file, seen from outside.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

use crate::store::{Connection, StoreError, connection::Held, sqlite::with_path};

/// How long somebody else's write is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same for what has to be written.
const LONG_PATIENCE: Duration = Duration::from_secs(30);
/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 10_000;

/// A connection that can only read.
pub async fn look(path: &Path) -> Result<Connection, StoreError> {
    // To read a file in WAL mode SQLite makes two more beside it, and a reader leaves them there. Where
    // they are not, nobody writes, and the file can be read as it stands.
    let is_in_use = beside(path, "-wal").exists();
    let connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .immutable(!is_in_use)
        .busy_timeout(PATIENCE)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|error| with_path(error.into(), path))?;
    Ok(Connection::Sqlite(Held::Own(connection)))
}

/// A connection that can write.
pub(super) async fn to_write(path: &Path) -> Result<Connection, StoreError> {
    let connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(LONG_PATIENCE)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|error| with_path(error.into(), path))?;
    Ok(Connection::Sqlite(Held::Own(connection)))
}

/// The file that SQLite, or the lock, puts beside the database.
#[must_use]
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Whether SQLite finds the file sound; `None` if it wasn't through after `limit`. Otherwise what
/// it says, `ok` if nothing is wrong.
pub async fn quick_check(
    connection: &mut Connection,
    limit: Duration,
) -> Result<Option<String>, StoreError> {
    let Connection::Sqlite(connection) = connection else {
        return Err(StoreError::Value("this is no SQLite connection".to_owned()));
    };
    let end = Instant::now() + limit;
    connection
        .lock_handle()
        .await?
        .set_progress_handler(STEPS, move || Instant::now() < end);
    let checked = sqlx::query_as::<_, (String,)>("PRAGMA quick_check(1)")
        .fetch_one(&mut **connection)
        .await;
    connection.lock_handle().await?.remove_progress_handler();
    match checked {
        Ok((found,)) => Ok(Some(found)),
        Err(_) if Instant::now() >= end => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What came of the attempt to write.
#[derive(Debug)]
pub enum Writing {
    Works,
    /// Somebody else was writing for the whole time.
    Busy,
    Fails(StoreError),
}

/// Begins a change and takes it back.
pub async fn try_to_write(path: &Path) -> Writing {
    match change_nothing(path).await {
        Ok(()) => Writing::Works,
        Err(sqlx::Error::Database(fault)) if is_busy(fault.code().as_deref()) => Writing::Busy,
        Err(error) => Writing::Fails(error.into()),
    }
}

/// `SQLITE_BUSY` and its kinds, which bear it in their lower eight bits.
fn is_busy(code: Option<&str>) -> bool {
    let code: Option<i32> = code.and_then(|code| code.parse().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

async fn change_nothing(path: &Path) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(PATIENCE)
        .disable_statement_logging()
        .connect()
        .await?;
    for statement in [
        "BEGIN IMMEDIATE",
        "CREATE TABLE a_try (x INTEGER)",
        "ROLLBACK",
    ] {
        sqlx::query(statement).execute(&mut connection).await?;
    }
    sqlx::Connection::close(connection).await
}
