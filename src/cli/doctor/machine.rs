//! Area `machine`: clock, limits; and what other areas ask about disks.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::{
    report::{Advice, Area, Check},
    scene::Scene,
};
use crate::cli::users::user_name;

/// A difference that nobody notices, and one with which mail looks forged or late.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(10);
const CLOCK_FAULT: SignedDuration = SignedDuration::from_mins(5);

/// Below the one it is time to look, below the other it is too late.
const LITTLE_SPACE: u64 = 1_000_000_000;
const NO_SPACE: u64 = 100_000_000;

/// Enough for every connection that Postroom ever opens.
const ENOUGH_FILES: u64 = 1024;

/// `homeserver` is the homeserver's clock and ours at the same moment.
pub fn examine(homeserver: Option<(Timestamp, Timestamp)>, scene: &Scene) -> Vec<Check> {
    let process = match (&scene.running.process, scene.running.is_so()) {
        (Some(process), _) => {
            let user = user_name(process.user);
            Area::Machine.ok(
                "Postroom",
                format!("runs, process {}, as {user}", process.id),
            )
        }
        (None, true) => Area::Machine.ok("Postroom", "runs"),
        (None, false) => Area::Machine.warning(
            "Postroom",
            Advice::new(
                "does not run",
                "Nothing goes in or out. Nothing is lost either: both sides keep what they have.",
                "systemctl start postroom",
            ),
        ),
    };
    vec![process, clock(homeserver), open_files(scene)]
}

fn clock(homeserver: Option<(Timestamp, Timestamp)>) -> Check {
    const NAME: &str = "clock";
    let Some((theirs, ours)) = homeserver else {
        return Area::Machine.skipped(NAME, "the homeserver doesn't tell its time");
    };
    let difference = ours.duration_since(theirs);
    // A header has no fractions of a second.
    let found = match difference.as_secs() {
        -1..=1 => "as the homeserver's".to_owned(),
        seconds @ 2.. => format!("{seconds} s ahead of the homeserver's"),
        seconds => format!("{} s behind the homeserver's", seconds.unsigned_abs()),
    };
    let advice = |found| {
        Advice::new(
            found,
            "Mail with a wrong date looks forged, and times in letters are wrong.",
            "Let both machines set their clocks: timedatectl set-ntp true",
        )
    };
    if difference.abs() > CLOCK_FAULT {
        Area::Machine.fault(NAME, advice(found))
    } else if difference.abs() > CLOCK_TOLERANCE {
        Area::Machine.warning(NAME, advice(found))
    } else {
        Area::Machine.ok(NAME, found)
    }
}

/// The limit of the Postroom that runs; else of this very program.
fn open_files(scene: &Scene) -> Check {
    const NAME: &str = "open files";
    let of = |process: &str| {
        let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).ok()?;
        open_files_in(&limits)
    };
    let running = scene.running.process.as_ref();
    let (limit, whose) = match running.and_then(|process| of(&process.id.to_string())) {
        Some(limit) => (Some(limit), "Postroom"),
        None => (of("self"), "a program started here"),
    };
    match limit {
        Some(limit) if limit < ENOUGH_FILES => Area::Machine.warning(
            NAME,
            Advice::new(
                format!("{whose} may open {limit}"),
                "Under load connections fail, which are tried again.",
                "In the unit: LimitNOFILE=65536; then systemctl daemon-reload and restart.",
            ),
        ),
        Some(limit) => Area::Machine.ok(NAME, format!("{whose} may open {limit}")),
        None => Area::Machine.skipped(NAME, "the system doesn't tell the limit"),
    }
}

/// `Max open files            1024                 524288               files`: the first number.
fn open_files_in(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    let word = line.split_ascii_whitespace().next()?;
    if word == "unlimited" {
        return Some(u64::MAX);
    }
    word.parse().ok()
}

