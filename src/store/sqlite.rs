//! SQLite: a file beside the program, with one Postroom at a time.

use std::{fs::File, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection,
    migrate::Migrator,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
    },
};

use super::{
    StoreError,
    refusal::{self, Refusal},
};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// An open database file.
pub(super) struct Opened {
    pub writes: SqliteConnection,
    pub reads: SqlitePool,
    /// Held as long as the store is open.
    pub lock: File,
}

/// Opens the file, makes it if it isn't there, and migrates it.
pub(super) async fn open(path: &Path) -> Result<Opened, StoreError> {
    open_file(path)
        .await
        .map_err(|error| with_path(error, path))
}

/// As a file of somebody else's, which a command typed as root leaves: SQLite doesn't say which.
pub(super) fn with_path(error: StoreError, path: &Path) -> StoreError {
    let is_closed = match &error {
        StoreError::Database(error) => {
            let code = error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code);
            let code = code.and_then(|code| code.parse::<i32>().ok());
            // SQLITE_READONLY and SQLITE_CANTOPEN, whatever more is known of it.
            let is_one = code.is_some_and(|code| matches!(code & 0xff, 8 | 14));
            // A file that isn't there belongs to nobody.
            is_one && !path.try_exists().is_ok_and(|is_there| !is_there)
        }
        StoreError::File(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
        _ => false,
    };
    if !is_closed {
        return error;
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    StoreError::Refused(Refusal::NotOpened {
        path: path.display().to_string(),
        folder: folder.unwrap_or(Path::new(".")).display().to_string(),
        fault: error.to_string(),
    })
}

async fn open_file(path: &Path) -> Result<Opened, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .statement_cache_capacity(200)
        .disable_statement_logging();
    // Before anything is made or changed: it may be somebody else's.
    if path.metadata().is_ok_and(|file| file.len() > 0) {
        inspect(&options.clone().read_only(true)).await?;
    }
    let lock = lock(path)?;
    // What is in there is between customers and staff. The files that SQLite puts beside it get the
    // same mode.
    private_file(path)?;
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        // With WAL, only FULL makes a commit survive a power cut.
        .synchronous(SqliteSynchronous::Full);
    let mut writes = options.connect().await?;
    MIGRATIONS.run(&mut writes).await?;
    let reads = SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options.read_only(true))
        .await?;
    Ok(Opened {
        writes,
        reads,
        lock,
    })
}

async fn inspect(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let look = async {
        let mut connection = options.connect().await?;
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
        let tables: Vec<String> = sqlx::query_scalar(tables)
            .fetch_all(&mut connection)
            .await?;
        let mut applied: Vec<(i64, String)> = Vec::new();
        if tables.iter().any(|table| table == "_sqlx_migrations") {
            let migrations = "SELECT version, description FROM _sqlx_migrations ORDER BY version";
            applied = sqlx::query_as(migrations)
                .fetch_all(&mut connection)
                .await?;
        }
        connection.close().await?;
        Ok::<_, sqlx::Error>((tables, applied))
    };
    // SQLITE_NOTADB
    let is_none = |error: &sqlx::Error| {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        code.is_some_and(|code| code == "26")
    };
    let (tables, applied) = look.await.map_err(|error| {
        if is_none(&error) {
            Refusal::NoDatabase.into()
        } else {
            StoreError::from(error)
        }
    })?;
    Ok(refusal::judge(tables, &applied, &MIGRATIONS)?)
}

/// Two Postrooms on one file would send everything twice.
fn lock(database: &Path) -> Result<File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = Path::new(&path);
    let file = private_file(path)?;
    file.try_lock().map_err(|fault| match fault {
        std::fs::TryLockError::WouldBlock => {
            StoreError::InUse(format!("{} is locked", path.display()))
        }
        std::fs::TryLockError::Error(error) => error.into(),
    })?;
    Ok(file)
}

/// Opens a file, and makes it if it isn't there, for its owner only.
fn private_file(path: &Path) -> std::io::Result<File> {
    File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::inspect;

    /// Nobody can open a socket as a file, not even root.
    #[tokio::test]
    async fn says_which_file_cannot_be_opened_and_whose_it_must_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postroom.db");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let told = inspect::sqlite::look(&path).await.err().unwrap();
        let told = told.to_string();
        let remedy = format!(
            "chown --reference={} {}*",
            folder.path().display(),
            path.display()
        );
        assert!(told.contains(&remedy), "{told}");
        // What isn't there belongs to nobody.
        std::fs::remove_file(&path).unwrap();
        let told = inspect::sqlite::look(&path).await.err().unwrap();
        assert!(!told.to_string().contains("chown"), "{told}");
    }

    #[test]
    fn other_faults_stay_what_they_are() {
        let refused = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let told = |error: std::io::Error| with_path(error.into(), Path::new("a.db")).to_string();
        assert!(told(refused).contains("chown --reference=. a.db*"));
        assert!(!told(full).contains("chown"));
    }
}
