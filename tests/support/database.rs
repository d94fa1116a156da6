//! Postroom's database in a story: SQLite, or PostgreSQL with `POSTROOM_TEST_DATABASE=postgres`, in
//! the server that `scripts/with-postgres` starts.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, FromRow, PgConnection, SqliteConnection,
    postgres::PgRow,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

use super::servers::{
    certificates::Certificates,
    folder::{self, Folder},
};

/// Where a story's database is to be.
#[derive(Debug, Clone, Default)]
pub enum Choice {
    /// As `POSTROOM_TEST_DATABASE` says; without it in SQLite.
    #[default]
    AsTold,
    Sqlite,
    /// In the server that all tests share.
    Postgres,
    /// In the server at this URL.
    At(String),
}

/// How many databases this process has made.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A database, which goes with its story.
#[derive(Debug)]
pub enum Database {
    Sqlite(PathBuf),
    Postgres { server: String, name: String },
}

impl Database {
    pub async fn create(choice: &Choice, folder: &Folder) -> Self {
        let server = match choice {
            Choice::Sqlite => return Self::Sqlite(folder.join("postroom.db")),
            Choice::At(url) => url.clone(),
            Choice::Postgres => shared_server(),
            Choice::AsTold => match variable("POSTROOM_TEST_DATABASE").as_deref() {
                None | Some("sqlite") => return Self::Sqlite(folder.join("postroom.db")),
                Some("postgres") => shared_server(),
                Some(other) => panic!("POSTROOM_TEST_DATABASE is {other}: sqlite or postgres"),
            },
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("story_{}_{count}", std::process::id());
        let create =
            format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
        administer(&server, &create).await;
        Self::Postgres { server, name }
    }

    /// As the configuration has it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(_) => "sqlite:postroom.db".to_owned(),
            Self::Postgres { server, name } => {
                let (server, options) = server.split_once('?').unwrap_or((server, ""));
                let (server, _) = server.rsplit_once('/').unwrap();
                let mark = if options.is_empty() { "" } else { "?" };
                format!("{server}/{name}{mark}{options}")
            }
        }
    }

    pub async fn connect(&self) -> Connection {
        match self {
            Self::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path);
                Connection::Sqlite(options.connect().await.unwrap())
            }
            Self::Postgres { .. } => {
                Connection::Postgres(PgConnection::connect(&self.url()).await.unwrap())
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            let (server, name) = (server.clone(), name.clone());
            // The story's own runtime may be at its end.
            let dropping = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                runtime.block_on(administer(&server, &drop));
            });
            let _told_already = dropping.join();
        }
    }
}

async fn administer(server: &str, sql: &str) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    let sql = AssertSqlSafe(sql);
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

/// The URL of the server that all tests share.
pub fn shared_server() -> String {
    variable("POSTROOM_TEST_POSTGRES").expect(
        "this test needs a PostgreSQL server: run it as `scripts/with-postgres cargo nextest run …`",
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "how a test is told which database to use"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A connection to look into Postroom's database, and to change what is there.
pub enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Connection {
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// How many rows were changed.
    pub async fn execute(&mut self, sql: &str) -> u64 {
        let query = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite(connection) => query.execute(connection).await.unwrap().rows_affected(),
            Self::Postgres(connection) => query.execute(connection).await.unwrap().rows_affected(),
        }
    }

    pub async fn rows<T>(&mut self, sql: &str) -> Vec<T>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::query_as(sql).fetch_all(connection).await.unwrap(),
            Self::Postgres(connection) => sqlx::query_as(sql).fetch_all(connection).await.unwrap(),
        }
    }

    pub async fn row<T>(&mut self, sql: &str) -> T
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut rows = self.rows(sql).await;
        assert_eq!(rows.len(), 1, "{sql}");
        rows.remove(0)
    }

    pub async fn close(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}

/// A PostgreSQL of the story's own, to be restarted. It ends with this value, or with its process.
#[derive(Debug)]
pub struct OwnServer {
    child: Child,
    pub url: String,
    control: String,
}

impl OwnServer {
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/with-postgres");
        // `cat` ends when its input does.
        let tell = "echo $POSTROOM_TEST_POSTGRES; echo $POSTROOM_TEST_POSTGRES_RESTART; cat";
        let mut child = Command::new(script)
            .args(["sh", "-c", tell])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().expect("the server starts").unwrap();
        let (url, control) = (line(), line());
        Self {
            child,
            url,
            control,
        }
    }

    /// From now on the server offers TLS, with this certificate.
    pub async fn encrypt(&self, certificates: &Certificates) {
        // PostgreSQL wants to own its key.
        let files = [&certificates.certificate, &certificates.key].map(Clone::clone);
        if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
            folder::chown("postgres", &files).unwrap();
        }
        let [certificate, key] = files.map(|file| file.display().to_string());
        for setting in [
            format!("ssl_cert_file = '{certificate}'"),
            format!("ssl_key_file = '{key}'"),
            "ssl = on".to_owned(),
        ] {
            administer(&self.url, &format!("ALTER SYSTEM SET {setting}")).await;
        }
        self.control("restart");
    }

    /// `stop`, `start` or `restart`; a stop ends all sessions, whatever they do.
    pub fn control(&self, what: &str) {
        let done = Command::new(&self.control).arg(what).status().unwrap();
        assert!(done.success(), "PostgreSQL: {what}");
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _gone = self.child.wait();
    }
}
