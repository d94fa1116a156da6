//! What only a server can do to us: it goes away, and others want the database, too.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _};

use super::*;

async fn ensure(store: &Store, room: &'static str) -> Result<(), StoreError> {
    store
        .write(move |tx| Box::pin(async move { rooms::ensure(tx, room, "support").await }))
        .await
}

/// What each session of Postroom's stands at.
const SESSIONS: &str = "FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

async fn cut_all(place: &Place) {
    let mut beside = place.connect().await;
    let sql = AssertSqlSafe(format!("SELECT pg_terminate_backend(pid) {SESSIONS}"));
    sqlx::query(sql).execute(&mut beside).await.unwrap();
    beside.close().await.unwrap();
}

#[tokio::test]
async fn commits_wait_for_the_disk_even_where_the_server_would_not() {
    let place = Place::new(Kind::Postgres).await;
    let mut beside = place.connect().await;
    let lazy = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
    sqlx::raw_sql(lazy).execute(&mut beside).await.unwrap();
    let store = place.open().await;
    let setting = store.write(|tx| {
        Box::pin(async move {
            Ok(fetch_one!(
                tx.connection(),
                (String,),
                "SELECT current_setting('synchronous_commit')"
            ))
        })
    });
    assert_eq!(setting.await.unwrap().0, "on");
}

#[tokio::test]
async fn a_connection_that_breaks_within_a_commit_fails_it_and_is_made_anew() {
    let place = Place::new(Kind::Postgres).await;
    let store = place.open().await;
    let breaks = store.write(|tx| {
        Box::pin(async move {
            rooms::ensure(tx, "!a", "support").await?;
            execute!(
                tx.connection(),
                "SELECT pg_terminate_backend(pg_backend_pid())"
            );
            Ok(())
        })
    });
    let (breaks, waits) = tokio::join!(breaks, ensure(&store, "!b"));
    assert!(matches!(breaks, Err(StoreError::Database(_))), "{breaks:?}");
    assert!(matches!(waits, Err(StoreError::NotWritten(_))), "{waits:?}");
    ensure(&store, "!c").await.unwrap();
    let mut reading = store.read().await.unwrap();
    assert!(rooms::find(&mut reading, "!a").await.unwrap().is_none());
    assert!(rooms::find(&mut reading, "!c").await.unwrap().is_some());
}

#[tokio::test]
async fn a_connection_that_breaks_while_nobody_writes_is_made_anew() {
    let place = Place::new(Kind::Postgres).await;
    let store = place.open().await;
    ensure(&store, "!a").await.unwrap();
    cut_all(&place).await;
    // Postroom looks after it by itself: the lock is there again without a write.
    let mut beside = place.connect().await;
    let holders =
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database =
        (SELECT oid FROM pg_database WHERE datname = current_database())";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let (held,): (i64,) = sqlx::query_as(holders)
            .fetch_one(&mut beside)
            .await
            .unwrap();
        if held == 1 {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "it is not");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ensure(&store, "!b").await.unwrap();
    let mut reading = store.read().await.unwrap();
    assert!(rooms::find(&mut reading, "!b").await.unwrap().is_some());
}

#[tokio::test]
async fn who_finds_the_database_taken_over_is_told_and_writes_no_more() {
    let place = Place::new(Kind::Postgres).await;
    let store = place.open().await;
    // Somebody waits for the lock, and gets it the moment that its holder is gone.
    let mut next = place.connect().await;
    let take = sqlx::query("SELECT pg_advisory_lock($1)").bind(i64::from_be_bytes(*b"Postroom"));
    let waiting = tokio::spawn(async move {
        take.execute(&mut next).await.unwrap();
        next
    });
    let mut beside = place.connect().await;
    let waits =
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database =
        (SELECT oid FROM pg_database WHERE datname = current_database())";
    while sqlx::query_scalar::<_, i64>(waits)
        .fetch_one(&mut beside)
        .await
        .unwrap()
        == 0
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let holder =
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    sqlx::query(holder).execute(&mut beside).await.unwrap();
    let lost = tokio::time::timeout(Duration::from_secs(20), store.lost()).await;
    assert!(matches!(lost, Ok(StoreError::Lost(_))), "{lost:?}");
    let refused = ensure(&store, "!a").await;
    assert!(
        matches!(refused, Err(StoreError::NotWritten(_))),
        "{refused:?}"
    );
    waiting.await.unwrap().close().await.unwrap();
}

#[tokio::test]
async fn a_text_that_fits_no_index_is_the_texts_fault() {
    let place = Place::new(Kind::Postgres).await;
    let store = place.open().await;
    // Longer than an index row may be, and nothing to be compressed.
    let id = crate::lifecycle::Chance::System.base32(20_000);
    let fault = store
        .write(move |tx| Box::pin(async move { rooms::ensure(tx, &id, "support").await }))
        .await;
    assert!(matches!(fault, Err(StoreError::Value(_))), "{fault:?}");
    ensure(&store, "!a").await.unwrap();
}
