//! PostgreSQL: a server that others may stand by at. Only the connection that holds the lock
//! writes, so that a Postroom that has lost the lock has lost its pen, too.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

use super::{
    StoreError,
    refusal::{self, Refusal},
    sql::within,
};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// The advisory lock of the one who writes, the same for all Postrooms.
pub(super) const LOCK: i64 = i64::from_be_bytes(*b"Postroom");
const OLDEST_SERVER: i64 = 13_00_00;
/// How long a connection may take to be made.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long looking at a new connection may take, the lock included.
const INSPECT_PATIENCE: Duration = Duration::from_secs(20);
/// How long a connection that is there may take to say so.
pub(super) const PING_PATIENCE: Duration = Duration::from_secs(10);

/// Settings of a session; a server that doesn't know one goes without it. The server notices
/// within half a minute that a Postroom is gone with its machine, and lets the next one write.
const SETTINGS: &[(&str, &str)] = &[
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "30s"),
    // Nobody may write while somebody who hangs keeps the lock.
    ("idle_in_transaction_session_timeout", "30s"),
    ("idle_session_timeout", "0"),
];
/// As long as a change waits for a locked SQLite file, and as long as a statement may take.
const LIMITS: &[(&str, &str)] = &[("lock_timeout", "10s"), ("statement_timeout", "15s")];

/// Where the database is.
#[derive(Debug, Clone)]
pub(super) struct Server {
    options: PgConnectOptions,
}

/// A session at the server, by which its lock is known as ours when the connection is gone.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pid: i64,
    begun: String,
}

impl Server {
    pub fn new(url: &SecretString) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.expose_secret().parse()?;
        let options = options
            .application_name("postroom")
            .options([("client_min_messages", "warning")])
            .statement_cache_capacity(200)
            .disable_statement_logging();
        Ok(Self { options })
    }

    /// The one connection that writes: takes the lock, looks whether the database can be used, and
    /// migrates it. `former` is the session that we had before; if it is what holds the lock, it is
    /// ended.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] if another Postroom has the lock.
    pub async fn take(
        &self,
        former: Option<&Session>,
    ) -> Result<(PgConnection, Session), StoreError> {
        let mut connection = self.connect().await?;
        within(INSPECT_PATIENCE, async {
            self.inspect(&mut connection).await?;
            lock(former, &mut connection).await
        })
        .await?;
        self.migrate(&mut connection).await?;
        let session = within(INSPECT_PATIENCE, async {
            set(LIMITS, &mut connection).await?;
            let session = "SELECT pid::bigint, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()";
            let (pid, begun) = sqlx::query_as(session).fetch_one(&mut connection).await?;
            Ok::<_, StoreError>(Session { pid, begun })
        })
        .await?;
        Ok((connection, session))
    }

    /// Connections to look with.
    pub fn reads(&self) -> PgPool {
        let options = self.options.clone().options([
            ("default_transaction_read_only", "on"),
            ("statement_timeout", "15s"),
        ]);
        PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(CONNECT_PATIENCE)
            // The pool itself would wait for an answer as long as it takes, and keep the place of a
            // connection that has fallen silent.
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(answers(connection)))
            .after_release(|connection, _| Box::pin(answers(connection)))
            .connect_lazy_with(options)
    }

    /// A connection that can only read, and takes no lock.
    pub async fn look(&self) -> Result<PgConnection, StoreError> {
        let mut connection = self.connect().await?;
        within(INSPECT_PATIENCE, self.inspect(&mut connection)).await?;
        set(&[("default_transaction_read_only", "on")], &mut connection).await?;
        Ok(connection)
    }

    pub async fn connect(&self) -> Result<PgConnection, StoreError> {
        let mut connection = within(CONNECT_PATIENCE, self.options.connect())
            .await
            .map_err(|error| self.refusal(error))?;
        within(INSPECT_PATIENCE, async {
            set(SETTINGS, &mut connection).await?;
            // A commit that doesn't wait for the disk is no commit.
            let durable = "SELECT set_config('synchronous_commit', 'on', false)
                WHERE current_setting('synchronous_commit') = 'off'";
            sqlx::query(durable).execute(&mut connection).await?;
            Ok::<_, StoreError>(())
        })
        .await?;
        Ok(connection)
    }

    /// Why there is no connection, as a sentence with a remedy.
    fn refusal(&self, error: sqlx::Error) -> StoreError {
        let place = self.place();
        let user = self.options.get_username().to_owned();
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        match (code.as_deref(), &error) {
            (Some("28000" | "28P01"), _) => Refusal::NotLetIn {
                place,
                user,
                fault: error.to_string(),
            },
            (Some("3D000"), _) => Refusal::Missing {
                place,
                user,
                name: self.name(),
            },
            // 57P: the server starts or stops; 53300: it has no connection left.
            (Some(code), _) if !code.starts_with("57P") && code != "53300" => return error.into(),
            // rustls says as invalid data what it has against a certificate; a file that isn't there
            // is that of `sslrootcert`.
            (None, sqlx::Error::Io(io))
                if io.kind() == std::io::ErrorKind::InvalidData
                    || (io.kind() == std::io::ErrorKind::NotFound
                        && self.options.get_socket().is_none()) =>
            {
                Refusal::NotTrusted {
                    place,
                    fault: error.to_string(),
                }
            }
            (None, sqlx::Error::Tls(_)) => Refusal::NotTrusted {
                place,
                fault: error.to_string(),
            },
            (Some(_), _) | (None, sqlx::Error::Io(_)) => Refusal::Unreachable {
                place,
                fault: error.to_string(),
            },
            (None, _) => return error.into(),
        }
        .into()
    }

    async fn inspect(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let about = "
            SELECT current_setting('server_version_num')::bigint, current_setting('server_version'),
                current_setting('server_encoding'), pg_is_in_recovery()";
        let (number, version, encoding, is_replica): (i64, String, String, bool) =
            sqlx::query_as(about).fetch_one(&mut *connection).await?;
        if number < OLDEST_SERVER {
            return Err(Refusal::OldServer(version).into());
        }
        if is_replica {
            return Err(Refusal::Replica.into());
        }
        if encoding != "UTF8" {
            return Err(Refusal::Encoding {
                name: self.name(),
                user: self.options.get_username().to_owned(),
                encoding,
            }
            .into());
        }
        // Without what extensions have brought along.
        let tables = "
            SELECT relname::text FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
            AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass
                AND objid = pg_class.oid AND deptype = 'e')
            ORDER BY relname";
        let tables: Vec<String> = sqlx::query_scalar(tables)
            .fetch_all(&mut *connection)
            .await?;
        let mut applied: Vec<(i64, String)> = Vec::new();
        if tables.iter().any(|table| table == "_sqlx_migrations") {
            let migrations = "SELECT version, description FROM _sqlx_migrations ORDER BY version";
            applied = sqlx::query_as(migrations)
                .fetch_all(&mut *connection)
                .await?;
        }
        Ok(refusal::judge(tables, &applied, &MIGRATIONS)?)
    }

    async fn migrate(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        // `run` borrows the connection in a way that no spawned task can hold.
        let migrated = MIGRATIONS.run_direct(None, connection, false).await;
        migrated.map_err(|error| {
            let cause = match &error {
                sqlx::migrate::MigrateError::Execute(cause)
                | sqlx::migrate::MigrateError::ExecuteMigration(cause, _) => Some(cause),
                _ => None,
            };
            let fault = cause.and_then(|cause| cause.as_database_error());
            let code = fault.and_then(sqlx::error::DatabaseError::code);
            // No right to create, or no schema to create in.
            if code.is_some_and(|code| code == "42501" || code == "3F000") {
                return Refusal::NotOwner {
                    name: self.name(),
                    user: self.options.get_username().to_owned(),
                }
                .into();
            }
            match error {
                // The connection broke.
                sqlx::migrate::MigrateError::Execute(cause)
                | sqlx::migrate::MigrateError::ExecuteMigration(cause, _)
                    if cause.as_database_error().is_none() =>
                {
                    cause.into()
                }
                other => other.into(),
            }
        })
    }

    fn place(&self) -> String {
        match self.options.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => format!("{}:{}", self.options.get_host(), self.options.get_port()),
        }
    }

    fn name(&self) -> String {
        let name = self.options.get_database();
        name.unwrap_or(self.options.get_username()).to_owned()
    }
}

