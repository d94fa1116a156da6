//! A database of every earlier version opens, with what is in it; one of a later version doesn't.
//!
//! `tests/migrations/N.sql` fills the database of version N; a migration that adds a table or
//! changes one adds its sample there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use postroom::{
    config::Database,
    store::{Refusal, Store, StoreError},
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqliteConnection, migrate::Migrator,
    sqlite::SqliteConnectOptions,
};

use crate::repository;

#[tokio::test]
async fn every_version_takes_over_what_the_one_before_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (database, steps) = (folder.path().join("p.db"), folder.path().join("steps"));
    fs::create_dir(&steps).unwrap();
    let migrations = migrations();
    let mut filled: Vec<(String, i64)> = Vec::new();

    for migration in &migrations {
        let name = migration.file_name().unwrap();
        fs::copy(migration, steps.join(name)).unwrap();
        let mut connection = open(&database).await;
        let migrator = Migrator::new(steps.as_path()).await.unwrap();
        migrator.run(&mut connection).await.unwrap();
        assert_sound(&mut connection).await;
        for (table, before) in &filled {
            let after = count(&mut connection, table).await;
            assert!(after >= *before, "{table} lost rows in {}", name.display());
        }
        if let Some(sample) = sample_for(migration) {
            sqlx::raw_sql(AssertSqlSafe(sample))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        filled = counts(&mut connection).await;
        connection.close().await.unwrap();
    }

    for (table, rows) in &filled {
        assert!(*rows > 0, "no sample fills the table {table}");
    }
    // The program has the same migrations, and finds nothing left to do.
    for _ in 0..2 {
        drop(
            Store::open(&Database::Sqlite(database.clone()))
                .await
                .unwrap(),
        );
        let mut connection = open(&database).await;
        assert_eq!(counts(&mut connection).await, filled);
        connection.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("p.db");
    drop(
        Store::open(&Database::Sqlite(database.clone()))
            .await
            .unwrap(),
    );
    let newer = "
        INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'of tomorrow', TRUE, x'00', 0)";
    let mut connection = open(&database).await;
    sqlx::raw_sql(newer).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    let refused = Store::open(&Database::Sqlite(database.clone()))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, StoreError::Refused(Refusal::Newer { .. })),
        "{refused}"
    );
    assert!(refused.to_string().contains("newer"), "{refused}");
}

#[test]
fn migrations_are_numbered_without_a_gap() {
    for (number, migration) in (1..).zip(migrations()) {
        let name = migration.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(&format!("{number:04}_")), "{name}");
    }
}

/// In order.
fn migrations() -> Vec<PathBuf> {
    let found = crate::files(&repository().join("migrations/sqlite"));
    assert!(!found.is_empty());
    found
}

fn sample_for(migration: &Path) -> Option<String> {
    let name = migration.file_name()?.to_str()?;
    let (number, _) = name.split_once('_')?;
    fs::read_to_string(repository().join(format!("tests/migrations/{number}.sql"))).ok()
}

async fn open(database: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(true)
        .foreign_keys(true)
        .connect()
        .await
        .unwrap()
}

async fn counts(connection: &mut SqliteConnection) -> Vec<(String, i64)> {
    let tables = "
        SELECT name FROM sqlite_master WHERE type = 'table'
        AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_sqlx\\_%' ESCAPE '\\' ORDER BY name";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    let mut counts = Vec::new();
    for table in tables {
        let rows = count(connection, &table).await;
        counts.push((table, rows));
    }
    counts
}

async fn count(connection: &mut SqliteConnection, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

async fn assert_sound(connection: &mut SqliteConnection) {
    let integrity: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(integrity, "ok");
    let orphans = sqlx::query("PRAGMA foreign_key_check")
        .fetch_all(connection)
        .await
        .unwrap();
    assert!(orphans.is_empty());
}