/// Whether there is room below `path`, in area `database`.
pub fn space(name: &str, path: &Path) -> Check {
    let existing = path.ancestors().find(|it| it.exists());
    let existing = existing.filter(|it| !it.as_os_str().is_empty());
    let found = rustix::fs::statvfs(existing.unwrap_or(Path::new(".")));
    let Ok(found) = found else {
        return Area::Database.skipped(name, "the system doesn't tell how much there is");
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let advice = || {
        Advice::new(
            format!("{} free", bytes(free)),
            "When the disk is full, mail stays with the mail servers and messages with the \
             homeserver until there is room again.",
            format!("Make room on the disk that holds {}.", path.display()),
        )
    };
    match free {
        0..NO_SPACE => Area::Database.fault(name, advice()),
        NO_SPACE..LITTLE_SPACE => Area::Database.warning(name, advice()),
        _ => Area::Database.ok(name, format!("{} free", bytes(free))),
    }
}

/// `1.4 GB`, in powers of 1000.
pub fn bytes(number: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    for (size, unit) in units {
        if number >= size {
            return format!("{}.{} {unit}", number / size, number % size * 10 / size);
        }
    }
    format!("{number} B")
}

/// What a folder lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    pub kind: String,
    /// Other machines may have it, too.
    pub is_remote: bool,
}

const REMOTE: [&str; 12] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "fuse.sshfs",
    "fuse.glusterfs",
    "fuse.s3fs",
    "fuse.rclone",
];

pub fn file_system(folder: &Path) -> Option<FileSystem> {
    let folder = folder.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    file_system_in(&mounts, &folder)
}

/// The innermost mount that holds the folder; of several in one place the last, which covers the
/// others.
fn file_system_in(mounts: &str, folder: &Path) -> Option<FileSystem> {
    let holds = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let place = words.next()?.replace("\\040", " ");
        let kind = words.next()?.to_owned();
        folder.starts_with(&place).then_some((place.len(), kind))
    };
    let innermost = mounts
        .lines()
        .filter_map(holds)
        .max_by_key(|(depth, _)| *depth);
    innermost.map(|(_, kind)| FileSystem {
        is_remote: REMOTE.contains(&kind.as_str()),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::cli::doctor::report::Status;

    #[rstest]
    #[case("2026-11-22T10:00:00Z", Status::Ok, "as the homeserver's")]
    #[case("2026-11-22T10:00:09Z", Status::Ok, "9 s behind")]
    #[case("2026-11-22T09:59:00Z", Status::Warning, "60 s ahead")]
    #[case("2026-11-22T10:10:00Z", Status::Fault, "600 s behind")]
    fn compares_clocks(#[case] theirs: &str, #[case] status: Status, #[case] found: &str) {
        let ours = "2026-11-22T10:00:00Z".parse().unwrap();
        let check = clock(Some((theirs.parse().unwrap(), ours)));
        assert_eq!(check.status(), status);
        assert!(check.found().unwrap().contains(found), "{check:?}");
    }

    #[rstest]
    #[case(999, "999 B")]
    #[case(1_440_000_000, "1.4 GB")]
    #[case(2_050, "2.0 kB")]
    fn shows_sizes(#[case] number: u64, #[case] expected: &str) {
        assert_eq!(bytes(number), expected);
    }

    #[rstest]
    #[case("/srv/postroom", "nfs4", true)]
    #[case("/srv/my data/x", "ext4", false)]
    #[case("/srvx", "ext4", false)]
    fn finds_the_mount(#[case] folder: &str, #[case] kind: &str, #[case] is_remote: bool) {
        let mounts =
            "dev / ext4 rw 0 0\nbox:/srv /srv nfs4 rw 0 0\nx /srv/my\\040data ext4 rw 0 0\n";
        let expected = FileSystem {
            kind: kind.to_owned(),
            is_remote,
        };
        assert_eq!(file_system_in(mounts, Path::new(folder)), Some(expected));
    }

    #[rstest]
    #[case(
        "Max open files            256                  524288               files",
        Some(256)
    )]
    #[case(
        "Max open files            unlimited            unlimited            files",
        Some(u64::MAX)
    )]
    #[case(
        "Max processes             5                    5                    processes",
        None
    )]
    fn reads_limits(#[case] limits: &str, #[case] expected: Option<u64>) {
        assert_eq!(open_files_in(limits), expected);
    }
}
