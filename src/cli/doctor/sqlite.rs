//! The SQLite part of area `database`.

use std::{fs::File, io::Read as _, path::Path, time::Duration};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::{
    machine::{self, FileSystem},
    report::{Advice, Area, Check},
    scene::Scene,
    version::{self, VERSION},
};
use crate::store::{
    Connection,
    inspect::sqlite::{self as inspect, Writing},
};

/// How long the file may be read for its soundness: it is on the disk that Postroom needs.
const PATIENCE: Duration = Duration::from_secs(5);
/// How every SQLite file begins (<https://sqlite.org/fileformat.html>).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

const FILE: &str = "file";
const SOUND: &str = "soundness";
const WRITING: &str = "writing";

pub async fn examine(path: &Path, scene: &Scene) -> Vec<Check> {
    let mut checks = of_file(path, scene).await;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    checks.push(file_system(folder));
    checks.push(machine::space("space for the database", folder));
    let blobs = scene.config.blobs.path();
    checks.push(machine::space("space for large mails", blobs));
    checks
}

async fn of_file(path: &Path, scene: &Scene) -> Vec<Check> {
    let shown = path.display();
    if !path.exists() {
        let found = format!("{shown} is not there yet; made at the first start");
        return vec![Area::Database.ok(FILE, found)];
    }
    let size = match header(path) {
        Ok(size) => size,
        Err(advice) => {
            let mut checks = vec![Area::Database.fault(FILE, advice)];
            for name in [VERSION, SOUND, WRITING] {
                checks.push(Area::Database.skipped(name, "the file can't be read"));
            }
            return checks;
        }
    };
    let mut checks = vec![Area::Database.ok(FILE, format!("{shown}, {}", machine::bytes(size)))];
    match inspect::look(path).await {
        Ok(mut connection) => {
            checks.push(version::check(&mut connection, |fault| broken(fault, path)).await);
            checks.push(soundness(&mut connection, path).await);
        }
        Err(error) => checks.push(Area::Database.fault(SOUND, broken(error.to_string(), path))),
    }
    checks.push(writing(path, scene).await);
    checks
}

/// The size of the file, if it is a database or still empty.
fn header(path: &Path) -> Result<u64, Advice> {
    let read = || -> std::io::Result<(u64, Vec<u8>)> {
        let mut file = File::open(path)?;
        let mut begin = Vec::new();
        file.by_ref().take(16).read_to_end(&mut begin)?;
        Ok((file.metadata()?.len(), begin))
    };
    let (size, begin) = read().map_err(|error| {
        Advice::new(
            error.to_string(),
            "Postroom can't start without its database.",
            format!(
                "Let the user who runs Postroom own it: chown postroom {}",
                path.display()
            ),
        )
    })?;
    if size > 0 && begin != MAGIC {
        return Err(Advice::new(
            format!("{} is not a SQLite database", path.display()),
            "Postroom does not start on it, and leaves it as it is.",
            "Name the right file in database.url, or put the backup in its place while Postroom \
             is stopped.",
        ));
    }
    Ok(size)
}

async fn soundness(connection: &mut Connection, path: &Path) -> Check {
    match inspect::quick_check(connection, PATIENCE).await {
        Ok(Some(found)) if found == "ok" => Area::Database.ok(SOUND, "quick_check finds no fault"),
        Ok(None) => Area::Database.ok(
            SOUND,
            format!(
                "no fault within {} s; too large to check whole",
                PATIENCE.as_secs()
            ),
        ),
        Ok(Some(found)) => Area::Database.fault(SOUND, broken(found, path)),
        Err(error) => Area::Database.fault(SOUND, broken(error.to_string(), path)),
    }
}

fn broken(found: impl Into<String>, path: &Path) -> Advice {
    let path = path.display();
    Advice::new(
        found,
        "The file is damaged: the disk, or a copy that was made while Postroom ran.",
        format!(
            "Stop Postroom and put the backup back, or save what can be read:\n\
             sqlite3 {path} .recover | sqlite3 {path}.recovered"
        ),
    )
}

async fn writing(path: &Path, scene: &Scene) -> Check {
    let is_running = scene.running.is_so();
    if !is_running && inspect::beside(path, "-wal").exists() {
        // Who closes the database takes the log into it, which is left to Postroom.
        return match accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS) {
            Ok(()) => Area::Database.ok(WRITING, "allowed; not tried, as Postroom doesn't run"),
            Err(error) => Area::Database.fault(WRITING, unwritable(error.to_string(), path)),
        };
    }
    match inspect::try_to_write(path).await {
        Writing::Works => Area::Database.ok(WRITING, "a change was begun and taken back"),
        Writing::Busy if is_running => Area::Database.ok(WRITING, "Postroom is writing"),
        Writing::Busy => Area::Database.fault(
            WRITING,
            Advice::new(
                "somebody else holds the database",
                "Postroom can't write, and takes no mail and no message.",
                format!("See who it is, and end it: fuser -v {}", path.display()),
            ),
        ),
        Writing::Fails(error) => Area::Database.fault(WRITING, unwritable(error.to_string(), path)),
    }
}

fn unwritable(found: String, path: &Path) -> Advice {
    Advice::new(
        found,
        "Nothing can be stored, and so no mail and no message is taken.",
        format!(
            "Let the user who runs Postroom own file and folder: chown postroom {}",
            path.display()
        ),
    )
}

/// Postroom opens the database in WAL mode, for which reader and writer share memory.
fn file_system(folder: &Path) -> Check {
    const NAME: &str = "file system";
    match machine::file_system(folder) {
        Some(FileSystem { kind, is_remote }) if is_remote => Area::Database.warning(
            NAME,
            Advice::new(
                format!("{} is on {kind}", folder.display()),
                "SQLite's locks and its log can't be relied upon over a network: the database may \
                 be damaged.",
                "Name a file on a disk of this machine in database.url.",
            ),
        ),
        Some(FileSystem { kind, .. }) if kind == "tmpfs" || kind == "ramfs" => Area::Database.ok(
            NAME,
            format!("{kind}: in memory, gone when the machine restarts"),
        ),
        Some(FileSystem { kind, .. }) => Area::Database.ok(
            NAME,
            format!("{kind}: commits are durable (WAL, synchronous=FULL)"),
        ),
        None => Area::Database.skipped(NAME, "the system doesn't tell what it is"),
    }
}
