//! A connection to either database.

use std::ops::{Deref, DerefMut};

use sqlx::{Database, Postgres, Sqlite, Transaction, pool::PoolConnection};

/// A connection as the functions of this folder take it.
#[derive(Debug)]
pub enum Connection {
    Sqlite(Held<Sqlite>),
    Postgres(Held<Postgres>),
}

/// A connection of our own, or one that goes back to its pool, perhaps from within a transaction that
/// only looks.
#[derive(Debug)]
pub enum Held<D: Database> {
    Own(D::Connection),
    Pooled(PoolConnection<D>),
    Snapshot(Transaction<'static, D>),
}

impl<D: Database> Deref for Held<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        match self {
            Self::Own(connection) => connection,
            Self::Pooled(connection) => connection,
            Self::Snapshot(connection) => connection,
        }
    }
}

impl<D: Database> DerefMut for Held<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        match self {
            Self::Own(connection) => connection,
            Self::Pooled(connection) => connection,
            Self::Snapshot(connection) => connection,
        }
    }
}
