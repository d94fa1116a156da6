//! Databases that can't be used: each is left alone, with a sentence that says what to do.

use rstest::rstest;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use super::{
    place::{Kind, Place, admin_url, administer, secret, url_of},
    *,
};

async fn refusal_of(database: &Database) -> String {
    let refused = Store::open(database).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    refused.to_string()
}

/// Somebody else's tables, or a change by somebody from the future.
async fn run(sql: &str, place: &Place) {
    match &place.database {
        Database::Sqlite(path) => {
            let options = SqliteConnectOptions::new().filename(path);
            let connect = options.create_if_missing(true).connect().await;
            let mut connection = connect.unwrap();
            let sql = AssertSqlSafe(sql);
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Database::Postgres(_) => {
            let mut connection = place.connect().await;
            let sql = AssertSqlSafe(sql);
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    }
}

#[rstest]
#[tokio::test]
async fn of_a_newer_version(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let place = Place::new(kind).await;
    drop(place.open().await);
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'of tomorrow', TRUE, '', 0)";
    let newer = match kind {
        Kind::Sqlite => newer.replace("''", "x''"),
        Kind::Postgres => newer.to_owned(),
    };
    run(&newer, &place).await;
    let refusal = refusal_of(&place.database).await;
    assert!(
        refusal.contains("newer Postroom") && refusal.contains("9999"),
        "{refusal}"
    );
}

#[rstest]
#[case::tables("CREATE TABLE events (id TEXT); CREATE TABLE rooms (id TEXT)")]
#[case::tables_and_migrations(
    "CREATE TABLE users (id TEXT); CREATE TABLE _sqlx_migrations (version BIGINT, description TEXT);
    INSERT INTO _sqlx_migrations VALUES (20220530149000, 'users')"
)]
#[tokio::test]
async fn with_tables_of_somebody_else(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] theirs: &str,
) {
    let place = Place::new(kind).await;
    run(theirs, &place).await;
    let before = bytes(&place);
    let refusal = refusal_of(&place.database).await;
    assert!(refusal.contains("not Postroom's"), "{refusal}");
    assert_eq!(bytes(&place), before, "something was changed or made");
}

/// Every file's name and content, of a SQLite database.
fn bytes(place: &Place) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let files = std::fs::read_dir(place.folder.path()).unwrap();
    let mut files: Vec<_> = files
        .map(|file| file.unwrap())
        .map(|file| (file.file_name(), std::fs::read(file.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// As a server's administrator may install it for all databases.
#[tokio::test]
async fn but_not_for_what_an_extension_brought() {
    let place = Place::new(Kind::Postgres).await;
    let own = "CREATE TABLE lent (id BIGINT); ALTER EXTENSION plpgsql ADD TABLE lent";
    run(own, &place).await;
    place.open().await;
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let place = Place::new(Kind::Sqlite).await;
    let Database::Sqlite(path) = &place.database else {
        unreachable!()
    };
    std::fs::write(path, "Dear diary, ".repeat(1000)).unwrap();
    let before = bytes(&place);
    let refusal = refusal_of(&place.database).await;
    assert!(refusal.contains("no SQLite database"), "{refusal}");
    assert_eq!(bytes(&place), before, "something was changed or made");
}

#[tokio::test]
async fn in_an_encoding_that_knows_few_letters() {
    let place = Place::made_as(Kind::Postgres, "ENCODING 'LATIN1' LOCALE 'C'").await;
    let refusal = refusal_of(&place.database).await;
    assert!(
        refusal.contains("LATIN1") && refusal.contains("--encoding=UTF8"),
        "{refusal}"
    );
}

#[tokio::test]
async fn that_is_not_there() {
    let url = url_of("nowhere");
    let refusal = refusal_of(&Database::Postgres(secret(&url))).await;
    assert!(
        refusal.contains("createdb --owner=postgres") && refusal.ends_with("nowhere"),
        "{refusal}"
    );
}

#[tokio::test]
async fn whose_server_is_not_there() {
    let url = "postgres://postroom:hush@127.0.0.1:1/postroom";
    let refusal = refusal_of(&Database::Postgres(secret(url))).await;
    assert!(
        refusal.contains("127.0.0.1:1 can't be reached") && !refusal.contains("hush"),
        "{refusal}"
    );
}

#[tokio::test]
async fn whose_server_knows_no_such_user() {
    let url = admin_url().replace("postgres@", "nobody-here:hush@");
    let refusal = refusal_of(&Database::Postgres(secret(&url))).await;
    assert!(
        refusal.contains("nobody-here") && refusal.contains("pg_hba.conf"),
        "{refusal}"
    );
    assert!(!refusal.contains("hush"), "{refusal}");
}

#[tokio::test]
async fn in_which_nothing_may_be_created() {
    let place = Place::new(Kind::Postgres).await;
    let user = place
        .url()
        .rsplit_once('/')
        .unwrap()
        .1
        .replace("test_", "user_");
    administer(&format!("CREATE USER {user}")).await;
    let url = place.url().replace("postgres@", &format!("{user}@"));
    let refusal = refusal_of(&Database::Postgres(secret(&url))).await;
    administer(&format!("DROP USER {user}")).await;
    assert!(refusal.contains("OWNER TO"), "{refusal}");
}
