//! Fills a database with a past.

use std::path::Path;

use anyhow::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

/// Inserts what stands in `history.sql` and lets the file settle. Postroom must not be running.
pub async fn insert(database: &Path) -> Result<()> {
    let mut connection = SqliteConnectOptions::new()
        .filename(database)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .connect()
        .await?;
    sqlx::raw_sql("BEGIN").execute(&mut connection).await?;
    sqlx::raw_sql(include_str!("history.sql"))
        .execute(&mut connection)
        .await?;
    sqlx::raw_sql("COMMIT").execute(&mut connection).await?;
    connection.close().await?;
    let size = std::fs::metadata(database)?.len() / (1024 * 1024);
    println!("The full database has {size} MiB");
    Ok(())
}
