//! Area `config`, second half: who may read and write the files that the configuration names.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::{
    report::{Advice, Area, Check},
    scene::Scene,
};
use crate::{
    cli::users::{own_user, user_name},
    config::{Database, SecretPlace},
    store::inspect::sqlite::beside,
};

/// Read, write or enter, for others than owner and group.
const OTHERS: u32 = 0o007;
const GROUP_WRITE: u32 = 0o020;
const GROUP: u32 = 0o070;

pub fn examine(scene: &Scene, secrets: &[SecretPlace]) -> Vec<Check> {
    let mut checks = Vec::new();
    if secrets.iter().any(|place| is_secret(place, scene)) {
        checks.extend(secret_file("configuration file", &scene.config_file, false));
    }
    let registration = &scene.config.appservice.registration;
    // Its group may be the homeserver's, which has to read it, too.
    checks.extend(secret_file("registration file", registration, true));
    for place in secrets {
        if let SecretPlace::File(file) = place {
            let name = file.file_name().unwrap_or(file.as_os_str());
            checks.extend(secret_file(&name.to_string_lossy(), file, false));
        }
    }
    let blobs = scene.config.blobs.path();
    match &scene.config.database {
        Database::Sqlite(database) => {
            let mut files = vec![database.clone()];
            files.extend(["-wal", "-shm", ".lock"].map(|suffix| beside(database, suffix)));
            checks.push(private("database files", &files, "600"));
            checks.push(private("blob folder", &[blobs.to_owned()], "700"));
            let folder = database.parent().filter(|it| !it.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            let strangers = strangers(folder, &files);
            checks.push(strangers.unwrap_or_else(|| owner("database", database, scene)));
            checks.push(writable("database folder", folder));
        }
        // Its files are the server's.
        Database::Postgres(_) => {
            checks.push(private("blob folder", &[blobs.to_owned()], "700"));
            checks.push(owner("blob folder", blobs, scene));
        }
    }
    checks.push(writable("blob folder's place", existing(blobs)));
    checks
}

/// A SQLite URL has no password in it.
fn is_secret(place: &SecretPlace, scene: &Scene) -> bool {
    let is_sqlite = matches!(scene.config.database, Database::Sqlite(_));
    match place {
        SecretPlace::Inline(key) => !(is_sqlite && key == "database.url"),
        SecretPlace::File(_) => false,
    }
}

/// `None` if the file can't be looked at: then the configuration's faults say so.
fn secret_file(name: &str, file: &Path, group_may_read: bool) -> Option<Check> {
    let metadata = file.metadata().ok()?;
    let mode = metadata.mode() & 0o777;
    // A file of root's reaches the user who runs Postroom by its group.
    let group_may_read = group_may_read || metadata.uid() == 0;
    let forbidden = if group_may_read {
        OTHERS | GROUP_WRITE
    } else {
        OTHERS | GROUP
    };
    if mode & forbidden == 0 {
        return Some(Area::Config.ok(name, described(&metadata)));
    }
    let wanted = if group_may_read && mode & 0o040 != 0 {
        "640"
    } else {
        "600"
    };
    Some(Area::Config.fault(
        name,
        Advice::new(
            described(&metadata),
            "Others on this machine can get at the secrets in it, and act in Postroom's name.",
            format!("chmod {wanted} {}", file.display()),
        ),
    ))
}

fn private(name: &str, files: &[PathBuf], wanted: &str) -> Check {
    let found: Vec<(&PathBuf, Metadata)> = files
        .iter()
        .filter_map(|file| Some((file, file.metadata().ok()?)))
        .collect();
    let open: Vec<_> = found
        .iter()
        .filter(|(_, metadata)| metadata.mode() & (OTHERS | GROUP) != 0)
        .collect();
    if let Some((_, first)) = open.first() {
        let names: Vec<_> = open
            .iter()
            .map(|(file, _)| file.display().to_string())
            .collect();
        return Area::Config.fault(
            name,
            Advice::new(
                described(first),
                "Others on this machine can read what customers and staff write.",
                format!("chmod {wanted} {}", names.join(" ")),
            ),
        );
    }
    match found.first() {
        Some((_, metadata)) => Area::Config.ok(name, described(metadata)),
        None => Area::Config.ok(name, "not there yet; made at the first start"),
    }
}

const USER: &str = "user";

/// Files of the database that somebody made who isn't the one for whom their folder is.
fn strangers(folder: &Path, files: &[PathBuf]) -> Option<Check> {
    let owner_of = |path: &Path| path.metadata().ok().map(|metadata| metadata.uid());
    let files = files
        .iter()
        .filter_map(|file| Some((&**file, owner_of(file)?)));
    strangers_of(owner_of(folder)?, &files.collect::<Vec<_>>())
}

/// A folder of root's says nothing of who runs Postroom.
fn strangers_of(folder: u32, files: &[(&Path, u32)]) -> Option<Check> {
    let mut strangers = files.iter().filter(|(_, owner)| *owner != folder);
    let (_, first) = strangers.clone().next().filter(|_| folder != 0)?;
    let (first, owner) = (user_name(*first), user_name(folder));
    let names = strangers
        .by_ref()
        .map(|(file, _)| file.display().to_string());
    let names = names.collect::<Vec<_>>().join(" ");
    Some(Area::Config.fault(
        USER,
        Advice::new(
            format!("the folder belongs to {owner}, and {names} to {first}"),
            format!(
                "A command that another user types makes files that {owner} can't open: \
                 type it as runuser -u {owner} -- postroom …"
            ),
            format!("chown {} {names}", owner.trim_start_matches('#')),
        ),
    ))
}

/// Whether `path`, which is the `what`, belongs to who runs Postroom, and to you.
fn owner(what: &str, path: &Path, scene: &Scene) -> Check {
    let own = own_user();
    let Ok(metadata) = path.metadata() else {
        return Area::Config.ok(USER, format!("you are {}", user_name(own)));
    };
    let owner = user_name(metadata.uid());
    let config = scene.config_file.display();
    if let Some(process) = &scene.running.process
        && process.user != metadata.uid()
        && process.user != 0
    {
        let user = user_name(process.user);
        return Area::Config.fault(
            USER,
            Advice::new(
                format!("Postroom runs as {user}, the {what} belongs to {owner}"),
                format!("Postroom can't write into a {what} that isn't its own."),
                format!("chown {user} {}*", path.display()),
            ),
        );
    }
    if own == metadata.uid() {
        return Area::Config.ok(USER, format!("{owner}, who owns the {what}"));
    }
    Area::Config.warning(
        USER,
        Advice::new(
            format!("you are {}, the {what} belongs to {owner}", user_name(own)),
            "What you may read and write says little about what Postroom may.",
            format!("runuser -u {owner} -- postroom doctor --config {config}"),
        ),
    )
}

fn writable(name: &str, folder: &Path) -> Check {
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    match accessat(CWD, folder, wanted, AtFlags::EACCESS) {
        Ok(()) => Area::Config.ok(name, "can be written"),
        Err(error) => Area::Config.fault(
            name,
            Advice::new(
                format!("{}: {error}", folder.display()),
                "Nothing can be stored, and so no mail and no message is taken.",
                format!(
                    "chown the folder to the user who runs Postroom, and\nchmod 700 {}",
                    folder.display()
                ),
            ),
        ),
    }
}

/// The folder itself, or the one in which it is going to be made.
fn existing(folder: &Path) -> &Path {
    let found = folder.ancestors().find(|it| it.is_dir());
    found.unwrap_or(Path::new("."))
}

fn described(metadata: &Metadata) -> String {
    let mode = metadata.mode() & 0o777;
    format!("mode {mode:04o}, owner {}", user_name(metadata.uid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_of_files_that_root_has_made() {
        let (database, wal) = (Path::new("/p/postroom.db"), Path::new("/p/postroom.db-wal"));
        let told = strangers_of(65_533, &[(database, 65_533), (wal, 0)]).unwrap();
        let told = serde_json::to_value(told).unwrap();
        assert_eq!(told["remedy"], "chown 65533 /p/postroom.db-wal");
        assert_eq!(told["status"], "fault");
        assert!(strangers_of(65_533, &[(database, 65_533)]).is_none());
        assert!(strangers_of(0, &[(database, 65_533)]).is_none());
    }
}