/// Takes the lock, or says who has it.
async fn lock(former: Option<&Session>, connection: &mut PgConnection) -> Result<(), StoreError> {
    let (locked,): (bool,) = sqlx::query_as("SELECT pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(&mut *connection)
        .await?;
    if locked {
        return Ok(());
    }
    if let Some(former) = former {
        end(former, connection).await?;
    }
    Err(StoreError::InUse("it holds the lock".to_owned()))
}

/// Whether there is somebody at the other end; an error says that the connection is of no use.
pub(super) async fn answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    within(PING_PATIENCE, connection.ping()).await?;
    Ok(true)
}

async fn set(settings: &[(&str, &str)], connection: &mut PgConnection) -> Result<(), StoreError> {
    for (name, value) in settings {
        sqlx::query("SELECT set_config(name, $2, false) FROM pg_settings WHERE name = $1")
            .bind(name)
            .bind(value)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Ends a session of our own that holds the lock though its connection is gone.
async fn end(former: &Session, connection: &mut PgConnection) -> Result<(), StoreError> {
    let holder = "
        SELECT pg_terminate_backend(holder.pid) FROM pg_stat_activity AS holder
        JOIN pg_locks ON pg_locks.pid = holder.pid
        WHERE holder.pid = $1 AND backend_start::text = $2 AND locktype = 'advisory' AND granted
        AND (classid::bigint << 32) + objid::bigint = $3 AND objsubid = 1";
    let ended = sqlx::query(holder)
        .bind(former.pid)
        .bind(&former.begun)
        .bind(LOCK)
        .fetch_optional(connection)
        .await?;
    match ended {
        Some(_) => Err(sqlx::Error::Io(std::io::Error::other(
            "the session from before still holds the lock",
        ))
        .into()),
        None => Ok(()),
    }
}
