//! The database: what came in, what is to go out, who is who.
//!
//! May be imported by `flow`, `web` and `cli`; imports `config`, `ports` and the floors below. One
//! file per subject; each lists its statements with `statements!`, so that a test prepares every
//! one of them, and offers functions that take a connection (to look) or a [`Tx`] (to change).

#[macro_use]
mod sql;

pub mod addresses;
pub mod answers;
pub mod auto_replies;
pub mod automatic;
pub mod blobs;
pub mod bounces;
pub mod checks;
mod connection;
pub mod continuations;
pub mod conversations;
pub mod copy;
pub mod departures;
pub mod desk;
pub mod endings;
pub mod erasures;
mod error;
pub mod files;
pub mod floods;
pub mod guests;
pub mod held;
pub mod imap;
pub mod inbox;
pub mod inspect;
pub mod keys;
pub mod last_mails;
pub mod letters;
pub mod links;
pub mod lives;
pub mod locales;
pub mod logos;
pub mod mails;
pub mod members;
pub mod merges;
pub mod messages;
pub mod named_rooms;
pub mod newcomers;
pub mod notices;
pub mod offers;
pub mod onboarding;
pub mod outbox;
pub mod people;
pub mod person;
pub mod places;
pub mod policy_jobs;
pub mod portraits;
mod postgres;
mod refusal;
pub mod requests;
pub mod rooms;
pub mod senders;
pub mod sent;
pub mod settings;
pub mod shown;
pub mod signs;
mod sqlite;
pub mod statuses;
pub mod subscriptions;
pub mod successions;
pub mod typing;
pub mod uploads;
pub mod votes;
mod wakes;
mod writer;

use std::sync::Arc;

use sqlx::{PgPool, SqlitePool};

pub use self::{
    connection::Connection,
    error::StoreError,
    refusal::Refusal,
    wakes::{Queue, Wakes},
    writer::Tx,
};
use self::{connection::Held, postgres::Server, writer::Writer};
use crate::config::Database;

/// The open database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    reads: Reads,
    writer: Writer,
    typing: typing::Typing,
    /// Of a SQLite file; held as long as the store is open.
    _lock: Option<Arc<std::fs::File>>,
}

#[derive(Clone, Debug)]
enum Reads {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Store {
    /// Opens the database, and migrates it. A SQLite file is made if it isn't there; a PostgreSQL
    /// database must be there. For as long as the store is open no other Postroom can open it.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] if another Postroom has it open; else the database can't be reached or
    /// used, or is of a newer version.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        let (reads, writer, lock) = match database {
            Database::Sqlite(path) => {
                let opened = sqlite::open(path).await?;
                let writes = Connection::Sqlite(Held::Own(opened.writes));
                (
                    Reads::Sqlite(opened.reads),
                    Writer::start(writes, None),
                    Some(Arc::new(opened.lock)),
                )
            }
            Database::Postgres(url) => {
                let server = Server::new(url)?;
                let (writes, session) = server.take(None).await?;
                let reads = Reads::Postgres(server.reads());
                let writes = Connection::Postgres(Held::Own(writes));
                (reads, Writer::start(writes, Some((server, session))), None)
            }
        };
        Ok(Self {
            reads,
            writer,
            typing: typing::Typing::default(),
            _lock: lock,
        })
    }

    /// A connection to look with.
    pub async fn read(&self) -> Result<Connection, StoreError> {
        Ok(match &self.reads {
            Reads::Sqlite(pool) => Connection::Sqlite(Held::Pooled(pool.acquire().await?)),
            Reads::Postgres(pool) => Connection::Postgres(Held::Pooled(pool.acquire().await?)),
        })
    }

    /// A connection to look with that sees the database as it is at its first look, whatever is
    /// committed meanwhile. Not to be kept while the network is used.
    pub async fn snapshot(&self) -> Result<Connection, StoreError> {
        Ok(match &self.reads {
            Reads::Sqlite(pool) => Connection::Sqlite(Held::Snapshot(pool.begin().await?)),
            Reads::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Connection::Postgres(Held::Snapshot(pool.begin_with(begin).await?))
            }
        })
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

    /// Waits until the database is lost for good: another Postroom has taken it over while the
    /// connection was broken. Nothing can be written any more, and nothing may be sent.
    pub async fn lost(&self) -> StoreError {
        self.writer.lost().await
    }

    /// Grows whenever a commit may have succeeded though it was said to have failed, or another
    /// Postroom may have been at work for a while: what was begun may be nobody's then.
    #[must_use]
    pub fn doubts(&self) -> u64 {
        self.writer.doubts()
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

#[cfg(test)]
mod tests;
