//! Looking into a database beside the Postroom that has it open.

use std::time::Duration;

use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use super::{Kind, Place};
use crate::{
    config::Database,
    store::{
        Store, StoreError,
        inspect::{self, postgres, sqlite},
    },
};

#[tokio::test]
async fn who_looks_from_outside_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.db");
    let names = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let store = Store::open(&Database::Sqlite(path.clone())).await.unwrap();
    let look = async || {
        let mut connection = sqlite::look(&path).await.unwrap();
        let found = inspect::version(&mut connection).await.unwrap();
        assert_eq!(found, Some(inspect::own_version()));
        let limit = Duration::from_mins(1);
        let checked = sqlite::quick_check(&mut connection, limit).await.unwrap();
        assert_eq!(checked.as_deref(), Some("ok"));
        let checked = sqlite::quick_check(&mut connection, Duration::ZERO)
            .await
            .unwrap();
        assert!(matches!(checked.as_deref(), None | Some("ok")));
        let write = async {
            execute!(&mut connection, "CREATE TABLE x (y INTEGER)");
            Ok::<_, StoreError>(())
        };
        assert!(write.await.is_err());
        let tried = sqlite::try_to_write(&path).await;
        assert!(matches!(tried, sqlite::Writing::Works), "{tried:?}");
    };
    look().await;
    drop(store);
    // The last who may write takes away what SQLite made, once all readers have gone.
    let is_in_use = || sqlite::beside(&path, "-wal").exists();
    for _ in 0..1000 {
        let options = SqliteConnectOptions::new().filename(&path);
        let mut connection = options.connect().await.unwrap();
        // Who has read nothing has nothing to put in order.
        sqlx::query("SELECT count(*) FROM rooms")
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::Connection::close(connection).await.unwrap();
        if !is_in_use() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!is_in_use());
    let before = names();
    look().await;
    assert_eq!(names(), before);
}

#[tokio::test]
async fn who_looks_at_a_server_takes_nothing_and_leaves_nothing() {
    let place = Place::new(Kind::Postgres).await;
    let Database::Postgres(url) = &place.database else {
        unreachable!("it was asked for")
    };
    let mut connection = postgres::look(url).await.unwrap();
    assert_eq!(inspect::version(&mut connection).await.unwrap(), None);
    assert_eq!(postgres::writer(&mut connection).await.unwrap(), None);

    let store = place.open().await;
    let found = inspect::version(&mut connection).await.unwrap();
    assert_eq!(found, Some(inspect::own_version()));
    assert!(postgres::writer(&mut connection).await.unwrap().is_some());
    let about = postgres::about(&mut connection).await.unwrap();
    assert!(about.size > 0 && about.most_connections > 0, "{about:?}");
    for _ in 0..2 {
        postgres::try_to_write(url).await.unwrap();
    }
    let write = async {
        execute!(&mut connection, "CREATE TABLE x (y INTEGER)");
        Ok::<_, StoreError>(())
    };
    assert!(write.await.is_err());
    drop((connection, store));
}
