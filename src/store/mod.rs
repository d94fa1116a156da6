//! The database: what came in, what is to go out, who is who.
//!
//! May be imported by `flow`, `web` and `cli`; imports `config`, `ports` and the floors below. One
//! file per subject; each lists its statements with `statements!`, so that a test prepares every
//! one of them, and offers functions that take a connection (to look) or a [`Tx`] (to change).

#[macro_use]
mod sql;

pub mod blobs;
pub mod conversations;
mod error;
pub mod inbox;
pub mod inspect;
pub mod keys;
pub mod letters;
pub mod mails;
pub mod messages;
pub mod outbox;
pub mod people;
pub mod rooms;
pub mod typing;
mod wakes;
mod writer;

use std::{
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
    },
};

use self::writer::Writer;
pub use self::{
    error::StoreError,
    wakes::{Queue, Wakes},
    writer::Tx,
};

/// A connection as the functions of this folder take it.
pub type Connection = sqlx::SqliteConnection;

/// The open database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    reads: SqlitePool,
    writer: Writer,
    typing: typing::Typing,
    /// Held as long as the store is open.
    _lock: std::sync::Arc<std::fs::File>,
}

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

impl Store {
    /// Opens the database in the file `path`, makes it if it isn't there, and migrates it.
    ///
    /// # Errors
    ///
    /// The file can't be opened, belongs to another running Postroom, or is of a newer version.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL, only FULL makes a commit survive a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .statement_cache_capacity(200)
            .disable_statement_logging();
        let lock = lock(path)?;
        // What is in there is between customers and staff. The files that SQLite puts beside it get the
        // same mode.
        private_file(path)?;
        let mut connection = options.connect().await?;
        MIGRATIONS.run(&mut connection).await?;
        let reads = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self {
            reads,
            writer: Writer::start(connection),
            typing: typing::Typing::default(),
            _lock: std::sync::Arc::new(lock),
        })
    }

    /// A connection to look with.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>, StoreError> {
        Ok(self.reads.acquire().await?)
    }

    /// Runs `job` in a transaction and returns its result once that is committed durably. Jobs that
    /// wait at the same time share one commit; a job that fails takes back only its own changes.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> futures_util::future::BoxFuture<'t, Result<T, StoreError>>
            + Send
            + 'static,
    {
        self.writer.write(job).await
    }

    /// Who is typing where.
    #[must_use]
    pub fn typing(&self) -> &typing::Typing {
        &self.typing
    }

    /// Where workers wait for new work.
    #[must_use]
    pub fn wakes(&self) -> &Wakes {
        self.writer.wakes()
    }
}

/// Two Postrooms on one file would send everything twice.
fn lock(database: &Path) -> Result<std::fs::File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let file = private_file(Path::new(&path))?;
    file.try_lock().map_err(|fault| match fault {
        std::fs::TryLockError::WouldBlock => StoreError::InUse(PathBuf::from(path)),
        std::fs::TryLockError::Error(error) => error.into(),
    })?;
    Ok(file)
}

/// Opens a file, and makes it if it isn't there, for its owner only.
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests;
