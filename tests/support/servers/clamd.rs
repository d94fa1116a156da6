//! A private clamd, which knows no malware but the one that everybody may have: the EICAR test file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use data_encoding::HEXLOWER;

use super::folder::{Folder, chown};
use super::process::Process;

const PATIENCE: Duration = Duration::from_secs(10);
/// How it calls what it finds; to a signature of somebody's own it adds a word.
pub const FOUND: &str = "Eicar-Test-Signature.UNOFFICIAL";
/// In two pieces, or other scanners would find it here.
pub const EICAR: [&str; 2] = [
    r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD",
    "-ANTIVIRUS-TEST-FILE!$H+H*",
];

/// A running clamd; dropping it stops it.
#[derive(Debug)]
pub struct Clamd {
    _process: Process,
    folder: Folder,
}

impl Clamd {
    /// Starts it and waits until it listens; takes a moment, as it has one signature instead of
    /// millions, and downloads nothing.
    pub async fn start() -> Result<Self> {
        let folder = Folder::create()?;
        let signatures = folder.create_dir("signatures")?;
        let temporary = folder.create_dir("tmp")?;
        let octets = HEXLOWER.encode(EICAR.concat().as_bytes());
        folder.write(
            "signatures/own.ndb",
            format!("Eicar-Test-Signature:0:*:{octets}\n"),
        )?;
        let place = folder.path().display();
        let configuration = folder.write(
            "clamd.conf",
            format!(
                "LocalSocket {place}/socket\nLocalSocketMode 666\nForeground yes\nUser clamav\n\
                 DatabaseDirectory {}\nTemporaryDirectory {}\nMaxThreads 2\n",
                signatures.display(),
                temporary.display()
            ),
        )?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        chown("clamav", &[folder.path().to_owned(), temporary])?;
        let mut command = Command::new("clamd");
        command.arg("--config-file").arg(configuration);
        let mut process = Process::start("clamd", &mut command, &folder)?;
        let deadline = Instant::now() + PATIENCE;
        while !folder.join("socket").exists() {
            ensure!(
                process.is_running() && Instant::now() < deadline,
                "clamd does not start\n{}",
                process.log_tail(30)
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(Self {
            _process: process,
            folder,
        })
    }

    /// The socket at which it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }
}
