//! Somebody's inbox, read straight from the Maildir that Dovecot delivers to.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The inbox of one address.
#[derive(Debug)]
pub struct Mailbox {
    address: String,
    maildir: PathBuf,
}

impl Mailbox {
    pub(super) fn new(address: &str, maildir: PathBuf) -> Self {
        Self {
            address: address.to_owned(),
            maildir,
        }
    }

    /// The raw mails in it, in the order of their arrival, read or not.
    pub fn mails(&self) -> Result<Vec<Vec<u8>>> {
        let mut paths = Vec::new();
        for part in ["new", "cur"] {
            // The folders come with the first mail.
            let Ok(entries) = std::fs::read_dir(self.maildir.join(part)) else {
                continue;
            };
            for entry in entries {
                paths.push(entry?.path());
            }
        }
        paths.sort_by_key(|path| arrival(path));
        paths
            .iter()
            .map(|path| std::fs::read(path).with_context(|| format!("reading {}", path.display())))
            .collect()
    }

    /// Waits until at least `count` mails are there and returns all of them.
    pub async fn wait_for_mail(&self, count: usize, timeout: Duration) -> Result<Vec<Vec<u8>>> {
        let deadline = Instant::now() + timeout;
        loop {
            let mails = self.mails()?;
            if mails.len() >= count {
                return Ok(mails);
            }
            if Instant::now() > deadline {
                bail!(
                    "{} got {} of {count} mails within {timeout:?}",
                    self.address,
                    mails.len()
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Seconds and microseconds from a Maildir name such as `1700000000.M12345P678.host`.
fn arrival(path: &Path) -> (u64, u64) {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let (seconds, rest) = name.split_once(".M").unwrap_or((&name, ""));
    let micros = rest
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or_default();
    (
        seconds.parse().unwrap_or_default(),
        micros.parse().unwrap_or_default(),
    )
}
