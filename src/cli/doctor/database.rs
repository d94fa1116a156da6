//! Area `database`. Each kind of database has a file of its own, and an arm here.

use super::{postgres, report::Check, scene::Scene, sqlite};
use crate::{
    config::Database,
    store::{Connection, StoreError, inspect},
};

pub async fn examine(scene: &Scene) -> Vec<Check> {
    match &scene.config.database {
        Database::Sqlite(path) => sqlite::examine(path, scene).await,
        Database::Postgres(url) => postgres::examine(url, scene).await,
    }
}

/// A connection that can only read.
pub async fn look(scene: &Scene) -> Result<Connection, StoreError> {
    match &scene.config.database {
        Database::Sqlite(path) => inspect::sqlite::look(path).await,
        Database::Postgres(url) => inspect::postgres::look(url).await,
    }
}
