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
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection, migrate::Migrator,
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

/// The stories of both databases are the same, file by file, and come to the same.
#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let names = |folder: &str| {
        let files = crate::files(&repository().join(folder)).into_iter();
        files
            .map(|file| file.file_name().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("migrations/sqlite"), names("migrations/postgres"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.db");
    drop(Store::open(&Database::Sqlite(file.clone())).await.unwrap());
    let mut sqlite = open(&file).await;
    let columns = "
        SELECT tables.name, columns.name,
            replace(replace(columns.type, 'INTEGER', 'bigint'), 'BLOB', 'bytea'), columns.\"notnull\"
        FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite!_%' ESCAPE '!'
        AND tables.name <> '_sqlx_migrations' ORDER BY tables.name, columns.cid";
    let in_sqlite: Vec<(String, String, String, i64)> = sqlx::query_as(columns)
        .fetch_all(&mut sqlite)
        .await
        .unwrap();
    let indexes =
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
    let sqlite_indexes: Vec<String> = sqlx::query_scalar(indexes)
        .fetch_all(&mut sqlite)
        .await
        .unwrap();

    let server = server();
    let mut admin = PgConnection::connect(&server).await.unwrap();
    let name = format!("migrations_{}", std::process::id());
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
    let create = AssertSqlSafe(create);
    sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
    let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    drop(
        Store::open(&Database::Postgres(url.clone().into()))
            .await
            .unwrap(),
    );
    let mut postgres = PgConnection::connect(&url).await.unwrap();
    let columns = "
        SELECT table_name::text, column_name::text, replace(data_type, 'text', 'TEXT'),
            CASE WHEN is_nullable = 'NO' THEN 1::bigint ELSE 0 END
        FROM information_schema.columns WHERE table_schema = 'public'
        AND table_name <> '_sqlx_migrations' ORDER BY table_name, ordinal_position";
    let in_postgres: Vec<(String, String, String, i64)> = sqlx::query_as(columns)
        .fetch_all(&mut postgres)
        .await
        .unwrap();
    let indexes = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public'
        AND indexname NOT LIKE '%\\_key' AND indexname NOT LIKE '%\\_pkey' ORDER BY indexname COLLATE \"C\"";
    let postgres_indexes: Vec<String> = sqlx::query_scalar(indexes)
        .fetch_all(&mut postgres)
        .await
        .unwrap();
    // Sorting rules change with the system, and would spoil an index that follows them.
    let foreign_order = "
        SELECT DISTINCT attname::text FROM pg_index JOIN pg_attribute ON attrelid = indexrelid
        WHERE attcollation <> 0 AND attcollation <> 'pg_catalog.\"C\"'::regcollation
        AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)";
    let foreign_order: Vec<String> = sqlx::query_scalar(foreign_order)
        .fetch_all(&mut postgres)
        .await
        .unwrap();
    postgres.close().await.unwrap();
    let remove = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
    sqlx::raw_sql(remove).execute(&mut admin).await.unwrap();

    // SQLite calls the columns of a key nullable; nobody writes NULL there.
    let without_null = |columns: &[(String, String, String, i64)]| {
        let three = columns
            .iter()
            .map(|(table, column, kind, _)| (table.clone(), column.clone(), kind.clone()));
        three.collect::<Vec<_>>()
    };
    assert_eq!(without_null(&in_sqlite), without_null(&in_postgres));
    for (ours, theirs) in in_sqlite.iter().zip(&in_postgres) {
        assert!(ours.3 <= theirs.3, "{theirs:?} may be NULL");
    }
    assert_eq!(sqlite_indexes, postgres_indexes);
    assert_eq!(foreign_order, Vec::<String>::new());
}

#[expect(
    clippy::disallowed_methods,
    reason = "how a test is told where its server is"
)]
fn server() -> String {
    std::env::var("POSTROOM_TEST_POSTGRES").expect(
        "this test needs a PostgreSQL server: run it as `scripts/with-postgres cargo nextest run …`",
    )
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
