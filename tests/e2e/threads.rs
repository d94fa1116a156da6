//! How mail programs sort mails into threads.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::support::jwz::{self, Threads};
use crate::support::servers::customer::header;
use crate::support::servers::folder::Folder;

/// The threads of the mails by the algorithm that most programs share.
pub fn of(mails: &[&[u8]]) -> Result<Threads> {
    let mails: Result<Vec<jwz::Mail>> = mails
        .iter()
        .map(|mail| {
            let mut references = ids(mail, "References");
            if references.is_empty() {
                references = ids(mail, "In-Reply-To").into_iter().take(1).collect();
            }
            Ok(jwz::Mail {
                id: header(mail, "Message-ID").context("a mail without Message-ID")?,
                references,
                subject: header(mail, "Subject").unwrap_or_default(),
            })
        })
        .collect();
    Ok(Threads::of(&mails?))
}

fn ids(mail: &[u8], name: &str) -> Vec<String> {
    let value = header(mail, name).unwrap_or_default();
    let ids = value.split_whitespace();
    ids.map(str::to_owned).collect()
}

/// How many threads notmuch makes of the mails.
pub fn count_by_notmuch(mails: &[&[u8]]) -> Result<usize> {
    let folder = maildir(mails)?;
    let config = folder.write(
        "config",
        format!(
            "[database]\npath={}\n[user]\nname=Jane\nprimary_email=jane@acme.com\n",
            folder.join("mail").display()
        ),
    )?;
    let notmuch = |arguments: &[&str]| -> Result<String> {
        let output = Command::new("notmuch")
            .arg("--config")
            .arg(&config)
            .args(arguments)
            .output()
            .context("starting notmuch, which scripts/provision installs")?;
        ensure!(output.status.success(), "notmuch {arguments:?} failed");
        Ok(String::from_utf8(output.stdout)?)
    };
    notmuch(&["new", "--quiet"])?;
    let count = notmuch(&["count", "--output=threads", "*"])?;
    Ok(count.trim().parse()?)
}

/// How many threads neomutt shows: as many as there are lines when all of them are folded.
pub fn count_by_neomutt(mails: &[&[u8]]) -> Result<usize> {
    const SHOWN: &str = "threads shown: ";
    let folder = maildir(mails)?;
    let (mail, screen) = (folder.join("mail"), folder.join("screen"));
    let mail = mail.display();
    // Without a folder it asks at its start whether to make one, and takes the first of the keys for
    // the answer.
    folder.write(
        "neomuttrc",
        format!(
            "set folder={mail} collapse_all=yes use_threads=threads sort=date wait_key=no beep=no \
             quit=yes status_format='{SHOWN}%M;'\npush '<refresh><quit>'\n"
        ),
    )?;
    // Should the test itself be killed, it still ends.
    let program = format!(
        r#"exec timeout --foreground 60 neomutt -n -F "{}" -f "{mail}""#,
        folder.join("neomuttrc").display()
    );
    let status = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command", &program])
        .arg(&screen)
        .env("TERM", "xterm")
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("starting neomutt by script")?;
    ensure!(status.success(), "neomutt did not end well ({status})");
    let screen = std::fs::read(screen)?;
    let screen = String::from_utf8_lossy(&screen);
    let (_, shown) = screen
        .split_once(SHOWN)
        .context("neomutt has not shown how many there are")?;
    let (count, _) = shown.split_once(';').context("no number")?;
    Ok(count.parse()?)
}

/// A folder with the mails in `mail`.
fn maildir(mails: &[&[u8]]) -> Result<Folder> {
    let folder = Folder::create()?;
    for part in ["mail/cur", "mail/new", "mail/tmp"] {
        folder.create_dir(part)?;
    }
    for (number, mail) in mails.iter().enumerate() {
        folder.write(&format!("mail/cur/{number}:2,S"), mail)?;
    }
    Ok(folder)
}
