//! The store against the real database.

use super::*;

fn statements() -> Vec<(&'static str, &'static str)> {
    let files = [
        keys::STATEMENTS,
        inbox::STATEMENTS,
        rooms::STATEMENTS,
        people::STATEMENTS,
        conversations::STATEMENTS,
        messages::STATEMENTS,
        letters::STATEMENTS,
        mails::STATEMENTS,
        outbox::STATEMENTS,
    ];
    files.concat()
}

/// Every statement is prepared: a misspelt column is found here and not in the field.
#[tokio::test]
async fn every_statement_can_be_prepared() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).await.unwrap();
    let mut connection = store.read().await.unwrap();
    for (name, sql) in statements() {
        use sqlx::Executor;
        let prepared = connection.prepare(sqlx::SqlStr::from_static(sql)).await;
        assert!(prepared.is_ok(), "{name}: {}", prepared.unwrap_err());
    }
}

/// No statement reads a whole table: its cost would grow with what is stored. A whole partial index
/// may be read, as it holds only what waits.
#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).await.unwrap();
    let mut connection = store.read().await.unwrap();
    // Plans of inserts list what a violated foreign key would be looked for in, which never happens.
    let is_insert = |sql: &str| sql.trim_start().starts_with("INSERT");
    for (name, sql) in statements().into_iter().filter(|(_, sql)| !is_insert(sql)) {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        for (_, _, _, step) in plan {
            let is_small = ["SCAN keys", "SCAN CONSTANT ROW", "SCAN (subquery-1)"];
            let is_small = is_small.contains(&step.as_str());
            let reads_all = step.starts_with("SCAN") && !step.contains("USING");
            assert!(is_small || !reads_all, "{name}: {step}");
        }
    }
}

#[tokio::test]
async fn commits_survive_a_power_cut_by_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).await.unwrap();
    let settings = store
        .write(|tx| {
            Box::pin(async move {
                let (journal,) = fetch_one!(tx.connection(), (String,), "PRAGMA journal_mode");
                let (synchronous,) = fetch_one!(tx.connection(), (i64,), "PRAGMA synchronous");
                Ok((journal, synchronous))
            })
        })
        .await
        .unwrap();
    // 2 is FULL.
    assert_eq!(settings, ("wal".to_owned(), 2));
}

#[tokio::test]
async fn a_second_postroom_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let url = folder.path().join("p.db");
    let _first = Store::open(&url).await.unwrap();
    assert!(matches!(Store::open(&url).await, Err(StoreError::InUse(_))));
}

#[tokio::test]
async fn a_job_that_fails_takes_back_only_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).await.unwrap();
    let good = store.write(|tx| Box::pin(async move { rooms::ensure(tx, "!a", "support").await }));
    let bad = store.write(|tx| {
        Box::pin(async move {
            rooms::ensure(tx, "!b", "support").await?;
            Err::<(), _>(StoreError::Value("on purpose".to_owned()))
        })
    });
    let panics = store.write(|tx| {
        Box::pin(async move {
            rooms::ensure(tx, "!c", "support").await?;
            panic!("on purpose");
            #[expect(unreachable_code, reason = "names the type")]
            Ok(())
        })
    });
    let (good, bad, panics) = tokio::join!(good, bad, panics);
    good.unwrap();
    bad.unwrap_err();
    panics.unwrap_err();
    let mut connection = store.read().await.unwrap();
    assert!(rooms::find(&mut connection, "!a").await.unwrap().is_some());
    assert!(rooms::find(&mut connection, "!b").await.unwrap().is_none());
    assert!(rooms::find(&mut connection, "!c").await.unwrap().is_none());
}
