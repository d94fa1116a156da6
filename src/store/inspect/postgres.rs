//! A PostgreSQL database, seen from outside.

use secrecy::SecretString;

use crate::store::{
    Connection, StoreError,
    connection::Held,
    postgres::{LOCK, Server},
};

/// The server and the database, as they present themselves.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct About {
    /// The server's version, such as `15.18`.
    pub server: String,
    pub name: String,
    pub user: String,
    /// Octets that the database takes on the server's disk.
    pub size: i64,
    /// Connections that are open, to all databases, and how many there may be.
    pub connections: i64,
    pub most_connections: i64,
    /// `on` or `off`: whether a commit is on the disk before it is told of, and whole.
    pub fsync: String,
    pub full_page_writes: String,
}

/// A connection that can only read.
///
/// # Errors
///
/// As [`crate::store::Store::open`], but for a lock that is held.
pub async fn look(url: &SecretString) -> Result<Connection, StoreError> {
    let connection = Server::new(url)?.look().await?;
    Ok(Connection::Postgres(Held::Own(connection)))
}

/// A connection that can write.
pub(super) async fn to_write(url: &SecretString) -> Result<Connection, StoreError> {
    let connection = Server::new(url)?.connect().await?;
    Ok(Connection::Postgres(Held::Own(connection)))
}

pub async fn about(connection: &mut Connection) -> Result<About, StoreError> {
    let about = "
        SELECT current_setting('server_version') AS server, current_database()::text AS name,
            current_user::text AS user, pg_database_size(current_database()) AS size,
            (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
                AS connections,
            current_setting('max_connections')::bigint AS most_connections,
            current_setting('fsync') AS fsync,
            current_setting('full_page_writes') AS full_page_writes";
    Ok(fetch_one!(connection, About, about))
}

/// From where the Postroom is connected that works on the database, and since when; `local` stands
/// for the server's own machine. `None` if none does.
pub async fn writer(connection: &mut Connection) -> Result<Option<(String, String)>, StoreError> {
    let holder = "
        SELECT coalesce(host(client_addr), 'local'),
            to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')
        FROM pg_stat_activity JOIN pg_locks ON pg_locks.pid = pg_stat_activity.pid
        WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (classid::bigint << 32) + objid::bigint = $1";
    Ok(fetch_optional!(connection, (String, String), holder, LOCK))
}

/// Begins a change and takes it back.
pub async fn try_to_write(url: &SecretString) -> Result<(), StoreError> {
    let connection = Server::new(url)?.connect().await?;
    let mut connection = Connection::Postgres(Held::Own(connection));
    for statement in ["BEGIN", "CREATE TABLE a_try (x BIGINT)", "ROLLBACK"] {
        execute!(&mut connection, statement);
    }
    Ok(())
}
