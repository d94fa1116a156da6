//! The PostgreSQL part of area `database`.

use secrecy::SecretString;

use super::{
    machine,
    report::{Advice, Area, Check},
    scene::Scene,
    version::{self, VERSION},
};
use crate::store::{
    Connection, Refusal, StoreError,
    inspect::postgres::{self as inspect, About},
};

const SERVER: &str = "server";
const WRITING: &str = "writing";
const DURABILITY: &str = "durability";
const CONNECTIONS: &str = "connections";

/// Postroom's own, with one to spare for `doctor`.
const WANTED_CONNECTIONS: i64 = 6;
const NO_START: &str = "Postroom can't start, or waits for its database; no mail is taken.";

pub async fn examine(url: &SecretString, scene: &Scene) -> Vec<Check> {
    let mut checks = of_server(url).await;
    let blobs = scene.config.blobs.path();
    checks.push(machine::space("space for large mails", blobs));
    checks
}

async fn of_server(url: &SecretString) -> Vec<Check> {
    let looked = async {
        let mut connection = inspect::look(url).await?;
        let about = inspect::about(&mut connection).await?;
        Ok::<_, StoreError>((connection, about))
    };
    let (mut connection, about) = match looked.await {
        Ok(found) => found,
        Err(error) => {
            let (check, advice) = refused(&error);
            let mut checks = vec![Area::Database.fault(check, advice)];
            let rest = [SERVER, VERSION, WRITING, DURABILITY].into_iter();
            let rest = rest.filter(|other| *other != check && *other != SERVER);
            let why = "the database can't be used";
            checks.extend(rest.map(|other| Area::Database.skipped(other, why)));
            return checks;
        }
    };
    vec![
        server(&about),
        version::check(&mut connection, unreadable).await,
        writing(url, &about).await,
        writer(&mut connection).await,
        durability(&about),
        connections(&about),
    ]
}

/// At which check it failed, and what to say about it.
fn refused(error: &StoreError) -> (&'static str, Advice) {
    let advice = |found: String, remedy: String| Advice::new(found, NO_START, remedy);
    let StoreError::Refused(refusal) = error else {
        return (SERVER, unreadable(error.to_string()));
    };
    match refusal {
        Refusal::Unreachable { place, fault } => (
            SERVER,
            advice(
                format!("{place}: {fault}"),
                "Start it (systemctl start postgresql), or correct database.url.".to_owned(),
            ),
        ),
        Refusal::NotTrusted { place, fault } => (
            SERVER,
            advice(
                format!("no encrypted connection that can be trusted to {place}: {fault}"),
                "Correct sslmode and sslrootcert in database.url, or the server's certificate."
                    .to_owned(),
            ),
        ),
        Refusal::NotLetIn { place, user, fault } => (
            SERVER,
            advice(
                format!("{place} does not let the user {user} in: {fault}"),
                "Correct user and password in database.url, or the server's pg_hba.conf."
                    .to_owned(),
            ),
        ),
        Refusal::Missing { place, user, name } => (
            SERVER,
            advice(
                format!("{place} has no database {name}"),
                create_database(user, name),
            ),
        ),
        Refusal::Encoding {
            name,
            user,
            encoding,
        } => (
            SERVER,
            advice(
                format!("{name} is encoded in {encoding}, and mail needs UTF8"),
                create_database(user, "OTHER_NAME"),
            ),
        ),
        Refusal::OldServer(version) => (
            SERVER,
            advice(
                format!("PostgreSQL {version}"),
                "Upgrade the server to version 13 or newer.".to_owned(),
            ),
        ),
        Refusal::Replica => (
            SERVER,
            advice(
                "the server is a replica, which can't be written to".to_owned(),
                "Name the primary in database.url.".to_owned(),
            ),
        ),
        Refusal::Newer { found, .. } => (VERSION, version::newer(*found)),
        Refusal::Foreign(tables) => (
            VERSION,
            advice(
                format!("somebody else's: it has the tables {tables}"),
                "Name an empty database in database.url. Nothing was changed.".to_owned(),
            ),
        ),
        Refusal::NotOwner { name, user } => (WRITING, advice(refusal.to_string(), own(name, user))),
        // A file, or a target of `database copy`: neither is met here.
        Refusal::NoDatabase
        | Refusal::NotOpened { .. }
        | Refusal::NotEmpty(_)
        | Refusal::NothingToCopy(_) => (
            SERVER,
            advice(refusal.to_string(), "Correct database.url.".to_owned()),
        ),
    }
}

fn unreadable(found: String) -> Advice {
    Advice::new(found, NO_START, "See the log of the PostgreSQL server.")
}

fn create_database(user: &str, name: &str) -> String {
    format!(
        "As the server's administrator:\n\
         createdb --owner={user} --template=template0 --encoding=UTF8 --locale=C {name}"
    )
}

fn own(name: &str, user: &str) -> String {
    format!(
        "As the server's administrator:\n\
         psql -c 'ALTER DATABASE \"{name}\" OWNER TO \"{user}\"'"
    )
}

fn server(about: &About) -> Check {
    let size = machine::bytes(about.size.unsigned_abs());
    let found = format!(
        "PostgreSQL {}, database {}, {size}",
        about.server, about.name
    );
    Area::Database.ok(SERVER, found)
}

async fn writing(url: &SecretString, about: &About) -> Check {
    match inspect::try_to_write(url).await {
        Ok(()) => Area::Database.ok(WRITING, "a change was begun and taken back"),
        Err(error) => {
            let meaning = "Nothing can be stored, and so no mail and no message is taken.";
            let remedy = own(&about.name, &about.user);
            Area::Database.fault(WRITING, Advice::new(error.to_string(), meaning, remedy))
        }
    }
}

async fn writer(connection: &mut Connection) -> Check {
    const NAME: &str = "in charge";
    match inspect::writer(connection).await {
        Ok(Some((place, since))) => {
            Area::Database.ok(NAME, format!("a Postroom from {place}, since {since}"))
        }
        Ok(None) => Area::Database.ok(NAME, "no Postroom right now"),
        Err(error) => Area::Database.skipped(NAME, error.to_string()),
    }
}

/// Postroom itself sees to `synchronous_commit`.
fn durability(about: &About) -> Check {
    let off: Vec<&str> = [
        ("fsync", &about.fsync),
        ("full_page_writes", &about.full_page_writes),
    ]
    .into_iter()
    .filter(|(_, value)| *value != "on")
    .map(|(name, _)| name)
    .collect();
    let Some(first) = off.first() else {
        return Area::Database.ok(DURABILITY, "commits survive a power cut (fsync)");
    };
    Area::Database.fault(
        DURABILITY,
        Advice::new(
            format!("{} off", off.join(" and ")),
            "A power cut may damage the database and lose mail that was acknowledged.",
            format!("ALTER SYSTEM SET {first} = on; SELECT pg_reload_conf();"),
        ),
    )
}

fn connections(about: &About) -> Check {
    let (open, most) = (about.connections, about.most_connections);
    let found = format!("{open} of {most} in use");
    if most - open >= WANTED_CONNECTIONS {
        return Area::Database.ok(CONNECTIONS, found);
    }
    Area::Database.warning(
        CONNECTIONS,
        Advice::new(
            found,
            "Postroom may find no room for its own.",
            "Raise max_connections in postgresql.conf, and restart the server.",
        ),
    )
}
