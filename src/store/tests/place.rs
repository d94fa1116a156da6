//! A database of its own for each test.

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{config::Database, lifecycle::Chance, store::Store};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Where a test's database is; it goes with the test.
#[derive(Debug)]
pub struct Place {
    pub folder: tempfile::TempDir,
    pub database: Database,
    /// Its name, if it is a server's.
    name: Option<String>,
}

impl Place {
    pub async fn new(kind: Kind) -> Self {
        Self::made_as(kind, "ENCODING 'UTF8' LOCALE 'C'").await
    }

    /// `how` is what PostgreSQL is to know about the new database.
    pub async fn made_as(kind: Kind, how: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if kind == Kind::Sqlite {
            let database = Database::Sqlite(folder.path().join("p.db"));
            return Self {
                folder,
                database,
                name: None,
            };
        }
        let name = format!("test_{}", Chance::System.base32(16));
        administer(&format!("CREATE DATABASE {name} TEMPLATE template0 {how}")).await;
        let database = Database::Postgres(url_of(&name).into());
        Self {
            folder,
            database,
            name: Some(name),
        }
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.database).await.unwrap()
    }

    /// The URL as a text, of a server's database.
    pub fn url(&self) -> String {
        url_of(self.name.as_deref().unwrap())
    }

    /// A connection beside Postroom, to a server's database.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            // The test's runtime is busy with ending.
            let dropping = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(administer(&format!("DROP DATABASE {name} WITH (FORCE)")));
            });
            let _told_already = dropping.join();
        }
    }
}

pub async fn administer(sql: &str) {
    let mut connection = PgConnection::connect(&admin_url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
}

pub fn url_of(name: &str) -> String {
    let admin = admin_url();
    let (server, _) = admin.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "how a test is told where its server is"
)]
pub fn admin_url() -> String {
    std::env::var("POSTROOM_TEST_POSTGRES").expect(
        "this test needs a PostgreSQL server: run it as `scripts/with-postgres cargo nextest run …`",
    )
}

pub fn secret(url: &str) -> SecretString {
    url.to_owned().into()
}
