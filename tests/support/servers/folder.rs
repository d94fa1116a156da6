//! A temporary folder for a server's data, in memory where there is room.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// Memory file system of most Linux systems.
const MEMORY: &str = "/dev/shm";

/// Below this much free memory file system (KiB) the disk is used: containers often have 64 MB.
const ENOUGH_KIB: u64 = 1024 * 1024;

/// A folder that is removed with everything in it when it is dropped.
///
/// Its path is short (Unix sockets have a limit of 108 bytes), and other users may pass through
/// it, because servers give up root's rights.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    pub fn create() -> Result<Self> {
        let parent = if has_room(MEMORY) {
            PathBuf::from(MEMORY)
        } else {
            std::env::temp_dir()
        };
        Self::create_in(&parent)
    }

    /// Creates it in a folder of one's own choice, for data that have to be on a disk.
    pub fn create_in(parent: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("postroom-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in(parent)
            .with_context(|| format!("creating a folder in {}", parent.display()))?;
        Ok(Self(folder))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file into the folder and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.join(name);
        std::fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }

    /// Creates a folder in the folder, with its parents, and returns its path.
    pub fn create_dir(&self, name: &str) -> Result<PathBuf> {
        let path = self.join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok(path)
    }
}

/// Gives paths away; by the command, because user names have to be looked up.
pub fn chown(owner: &str, paths: &[PathBuf]) -> Result<()> {
    let output = Command::new("chown")
        .arg(owner)
        .args(paths)
        .output()
        .context("running chown")?;
    ensure!(
        output.status.success(),
        "mail servers have to be started by root, with Postfix installed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn has_room(path: &str) -> bool {
    let Ok(output) = Command::new("df")
        .args(["-k", "--output=avail", path])
        .output()
    else {
        return false;
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .nth(1)
        .and_then(|free| free.trim().parse::<u64>().ok())
        .is_some_and(|free| free >= ENOUGH_KIB)
}
