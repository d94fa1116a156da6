//! Why a database can't be used, and what to do about it.

use sqlx::migrate::Migrator;

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error(
        "the PostgreSQL server at {place} can't be reached ({fault}); is it running, and is \
         `database.url` right?"
    )]
    Unreachable { place: String, fault: String },
    #[error(
        "no encrypted connection that can be trusted to the PostgreSQL server at {place} came about ({fault}); \
         does the server offer TLS for this host name, and is its certificate signed by the file in \
         `sslrootcert` in `database.url`, or by one that the system trusts?"
    )]
    NotTrusted { place: String, fault: String },
    #[error(
        "the PostgreSQL server at {place} does not let the user {user} in ({fault}); correct user \
         and password in `database.url`, or the server's pg_hba.conf"
    )]
    NotLetIn {
        place: String,
        user: String,
        fault: String,
    },
    #[error(
        "the PostgreSQL server at {place} has no database {name}; create it, as the server's \
         administrator: createdb --owner={user} --template=template0 --encoding=UTF8 --locale=C {name}"
    )]
    Missing {
        place: String,
        user: String,
        name: String,
    },
    #[error(
        "the database {name} is encoded in {encoding}, and mail needs UTF8; create another: \
         createdb --owner={user} --template=template0 --encoding=UTF8 --locale=C OTHER_NAME"
    )]
    Encoding {
        name: String,
        user: String,
        encoding: String,
    },
    #[error("this is PostgreSQL {0}, and Postroom needs version 13 or newer; upgrade the server")]
    OldServer(String),
    #[error(
        "this PostgreSQL server is a replica, which can't be written to; name the primary in \
         `database.url`"
    )]
    Replica,
    #[error(
        "the user {user} may not create tables in the database {name}; make the user its owner, \
         as the server's administrator: ALTER DATABASE \"{name}\" OWNER TO \"{user}\""
    )]
    NotOwner { name: String, user: String },
    #[error(
        "the target's table {0} is not empty; copy into a fresh database, so that nothing is mixed up"
    )]
    NotEmpty(String),
    #[error(
        "there is no file {0} to copy; where Postroom has never run, it is enough to set \
         `database.url`"
    )]
    NothingToCopy(String),
    #[error(
        "{path} can't be opened ({fault}). It, the files beside it and their folder must belong to the user \
         who runs Postroom; if the folder does, as root: chown --reference={folder} {path}*"
    )]
    NotOpened {
        path: String,
        folder: String,
        fault: String,
    },
    #[error("the file is no SQLite database; name another one in `database.url`, or move it away")]
    NoDatabase,
    #[error(
        "this database is not Postroom's: it has the tables {0}; it was left untouched. Name an \
         empty database or a new file in `database.url`"
    )]
    Foreign(String),
    #[error(
        "a newer Postroom has used this database: its migration {found} is not among those of \
         Postroom {own}, which end with {last}. Install the newer Postroom again, or restore the \
         backup from before the upgrade"
    )]
    Newer {
        found: i64,
        last: i64,
        own: &'static str,
    },
}

/// Whether a database with these tables and applied migrations (number and name) is empty or
/// Postroom's, and not from the future.
pub(super) fn judge(
    mut tables: Vec<String>,
    applied: &[(i64, String)],
    migrations: &Migrator,
) -> Result<(), Refusal> {
    let own = |(version, name): &(i64, String)| {
        let mut migrations = migrations.iter();
        migrations.any(|ours| ours.version == *version && ours.description == name.as_str())
    };
    if applied.first().is_some_and(own) {
        let last = migrations
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or(0);
        return match applied.last() {
            Some((found, _)) if *found > last => Err(Refusal::Newer {
                found: *found,
                last,
                own: env!("CARGO_PKG_VERSION"),
            }),
            _ => Ok(()),
        };
    }
    // The list of migrations alone is what a first start leaves that was interrupted.
    tables.retain(|table| !applied.is_empty() || table != "_sqlx_migrations");
    if tables.is_empty() {
        return Ok(());
    }
    let more = tables.len().saturating_sub(3);
    tables.truncate(3);
    let mut named = tables.join(", ");
    if more > 0 {
        named = format!("{named} and {more} more");
    }
    Err(Refusal::Foreign(named))
}
