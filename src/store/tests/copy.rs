//! Copying into a server's database: what is hard to carry, and what comes between.

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, sqlite::SqliteConnectOptions,
};

use super::{
    place::{Kind, Place, secret},
    *,
};
use crate::store::copy::{CopiedTable, copy};

/// A database with one letter's worth of everything that is hard to carry.
async fn source(sql: &str) -> Place {
    let place = Place::new(Kind::Sqlite).await;
    drop(place.open().await);
    let options = SqliteConnectOptions::new().filename(path(&place));
    let mut connection = options.connect().await.unwrap();
    let sql = AssertSqlSafe(sql);
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    place
}

fn path(place: &Place) -> &std::path::Path {
    match &place.database {
        Database::Sqlite(path) => path,
        Database::Postgres(_) => unreachable!("it was not asked for"),
    }
}

async fn run(from: &Place, to: &Place) -> Result<Vec<CopiedTable>, StoreError> {
    copy(path(from), &secret(&to.url())).await
}

/// The server may take a moment to see that who was there before is gone.
async fn run_when_free(from: &Place, to: &Place) -> Result<Vec<CopiedTable>, StoreError> {
    loop {
        match run(from, to).await {
            Err(StoreError::InUse(_)) => tokio::task::yield_now().await,
            other => return other,
        }
    }
}

async fn beside(to: &Place, sql: &str) {
    let mut connection = to.connect().await;
    let sql = AssertSqlSafe(sql);
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// How many rows there are; every one the same on both sides.
fn rows(copied: &[CopiedTable]) -> u64 {
    for table in copied {
        assert_eq!(table.from, table.to, "{}", table.name);
    }
    copied.iter().map(|table| table.from.rows).sum()
}

const ROOM: &str = "INSERT INTO rooms (room_id, mailbox) VALUES ('!a', 'support');";

#[tokio::test]
async fn what_is_hard_to_carry_arrives() {
    let from = source(
        r"INSERT INTO rooms (room_id, mailbox, name, known_at) VALUES
            ('!a', 'nul' || char(0) || 'within', char(9, 10, 13, 8, 11, 12, 92, 46, 92, 78), 9223372036854775807),
            ('!b', '\.', '\N', -9223372036854775808),
            ('', '', char(10) || '\.' || char(10), NULL),
            ('!' || char(65535), 'x', char(128512) || char(769) || char(8232), 0),
            ('!' || char(65536), 'x', replace(hex(zeroblob(500000)), '00', '\' || char(9)), 1);
        INSERT INTO transactions (txn_id, digest, received_at) VALUES
            ('1', randomblob(65536), 0), ('2', x'', 0), ('3', x'00', 0), ('10', x'5c4e0a', 0);",
    )
    .await;
    let to = Place::new(Kind::Postgres).await;
    assert_eq!(rows(&run(&from, &to).await.unwrap()), 9);
    // A text is never lost for a NUL in it.
    let store = to.open().await;
    let found = rooms::find(&mut store.read().await.unwrap(), "!a").await;
    assert_eq!(found.unwrap().unwrap().mailbox, "nul\u{fffd}within");
}

#[rstest]
#[case::began_once("CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL)")]
#[case::nothing("SELECT")]
#[tokio::test]
async fn a_target_that_only_began_is_as_good_as_an_empty_one(#[case] before: &str) {
    let from = source(ROOM).await;
    let to = Place::new(Kind::Postgres).await;
    beside(&to, before).await;
    assert_eq!(rows(&run(&from, &to).await.unwrap()), 1);
}

#[tokio::test]
async fn an_older_target_is_migrated_first() {
    let from = source(ROOM).await;
    let to = Place::new(Kind::Postgres).await;
    let mut connection = to.connect().await;
    let first = crate::store::postgres::MIGRATIONS
        .iter()
        .next()
        .unwrap()
        .version;
    let only = crate::store::postgres::MIGRATIONS.run_to(first, &mut connection);
    only.await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(rows(&run(&from, &to).await.unwrap()), 1);
}

#[tokio::test]
async fn who_has_used_the_target_is_not_mixed_up_with() {
    let from = source(ROOM).await;
    let to = Place::new(Kind::Postgres).await;
    drop(to.open().await);
    beside(
        &to,
        "INSERT INTO rooms (room_id, mailbox) VALUES ('!b', 'support')",
    )
    .await;
    let refused = run_when_free(&from, &to).await.unwrap_err().to_string();
    assert!(refused.contains("rooms is not empty"), "{refused}");
}

/// Somebody who heeds no lock of Postroom's writes at the same moment, and then our connection breaks.
#[tokio::test]
async fn what_comes_between_is_waited_for_and_leaves_the_target_usable() {
    let from = source(ROOM).await;
    let to = Place::new(Kind::Postgres).await;
    let mut theirs = to.connect().await;
    let migrating = crate::store::postgres::MIGRATIONS.run(&mut theirs);
    migrating.await.unwrap();
    let write = "BEGIN; INSERT INTO rooms (room_id, mailbox) VALUES ('!b', 'support')";

    sqlx::raw_sql(write).execute(&mut theirs).await.unwrap();
    let cutting = async {
        until_it_waits(&to).await;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'relation' AND NOT granted AND database =
            (SELECT oid FROM pg_database WHERE datname = current_database()); ROLLBACK";
        sqlx::raw_sql(cut).execute(&mut theirs).await.unwrap();
    };
    let (copied, ()) = tokio::join!(run(&from, &to), cutting);
    let fault = copied.unwrap_err();
    assert!(fault.may_pass(), "{fault}");

    sqlx::raw_sql(write).execute(&mut theirs).await.unwrap();
    let committing = async {
        until_it_waits(&to).await;
        sqlx::raw_sql("COMMIT").execute(&mut theirs).await.unwrap();
    };
    let (copied, ()) = tokio::join!(run_when_free(&from, &to), committing);
    let refused = copied.unwrap_err().to_string();
    assert!(refused.contains("rooms is not empty"), "{refused}");

    beside(&to, "DELETE FROM rooms").await;
    assert_eq!(rows(&run_when_free(&from, &to).await.unwrap()), 1);
}

async fn until_it_waits(to: &Place) {
    let mut watcher = to.connect().await;
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let ask = async |watcher: &mut PgConnection| {
        let waiting = sqlx::query_scalar::<_, i64>(waits).fetch_one(watcher);
        waiting.await.unwrap()
    };
    while ask(&mut watcher).await == 0 {
        tokio::task::yield_now().await;
    }
    watcher.close().await.unwrap();
}
